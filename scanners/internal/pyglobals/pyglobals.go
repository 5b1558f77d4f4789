// Package pyglobals knows what names in a Python pickle stand for: which ones are
// known to be inert, in which use, and why; what the others can do; and how the
// names of Python 2 are read by Python 3.
//
// The knowledge is data: the text files beside this one, each entry with its
// reason and its source. Adding a name is a line in one of them.
//
// # Security
//
// The tables are compiled in and read once; nothing in a scanned file can change
// them. A name is allowed only by an exact entry: module and qualified name, the
// use, and a rule for the arguments. A module is never allowed as a whole. What is
// in no table is unknown, and that is a finding.
package pyglobals

import (
	"embed"
	"strings"
	"sync"
)

// Use is a set of ways in which a pickle may use a global.
type Use uint8

// The uses. An entry with any of them may be imported.
const (
	Value  Use = 1 << iota // kept or passed on as it is
	Call                   // called with arguments (REDUCE, INST, OBJ)
	New                    // cls.__new__ (NEWOBJ, NEWOBJ_EX)
	Build                  // state set on what it gave (BUILD)
	Extend                 // append or extend (APPEND, APPENDS)
	Items                  // item assignment (SETITEM, SETITEMS)
	Add                    // add (ADDITEMS)
)

// Shape names a rule for the arguments of a call. The rules themselves belong to
// the scanner, which knows the values.
type Shape string

// The shapes. The empty one allows constants, containers, and what the lists of the
// same library, of those it builds on and of the standard library have.
const (
	ShapeAny           Shape = ""
	ShapeTypeOf        Shape = "typeof"        // exactly one argument
	ShapeGetattr       Shape = "getattr"       // (listed class or object of it, name in its Attrs)
	ShapeText          Shape = "text"          // strings only
	ShapeReconstructor Shape = "reconstructor" // (listed class, listed base, plain data)
	ShapeNewobj        Shape = "newobj"        // (listed class, arguments of __new__...)
	ShapeCodec         Shape = "codec"         // (text, "latin1")
	ShapeTensor        Shape = "tensor"        // (storage, offset, size, stride, ...)
	ShapeApply         Shape = "apply"         // (callable, type, arguments, state)
	ShapeNested        Shape = "nested"        // (bytes that are themselves analysed)
	ShapeUfunc         Shape = "ufunc"         // (module numpy*, name)
	ShapeSubscript     Shape = "subscript"     // (annotation of typing, parameters)
	ShapeNone          Shape = "none"          // no arguments
	ShapePlain         Shape = "plain"         // constants and containers of constants
	ShapeContainer     Shape = "container"     // constants, containers and listed classes, no objects
	ShapeOwn           Shape = "own"           // as any, but names only of the same package
	ShapeArray         Shape = "array"         // ([array classes of numpy...], (0,), "b")
	ShapeDtype         Shape = "dtype"         // (text or listed class, ...)
	ShapeScalar        Shape = "scalar"        // (data type of numpy, bytes)
	ShapePartial       Shape = "partial"       // (listed name); its state repeats it with arguments
	ShapeBuffer        Shape = "buffer"        // (bytes, data type of numpy, shape, order)
	ShapeCaller        Shape = "caller"        // a function that calls its arguments: kept by an object of its own library, never called
	ShapeAccessor      Shape = "accessor"      // plain names of attributes, or of a method and constants for it
	ShapeLater         Shape = "later"         // no arguments; reported low, for what it does when it is used
	ShapeScriptObject  Shape = "scriptobject"  // no arguments; its state names one of its Attrs
	ShapeDistribution  Shape = "distribution"  // no arguments; its state has a template that is executed
)

// EnumAttrs in Entry.Attrs stands for the members of an enumeration: names in
// capitals.
const EnumAttrs = "ENUM"

// Entry says that one global may be used, how, and why.
type Entry struct {
	Module, Name string
	Profile      string // the file it is from: "numpy", "sklearn" ...
	Uses         Use
	Shape        Shape
	Attrs        []string // attributes that getattr may take of it
	ItemSize     int64    // bytes per element, of a torch storage class
	Quiet        bool     // its __setstate__ calls what the state holds: no callable in it
	Reason       string
	Source       string
}

// Allows reports whether the entry permits the use. The zero Entry permits none.
func (e *Entry) Allows(u Use) bool { return e != nil && e.Uses&u != 0 }

// Holds reports an entry of that shape.
func (e *Entry) Holds(s Shape) bool { return e != nil && e.Shape == s }

// Danger says what a global can do when it is called.
type Danger struct {
	Caps   Capability
	Reason string
	Source string
	Via    string // the name in the tables that matched: "os.*"
}

// Lookup returns the entry of a global, or nil when no list names it. The names
// are those of Python 3.
func Lookup(module, qualname string) *Entry {
	return tables().allowed[key(module, qualname)]
}

// Begins reports whether an allow list has a name of the module that begins like
// this or, when prefix is empty, a module that begins like module.
func Begins(module, prefix string) bool {
	start := module
	if prefix != "" {
		start = key(module, prefix)
	}
	for listed := range tables().allowed {
		if strings.HasPrefix(listed, start) {
			return true
		}
	}
	return false
}

// Python3 returns what Python 3 resolves a name to when the pickle's protocol is
// below 3: CPython, Lib/_compat_pickle.py.
func Python3(module, name string) (string, string) {
	t := tables()
	if pair, ok := t.names2[key(module, name)]; ok {
		return pair[0], pair[1]
	}
	if m, ok := t.modules2[module]; ok {
		return m, name
	}
	return module, name
}

// Profiles returns the names of the allow lists, sorted.
func Profiles() []string { return tables().profiles }

// KnownModule reports whether any table names the module or a parent of it.
func KnownModule(module string) bool {
	t := tables()
	for m := module; m != ""; m = parent(m) {
		if t.modules[m] || t.danger[m] != nil {
			return true
		}
	}
	return false
}

//go:embed allow/*.txt danger.txt python2.txt
var files embed.FS

// tables parses the data once. The data is part of the program, so an error in it
// is one too; the test of this package finds it first.
var tables = sync.OnceValue(func() *tableSet {
	t, err := parse()
	if err != nil {
		panic("pyglobals: " + err.Error())
	}
	return t
})

func key(module, name string) string { return module + ":" + name }

// parent is the module around a module: "a.b" for "a.b.c", "" for "a".
func parent(module string) string {
	i := strings.LastIndexByte(module, '.')
	if i < 0 {
		return ""
	}
	return module[:i]
}
