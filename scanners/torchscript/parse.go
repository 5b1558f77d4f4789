package torchscript

import (
	"errors"
	"fmt"
	"slices"
)

// maxDepth bounds the nesting of expressions and blocks.
const maxDepth = 200

// parser is a recursive descent parser of what the serializer writes. It builds
// nothing: it tells the checker which names are used and which are defined.
// After the first error every token is the end of the text.
type parser struct {
	lex   *lexer
	tok   token
	ahead token
	depth int
	err   error
	c     *checker
}

var errGrammar = errors.New("not the grammar of TorchScript")

func parse(text []byte, c *checker) error {
	p := &parser{lex: newLexer(text), c: c}
	p.ahead = p.lex.next()
	p.advance()
	p.file()
	if p.err != nil {
		return p.err
	}
	c.reached = len(text)
	return nil
}

func (p *parser) advance() {
	if p.err != nil {
		p.tok, p.ahead = token{}, token{}
		return
	}
	p.c.reached = p.ahead.at
	p.tok, p.ahead = p.ahead, p.lex.next()
	if p.tok.kind == tokBad {
		p.fail()
	}
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = fmt.Errorf("%w at byte %d", errGrammar, p.tok.at)
	}
	p.tok, p.ahead = token{}, token{}
}

// deeper enters a level of nesting; the caller leaves it with p.depth--.
func (p *parser) deeper() {
	if p.depth++; p.depth > maxDepth {
		p.fail()
	}
}

func (p *parser) expect(op string) {
	if !p.tok.is(op) {
		p.fail()
		return
	}
	p.advance()
}

func (p *parser) accept(op string) bool {
	if !p.tok.is(op) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) acceptWord(word string) bool {
	if !p.tok.word(word) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expectKind(k kind) {
	if p.tok.kind != k {
		p.fail()
		return
	}
	p.advance()
}

// name reads an identifier that is no keyword.
func (p *parser) name() string {
	if p.tok.kind != tokName || keywords[p.tok.text] {
		p.fail()
		return ""
	}
	text := p.tok.text
	p.advance()
	return text
}

// keywords of Python: those that TorchScript does not print have no production,
// so that they end the parse.
var keywords = wordSet("and as assert async await break class continue def del elif else except exec finally for from global " +
	"if import in is lambda nonlocal not or pass raise return try while with yield")

func (p *parser) file() {
	for p.err == nil && p.tok.kind != tokEnd {
		switch {
		case p.tok.kind == tokNewline:
			p.advance()
		case p.tok.word("class"):
			p.class()
		case p.tok.word("def"):
			p.function()
		case p.tok.word("op_version_set"): // up to PyTorch 1.5
			p.advance()
			p.expect("=")
			p.expectKind(tokNumber)
			p.expectKind(tokNewline)
		default:
			p.fail()
		}
	}
}

func (p *parser) class() {
	p.advance()
	p.c.define(p.name())
	if p.accept("(") {
		for p.err == nil && !p.accept(")") {
			p.expression()
			p.accept(",")
		}
	}
	p.block()
}

func (p *parser) function() {
	p.advance()
	name := p.name()
	p.c.define(name)
	p.c.methods[name] = true
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		p.accept("*")
		if p.tok.kind == tokName {
			p.c.define(p.name())
		}
		if p.accept(":") {
			p.expression()
		}
		if p.accept("=") {
			p.expression()
		}
		if !p.tok.is(")") {
			p.expect(",")
		}
	}
	if p.accept("->") {
		p.expression()
	}
	p.c.enter(name)
	p.block()
	p.c.leave()
}

func (p *parser) block() {
	p.deeper()
	defer func() { p.depth-- }()
	p.expect(":")
	if p.tok.kind != tokNewline { // "if x: pass" is accepted by torch
		p.simple()
		return
	}
	p.advance()
	p.expectKind(tokIndent)
	for p.err == nil && p.tok.kind != tokDedent {
		p.statement()
	}
	p.expectKind(tokDedent)
}

func (p *parser) statement() {
	switch {
	case p.tok.word("def"):
		p.function()
	case p.tok.word("if"), p.tok.word("while"):
		p.advance()
		p.expression()
		p.block()
		for p.tok.word("elif") {
			p.advance()
			p.expression()
			p.block()
		}
		if p.acceptWord("else") {
			p.block()
		}
	case p.tok.word("for"):
		p.advance()
		p.targets()
		if !p.acceptWord("in") {
			p.fail()
		}
		p.expressions()
		p.block()
	case p.tok.word("with"):
		p.with()
	default:
		p.simple()
	}
}

// with reads "with a as b, c:".
func (p *parser) with() {
	p.advance()
	for p.err == nil {
		p.expression()
		if p.acceptWord("as") {
			p.c.define(p.name())
		}
		if !p.accept(",") {
			break
		}
	}
	p.block()
}

// targets reads the names of a for statement.
func (p *parser) targets() {
	for p.err == nil && !p.tok.word("in") {
		if p.accept("(") || p.accept(")") || p.accept(",") {
			continue
		}
		p.c.define(p.name())
	}
}

var augmented = []string{"=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>="}

// simple reads a statement of one line.
func (p *parser) simple() {
	switch {
	case p.acceptWord("pass"), p.acceptWord("break"), p.acceptWord("continue"):
	case p.acceptWord("return"), p.acceptWord("assert"), p.acceptWord("raise"), p.acceptWord("del"):
		if p.tok.kind != tokNewline {
			p.expressions()
		}
	default:
		names := p.expressions()
		if p.accept(":") { // an attribute with its type
			p.c.defineAll(names)
			p.expression()
		}
		for p.tok.kind == tokOp && slices.Contains(augmented, p.tok.text) {
			p.advance()
			p.c.defineAll(names)
			names = p.expressions()
		}
	}
	p.expectKind(tokNewline)
}

// expressions reads "a, b, " and returns the elements that are single names: the
// targets, when an assignment follows.
func (p *parser) expressions() []string {
	var names []string
	for p.err == nil {
		if p.tok.kind == tokName && (p.ahead.is(",") || p.ahead.is("=") || p.ahead.is(":")) {
			names = append(names, p.tok.text)
		}
		p.expression()
		if !p.accept(",") || p.tok.kind == tokNewline || p.tok.is("=") {
			break
		}
	}
	return names
}
