package hdf5

// chunkIndex accounts for the chunks of a dataset (VII.B).
func (s *scan) chunkIndex(h *header) error {
	l := h.layout
	if l.address == none {
		return nil
	}
	size := l.chunkSize()
	switch l.index {
	case indexTree1:
		return s.chunkTree(h, l.address, maxTreeDepth)
	case indexSingle:
		if l.single > 0 {
			size = l.single
		}
		return s.chunk(l.address, size)
	case indexImplicit:
		return s.raw(l.address, multiply(h.chunkCount(), size))
	case indexFixed:
		return s.fixedArray(l.address, size)
	case indexExtensible:
		return s.extensibleArray(l.address, size)
	case indexTree2:
		return s.newTree(l.address, []int{10, 11}, func(kind, n int, c *cursor) error {
			address, stored := c.address(), size
			if kind == 11 {
				stored = clampSigned(c.number(n - s.sizes.offset - 4 - 8*(len(l.dims)-1)))
			}
			return s.chunk(address, stored)
		})
	}
	return s.unsupported(h.address, "an index of chunks of kind %d", l.index)
}

// chunkCount is the number of chunks that the shape needs.
func (h *header) chunkCount() int64 {
	n := int64(1)
	for i, d := range h.dims.dims {
		if i < len(h.layout.dims) && h.layout.dims[i] > 0 {
			n = multiply(n, (d-1)/h.layout.dims[i]+1)
		}
	}
	return n
}

// chunkTree follows the B-tree of a chunked dataset.
func (s *scan) chunkTree(h *header, address int64, depth int) error {
	key := int64(8 + 8*len(h.layout.dims))
	size := s.nodeHead() + int64(2*s.chunkK)*(key+int64(s.sizes.offset)) + key
	c, level, entries, err := s.node(address, size, 1)
	if err != nil || c == nil {
		return err
	}
	if level >= depth {
		return s.broken(address, "a B-tree whose levels do not go down")
	}
	for range entries {
		stored := c.u32()
		c.skip(int(key) - 4)
		child := c.address()
		if c.short {
			return s.broken(address, "a node of a B-tree has more entries than fit")
		}
		if level > 0 {
			err = s.chunkTree(h, child, level)
		} else {
			err = s.chunk(child, stored)
		}
		if s.note(err); s.stopped() {
			return nil
		}
	}
	return nil
}

// elements reads n elements of an array of chunks: an address, and for chunks with
// filters their size and mask.
func (s *scan) elements(c *cursor, n int64, element int, size int64) error {
	for range n {
		e := c.sub(element)
		if c.short {
			return s.broken(c.at-s.base, "an array of chunks is cut off")
		}
		address, stored := e.address(), size
		if element > s.sizes.offset {
			stored = clampSigned(e.number(element - s.sizes.offset - 4))
		}
		if address == 0 {
			continue // never written
		}
		if s.note(s.chunk(address, stored)); s.stopped() {
			return nil
		}
	}
	return nil
}

// pages reads the elements of a data block, in pages when there are more than fit
// one. Each page ends with a checksum.
func (s *scan) pages(address, n, page int64, element int, size int64) error {
	for n > 0 && !s.stopped() {
		count := min(n, page)
		c, err := s.read(address, count*int64(element)+checksumSize, "a page of an array of chunks")
		if err != nil {
			return err
		}
		if err := s.elements(c, count, element, size); err != nil {
			return err
		}
		address += int64(len(c.data))
		n -= count
	}
	return nil
}

// fixedArray reads the index of a dataset of fixed shape (VII.C).
func (s *scan) fixedArray(address, size int64) error {
	if fresh, err := s.enter(address); err != nil || !fresh {
		return err
	}
	o, l := s.sizes.offset, s.sizes.length
	c, err := s.signed(address, int64(12+o+l), "FAHD", "a fixed array of chunks")
	if err != nil {
		return err
	}
	c.skip(2)
	element, pageBits := c.u8(), c.u8()
	n, block := c.length(), c.address()
	if element < o || element > o+12 || pageBits > 30 {
		return s.broken(address, "a fixed array of chunks with elements of %d bytes", element)
	}
	if block == none {
		return nil
	}
	page := int64(1) << pageBits
	if n > s.file.Size {
		return s.broken(address, "a fixed array of %d chunks", n)
	}
	prefix := int64(6 + o)
	if n <= page {
		c, err := s.signed(block, prefix+n*int64(element)+checksumSize, "FADB", "a fixed array of chunks")
		if err != nil {
			return err
		}
		c.skip(int(prefix) - 4)
		return s.elements(c, n, element, size)
	}
	prefix += ((n-1)/page+1+7)/8 + checksumSize
	if _, err := s.signed(block, prefix, "FADB", "a fixed array of chunks"); err != nil {
		return err
	}
	return s.pages(block+prefix, n, page, element, size)
}
