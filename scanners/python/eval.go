package python

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/scanners/internal/pysource"
)

// eval says what is known about an expression, and takes note of its effects. A
// module that is a value may turn up where its way is not followed.
func (f *flow) eval(e *pysource.Expr, s *scope) value {
	v := f.valueOf(e, s)
	for _, r := range v.refs {
		if innerModules[r] || dangerousRoots[r] {
			f.escaped[r] = true
		}
	}
	return v
}

// operand is what await, yield, * and a keyword stand before.
func (f *flow) operand(e *pysource.Expr, s *scope) value {
	v := f.eval(e.Args[0], s)
	if e.Kind == pysource.Await && len(v.refs)+len(v.funcs)+len(v.class) > 0 {
		s.ret = join(s.ret, value{items: []value{v}}) // a generator gives it out
	}
	return v
}

// number is a literal number, True among them.
func number(text string) value {
	if text == "True" {
		return value{num: 1, isNum: true}
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64)
	return value{num: n, isNum: err == nil}
}

func (f *flow) valueOf(e *pysource.Expr, s *scope) value {
	if e == nil {
		return value{}
	}
	if f.ops++; f.exhausted() {
		return value{}
	}
	switch e.Kind {
	case pysource.Name:
		return f.name(e.Text, s)
	case pysource.Text:
		f.lookAt(e, s)
		return constant(e.Text)
	case pysource.Number:
		return number(e.Text)
	case pysource.Format:
		return f.format(e, s)
	case pysource.Attribute:
		return f.attribute(e, s)
	case pysource.Call:
		return f.call(e, s)
	case pysource.Subscript:
		return f.subscript(e, s)
	case pysource.Binary:
		v := f.eval(e.Args[0], s)
		for i, op := range e.Ops {
			v = f.binaryValue(op, v, f.eval(e.Args[i+1], s))
		}
		return v
	case pysource.Unary:
		v := f.eval(e.Args[0], s)
		return value{num: -v.num, isNum: v.isNum && e.Text == "-", taint: v.taint}
	case pysource.Tuple, pysource.List, pysource.Set:
		return f.sequence(e, s)
	case pysource.Dict:
		return f.dict(e, s)
	case pysource.Lambda:
		return f.lambda(e, s)
	case pysource.Comprehension:
		return f.comprehension(e, s)
	case pysource.Assign:
		v := f.eval(e.Args[1], s)
		f.assign(e.Args[0], v, s)
		return v
	case pysource.Keyword, pysource.Star, pysource.Await:
		if len(e.Args) == 0 {
			return value{}
		}
		return f.operand(e, s)
	case pysource.IfElse:
		f.eval(e.Args[1], s)
		return join(f.eval(e.Args[0], s), f.eval(e.Args[2], s))
	}
	return f.either(e, s)
}

// either is one of the parts: of and, or; the taint of them for everything else.
func (f *flow) either(e *pysource.Expr, s *scope) value {
	var out value
	for _, a := range e.Args {
		v := f.eval(a, s)
		if e.Kind == pysource.Boolean {
			out = join(out, v)
		} else {
			out.taint |= v.taint
		}
	}
	return out
}

// builtinNames are those that can be of use to an attack; the others of the module
// are looked up in the same way and mean nothing.
var builtinNames = []string{
	"exec", "eval", "compile", "execfile", "__import__", "getattr", "setattr", "globals", "locals", "vars", "open", "file", "bytes", "bytearray", "chr", "unichr",
	"ord", "map", "list", "tuple", "str", "reversed", "dict", "input", "breakpoint", "type", "object", "memoryview", "get_ipython", "int", "hex", "range", "filter", "iter", "next", "zip", "sorted", "set", "print", "super", "repr", "delattr", "hasattr", "sum", "enumerate", "apply", "reduce",
}

func (f *flow) name(name string, s *scope) value {
	if v, ok := f.find(name, s); ok {
		return v
	}
	if name == "__builtins__" || name == "__builtin__" {
		return ref("builtins")
	}
	for _, module := range f.stars {
		if _, ok := effectOf(canonical(module + "." + name)); ok {
			return ref(canonical(module + "." + name))
		}
	}
	if slices.Contains(builtinNames, name) {
		return ref("builtins." + name)
	}
	if len(f.stars) > 0 && dangerousRoots[name] {
		return ref(name)
	}
	return value{}
}

func (f *flow) attribute(e *pysource.Expr, s *scope) value {
	return f.attributeOf(f.valueOf(e.Args[0], s), e, s)
}

func (f *flow) attributeOf(base value, e *pysource.Expr, s *scope) value {
	v := base.attribute(e.Text)
	if len(base.class) > 0 {
		f.passes(v, s) // it may be a property
	}
	for _, r := range v.refs {
		switch r {
		case "os.environ", "os.environb":
			v.taint |= fromEnv
		}
	}
	if e.Text == "__dict__" {
		v.refs = append(v.refs, base.refs...) // x.__dict__["y"] is x.y
	}
	if walksObjects(e) {
		f.note(dynamic, e.Off, "walks from an object to every class of the interpreter", usual, s)
	}
	return v
}

// walksObjects recognises ().__class__.__base__.__subclasses__() and
// f.__globals__["__builtins__"].
func walksObjects(e *pysource.Expr) bool {
	if e.Text != "__subclasses__" {
		return false
	}
	for x := e.Args[0]; x != nil && len(x.Args) > 0; x = x.Args[0] {
		if x.Kind == pysource.Attribute && slices.Contains([]string{"__base__", "__bases__", "__mro__", "mro"}, x.Text) {
			return true
		}
	}
	return false
}

func (f *flow) sequence(e *pysource.Expr, s *scope) value {
	out := value{list: e.Kind != pysource.Set} // a set has no order
	for _, a := range e.Args {
		v := f.eval(a, s)
		out.taint |= v.taint
		if a.Kind == pysource.Star || len(out.items) >= maxItems {
			out.list = false
			continue
		}
		out.items = append(out.items, v)
	}
	return out
}

// factoryKeys are those under which logging.config and Hydra take the name of what
// they call.
var factoryKeys = []string{"()", "_target_", "class", "factory"}

func (f *flow) dict(e *pysource.Expr, s *scope) value {
	var out value
	for i := 0; i+1 < len(e.Args); i += 2 {
		key := f.eval(e.Args[i], s)
		v := f.eval(e.Args[i+1], s)
		if slices.ContainsFunc(factoryKeys, func(k string) bool { return slices.Contains(key.texts, k) }) {
			f.handed(dotted(v), e.Off, s)
		}
		out.taint |= v.taint
		if len(out.items) < 64 || len(v.refs) > 0 && len(out.items) < maxItems {
			out.items = append(out.items, v)
		}
	}
	return out
}

func (f *flow) lambda(e *pysource.Expr, s *scope) value {
	fn := f.ofExpr[e]
	if fn == nil {
		fn = f.newScope("lambda", s, e.Off)
		fn.body, fn.params, fn.self = e.Args[0], e.Params, nil
		f.ofExpr[e] = fn
	}
	return value{funcs: []*scope{fn}}
}

// comprehension binds its targets one after another when the elements are known,
// so that a text that is put together in it is read.
func (f *flow) comprehension(e *pysource.Expr, s *scope) value {
	inner := &scope{parent: s, vars: map[string]value{}, global: s.global, calls: s.calls, self: s.self}
	out := value{}
	if len(e.Args) == 2 && len(e.Args[1].Args) == 2 {
		over := f.elements(f.eval(e.Args[1].Args[1], s))
		if over != nil {
			out.list = true
			for _, item := range over {
				if f.exhausted() {
					return value{taint: out.taint}
				}
				f.assign(e.Args[1].Args[0], item, inner)
				v := f.eval(e.Args[0], inner)
				out.taint |= v.taint
				out.items = append(out.items, v)
			}
			s.events = append(s.events, inner.events...)
			return out
		}
	}
	for _, clause := range e.Args[1:] {
		v := f.eval(clause.Args[1], inner)
		out.taint |= v.taint
		f.assign(clause.Args[0], v.each(), inner)
		f.evalAll(clause.Args[2:], inner)
	}
	v := f.eval(e.Args[0], inner)
	s.events = append(s.events, inner.events...)
	out.taint |= v.taint
	out.items = []value{v}
	return out
}

// elements lists what a loop over the value goes through, or nil when that is not
// known.
func (f *flow) elements(v value) []value {
	if v.list && len(v.items) <= maxItems {
		return v.items
	}
	if len(v.texts) != 1 || len(v.texts[0]) > maxItems || !isASCII(v.texts[0]) || v.taint&incomplete != 0 {
		return nil
	}
	var out []value
	for rest := v.texts[0]; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		one := constant(rest[:size])
		one.num, one.isNum = int64(r), true // also of bytes
		if r == utf8.RuneError && size == 1 {
			one.num = int64(rest[0])
		}
		out = append(out, one)
		rest = rest[size:]
	}
	return out
}

// anyOf says that any of the functions may be called.
func (f *flow) anyOf(vars map[string]value, s *scope) {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		f.passes(vars[name], s)
	}
}

func (f *flow) subscript(e *pysource.Expr, s *scope) value {
	base := f.eval(e.Args[0], s)
	index := e.Args[1]
	if index.Kind == pysource.Slice {
		return f.slice(base, index, s)
	}
	key := f.eval(index, s)
	out := value{taint: base.taint}
	for _, r := range base.refs {
		switch {
		case r == "os.environ" || r == "os.environb":
			out.taint &^= fromEnv // one setting, not all
		case r == "builtins.globals()" || r == "builtins.locals()" || r == "builtins.vars()":
			if len(key.texts) == 0 || key.taint&incomplete != 0 {
				f.anyOf(f.module.vars, s)
			}
			for _, t := range key.texts {
				out = join(out, f.name(t, s))
				out.taint |= computed
			}
		case r == "sys.modules":
			out.refs = append(out.refs, f.imported(key, value{}, 0, s).refs...)
		case dangerousRoots[r]: // x.__dict__["y"]
			for _, t := range key.texts {
				out.refs = append(out.refs, canonical(r+"."+t))
				out.taint |= computed
			}
		}
	}
	switch {
	case base.list && key.isNum && key.num >= 0 && key.num < int64(len(base.items)):
		out = join(out, base.items[key.num])
	case base.list && key.isNum && key.num < 0 && -key.num <= int64(len(base.items)):
		out = join(out, base.items[int64(len(base.items))+key.num])
	case len(base.items) > 0:
		out = join(out, base.element())
	}
	return out
}
