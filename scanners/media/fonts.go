package media

import "encoding/binary"

// isFontDirectory tells a TrueType font from other numbers: its tables have names of
// letters.
func isFontDirectory(start []byte) bool {
	if len(start) < 28 {
		return false
	}
	n := binary.BigEndian.Uint16(start[4:])
	return n > 0 && n < 64 && isTag(start[12:16]) && start[12] > ' '
}

// walkFont walks the tables of a font (OpenType 1.9, "Table directory").
func walkFont(s *scan) (int64, error) {
	end, err := s.tables(0)
	if err != nil {
		return end, err
	}
	return s.padded(end), nil
}

// tables covers the directory at an offset and the tables that it names, each with
// its padding to four bytes.
func (s *scan) tables(at int64) (end int64, err error) {
	h, err := s.bytes(at, 12)
	if err != nil {
		return at, err
	}
	n := int64(binary.BigEndian.Uint16(h[4:]))
	if n > 256 {
		return at, broken(at, "%d tables", n)
	}
	directory, err := s.bytes(at, int(12+16*n))
	if err != nil {
		return at, err
	}
	directory = append([]byte(nil), directory...)
	s.result.Parsed.Add(at, 12+16*n)
	end = at + 12 + 16*n
	for i := range n {
		entry := directory[12+16*i:]
		off, length := int64(binary.BigEndian.Uint32(entry[8:])), int64(binary.BigEndian.Uint32(entry[12:]))
		if off+length > s.file.Size || off < 12 {
			return end, broken(at+12+16*i, "the table %q does not fit", entry[:4])
		}
		padding := min((4-length%4)%4, s.file.Size-off-length)
		s.result.Opaque.Add(off, length+padding)
		end = max(end, off+length+padding)
	}
	return end, nil
}

// padded covers up to 64 KiB of zeros behind the last table.
func (s *scan) padded(end int64) int64 {
	if end < s.file.Size && s.zeros(end) {
		s.result.Opaque.Add(end, s.file.Size-end)
		return s.file.Size
	}
	return end
}

// walkCollection walks the fonts of a collection, which share tables.
func walkCollection(s *scan) (int64, error) {
	h, err := s.bytes(0, 12)
	if err != nil {
		return 0, err
	}
	n := int64(binary.BigEndian.Uint32(h[8:]))
	if n > 256 {
		return 0, broken(8, "%d fonts", n)
	}
	header := 12 + 4*n
	if binary.BigEndian.Uint16(h[4:]) == 2 {
		header += 12 // a signature
	}
	offsets, err := s.bytes(12, int(header-12))
	if err != nil {
		return 0, err
	}
	offsets = append([]byte(nil), offsets...)
	s.result.Parsed.Add(0, header)
	end := header
	for i := range n {
		last, err := s.tables(int64(binary.BigEndian.Uint32(offsets[4*i:])))
		if err != nil {
			return end, err
		}
		end = max(end, last)
	}
	return s.padded(end), nil
}

// walkWOFF takes a packed font, which says its own length.
func walkWOFF(s *scan) (int64, error) {
	h, err := s.bytes(0, 44)
	if err != nil {
		return 0, err
	}
	length := int64(binary.BigEndian.Uint32(h[8:]))
	if length < 44 {
		return 0, broken(8, "a font of %d bytes", length)
	}
	return length, s.part(0, 44, length-44)
}
