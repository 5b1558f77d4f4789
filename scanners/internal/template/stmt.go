package template

import "strings"

func (p *parser) ifStmt(at At) (Stmt, error) {
	s := &If{At: at}
	for end := "if"; end != "endif"; {
		var b Branch
		var err error
		if end != "else" {
			if b.Cond, err = p.tuple(); err != nil {
				return s, err
			}
		}
		if err := p.done(); err != nil {
			return s, err
		}
		ends := []string{"elif", "else", "endif"}
		if end == "else" {
			ends = ends[2:]
		}
		b.Body, end, err = p.until(ends...)
		s.Branches = append(s.Branches, b)
		if err != nil {
			return s, err
		}
	}
	return s, p.done()
}

func (p *parser) forStmt(at At) (Stmt, error) {
	s := &For{At: at}
	var err error
	if s.Target, err = p.target(); err != nil {
		return nil, err
	}
	if !p.skipWord("in") {
		return nil, p.fail("a loop without its \"in\"")
	}
	if s.Iter, err = p.list(p.orExpr, "if", "recursive"); err != nil {
		return nil, err
	}
	if p.skipWord("if") {
		if s.Cond, err = p.expr(); err != nil {
			return nil, err
		}
	}
	p.skipWord("recursive")
	if err := p.done(); err != nil {
		return nil, err
	}
	var end string
	if s.Body, end, err = p.until("else", "endfor"); err != nil {
		return s, err
	}
	if err := p.done(); err != nil {
		return s, err
	}
	if end == "else" {
		s.Else, err = p.last("endfor")
	}
	return s, err
}

// target reads what is assigned to: names, attributes of a namespace, or several.
func (p *parser) target() (Expr, error) { return p.list(p.postfixed, "in") }

func (p *parser) setStmt(at At) (Stmt, error) {
	s := &Set{At: at}
	var err error
	if s.Target, err = p.list(p.postfixed); err != nil {
		return nil, err
	}
	if p.skip("=") {
		if s.Value, err = p.tuple(); err != nil {
			return nil, err
		}
		return s, p.done()
	}
	if p.is("|") {
		if s.Filter, err = p.filters(nil); err != nil {
			return nil, err
		}
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	s.Body, err = p.last("endset")
	return s, err
}

func (p *parser) macroStmt(at At, name string) (Stmt, error) {
	m := &Macro{At: at}
	if name == "macro" {
		if p.toks[0].kind != word {
			return nil, p.fail("a macro without a name")
		}
		m.Name, p.toks = p.toks[0].text, p.toks[1:]
	}
	var err error
	if name == "macro" || p.is("(") {
		if !p.skip("(") {
			return nil, p.fail("a macro without parameters")
		}
		if m.Params, err = p.arguments(); err != nil {
			return nil, err
		}
	}
	if name == "call" {
		if m.Call, err = p.expr(); err != nil {
			return nil, err
		}
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	m.Body, err = p.last("end" + name)
	return m, err
}

func (p *parser) scope(at At, name string) (Stmt, error) {
	s := &Scope{At: at, Word: name}
	var err error
	switch name {
	case "with":
		err = p.assignments(s)
	case "filter":
		s.X, err = p.filterBlock()
	case "autoescape":
		s.X, err = p.expr()
	case "block":
		if p.toks[0].kind != word {
			return nil, p.fail("a block without a name")
		}
		for p.toks[0].kind == word { // the name, "scoped", "required"
			p.toks = p.toks[1:]
		}
	}
	if err != nil {
		return nil, err
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	s.Body, err = p.last("end" + name)
	return s, err
}

func (p *parser) assignments(s *Scope) error {
	for p.toks[0].kind == word {
		name := p.toks[0].text
		p.toks = p.toks[1:]
		if !p.skip("=") {
			return p.fail("an assignment without its sign")
		}
		x, err := p.expr()
		if err != nil {
			return err
		}
		s.Args = append(s.Args, Arg{name, x})
		if !p.skip(",") {
			return nil
		}
	}
	return nil
}

// load reads include, import, from and extends. The names after the source are
// only read past: whatever they are, the template is refused or reported.
func (p *parser) load(at At, name string) (Stmt, error) {
	x, err := p.tuple()
	if err != nil {
		return nil, err
	}
	for p.toks[0].kind == word || p.is(",") {
		p.toks = p.toks[1:]
	}
	return &Load{at, name, x}, p.done()
}

// is reports whether the next token is the operator.
func (p *parser) is(op string) bool { return p.toks[0].kind == operator && p.toks[0].text == op }

func (p *parser) skip(op string) bool {
	if !p.is(op) {
		return false
	}
	p.toks = p.toks[1:]
	return true
}

func (p *parser) isWord(w string) bool { return p.toks[0].kind == word && p.toks[0].text == w }

func (p *parser) skipWord(w string) bool {
	if !p.isWord(w) {
		return false
	}
	p.toks = p.toks[1:]
	return true
}

// operatorIn returns the next token if it is an operator of the list, which is
// separated by blanks, and consumes it.
func (p *parser) operatorIn(list string) (string, bool) {
	t := p.toks[0]
	for op := range strings.FieldsSeq(list) {
		if t.kind == operator && t.text == op {
			p.toks = p.toks[1:]
			return op, true
		}
	}
	return "", false
}
