package pysource

import "slices"

// keywords cannot be names.
var keywords = []string{
	"False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
	"finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
	"while", "with", "yield",
}

func (p *parser) isKeyword(t token) bool { return slices.Contains(keywords, p.text(t)) }

// expressions reads a list of expressions; with a comma it is a tuple.
func (p *parser) expressions() *Expr {
	first := p.starExpr()
	if !p.is(",") {
		return first
	}
	e := &Expr{Kind: Tuple, Off: first.Off, Args: []*Expr{first}}
	for p.accept(",") {
		if !p.startsExpr() {
			break
		}
		e.Args = append(e.Args, p.starExpr())
	}
	p.count(e)
	return e
}

// startsExpr reports that another element follows a comma.
func (p *parser) startsExpr() bool {
	t := p.tok()
	switch t.kind {
	case tokName:
		return !p.isKeyword(t) || slices.Contains([]string{"None", "True", "False", "not", "lambda", "await", "yield"}, p.text(t))
	case tokNumber, tokString:
		return true
	case tokOp:
		return slices.Contains([]string{"(", "[", "{", "-", "+", "~", "*", "**", "...", "`"}, p.text(t))
	}
	return false
}

func (p *parser) starExpr() *Expr {
	off := int(p.tok().off)
	if p.accept("*") || p.accept("**") {
		return p.node(Star, off, p.expr())
	}
	return p.namedExpr()
}

func (p *parser) namedExpr() *Expr {
	e := p.expr()
	if p.accept(":=") {
		return p.node(Assign, e.Off, e, p.expr())
	}
	return e
}

// expr is a conditional expression, lambda or yield.
func (p *parser) expr() *Expr {
	p.enter()
	defer p.leave()
	off := int(p.tok().off)
	switch {
	case p.accept("lambda"):
		params, _ := p.params(":", false)
		e := p.node(Lambda, off, p.expr())
		e.Params = params
		return e
	case p.accept("yield"):
		p.accept("from")
		if !p.startsExpr() {
			return p.node(Await, off)
		}
		return p.node(Await, off, p.expressions())
	}
	e := p.boolean()
	if !p.is("if") || p.pattern {
		return e
	}
	p.pos++
	condition := p.boolean()
	p.expect("else")
	return p.node(IfElse, off, e, condition, p.expr())
}

// boolean reads operands of and and or; which of them binds closer does not
// matter here.
func (p *parser) boolean() *Expr {
	first := p.not()
	if !p.is("and", "or") {
		return first
	}
	e := &Expr{Kind: Boolean, Off: first.Off, Args: []*Expr{first}}
	for p.accept("and") || p.accept("or") {
		e.Args = append(e.Args, p.not())
	}
	p.count(e)
	return e
}

func (p *parser) not() *Expr {
	off := int(p.tok().off)
	if p.accept("not") {
		p.enter()
		defer p.leave()
		e := p.node(Unary, off, p.not())
		e.Text = "not"
		return e
	}
	return p.comparison()
}

func (p *parser) comparison() *Expr {
	first := p.binary(0)
	var e *Expr
	for {
		op := p.text(p.tok())
		switch {
		case p.accept("not"):
			p.expect("in")
		case p.accept("is"):
			p.accept("not")
		case p.is("<", ">", "==", ">=", "<=", "!=", "<>", "in"):
			p.pos++
		default:
			if e == nil {
				return first
			}
			p.count(e)
			return e
		}
		if e == nil {
			e = &Expr{Kind: Compare, Off: first.Off, Args: []*Expr{first}}
		}
		e.Ops = append(e.Ops, op)
		e.Args = append(e.Args, p.binary(0))
	}
}

// levels of binary operators, the loosest first.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"}}

func (p *parser) binary(level int) *Expr {
	if level == len(levels) {
		return p.unary()
	}
	first := p.binary(level + 1)
	if p.tok().kind != tokOp || !p.is(levels[level]...) {
		return first
	}
	e := &Expr{Kind: Binary, Off: first.Off, Args: []*Expr{first}}
	for p.tok().kind == tokOp && p.is(levels[level]...) {
		e.Ops = append(e.Ops, p.text(p.tok()))
		p.pos++
		e.Args = append(e.Args, p.binary(level+1))
	}
	p.count(e)
	return e
}

func (p *parser) unary() *Expr {
	t := p.tok()
	if t.kind == tokOp && p.is("-", "+", "~") {
		p.pos++
		p.enter()
		defer p.leave()
		e := p.node(Unary, int(t.off), p.unary())
		e.Text = p.text(t)
		return e
	}
	if t.kind == tokName && p.accept("await") {
		p.enter()
		defer p.leave()
		return p.node(Await, int(t.off), p.unary())
	}
	base := p.primary()
	if p.accept("**") {
		p.enter()
		defer p.leave()
		e := p.node(Binary, base.Off, base, p.unary())
		e.Ops = []string{"**"}
		return e
	}
	return base
}

// primary is an atom with what is attached to it.
func (p *parser) primary() *Expr {
	e := p.atom()
	for {
		switch {
		case p.tok().kind != tokOp:
			return e
		case p.accept("."):
			name := p.name()
			e = p.node(Attribute, e.Off, e)
			e.Text = name
		case p.accept("("):
			e = p.node(Call, e.Off, append([]*Expr{e}, p.arguments()...)...)
		case p.accept("["):
			e = p.node(Subscript, e.Off, e, p.index())
		default:
			return e
		}
	}
}

// arguments reads up to the closing bracket.
func (p *parser) arguments() (list []*Expr) {
	p.enter()
	defer p.leave()
	for !p.accept(")") {
		off := int(p.tok().off)
		switch {
		case p.accept("**"):
			list = append(list, p.node(Keyword, off, p.expr()))
		case p.tok().kind == tokName && p.peek(1).kind == tokOp && p.text(p.peek(1)) == "=":
			name := p.name()
			p.pos++
			e := p.node(Keyword, off, p.expr())
			e.Text = name
			list = append(list, e)
		default:
			e := p.starExpr()
			if p.is("for", "async") {
				e = p.comprehension(e)
			}
			list = append(list, e)
		}
		p.as()
		if !p.accept(",") && !p.is(")") {
			panic(errSyntax)
		}
	}
	return list
}

// as steps over the name that a pattern binds.
func (p *parser) as() {
	if p.pattern && p.accept("as") {
		p.name()
	}
}

func (p *parser) index() *Expr {
	p.enter()
	defer p.leave()
	e := &Expr{Kind: Tuple, Off: int(p.tok().off)}
	comma := false
	for !p.accept("]") {
		e.Args = append(e.Args, p.indexItem())
		if !p.accept(",") && !p.is("]") {
			panic(errSyntax)
		}
		comma = comma || p.text(p.peek(-1)) == ","
	}
	if len(e.Args) == 1 && !comma {
		return e.Args[0]
	}
	p.count(e)
	return e
}

func (p *parser) indexItem() *Expr {
	off := int(p.tok().off)
	var parts [3]*Expr
	if !p.is(":") {
		parts[0] = p.starExpr()
		if !p.is(":") {
			return parts[0]
		}
	}
	for i := 1; i < 3 && p.accept(":"); i++ {
		if !p.is(":", "]", ",") {
			parts[i] = p.expr()
		}
	}
	return p.node(Slice, off, parts[:]...)
}

// comprehension reads the clauses behind an element.
func (p *parser) comprehension(element *Expr) *Expr {
	e := &Expr{Kind: Comprehension, Off: element.Off, Args: []*Expr{element}}
	for p.is("for", "async") {
		p.accept("async")
		off := int(p.tok().off)
		p.expect("for")
		target := p.targetList()
		p.expect("in")
		clause := &Expr{Kind: For, Off: off, Args: []*Expr{target, p.boolean()}}
		for p.accept("if") {
			clause.Args = append(clause.Args, p.condition())
		}
		p.count(clause)
		e.Args = append(e.Args, clause)
	}
	p.count(e)
	return e
}

// condition of a comprehension: no conditional expression, so that "if a if b"
// are two.
func (p *parser) condition() *Expr {
	if p.is("lambda") {
		return p.expr()
	}
	e := p.boolean()
	if p.accept(":=") {
		return p.node(Assign, e.Off, e, p.boolean())
	}
	return e
}

// targetList reads what stands before "in".
func (p *parser) targetList() *Expr {
	target := func() *Expr {
		off := int(p.tok().off)
		if p.accept("*") {
			return p.node(Star, off, p.primary())
		}
		return p.primary()
	}
	first := target()
	if !p.is(",") {
		return first
	}
	e := &Expr{Kind: Tuple, Off: first.Off, Args: []*Expr{first}}
	for p.accept(",") && !p.is("in") {
		e.Args = append(e.Args, target())
	}
	p.count(e)
	return e
}
