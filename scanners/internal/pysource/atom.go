package pysource

// atom is a name, a constant or something in brackets.
func (p *parser) atom() *Expr {
	t := p.tok()
	off := int(t.off)
	switch t.kind {
	case tokName:
		return p.nameOrConstant(t)
	case tokNumber:
		p.pos++
		e := p.node(Number, off)
		e.Text = p.text(t)
		return e
	case tokString:
		return p.strings()
	case tokOp:
		switch {
		case p.accept("("):
			return p.parentheses(off)
		case p.accept("["):
			return p.display(off, "]", List)
		case p.accept("{"):
			return p.braces(off)
		case p.accept("..."):
			return p.node(Unknown, off)
		case p.accept("`"): // repr in Python 2
			e := p.node(Unknown, off, p.expressions())
			p.expect("`")
			return e
		}
	}
	panic(errSyntax)
}

func (p *parser) nameOrConstant(t token) *Expr {
	switch p.text(t) {
	case "None", "True", "False":
		p.pos++
		e := p.node(Number, int(t.off))
		e.Text = p.text(t)
		return e
	}
	if p.isKeyword(t) {
		panic(errSyntax)
	}
	e := p.node(Name, int(t.off))
	e.Text = p.name()
	return e
}

// strings joins literals that stand next to each other.
func (p *parser) strings() *Expr {
	e := &Expr{Kind: Text, Off: int(p.tok().off)}
	var parts []*Expr
	format := false
	for p.tok().kind == tokString {
		lit := p.literals[p.tok().lit]
		off := int(p.tok().off)
		p.pos++
		e.Bytes = e.Bytes || lit.bytes
		if lit.parts == nil {
			parts = append(parts, &Expr{Kind: Text, Off: off, Text: lit.text, Bytes: lit.bytes})
			continue
		}
		format = true
		for _, x := range lit.parts {
			switch {
			case x.end == 0:
				parts = append(parts, &Expr{Kind: Text, Off: off, Text: x.text})
			case x.spec, x.altered:
				parts = append(parts, p.node(Unknown, off, p.field(x)))
			default:
				parts = append(parts, p.field(x))
			}
		}
	}
	switch {
	case format:
		e.Kind, e.Args = Format, parts
	case len(parts) == 1:
		e.Text = parts[0].Text
	default:
		var all []byte
		for _, x := range parts {
			all = append(all, x.Text...)
		}
		e.Text = string(all)
	}
	p.count(e)
	return e
}

func (p *parser) parentheses(off int) *Expr {
	p.enter()
	defer p.leave()
	e := &Expr{Kind: Tuple, Off: off}
	comma := false
	for !p.accept(")") {
		item := p.starExpr()
		if p.is("for", "async") {
			item = p.comprehension(item)
		}
		p.as()
		e.Args = append(e.Args, item)
		if !p.is(")") {
			p.expect(",")
			comma = true
		}
	}
	if len(e.Args) == 1 && !comma && e.Args[0].Kind != Star {
		return e.Args[0]
	}
	p.count(e)
	return e
}

// display reads a list or a set up to its end.
func (p *parser) display(off int, end string, kind ExprKind) *Expr {
	p.enter()
	defer p.leave()
	e := &Expr{Kind: kind, Off: off}
	for !p.accept(end) {
		item := p.starExpr()
		if p.is("for", "async") {
			item = p.comprehension(item)
			p.expect(end)
			return item
		}
		p.as()
		e.Args = append(e.Args, item)
		if !p.is(end) {
			p.expect(",")
		}
	}
	p.count(e)
	return e
}

// braces reads a dictionary or a set.
func (p *parser) braces(off int) *Expr {
	p.enter()
	defer p.leave()
	e := &Expr{Kind: Dict, Off: off}
	for !p.accept("}") {
		if p.accept("**") {
			e.Args = append(e.Args, nil, p.binary(0))
		} else {
			key := p.starExpr()
			if !p.accept(":") {
				return p.set(off, key)
			}
			value := p.expr()
			if p.is("for", "async") {
				e := p.comprehension(p.node(Pair, key.Off, key, value))
				p.expect("}")
				return e
			}
			p.as()
			e.Args = append(e.Args, key, value)
		}
		if !p.is("}") {
			p.expect(",")
		}
	}
	p.count(e)
	return e
}

// set goes on behind the first element of a set.
func (p *parser) set(off int, first *Expr) *Expr {
	if p.is("for", "async") {
		e := p.comprehension(first)
		p.expect("}")
		return e
	}
	if p.accept("}") {
		return p.node(Set, off, first)
	}
	p.expect(",")
	e := p.display(off, "}", Set)
	if e.Kind == Set {
		e.Args = append([]*Expr{first}, e.Args...)
	}
	return e
}
