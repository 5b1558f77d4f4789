package pickle

import (
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

// scriptModule is where the classes of the program itself are: the script that saved
// the file, and then the one that loads it.
const scriptModule = "__main__"

// ofScript reports a class of the script that saved the file. Making an object of it
// without calling it is what an import of it is: whether there is such a class, and
// what it does, only its author knows. A dotted name may lead out of the script, and
// a memmap, under its own name, opens a file when it is made.
func ofScript(g *global) bool {
	return g.entry == nil && g.name != "memmap" && !g.dangerous && g.module == scriptModule && isIdentifier(g.name) && !strings.Contains(g.name, ".")
}

// takesAttribute is getattr(class, name) of a class on no list: how members of an
// enumeration are pickled. It imports a dotted name, as protocol 4 writes it, and calls
// nothing; what is done with the attribute is judged under that name.
func (m *machine) takesAttribute(g *global, kind callKind, args value) bool {
	items, n, all := m.nodes.items(args)
	if g.result != resultAttribute || kind != callReduce || !all || n != 2 || items[0].tag() != tagGlobal {
		return false
	}
	class := m.judge.names.list[items[0].middle()]
	attr, whole, ok := m.string(items[1], maxMagic)
	if class.entry != nil || class.dangerous || !ok || !whole || !items[1].isText() || !isPlainAttribute(attr) {
		return false
	}
	if _, dangerous := pyglobals.Classify(class.module, class.name+"."+attr); dangerous {
		return false
	}
	g.used = true
	text := func() string {
		return "takes " + attr + " of " + class.String() + ": " + whyCall(class, false)
	}
	if m.judge.listen != nil {
		m.judge.emit(event{kind: eventCall, off: m.opOff, global: g, text: m.callText(g, kind, args, 0), why: whyCall(class, false)})
	}
	m.judge.about(class, ruleUnknownImport, ruleTable[ruleUnknownImport].Severity, m.opOff, text)
	return true
}

// isPlainAttribute reports the name of an ordinary attribute.
func isPlainAttribute(s string) bool {
	return isIdentifier(s) && !strings.Contains(s, ".") && s[0] != '_'
}

// later reports an object that does nothing while it is loaded and reaches files or
// other processes when it is used.
func (j *judge) later(m *machine, g *global) {
	if g.entry.Shape != pyglobals.ShapeLater {
		return
	}
	j.about(g, ruleDangerousImport, scanners.Low, m.opOff, func() string {
		return "keeps an object of " + g.String() + ", which " + g.entry.Reason
	})
}

// farMethods are methods of arrays and data frames that a stored accessor must not call:
// they evaluate text, or reach files. A star stands for the rest of a name.
var farMethods = []string{"query", "eval", "tofile", "dump*", "load*", "save*", "read*", "write*", "open*", "exec*",
	"to_pickle", "to_csv", "to_json", "to_parquet", "to_feather", "to_orc", "to_excel", "to_hdf", "to_sql", "to_stata",
	"to_html", "to_latex", "to_markdown", "to_xml", "to_gbq", "to_clipboard", "to_file", "share_memory*", "set_*"}

// fitsAccessor: of constants, attribute names, or the name of a method and any others.
func (m *machine) fitsAccessor(g *global, items []value) bool {
	if g.entry.Shape != pyglobals.ShapeAccessor {
		return true
	}
	names := items
	if g.name == "methodcaller" {
		names = items[:min(1, len(items))]
	}
	for _, v := range names {
		name, whole, ok := m.string(v, maxMagic)
		if !ok || !whole || !v.isText() || !isPlainAttribute(name) {
			return false
		}
		if _, dangerous := pyglobals.Classify("", name); dangerous || isFarMethod(name) {
			return false
		}
	}
	return len(names) > 0
}

func isFarMethod(name string) bool {
	return slices.ContainsFunc(farMethods, func(far string) bool {
		start, wild := strings.CutSuffix(far, "*")
		return name == far || wild && strings.HasPrefix(name, start)
	})
}

// fitsScriptObject: (values, name of the class), and the class is one that the entry
// names: torch makes an object of any class that C++ code registered.
func (m *machine) fitsScriptObject(g *global, state value) bool {
	items, n, all := m.nodes.items(state)
	return state.tag() == tagTuple && all && n == 2 && items[1].isText() && items[0].tag() != tagGlobal && m.isString(items[1], g.entry.Attrs...)
}

// fitsLater: attributes, of which the place is a constant.
func (m *machine) fitsLater(state value) bool {
	items, _, all := m.nodes.items(state)
	if state.tag() != tagDict || !all {
		return false
	}
	for i := 0; i+1 < len(items); i += 2 {
		if m.isString(items[i], "location", "cachedir") && !items[i+1].isData() {
			return false
		}
	}
	return true
}

// isCallable reports an object that may be called, or be asked for methods of its own: a
// partial, an accessor, a bound method, and whatever an unknown class makes.
func isCallable(g *global) bool {
	return g.entry == nil || g.result == resultAttribute || g.entry.Profile == "accessors" || g.entry.Holds(pyglobals.ShapePartial)
}
