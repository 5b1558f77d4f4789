package hdf5

import (
	"assay/scanners"
	"assay/scanners/internal/clip"
)

// layout is where the values of a dataset are (IV.A.2.i).
type layout struct {
	class   int // compact, contiguous, chunked, virtual
	address int64
	size    int64   // of contiguous values
	dims    []int64 // of a chunk, in values; the last one is the size of a value in versions below 4
	index   int     // of chunks
	single  int64   // size of a filtered single chunk
	index64 int64   // of a virtual dataset in its heap collection
	sized   bool    // size is stated; else the shape states it
}

const (
	compact = iota
	contiguous
	chunked
	virtual
)

// Kinds of chunk index.
const (
	indexTree1 = iota
	indexSingle
	indexImplicit
	indexFixed
	indexExtensible
	indexTree2
)

func (s *scan) layoutMessage(h *header, m message, c *cursor) error {
	l := &layout{address: none}
	version := c.u8()
	switch version {
	case 1, 2:
		readOldLayout(c, l)
	case 3, 4:
		readLayout(c, l, version)
	default:
		return s.unsupported(m.at, "data layout version %d", version)
	}
	h.layout = l
	if l.class > virtual {
		return s.unsupported(m.at, "data layout class %d", l.class)
	}
	return nil
}

func readOldLayout(c *cursor, l *layout) {
	rank := c.u8()
	l.class = c.u8()
	c.skip(5)
	if l.class != compact {
		l.address = c.address()
	}
	for range rank {
		l.dims = append(l.dims, c.u32())
	}
	if l.class == compact {
		c.skip(int(min(c.u32(), maxBlock)))
	}
}

func readLayout(c *cursor, l *layout, version int) {
	l.class = c.u8()
	switch l.class {
	case compact:
		c.skip(c.u16())
	case contiguous:
		l.address, l.size, l.sized = c.address(), c.length(), true
	case chunked:
		if version == 3 {
			rank := c.u8()
			l.address = c.address()
			for range rank {
				l.dims = append(l.dims, c.u32())
			}
			return
		}
		readChunkedLayout(c, l)
	case virtual:
		l.address, l.index64 = c.address(), c.u32()
	}
}

func readChunkedLayout(c *cursor, l *layout) {
	flags, rank, width := c.u8(), c.u8(), c.u8()
	for range rank {
		l.dims = append(l.dims, clampSigned(c.number(width)))
	}
	l.index = c.u8()
	switch l.index {
	case indexSingle:
		if flags&2 != 0 {
			l.single = c.length()
			c.skip(4)
		}
	case indexFixed:
		c.skip(1)
	case indexExtensible:
		c.skip(5)
	case indexTree2:
		c.skip(6)
	}
	l.address = c.address()
}

// chunkSize is the size of a chunk without filters, in bytes. The last dimension
// is the size of a value.
func (l *layout) chunkSize() int64 {
	n := int64(1)
	for _, d := range l.dims {
		n = multiply(n, d)
	}
	return n
}

// finish judges the object once all its messages are read.
func (s *scan) finish(h *header) error {
	if h.layout == nil {
		return nil
	}
	s.datasets++
	for _, x := range h.external {
		s.found.Add("hdf5/external-storage", s.offset(h.address), "%s reads %d bytes at %d of the file %s",
			clip.Quote(h.path, maxWhat), x.size, x.offset, clip.Quote(x.name, maxWhat))
	}
	before := s.allocated
	err := s.values(h)
	s.claim(h, s.allocated-before)
	return err
}

// values accounts for the values of a dataset.
func (s *scan) values(h *header) error {
	l := h.layout
	switch l.class {
	case contiguous:
		if len(h.external) > 0 {
			return nil
		}
		if !l.sized {
			l.size = multiply(h.dims.count, h.dtype.size)
		}
		s.looksLike(h, l.address, l.size)
		return s.raw(l.address, l.size)
	case chunked:
		return s.chunkIndex(h)
	case virtual:
		return s.virtualDataset(h)
	}
	return nil
}

const (
	// freeClaim is what a dataset may claim without storing it, in bytes: memory
	// that every reader has.
	freeClaim = 256 << 20
	// deflateRatio is how much the best case of DEFLATE expands (RFC 1951: 258
	// bytes from two bits).
	deflateRatio = 1032
	// hugeClaim is beyond the memory of any machine.
	hugeClaim = 16 << 40
)

// claim compares the size that the shape claims with what is stored.
func (s *scan) claim(h *header, stored int64) {
	size := multiply(h.dims.count, max(1, h.dtype.size))
	if size <= freeClaim || size/deflateRatio <= stored || h.layout.class == virtual {
		return
	}
	severity := scanners.Medium
	if size >= hugeClaim {
		severity = scanners.High
	}
	s.found.AddAs(severity, "hdf5/size-claim", s.offset(h.address), "%s claims %d values of %d bytes (shape %v), and %d bytes are stored",
		clip.Quote(h.path, maxWhat), h.dims.count, h.dtype.size, h.dims.dims, stored)
}
