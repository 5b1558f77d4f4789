package hdf5

import "math/bits"

// tree2 is a version 2 B-tree (III.A.2).
type tree2 struct {
	kind       int
	nodeSize   int64
	recordSize int
	levels     []treeLevel
	record     func(c *cursor) error
}

// treeLevel says how nodes of a level are laid out: level 0 are the leaves.
type treeLevel struct {
	records    int64 // at most
	total      int64 // at most, with everything below
	totalWidth int   // bytes that hold such a total
}

// width is the number of bytes that hold numbers up to n.
func width(n int64) int { return max(0, bits.Len64(uint64(n))-1)/8 + 1 }

// newTree reads the header of a tree and then all of its records. A tree without
// records has no root.
func (s *scan) newTree(address int64, kinds []int, record func(kind, size int, c *cursor) error) error {
	fresh, err := s.enter(address)
	if err != nil {
		return err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "a tree is reached twice")
		return nil
	}
	c, err := s.signed(address, int64(22+s.sizes.offset+s.sizes.length), "BTHD", "a B-tree")
	if err != nil {
		return err
	}
	c.skip(1)
	t := &tree2{kind: c.u8(), nodeSize: c.u32(), recordSize: c.u16()}
	depth := c.u16()
	c.skip(2)
	root := c.address()
	records := int64(c.u16())
	t.record = func(c *cursor) error { return record(t.kind, t.recordSize, c) }
	known := false
	for _, k := range kinds {
		known = known || k == t.kind
	}
	if !known || t.recordSize == 0 || depth > maxTreeDepth || t.nodeSize > maxBlock || t.nodeSize < 16 {
		return s.unsupported(address, "a B-tree of kind %d with depth %d", t.kind, depth)
	}
	t.measure(depth, s.sizes.offset)
	if root == none {
		return nil
	}
	return s.treeNode(t, root, depth, records)
}

const nodeFrame = 10 // signature, version, kind, checksum

func (t *tree2) measure(depth, offsetSize int) {
	leaf := (t.nodeSize - nodeFrame) / int64(t.recordSize)
	t.levels = []treeLevel{{records: leaf, total: leaf}}
	for u := 1; u <= depth; u++ {
		below := t.levels[u-1]
		pointer := int64(offsetSize + width(leaf) + below.totalWidth)
		n := max(0, (t.nodeSize-nodeFrame-pointer)/(int64(t.recordSize)+pointer))
		total := min(multiply(n+1, below.total)+n, tooMany)
		t.levels = append(t.levels, treeLevel{n, total, width(total)})
	}
}

// treeNode reads a node at a level with all nodes below it.
func (s *scan) treeNode(t *tree2, address int64, level int, records int64) error {
	fresh, err := s.enter(address)
	if err != nil {
		return err
	}
	if !fresh {
		s.found.Add("hdf5/link-cycle", s.offset(address), "a node of a tree is reached twice")
		return nil
	}
	sign := "BTLF"
	if level > 0 {
		sign = "BTIN"
	}
	c, err := s.signed(address, t.nodeSize, sign, "a node of a B-tree")
	if err != nil {
		return err
	}
	c.skip(2)
	if records > t.levels[level].records {
		return s.broken(address, "a node of a B-tree with %d records, more than fit", records)
	}
	for range records {
		if s.note(t.record(c.sub(t.recordSize))); s.stopped() {
			return nil
		}
	}
	if level == 0 {
		return nil
	}
	for range records + 1 {
		child := c.address()
		count := clampSigned(c.number(width(t.levels[0].records)))
		if level > 1 {
			c.skip(t.levels[level-1].totalWidth)
		}
		if c.short {
			return s.broken(address, "a node of a B-tree is cut off")
		}
		if s.note(s.treeNode(t, child, level-1, count)); s.stopped() {
			return nil
		}
	}
	return nil
}
