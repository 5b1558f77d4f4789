package sevenzip

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"assay/scanners"
)

// cursor reads the header. The first error stays, and everything read after it is
// zero.
type cursor struct {
	data []byte
	at   int
	base int64 // offset of the header in the file; errors point there
	err  error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = &scanners.FormatError{Offset: c.base, Err: fmt.Errorf("byte %d of the header: "+format, append([]any{c.at}, args...)...)}
	}
}

func (c *cursor) left() int { return len(c.data) - c.at }

func (c *cursor) bytes(n int) []byte {
	if c.err != nil || n < 0 || n > c.left() {
		c.fail("%d bytes are needed and %d are there", n, c.left())
		return nil
	}
	c.at += n
	return c.data[c.at-n : c.at]
}

func (c *cursor) byte() byte {
	if p := c.bytes(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if p := c.bytes(4); p != nil {
		return binary.LittleEndian.Uint32(p)
	}
	return 0
}

// number reads a number of one to nine bytes: the leading ones of the first say
// how many follow.
func (c *cursor) number() uint64 {
	first := c.byte()
	value, mask := uint64(0), byte(0x80)
	for i := range 8 {
		if first&mask == 0 {
			return value | uint64(first&(mask-1))<<(8*i)
		}
		value |= uint64(c.byte()) << (8 * i)
		mask >>= 1
	}
	return value
}

// count reads how many of something follow, each of which needs at least one bit.
func (c *cursor) count(most int) int {
	n := c.number()
	if n > uint64(most) || n > 8*uint64(c.left())+8 {
		c.fail("%d items", n)
		return 0
	}
	return int(n)
}

// bits reads a vector of truth values.
func (c *cursor) bits(n int) []bool {
	packed := c.bytes((n + 7) / 8)
	out := make([]bool, 0, min(n, 8*len(packed)))
	for i := range cap(out) {
		out = append(out, packed[i/8]&(0x80>>(i%8)) != 0)
	}
	return out
}

// optional reads a vector of truth values that may be all true.
func (c *cursor) optional(n int) []bool {
	if c.byte() == 0 {
		return c.bits(n)
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
}

// sums reads the checksums of n items; nil where there is none.
func (c *cursor) sums(n int) []*uint32 {
	out := make([]*uint32, n)
	for i, defined := range c.optional(n) {
		if defined && c.err == nil {
			sum := c.u32()
			out[i] = &sum
		}
	}
	return out
}

// name reads a name: UTF-16, ended by a zero.
func (c *cursor) name() string {
	var units []uint16
	for c.err == nil {
		p := c.bytes(2)
		if p == nil {
			return ""
		}
		u := binary.LittleEndian.Uint16(p)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// want demands the id of a section.
func (c *cursor) want(id byte) {
	if got := c.byte(); got != id {
		c.fail("section %d instead of %d", got, id)
	}
}
