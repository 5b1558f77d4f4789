package pickle

import (
	"slices"
	"strings"

	"assay/scanners/internal/pyglobals"
)

// effect is what a call gives: in general an object of the class, or of the
// function, that was called.
func (m *machine) effect(callee, args value) (value, error) {
	g := m.judge.names.list[callee.middle()]
	object := pair(tagObject, callee.middle(), m.opOff)
	items, _, _ := m.nodes.items(args)
	m.noteView(g, items, object)
	if v, ok := m.latin(g, items); ok {
		return v, nil
	}
	switch g.result {
	case resultOfClass, resultOfSecond:
		if i := int(g.result - resultOfClass); len(items) > i && items[i].tag() == tagGlobal {
			return pair(tagObject, items[i].middle(), m.opOff), nil
		}
	case resultAttribute:
		return m.getattr(object, items)
	case resultExtension:
		m.registerExtension(args)
	case resultDtype:
		m.noteDtype(items)
	case resultType:
		return m.namedType(object, items)
	}
	return object, nil
}

// made notes what the object that a call gave may hold: its arguments, or whatever
// the inner pickle has.
func (m *machine) made(v, args, named value) {
	g := m.judge.named(v)
	if g == nil || v.tag() != tagObject {
		return
	}
	items, _, _ := m.nodes.items(args)
	if g.entry.Holds(pyglobals.ShapeNested) && m.armed.nested {
		m.noteArmed(v)
	}
	m.arm(v, []value{named})
	for i, item := range items {
		if item.tag() != tagGlobal || g.entry.Holds(pyglobals.ShapeContainer) {
			m.arm(v, items[i:i+1]) // the names are classes for a reconstructor
		}
	}
	if m.judge.armed || slices.ContainsFunc(items, func(v value) bool { return v.tag() == tagObject }) {
		m.keepParts(v, items...)
	}
}

// result is what is known of the value that a function returns.
type result uint8

const (
	resultObject    result = iota // an object of that name
	resultOfClass                 // an object of the first argument
	resultOfSecond                // an object of the second argument
	resultAttribute               // an attribute of the first argument
	resultExtension               // nothing: it registers an extension code
	resultDtype                   // a numpy data type
	resultType                    // the type that the first argument names
)

var results = map[string]result{
	"builtins.getattr":                    resultAttribute,
	"pandas.core.indexes.base._new_Index": resultOfClass, "pandas.indexes.base._new_Index": resultOfClass, "pandas.core.index._new_Index": resultOfClass,
	"pandas.core.indexes.datetimes._new_DatetimeIndex": resultOfClass, "pandas.core.indexes.datetimelike._new_DatetimeIndex": resultOfClass,
	"pandas.core.indexes.period._new_PeriodIndex": resultOfClass, "pandas.core.indexes.interval._new_IntervalIndex": resultOfClass,
	"torch._utils._rebuild_wrapper_subclass": resultOfClass,
	"torch._tensor._rebuild_from_type":       resultOfSecond, "torch._tensor._rebuild_from_type_v2": resultOfSecond,
	"torch.tensor._rebuild_from_type": resultOfSecond, "torch.tensor._rebuild_from_type_v2": resultOfSecond,
	"copyreg.add_extension": resultExtension, "numpy.dtype": resultDtype,
	"cloudpickle.cloudpickle._builtin_type": resultType, "dill._dill._load_type": resultType, "dill.dill._load_type": resultType,
}

// resultOf is what calling a name gives. A function that makes an object of a class
// which it is given (copyreg, newObj of the trees of scikit-learn, __pyx_unpickle_* of
// Cython) is judged by that class from there on.
func resultOf(g *global) result {
	if r, ok := results[g.module+"."+g.name]; ok {
		return r
	}
	if g.entry.Holds(pyglobals.ShapeReconstructor) || g.entry.Holds(pyglobals.ShapeNewobj) || strings.HasPrefix(g.name, "__pyx_unpickle_") {
		return resultOfClass
	}
	return resultObject
}

// getattr gives the dotted name for an attribute of a name, and an object of the
// class for a member of an enumeration.
func (m *machine) getattr(object value, items []value) (value, error) {
	if len(items) < 2 || items[0].tag() != tagGlobal || !items[1].isText() {
		return object, nil
	}
	class := m.judge.names.list[items[0].middle()]
	attr, all, ok := m.string(items[1], maxName/2)
	if !ok || !all {
		return object, nil
	}
	if isMember(class.entry, attr) {
		return pair(tagObject, items[0].middle(), m.opOff), nil
	}
	return m.attribute(class, attr)
}

// isMember reports whether attr is a member of an enumeration on the lists.
func isMember(e *pyglobals.Entry, attr string) bool {
	if e == nil || len(e.Attrs) == 0 || e.Attrs[0] != pyglobals.EnumAttrs {
		return false
	}
	return attr != "" && attr[0] >= 'A' && attr[0] <= 'Z' &&
		strings.Trim(attr, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && !strings.Contains(attr, "__")
}
