package keras

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"assay/scanners"
	"assay/scanners/internal/pyjson"
)

// maxYAML is the size of a configuration in YAML, in bytes: the parser keeps the
// whole document.
const maxYAML = 4 << 20

// yamlSign is what every such configuration has. Quoted and flow forms of the key
// contain it too.
var yamlSign = []byte("class_name")

// isYAML reports a text that may be a configuration in YAML: what Keras below 2.6
// wrote with to_yaml, and read with a loader that ran code (CVE-2021-37678).
func isYAML(start []byte, size int64) bool {
	return size <= maxYAML && bytes.Contains(start, yamlSign) && bytes.IndexByte(start, 0) < 0
}

// readYAML gives every mapping of the document to the judge. Tags that run code are
// the matter of the scanner of texts.
func (s *scan) readYAML(ctx context.Context, f scanners.File) (pyjson.Document, error) {
	data := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), data); err != nil {
		return pyjson.Document{}, fmt.Errorf("read the text: %w", err)
	}
	w := &yamlWalk{scan: s}
	d := yaml.NewDecoder(bytes.NewReader(data))
	for ctx.Err() == nil {
		var doc yaml.Node
		if err := d.Decode(&doc); err != nil {
			s.partly = !errors.Is(err, io.EOF) // what follows is no YAML, and not accounted for here
			break
		}
		w.node(&doc, "", 0)
		if w.nodes > maxYAMLNodes || w.deep {
			return w.doc, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("more than %d nodes, or nested deeper than %d", maxYAMLNodes, maxYAMLDepth)}
		}
	}
	return w.doc, ctx.Err()
}

// yamlWalk is the state of one text.
type yamlWalk struct {
	scan  *scan
	doc   pyjson.Document
	nodes int
	deep  bool
}

const (
	maxYAMLDepth = 100
	maxYAMLNodes = 1 << 20
	maxText      = 64 << 10 // bytes kept of one text
)

// node walks a node and returns it as an object when it is a mapping. An alias is
// followed once: the walk counts every node that it meets.
func (w *yamlWalk) node(n *yaml.Node, key string, depth int) *pyjson.Object {
	if w.nodes++; depth > maxYAMLDepth || w.nodes > maxYAMLNodes {
		w.deep = true
		return nil
	}
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, child := range n.Content {
			w.node(child, "", depth+1)
		}
	case yaml.AliasNode:
		return w.node(n.Alias, key, depth+1)
	case yaml.MappingNode:
		return w.mapping(n, key, depth)
	}
	return nil
}

func (w *yamlWalk) mapping(n *yaml.Node, key string, depth int) *pyjson.Object {
	o := &pyjson.Object{Key: key, Depth: depth - 1, Texts: map[string]string{}, Has: map[string]bool{}, Nested: map[string]*pyjson.Object{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, n.Content[i+1]
		child := w.node(value, name, depth+1)
		if !slices.Contains(parts.Texts, name) {
			continue
		}
		if o.Has[name] && w.doc.Again == "" {
			w.doc.Again = name
		}
		o.Has[name] = true
		switch {
		case child != nil && name == "config":
			o.Nested[name] = child
		case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
			o.Texts[name] = value.Value[:min(len(value.Value), maxText)]
		case value.Kind == yaml.SequenceNode && name == "function" && len(value.Content) > 0:
			o.Texts[name] = value.Content[0].Value[:min(len(value.Content[0].Value), maxText)]
		}
	}
	w.scan.object(o)
	return o
}
