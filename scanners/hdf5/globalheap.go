package hdf5

import (
	"fmt"

	"assay/scanners/internal/clip"
)

// heapObject is one object of a global heap collection.
type heapObject struct {
	index int
	at    int64 // in the file
	data  []byte
}

// collection reads a global heap collection (III.E) and accounts for it. It may be
// read again.
func (s *scan) collection(address int64) ([]heapObject, error) {
	if s.lastHeap.list != nil && s.lastHeap.address == address {
		return s.lastHeap.list, nil
	}
	fresh, err := s.enter(address)
	if err != nil {
		return nil, err
	}
	head, err := s.peek(address, int64(8+s.sizes.length), "a global heap")
	if err != nil {
		return nil, err
	}
	if string(head.bytes(4)) != "GCOL" || head.u8() != 1 {
		return nil, s.broken(address, "no global heap where one belongs")
	}
	head.skip(3)
	c, err := s.read(address, head.length(), "a global heap")
	if err != nil {
		return nil, err
	}
	if fresh {
		s.heaps = append(s.heaps, address)
	}
	c.skip(head.pos)
	var list []heapObject
	for c.left() >= 8+s.sizes.length {
		index := c.u16()
		c.skip(6)
		size := c.length()
		if index == 0 || size > int64(c.left()) {
			break
		}
		at := c.at + int64(c.pos)
		list = append(list, heapObject{index, at, c.bytes(int(size))})
		c.skip(min(c.left(), int(-size&7)))
	}
	s.lastHeap = lastHeap{address, list}
	return list, nil
}

// lastHeap is the collection that was read last: attributes refer to the same one
// again and again.
type lastHeap struct {
	address int64
	list    []heapObject
}

// reference follows a reference from an attribute to an object of a heap.
func (s *scan) reference(name string, heap int64, index int) error {
	list, err := s.collection(heap)
	for _, o := range list {
		if o.index == index {
			s.value(name, o.data, o.at)
		}
	}
	return err
}

// heapValues looks at every object of every heap that was found: those to which
// only the values of datasets refer as well.
func (s *scan) heapValues() {
	for _, address := range s.heaps {
		list, err := s.collection(address)
		s.note(err)
		for _, o := range list {
			s.value(fmt.Sprintf("object %d of the heap at %d", o.index, s.base+address), o.data, o.at)
		}
	}
}

// virtualDataset reads where a virtual dataset takes its values from (VII.A,
// "Virtual Dataset Mapping").
func (s *scan) virtualDataset(h *header) error {
	if h.layout.address == none {
		return nil
	}
	list, err := s.collection(h.layout.address)
	if err != nil {
		return err
	}
	for _, o := range list {
		if int64(o.index) == h.layout.index64 {
			s.handed[o.at] = true
			return s.mappings(h, &cursor{data: o.data, at: o.at, sizes: s.sizes})
		}
	}
	return s.broken(h.address, "a virtual dataset whose sources are missing")
}

// maxSources bounds the source files that are reported of one dataset.
const maxSources = 1 << 16

// mappings reads the list of sources. Selections between the names have no length
// of their own; each is parsed as far as it must be to find the next name.
func (s *scan) mappings(h *header, c *cursor) error {
	if version := c.u8(); version != 0 {
		return s.unsupported(h.address, "virtual dataset version %d", version)
	}
	n := c.length()
	foreign := map[string]bool{}
	for i := int64(0); i < n && i < maxSources; i++ {
		file, dataset := c.text(), c.text()
		if c.short || !selection(c) || !selection(c) {
			break
		}
		if string(file) == "." || foreign[string(file)] {
			continue
		}
		foreign[string(file)] = true
		s.found.Add("hdf5/virtual-dataset", s.offset(h.address), "%s takes values from %s of the file %s",
			clip.Quote(h.path, maxWhat), clip.Quote(dataset, maxWhat), clip.Quote(file, maxWhat))
	}
	if c.short {
		s.found.Add("hdf5/virtual-dataset", s.offset(h.address), "%s is a virtual dataset whose sources could not all be read", clip.Quote(h.path, maxWhat))
		return s.unsupported(h.address, "the sources of a virtual dataset")
	}
	return nil
}

// selection skips a serialised selection (VII.C). It is false for one that is
// unknown.
func selection(c *cursor) bool {
	kind, version := c.u32(), c.u32()
	switch {
	case kind == 0 || kind == 3: // none, all
		c.skip(8)
	case kind == 2 && version == 1: // hyperslabs as blocks
		c.skip(4)
		c.skip(int(min(c.u32(), maxBlock)))
	case kind == 2 && version == 2: // regular hyperslab
		c.skip(1)
		c.skip(int(min(c.u32(), maxBlock)))
	case kind == 2 && version == 3:
		flags, width, rank := c.u8(), c.u8(), c.u32()
		n := int64(4)
		if flags&1 == 0 {
			n = 2 * int64(min(c.number(width), maxBlock))
		}
		c.skip(int(min(multiply(multiply(n, rank), int64(width)), maxBlock)))
	case kind == 1 && version == 1: // points
		c.skip(4)
		c.skip(int(min(c.u32(), maxBlock)))
	default:
		c.short = true
	}
	return !c.short
}
