package python

import (
	"slices"
	"strings"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/pysource"
)

// call evaluates a call, and what it is given.
func (f *flow) call(e *pysource.Expr, s *scope) value {
	callee := e.Args[0]
	var base value
	var fn value
	if callee.Kind == pysource.Attribute {
		base = f.valueOf(callee.Args[0], s)
		fn = f.attributeOf(base, callee, s)
	} else {
		fn = f.eval(callee, s)
	}
	args := make([]value, 0, len(e.Args)-1)
	keywords := map[string]value{}
	for _, a := range e.Args[1:] {
		v := f.eval(a, s)
		switch {
		case a.Kind == pysource.Keyword:
			keywords[a.Text] = v
			if a.Text == "trust_remote_code" && a.Args[0].Kind == pysource.Number && a.Args[0].Text == "True" {
				f.note(remote, a.Off, "trust_remote_code=True: code of another repository", usual, s)
			}
		default:
			args = append(args, v)
		}
	}
	out := f.apply(fn, args, keywords, e.Off, s)
	if callee.Kind == pysource.Attribute {
		if _, ok := keywords["encoding"]; ok && len(base.texts) > 0 {
			args = append([]value{keywords["encoding"]}, args...)
		}
		f.ofEscaped(base, fn, callee.Text, args, e.Off, s)
		out = join(out, f.byMethod(base, callee.Text, args, keywords, e.Off, s))
	}
	return out
}

// apply calls what fn may be.
func (f *flow) apply(fn value, args []value, keywords map[string]value, off int, s *scope) value {
	out := value{}
	for _, v := range args {
		out.taint |= v.taint &^ computed
		f.passes(v, s)
		f.handed(v, off, s)
	}
	for name, v := range keywords {
		if name != "env" {
			out.taint |= v.taint &^ computed
		}
		f.passes(v, s)
		f.handed(v, off, s)
	}
	for _, g := range fn.funcs {
		s.calls[g] = true
		f.give(g, args, keywords)
		out = join(out, g.ret)
	}
	for _, c := range fn.class {
		for _, name := range []string{"__init__", "__new__", "__post_init__", "__call__"} {
			if m := c.methods[name]; m != nil {
				f.give(m, append([]value{{class: fn.class}}, args...), keywords)
				if name == "__call__" || name == "__new__" {
					out = join(out, m.ret)
				}
			}
		}
		c.special(s)
		out.class = union(out.class, []*class{c})
	}
	for _, r := range fn.refs {
		v := f.callRef(r, fn, args, keywords, off, s)
		v.taint |= out.taint
		out = join(out, v)
	}
	return out
}

// handed takes note of a function with an effect that is handed over: map(os.system, x).
func (f *flow) handed(v value, off int, s *scope) {
	for _, r := range v.refs {
		if e, ok := effectOf(r); ok && (e.effect == process || e.effect == shellcode || r == "builtins.exec") {
			f.note(e.effect, off, "hands over "+r+", which "+e.why, usual, s)
		}
	}
}

// passes follows a function that is handed over: whoever gets it may call it.
func (f *flow) passes(v value, s *scope) {
	for _, g := range v.funcs {
		s.calls[g] = true
	}
	for _, c := range v.class {
		c.special(s)
	}
	for _, item := range v.items[:min(len(v.items), 64)] {
		for _, g := range item.funcs { // type("X", (), {"__init__": g})
			s.calls[g] = true
		}
	}
}

// give binds what a function is called with to its parameters.
func (f *flow) give(g *scope, args []value, keywords map[string]value) {
	params := g.params
	for i, v := range args {
		if i < len(params) {
			g.vars[params[i].Name] = join(g.vars[params[i].Name], v)
		}
	}
	for name, v := range keywords {
		if slices.ContainsFunc(params, func(p pysource.Param) bool { return p.Name == name }) {
			g.vars[name] = join(g.vars[name], v)
		}
	}
}

// first is the first argument, or the keyword of the name.
func first(args []value, keywords map[string]value, name string) value {
	if len(args) > 0 {
		return args[0]
	}
	return keywords[name]
}

// callRef calls a name that is not of this file.
func (f *flow) callRef(r string, fn value, args []value, keywords map[string]value, off int, s *scope) value {
	out := value{}
	if len(r) < maxRef-2 {
		out.refs = []string{r + "()"}
	}
	arg := first(args, keywords, "")
	if strings.HasSuffix(r, ".__getattribute__") && len(args) > 1 && strings.HasPrefix(r, "builtins.") {
		return f.getattr(r, args, fn, off, s)
	}
	if v, ok := f.lookup(r, fn, out, args, keywords, off, s); ok {
		return v
	}
	switch r {
	case "builtins.__import__", "importlib.import_module", "imp.find_module", "importlib.reload":
		return f.imported(arg, fn, off, s)
	case "builtins.getattr", "inspect.getattr_static", "operator.attrgetter()":
		return f.getattr(r, args, fn, off, s)
	case "operator.methodcaller":
		v := ref("operator.methodcaller()")
		v.texts, v.taint, v.items = arg.texts, arg.taint|computed, args[min(1, len(args)):]
		return v
	case "operator.attrgetter":
		v := ref("operator.attrgetter()")
		v.items, v.texts, v.taint = nil, arg.texts, arg.taint|computed
		return v
	case "functools.partial", "builtins.staticmethod", "builtins.classmethod", "functools.wraps":
		return arg
	case "builtins.vars", "types.ModuleType":
		out.refs = append(out.refs, arg.refs...)
		return out
	case "builtins.exec", "builtins.eval", "builtins.execfile", "builtins.compile", "timeit.timeit", "cProfile.run":
		return f.execute(r, arg, off, s)
	case "builtins.map", "builtins.filter":
		return f.mapped(args, off, s)
	case "os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop", "os.environ.update":
		return value{}
	case "os.path.expanduser", "os.path.expandvars", "os.path.abspath", "os.path.realpath", "pathlib.Path", "builtins.str", "os.fspath", "os.fsencode":
		out.texts, out.taint = arg.texts, arg.taint
		return f.credentials(out, args, off, s, r)
	case "os.path.join", "pathlib.Path().joinpath":
		t, _ := joined("/", args, &out.taint)
		out.texts = []string{t}
		return f.credentials(out, []value{out}, off, s, r)
	}
	if v, ok := f.convert(r, args); ok {
		return v
	}
	f.effect(r, fn, args, keywords, off, s, &out)
	return f.credentials(carried(out, args, keywords), args, off, s, r)
}

// mapped is map(f, list): what f makes of each.
func (f *flow) mapped(args []value, off int, s *scope) value {
	if len(args) < 2 {
		return value{}
	}
	out := value{taint: args[1].taint}
	items := f.elements(args[1])
	if items == nil {
		v := f.apply(args[0], []value{args[1].each()}, nil, off, s)
		return value{items: []value{v}, taint: v.taint | args[1].taint}
	}
	for _, item := range items {
		if f.ops++; f.exhausted() {
			return value{}
		}
		out.items = append(out.items, f.apply(args[0], []value{item}, nil, off, s))
	}
	out.list = true
	return out
}

// convert computes the functions that make text of numbers and the like.
func (f *flow) convert(r string, args []value) (value, bool) {
	if len(args) == 0 {
		return value{}, false
	}
	arg := args[0]
	if f.charge(arg); f.exhausted() {
		return value{}, false
	}
	switch r {
	case "builtins.chr", "builtins.unichr":
		if arg.isNum && arg.num > 0 && arg.num < 0x110000 {
			v := constant(string(rune(arg.num)))
			v.taint = computed
			return v, true
		}
		return value{taint: arg.taint | fromCode}, true
	case "builtins.ord":
		if len(arg.texts) == 1 {
			for _, c := range arg.texts[0] {
				return value{num: int64(c), isNum: true}, true
			}
		}
		return value{taint: arg.taint}, true
	case "builtins.int":
		return value{num: arg.num, isNum: arg.isNum, taint: arg.taint}, true
	case "builtins.list", "builtins.tuple", "builtins.iter", "builtins.sorted", "builtins.set":
		arg.list = arg.list && r != "builtins.sorted" && r != "builtins.set" // the order is lost
		if items := f.elements(arg); items != nil && r != "builtins.sorted" && r != "builtins.set" {
			return value{items: items, list: true, taint: arg.taint}, true
		}
		return arg, true
	case "builtins.reversed":
		items := slices.Clone(f.elements(arg))
		slices.Reverse(items)
		return value{items: items, list: items != nil, taint: arg.taint | computed}, true
	case "builtins.bytes", "builtins.bytearray":
		if !arg.list {
			return value{texts: arg.texts, taint: arg.taint}, true
		}
		var b []byte
		for _, item := range arg.items {
			if !item.isNum || item.num < 0 || item.num > 255 {
				return value{taint: arg.taint | fromCode}, true
			}
			b = append(b, byte(item.num))
		}
		return value{texts: []string{string(b)}, taint: arg.taint | computed | fromCode}, true
	case "codecs.decode", "codecs.encode":
		if len(args) > 1 && len(args[1].texts) == 1 && len(arg.texts) == 1 {
			if t, ok := undo("codecs."+strings.ToLower(args[1].texts[0]), arg.texts[0]); ok {
				return value{texts: []string{t}, taint: arg.taint | fromCode | computed}, true
			}
		}
	}
	return value{}, false
}

// execute is exec, eval or compile. Code in a constant is read like the rest of the
// file, however it was hidden.
func (f *flow) execute(r string, arg value, off int, s *scope) value {
	if r == "builtins.compile" {
		return value{texts: arg.texts, paths: arg.paths, taint: arg.taint, refs: []string{"builtins.compile()"}}
	}
	hidden := arg.taint&fromCode != 0
	switch {
	case arg.taint&fromNet != 0:
		f.note(chain, off, "runs what it downloads", usual, s)
	case hidden && len(arg.texts) > 0:
		f.note(chain, off, "runs what it decodes: "+clip.Quote(arg.texts[0], 120), usual, s)
	case hidden:
		f.note(chain, off, "runs what it decodes", usual, s)
	case ownSource(arg):
		f.note(execute, off, r+" of the file "+clip.Quote(arg.paths[0], 80)+", which is judged itself", harmless, s)
	case unknownText(arg) && len(arg.refs) == 0 && len(arg.funcs) == 0:
		f.note(unread, off, r+" of a text that is not known", usual, s)
	case len(arg.texts) == 0 || arg.taint&incomplete != 0:
		f.note(execute, off, r+" of a text that is not known", usual, s)
	}
	out := value{taint: arg.taint &^ fromFile}
	if arg.taint&incomplete == 0 {
		for _, t := range arg.texts {
			out = join(out, f.constantCode(t, off, arg.taint&computed != 0, s))
		}
	}
	return out
}

// maxNested is how deep code in constants in code in constants is read.
const maxNested = 4

func (f *flow) constantCode(code string, off int, hidden bool, s *scope) value {
	if f.nested >= maxNested || len(code) > maxText {
		f.note(chain, off, "code in a text in code in a text, too deep to follow", usual, s)
		return value{}
	}
	tree := pysource.Parse(strings.TrimSpace(code))
	f.ops += len(code) / 8
	before, at := len(s.events), f.at
	f.nested++
	if f.at < 0 {
		f.at = off
	}
	var out value
	if len(tree.Body) == 1 && tree.Body[0].Kind == pysource.Simple && len(tree.Body[0].Exprs) == 1 {
		out = f.eval(tree.Body[0].Exprs[0], s)
	} else {
		f.block(tree.Body, s)
	}
	f.at = at
	f.nested--
	if hidden && len(s.events) > before {
		f.note(dynamic, off, "runs a text that is put together: "+clip.Quote(code, 120), usual, s)
	}
	return out
}

// note keeps an effect of the scope.
func (f *flow) note(e effect, off int, what string, g grade, s *scope) {
	if f.at >= 0 {
		off = f.at
	}
	if !f.report || len(s.events) > 4096 {
		return
	}
	ev := event{e, off, what, g}
	if !f.seen[ev] {
		f.seen[ev] = true
		s.events = append(s.events, ev)
	}
}
