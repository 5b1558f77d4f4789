package text

import (
	"errors"
	"unicode/utf8"
)

// errNotText ends the reading of a file that is something else.
var errNotText = errors.New("not text")

// seen counts one kind of character and where it came first.
type seen struct {
	count int64
	first int64
}

func (s *seen) add(offset int64) {
	if s.count++; s.count == 1 {
		s.first = offset
	}
}

// checker is a writer that decides whether what passes through it is text.
type checker struct {
	named bool // tolerate what only a text name excuses

	offset   int64
	carry    []byte // the beginning of a rune that the last write cut
	controls seen
	escapes  seen // terminal sequences: ESC and an opening bracket
	invalid  seen // bytes that are not UTF-8
	bidi     seen
	tags     seen // invisible tag characters outside of a flag
	flag     int  // tag characters that a flag emoji may still have
	afterESC bool
}

// Write takes the next bytes of the file. It fails with errNotText as soon as
// they cannot be text.
func (c *checker) Write(p []byte) (int, error) {
	n := len(p)
	if len(c.carry) > 0 {
		p = append(c.carry, p...)
		c.carry = nil
	}
	for len(p) > 0 {
		if b := p[0]; b < utf8.RuneSelf {
			if b < 0x20 || b == 0x7f || c.afterESC {
				if err := c.control(b); err != nil {
					return 0, err
				}
			}
			c.flag = 0
			p = p[1:]
			c.offset++
			continue
		}
		if !utf8.FullRune(p) {
			c.carry = append([]byte(nil), p...)
			return n, nil
		}
		r, size := utf8.DecodeRune(p)
		if err := c.wide(r, size); err != nil {
			return 0, err
		}
		p = p[size:]
		c.offset += int64(size)
	}
	return n, nil
}

// control looks at an ASCII byte that is a control character, or comes after ESC.
func (c *checker) control(b byte) error {
	if c.afterESC {
		if c.afterESC = false; b != '[' && !c.named {
			return errNotText
		}
	}
	switch b {
	case '\t', '\n', '\r', '\f':
		return nil
	case 0:
		return errNotText
	case 0x1b:
		c.escapes.add(c.offset)
		c.afterESC = true
		return nil
	}
	if b >= 0x20 && b != 0x7f {
		return nil
	}
	if c.controls.add(c.offset); !c.named {
		return errNotText
	}
	return nil
}

// longestFlag is the number of tag characters after the flag: at most six for a
// region (UTS 51, ED-14a), and the end mark.
const longestFlag = 7

// wide looks at a rune beyond ASCII.
func (c *checker) wide(r rune, size int) error {
	c.afterESC = false
	flag := c.flag
	c.flag = 0
	switch {
	case r == utf8.RuneError && size == 1:
		if c.invalid.add(c.offset); !c.named {
			return errNotText
		}
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		c.bidi.add(c.offset)
	case r == 0x1f3f4: // waving black flag: begins the flags of England, Scotland, Wales
		c.flag = longestFlag
	case r >= 0xe0000 && r <= 0xe007f:
		if flag == 0 {
			c.tags.add(c.offset)
			return nil
		}
		c.flag = flag - 1
	}
	return nil
}

// sparseControls is how rare control characters must be in a text: one in a
// hundred bytes would be a binary format.
const sparseControls = 100

// finish judges the whole.
func (c *checker) finish() error {
	if len(c.carry) > 0 {
		c.invalid.add(c.offset)
		if c.offset += int64(len(c.carry)); !c.named {
			return errNotText
		}
	}
	if c.controls.count*sparseControls > max(c.offset, sparseControls) {
		return errNotText
	}
	return nil
}
