package protobuf

import (
	"fmt"
	"unicode/utf8"

	"assay/scanners"
)

// Kind is how the payload of a field is read.
type Kind uint8

// The kinds. A number that may be repeated is accepted packed and not packed, as
// every parser does.
const (
	Number  Kind = iota // a varint
	Float               // four bytes
	Double              // eight bytes
	Text                // UTF-8 of any length; Done sees the first MaxBytes
	Raw                 // values that nobody interprets; Done sees none of them
	Message             // of Field.Message's schema
)

func (k Kind) wire() Type {
	switch k {
	case Number:
		return Varint
	case Float:
		return Fixed32
	case Double:
		return Fixed64
	}
	return Bytes
}

// Schema is what a format says of one message, by the number of the field. S is
// the state that a scanner keeps while it walks.
type Schema[S any] struct {
	Name   string // as the format calls the message
	Fields map[uint64]Def[S]
	// Begin and End are called around the fields of the message. May be nil.
	Begin, End func(s S, span scanners.Span) error
}

// Def is one field of a message.
type Def[S any] struct {
	Name     string
	Kind     Kind
	Repeated bool
	Message  *Schema[S] // of a nested message
	// Done is called once the field was taken, with its text. May be nil. The
	// text is valid until it returns.
	Done func(s S, f Field, text []byte) error
}

// Odd is told what a schema does not allow.
type Odd interface {
	// Unknown is a field that the schema does not name, or with another type.
	// Loaders skip it; it is not accounted for.
	Unknown(message string, f Field)
	// Twice is a second value where there is one: some loaders take the first,
	// most the last, and of messages all merge the two.
	Twice(message, field string, f Field)
}

const (
	// maxDepth is the nesting that the parsers of Protocol Buffers stop at.
	maxDepth = 100
	// maxUnknown is the number of unknown fields after which a file is given up:
	// each leaves a hole that must be remembered.
	maxUnknown = 10_000
	// small is the size up to which raw values are read with the message around
	// them, so that a flood of them leaves no flood of spans.
	small = 4 << 10
)

// Walker walks messages by their schemas and accounts for what these allow. The
// values of Raw fields are opaque, all else is parsed.
type Walker[S Odd] struct {
	*Reader
	State          S
	Parsed, Opaque *scanners.Spans
	depth, unknown int
}

// Walk takes every field of the message that fills the span.
func (w *Walker[S]) Walk(m *Schema[S], span scanners.Span) error {
	if w.depth++; w.depth > maxDepth {
		return &scanners.FormatError{Offset: span.Off, Code: scanners.GapLimit, Err: fmt.Errorf("messages nested deeper than %d", maxDepth)}
	}
	defer func() { w.depth-- }()
	if m.Begin != nil {
		if err := m.Begin(w.State, span); err != nil {
			return err
		}
	}
	var seen numbers
	err := w.Fields(span, func(f Field) error {
		def, ok := m.Fields[f.Number]
		packed := ok && def.Repeated && def.Kind.wire() != Bytes && f.Type == Bytes
		if !ok || def.Kind.wire() != f.Type && !packed {
			return w.skip(m, f)
		}
		if seen.add(f.Number) && !def.Repeated {
			w.State.Twice(m.Name, def.Name, f)
		}
		w.Parsed.Add(f.Head.Off, f.Head.Len)
		return w.take(def, f, packed)
	})
	if err == nil && m.End != nil {
		err = m.End(w.State, span)
	}
	return err
}

// numbers is a set of the numbers of fields, nearly all of which are small.
type numbers struct {
	low  uint64
	high map[uint64]bool
}

// add reports whether the number was in the set before.
func (n *numbers) add(number uint64) (before bool) {
	if number < 64 {
		before = n.low&(1<<number) != 0
		n.low |= 1 << number
		return before
	}
	if n.high == nil {
		n.high = make(map[uint64]bool)
	}
	before = n.high[number]
	n.high[number] = true
	return before
}

func (w *Walker[S]) skip(m *Schema[S], f Field) error {
	w.State.Unknown(m.Name, f)
	if w.unknown++; w.unknown > maxUnknown {
		return &scanners.FormatError{Offset: f.Head.Off, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d unknown fields", maxUnknown)}
	}
	return nil
}

// take accounts for the payload of a field.
func (w *Walker[S]) take(def Def[S], f Field, packed bool) error {
	if packed {
		return w.packed(def, f)
	}
	var text []byte
	var err error
	switch def.Kind {
	case Message:
		if err := w.Walk(def.Message, f.Data); err != nil {
			return err
		}
	case Text:
		text, err = w.text(f.Data)
	case Raw:
		w.values(f.Data)
	}
	if err != nil || def.Done == nil {
		return err
	}
	return def.Done(w.State, f, text)
}

// values accounts for bytes that are numbers.
func (w *Walker[S]) values(span scanners.Span) {
	if span.Len <= small {
		w.Parsed.Add(span.Off, span.Len)
		return
	}
	w.Opaque.Add(span.Off, span.Len)
}

// packed takes numbers that stand in one field. Those that a scanner wants to see
// are handed over one by one.
func (w *Walker[S]) packed(def Def[S], f Field) error {
	if size := def.Kind.size(); size > 0 && f.Data.Len%size != 0 {
		return broken(f.Head.Off, "%d bytes of numbers with %d bytes each", f.Data.Len, size)
	}
	w.values(f.Data)
	if def.Done == nil {
		return nil
	}
	for at := f.Data.Off; at < f.Data.End(); {
		value, next, err := w.number(def.Kind, at, f.Data.End())
		if err != nil {
			return err
		}
		one := Field{Number: f.Number, Type: def.Kind.wire(), Value: value, Head: scanners.Span{Off: at, Len: next - at}, Data: scanners.Span{Off: next}}
		if err := def.Done(w.State, one, nil); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// size is that of a number of the kind in bytes; 0 for a varint.
func (k Kind) size() int64 {
	switch k {
	case Float:
		return 4
	case Double:
		return 8
	}
	return 0
}

func (w *Walker[S]) number(k Kind, at, end int64) (uint64, int64, error) {
	if k == Number {
		return w.varint(at, end)
	}
	return w.fixed(at, end, k.size())
}

// text accounts for valid UTF-8 and returns the beginning of it. What is no
// UTF-8 stays uncovered: some loaders refuse it, others do not.
func (w *Walker[S]) text(span scanners.Span) ([]byte, error) {
	valid, err := w.isUTF8(span)
	if err != nil {
		return nil, err
	}
	if valid {
		w.Parsed.Add(span.Off, span.Len)
	}
	return w.Bytes(scanners.Span{Off: span.Off, Len: min(span.Len, MaxBytes)})
}

// isUTF8 looks at a text in pieces, none of which ends within a character.
func (w *Walker[S]) isUTF8(span scanners.Span) (bool, error) {
	for at := span.Off; at < span.End(); {
		p, err := w.Bytes(scanners.Span{Off: at, Len: min(MaxBytes, span.End()-at)})
		if err != nil {
			return false, err
		}
		if at+int64(len(p)) < span.End() {
			p = p[:len(p)-partial(p)]
		}
		if !utf8.Valid(p) || len(p) == 0 {
			return false, nil
		}
		at += int64(len(p))
	}
	return true, nil
}

// partial is the number of bytes at the end that begin a character.
func partial(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if c := p[len(p)-n]; utf8.RuneStart(c) {
			if utf8.FullRune(p[len(p)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}
