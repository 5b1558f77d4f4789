package hdf5

import (
	"math/bits"
)

// fractal is a fractal heap (III.G): the messages of a group with many links or
// attributes, in blocks of doubling size.
type fractal struct {
	address    int64
	idLength   int
	filtered   bool
	checked    bool // direct blocks have a checksum
	maxManaged int64
	width      int64 // of the doubling table
	start      int64 // size of the first blocks
	maxDirect  int64
	heapBits   int
	blocks     []heapBlock
	huge       map[uint64]heapBlock // large objects, which lie outside of the blocks, by their id
}

// heapBlock is a direct block: where a range of the heap is.
type heapBlock struct{ offset, size, address int64 }

// dense reads the messages that a heap holds and a tree lists. kinds of records:
// links have a hash or an order of 4 or 8 bytes before the id of n bytes,
// attributes have it behind.
func (s *scan) dense(h *header, heapAddress, tree, order int64, idLength int, read func(message, *cursor) error) error {
	if heapAddress == none {
		return nil
	}
	heap, err := s.fractalHeap(heapAddress)
	if err != nil || heap == nil {
		return err
	}
	kinds, before := []int{5}, 4
	if idLength == 8 {
		kinds, before = []int{8}, 0
	}
	if tree != none {
		err = s.newTree(tree, kinds, func(_, _ int, c *cursor) error {
			c.skip(before)
			return s.heapMessage(heap, c.sub(idLength), read)
		})
	}
	if err != nil || order == none {
		return err
	}
	return s.newTree(order, []int{6, 9}, func(int, int, *cursor) error { return nil }) // the same ids in another order
}

// heapMessage reads the object of an id (III.G, "Heap ID").
func (s *scan) heapMessage(heap *fractal, id *cursor, read func(message, *cursor) error) error {
	switch kind := id.u8() >> 4 & 3; {
	case kind == 2:
		n := int(id.data[0]&15) + 1
		return s.heapObject(read, id.at+1-s.base, id.sub(n))
	case kind == 1:
		return s.hugeObject(heap, id.number(min(8, id.left())), read)
	case kind != 0:
		return s.unsupported(heap.address, "an object of kind %d in a fractal heap", kind)
	}
	offset := clampSigned(id.number((heap.heapBits + 7) / 8))
	n := clampSigned(id.number(min(width(heap.maxDirect), width(heap.maxManaged))))
	for _, b := range heap.blocks {
		if offset >= b.offset && offset-b.offset < b.size {
			if n > b.size-(offset-b.offset) {
				break
			}
			address := b.address + offset - b.offset
			c, err := s.peek(address, n, "an object of a fractal heap")
			if err != nil {
				return err
			}
			return s.heapObject(read, address, c)
		}
	}
	return s.broken(heap.address, "an object lies outside its fractal heap")
}

// hugeObjects reads where the large objects of a heap are. Ids of links and
// attributes are too short to hold an address, so a tree does.
func (s *scan) hugeObjects(f *fractal, tree int64) error {
	f.huge = make(map[uint64]heapBlock)
	return s.newTree(tree, []int{1}, func(_, _ int, c *cursor) error {
		b := heapBlock{address: c.address(), size: c.length()}
		f.huge[c.number(s.sizes.length)] = b
		return nil
	})
}

func (s *scan) hugeObject(f *fractal, id uint64, read func(message, *cursor) error) error {
	b, ok := f.huge[id]
	if !ok {
		return s.broken(f.address, "a large object that its heap does not have")
	}
	c, err := s.read(b.address, b.size, "a large object of a fractal heap")
	if err != nil {
		return err
	}
	return s.heapObject(read, b.address, c)
}

func (s *scan) heapObject(read func(message, *cursor) error, address int64, c *cursor) error {
	err := read(message{size: len(c.data), at: address}, c)
	if err == nil && c.short {
		return s.broken(address, "an object of a fractal heap is shorter than its content")
	}
	return err
}

// fractalHeap reads a heap with all of its blocks. It is nil for one that was read
// before.
func (s *scan) fractalHeap(address int64) (*fractal, error) {
	fresh, err := s.enter(address)
	if err != nil {
		return nil, err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "two objects share one fractal heap")
		return nil, nil
	}
	o, l := s.sizes.offset, s.sizes.length
	c, err := s.signed(address, int64(26+3*o+12*l), "FRHP", "a fractal heap")
	if err != nil {
		return nil, err
	}
	c.skip(1)
	f := &fractal{address: address, idLength: c.u16()}
	f.filtered = c.u16() > 0
	f.checked = c.u8()&2 != 0
	f.maxManaged = c.u32()
	c.skip(l)
	huge := c.address()
	c.skip(l)
	space := c.address()
	c.skip(8 * l)
	f.width = int64(c.u16())
	f.start, f.maxDirect = c.length(), c.length()
	f.heapBits = c.u16()
	c.skip(2)
	root, rows := c.address(), c.u16()
	if f.filtered {
		return nil, s.unsupported(address, "a fractal heap with filters")
	}
	if f.width == 0 || f.start == 0 || f.maxDirect > maxBlock || f.maxDirect < f.start || f.heapBits > 64 {
		return nil, s.broken(address, "a fractal heap of impossible sizes")
	}
	if huge != none {
		s.note(s.hugeObjects(f, huge))
	}
	if space != none {
		s.note(s.freeSpace(space))
	}
	if root == none {
		return f, nil
	}
	if rows == 0 {
		return f, s.direct(f, root, 0, f.start)
	}
	return f, s.indirect(f, root, 0, rows, maxTreeDepth)
}

// rowSize is the size of the blocks in a row of the doubling table.
func (f *fractal) rowSize(row int) int64 {
	if row < 2 {
		return f.start
	}
	return multiply(f.start, 1<<min(row-1, 61))
}

func log2(n int64) int { return bits.Len64(uint64(n)) - 1 }

// direct reads a direct block. Its objects lie at their offsets from its beginning,
// the head of the block included.
func (s *scan) direct(f *fractal, address, offset, size int64) error {
	fresh, err := s.enter(address)
	if err != nil || !fresh {
		return err
	}
	if _, err := s.signed(address, size, "FHDB", "a block of a fractal heap"); err != nil {
		return err
	}
	f.blocks = append(f.blocks, heapBlock{offset, size, address})
	return nil
}

// indirect reads an indirect block with all blocks below it.
func (s *scan) indirect(f *fractal, address, offset int64, rows, depth int) error {
	fresh, err := s.enter(address)
	if err != nil || !fresh {
		return err
	}
	directRows := log2(f.maxDirect) - log2(f.start) + 2
	if depth == 0 || rows > 64 {
		return s.broken(address, "a fractal heap nested too deep")
	}
	size := int64(5+s.sizes.offset+(f.heapBits+7)/8+checksumSize) + int64(rows)*f.width*int64(s.sizes.offset)
	c, err := s.signed(address, size, "FHIB", "a block of a fractal heap")
	if err != nil {
		return err
	}
	c.skip(1 + s.sizes.offset + (f.heapBits+7)/8)
	for row := range rows {
		size := f.rowSize(row)
		for range f.width {
			child := c.address()
			switch {
			case child == none:
			case row < directRows:
				err = s.direct(f, child, offset, size)
			default:
				err = s.indirect(f, child, offset, log2(size)-log2(multiply(f.start, f.width))+1, depth-1)
			}
			if s.note(err); s.stopped() {
				return nil
			}
			offset = min(offset+size, tooMany)
		}
	}
	return nil
}

// freeSpace accounts for a manager of free space (III.H): lists of holes.
func (s *scan) freeSpace(address int64) error {
	fresh, err := s.enter(address)
	if err != nil || !fresh {
		return err
	}
	o, l := s.sizes.offset, s.sizes.length
	c, err := s.signed(address, int64(18+o+7*l), "FSHD", "a manager of free space")
	if err != nil {
		return err
	}
	c.skip(2 + 4*l + 8 + l)
	sections := c.address()
	c.skip(l)
	if size := c.length(); sections != none {
		_, err = s.signed(sections, size, "FSSE", "a list of free space")
	}
	return err
}
