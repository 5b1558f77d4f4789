// Package marshal reads the byte code of Python as the module marshal writes it, far
// enough to say what the code touches: the names and the texts in it, in all the
// functions and classes it contains. Versions 3.6 to 3.14; source: CPython,
// Python/marshal.c.
//
// # Security
//
// Nothing is executed. Lengths are compared with the bytes that are left; nesting,
// objects and kept texts are bounded by the constants below. A reference to an object
// is never followed, so that an object cannot contain itself.
package marshal

import (
	"encoding/binary"
	"errors"
	"slices"
	"unicode/utf8"
)

const (
	maxDepth   = 60
	maxObjects = 1 << 18
	maxTexts   = 4096 // names and texts that are kept
	maxText    = 256  // bytes of one
)

// Code is what a code object, with everything inside it, refers to. Each list has a
// text once, in the order of appearance.
type Code struct {
	Names     []string // modules, attributes, global variables (co_names)
	Texts     []string // constants
	Functions []string // the names of the code objects
	Files     []string // where they were compiled
	Complete  bool     // false when there was more than is kept
}

var (
	errEnds  = errors.New("the byte code ends early")
	errType  = errors.New("not an object of marshal")
	errLimit = errors.New("more objects than are read")
	errCode  = errors.New("not a code object")
)

// layout is the order of the fields of a code object. n counts the integers before
// the byte code.
type layout struct {
	numbers int
	rest    []field
}

type field uint8

const (
	fieldCode    field = iota // bytes
	fieldConsts               // tuple
	fieldNames                // tuple of texts
	fieldOther                // anything
	fieldFile                 // text
	fieldName                 // text
	fieldNumber               // four bytes
	fieldOptions              // bytes, or nothing else
)

// layouts are tried in turn: the format does not say which version wrote it.
var layouts = []layout{
	// 3.11 to 3.14: no nlocals; localsplusnames and localspluskinds in one; qualname, exceptiontable.
	{5, []field{fieldCode, fieldConsts, fieldNames, fieldOther, fieldOptions, fieldFile, fieldName, fieldOther, fieldNumber, fieldOptions, fieldOptions}},
	// 3.8 to 3.10: posonlyargcount.
	{6, []field{fieldCode, fieldConsts, fieldNames, fieldOther, fieldOther, fieldOther, fieldFile, fieldName, fieldNumber, fieldOptions}},
	// 3.6 and 3.7.
	{5, []field{fieldCode, fieldConsts, fieldNames, fieldOther, fieldOther, fieldOther, fieldFile, fieldName, fieldNumber, fieldOptions}},
}

// Looks reports bytes that may begin a code object: the type with or without the flag
// for a reference, and a small number of arguments.
func Looks(data []byte) bool {
	return len(data) > 40 && data[0]&^flagRef == 'c' && data[2] == 0 && data[3] == 0 && data[4] == 0
}

// Decode reads a code object that data begins with.
func Decode(data []byte) (Code, error) {
	if !Looks(data) {
		return Code{}, errCode
	}
	first := errCode
	for i := range layouts {
		r := reader{data: data, layout: &layouts[i], code: Code{Complete: true}}
		o, err := r.object(0)
		if err == nil && o.kind == 'c' {
			return r.code, nil
		}
		if i == 0 && err != nil {
			first = err
		}
	}
	return Code{}, first
}

const flagRef = 0x80

// object is one decoded object, as far as it matters.
type object struct {
	kind  byte
	text  string
	items []object // of a tuple
}

func (o object) isText() bool { return o.kind == 'u' }

type reader struct {
	data   []byte
	layout *layout
	code   Code
	refs   []object
	count  int
}

func (r *reader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.data) {
		return nil, errEnds
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b, nil
}

func (r *reader) number() (int, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return int(int32(binary.LittleEndian.Uint32(b))), nil
}

// size is a length in one byte or in four.
func (r *reader) size(short bool) (int, error) {
	if !short {
		return r.number()
	}
	b, err := r.take(1)
	if err != nil {
		return 0, err
	}
	return int(b[0]), nil
}

// object reads one object. Objects with the flag are numbered in the order in which
// they begin.
func (r *reader) object(depth int) (object, error) {
	if r.count++; depth > maxDepth || r.count > maxObjects {
		return object{}, errLimit
	}
	b, err := r.take(1)
	if err != nil {
		return object{}, err
	}
	kind := b[0] &^ flagRef
	slot := -1
	if b[0]&flagRef != 0 {
		slot = len(r.refs)
		r.refs = append(r.refs, object{})
	}
	o, err := r.body(kind, depth)
	if err == nil && slot >= 0 {
		o.items = slices.DeleteFunc(slices.Clone(o.items), func(o object) bool { return !o.isText() })
		r.refs[slot] = o
	}
	return o, err
}

// fixed are the types whose size is known: numbers and constants.
var fixed = map[byte]int{'0': 0, 'N': 0, 'F': 0, 'T': 0, 'S': 0, '.': 0, 'i': 4, 'I': 8, 'g': 8, 'y': 16, 'R': 4}

func (r *reader) body(kind byte, depth int) (object, error) {
	if n, ok := fixed[kind]; ok {
		_, err := r.take(n)
		return object{kind: kind}, err
	}
	switch kind {
	case 'f', 'x': // numbers as text
		for range map[byte]int{'f': 1, 'x': 2}[kind] {
			n, err := r.size(true)
			if err != nil {
				return object{}, err
			}
			if _, err := r.take(n); err != nil {
				return object{}, err
			}
		}
		return object{kind: kind}, nil
	case 'l':
		n, err := r.number()
		if err != nil {
			return object{}, err
		}
		_, err = r.take(2 * max(n, -n))
		return object{kind: kind}, err
	case 's':
		n, err := r.number()
		if err != nil {
			return object{}, err
		}
		_, err = r.take(n)
		return object{kind: 's'}, err
	case 'u', 't', 'a', 'A', 'z', 'Z':
		n, err := r.size(kind == 'z' || kind == 'Z')
		if err != nil {
			return object{}, err
		}
		b, err := r.take(n)
		return object{kind: 'u', text: clip(b)}, err
	case 'r':
		return r.reference()
	case '(', ')', '[', '<', '>':
		n, err := r.size(kind == ')')
		if err != nil || n < 0 {
			return object{}, errEnds
		}
		return r.sequence(n, depth)
	case ':':
		return r.sequence(3, depth)
	case '{':
		return r.dictionary(depth)
	case 'c':
		return r.codeObject(depth)
	}
	return object{}, errType
}

func clip(b []byte) string {
	b = b[:min(len(b), maxText)]
	for len(b) > 0 && !utf8.Valid(b) && len(b) == maxText-1 {
		b = b[:len(b)-1]
	}
	return string(b)
}

// reference stands for an object before. Its parts were counted there.
func (r *reader) reference() (object, error) {
	n, err := r.number()
	if err != nil {
		return object{}, err
	}
	if n < 0 || n >= len(r.refs) {
		return object{}, errType
	}
	r.count += len(r.refs[n].items) // what the caller may go through again
	return r.refs[n], nil
}

func (r *reader) sequence(n, depth int) (object, error) {
	o := object{kind: '('}
	for range n {
		item, err := r.object(depth + 1)
		if err != nil {
			return object{}, err
		}
		o.items = append(o.items, item)
	}
	return o, nil
}

func (r *reader) dictionary(depth int) (object, error) {
	for {
		key, err := r.object(depth + 1)
		if err != nil || key.kind == '0' {
			return object{kind: '{'}, err
		}
		if _, err := r.object(depth + 1); err != nil {
			return object{}, err
		}
	}
}

func (r *reader) codeObject(depth int) (object, error) {
	if _, err := r.take(4 * r.layout.numbers); err != nil {
		return object{}, err
	}
	for _, f := range r.layout.rest {
		if f == fieldNumber {
			if _, err := r.number(); err != nil {
				return object{}, err
			}
			continue
		}
		o, err := r.object(depth + 1)
		if err != nil {
			return object{}, err
		}
		if err := r.keep(f, o); err != nil {
			return object{}, err
		}
	}
	return object{kind: 'c'}, nil
}

// keep checks the type of a field and notes what is in it.
func (r *reader) keep(f field, o object) error {
	switch f {
	case fieldCode, fieldOptions:
		if o.kind != 's' {
			return errCode
		}
	case fieldNames:
		if o.kind != '(' {
			return errCode
		}
		r.addAll(&r.code.Names, o)
	case fieldConsts:
		if o.kind != '(' {
			return errCode
		}
		r.addAll(&r.code.Texts, o)
	case fieldFile, fieldName:
		if !o.isText() {
			return errCode
		}
		list := &r.code.Files
		if f == fieldName {
			list = &r.code.Functions
		}
		r.add(list, o.text)
	}
	return nil
}

// addAll notes the texts of a tuple, and of tuples in it.
func (r *reader) addAll(list *[]string, o object) {
	for _, item := range o.items {
		if item.isText() {
			r.add(list, item.text)
		} else if item.kind == '(' {
			r.addAll(list, item)
		}
	}
}

func (r *reader) add(list *[]string, text string) {
	switch {
	case slices.Contains((*list)[max(0, len(*list)-64):], text):
	case len(*list) >= maxTexts:
		r.code.Complete = false
	default:
		*list = append(*list, text)
	}
}
