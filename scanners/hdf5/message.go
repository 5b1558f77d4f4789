package hdf5

// message is one header message (IV.A.2).
type message struct {
	kind, size, flags int
	at                int64 // address of its data
}

// Flags of a message.
const (
	shared        = 0x02
	failIfUnknown = 0x08 | 0x80
)

// messageKinds are the messages by their number, with what reads each. A message
// that is nil holds nothing that leads anywhere: sizes, dates, counts, comments.
var messageKinds = [...]func(*scan, *header, message, *cursor) error{
	0x00: nil, // NIL
	0x01: (*scan).dataspaceMessage,
	0x02: (*scan).linkInfo,
	0x03: (*scan).datatypeMessage,
	0x04: nil, // fill value, old
	0x05: nil, // fill value
	0x06: (*scan).linkMessage,
	0x07: (*scan).externalFiles,
	0x08: (*scan).layoutMessage,
	0x09: nil, // bogus, used in tests of the library
	0x0a: nil, // group info
	0x0b: (*scan).filterPipeline,
	0x0c: (*scan).attributeMessage,
	0x0d: nil, // comment
	0x0e: nil, // modification time, old
	0x0f: (*scan).sharedTable,
	0x10: (*scan).continuation,
	0x11: (*scan).symbolTable,
	0x12: nil, // modification time
	0x13: (*scan).treeSizes,
	0x14: nil, // driver info
	0x15: (*scan).attributeInfo,
	0x16: nil, // reference count
	0x17: (*scan).spaceInfo,
}

// message reads one message, or follows it to where it is shared.
func (s *scan) message(h *header, m message, c *cursor) error {
	if m.kind >= len(messageKinds) {
		return s.unsupported(m.at, "a header message of the unknown kind %#x", m.kind)
	}
	if m.flags&shared != 0 && m.size > 0 {
		return s.sharedMessage(h, m, c)
	}
	read := messageKinds[m.kind]
	if read == nil {
		return nil
	}
	err := read(s, h, m, c)
	if err == nil && c.short {
		return s.broken(m.at, "a header message (kind %#x) is shorter than its content", m.kind)
	}
	return err
}

// sharedMessage follows a message that is stored elsewhere: in another object, a
// committed datatype, or in the table of shared messages.
func (s *scan) sharedMessage(h *header, m message, c *cursor) error {
	address, inHeap := sharedReference(c)
	if inHeap {
		return s.unsupported(m.at, "a message in the table of shared messages")
	}
	if c.short {
		return s.broken(m.at, "the reference to a shared message is cut off")
	}
	s.push(address, h.path)
	if m.kind == 0x03 {
		var err error
		h.dtype, err = s.committed(address)
		h.hasType = err == nil
		return err
	}
	return s.unsupported(m.at, "a shared header message of kind %#x", m.kind)
}

// sharedReference reads where a shared message is (IV.A.2, "Shared Message").
func sharedReference(c *cursor) (address int64, inHeap bool) {
	version, kind := c.u8(), c.u8()
	switch {
	case version == 1:
		c.skip(6)
	case version == 3 && kind == 1:
		c.skip(8)
		return none, true
	}
	return c.address(), false
}

func (s *scan) continuation(h *header, _ message, c *cursor) error {
	address, size := c.address(), c.length()
	if c.short || address == none {
		return nil
	}
	return s.continued(h, address, size)
}

// symbolTable reads where an old group keeps its links.
func (s *scan) symbolTable(h *header, _ message, c *cursor) error {
	tree, heap := c.address(), c.address()
	if c.short {
		return nil
	}
	names, err := s.localHeap(heap)
	if err != nil {
		return err
	}
	return s.groupTree(h, tree, names, maxTreeDepth)
}

func (s *scan) treeSizes(_ *header, _ message, c *cursor) error {
	c.skip(1)
	s.chunkK, s.nodeK, s.leafK = c.u16(), c.u16(), c.u16()
	return nil
}

// spaceInfo reads where the managers of free space are, when they are kept.
func (s *scan) spaceInfo(_ *header, m message, c *cursor) error {
	version, persists := c.u8(), 1
	c.skip(1)
	if version == 0 {
		c.skip(s.sizes.length)
	} else {
		persists = c.u8()
		c.skip(2*s.sizes.length + 2 + s.sizes.offset)
	}
	for persists != 0 && c.left() >= s.sizes.offset {
		if a := c.address(); a != none {
			if err := s.freeSpace(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// sharedTable refuses the table of shared messages: nothing that saves models
// writes one.
func (s *scan) sharedTable(_ *header, m message, _ *cursor) error {
	return s.unsupported(m.at, "a table of shared messages")
}
