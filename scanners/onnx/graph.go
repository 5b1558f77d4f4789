package onnx

import (
	"fmt"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
)

// node is an operator's call that is being read.
type node struct {
	operator
	inputs    []string
	outputs   []string
	attribute attribute // the one that is read
	embedded  bool      // EPContext: the blob is in the attribute, not in a file
	context   string
	offset    int64
}

// attribute is a pair of name and value.
type attribute struct {
	name   string
	number uint64
	text   string
}

// maxEnds is how many inputs and outputs of a node, and of the model, are kept.
const maxEnds = 64

func (s *scan) beginNode(span scanners.Span) error {
	s.nodes = append(s.nodes, node{operator: operator{domain: standard}, embedded: true, offset: span.Off})
	return nil
}

func (s *scan) node() *node { return &s.nodes[len(s.nodes)-1] }

func (s *scan) nodeOperator(_ protobuf.Field, p []byte) error {
	s.node().name = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) nodeDomain(_ protobuf.Field, p []byte) error {
	s.node().domain = domainName(p)
	return nil
}

func (s *scan) nodeInput(_ protobuf.Field, p []byte) error {
	if n := s.node(); len(n.inputs) < maxEnds {
		n.inputs = append(n.inputs, clip.Bytes(p, maxFact))
	}
	return nil
}

func (s *scan) nodeOutput(_ protobuf.Field, p []byte) error {
	if n := s.node(); len(n.outputs) < maxEnds {
		n.outputs = append(n.outputs, clip.Bytes(p, maxFact))
	}
	return nil
}

// beginAttribute to endAttribute frame one attribute: its value may come before its
// name. A function's attributes stand outside of any node.
func (s *scan) beginAttribute(scanners.Span) error {
	if len(s.nodes) > 0 {
		s.node().attribute = attribute{}
	}
	return nil
}

func (s *scan) attributeName(_ protobuf.Field, p []byte) error {
	if len(s.nodes) > 0 {
		s.node().attribute.name = clip.Bytes(p, maxFact)
	}
	return nil
}

func (s *scan) attributeInt(f protobuf.Field, _ []byte) error {
	if len(s.nodes) > 0 {
		s.node().attribute.number = f.Value
	}
	return nil
}

func (s *scan) attributeText(_ protobuf.Field, p []byte) error {
	if len(s.nodes) > 0 {
		s.node().attribute.text = clip.Bytes(p, 1<<10)
	}
	return nil
}

func (s *scan) endAttribute(scanners.Span) error {
	if len(s.nodes) == 0 {
		return nil
	}
	switch n := s.node(); n.attribute.name {
	case "embed_mode":
		n.embedded = n.attribute.number != 0
	case "ep_cache_context":
		n.context = n.attribute.text
	}
	return nil
}

func (s *scan) endNode(scanners.Span) error {
	n := *s.node()
	s.nodes = s.nodes[:len(s.nodes)-1]
	u, known := s.used[n.operator]
	if !known {
		if len(s.used) >= maxOperators {
			return &scanners.FormatError{Offset: n.offset, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d different operators", maxOperators)}
		}
		u.offset = n.offset
	}
	u.count++
	s.used[n.operator] = u
	s.sane = s.sane || n.name != ""
	if n.name == "EPContext" && !n.embedded && n.context != "" {
		if why := escapes(n.context); why != "" {
			s.found.Add("onnx/external-path", n.offset, "EPContext loads %s: %s", clip.Quote(n.context, 2*shown), why)
		}
	}
	if len(s.graph) == 1 {
		s.hints.node(n)
	}
	return nil
}

// graph is one that is being read.
type graph struct{ inputs, outputs []string }

func (s *scan) beginGraph(scanners.Span) error {
	s.graphs++
	s.graph = append(s.graph, graph{})
	return nil
}

func (s *scan) endGraph(scanners.Span) error {
	if len(s.graph) == 1 {
		s.hints.end(s.graph[0])
	}
	s.graph = s.graph[:len(s.graph)-1]
	return nil
}

func (s *scan) graphInput(_ protobuf.Field, p []byte) error {
	return keepEnd(&s.graph[len(s.graph)-1].inputs, p)
}

func (s *scan) graphOutput(_ protobuf.Field, p []byte) error {
	return keepEnd(&s.graph[len(s.graph)-1].outputs, p)
}

func keepEnd(list *[]string, p []byte) error {
	if len(*list) < maxEnds {
		*list = append(*list, clip.Bytes(p, maxFact))
	}
	return nil
}

// hints count what a backdoor in the graph needs: a comparison of an input, and an
// output that a condition chooses. Nodes come before the inputs and outputs of
// their graph in the file, so that names are compared at the end.
type hints struct {
	compared []string // inputs of comparisons
	chosen   []string // outputs of conditions
	inputs   int
	outputs  int
}

const maxHints = 4096

func (h *hints) node(n node) {
	if n.domain != standard || len(h.compared)+len(h.chosen) > maxHints {
		return
	}
	switch n.name {
	case "Equal":
		h.compared = append(h.compared, n.inputs...)
	case "If", "Where":
		h.chosen = append(h.chosen, n.outputs...)
	}
}

func (h *hints) end(g graph) {
	for _, name := range h.compared {
		if slices.Contains(g.inputs, name) {
			h.inputs++
		}
	}
	for _, name := range h.chosen {
		if slices.Contains(g.outputs, name) {
			h.outputs++
		}
	}
	h.compared, h.chosen = nil, nil
}
