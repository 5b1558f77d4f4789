package media

import (
	"encoding/binary"
	"slices"

	"assay/scanners"
)

// boxes that stand outermost: ISO 14496-12, QuickTime, HEIF, C2PA.
var boxes = []string{"ftyp", "styp", "moov", "mdat", "free", "skip", "wide", "pnot", "udta", "uuid", "meta", "moof", "mfra", "sidx", "ssix", "pdin", "prft", "emsg", "jumb", "idat", "junk", "PICT", "gtkt", "imda", "beam"}

// walkBoxes walks the outermost boxes of ISO 14496-12: MP4, MOV, M4A, HEIC, AVIF.
func walkBoxes(s *scan) (int64, error) {
	at := int64(0)
	for at < s.file.Size {
		if s.file.Size-at < 8 {
			return at, nil
		}
		h, err := s.bytes(at, 8)
		if err != nil {
			return at, err
		}
		if !slices.Contains(boxes, string(h[4:8])) {
			return at, nil // what is no box of a film is behind the end
		}
		header, size := int64(8), int64(binary.BigEndian.Uint32(h))
		switch size {
		case 0:
			size = s.file.Size - at
		case 1:
			if h, err = s.bytes(at, 16); err != nil {
				return at, err
			}
			header, size = 16, int64(binary.BigEndian.Uint64(h[8:])&(1<<63-1))
		}
		if size < header {
			return at, broken(at, "a box of %d bytes", size)
		}
		if err := s.part(at, header, size-header); err != nil {
			return at, err
		}
		at += size
	}
	return at, nil
}

func isTag(p []byte) bool {
	for _, c := range p {
		if (c < ' ' || c > '~') && c != 0xa9 {
			return false
		}
	}
	return true
}

// walkAVI takes the RIFF list of a film, and those that follow it (OpenDML).
func walkAVI(s *scan) (int64, error) {
	at := int64(0)
	for at < s.file.Size {
		if s.file.Size-at < 12 {
			return at, nil
		}
		h, err := s.bytes(at, 12)
		if err != nil {
			return at, err
		}
		if string(h[:4]) != "RIFF" {
			return at, nil
		}
		size := int64(binary.LittleEndian.Uint32(h[4:]))
		if size < 4 {
			return at, broken(at, "a list of %d bytes", size)
		}
		if err := s.part(at, 12, size-4); err != nil {
			return at, err
		}
		at += 8 + size + size&1
	}
	return min(at, s.file.Size), nil
}

// walkMatroska walks the outermost elements (RFC 8794).
func walkMatroska(s *scan) (int64, error) {
	at := int64(0)
	for at < s.file.Size {
		id, idSize, err := s.vint(at, true)
		if err != nil {
			return at, err
		}
		if id != 0x1a45dfa3 && id != 0x18538067 && id != 0xec && id != 0xbf {
			return at, nil
		}
		size, sizeSize, err := s.vint(at+idSize, false)
		if err != nil {
			return at, err
		}
		header := idSize + sizeSize
		if size == 1<<(7*uint(sizeSize))-1 { // unknown: to the end
			size = s.file.Size - at - header
		}
		if err := s.part(at, header, size); err != nil {
			return at, err
		}
		at += header + size
	}
	return at, nil
}

// vint reads a number of variable length; an identifier keeps its marker.
func (s *scan) vint(at int64, marker bool) (value, size int64, err error) {
	first, err := s.bytes(at, 1)
	if err != nil {
		return 0, 0, err
	}
	size = 1
	for mask := byte(0x80); mask != 0 && first[0]&mask == 0; mask >>= 1 {
		size++
	}
	if size > 8 {
		return 0, 0, broken(at, "a number without a length")
	}
	p, err := s.bytes(at, int(size))
	if err != nil {
		return 0, 0, err
	}
	for i, c := range p {
		if i == 0 && !marker {
			c &= byte(0xff >> uint(size))
		}
		value = value<<8 | int64(c)
	}
	return value, size, nil
}

// walkOgg walks pages (RFC 3533).
func walkOgg(s *scan) (int64, error) {
	at := int64(0)
	for at < s.file.Size {
		if s.file.Size-at < 27 {
			return at, nil
		}
		h, err := s.bytes(at, 27)
		if err != nil {
			return at, err
		}
		if string(h[:4]) != "OggS" {
			return at, nil
		}
		n := int64(h[26])
		h, err = s.bytes(at, 27+int(n))
		if err != nil {
			return at, err
		}
		body := int64(0)
		for _, c := range h[27:] {
			body += int64(c)
		}
		if err := s.part(at, 27+n, body); err != nil {
			return at, err
		}
		at += 27 + n + body
	}
	return at, nil
}

// walkFLAC walks the metadata (RFC 9639, section 8); frames follow to the end. Their
// lengths are only known by decoding, so that a signature behind them is looked for.
func walkFLAC(s *scan) (int64, error) {
	s.result.Parsed.Add(0, 4)
	at := int64(4)
	for {
		h, err := s.bytes(at, 4)
		if err != nil {
			return at, err
		}
		size := int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
		last := h[0]&0x80 != 0
		if err := s.part(at, 4, size); err != nil {
			return at, err
		}
		if at += 4 + size; last {
			break
		}
	}
	h, err := s.bytes(at, 2)
	if err != nil || h[0] != 0xff || h[1]&0xfc != 0xf8 {
		return at, broken(at, "no frame behind the metadata")
	}
	s.result.Opaque.Add(at, s.file.Size-at)
	return s.file.Size, nil
}

// bitRates of MPEG audio in kbit/s: version 1, layers I to III, and version 2, layer I,
// and layers II and III (ISO 11172-3, ISO 13818-3).
var bitRates = [5][16]int64{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448}, {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

var sampleRates = [3]int64{44100, 48000, 32000}

// frameLength is the length of a frame by its header, or 0 when it is none.
func frameLength(h []byte) int64 {
	if h[0] != 0xff || h[1]&0xe0 != 0xe0 {
		return 0
	}
	version, layer, rate, sampling := h[1]>>3&3, h[1]>>1&3, h[2]>>4, h[2]>>2&3
	if version == 1 || layer == 0 || rate == 0 || rate == 15 || sampling == 3 {
		return 0
	}
	row := 3 - int(layer) // layer I is 3
	samples, hz := sampleRates[sampling], int64(0)
	switch version {
	case 3:
		hz = samples
	case 2:
		hz = samples / 2
	case 0:
		hz = samples / 4
	}
	if version != 3 {
		row = 4
		if layer == 3 {
			row = 3
		}
	}
	bits, padding := bitRates[row][rate]*1000, int64(h[2]>>1&1)
	switch {
	case layer == 3:
		return (12*bits/hz + padding) * 4
	case layer == 1 && version != 3:
		return 72*bits/hz + padding
	}
	return 144*bits/hz + padding
}

// isSecondFrame reports that a frame follows the first one.
func isSecondFrame(start []byte) bool {
	n := frameLength(start)
	return n > 4 && n+4 <= int64(len(start)) && frameLength(start[n:]) > 0
}

// walkMP3 walks tags and frames. Zeros between them are padding.
func walkMP3(s *scan) (int64, error) {
	at, frames := int64(0), 0
	for at < s.file.Size {
		h, err := s.bytes(at, int(min(10, s.file.Size-at)))
		if err != nil {
			return at, err
		}
		header := int64(4)
		var size int64
		switch {
		case len(h) == 10 && string(h[:3]) == "ID3":
			header, size = 10, int64(h[6]&0x7f)<<21|int64(h[7]&0x7f)<<14|int64(h[8]&0x7f)<<7|int64(h[9]&0x7f)
			if h[5]&0x10 != 0 {
				size += 10 // a footer
			}
		case len(h) >= 3 && string(h[:3]) == "TAG" && s.file.Size-at == 128:
			header, size = 3, 125
		case len(h) >= 8 && string(h[:8]) == "APETAGEX" && s.file.Size-at >= 32:
			tag, err := s.bytes(at, 32)
			if err != nil {
				return at, err
			}
			header, size = 32, int64(binary.LittleEndian.Uint32(tag[12:]))
		case len(h) >= 4 && frameLength(h) > 4:
			frames++
			size = min(frameLength(h), s.file.Size-at) - header // the last frame may be cut
		case h[0] == 0 && s.zeros(at):
			header, size = s.file.Size-at, 0
		default:
			if frames == 0 {
				return at, scanners.ErrNotRecognised
			}
			return at, nil
		}
		if err := s.part(at, header, size); err != nil {
			return at, err
		}
		at += header + size
	}
	if frames == 0 {
		return at, scanners.ErrNotRecognised
	}
	return at, nil
}
