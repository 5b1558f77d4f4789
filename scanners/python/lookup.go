package python

import (
	"slices"
	"strings"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/pysource"
)

// anyModule stands for a module whose name comes from data.
const anyModule = "(any module)"

// unknownText reports a text of which not even the beginning is known.
func unknownText(v value) bool {
	if len(v.texts) == 0 {
		return true
	}
	return v.taint&incomplete != 0 && slices.ContainsFunc(v.texts, func(t string) bool { return strings.HasPrefix(t, "{}") && !strings.HasPrefix(t, "{}.") })
}

// dotted is what the full names in a text stand for.
func dotted(v value) value {
	out := value{taint: v.taint, refs: v.refs, funcs: v.funcs, class: v.class}
	for _, t := range v.texts {
		t = strings.ReplaceAll(strings.TrimPrefix(t, "ext://"), ":", ".")
		if len(t) < maxRef && v.taint&incomplete == 0 {
			out.refs = append(out.refs[:len(out.refs):len(out.refs)], canonical(t))
		}
	}
	return out
}

// located is what pydoc.locate and its like give for a name.
func (f *flow) located(arg value) value {
	if unknownText(arg) {
		return ref(anyModule + ".*")
	}
	return dotted(value{texts: arg.texts, taint: arg.taint})
}

// reduced is functools.reduce: the function is called with each element in turn.
func (f *flow) reduced(args []value, off int, s *scope) value {
	if len(args) < 2 {
		return value{}
	}
	items, out := f.elements(args[1]), value{}
	if items == nil {
		items = []value{args[1].each()}
	}
	switch {
	case len(args) > 2:
		out = args[2]
	case len(items) > 0:
		out, items = items[0], items[1:]
	}
	for _, item := range items[:min(len(items), 64)] {
		out = f.apply(args[0], []value{out, item}, nil, off, s)
	}
	return out
}

// zipped is zip of lists: what stands at one place of each belongs together.
func zipped(args []value) value {
	row := value{list: true}
	var out value
	for _, a := range args {
		row.items = append(row.items, a.each())
		out.taint |= a.taint
	}
	out.items = []value{row}
	return out
}

// namespace is an object with the fields that it is given.
func (f *flow) namespace(keywords map[string]value, off int) value {
	c := f.objects[off]
	if c == nil {
		c = &class{methods: map[string]*scope{}, fields: map[string]*value{}}
		f.objects[off] = c
	}
	for name, v := range keywords {
		c.fields[name] = &v
	}
	return value{class: []*class{c}}
}

// carried adds to the result of a call what it is given, when that is a module or a
// function with an effect: copy.copy(os) and next(iter([os])) are os.
func carried(out value, args []value, keywords map[string]value) value {
	add := func(v value) {
		for _, r := range v.refs {
			if dangerousRoots[r] || r == "builtins.getattr" || r == "builtins.exec" || r == "builtins.eval" {
				out.refs = unionOfNames(out.refs[:len(out.refs):len(out.refs)], []string{r})
			}
		}
	}
	for _, v := range append(slices.Clone(args), values(keywords)...) {
		add(v)
		for _, item := range v.items[:min(len(v.items), 64)] {
			add(item)
		}
	}
	return out
}

// annotation reads a text that stands for a type: typing.get_type_hints evaluates
// it.
func (f *flow) annotation(e *pysource.Expr, s *scope) {
	if e.Kind == pysource.Text && strings.Contains(e.Text, "(") && len(e.Text) < maxText {
		f.constantCode(e.Text, e.Off, false, s)
	}
}

// loadsFile judges the import of a file by its path: one that is named as Python
// was looked at like this one.
func (f *flow) loadsFile(r string, args []value, keywords map[string]value, off int, s *scope) {
	path := keywords["path"]
	if len(args) > 1 {
		path = args[1]
	} else if v, ok := keywords["location"]; ok {
		path = v
	}
	switch {
	case slices.ContainsFunc(path.texts, func(t string) bool { return !strings.HasSuffix(t, ".py") && !strings.HasSuffix(t, "{}") }):
		f.note(anything, off, r+" of a file that is not named as Python: "+clip.Quote(path.texts[0], 80), usual, s)
	case len(path.texts) == 0 || path.taint&incomplete != 0 && !strings.HasSuffix(path.texts[0], ".py"):
		f.note(execute, off, r+" of a file that is not known", harmless, s)
	}
}
