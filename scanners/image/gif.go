package image

import "encoding/binary"

// walkGIF walks the blocks of a GIF (GIF89a specification, appendix A).
func walkGIF(s *scan) (int64, error) {
	head, err := s.bytes(0, 13)
	if err != nil {
		return 0, err
	}
	at := 13 + colorTable(head[10])
	if err := s.inside(0, at); err != nil {
		return 0, err
	}
	s.result.Parsed.Add(0, at)
	for {
		block, err := s.bytes(at, 1)
		if err != nil {
			return 0, err
		}
		switch block[0] {
		case 0x3b: // trailer
			s.result.Parsed.Add(at, 1)
			return at + 1, nil
		case 0x21: // extension: a label, then sub-blocks
			if err := s.inside(at, 2); err != nil {
				return 0, err
			}
			s.result.Parsed.Add(at, 2)
			at, err = s.subBlocks(at + 2)
		case 0x2c: // image: descriptor, color table, code size, sub-blocks
			var descriptor []byte
			if descriptor, err = s.bytes(at, 10); err != nil {
				return 0, err
			}
			n := 10 + colorTable(descriptor[9]) + 1
			if err := s.inside(at, n); err != nil {
				return 0, err
			}
			s.result.Parsed.Add(at, n)
			at, err = s.subBlocks(at + n)
		default:
			return 0, broken(at, "not a GIF block: %#02x", block[0])
		}
		if err != nil {
			return 0, err
		}
	}
}

// colorTable is the size of the table that a packed field announces.
func colorTable(packed byte) int64 {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}

// subBlocks walks blocks of up to 255 bytes until an empty one.
func (s *scan) subBlocks(at int64) (int64, error) {
	for {
		size, err := s.bytes(at, 1)
		if err != nil {
			return 0, err
		}
		n := int64(size[0])
		if err := s.inside(at, n+1); err != nil {
			return 0, err
		}
		s.result.Parsed.Add(at, 1)
		s.result.Opaque.Add(at+1, n)
		if at += n + 1; n == 0 {
			return at, nil
		}
	}
}

// walkRIFF walks the chunks of a RIFF file: WebP and WAV.
func walkRIFF(s *scan) (int64, error) {
	head, err := s.bytes(0, 12)
	if err != nil {
		return 0, err
	}
	end := 8 + int64(binary.LittleEndian.Uint32(head[4:]))
	if err := s.inside(0, end); err != nil {
		return 0, err
	}
	s.result.Parsed.Add(0, 12)
	at := int64(12)
	for at < end {
		if end-at < 8 {
			return 0, broken(at, "%d bytes are no RIFF chunk", end-at)
		}
		chunk, err := s.bytes(at, 8)
		if err != nil {
			return 0, err
		}
		n := int64(binary.LittleEndian.Uint32(chunk[4:]))
		if n > end-at-8 {
			return 0, broken(at, "a RIFF chunk of %d bytes does not fit", n)
		}
		s.result.Parsed.Add(at, 8)
		s.result.Opaque.Add(at+8, n)
		at += 8 + n
		if n%2 == 1 && at < end { // chunks are padded to even lengths
			s.result.Parsed.Add(at, 1)
			at++
		}
	}
	// Some writers leave the last padding byte out of the total.
	if at%2 == 1 && s.file.Size == at+1 {
		s.result.Parsed.Add(at, 1)
		at++
	}
	return at, nil
}
