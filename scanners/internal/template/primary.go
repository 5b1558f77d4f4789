package template

import "strings"

// constants are the words that stand for values.
var constants = map[string]Value{
	"true": Bool(true), "True": Bool(true), "false": Bool(false), "False": Bool(false),
	"none": {Kind: NoneValue}, "None": {Kind: NoneValue},
}

// primary reads a name, a literal, or something in brackets.
func (p *parser) primary() (Expr, error) {
	t := p.toks[0]
	at := At(t.at)
	if t.kind == endOfTag {
		return nil, p.fail("an expression is missing")
	}
	p.toks = p.toks[1:]
	switch t.kind {
	case word:
		if v, ok := constants[t.text]; ok {
			return &Const{at, v}, nil
		}
		return &Name{at, t.text}, nil
	case text:
		return p.strings(t), nil
	case number:
		return &Const{at, t.value}, nil
	}
	switch t.text {
	case "(":
		return p.parenthesis(at)
	case "[":
		items, err := p.items("]")
		return &List{at, items}, err
	case "{":
		return p.dict(at)
	}
	return nil, &Error{Offset: t.at, What: "an expression is missing"}
}

// strings joins strings that follow one another, as the language does.
func (p *parser) strings(first token) Expr {
	if p.toks[0].kind != text {
		return &Const{At(first.at), String(first.text)}
	}
	var b strings.Builder
	b.WriteString(first.text)
	for p.toks[0].kind == text {
		b.WriteString(p.toks[0].text)
		p.toks = p.toks[1:]
	}
	return &Const{At(first.at), String(b.String())}
}

func (p *parser) parenthesis(at At) (Expr, error) {
	if p.skip(")") {
		return &List{at, nil}, nil
	}
	x, err := p.tuple()
	if err == nil && !p.skip(")") {
		err = p.fail("%.40q where a parenthesis should close", p.toks[0].text)
	}
	return x, err
}

// items reads expressions up to the closing sign.
func (p *parser) items(end string) ([]Expr, error) {
	var out []Expr
	for !p.skip(end) {
		x, err := p.expr()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
		if !p.skip(",") && !p.is(end) {
			return nil, p.fail("%.40q between items", p.toks[0].text)
		}
	}
	return out, nil
}

func (p *parser) dict(at At) (Expr, error) {
	d := &Dict{At: at}
	for !p.skip("}") {
		key, err := p.expr()
		if err != nil {
			return nil, err
		}
		if !p.skip(":") {
			return nil, p.fail("a key without its colon")
		}
		value, err := p.expr()
		if err != nil {
			return nil, err
		}
		d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
		if !p.skip(",") && !p.is("}") {
			return nil, p.fail("%.40q between entries", p.toks[0].text)
		}
	}
	return d, nil
}
