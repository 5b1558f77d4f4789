package tensorflow

import (
	"fmt"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
	"assay/scanners/internal/tensorops"
)

// node is an operator's call that is being read. Its attributes may hold graphs
// with nodes.
type node struct {
	name, op string
	inputs   []string
	attr     string   // key of the attribute that is read
	strings  []string // values of that attribute
	constant string   // of a Const, the first string
	places   []string // addresses and paths in attributes
	offset   int64
}

const (
	maxInputs = 8
	maxKept   = 20_000 // constants and names in one graph
	maxSteps  = 256    // nodes on the way from a path to who uses it
)

// scope is one graph, or one function, whose names belong together.
type scope struct {
	constants map[string]string
	passing   map[string][]string // nodes that hand a path on
	sinks     []sink
}

// sink is a node that uses a path.
type sink struct {
	node
	capability tensorops.Capability
}

// table is a lookup table that a file fills, judged once the assets are known.
type table struct {
	source, path string
	offset       int64
}

// passes are the operators that a path goes through on its way, each with the
// inputs that it comes from. Source: tensorflow/python/checkpoint and
// python/training/saver.py, how they build the name of a checkpoint.
var passes = []string{"Identity", "StringJoin", "ShardedFilename", "PlaceholderWithDefault", "Select", "SelectV2", "Reshape", "ExpandDims", "Pack", "Squeeze", "ConcatV2"}

func (s *scan) beginGraph(scanners.Span) error {
	s.scopes = append(s.scopes, scope{constants: make(map[string]string), passing: make(map[string][]string)})
	return nil
}

func (s *scan) endGraph(scanners.Span) error {
	last := len(s.scopes) - 1
	for _, sk := range s.scopes[last].sinks {
		s.judgeSink(&s.scopes[last], sk)
	}
	s.scopes = s.scopes[:last]
	return nil
}

func (s *scan) beginFunction(span scanners.Span) error {
	s.inFunc = true
	return s.beginGraph(span)
}

func (s *scan) endFunction(span scanners.Span) error {
	s.inFunc = false
	return s.endGraph(span)
}

// opName sees the name of a function: the operators of a stripped list have a
// signature too.
func (s *scan) opName(f protobuf.Field, p []byte) error {
	if !s.inFunc {
		return nil
	}
	name := clip.Bytes(p, maxFact)
	if tensorops.Of(name) != tensorops.Unknown {
		s.found.Add("tensorflow/shadowed-operator", f.Head.Off, "a function is called %s, as an operator", clip.Quote(name, shown))
	}
	if len(s.functions) < maxOperators {
		s.functions[name] = f.Head.Off
	}
	return nil
}

func (s *scan) beginNode(span scanners.Span) error {
	s.nodes = append(s.nodes, node{offset: span.Off})
	return nil
}

func (s *scan) node() *node { return &s.nodes[len(s.nodes)-1] }

func (s *scan) nodeName(_ protobuf.Field, p []byte) error {
	s.node().name = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) nodeOperator(_ protobuf.Field, p []byte) error {
	s.node().op = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) nodeInput(_ protobuf.Field, p []byte) error {
	if n := s.node(); len(n.inputs) < maxInputs {
		n.inputs = append(n.inputs, clip.Bytes(p, maxFact))
	}
	return nil
}

// beginAttr, attrKey and endAttr frame one attribute. The value may come before the
// key.
func (s *scan) beginAttr(scanners.Span) error {
	s.node().attr, s.node().strings = "", nil
	return nil
}

func (s *scan) attrKey(_ protobuf.Field, p []byte) error {
	s.node().attr = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) endAttr(scanners.Span) error {
	n := s.node()
	for _, text := range n.strings {
		if slices.Contains(addressAttrs, n.attr) && len(n.places) < maxInputs {
			n.places = append(n.places, n.attr+"="+text)
		}
	}
	return nil
}

// addressAttrs are attributes whose values are files and addresses. Source:
// core/ops/debug_ops.cc, logging_ops.cc, decode_proto_ops.cc, array_ops.cc,
// data_flow_ops.cc, dataset_ops.cc of TensorFlow 2.18.
var addressAttrs = []string{
	"debug_urls", "debug_ops_spec", "tfdbg_run", "output_stream", "descriptor_source", "memory_region_name",
	"file_pattern", "filename", "address", "reader_path_prefix", "writer_path_prefix",
}

func (s *scan) attrString(f protobuf.Field, _ []byte) error {
	if len(s.nodes) > 0 && f.Data.Len <= maxShownString {
		n := s.node()
		p, err := s.Bytes(f.Data)
		if err != nil {
			return err
		}
		if len(p) > 0 && len(n.strings) < maxInputs {
			n.strings = append(n.strings, string(p))
		}
	}
	return s.nested(f.Data)
}

func (s *scan) endNode(scanners.Span) error {
	n := *s.node()
	s.nodes = s.nodes[:len(s.nodes)-1]
	u, known := s.used[n.op]
	if !known {
		if len(s.used) >= maxOperators {
			return &scanners.FormatError{Offset: n.offset, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d different operators", maxOperators)}
		}
		u.offset = n.offset
	}
	u.count++
	s.used[n.op] = u
	s.remember(n)
	return nil
}

// remember keeps what is needed to say which path an operator uses.
func (s *scan) remember(n node) {
	if len(s.scopes) == 0 {
		return // a node outside of any graph
	}
	sc := &s.scopes[len(s.scopes)-1]
	if len(sc.constants)+len(sc.passing)+len(sc.sinks) >= maxKept {
		s.unsupported(n.offset, "paths in a graph of this size are not followed")
		return
	}
	switch c := tensorops.Of(n.op); {
	case n.op == "Const" && n.constant != "":
		sc.constants[n.name] = n.constant
	case slices.Contains(passes, n.op):
		sc.passing[n.name] = n.inputs
	case c != tensorops.Unknown && c != tensorops.Computes && c != tensorops.Library:
		sc.sinks = append(sc.sinks, sink{n, c})
	}
}

// resolve returns the constant strings that an input leads back to, in the order
// in which they are met, and the name of the first constant.
func (sc *scope) resolve(input string) (texts []string, source string) {
	queue := []string{input}
	for steps := 0; len(queue) > 0 && steps < maxSteps; steps++ {
		name := nodeOf(queue[0])
		queue = queue[1:]
		if text, ok := sc.constants[name]; ok {
			if texts = append(texts, text); source == "" {
				source = name
			}
			continue
		}
		queue = append(queue, sc.passing[name]...)
	}
	return texts, source
}

// nodeOf is the node that an input comes from: "^name", "name:0" in a graph,
// "name:output:0" in a function.
func nodeOf(input string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(input, "^"), ":")
	return name
}
