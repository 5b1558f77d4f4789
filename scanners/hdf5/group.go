package hdf5

import (
	"assay/scanners/internal/clip"
)

// maxTreeDepth is the largest level of a B-tree that is followed.
const maxTreeDepth = 64

// names is the heap with the names of an old group.
type names struct {
	data []byte
}

// at is the text at an offset of the heap.
func (n names) at(offset int64) []byte {
	if offset < 0 || offset >= int64(len(n.data)) {
		return nil
	}
	c := cursor{data: n.data[offset:]}
	return c.text()
}

// localHeap reads a local heap (III.D).
func (s *scan) localHeap(address int64) (names, error) {
	fresh, err := s.enter(address)
	if err != nil {
		return names{}, err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "two groups keep their names in the same heap")
	}
	c, err := s.signed(address, int64(8+2*s.sizes.length+s.sizes.offset), "HEAP", "a local heap")
	if err != nil {
		return names{}, err
	}
	c.skip(4)
	size := c.length()
	c.skip(s.sizes.length)
	data, err := s.read(c.address(), size, "the names of a group")
	if err != nil {
		return names{}, err
	}
	return names{data.data}, nil
}

// node reads the head of a node of a version 1 B-tree (III.A.1) with n bytes.
func (s *scan) node(address, n int64, kind int) (c *cursor, level, entries int, err error) {
	fresh, err := s.enter(address)
	if err != nil {
		return nil, 0, 0, err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "a node of a tree is reached twice")
		return nil, 0, 0, nil
	}
	n = min(n, s.file.Size-s.base-address) // the last node may be cut to what is in use
	c, err = s.signed(address, n, "TREE", "a node of a B-tree")
	if err != nil {
		return nil, 0, 0, err
	}
	found := c.u8()
	level, entries = c.u8(), c.u16()
	c.skip(2 * s.sizes.offset)
	if found != kind {
		return nil, 0, 0, s.broken(address, "a B-tree of kind %d where %d belongs", found, kind)
	}
	return c, level, entries, nil
}

func (s *scan) nodeHead() int64 { return int64(8 + 2*s.sizes.offset) }

// groupTree follows the B-tree of an old group.
func (s *scan) groupTree(h *header, address int64, heap names, depth int) error {
	size := s.nodeHead() + int64(2*s.nodeK*(s.sizes.offset+s.sizes.length)+s.sizes.length)
	c, level, entries, err := s.node(address, size, 0)
	if err != nil || c == nil {
		return err
	}
	if level >= depth {
		return s.broken(address, "a B-tree whose levels do not go down")
	}
	for range entries {
		c.skip(s.sizes.length)
		child := c.address()
		if c.short {
			return s.broken(address, "a node of a B-tree has more entries than fit")
		}
		if level > 0 {
			err = s.groupTree(h, child, heap, level)
		} else {
			err = s.symbols(h, child, heap)
		}
		if s.note(err); s.stopped() {
			return nil
		}
	}
	return nil
}

// symbol is an entry of a symbol table (III.C).
type symbol struct {
	name, header int64
	cache        int64
	link         int64 // offset of a soft link in the heap
}

// cachedLink marks the entry of a soft link.
const cachedLink = 2

func (s *scan) symbol(c *cursor) symbol {
	e := symbol{name: clampSigned(c.number(s.sizes.offset)), header: c.address(), cache: c.u32()}
	c.skip(4)
	scratch := c.sub(16)
	if e.cache == cachedLink {
		e.link = scratch.u32()
	}
	return e
}

// symbols reads a node of a symbol table (III.B).
func (s *scan) symbols(h *header, address int64, heap names) error {
	fresh, err := s.enter(address)
	if err != nil {
		return err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "a node of a symbol table is reached twice")
		return nil
	}
	size := int64(8 + 2*s.leafK*(2*s.sizes.offset+24))
	c, err := s.signed(address, min(size, s.file.Size-s.base-address), "SNOD", "a node of a symbol table")
	if err != nil {
		return err
	}
	c.skip(2)
	for range c.u16() {
		e := s.symbol(c)
		if c.short {
			return s.broken(address, "a symbol table has more entries than fit")
		}
		if e.cache != cachedLink {
			s.link(h, heap.at(e.name), e.header)
		}
	}
	return nil
}

// link follows a hard link. Links that wait hold their name alone: there may be
// hundreds of thousands of them in a group with a long path.
func (s *scan) link(h *header, name []byte, address int64) {
	if len(s.todo)+len(s.seen) >= maxStructures {
		s.note(s.limit(h.address, "more than %d structures", maxStructures))
		return
	}
	if above(&h.object, address) {
		s.found.Add("hdf5/link-cycle", s.offset(h.address), "%s leads back to a group around it", clip.Quote(below(h.path, clip.Bytes(name, maxWhat)), maxWhat))
	}
	if address != none && !s.seen[address] {
		s.todo = append(s.todo, object{address: address, name: clip.Bytes(name, maxWhat), parent: &h.object})
	}
}

// below is the path of a name in a group, of a bounded length.
func below(group, name string) string {
	path := group + "/" + name
	if group == "/" {
		path = group + name
	}
	if len(path) > 4*maxWhat {
		path = "..." + clip.Bytes(path[len(path)-2*maxWhat:], 2*maxWhat)
	}
	return path
}

// maxAbove is how far up a cycle is looked for. A longer one ends the same way:
// no object is read twice.
const maxAbove = 256

// above reports whether the address is that of an object or of a group around it.
func above(o *object, address int64) bool {
	for range maxAbove {
		if o == nil {
			return false
		}
		if o.address == address {
			return true
		}
		o = o.parent
	}
	return false
}

// Kinds of link (IV.A.2.g).
const (
	hardLink     = 0
	softLink     = 1
	externalLink = 64
)

func (s *scan) linkMessage(h *header, m message, c *cursor) error {
	version, flags := c.u8(), c.u8()
	if version != 1 {
		return s.unsupported(m.at, "link version %d", version)
	}
	kind := hardLink
	if flags&8 != 0 {
		kind = c.u8()
	}
	if flags&4 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	size := clampSigned(c.number(1 << (flags & 3)))
	name := c.bytes(int(min(size, maxBlock)))
	h.links++
	switch kind {
	case hardLink:
		s.link(h, name, c.address())
	case softLink:
		c.skip(c.u16())
	case externalLink:
		target := c.sub(c.u16())
		target.skip(1)
		file, object := target.text(), target.text()
		s.found.Add("hdf5/external-link", s.offset(m.at), "%s leads to %s in the file %s", clip.Quote(name, maxWhat),
			clip.Quote(object, maxWhat), clip.Quote(file, maxWhat))
	default:
		c.skip(c.u16())
		s.found.Add("hdf5/user-link", s.offset(m.at), "%s is a link of kind %d", clip.Quote(name, maxWhat), kind)
	}
	return nil
}

// linkInfo reads where a new group keeps many links.
func (s *scan) linkInfo(h *header, _ message, c *cursor) error {
	c.skip(1)
	flags := c.u8()
	if flags&1 != 0 {
		c.skip(8)
	}
	heap, tree := c.address(), c.address()
	order := none
	if flags&2 != 0 {
		order = c.address()
	}
	return s.dense(h, heap, tree, order, 7, func(m message, c *cursor) error { return s.linkMessage(h, m, c) })
}

// slot is a file that holds values of a dataset.
type slot struct {
	name         []byte
	offset, size int64
}

// externalFiles reads the list of external files (IV.A.2.h).
func (s *scan) externalFiles(h *header, m message, c *cursor) error {
	c.skip(4)
	c.skip(2)
	used := c.u16()
	heap, err := s.localHeap(c.address())
	if err != nil {
		s.found.Add("hdf5/external-storage", s.offset(m.at), "%s names files that cannot be read here", clip.Quote(h.path, maxWhat))
		return err
	}
	for range used {
		x := slot{name: heap.at(c.length()), offset: c.length(), size: c.length()}
		if c.short {
			break
		}
		h.external = append(h.external, x)
	}
	if len(h.external) == 0 {
		s.found.Add("hdf5/external-storage", s.offset(m.at), "%s has a list of external files without an entry", clip.Quote(h.path, maxWhat))
	}
	return nil
}
