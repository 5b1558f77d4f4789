package hdf5

// class is the class of a datatype (IV.A.2.d).
type class uint8

const (
	classString    class = 3
	classOpaque    class = 5
	classCompound  class = 6
	classReference class = 7
	classEnum      class = 8
	classVariable  class = 9
	classArray     class = 10
)

// datatype is what is needed of one: how large a value is, and whether it may be
// text or lead to the global heap.
type datatype struct {
	class    class
	size     int64
	variable []variable // fields of variable length
}

// variable is a field whose value is in the global heap, at an offset in the value.
type variable struct{ offset int64 }

// maxTypeDepth is how deep types nest; the library stops at 32 for references too.
const maxTypeDepth = 32

// maxVariable bounds the fields of variable length in one type.
const maxVariable = 4096

func (s *scan) datatypeMessage(h *header, m message, c *cursor) error {
	var ok bool
	h.dtype, ok = readType(c, maxTypeDepth)
	h.hasType = ok
	if !ok {
		return s.unsupported(m.at, "a datatype that is unknown, or nested deeper than %d", maxTypeDepth)
	}
	return nil
}

// readType reads a datatype. It is false for one that is unknown.
func readType(c *cursor, depth int) (datatype, bool) {
	head := c.u8()
	bits := int(c.number(3))
	t := datatype{class: class(head & 15), size: c.u32()}
	version := head >> 4
	if depth == 0 || c.short {
		return t, false
	}
	switch t.class {
	case 0, 4: // integer, bit field
		c.skip(4)
	case 1: // float
		c.skip(12)
	case 2: // time
		c.skip(2)
	case classString, classReference:
	case classOpaque:
		c.skip(bits & 0xff)
	case classCompound:
		return readCompound(c, t, version, bits&0xffff, depth)
	case classEnum:
		return readEnum(c, t, version, bits&0xffff, depth)
	case classVariable:
		t.variable = []variable{{}}
		_, ok := readType(c, depth-1)
		return t, ok
	case classArray:
		return readArray(c, t, version, depth)
	default:
		return t, false
	}
	return t, !c.short
}

func readCompound(c *cursor, t datatype, version, n, depth int) (datatype, bool) {
	for range n {
		from := c.pos
		c.text()
		if version < 3 {
			c.align(from, 8)
		}
		var offset int64
		if version < 3 {
			offset = c.u32()
		} else {
			offset = int64(c.number(widthOf(t.size)))
		}
		if version == 1 {
			c.skip(28)
		}
		member, ok := readType(c, depth-1)
		if !ok || c.short || len(t.variable)+len(member.variable) > maxVariable {
			return t, false
		}
		for _, v := range member.variable {
			t.variable = append(t.variable, variable{offset + v.offset})
		}
	}
	return t, true
}

// widthOf is the number of bytes that hold an offset in a value of a size.
func widthOf(size int64) int {
	n := 1
	for size >>= 8; size > 0; size >>= 8 {
		n++
	}
	return n
}

func readEnum(c *cursor, t datatype, version, n, depth int) (datatype, bool) {
	value, ok := readType(c, depth-1)
	if !ok {
		return t, false
	}
	for range n {
		from := c.pos
		c.text()
		if version < 3 {
			c.align(from, 8)
		}
	}
	c.skip(int(min(int64(n)*value.size, maxBlock)))
	return t, !c.short
}

func readArray(c *cursor, t datatype, version, depth int) (datatype, bool) {
	rank, count := c.u8(), int64(1)
	if version < 3 {
		c.skip(3)
	}
	for range rank {
		count = multiply(count, c.u32())
	}
	if version < 3 {
		c.skip(4 * rank)
	}
	member, ok := readType(c, depth-1)
	if !ok || c.short {
		return t, false
	}
	for i := int64(0); i < count && len(member.variable) > 0; i++ {
		if len(t.variable)+len(member.variable) > maxVariable {
			return t, false
		}
		for _, v := range member.variable {
			t.variable = append(t.variable, variable{i*member.size + v.offset})
		}
	}
	return t, true
}

// committed reads the datatype of an object that is one. The message may lie in a
// continuation of the object header.
func (s *scan) committed(address int64) (datatype, error) {
	h, err := s.prefix(object{address: address})
	if err != nil {
		return datatype{}, err
	}
	var found datatype
	known := false
	for i := 0; i < len(h.blocks) && i < maxTypeDepth && !known; i++ {
		c, err := s.peek(h.blocks[i].address, h.blocks[i].size, "a committed datatype")
		if err != nil {
			return datatype{}, err
		}
		err = s.each(h, h.blocks[i], c, func(m message, c *cursor) error {
			switch {
			case m.kind == 0x10:
				at, size := c.address(), c.length()
				if h.version == 2 {
					at, size = at+4, size-4
				}
				h.blocks = append(h.blocks, block{at, size})
			case m.kind == 0x03 && m.flags&shared == 0:
				found, known = readType(c, maxTypeDepth)
			}
			return nil
		})
		if err != nil {
			return datatype{}, err
		}
	}
	if !known {
		return datatype{}, s.unsupported(address, "a committed datatype that is unknown")
	}
	return found, nil
}

// dataspace is the shape of a dataset or attribute (IV.A.2.b).
type dataspace struct {
	count    int64 // of values
	overflow bool
	rank     int
	dims     []int64
}

func (s *scan) dataspaceMessage(h *header, _ message, c *cursor) error {
	h.dims = readSpace(c)
	return nil
}

func readSpace(c *cursor) dataspace {
	version, rank, flags := c.u8(), c.u8(), c.u8()
	space := dataspace{count: 1, rank: rank}
	if version == 1 {
		c.skip(5)
	} else if c.u8() == 2 { // null: no values
		space.count = 0
	}
	for range rank {
		n := c.length()
		space.dims = append(space.dims, n)
		space.count = multiply(space.count, n)
	}
	if flags&1 != 0 {
		c.skip(rank * c.sizes.length)
	}
	space.overflow = space.count == tooMany
	return space
}

// tooMany stands for a product beyond what 62 bits hold.
const tooMany = int64(1) << 62

// multiply multiplies two counts and stops at tooMany. A zero wins over an
// overflow, as no values are read then.
func multiply(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	if a > tooMany/b {
		return tooMany
	}
	return a * b
}
