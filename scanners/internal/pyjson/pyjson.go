// Package pyjson reads JSON as json.loads of Python does, object by object, for
// formats in which an object names what a loader builds.
//
// Python reads more than RFC 8259: bytes in UTF-16 and UTF-32, with or without a
// byte order mark; NaN and lone surrogates; and it keeps the last of two equal keys.
// All of it is read, and every reading of an object with equal keys is given.
//
// # Security
//
// The document is a stream of tokens. Kept are the open objects with the texts that
// were asked for, up to 64 KiB each, and 1,000 levels: where Python gives up too.
package pyjson

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

const (
	maxLong   = 64 << 10 // bytes kept of a long text
	maxText   = 4 << 10  // bytes kept of another one
	maxDepth  = 1000     // sys.getrecursionlimit of Python
	maxOthers = 16       // readings of one object with equal keys
	maxNested = 3        // levels of closed objects that are kept in one another
)

// Options say what of an object decides what is built.
type Options struct {
	Texts []string // keys whose texts are kept
	Long  []string // keys of Texts whose texts may be long: code
	Nest  []string // keys whose objects are kept
	// Numbers are keys of Texts whose numbers are kept too, as they are written.
	Numbers []string
	// Lists are keys of lists whose first text is kept, as if it stood there alone.
	Lists []string
}

// Object is a closed object.
type Object struct {
	Key    string // under which it stands; of a list in an object, the key of the list
	Offset int64
	Depth  int // objects and lists around it
	Texts  map[string]string
	Has    map[string]bool // keys of Texts and Nest, whatever their value
	Nested map[string]*Object

	list   bool
	others []*Object // what it was before a second equal key replaced something
}

// Text is the text under a key of an object that may be nil.
func (o *Object) Text(key string) string {
	if o == nil {
		return ""
	}
	return o.Texts[key]
}

// In is the object under a key of an object; either may be nil.
func (o *Object) In(key string) *Object {
	if o == nil {
		return nil
	}
	return o.Nested[key]
}

// Document is what is said about a whole document.
type Document struct {
	Encoding Encoding
	// Again is the first key that an object had twice, and where.
	Again   string
	AgainAt int64
}

// Wide reports that the document is not in UTF-8. Offsets are then all zero.
func (d Document) Wide() bool { return d.Encoding.width > 1 }

// walk is the state of one document.
type walk struct {
	opts  Options
	doc   Document
	stack []*Object
	key   string
	visit func(*Object)
}

// Walk reads f and calls visit with every object as it closes, the inner ones
// first. An object with equal keys is visited once for each reading.
func Walk(ctx context.Context, f scanners.File, opts Options, visit func(*Object)) (Document, error) {
	start := make([]byte, min(f.Size, 4))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return Document{}, err
	}
	e := EncodingOf(start)
	w := &walk{opts: opts, doc: Document{Encoding: e}, visit: visit}
	body := contextReader{ctx, io.NewSectionReader(f, int64(e.mark), f.Size-int64(e.mark))}
	err := w.read(jsontok.New(e.decode(body), jsontok.Options{Base: int64(e.mark), MaxDepth: maxDepth, MaxText: maxLong, Python: true}))
	return w.doc, w.place(err)
}

// place moves an error to a place inside the file.
func (w *walk) place(err error) error {
	var format *scanners.FormatError
	if w.doc.Wide() && errors.As(err, &format) {
		return &scanners.FormatError{Code: format.Code, Err: format.Err}
	}
	return err
}

func (w *walk) read(d *jsontok.Decoder) error {
	for {
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if w.doc.Wide() {
			t.Offset = 0
		}
		w.token(t)
	}
}

func (w *walk) token(t jsontok.Token) {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		w.stack = append(w.stack, &Object{Key: w.key, Offset: t.Offset, Depth: len(w.stack), list: t.Kind == jsontok.ArrayStart})
		w.key = ""
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		w.close()
	case jsontok.Key:
		if t.Duplicate && w.doc.Again == "" {
			w.doc.Again, w.doc.AgainAt = clip.Bytes(t.Text, maxText), t.Offset
		}
		w.key = string(t.Text)
		w.mark()
	case jsontok.String:
		if len(w.stack) > 0 {
			w.text(t)
		}
	case jsontok.Number:
		if len(w.stack) > 0 && !w.top().list && slices.Contains(w.opts.Numbers, w.key) {
			w.text(t)
		}
	case jsontok.Literal:
	}
}

func (w *walk) top() *Object { return w.stack[len(w.stack)-1] }

func (w *walk) mark() {
	if !slices.Contains(w.opts.Texts, w.key) && !slices.Contains(w.opts.Nest, w.key) {
		return
	}
	o := w.top()
	if o.Has == nil {
		o.Has = make(map[string]bool)
	}
	o.Has[w.key] = true
}

func (w *walk) text(t jsontok.Token) {
	o := w.top()
	switch {
	case o.list && o.Texts == nil && slices.Contains(w.opts.Lists, o.Key):
		w.keep(o, o.Key, t.Text)
	case !o.list && slices.Contains(w.opts.Texts, w.key):
		if o.Texts[w.key] != "" {
			o.replaced()
		}
		w.keep(o, w.key, t.Text)
	}
}

func (w *walk) keep(o *Object, key string, text []byte) {
	if o.Texts == nil {
		o.Texts = make(map[string]string)
	}
	if slices.Contains(w.opts.Long, key) {
		o.Texts[key] = string(text)
		return
	}
	o.Texts[key] = clip.Bytes(text, maxText)
}

// replaced keeps the object as it is, before a second equal key changes it.
func (o *Object) replaced() {
	if len(o.others) < maxOthers {
		o.others = append(o.others, &Object{Key: o.Key, Offset: o.Offset, Depth: o.Depth, Texts: maps.Clone(o.Texts), Nested: maps.Clone(o.Nested)})
	}
}

func (w *walk) close() {
	o := w.top()
	w.stack = w.stack[:len(w.stack)-1]
	w.key = ""
	if !o.list {
		w.readings(o)
	}
	if len(w.stack) == 0 {
		return
	}
	parent := w.top()
	switch {
	case o.list && !parent.list && o.Texts[o.Key] != "":
		w.keep(parent, o.Key, []byte(o.Texts[o.Key]))
	case !o.list && !parent.list && slices.Contains(w.opts.Nest, o.Key):
		if parent.Nested[o.Key] != nil {
			parent.replaced()
		}
		if parent.Nested == nil {
			parent.Nested = make(map[string]*Object)
		}
		o.others = nil
		o.cut(maxNested)
		parent.Nested[o.Key] = o
	}
}

// cut forgets what is nested deeper than n levels.
func (o *Object) cut(n int) {
	if n == 0 {
		o.Nested = nil
		return
	}
	for _, child := range o.Nested {
		child.cut(n - 1)
	}
}

// readings visits an object, once for each value that equal keys give it. What a
// reading lacks comes from the whole: keys have no order.
func (w *walk) readings(o *Object) {
	for _, other := range o.others {
		other.Has = o.Has
		fill(&other.Texts, o.Texts)
		fill(&other.Nested, o.Nested)
		w.visit(other)
	}
	w.visit(o)
}

func fill[T any](to *map[string]T, from map[string]T) {
	if *to == nil {
		*to = make(map[string]T)
	}
	for key, value := range from {
		if _, ok := (*to)[key]; !ok {
			(*to)[key] = value
		}
	}
}

// contextReader ends a long read when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
