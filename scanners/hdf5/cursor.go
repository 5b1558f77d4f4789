package hdf5

import (
	"bytes"
	"encoding/binary"
)

// cursor reads little-endian fields from a block that is in memory. After the
// first field that does not fit, every read gives zero and short stays set.
type cursor struct {
	data  []byte
	pos   int
	at    int64 // of data[0] in the file
	sizes sizes
	short bool
}

// sizes are the widths of addresses and lengths, in bytes.
type sizes struct{ offset, length int }

func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.data)-c.pos {
		c.short = true
		c.pos = len(c.data)
		return nil
	}
	c.pos += n
	return c.data[c.pos-n : c.pos]
}

func (c *cursor) skip(n int) { c.bytes(n) }

// number reads n bytes, 8 at most.
func (c *cursor) number(n int) uint64 {
	var buf [8]byte
	if n > len(buf) {
		c.short = true
		return 0
	}
	copy(buf[:], c.bytes(n))
	return binary.LittleEndian.Uint64(buf[:])
}

func (c *cursor) u8() int       { return int(c.number(1)) }
func (c *cursor) u16() int      { return int(c.number(2)) }
func (c *cursor) u32() int64    { return int64(c.number(4)) }
func (c *cursor) length() int64 { return clampSigned(c.number(c.sizes.length)) }

// none is an address that says "there is none": all bits set.
const none = int64(-1)

// address reads an address, relative to the base address.
func (c *cursor) address() int64 {
	v := c.number(c.sizes.offset)
	if c.sizes.offset < 8 && v == 1<<(8*c.sizes.offset)-1 || v == 1<<64-1 {
		return none
	}
	return clampSigned(v)
}

// clampSigned keeps what no file can reach positive.
func clampSigned(v uint64) int64 { return int64(min(v, 1<<62)) }

// text reads up to a NUL, which it consumes.
func (c *cursor) text() []byte {
	i := bytes.IndexByte(c.data[c.pos:], 0)
	if i < 0 {
		c.short = true
		return nil
	}
	return c.bytes(i + 1)[:i]
}

// align skips to a multiple of n from the position from.
func (c *cursor) align(from, n int) {
	if rest := (c.pos - from) % n; rest != 0 {
		c.skip(n - rest)
	}
}

func (c *cursor) left() int { return len(c.data) - c.pos }

// sub is a cursor over the next n bytes, which it consumes.
func (c *cursor) sub(n int) *cursor {
	at := c.at + int64(c.pos)
	data := c.bytes(n)
	return &cursor{data: data, at: at, sizes: c.sizes, short: data == nil && n > 0}
}
