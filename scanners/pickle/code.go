package pickle

import (
	"fmt"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/marshal"
	"assay/scanners/internal/pyglobals"
)

// maxTouched is how many names and how many texts of byte code a finding repeats.
const maxTouched = 12

// byteCode reports a constant that is byte code, by what it touches.
func (m *machine) byteCode(c constant, data []byte) {
	if len(data) == 0 || m.adopted[c.off] {
		return
	}
	code, err := marshal.Decode(data)
	if err != nil {
		return
	}
	if m.adopted == nil {
		m.adopted = make(map[int64]bool)
	}
	m.adopted[c.off] = true
	what := fmt.Sprintf("a constant of %d bytes is %sbyte code of Python%s", c.n, c.packed, touches(code.Names, code.Texts))
	m.judge.report(ruleNested, scanners.High, c.off, what, func() string { return what })
}

// classBody are the names that the code of every class has.
var classBody = []string{"__name__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__", "__classdictcell__"}

// touches says in words what byte code refers to: names that can do something first.
func touches(names, texts []string) string {
	var text strings.Builder
	list := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		text.WriteString(title)
		for i, item := range items[:min(len(items), maxTouched)] {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString(clip.Quote(item, 40))
		}
		if more := len(items) - maxTouched; more > 0 {
			fmt.Fprintf(&text, " and %d more", more)
		}
	}
	names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return slices.Contains(classBody, s) })
	slices.SortStableFunc(names, func(a, b string) int { return grave(b) - grave(a) })
	list("; its code names ", names)
	list("; its constants are ", slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.TrimSpace(s) == "" }))
	return text.String()
}

// grave is 1 for a builtin function or a module that can do something.
func grave(name string) int {
	for _, pair := range [...][2]string{{"builtins", name}, {name, "_"}} {
		if d, ok := pyglobals.Classify(pair[0], pair[1]); ok && !d.Caps.Indirect() {
			return 1
		}
	}
	return 0
}

// namedType is the type that the helper of cloudpickle or dill looks up by its name.
func (m *machine) namedType(object value, items []value) (value, error) {
	if len(items) != 1 {
		return object, nil
	}
	name, all, ok := m.string(items[0], maxMagic)
	if !ok || !all || !isIdentifier(name) || strings.Contains(name, ".") {
		return object, nil
	}
	module := "types"
	if pyglobals.Lookup("builtins", name) != nil {
		module = "builtins"
	}
	return m.attributeOf(module, name)
}

// attributeOf is a name that the file imports by way of a call.
func (m *machine) attributeOf(module, name string) (value, error) {
	id, fresh, err := m.judge.names.intern(maxProtocol, []byte(module), []byte(name))
	if err != nil {
		return 0, err
	}
	g := m.judge.names.list[id]
	if fresh {
		g.off, g.op = m.opOff, m.op
	}
	g.used = true
	if !g.passable {
		m.tainted = true
	}
	return pair(tagGlobal, id, m.opOff), nil
}

// codeTouches says what a code object that a call makes refers to. Every constructor
// takes the byte code, then the constants, then the names.
func (m *machine) codeTouches(g *global, args value) string {
	if g.danger.Caps&pyglobals.Code == 0 {
		return ""
	}
	items, _, _ := m.nodes.items(args)
	for i := range items {
		if i+2 < len(items) && items[i].tag() >= tagText && items[i].isData() && items[i+1].tag() == tagTuple && items[i+2].tag() == tagTuple {
			return touches(m.textsOf(items[i+2]), m.textsOf(items[i+1]))
		}
	}
	return ""
}

// textsOf are the texts of a tuple.
func (m *machine) textsOf(v value) (list []string) {
	items, _, _ := m.nodes.items(v)
	for _, item := range items {
		if text, _, ok := m.string(item, maxName); ok && item.isText() {
			list = append(list, strings.Clone(text))
		}
	}
	return list
}
