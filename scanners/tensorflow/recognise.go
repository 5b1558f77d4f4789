package tensorflow

import (
	"errors"
	"regexp"

	"assay/scanners"
	"assay/scanners/internal/protobuf"
)

// outline is what the fields of a message look like from above.
type outline struct {
	types map[uint64]protobuf.Type
	nodes int // fields with the number 1 that are a NodeDef
	graph int // fields with the number 2 that begin with a NodeDef
	meta  int // fields with the number 2 that hold a graph with nodes in field 2
	keras int // fields with the number 1 with an object of Keras
}

// recognise says which message fills the span, by what its fields are and by the
// name: a reader chooses by the name alone. Nil when it is none.
func (s *scan) recognise(name string, span scanners.Span) (*schema, error) {
	o, err := s.outline(span)
	var format *scanners.FormatError
	if err != nil && !errors.As(err, &format) {
		return nil, err
	}
	m := s.choose(o)
	switch {
	case isNamed(name, "fingerprint.pb") && fits(o, s.schemas.fingerprint) && len(o.types) > 1:
		return s.schemas.fingerprint, nil
	case isNamed(name, "keras_metadata.pb") && fits(o, s.schemas.metadata):
		return s.schemas.metadata, nil
	case isNamed(name, "tfhub_module.pb") && fits(o, s.schemas.hub):
		return s.schemas.hub, nil
	case m == nil && isNamed(name, "saved_model_debug_info.pb") && fits(o, s.schemas.debug):
		return s.schemas.debug, nil
	case m == nil && isNamed(name, "saved_model.pb") && len(o.types) > 0:
		return s.schemas.savedModel, nil
	}
	return m, nil
}

// choose decides by content. Fields that do not fit are findings of the walk.
func (s *scan) choose(o outline) *schema {
	switch {
	case o.meta > 0:
		return s.schemas.savedModel
	case o.nodes > 0:
		return s.schemas.graph
	case o.graph > 0:
		return s.schemas.metaGraph
	case o.keras > 0 && fits(o, s.schemas.metadata):
		return s.schemas.metadata
	}
	return nil
}

// fits reports that the schema has all fields, with their types.
func fits(o outline, m *schema) bool {
	for n, t := range o.types {
		d, ok := m.Fields[n]
		if !ok || (t == protobuf.Varint) != (d.Kind == protobuf.Number) {
			return false
		}
	}
	return len(o.types) > 0
}

// outline looks at the heads of all fields, so that the order of fields, which no
// loader minds, cannot hide a graph.
func (s *scan) outline(span scanners.Span) (outline, error) {
	o := outline{types: make(map[uint64]protobuf.Type)}
	err := s.Fields(span, func(f protobuf.Field) error {
		if len(o.types) < 64 {
			o.types[f.Number] = f.Type
		}
		if f.Type != protobuf.Bytes {
			return nil
		}
		switch f.Number {
		case 1:
			count(&o.nodes, s.isNode(f.Data))
			count(&o.keras, s.isKerasObject(f.Data))
		case 2:
			count(&o.graph, s.holdsNode(f.Data, 1))
			count(&o.meta, s.holdsGraph(f.Data))
		}
		return nil
	})
	return o, err
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

var (
	nodeName = regexp.MustCompile(`^[A-Za-z0-9_.\\/>-]{1,1000}$`)
	opName   = regexp.MustCompile(`^[A-Za-z0-9_.>/-]{1,200}$`)
	errSeen  = errors.New("seen")
)

// first returns the payload of the first field with the number, of at most 8
// fields that are looked at.
func (s *scan) first(span scanners.Span, number uint64) (data scanners.Span, ok bool) {
	seen := 0
	_ = s.Fields(span, func(f protobuf.Field) error {
		if f.Number == number && f.Type == protobuf.Bytes {
			data, ok = f.Data, true
			return errSeen
		}
		if seen++; seen == 8 {
			return errSeen
		}
		return nil
	})
	return data, ok
}

// isNode reports a NodeDef: a name and an operator.
func (s *scan) isNode(span scanners.Span) bool {
	return s.isText(span, 1, nodeName) && s.isText(span, 2, opName)
}

func (s *scan) isText(span scanners.Span, number uint64, pattern *regexp.Regexp) bool {
	data, ok := s.first(span, number)
	if !ok || data.Len > 1000 {
		return false
	}
	p, err := s.Bytes(data)
	return err == nil && pattern.Match(p)
}

// holdsNode reports a message with a NodeDef among its fields of the number.
func (s *scan) holdsNode(span scanners.Span, number uint64) (ok bool) {
	_ = s.Fields(span, func(f protobuf.Field) error {
		if f.Number == number && f.Type == protobuf.Bytes && s.isNode(f.Data) {
			ok = true
			return errSeen
		}
		return nil
	})
	return ok
}

// holdsGraph reports a MetaGraphDef whose graph has nodes, or functions with nodes.
func (s *scan) holdsGraph(span scanners.Span) (ok bool) {
	_ = s.Fields(span, func(f protobuf.Field) error {
		if f.Number == 2 && f.Type == protobuf.Bytes && s.holdsNode(f.Data, 1) {
			ok = true
			return errSeen
		}
		return nil
	})
	return ok
}

var kerasIdentifier = regexp.MustCompile(`^_tf_keras_`)

func (s *scan) isKerasObject(span scanners.Span) bool { return s.isText(span, 4, kerasIdentifier) }
