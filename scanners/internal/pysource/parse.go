package pysource

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a tree. CPython gives up at 200 nested brackets and at a few thousand
// levels of anything.
const (
	MaxSize  = 2 << 20 // bytes of text
	maxNodes = 1 << 18 // some 500 bytes each, with what follows values through them
	maxNest  = 200     // brackets, lambdas, signs
	maxDepth = 1500    // of an expression, with chains of attributes and calls
)

// errBounds ends the reading of a text that is beyond a bound.
var errBounds = errors.New("nested too deep, or too long")

// errSyntax ends the reading of one statement.
var errSyntax = errors.New("not Python")

type parser struct {
	*lexer
	pos     int
	nest    int
	nodes   int
	pattern bool // inside a case: "as" binds
	tree    *Tree
}

// Parse reads the text. It never fails: what could not be read is in Problems.
func Parse(src string) *Tree {
	t := &Tree{}
	if len(src) > MaxSize {
		t.Problems = append(t.Problems, Problem{MaxSize, tooLong})
		return t
	}
	p := &parser{lexer: lex(src), tree: t}
	for p.tok().kind != tokEnd && p.nodes <= maxNodes {
		before := p.pos
		t.Body = p.statement(t.Body)
		if p.pos == before {
			p.pos++
		}
	}
	slices.SortStableFunc(p.problems.list, func(a, b Problem) int { return a.Off - b.Off })
	t.Problems = append(t.Problems, p.problems.list...)
	return t
}

// field reads the expression of an f-string field at an offset of the text.
func (p *parser) field(f part) *Expr {
	if p.nest >= maxNest || f.end <= f.off {
		panic(errSyntax)
	}
	text := strings.TrimRight(p.src[f.off:f.end], " \t")
	if strings.HasSuffix(text, "=") && !strings.HasSuffix(text, "==") {
		text = text[:len(text)-1] // f"{x=}"
	}
	inner := &parser{lexer: &lexer{src: text, indents: []int{0}, depth: 1}, nest: p.nest + 1, nodes: p.nodes, tree: p.tree}
	for inner.at < len(text) {
		inner.next()
	}
	inner.depth = 0
	inner.close()
	e := inner.expressions()
	if inner.tok().kind != tokNewline && inner.tok().kind != tokEnd {
		panic(errSyntax)
	}
	p.nodes = inner.nodes
	shift(e, int(f.off))
	return e
}

// shift moves the offsets of an expression to where it stands.
func shift(e *Expr, by int) {
	if e == nil {
		return
	}
	e.Off += by
	for _, a := range e.Args {
		shift(a, by)
	}
}

func (p *parser) tok() token { return p.tokens[min(p.pos, len(p.tokens)-1)] }

func (p *parser) text(t token) string { return p.src[t.off:t.end] }

// is reports the next token as an operator or a keyword.
func (p *parser) is(words ...string) bool {
	t := p.tok()
	return (t.kind == tokOp || t.kind == tokName) && slices.Contains(words, p.text(t))
}

func (p *parser) accept(word string) bool {
	if p.is(word) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(word string) {
	if !p.accept(word) {
		panic(errSyntax)
	}
}

// peek is a token further on.
func (p *parser) peek(n int) token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

// name takes an identifier in the form in which Python compares it.
func (p *parser) name() string {
	t := p.tok()
	if t.kind != tokName {
		panic(errSyntax)
	}
	p.pos++
	written := p.text(t)
	if is := norm.NFKC.String(written); is != written {
		if len(p.tree.OddNames) < maxProblems && isASCII(is) {
			p.tree.OddNames = append(p.tree.OddNames, OddName{int(t.off), written, is})
		}
		return is
	}
	return written
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// node makes an expression, and stops at the bounds.
func (p *parser) node(kind ExprKind, off int, args ...*Expr) *Expr {
	e := &Expr{Kind: kind, Off: off, Args: args}
	p.count(e)
	return e
}

func (p *parser) count(e *Expr) {
	for _, a := range e.Args {
		if a != nil {
			e.depth = max(e.depth, a.depth)
		}
	}
	if e.depth++; e.depth > maxDepth {
		panic(errBounds)
	}
	if p.nodes++; p.nodes > maxNodes {
		panic(errBounds)
	}
}

// enter counts one more level of nesting; the caller leaves it again.
func (p *parser) enter() {
	if p.nest++; p.nest > maxNest {
		panic(errBounds)
	}
}

func (p *parser) leave() { p.nest-- }

// statement reads one statement, or the simple ones of a line, and appends them.
func (p *parser) statement(list []*Stmt) (out []*Stmt) {
	nest, start := p.nest, p.pos
	out = list
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		stop, ok := r.(error)
		if !ok || !errors.Is(stop, errSyntax) && !errors.Is(stop, errBounds) {
			panic(r)
		}
		p.nest, p.pattern = nest, false
		p.problems.add(int(p.tok().off), stop.Error())
		out = append(out, p.salvage(start))
	}()
	if p.nodes++; p.nodes > maxNodes {
		panic(errBounds)
	}
	if s := p.compound(); s != nil {
		return append(out, s)
	}
	for {
		if p.tok().kind != tokNewline {
			out = append(out, p.simple()...)
		}
		switch {
		case p.accept(";"):
		case p.tok().kind == tokNewline:
			p.pos++
			return out
		default:
			panic(errSyntax)
		}
	}
}

// salvage keeps the names and strings of a line that could not be read, so that
// they are still looked at, and goes on behind it. Blocks that belong to it are
// read as blocks of their own.
func (p *parser) salvage(start int) *Stmt {
	s := &Stmt{Kind: Simple, Off: int(p.tokens[start].off)}
	p.pos = start
	for p.tok().kind != tokEnd {
		t := p.tok()
		p.pos++
		if t.kind == tokNewline || t.kind == tokIndent || t.kind == tokDedent {
			break
		}
		if t.kind == tokName && p.nodes < maxNodes {
			p.nodes++
			s.Exprs = append(s.Exprs, &Expr{Kind: Name, Off: int(t.off), Text: p.text(t)})
		}
	}
	return s
}
