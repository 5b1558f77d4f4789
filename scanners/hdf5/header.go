package hdf5

import (
	"bytes"
)

// block is a part of an object header that holds messages.
type block struct{ address, size int64 }

// header is one object while its messages are read.
type header struct {
	object
	version int
	tracked bool // version 2: messages carry their order of creation
	blocks  []block
	next    int

	dims     dataspace
	dtype    datatype
	hasType  bool
	layout   *layout
	external []slot
	filters  []filter
	links    int
}

// maxHeaderBlocks bounds the continuations of one object.
const maxHeaderBlocks = 1 << 16

// object reads one object header with everything that it names.
func (s *scan) object(o object) error {
	fresh, err := s.enter(o.address)
	if !fresh || err != nil {
		return err
	}
	s.objects++
	if o.path == "" {
		o.path = below(o.parent.path, o.name)
	}
	h, err := s.prefix(o)
	if err != nil {
		return err
	}
	for h.next < len(h.blocks) && !s.stopped() {
		b := h.blocks[h.next]
		h.next++
		s.note(s.messages(h, b))
	}
	return s.finish(h)
}

// prefix reads what stands before the messages (IV.A.1).
func (s *scan) prefix(o object) (*header, error) {
	c, err := s.peek(o.address, max(1, min(16, s.file.Size-s.base-o.address)), "an object header")
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(c.data, []byte("OHDR")) {
		return s.newPrefix(o)
	}
	if c.u8() != 1 {
		return nil, s.broken(o.address, "no object header where one belongs")
	}
	c.skip(7)
	h := &header{object: o, version: 1}
	h.blocks = []block{{o.address + 16, c.u32()}}
	if len(c.data) < 16 {
		return nil, s.broken(o.address, "an object header is cut off")
	}
	s.result.Parsed.Add(c.at, 16)
	return h, nil
}

func (s *scan) newPrefix(o object) (*header, error) {
	c, err := s.peek(o.address, min(64, s.file.Size-s.base-o.address), "an object header")
	if err != nil {
		return nil, err
	}
	c.skip(4)
	if v := c.u8(); v != 2 {
		return nil, s.unsupported(o.address, "object header version %d", v)
	}
	flags := c.u8()
	if flags&0x20 != 0 {
		c.skip(16)
	}
	if flags&0x10 != 0 {
		c.skip(4)
	}
	size := clampSigned(c.number(1 << (flags & 3)))
	if c.short {
		return nil, s.broken(o.address, "an object header is cut off")
	}
	s.result.Parsed.Add(c.at, int64(c.pos))
	h := &header{object: o, version: 2, tracked: flags&4 != 0}
	h.blocks = []block{{o.address + int64(c.pos), size + checksumSize}}
	return h, nil
}

const checksumSize = 4

// messages reads the messages of one block.
func (s *scan) messages(h *header, b block) error {
	c, err := s.read(b.address, b.size, "the messages of an object")
	if err != nil {
		return err
	}
	return s.each(h, b, c, func(m message, c *cursor) error { return s.message(h, m, c) })
}

// each calls visit with every message of a block.
func (s *scan) each(h *header, b block, c *cursor, visit func(message, *cursor) error) error {
	least := 8
	if h.version == 2 {
		least = 4
		if h.tracked {
			least = 6
		}
		c.data = c.data[:max(0, len(c.data)-checksumSize)]
	}
	for c.left() >= least {
		m := message{}
		if h.version == 1 {
			m.kind, m.size, m.flags = c.u16(), c.u16(), c.u8()
			c.skip(3)
		} else {
			m.kind, m.size, m.flags = c.u8(), c.u16(), c.u8()
			if h.tracked {
				c.skip(2)
			}
		}
		m.at = b.address + int64(c.pos)
		body := c.sub(m.size)
		if body.short {
			return s.broken(m.at, "a message of %d bytes runs out of its object header", m.size)
		}
		s.note(visit(m, body))
	}
	return nil
}

// continued adds a block that a continuation message names.
func (s *scan) continued(h *header, address, size int64) error {
	fresh, err := s.enter(address)
	if err != nil {
		return err
	}
	if !fresh || len(h.blocks) >= maxHeaderBlocks {
		s.found.Add("hdf5/link-cycle", s.offset(h.address), "the messages of an object continue where they, or other structures, were read before")
		return nil
	}
	if h.version == 2 {
		if _, err := s.signed(address, min(size, 4), "OCHK", "a continuation of an object header"); err != nil {
			return err
		}
		address, size = address+4, size-4
	}
	h.blocks = append(h.blocks, block{address, size})
	return nil
}
