package pysource

import "slices"

// simple reads a statement without a block.
func (p *parser) simple() []*Stmt {
	t := p.tok()
	s := &Stmt{Kind: Simple, Off: int(t.off)}
	if t.kind != tokName {
		return []*Stmt{p.assignment(s)}
	}
	switch p.text(t) {
	case "pass", "break", "continue":
		p.pos++
	case "return":
		p.pos++
		s.Kind = Return
		p.optional(s)
	case "raise", "del", "assert":
		p.pos++
		p.optional(s)
		if p.accept("from") {
			p.optional(s)
		}
	case "global", "nonlocal":
		p.pos++
		s.Kind = Global
		for {
			s.Names = append(s.Names, p.name())
			if !p.accept(",") {
				break
			}
		}
	case "import":
		p.imports(s)
	case "from":
		p.importsFrom(s)
	case "print", "exec":
		if p.startsOperand(p.peek(1)) {
			return []*Stmt{p.python2(s)}
		}
		return []*Stmt{p.assignment(s)}
	case "type":
		if p.peek(1).kind == tokName && !p.isKeyword(p.peek(1)) {
			p.pos += 2
			p.typeParameters()
			p.expect("=")
			s.Exprs = append(s.Exprs, p.expressions())
			break
		}
		return []*Stmt{p.assignment(s)}
	default:
		return []*Stmt{p.assignment(s)}
	}
	return []*Stmt{s}
}

func (p *parser) optional(s *Stmt) {
	if p.tok().kind != tokNewline && !p.is(";", "from") {
		s.Exprs = append(s.Exprs, p.expressions())
	}
}

// startsOperand reports what can follow the statements of Python 2 but no name.
func (p *parser) startsOperand(t token) bool {
	switch t.kind {
	case tokString, tokNumber:
		return true
	case tokName:
		return !p.isKeyword(t) || slices.Contains([]string{"not", "lambda", "None", "True", "False"}, p.text(t))
	case tokOp:
		return p.text(t) == "`" || p.text(t) == ">>"
	}
	return false
}

// python2 reads print and exec as the calls that they are now.
func (p *parser) python2(s *Stmt) *Stmt {
	call := p.node(Call, s.Off, &Expr{Kind: Name, Off: s.Off, Text: p.name()})
	p.accept(">>")
	if e := p.expressions(); e.Kind == Tuple || e.Kind == Compare { // exec code in names
		call.Args = append(call.Args, e.Args...)
	} else {
		call.Args = append(call.Args, e)
	}
	if p.accept("in") {
		call.Args = append(call.Args, p.expressions())
	}
	p.count(call)
	s.Exprs = []*Expr{call}
	return s
}

func (p *parser) dotted() string {
	name := p.name()
	for p.accept(".") {
		name += "." + p.name()
		if len(name) > 1<<10 {
			panic(errBounds)
		}
	}
	return name
}

func (p *parser) imports(s *Stmt) {
	p.pos++
	s.Kind = Import
	for {
		one := ImportedName{Module: p.dotted()}
		if p.accept("as") {
			one.As = p.name()
		}
		s.Imports = append(s.Imports, one)
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) importsFrom(s *Stmt) {
	p.pos++
	s.Kind = Import
	module := ""
	for p.is(".", "...") {
		module += p.text(p.tok())
		p.pos++
	}
	if !p.is("import") {
		module += p.dotted()
	}
	p.expect("import")
	open := p.accept("(")
	for {
		one := ImportedName{Module: module}
		if p.accept("*") {
			one.Name, one.As = "*", "*"
		} else {
			one.Name = p.name()
			one.As = one.Name
		}
		if p.accept("as") {
			one.As = p.name()
		}
		s.Imports = append(s.Imports, one)
		if !p.accept(",") || open && p.is(")") {
			break
		}
	}
	if open {
		p.expect(")")
	}
}

var augmented = []string{"+=", "-=", "*=", "/=", "//=", "%=", "@=", "&=", "|=", "^=", ">>=", "<<=", "**="}

// assignment reads an expression, and the targets before "=".
func (p *parser) assignment(s *Stmt) *Stmt {
	e := p.expressions()
	if p.accept(":") { // an annotation
		s.Exprs = append(s.Exprs, p.expr())
		if !p.accept("=") {
			return s
		}
		s.Kind, s.Targets = Bind, []*Expr{e}
		s.Exprs = append([]*Expr{p.expressions()}, s.Exprs...)
		return s
	}
	if p.tok().kind == tokOp && slices.Contains(augmented, p.text(p.tok())) {
		s.Kind, s.Targets, s.Op = Bind, []*Expr{e}, p.text(p.tok())
		p.pos++
		s.Exprs = []*Expr{p.expressions()}
		return s
	}
	for p.accept("=") {
		s.Kind, s.Targets = Bind, append(s.Targets, e)
		e = p.expressions()
	}
	s.Exprs = []*Expr{e}
	return s
}
