package tensorflow

import (
	"math/bits"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
)

// elementSize is the size of one value in tensor_content, in bytes, by DataType.
// Source: core/framework/types.proto and types.cc (DataTypeSize) of 2.18.
var elementSize = map[uint64]uint64{
	1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8, 24: 1, 25: 1,
}

// tensor is the one that is being read. Variants hold tensors; of those around one,
// only the size is no longer compared.
type tensor struct {
	depth    int
	kind     uint64
	elements uint64
	overflow bool
	content  int64 // bytes of tensor_content, -1 without
	offset   int64
	nested   bool
}

const (
	maxShownString = 4 << 10
	minGraph       = 24 // bytes; a shorter string holds no graph that does anything
	maxGraphs      = 4  // graphs in strings of graphs
)

func (s *scan) beginTensor(span scanners.Span) error {
	s.tensor = tensor{depth: s.tensor.depth + 1, nested: s.tensor.depth > 0, elements: 1, content: -1, offset: span.Off}
	return nil
}

// beginShape is called for the shape of a tensor, and for shapes in attributes.
func (s *scan) beginShape(scanners.Span) error {
	s.tensor.elements, s.tensor.overflow = 1, false
	return nil
}

func (s *scan) shapeDim(f protobuf.Field, _ []byte) error {
	t := &s.tensor
	hi, lo := bits.Mul64(t.elements, f.Value)
	if t.overflow = t.overflow || hi != 0 || lo > 1<<62; !t.overflow {
		t.elements = lo
	}
	return nil
}

func (s *scan) tensorType(f protobuf.Field, _ []byte) error {
	s.tensor.kind = f.Value
	return nil
}

func (s *scan) tensorContent(f protobuf.Field, _ []byte) error {
	s.tensor.content = f.Data.Len
	return nil
}

func (s *scan) endTensor(scanners.Span) error {
	t := s.tensor
	s.tensor.depth--
	size, known := elementSize[t.kind]
	hi, want := bits.Mul64(t.elements, size)
	switch {
	case t.nested || !known:
	case t.overflow, hi != 0, want > scanners.LargestFile:
		s.found.Add("tensorflow/tensor-size", t.offset, "the shape of a tensor asks for more than any machine has")
	case t.content > 0 && uint64(t.content) != want:
		s.found.Add("tensorflow/tensor-size", t.offset, "a tensor needs %d bytes and has %d", want, t.content)
	}
	return nil
}

// tensorString looks into one string of a tensor, and into the serialised values
// of collections.
func (s *scan) tensorString(f protobuf.Field, _ []byte) error {
	if len(s.nodes) > 0 && f.Data.Len <= maxShownString {
		p, err := s.Bytes(f.Data)
		if err != nil {
			return err
		}
		if n := s.node(); n.constant == "" {
			n.constant = clip.Bytes(p, maxShownString)
		}
	}
	return s.nested(f.Data)
}

// nested walks a string that is a graph, a function or a SavedModel. What begins
// like one and breaks off is none.
func (s *scan) nested(span scanners.Span) error {
	if span.Len < minGraph {
		return nil
	}
	m := s.graphIn(span)
	if m == nil {
		return nil
	}
	s.found.Add("tensorflow/nested-graph", span.Off, "a string of %d bytes is a %s", span.Len, m.Name)
	if s.depth++; s.depth > maxGraphs {
		s.unsupported(span.Off, "graphs in strings, deeper than 4, are not looked into")
	} else if err := s.inner(m, span); err != nil {
		return err
	}
	s.depth--
	return nil
}

// inner walks a message with a state of its own for what is being read.
func (s *scan) inner(m *schema, span scanners.Span) error {
	nodes, scopes, t := s.nodes, s.scopes, s.tensor
	s.nodes, s.scopes, s.tensor = nil, nil, tensor{}
	err := s.Walk(m, span)
	s.nodes, s.scopes, s.tensor = nodes, scopes, t
	return err
}

func (s *scan) graphIn(span scanners.Span) *schema {
	o, err := s.outline(span)
	if err != nil {
		return nil
	}
	switch {
	case o.nodes > 0 && fits(o, s.schemas.graph):
		return s.schemas.graph
	case o.meta > 0 && fits(o, s.schemas.savedModel):
		return s.schemas.savedModel
	case o.graph > 0 && fits(o, s.schemas.metaGraph):
		return s.schemas.metaGraph
	case fits(o, s.schemas.function) && s.holdsNode(span, 3):
		return s.schemas.function
	}
	return nil
}
