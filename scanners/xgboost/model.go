package xgboost

import (
	"math"
	"slices"

	"assay/scanners/internal/findings"
)

// maxNodes bounds the nodes of one tree that are kept; the largest in use have some
// thousand.
const maxNodes = 4 << 20

// indices are arrays of a tree whose values are kept, and parallel those that have
// one value for each node.
var (
	indices  = []string{"left_children", "right_children"}
	parallel = []string{"left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left"}
)

// container is an open object or array.
type container struct {
	key    string
	list   bool
	offset int64
	count  int64   // of values
	values []int32 // of an array of indices
	arrays map[string]array
}

// array is a closed array of an object.
type array struct {
	count  int64
	values []int32
}

// model takes the values of JSON or UBJSON in the order of the file.
type model struct {
	found   *findings.List
	stack   []*container
	key     string
	trees   int
	learner bool
	wide    bool // a tree had more nodes than are kept
}

func (m *model) open(list bool, offset int64) {
	m.value()
	m.stack = append(m.stack, &container{key: m.key, list: list, offset: offset})
	m.key = ""
}

// value counts a value of the innermost container.
func (m *model) value() {
	if len(m.stack) > 0 {
		m.stack[len(m.stack)-1].count++
	}
}

// many counts n values at once.
func (m *model) many(n int64) { m.stack[len(m.stack)-1].count += n }

// wants reports whether the values of the innermost container are indices.
func (m *model) wants() bool {
	c := m.stack[len(m.stack)-1]
	return c.list && slices.Contains(indices, c.key)
}

func (m *model) name(key string) {
	m.key = key
	m.learner = m.learner || key == "learner" && len(m.stack) == 1
}

// number takes a number of any kind.
func (m *model) number(v float64) {
	m.value()
	if len(m.stack) == 0 {
		return
	}
	c := m.stack[len(m.stack)-1]
	if !c.list || !slices.Contains(indices, c.key) {
		return
	}
	if len(c.values) >= maxNodes {
		m.wide = true
		return
	}
	if v != math.Trunc(v) || v < math.MinInt32 || v > math.MaxInt32 {
		v = math.MinInt32
	}
	c.values = append(c.values, int32(v))
}

func (m *model) close() {
	c := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	m.key = ""
	if !c.list {
		m.tree(c)
		return
	}
	if len(m.stack) == 0 || !slices.Contains(parallel, c.key) {
		return
	}
	parent := m.stack[len(m.stack)-1]
	if parent.arrays == nil {
		parent.arrays = make(map[string]array)
	}
	parent.arrays[c.key] = array{c.count, c.values}
}

// tree checks an object that is a tree.
func (m *model) tree(c *container) {
	left, ok := c.arrays["left_children"]
	if !ok {
		return
	}
	m.trees++
	for _, key := range parallel {
		if a, ok := c.arrays[key]; ok && a.count != left.count || !ok && key == "right_children" {
			m.found.Add("xgboost/tree-structure", c.offset, "a tree of %d nodes has %d values in %s", left.count, a.count, key)
			return
		}
	}
	if !m.wide {
		checkTree(m.found, c.offset, left.values, c.arrays["right_children"].values)
	}
}

// checkTree checks that every child is a node, and the child of one node only. Then
// what hangs together with the root is a tree. A leaf has no children, -1.
func checkTree(found *findings.List, offset int64, left, right []int32) {
	parents := make([]bool, len(left))
	for i := range left {
		for _, child := range []int32{left[i], right[i]} {
			switch {
			case child == -1:
			case child <= 0 || int(child) >= len(left):
				found.Add("xgboost/tree-structure", offset, "node %d of %d has the child %d", i, len(left), child)
				return
			case parents[child]:
				found.Add("xgboost/tree-structure", offset, "node %d is the child of two nodes", child)
				return
			default:
				parents[child] = true
			}
		}
	}
}
