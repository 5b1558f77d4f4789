package hdf5

// extensible is an extensible array (VII.D): the index of a dataset that grows in
// one direction.
type extensible struct {
	element   int
	inIndex   int64 // elements in the index block
	leastData int64 // elements of the smallest data block
	pointers  int64 // data blocks that the smallest secondary block points to
	page      int64 // elements of a page
	arrayBits int
	chunk     int64 // size of a chunk without filters
}

// blocks is how many data blocks a secondary block of a level has, and with how
// many elements each.
func (x *extensible) blocks(level int) (n, elements int64) {
	return 1 << (level / 2), multiply(x.leastData, 1<<((level+1)/2))
}

func (s *scan) extensibleArray(address, size int64) error {
	if fresh, err := s.enter(address); err != nil || !fresh {
		return err
	}
	o, l := s.sizes.offset, s.sizes.length
	c, err := s.signed(address, int64(16+o+6*l), "EAHD", "an extensible array of chunks")
	if err != nil {
		return err
	}
	c.skip(2)
	x := &extensible{element: c.u8(), arrayBits: c.u8(), inIndex: int64(c.u8()), leastData: int64(c.u8()), pointers: int64(c.u8()), chunk: size}
	x.page = 1 << min(c.u8(), 30)
	c.skip(6 * l)
	index := c.address()
	if x.element < o || x.element > o+12 || x.arrayBits > 62 || x.leastData == 0 || x.pointers == 0 {
		return s.broken(address, "an extensible array of impossible sizes")
	}
	if index == none {
		return nil
	}
	return s.indexBlock(x, index)
}

// indexBlock reads the index block: elements, data blocks, secondary blocks.
func (s *scan) indexBlock(x *extensible, address int64) error {
	if fresh, err := s.enter(address); err != nil || !fresh {
		return err
	}
	direct := 2 * (x.pointers - 1)
	first := 2 * log2(x.pointers)
	secondary := max(0, int64(1+x.arrayBits-log2(x.leastData)-first))
	size := int64(6+s.sizes.offset) + x.inIndex*int64(x.element) + (direct+secondary)*int64(s.sizes.offset) + checksumSize
	c, err := s.signed(address, size, "EAIB", "an index block")
	if err != nil {
		return err
	}
	c.skip(2 + s.sizes.offset)
	if err := s.elements(c, x.inIndex, x.element, x.chunk); err != nil {
		return err
	}
	level, left := 0, int64(0)
	for range direct {
		for left == 0 {
			left, _ = x.blocks(level)
			level++
		}
		left--
		_, elements := x.blocks(level - 1)
		if s.note(s.dataBlock(x, c.address(), elements)); s.stopped() {
			return nil
		}
	}
	for i := range secondary {
		if s.note(s.secondaryBlock(x, c.address(), first+int(i))); s.stopped() {
			return nil
		}
	}
	return nil
}

func (s *scan) dataBlock(x *extensible, address, elements int64) error {
	if address == none {
		return nil
	}
	if fresh, err := s.enter(address); err != nil || !fresh {
		return err
	}
	if elements > s.file.Size {
		return s.broken(address, "a data block of %d chunks", elements)
	}
	prefix := int64(6 + s.sizes.offset + (x.arrayBits+7)/8)
	if elements > x.page {
		if _, err := s.signed(address, prefix+checksumSize, "EADB", "a data block"); err != nil {
			return err
		}
		return s.pages(address+prefix+checksumSize, elements, x.page, x.element, x.chunk)
	}
	c, err := s.signed(address, prefix+elements*int64(x.element)+checksumSize, "EADB", "a data block")
	if err != nil {
		return err
	}
	c.skip(int(prefix) - 4)
	return s.elements(c, elements, x.element, x.chunk)
}

func (s *scan) secondaryBlock(x *extensible, address int64, level int) error {
	if address == none {
		return nil
	}
	if fresh, err := s.enter(address); err != nil || !fresh {
		return err
	}
	n, elements := x.blocks(level)
	prefix := int64(6 + s.sizes.offset + (x.arrayBits+7)/8)
	if elements > x.page {
		prefix += n * ((elements/x.page + 7) / 8)
	}
	if n > s.file.Size {
		return s.broken(address, "a secondary block of %d data blocks", n)
	}
	c, err := s.signed(address, prefix+n*int64(s.sizes.offset)+checksumSize, "EASB", "a secondary block")
	if err != nil {
		return err
	}
	c.skip(int(prefix) - 4)
	for range n {
		if s.note(s.dataBlock(x, c.address(), elements)); s.stopped() {
			return nil
		}
	}
	return nil
}
