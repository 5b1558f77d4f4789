package python

import (
	"context"
	"path"
	"slices"
	"strings"

	"assay/scanners/internal/pysource"
)

// flow follows values through one file. It runs nothing: it goes through every
// statement a few times in the order of the text, and remembers what names may be.
type flow struct {
	file    string // its name, in lower case
	module  *scope
	scopes  []*scope
	ofStmt  map[*pysource.Stmt]*scope
	ofExpr  map[*pysource.Expr]*scope
	classes map[*pysource.Stmt]*class
	escaped map[string]bool // modules that are used as values
	objects map[int]*class  // that no class statement makes, by offset
	mutates bool            // some list changes its order
	renamed bool            // __name__ is not what the interpreter sets
	stars   []string
	imports map[string]bool

	report bool // the last pass: effects are kept
	branch int  // assignments are one of several
	nested int  // depth of code in constants
	at     int  // offset that stands for all of nested code, -1 outside of it
	ops    int
	maxOps int
	ctx    context.Context
	asked  int   // how often the end of the run was asked for
	over   error // the run ended
	seen   map[event]bool

	saved []savedDownload
}

// savedDownload is a file that was fetched.
type savedDownload struct {
	in   *scope
	off  int
	path []string
}

// passes over a file: a value that goes through a function and back needs three.
const passes = 3

func analyse(ctx context.Context, tree *pysource.Tree, name string, size int) *flow {
	f := &flow{ctx: ctx, file: strings.ToLower(path.Base(name)), ofStmt: map[*pysource.Stmt]*scope{}, ofExpr: map[*pysource.Expr]*scope{}, classes: map[*pysource.Stmt]*class{},
		escaped: map[string]bool{}, objects: map[int]*class{}, imports: map[string]bool{}, seen: map[event]bool{}, at: -1, maxOps: 64*size + 1<<20}
	f.module = f.newScope("", nil, 0)
	f.module.stmts = tree.Body
	for pass := range passes {
		f.report = pass == passes-1
		for i := 0; i != len(f.scopes); i++ { // grows
			f.run(f.scopes[i])
		}
	}
	f.spread()
	return f
}

func (f *flow) newScope(name string, parent *scope, off int) *scope {
	s := &scope{name: name, parent: parent, vars: map[string]value{}, global: map[string]bool{}, calls: map[*scope]bool{}, off: off}
	f.scopes = append(f.scopes, s)
	return s
}

func (f *flow) run(s *scope) {
	f.branch = 0
	switch {
	case s.main || s.name == classBody:
		return // runs where it stands
	case s.body != nil:
		s.ret = join(s.ret, f.eval(s.body, s))
	default:
		f.block(s.stmts, s)
	}
}

// classBody names the scope of a class, which runs with what is around it.
const classBody = "class"

// exhausted reports that nothing more is followed: the budget is spent, or the run
// is over, which is asked for now and then.
func (f *flow) exhausted() bool {
	if f.asked++; f.asked%256 == 0 && f.over == nil {
		f.over = f.ctx.Err()
	}
	return f.ops > f.maxOps || f.over != nil
}

func (f *flow) block(list []*pysource.Stmt, s *scope) {
	for _, st := range list {
		f.statement(st, s)
	}
}

func (f *flow) statement(st *pysource.Stmt, s *scope) {
	if f.ops++; f.exhausted() {
		return
	}
	switch st.Kind {
	case pysource.Simple:
		if len(st.Exprs) == 1 && st.Exprs[0].Kind == pysource.Text {
			return // documentation
		}
		f.evalAll(st.Exprs, s)
	case pysource.Return:
		for _, e := range st.Exprs {
			s.ret = join(s.ret, f.eval(e, s))
		}
	case pysource.Bind:
		f.bind(st, s)
	case pysource.Import:
		f.importNames(st, s)
	case pysource.Function:
		f.function(st, s)
	case pysource.Class:
		f.class(st, s)
	case pysource.Loop:
		v := f.eval(st.Exprs[0], s)
		f.assign(st.Targets[0], v.each(), s)
		f.branches(st.Blocks, s)
	case pysource.Block:
		f.compound(st, s)
	case pysource.Global:
		for _, n := range st.Names {
			s.global[n] = true
		}
	}
}

func (f *flow) evalAll(list []*pysource.Expr, s *scope) {
	for _, e := range list {
		f.eval(e, s)
	}
}

func (f *flow) branches(list [][]*pysource.Stmt, s *scope) {
	f.branch++
	for _, b := range list {
		f.block(b, s)
	}
	f.branch--
}

func (f *flow) bind(st *pysource.Stmt, s *scope) {
	v := f.eval(st.Exprs[0], s)
	for _, e := range st.Exprs[1:] {
		f.eval(e, s)
		f.annotation(e, s)
	}
	for _, t := range st.Targets {
		if st.Op == "" {
			f.assign(t, v, s)
			continue
		}
		old := f.eval(t, s)
		f.branch++
		f.assign(t, f.binaryValue(strings.TrimSuffix(st.Op, "="), old, v), s)
		f.branch--
	}
}

// compound runs if, while, try, with and match. What runs as a program only has a
// scope of its own.
func (f *flow) compound(st *pysource.Stmt, s *scope) {
	f.evalAll(st.Exprs, s)
	for _, t := range st.Targets {
		v := f.eval(t, s)
		if st.Name == "with" && t.Kind == pysource.Assign {
			f.assign(t.Args[0], v.entered(), s)
		}
	}
	for i, b := range st.Blocks {
		here := s
		if st.Name == "if" && i < len(st.Exprs) && isMainTest(st.Exprs[i]) {
			here = f.mainScope(st, s)
		}
		straight := i == 0 && (st.Name == "try" || st.Name == "with")
		if !straight {
			f.branch++
		}
		f.block(b, here)
		if !straight {
			f.branch--
		}
	}
}

func (f *flow) mainScope(st *pysource.Stmt, s *scope) *scope {
	m := f.ofStmt[st]
	if m == nil {
		m = f.newScope("", s, st.Off)
		m.main, m.vars, m.self = true, s.vars, s.self
		f.ofStmt[st] = m
	}
	return m
}

// isMainTest recognises __name__ == "__main__".
func isMainTest(e *pysource.Expr) bool {
	if e.Kind != pysource.Compare || len(e.Args) != 2 || e.Ops[0] != "==" {
		return false
	}
	a, b := e.Args[0], e.Args[1]
	if a.Kind == pysource.Text {
		a, b = b, a
	}
	return a.Kind == pysource.Name && a.Text == "__name__" && b.Kind == pysource.Text && b.Text == "__main__"
}

func (f *flow) importNames(st *pysource.Stmt, s *scope) {
	for _, n := range st.Imports {
		f.imports[n.Module] = true
		switch {
		case n.Name == "*":
			if !slices.Contains(f.stars, n.Module) && len(f.stars) < 64 {
				f.stars = append(f.stars, n.Module)
			}
		case n.Name != "":
			f.set(n.As, ref(canonical(n.Module+"."+n.Name)), s)
		case n.As != "":
			f.set(n.As, ref(n.Module), s)
		default:
			root, _, _ := strings.Cut(n.Module, ".")
			f.set(root, ref(root), s)
		}
	}
}

func (f *flow) function(st *pysource.Stmt, s *scope) {
	fn := f.ofStmt[st]
	if fn == nil {
		fn = f.newScope(st.Name, s, st.Off)
		fn.stmts, fn.params = st.Body, st.Params
		if s.name == classBody {
			fn.self = s.self
		}
		f.ofStmt[st] = fn
	}
	f.evalAll(st.Exprs, s)
	for _, e := range st.Exprs {
		f.annotation(e, s)
	}
	for _, p := range st.Params {
		if p.Default != nil {
			fn.vars[p.Name] = join(fn.vars[p.Name], f.eval(p.Default, s))
		}
	}
	if fn.self != nil && len(st.Params) > 0 {
		fn.vars[st.Params[0].Name] = value{class: []*class{fn.self}}
	}
	v := value{funcs: []*scope{fn}}
	if fn.self != nil {
		fn.self.methods[st.Name] = fn
	}
	f.decorate(st, v, s)
	f.set(st.Name, v, s)
}

// decorate calls the decorators with what they decorate, as Python does.
func (f *flow) decorate(st *pysource.Stmt, v value, s *scope) {
	for _, d := range st.Decorators {
		f.apply(f.eval(d, s), []value{{class: v.class}}, nil, d.Off, s)
	}
}

func (f *flow) class(st *pysource.Stmt, s *scope) {
	c := f.classes[st]
	body := f.ofStmt[st]
	if c == nil {
		c = &class{name: st.Name, methods: map[string]*scope{}, fields: map[string]*value{}}
		body = f.newScope(classBody, s, st.Off)
		body.self = c
		f.classes[st], f.ofStmt[st] = c, body
	}
	s.calls[body] = true
	c.bases = c.bases[:0]
	for _, e := range st.Exprs {
		v := f.eval(e, s)
		if e.Kind == pysource.Keyword {
			f.passes(v, s) // metaclass=, and what __init_subclass__ gets
			continue
		}
		c.bases = append(c.bases, v.refs...)
		for _, base := range v.class {
			c.inherit(base)
		}
	}
	f.block(st.Body, body)
	for name, v := range body.vars {
		c.fields[name] = &v
	}
	v := value{class: []*class{c}}
	f.decorate(st, v, s)
	f.set(st.Name, v, s)
}

// special says that the interpreter may call any special method of the class, and
// any that looks up its attributes: operators, with, for, str and the like name
// none of them (Python Language Reference 3.3).
func (c *class) special(s *scope) {
	for name, m := range c.methods {
		if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") || name == "_missing_" || name == "_generate_next_value_" || name == "mro" {
			s.calls[m] = true
		}
	}
}

func (c *class) inherit(base *class) {
	if base == c {
		return
	}
	c.bases = append(c.bases, base.bases...)
	for name, m := range base.methods {
		if c.methods[name] == nil {
			c.methods[name] = m
		}
	}
}

// set binds a name. On a straight line the last binding counts; elsewhere each may.
func (f *flow) set(name string, v value, s *scope) {
	home := s
	if s.global[name] {
		home = f.module
	}
	if old, ok := home.vars[name]; ok && (f.branch > 0 || home != s) {
		v = join(old, v)
	}
	home.vars[name] = v
	if name == "__name__" {
		f.renamed = true
	}
}

// assign binds a target.
func (f *flow) assign(t *pysource.Expr, v value, s *scope) {
	switch t.Kind {
	case pysource.Name:
		f.set(t.Text, v, s)
	case pysource.Tuple, pysource.List:
		for i, x := range t.Args {
			part := v.each()
			if v.list && i < len(v.items) && len(v.items) == len(t.Args) {
				part = v.items[i]
			}
			f.assign(x, part, s)
		}
	case pysource.Star:
		f.assign(t.Args[0], v, s)
	case pysource.Attribute:
		for _, c := range f.eval(t.Args[0], s).class {
			field := v
			if old := c.fields[t.Text]; old != nil {
				field = join(*old, v)
			}
			c.fields[t.Text] = &field
		}
	case pysource.Subscript:
		f.evalAll(t.Args[:1], s)
		if key := f.eval(t.Args[1], s); slices.Contains(key.texts, "__name__") {
			f.renamed = true
		}
		if base := t.Args[0]; base.Kind == pysource.Name {
			if old, ok := f.find(base.Text, s); ok && len(old.items) < 64 {
				old.items, old.list = append(slices.Clone(old.items), v), false
				f.branch++
				f.set(base.Text, old, s)
				f.branch--
			}
		}
	}
}

// each is what a loop over the value gives: its items, or characters.
func (v value) each() value {
	out := v.element()
	for _, t := range v.texts {
		if len(t) > 0 && len(t) < 64 {
			out.texts = union(out.texts, []string{t[:1]})
		}
	}
	return out
}

func (f *flow) find(name string, s *scope) (value, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return value{}, false
}
