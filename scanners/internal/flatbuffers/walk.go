package flatbuffers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"assay/scanners"
)

// Kind is how a field is read.
type Kind uint8

// The kinds. Text is UTF-8 with a zero byte behind it, which is not counted.
const (
	Scalar  Kind = iota // of Field.Size bytes, in the table itself
	Text                // Done sees the first MaxText bytes
	Numbers             // a vector of scalars with Field.Size bytes each
	Raw                 // a vector of bytes that nobody interprets
	Texts               // a vector of texts
	Table
	Tables
	Union // a table whose type stands in the slot before
)

// MaxText is how much of a text or of numbers Done sees, in bytes.
const MaxText = 64 << 10

// Schema is what a format says of one table.
type Schema[S any] struct {
	Name   string
	Fields []Field[S] // by slot
	Begin  func(s S, at int64) error
	End    func(s S, at int64) error
}

// Field is one slot of a table.
type Field[S any] struct {
	Name  string
	Kind  Kind
	Size  int            // of a scalar or an element, in bytes
	Table *Schema[S]     // of Table and Tables
	Types []*Schema[S]   // of a Union, by type; nil: a table of scalars
	Done  func(S, Value) // may be nil
}

// Value is what a field holds.
type Value struct {
	Offset int64         // of the field in its table
	Number uint64        // a scalar; the type of a union
	Count  int64         // elements of a vector
	Span   scanners.Span // the content of a vector or a text
	Bytes  []byte        // of Text and Numbers: the beginning; valid until Done returns
}

// Odd is told what a schema does not have.
type Odd interface {
	// Unknown is a slot beyond the schema, or a union's type.
	Unknown(table string, slot int, at int64)
}

const (
	maxDepth  = 64
	maxTables = 1 << 18
)

// Walker walks one buffer. It is made by New.
type Walker[S Odd] struct {
	reader
	State          S
	Parsed, Opaque scanners.Spans
	depth          int
	tables         int64
	spent          int64 // bytes of vectors that were taken, one taken twice counted twice
}

// New returns a walker of src, which has size bytes.
func New[S Odd](ctx context.Context, src io.ReaderAt, size int64, state S) *Walker[S] {
	return &Walker[S]{reader: reader{ctx: ctx, src: src, size: size, blocks: make(map[int64]*block)}, State: state}
}

// ErrMalformed is wrapped by the error for a table that no writer makes, and that
// no missing end explains.
var ErrMalformed = errors.New("malformed")

func malformed(at int64, format string, args ...any) error {
	return broken(at, "%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Root walks the table that the offset at the beginning leads to.
func (w *Walker[S]) Root(m *Schema[S]) error {
	w.Parsed.Add(0, 8) // the offset, and the file's identifier
	return w.follow(0, m)
}

// follow walks the table that an offset in the file leads to.
func (w *Walker[S]) follow(at int64, m *Schema[S]) error {
	offset, err := w.number(at, 4)
	if err != nil {
		return err
	}
	return w.table(at+int64(offset), m)
}

func (w *Walker[S]) table(at int64, m *Schema[S]) error {
	w.tables++
	// A reference takes four bytes, so that more tables than that were taken only by
	// way of one that is shared.
	if w.depth++; w.depth > maxDepth || w.tables > min(maxTables, w.size/4+1) {
		return &scanners.FormatError{Offset: min(at, w.size), Code: scanners.GapLimit, Err: errors.New("too many tables, or nested too deep")}
	}
	defer func() { w.depth-- }()
	t, err := w.layout(at)
	if err != nil {
		return err
	}
	if m.Begin != nil {
		if err := m.Begin(w.State, at); err != nil {
			return err
		}
	}
	for slot := range t.slots {
		if err := w.slot(t, m, slot); err != nil {
			return err
		}
	}
	if m.End != nil {
		return m.End(w.State, at)
	}
	return nil
}

// layout is a table with its vtable.
type layout struct {
	at     int64
	size   int64 // of the table, in bytes
	vtable int64
	slots  int
}

// layout reads the vtable, and accounts for it and for the table's own bytes.
func (w *Walker[S]) layout(at int64) (layout, error) {
	back, err := w.number(at, 4)
	if err != nil {
		return layout{}, err
	}
	t := layout{at: at, vtable: at - int64(int32(back))}
	if t.vtable < 0 {
		return layout{}, malformed(at, "the vtable lies before the file")
	}
	length, err := w.number(t.vtable, 2)
	if err != nil {
		return layout{}, err
	}
	size, err := w.number(t.vtable+2, 2)
	if err != nil {
		return layout{}, err
	}
	if length < 4 || length%2 != 0 || size < 4 {
		return layout{}, malformed(t.vtable, "a vtable of %d bytes for a table of %d", length, size)
	}
	if end := max(t.vtable+int64(length), at+int64(size)); end > w.size {
		return layout{}, scanners.CutOff(w.size, end)
	}
	t.size, t.slots = int64(size), int(length-4)/2
	w.Parsed.Add(t.vtable, int64(length))
	w.Parsed.Add(at, t.size)
	return t, nil
}

// field is where a slot's value is in the file; 0 when the table has none.
func (w *Walker[S]) field(t layout, slot, size int) (int64, error) {
	if slot < 0 || slot >= t.slots {
		return 0, nil
	}
	offset, err := w.number(t.vtable+4+2*int64(slot), 2)
	if err != nil || offset == 0 {
		return 0, err
	}
	if offset < 4 || int64(offset)+int64(size) > t.size {
		return 0, malformed(t.at, "slot %d lies outside of its table", slot)
	}
	return t.at + int64(offset), nil
}

func (w *Walker[S]) slot(t layout, m *Schema[S], slot int) error {
	if slot >= len(m.Fields) {
		at, err := w.field(t, slot, 1)
		if at > 0 && m.Fields != nil {
			w.State.Unknown(m.Name, slot, at)
		}
		return err
	}
	f := m.Fields[slot]
	size := 4
	if f.Kind == Scalar {
		size = f.Size
	}
	at, err := w.field(t, slot, size)
	if err != nil || at == 0 {
		return err
	}
	switch f.Kind {
	case Scalar:
		n, err := w.number(at, f.Size)
		if err == nil && f.Done != nil {
			f.Done(w.State, Value{Offset: at, Number: n})
		}
		return err
	case Table:
		return w.follow(at, f.Table)
	case Union:
		return w.union(t, f, m.Name, slot, at)
	}
	return w.vector(f, at)
}

func (w *Walker[S]) union(t layout, f Field[S], name string, slot int, at int64) error {
	place, err := w.field(t, slot-1, 1)
	if err != nil || place == 0 {
		return err
	}
	kind, err := w.number(place, 1)
	if err != nil || kind == 0 {
		return err
	}
	if kind >= uint64(len(f.Types)) {
		w.State.Unknown(name, slot, at)
		return nil
	}
	m := f.Types[kind]
	if m == nil {
		m = &Schema[S]{Name: f.Name}
	}
	if f.Done != nil {
		f.Done(w.State, Value{Offset: at, Number: kind})
	}
	return w.follow(at, m)
}

// vector takes what an offset leads to: a count and so many elements.
func (w *Walker[S]) vector(f Field[S], at int64) error {
	offset, err := w.number(at, 4)
	if err != nil {
		return err
	}
	start := at + int64(offset)
	count, err := w.number(start, 4)
	if err != nil {
		return err
	}
	v := Value{Offset: at, Count: int64(count), Span: scanners.Span{Off: start + 4, Len: int64(count) * int64(max(1, f.elementSize()))}}
	if v.Span.End() > w.size {
		return scanners.CutOff(w.size, v.Span.End())
	}
	if w.spent += v.Span.Len; f.Kind != Raw && w.spent > 8*w.size+1<<20 {
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: errors.New("the tables claim the same vectors over and over")}
	}
	w.Parsed.Add(start, 4)
	switch f.Kind {
	case Raw:
		w.Opaque.Add(v.Span.Off, v.Span.Len)
	case Tables, Texts:
		return w.elements(f, v)
	default:
		if err := w.content(f, &v); err != nil {
			return err
		}
	}
	if f.Done != nil {
		f.Done(w.State, v)
	}
	return nil
}

func (f Field[S]) elementSize() int {
	switch f.Kind {
	case Tables, Texts:
		return 4
	case Numbers:
		return f.Size
	}
	return 1
}

// content reads the beginning of a text or of numbers. A text is all read, for it
// counts only when it is UTF-8.
func (w *Walker[S]) content(f Field[S], v *Value) error {
	v.Bytes = make([]byte, min(v.Span.Len, MaxText))
	if err := w.Read(v.Span.Off, v.Bytes); err != nil {
		return err
	}
	if f.Kind == Numbers {
		w.Parsed.Add(v.Span.Off, v.Span.Len)
		return nil
	}
	if utf8.Valid(v.Bytes) && v.Span.Len <= MaxText {
		w.Parsed.Add(v.Span.Off, min(v.Span.Len+1, w.size-v.Span.Off)) // the zero byte
	}
	return nil
}

func (w *Walker[S]) elements(f Field[S], v Value) error {
	w.Parsed.Add(v.Span.Off, v.Span.Len)
	for i := range v.Count {
		at := v.Span.Off + 4*i
		var err error
		if f.Kind == Tables {
			err = w.follow(at, f.Table)
		} else {
			err = w.vector(Field[S]{Name: f.Name, Kind: Text, Done: f.Done}, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxPadding is the largest alignment that writers use, in bytes.
const maxPadding = 128

// maxLeftover is how many bytes may belong to nothing, in all: quantisers copy a
// model and leave a table behind that nothing refers to.
const maxLeftover = 256

// Padding accounts for the zero bytes between aligned objects, up to an offset, and
// for the odd table that was left behind.
func (w *Walker[S]) Padding(end int64) error {
	all := scanners.Spans{}
	all.AddAll(w.Parsed, 0)
	all.AddAll(w.Opaque, 0)
	at, leftover := int64(0), int64(0)
	for _, s := range append(all.Normal(end), scanners.Span{Off: end}) {
		if n := s.Off - at; n > 0 && n < maxPadding {
			p := make([]byte, n)
			if err := w.Read(at, p); err != nil {
				return err
			}
			if !isZero(p) {
				leftover += n
			}
			if leftover <= maxLeftover {
				w.Parsed.Add(at, n)
			}
		}
		at = s.End()
	}
	return nil
}

func isZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}
