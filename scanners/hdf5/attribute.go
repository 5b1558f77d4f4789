package hdf5

import (
	"bytes"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/pickleshape"
)

// attributeMessage reads one attribute (IV.A.2.m).
func (s *scan) attributeMessage(h *header, m message, c *cursor) error {
	version, flags := c.u8(), c.u8()
	nameSize, typeSize, spaceSize := c.u16(), c.u16(), c.u16()
	if version < 1 || version > 3 {
		return s.unsupported(m.at, "attribute version %d", version)
	}
	pad := 1
	if version == 1 {
		flags, pad = 0, 8
	}
	if version == 3 {
		c.skip(1)
	}
	field := func(n int) *cursor {
		sub := c.sub(n)
		c.skip((pad - n%pad) % pad)
		return sub
	}
	name := bytes.TrimRight(field(nameSize).data, "\x00")
	typeField := field(typeSize)
	space := readSpace(field(spaceSize))
	if c.short {
		return nil
	}
	t, err := s.attributeType(h, m, typeField, flags)
	if err != nil {
		return err
	}
	if flags&2 != 0 {
		return s.unsupported(m.at, "an attribute with a shared dataspace")
	}
	return s.attributeValue(h, clip.Bytes(name, maxWhat), t, space, c)
}

func (s *scan) attributeType(h *header, m message, c *cursor, flags int) (datatype, error) {
	if flags&1 != 0 {
		address, inHeap := sharedReference(c)
		if inHeap || c.short {
			return datatype{}, s.unsupported(m.at, "an attribute whose datatype is in the table of shared messages")
		}
		s.push(address, h.path)
		return s.committed(address)
	}
	t, ok := readType(c, maxTypeDepth)
	if !ok {
		return t, s.unsupported(m.at, "an attribute with an unknown datatype")
	}
	return t, nil
}

// maxReferences bounds the values of variable length that are followed in one
// attribute. Others are found in their heap.
const maxReferences = 1 << 16

// attributeValue looks at the bytes of a value, and at those that it refers to.
func (s *scan) attributeValue(h *header, name string, t datatype, space dataspace, c *cursor) error {
	label := "@" + name
	if h.path != "/" {
		label = h.path + label
	}
	at := c.at + int64(c.pos)
	size := multiply(space.count, t.size)
	if size > int64(c.left()) {
		return s.broken(at-s.base, "the attribute %s claims %d bytes, more than its message has", clip.Quote(name, maxWhat), size)
	}
	data := c.bytes(int(size))
	if len(t.variable) == 0 {
		s.value(label, data, at)
		return nil
	}
	for i := range min(space.count, maxReferences) {
		for _, v := range t.variable {
			from := i*t.size + v.offset
			if from+int64(8+s.sizes.offset) > size {
				continue
			}
			ref := cursor{data: data[from:], sizes: s.sizes}
			n, heap, index := ref.u32(), ref.address(), ref.u32()
			if n == 0 || heap == none || heap == 0 || index == 0 {
				continue
			}
			if err := s.reference(label, heap, int(index)); err != nil {
				return err
			}
		}
	}
	return nil
}

// value hands on a value that configures a model, or is a pickle. Texts may be
// padded to their fixed size.
func (s *scan) value(name string, data []byte, at int64) {
	data = bytes.TrimRight(data, "\x00")
	if len(data) == 0 || s.handed[at] {
		return
	}
	switch {
	case pickleshape.Is(data):
		s.found.Add("hdf5/pickled-value", max(0, min(at, s.file.Size)), "%s is a pickle of %d bytes", clip.Quote(name, maxWhat), len(data))
	case !isConfig(data):
		return
	}
	s.handed[at] = true
	s.result.Members = append(s.result.Members, scanners.Member{
		Name: name, Size: int64(len(data)), Span: scanners.Span{Off: at, Len: int64(len(data))}})
}

// isConfig recognises JSON that names classes or objects: what a loader of models
// reads.
func isConfig(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) < 2 || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	for _, key := range []string{"class_name", "registered_name", "_target_", "auto_map", "module"} {
		if bytes.Contains(data, []byte(key)) {
			return true
		}
	}
	return false
}

// attributeInfo reads where many attributes are.
func (s *scan) attributeInfo(h *header, _ message, c *cursor) error {
	c.skip(1)
	flags := c.u8()
	if flags&1 != 0 {
		c.skip(2)
	}
	heap, tree := c.address(), c.address()
	order := none
	if flags&2 != 0 {
		order = c.address()
	}
	return s.dense(h, heap, tree, order, 8, func(m message, c *cursor) error { return s.attributeMessage(h, m, c) })
}
