package spdx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"
)

const (
	contextURL = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
	// creationID is the local name of the one CreationInfo; the library writes
	// it as the blank node "_:creation".
	creationID = "creation"
	// batchSize is the number of elements rendered at a time.
	batchSize = 256
)

// property is a reference to other elements, written by this package. With
// neither one nor many set, the property is removed.
type property struct {
	name string
	one  string   // for a property that takes one id
	many []string // for a property that takes a list
}

func (p property) value() any {
	if p.one != "" {
		return p.one
	}
	return p.many
}

// graph writes elements in the order in which they are added. It renders them
// through the library in batches, each as a document of its own of which only
// the elements are kept: the order of a whole graph, its automatic ids and the
// copies of referenced elements are what rc4 does not do reproducibly.
type graph struct {
	w        io.Writer
	creation *v3_0.CreationInfo
	shell    *v3_0.Document // carries the JSON-LD context of the library
	batch    []node
	ids      []string // of all elements, in order
	started  bool
	err      error
}

// node is an element that the library renders, or one that is rendered already.
type node struct {
	element v3_0.AnyElement
	refs    []property
	plain   []byte
}

func newGraph(w io.Writer, created time.Time) *graph {
	return &graph{
		w:        w,
		creation: &v3_0.CreationInfo{SpecVersion: v3_0.Version, Created: created},
		shell:    v3_0.NewDocument(v3_0.ProfileIdentifierType_Core, "", nil, nil),
	}
}

// add appends an element. Errors are kept for close.
func (g *graph) add(e v3_0.AnyElement, r ...property) {
	g.ids = append(g.ids, e.GetID())
	g.push(node{element: e, refs: r})
}

// addPlain appends an element that is written as it is. Its fields are in the
// order of their JSON names.
func (g *graph) addPlain(id string, element any) {
	raw, err := encode(element)
	g.err = cmp.Or(g.err, err)
	g.ids = append(g.ids, id)
	g.push(node{plain: raw})
}

func (g *graph) push(n node) {
	g.batch = append(g.batch, n)
	if len(g.batch) == batchSize {
		g.flush()
	}
}

// close writes what is left and the end of the document.
func (g *graph) close() error {
	g.flush()
	g.write([]byte("]}"))
	return g.err
}

// flush renders the batch and writes its elements in order.
func (g *graph) flush() {
	if g.err != nil || len(g.batch) == 0 {
		return
	}
	objects, err := g.render()
	if err != nil {
		g.err = err
		return
	}
	if !g.started {
		g.started = true
		g.write([]byte(`{"@context":"` + contextURL + `","@graph":[`))
		g.write(objects["_:"+creationID].raw)
	}
	for _, n := range g.batch {
		g.writeNode(n, objects)
	}
	g.batch = g.batch[:0]
}

func (g *graph) writeNode(n node, objects map[string]object) {
	if n.plain != nil {
		g.write([]byte(","))
		g.write(n.plain)
		return
	}
	o, ok := objects[n.element.GetID()]
	if !ok {
		g.err = cmp.Or(g.err, fmt.Errorf("the library dropped element %s", n.element.GetID()))
		return
	}
	line, err := o.with(n.refs)
	if err != nil {
		g.err = cmp.Or(g.err, err)
		return
	}
	g.write([]byte(","))
	g.write(line)
}

func (g *graph) write(p []byte) {
	if g.err == nil {
		_, g.err = g.w.Write(p)
	}
}

// object is one rendered element.
type object struct{ raw json.RawMessage }

// with sets the references. The encoder writes the names in order.
func (o object) with(list []property) ([]byte, error) {
	if len(list) == 0 {
		return o.raw, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(o.raw, &fields); err != nil {
		return nil, fmt.Errorf("read a rendered element: %w", err)
	}
	for _, p := range list {
		delete(fields, p.name)
		if p.one == "" && p.many == nil {
			continue
		}
		raw, err := encode(p.value())
		if err != nil {
			return nil, err
		}
		fields[p.name] = raw
	}
	return encode(fields)
}

// render passes the batch through the library and indexes what comes out by id.
func (g *graph) render() (map[string]object, error) {
	g.creation.ID = creationID // the library turns it into a blank node id in place
	d := v3_0.Document{LDContext: g.shell.LDContext}
	d.ID = contextURL + "#batch" // is thrown away; only keeps the library from inventing one
	d.CreationInfo = g.creation
	for _, n := range g.batch {
		if n.plain == nil {
			d.RootElements = append(d.RootElements, n.element)
		}
	}
	if len(d.RootElements) == 0 {
		return nil, nil
	}
	var buf bytes.Buffer
	if err := d.ToJSON(&buf); err != nil {
		return nil, fmt.Errorf("render elements: %w", err)
	}
	var parsed struct {
		Graph []json.RawMessage `json:"@graph"`
	}
	if err := json.Unmarshal(buf.Bytes(), &parsed); err != nil {
		return nil, fmt.Errorf("read rendered elements: %w", err)
	}
	index := make(map[string]object, len(parsed.Graph))
	for _, raw := range parsed.Graph {
		var head struct {
			SpdxID string `json:"spdxId"`
			Blank  string `json:"@id"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("read a rendered element: %w", err)
		}
		index[head.SpdxID+head.Blank] = object{raw}
	}
	return index, nil
}

// encode writes JSON without escaping HTML and without a line break.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
