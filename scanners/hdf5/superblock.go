package hdf5

import (
	"bytes"

	"assay/scanners/internal/clip"
)

// userBlock judges what stands before the superblock. MATLAB writes a text there
// (MAT-File Format 7.3): 116 characters, the subsystem offset, version and "IM".
func (s *scan) userBlock(block []byte) {
	if len(block) == 0 {
		return
	}
	s.result.Parsed.Add(0, int64(len(block)))
	if len(bytes.Trim(block, "\x00")) == 0 || isMATLAB(block) {
		return
	}
	s.found.Add("hdf5/user-block", 0, "%d bytes before the superblock, beginning with %s", len(block), clip.Quote(block, 40))
}

func isMATLAB(block []byte) bool {
	if len(block) != 512 || !bytes.HasPrefix(block, []byte("MATLAB 7.3 MAT-file")) || len(bytes.Trim(block[128:], "\x00")) != 0 {
		return false
	}
	for _, c := range block[:116] {
		if c != 0 && (c < ' ' || c > '~') {
			return false
		}
	}
	tail := string(block[124:128])
	return tail == "\x00\x02IM" || tail == "\x02\x00MI"
}

// superblock reads the superblock at a place of the file and returns the address
// of the root group (specification, II.A).
func (s *scan) superblock(at int64) (int64, error) {
	c, err := s.peek(at, min(128, s.file.Size-at), "the superblock")
	if err != nil {
		return none, err
	}
	c.skip(len(signature))
	s.leafK, s.nodeK, s.chunkK = 4, 16, 32
	var root int64
	switch version := c.u8(); version {
	case 0, 1:
		root, err = s.oldSuperblock(c, version)
	case 2, 3:
		root, err = s.newSuperblock(c)
	default:
		return none, s.unsupported(at, "superblock version %d", version)
	}
	if err != nil {
		return none, err
	}
	if c.short {
		return none, s.broken(at, "the superblock is cut off")
	}
	s.result.Parsed.Add(at, int64(c.pos))
	return root, nil
}

func (s *scan) oldSuperblock(c *cursor, version int) (int64, error) {
	c.skip(4)
	if err := s.setSizes(c); err != nil {
		return none, err
	}
	c.skip(1)
	s.leafK, s.nodeK = c.u16(), c.u16()
	c.skip(4)
	if version == 1 {
		s.chunkK = c.u16()
		c.skip(2)
	}
	base := c.address()
	c.skip(s.sizes.offset) // free space, never written
	end := c.address()
	driver := c.address()
	root := s.symbol(c)
	s.setRange(c.at, base, end)
	if driver != none {
		s.note(s.driver(driver))
	}
	return root.header, nil
}

func (s *scan) newSuperblock(c *cursor) (int64, error) {
	if err := s.setSizes(c); err != nil {
		return none, err
	}
	c.skip(1)
	base, extension, end, root := c.address(), c.address(), c.address(), c.address()
	c.skip(4)
	s.setRange(c.at, base, end)
	s.push(extension, "superblock extension")
	return root, nil
}

func (s *scan) setSizes(c *cursor) error {
	s.sizes = sizes{c.u8(), c.u8()}
	for _, n := range []int{s.sizes.offset, s.sizes.length} {
		if n != 2 && n != 4 && n != 8 {
			return s.unsupported(c.at, "addresses of %d and lengths of %d bytes", s.sizes.offset, s.sizes.length)
		}
	}
	c.sizes = s.sizes
	return nil
}

// setRange sets the base address and the end. The library takes the place of the
// superblock for the base where the two differ (H5F__super_read).
func (s *scan) setRange(at, base, end int64) {
	s.base = at
	s.end = s.file.Size
	if end != none {
		s.end = at + end - max(0, base)
	}
}

// driver reads the driver information block: which parts a file that is split
// into several has (II.B).
func (s *scan) driver(address int64) error {
	c, err := s.peek(address, 16, "the driver information")
	if err != nil {
		return err
	}
	c.skip(4)
	n := c.u32()
	name := c.bytes(8)
	if _, err := s.read(address, 16+n, "the driver information"); err != nil {
		return err
	}
	return s.unsupported(address, "the file is one part of several (driver %s)", clip.Quote(name, 8))
}
