package pysource

import "slices"

// compound reads a statement with blocks, or returns nil.
func (p *parser) compound() *Stmt {
	t := p.tok()
	if t.kind == tokIndent || t.kind == tokDedent {
		p.pos++ // of a line that could not be read
		return &Stmt{Kind: Simple, Off: int(t.off)}
	}
	if t.kind == tokOp && p.text(t) == "@" || t.kind == tokName {
		switch p.text(t) {
		case "@", "def", "class", "async":
			return p.definition()
		case "if", "while", "try", "with":
			return p.block(&Stmt{Kind: Block, Off: int(t.off), Name: p.text(t)})
		case "for":
			return p.loop()
		case "match":
			if p.isMatch() {
				return p.match()
			}
		}
	}
	return nil
}

func (p *parser) definition() *Stmt {
	s := &Stmt{Off: int(p.tok().off)}
	for p.accept("@") {
		s.Decorators = append(s.Decorators, p.namedExpr())
		p.newline()
	}
	if p.accept("async") && p.is("for", "with") {
		return p.compound()
	}
	s.Off = int(p.tok().off)
	switch {
	case p.accept("def"):
		s.Kind, s.Name = Function, p.name()
		p.typeParameters()
		p.expect("(")
		var annotations []*Expr
		s.Params, annotations = p.params(")", true)
		s.Exprs = annotations
		if p.accept("->") {
			s.Exprs = append(s.Exprs, p.expressions())
		}
	case p.accept("class"):
		s.Kind, s.Name = Class, p.name()
		p.typeParameters()
		if p.accept("(") {
			s.Exprs = p.arguments()
		}
	default:
		panic(errSyntax)
	}
	s.Body = p.suite()
	return s
}

func (p *parser) newline() {
	if p.tok().kind != tokNewline {
		panic(errSyntax)
	}
	p.pos++
}

// typeParameters steps over [T: bound = default] (PEP 695, PEP 696).
func (p *parser) typeParameters() {
	if !p.is("[") {
		return
	}
	for depth := 0; p.tok().kind != tokEnd; {
		switch {
		case p.is("["):
			depth++
		case p.is("]"):
			depth--
		}
		if p.pos++; depth == 0 {
			return
		}
	}
}

// params reads parameters up to the closing word. Those of Python 2 may be tuples.
func (p *parser) params(end string, annotated bool) (list []Param, annotations []*Expr) {
	for !p.accept(end) {
		for p.is("*", "**", "/") {
			p.pos++
		}
		var one Param
		switch {
		case p.is("("):
			p.primary()
		case p.tok().kind == tokName:
			one.Name = p.name()
		}
		if annotated && p.accept(":") {
			p.accept("*")
			annotations = append(annotations, p.expr())
		}
		if p.accept("=") {
			one.Default = p.expr()
		}
		if one.Name != "" {
			list = append(list, one)
		}
		if !p.accept(",") && !p.is(end) {
			panic(errSyntax)
		}
	}
	return list, annotations
}

// suite reads ":" and the block behind it.
func (p *parser) suite() (body []*Stmt) {
	p.expect(":")
	if p.tok().kind != tokNewline {
		return p.statement(nil)
	}
	p.pos++
	if p.tok().kind != tokIndent {
		panic(errSyntax)
	}
	p.pos++
	p.enter()
	defer p.leave()
	for p.tok().kind != tokDedent && p.tok().kind != tokEnd && p.nodes <= maxNodes {
		body = p.statement(body)
	}
	if p.tok().kind == tokDedent {
		p.pos++
	}
	return body
}

// continuations are the words that go on with a block.
var continuations = map[string][]string{
	"if": {"elif", "else"}, "while": {"else"}, "for": {"else"}, "try": {"except", "else", "finally"},
}

// block reads if, while, try, with and what goes on with them.
func (p *parser) block(s *Stmt) *Stmt {
	p.pos++
	p.header(s, s.Name)
	s.Blocks = append(s.Blocks, p.suite())
	p.rest(s)
	return s
}

func (p *parser) rest(s *Stmt) {
	for p.tok().kind == tokName && slices.Contains(continuations[s.Name], p.text(p.tok())) {
		word := p.text(p.tok())
		p.pos++
		p.header(s, word)
		s.Blocks = append(s.Blocks, p.suite())
	}
}

// header reads what stands between a word and the colon.
func (p *parser) header(s *Stmt, word string) {
	switch word {
	case "if", "elif", "while":
		s.Exprs = append(s.Exprs, p.namedExpr())
	case "except":
		p.accept("*")
		if p.is(":") {
			return
		}
		s.Exprs = append(s.Exprs, p.expressions())
		if p.accept("as") {
			p.name()
		}
	case "with":
		p.withItems(s)
	}
}

// withItems binds each "as" target to its expression. The brackets of PEP 617 may
// also be those of a tuple.
func (p *parser) withItems(s *Stmt) {
	if p.is("(") && p.closesBeforeColon() {
		p.pos++
		for !p.accept(")") {
			p.withItem(s)
			if !p.accept(",") && !p.is(")") {
				panic(errSyntax)
			}
		}
		return
	}
	for {
		p.withItem(s)
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) withItem(s *Stmt) {
	e := p.expr()
	s.Exprs = append(s.Exprs, e)
	if p.accept("as") {
		s.Targets = append(s.Targets, p.node(Assign, e.Off, p.starExpr(), e))
	}
}

// closesBeforeColon reports that the bracket here closes right before the colon.
func (p *parser) closesBeforeColon() bool {
	depth := 0
	for i := p.pos; i < len(p.tokens) && p.tokens[i].kind != tokNewline; i++ {
		if p.tokens[i].kind != tokOp {
			continue
		}
		switch p.text(p.tokens[i]) {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth == 0 {
				return p.text(p.tokens[min(i+1, len(p.tokens)-1)]) == ":"
			}
		}
	}
	return false
}

func (p *parser) loop() *Stmt {
	s := &Stmt{Kind: Loop, Off: int(p.tok().off), Name: "for"}
	p.pos++
	s.Targets = []*Expr{p.targetList()}
	p.expect("in")
	s.Exprs = []*Expr{p.expressions()}
	s.Blocks = append(s.Blocks, p.suite())
	p.rest(s)
	return s
}

// isMatch tells the statement from a use of the name: a block with case follows.
func (p *parser) isMatch() bool {
	for i := p.pos + 1; i+3 < len(p.tokens); i++ {
		if p.tokens[i].kind != tokNewline {
			continue
		}
		next := p.tokens[i+2]
		return i > p.pos+1 && p.text(p.tokens[i-1]) == ":" && p.tokens[i+1].kind == tokIndent && next.kind == tokName && p.text(next) == "case"
	}
	return false
}

func (p *parser) match() *Stmt {
	s := &Stmt{Kind: Block, Off: int(p.tok().off), Name: "match"}
	p.pos++
	s.Exprs = append(s.Exprs, p.expressions())
	p.expect(":")
	p.newline()
	if p.tok().kind != tokIndent {
		panic(errSyntax)
	}
	p.pos++
	for p.accept("case") {
		p.pattern = true
		s.Exprs = append(s.Exprs, p.expressions())
		if p.accept("as") {
			p.name()
		}
		p.pattern = false
		if p.accept("if") {
			s.Exprs = append(s.Exprs, p.namedExpr())
		}
		s.Blocks = append(s.Blocks, p.suite())
	}
	if p.tok().kind == tokDedent {
		p.pos++
	}
	return s
}
