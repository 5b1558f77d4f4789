package template

import (
	"fmt"
	"slices"
	"strings"
)

// tuple reads an expression, or several with commas between them.
func (p *parser) tuple() (Expr, error) { return p.list(p.expr) }

// list reads one item, or a tuple of several. It ends at an operator that cannot
// continue it, and at the given words.
func (p *parser) list(item func() (Expr, error), stop ...string) (Expr, error) {
	at := At(p.toks[0].at)
	var items []Expr
	for {
		t := p.toks[0]
		if t.kind == endOfTag || t.kind == operator && strings.Contains(")]}=|:", t.text) || t.kind == word && slices.Contains(stop, t.text) {
			break
		}
		x, err := item()
		if err != nil {
			return nil, err
		}
		items = append(items, x)
		if !p.skip(",") {
			if len(items) == 1 {
				return x, nil
			}
			break
		}
	}
	if len(items) == 0 {
		return nil, p.fail("an expression is missing")
	}
	return &List{at, items}, p.count()
}

// expr reads a full expression: x if cond else y.
func (p *parser) expr() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.orExpr()
	for links := 0; err == nil && p.isWord("if"); links++ {
		if links > maxChain {
			return nil, p.tooLong()
		}
		c := &Cond{At: At(p.toks[0].at), Then: x}
		p.skipWord("if")
		if c.If, err = p.orExpr(); err != nil {
			return nil, err
		}
		if p.skipWord("else") {
			if c.Else, err = p.expr(); err != nil {
				return nil, err
			}
		}
		x = c
	}
	return x, err
}

func (p *parser) tooLong() error {
	return &Error{Offset: p.toks[0].at, Limit: true, What: fmt.Sprintf("more than %d operators in a row", maxChain)}
}

// chain reads operands joined by operators of one rank, from the left.
func (p *parser) chain(operand func() (Expr, error), next func() (string, bool)) (Expr, error) {
	x, err := operand()
	for links := 0; err == nil; links++ {
		at := At(p.toks[0].at)
		op, ok := next()
		if !ok {
			return x, p.count()
		}
		if links > maxChain {
			return nil, p.tooLong()
		}
		var y Expr
		if y, err = operand(); err == nil {
			x = &Binary{at, op, x, y}
		}
	}
	return nil, err
}

func (p *parser) orExpr() (Expr, error) {
	return p.chain(p.andExpr, func() (string, bool) { return "or", p.skipWord("or") })
}

func (p *parser) andExpr() (Expr, error) {
	return p.chain(p.notExpr, func() (string, bool) { return "and", p.skipWord("and") })
}

func (p *parser) notExpr() (Expr, error) {
	at := At(p.toks[0].at)
	if !p.skipWord("not") {
		return p.chain(p.sum, p.comparison)
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.notExpr()
	return &Unary{at, "not", x}, err
}

func (p *parser) comparison() (string, bool) {
	if p.skipWord("in") {
		return "in", true
	}
	if p.isWord("not") && p.toks[1].kind == word && p.toks[1].text == "in" {
		p.toks = p.toks[2:]
		return "not in", true
	}
	return p.operatorIn("== != <= >= < >")
}

func (p *parser) sum() (Expr, error) {
	return p.chain(p.concat, func() (string, bool) { return p.operatorIn("+ -") })
}

func (p *parser) concat() (Expr, error) {
	return p.chain(p.product, func() (string, bool) { return p.operatorIn("~") })
}

func (p *parser) product() (Expr, error) {
	return p.chain(p.unary, func() (string, bool) { return p.operatorIn("* // / %") })
}

func (p *parser) unary() (Expr, error) { return p.power(true) }

// power reads a sign, an operand with what follows it, and exponents.
func (p *parser) power(filtered bool) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	at := At(p.toks[0].at)
	if op, ok := p.operatorIn("- +"); ok {
		x, err := p.power(false)
		if err != nil {
			return nil, err
		}
		x = &Unary{at, op, x}
		if filtered {
			return p.filters(x)
		}
		return x, nil
	}
	x, err := p.postfixed()
	if err != nil {
		return nil, err
	}
	if p.skip("**") {
		y, err := p.power(false)
		if err != nil {
			return nil, err
		}
		x = &Binary{at, "**", x, y}
	}
	if filtered {
		return p.filters(x)
	}
	return x, nil
}

// postfixed reads a primary with its attributes, subscripts and calls.
func (p *parser) postfixed() (Expr, error) {
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	return p.postfix(x)
}

func (p *parser) postfix(x Expr) (Expr, error) {
	for links := 0; ; links++ {
		if links > maxChain {
			return nil, p.tooLong()
		}
		at := At(p.toks[0].at)
		switch {
		case p.skip("."):
			t := p.toks[0]
			if t.kind != word && t.kind != number {
				return nil, p.fail("no attribute after the dot")
			}
			p.toks = p.toks[1:]
			x = &Attr{At(t.at), x, t.text}
		case p.skip("["):
			key, err := p.subscript()
			if err != nil {
				return nil, err
			}
			x = &Index{at, x, key}
		case p.skip("("):
			args, err := p.arguments()
			if err != nil {
				return nil, err
			}
			x = &Call{at, x, args}
		default:
			return x, p.count()
		}
	}
}

// subscript reads what stands between brackets.
func (p *parser) subscript() (Expr, error) {
	at := At(p.toks[0].at)
	var parts [3]Expr
	colons := 0
	for !p.skip("]") {
		switch {
		case p.skip(":"):
			if colons++; colons > 2 {
				return nil, p.fail("a slice of more than three parts")
			}
		case parts[colons] == nil:
			x, err := p.tuple()
			if err != nil {
				return nil, err
			}
			parts[colons] = x
		default:
			return nil, p.fail("%.40q in a subscript", p.toks[0].text)
		}
	}
	if colons > 0 {
		return &Slice{at, parts[0], parts[1], parts[2]}, p.count()
	}
	if parts[0] == nil {
		return nil, p.fail("an empty subscript")
	}
	return parts[0], nil
}

// arguments reads up to the closing parenthesis.
func (p *parser) arguments() ([]Arg, error) {
	var out []Arg
	for !p.skip(")") {
		var a Arg
		if op, ok := p.operatorIn("** *"); ok {
			a.Name = op
		} else if p.toks[0].kind == word && p.toks[1].kind == operator && p.toks[1].text == "=" {
			a.Name = p.toks[0].text
			p.toks = p.toks[2:]
		}
		var err error
		if a.Value, err = p.expr(); err != nil {
			return nil, err
		}
		out = append(out, a)
		if !p.skip(",") && !p.is(")") {
			return nil, p.fail("%.40q between arguments", p.toks[0].text)
		}
		if err := p.count(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// filters reads the filters, tests and calls that follow x. In a filter block
// and after a set, x is nil.
func (p *parser) filters(x Expr) (Expr, error) {
	for links := 0; ; links++ {
		if links > maxChain {
			return nil, p.tooLong()
		}
		at := At(p.toks[0].at)
		var err error
		switch {
		case p.skip("|"):
			x, err = p.filter(at, x)
		case p.skipWord("is"):
			x, err = p.test(at, x)
		case p.skip("("):
			var args []Arg
			args, err = p.arguments()
			x = &Call{at, x, args}
		default:
			return x, p.count()
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) filterBlock() (Expr, error) {
	x, err := p.filter(At(p.toks[0].at), nil)
	if err != nil {
		return nil, err
	}
	return p.filters(x)
}

// dotted reads a name that may have dots in it, as filters and tests do.
func (p *parser) dotted() (string, error) {
	if p.toks[0].kind != word {
		return "", p.fail("a name is missing")
	}
	name := p.toks[0].text
	p.toks = p.toks[1:]
	for p.is(".") && p.toks[1].kind == word {
		name += "." + p.toks[1].text
		p.toks = p.toks[2:]
	}
	return name, nil
}

func (p *parser) filter(at At, x Expr) (Expr, error) {
	name, err := p.dotted()
	if err != nil {
		return nil, err
	}
	f := &Filter{At: at, X: x, Name: name}
	if p.skip("(") {
		f.Args, err = p.arguments()
	}
	return f, err
}

// test reads what follows "is". An argument may stand without parentheses.
func (p *parser) test(at At, x Expr) (Expr, error) {
	t := &Test{At: at, X: x, Not: p.skipWord("not")}
	var err error
	if t.Name, err = p.dotted(); err != nil {
		return nil, err
	}
	next := p.toks[0]
	switch {
	case p.skip("("):
		t.Args, err = p.arguments()
	case next.kind == text, next.kind == number, next.kind == operator && (next.text == "[" || next.text == "{"),
		next.kind == word && !slices.Contains(afterTest, next.text):
		var arg Expr
		arg, err = p.postfixed()
		t.Args = []Arg{{Value: arg}}
	}
	return t, err
}

// afterTest are the words that end a test instead of being its argument.
var afterTest = []string{"else", "or", "and", "if", "is", "in", "not", "recursive"}
