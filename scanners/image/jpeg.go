package image

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// The markers of JPEG that the walk needs (ITU T.81, table B.1).
const (
	markerTEM = 0x01
	markerRST = 0xd0 // to 0xd7
	markerSOI = 0xd8
	markerEOI = 0xd9
	markerSOS = 0xda
)

// walkJPEG walks the segments of a JPEG. Cameras put further pictures behind the
// first (CIPA DC-007, gain maps): each is walked alike.
func walkJPEG(s *scan) (at int64, err error) {
	for {
		if at, err = s.jpeg(at); err != nil || s.file.Size-at < 3 {
			return at, err
		}
		next, err := s.bytes(at, 3)
		if err != nil {
			return 0, err
		}
		if string(next) != "\xff\xd8\xff" {
			return at, nil
		}
	}
}

// jpeg walks one picture from its SOI to behind its EOI.
func (s *scan) jpeg(at int64) (int64, error) {
	s.result.Parsed.Add(at, 2)
	for at += 2; ; {
		head, err := s.bytes(at, 2)
		if err != nil {
			return 0, err
		}
		marker := head[1]
		switch {
		case head[0] != 0xff || marker == 0x00 || marker == markerSOI:
			return 0, broken(at, "not a JPEG marker")
		case marker == 0xff: // fill byte
			s.result.Parsed.Add(at, 1)
			at++
			continue
		case marker == markerEOI:
			s.result.Parsed.Add(at, 2)
			return at + 2, nil
		case marker == markerTEM || marker&^7 == markerRST:
			s.result.Parsed.Add(at, 2)
			at += 2
			continue
		}
		if at, err = s.segment(at, marker); err != nil {
			return 0, err
		}
	}
}

// segment walks one segment, and the compressed data behind a start of scan.
func (s *scan) segment(at int64, marker byte) (int64, error) {
	length, err := s.bytes(at+2, 2)
	if err != nil {
		return 0, err
	}
	n := int64(binary.BigEndian.Uint16(length))
	if n < 2 {
		return 0, broken(at, "a JPEG segment of %d bytes", n)
	}
	if err := s.inside(at, n+2); err != nil {
		return 0, err
	}
	s.result.Parsed.Add(at, 4)
	s.result.Opaque.Add(at+4, n-2)
	at += n + 2
	if marker != markerSOS {
		return at, nil
	}
	size, err := s.entropy(at)
	s.result.Opaque.Add(at, size)
	return at + size, err
}

// entropy counts compressed bytes up to the next marker: 0xff followed by
// neither a stuffed zero nor a restart.
func (s *scan) entropy(at int64) (int64, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, at, s.file.Size-at), 32<<10)
	var n int64
	for escaped := false; ; n++ {
		if n%(1<<20) == 0 && s.ctx.Err() != nil {
			return n, s.ctx.Err()
		}
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return n, broken(at+n, "the file ends in the middle of the picture")
		case err != nil:
			return n, err
		case escaped && c != 0 && c != 0xff && c&^7 != markerRST:
			return n - 1, nil
		}
		escaped = c == 0xff
	}
}
