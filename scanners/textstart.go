package scanners

import (
	"bytes"
	"io"
)

// TextStart returns up to HeadSize bytes of the beginning of a document as a reader
// of JSON or XML sees them: without white space before the first character, and with
// a single blank for each longer run. Loaders accept any amount of it (RFC 8259,
// section 2; XML 1.0, production 3), so that a decision on the bytes as they stand
// can be pushed out of any window with blanks alone. UTF-16 and UTF-32 stay what
// they are; a byte order mark is left out.
//
// ok is false when the content is no such document, or when nothing would be left
// out. The whole file is read at worst, a block at a time.
func TextStart(r io.ReaderAt, size int64) (start []byte, ok bool) {
	block := make([]byte, min(HeadSize, size))
	n, _ := r.ReadAt(block, 0)
	w, at := unitOf(block[:n])
	c := condenser{unit: w, leading: true}
	for at := int64(at); at < size && len(c.out) < HeadSize; {
		n, err := r.ReadAt(block[:min(int64(len(block)), size-at)], at)
		if n -= n % w.width; n == 0 || !c.take(block[:n]) {
			break
		}
		at += int64(n)
		if err != nil {
			break
		}
	}
	return c.out, c.dropped && len(c.out) > 0
}

// unit is a code unit of a text: its width in bytes, and which of them counts in
// ASCII.
type unit struct{ width, low int }

// unitOf guesses the unit as json.detect_encoding of Python does, and returns the
// length of the byte order mark.
func unitOf(p []byte) (u unit, mark int) {
	for _, b := range [...]struct {
		mark string
		unit unit
	}{
		{"\x00\x00\xfe\xff", unit{4, 3}}, {"\xff\xfe\x00\x00", unit{4, 0}},
		{"\xfe\xff", unit{2, 1}}, {"\xff\xfe", unit{2, 0}}, {"\xef\xbb\xbf", unit{1, 0}},
	} {
		if bytes.HasPrefix(p, []byte(b.mark)) {
			return b.unit, len(b.mark)
		}
	}
	switch {
	case len(p) < 4 || p[0] != 0 && p[1] != 0:
		return unit{1, 0}, 0
	case p[0] == 0 && p[1] != 0:
		return unit{2, 1}, 0
	case p[0] == 0:
		return unit{4, 3}, 0
	case p[2] != 0 || p[3] != 0:
		return unit{2, 0}, 0
	}
	return unit{4, 0}, 0
}

// condenser drops white space.
type condenser struct {
	unit
	out     []byte
	leading bool // nothing but blanks so far
	blank   bool // the last unit was one
	dropped bool
}

// take adds whole units. It reports false for what begins neither an object, nor a
// list, nor an element.
func (c *condenser) take(p []byte) bool {
	for ; len(p) >= c.width && len(c.out) < HeadSize; p = p[c.width:] {
		char := c.char(p)
		if char == ' ' || char == '\t' || char == '\r' || char == '\n' {
			if c.leading || c.blank {
				c.dropped = true
				continue
			}
			c.blank = true
		} else {
			if c.leading && char != '{' && char != '[' && char != '<' {
				return false
			}
			c.leading, c.blank = false, false
		}
		c.out = append(c.out, p[:c.width]...)
	}
	return true
}

// char is the ASCII character that a unit stands for, or 0.
func (c *condenser) char(p []byte) byte {
	for i := range c.width {
		if i != c.low && p[i] != 0 {
			return 0
		}
	}
	return p[c.low]
}
