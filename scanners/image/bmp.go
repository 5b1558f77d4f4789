package image

import (
	"bytes"
	"encoding/binary"
)

// isBMP demands the two letters, zero reserved fields and a known header size:
// "BM" alone begins many texts.
func isBMP(start []byte) bool {
	if len(start) < 26 || string(start[:2]) != "BM" || binary.LittleEndian.Uint32(start[6:]) != 0 {
		return false
	}
	switch binary.LittleEndian.Uint32(start[14:]) {
	case 12, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// walkBMP believes the declared size of the file: headers in front, and pixels
// from the declared offset.
func walkBMP(s *scan) (int64, error) {
	head, err := s.bytes(0, 26)
	if err != nil {
		return 0, err
	}
	size, pixels := int64(binary.LittleEndian.Uint32(head[2:])), int64(binary.LittleEndian.Uint32(head[10:]))
	if pixels < 26 || pixels > size {
		return 0, broken(10, "the pixels begin at %d of %d bytes", pixels, size)
	}
	if err := s.inside(0, size); err != nil {
		return 0, err
	}
	s.result.Parsed.Add(0, pixels)
	s.result.Opaque.Add(pixels, size-pixels)
	return size, nil
}

// isICO demands a plausible first entry behind the six bytes, which alone are
// too common.
func isICO(start []byte) bool {
	if len(start) < 22 || start[0] != 0 || start[1] != 0 || start[2] != 1 || start[3] != 0 || start[5] != 0 {
		return false
	}
	count := int64(start[4])
	offset := int64(binary.LittleEndian.Uint32(start[18:]))
	return count > 0 && start[9] == 0 && offset >= 6+16*count && offset < 1<<20
}

// walkICO walks the directory of an icon; every entry must hold a PNG or the
// header of a bitmap.
func walkICO(s *scan) (int64, error) {
	head, err := s.bytes(0, 6)
	if err != nil {
		return 0, err
	}
	count := int64(head[4])
	directory, err := s.bytes(6, int(16*count))
	if err != nil {
		return 0, err
	}
	end := 6 + 16*count
	s.result.Parsed.Add(0, end)
	for entry := range count {
		e := directory[16*entry:]
		size, at := int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
		if err := s.inside(at, size); err != nil {
			return 0, err
		}
		picture, err := s.bytes(at, int(min(size, 8)))
		if err != nil {
			return 0, err
		}
		if !bytes.HasPrefix(picture, []byte(pngMagic)) && !bytes.HasPrefix(picture, []byte{40, 0, 0, 0}) {
			return 0, broken(min(at, s.file.Size), "an icon that is neither PNG nor bitmap")
		}
		s.result.Opaque.Add(at, size)
		end = max(end, at+size)
	}
	return end, nil
}
