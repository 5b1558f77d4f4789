package torchscript

var binary = wordSet("+ - * / // % ** @ & | ^ << >> < > <= >= == != and or in is")

// expression reads operands between operators; which binds first does not matter
// here.
func (p *parser) expression() {
	p.deeper()
	defer func() { p.depth-- }()
	p.operand()
	for p.err == nil {
		switch {
		case p.tok.word("not") && p.ahead.word("in"):
			p.advance()
			p.advance()
			p.operand()
		case (p.tok.kind == tokOp || p.tok.kind == tokName) && binary[p.tok.text]:
			p.advance()
			p.operand()
		case p.tok.word("if"):
			p.advance()
			p.expression()
			if !p.acceptWord("else") {
				p.fail()
			}
			p.expression()
		default:
			return
		}
	}
}

func (p *parser) operand() {
	for p.tok.is("-") || p.tok.is("+") || p.tok.is("~") || p.tok.is("*") || p.tok.word("not") {
		p.advance()
	}
	if p.tok.is("^") { // how a call of a Python function is printed
		p.c.pythonOp(p.tok.at)
		p.advance()
	}
	p.primary()
	for p.err == nil {
		switch {
		case p.tok.is("."):
			p.advance()
			at := p.tok.at
			if name := p.name(); name != "" {
				p.c.attribute(name, at)
			}
		case p.tok.is("("):
			p.arguments()
		case p.tok.is("["):
			p.list("]")
		default:
			return
		}
	}
}

func (p *parser) primary() {
	switch {
	case p.tok.kind == tokName:
		p.reference()
	case p.tok.kind == tokNumber, p.tok.is("..."):
		p.advance()
	case p.tok.kind == tokString:
		for p.tok.kind == tokString {
			p.advance()
		}
	case p.tok.is("("):
		p.list(")")
	case p.tok.is("["):
		p.list("]")
	case p.tok.is("{"):
		p.list("}")
	default:
		p.fail()
	}
}

// reference reads a dotted name.
func (p *parser) reference() {
	at := p.tok.at
	parts := []string{p.name()}
	for p.tok.is(".") && len(parts) < maxDepth {
		p.advance()
		parts = append(parts, p.name())
	}
	if p.err == nil {
		p.c.reference(parts, at)
	}
	if len(parts) == 1 && parts[0] == "getattr" && p.tok.is("(") {
		p.arguments(p.c.attribute)
	}
}

// arguments reads the arguments of a call. Strings are given to onString.
func (p *parser) arguments(onString ...func(string, int)) {
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		if p.tok.kind == tokName && p.ahead.is("=") {
			p.advance()
			p.advance()
		}
		if p.tok.kind == tokString {
			for _, f := range onString {
				f(p.tok.text, p.tok.at)
			}
		}
		p.expression()
		if !p.tok.is(")") {
			p.expect(",")
		}
	}
}

// list reads the inside of brackets: elements, key and value, or slices.
func (p *parser) list(end string) {
	p.advance()
	for p.err == nil && !p.accept(end) {
		if p.accept(",") || p.accept(":") {
			continue
		}
		p.expression()
		if !p.tok.is(end) && !p.tok.is(",") && !p.tok.is(":") {
			p.fail()
		}
	}
}
