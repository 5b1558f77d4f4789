package torchscript

import (
	"bytes"
	"strings"
)

type kind uint8

// The kinds of token.
const (
	tokEnd kind = iota
	tokNewline
	tokIndent
	tokDedent
	tokName
	tokNumber
	tokString
	tokOp
	tokBad
)

type token struct {
	kind kind
	text string // of a string: what stands between the quotes, escapes as they are
	at   int
}

func (t token) is(op string) bool { return t.kind == tokOp && t.text == op }

func (t token) word(w string) bool { return t.kind == tokName && t.text == w }

// lexer cuts the text into tokens (torch/csrc/jit/frontend/lexer.h).
type lexer struct {
	text    []byte
	at      int
	depth   int   // of brackets: inside, line ends mean nothing
	indents []int // columns of the open blocks
	pending []token
	bol     bool // at the beginning of a line
	last    kind // of the token before
}

func newLexer(text []byte) *lexer { return &lexer{text: text, bol: true, indents: []int{0}} }

func (l *lexer) next() token {
	t := l.scan()
	l.last = t.kind
	return t
}

func (l *lexer) scan() token {
	if len(l.pending) > 0 {
		t := l.pending[0]
		l.pending = l.pending[1:]
		return t
	}
	if l.bol && l.depth == 0 {
		l.bol = false
		if t, ok := l.indentation(); ok {
			return t
		}
	}
	l.skipBlanks()
	if l.at >= len(l.text) {
		return l.finish()
	}
	switch c := l.text[l.at]; {
	case c == '\n':
		l.at++
		l.bol = true
		return token{tokNewline, "\n", l.at - 1}
	case isLetter(c):
		return l.run(tokName, func(c byte) bool { return isLetter(c) || isDigit(c) })
	case isDigit(c) || c == '.' && l.at+1 < len(l.text) && isDigit(l.text[l.at+1]):
		return l.number()
	case c == '"' || c == '\'':
		return l.str(c)
	}
	return l.operator()
}

// indentation opens and closes blocks at the beginning of a line that is not
// empty. Tabs are refused: their width is a matter of opinion.
func (l *lexer) indentation() (token, bool) {
	for {
		start := l.at
		for l.at < len(l.text) && l.text[l.at] == ' ' {
			l.at++
		}
		column := l.at - start
		if l.at < len(l.text) && l.text[l.at] == '#' {
			l.skipBlanks()
		}
		if l.at >= len(l.text) {
			return token{}, false
		}
		if l.text[l.at] == '\n' {
			l.at++
			continue
		}
		return l.toColumn(column)
	}
}

func (l *lexer) toColumn(column int) (token, bool) {
	top := l.indents[len(l.indents)-1]
	if column > top {
		l.indents = append(l.indents, column)
		return token{tokIndent, "", l.at}, true
	}
	for column < top {
		l.indents = l.indents[:len(l.indents)-1]
		top = l.indents[len(l.indents)-1]
		l.pending = append(l.pending, token{tokDedent, "", l.at})
	}
	if column != top {
		l.pending = append(l.pending, token{tokBad, "", l.at})
	}
	if len(l.pending) == 0 {
		return token{}, false
	}
	return l.scan(), true
}

// finish closes what is open at the end of the text.
func (l *lexer) finish() token {
	end := token{tokEnd, "", len(l.text)}
	if l.last != tokNewline && l.last != tokDedent && l.last != tokEnd {
		l.pending = append(l.pending, token{tokNewline, "", len(l.text)})
	}
	for ; len(l.indents) > 1; l.indents = l.indents[:len(l.indents)-1] {
		l.pending = append(l.pending, token{tokDedent, "", len(l.text)})
	}
	if len(l.pending) == 0 {
		return end
	}
	return l.scan()
}

// skipBlanks skips blanks, comments, joined lines, and line ends in brackets.
func (l *lexer) skipBlanks() {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == ' ' || c == '\n' && l.depth > 0:
			l.at++
		case c == '\\' && bytes.HasPrefix(l.text[l.at:], []byte("\\\n")):
			l.at += 2
		case c == '#':
			end := bytes.IndexByte(l.text[l.at:], '\n')
			if end < 0 {
				end = len(l.text) - l.at
			}
			l.at += end
		default:
			return
		}
	}
}

func (l *lexer) run(k kind, part func(byte) bool) token {
	start := l.at
	for l.at < len(l.text) && part(l.text[l.at]) {
		l.at++
	}
	return token{k, string(l.text[start:l.at]), start}
}

// number reads "1", "1.", ".5", "1e-09", "2.j".
func (l *lexer) number() token {
	start := l.at
	for l.at < len(l.text) {
		c := l.text[l.at]
		sign := (c == '+' || c == '-') && l.text[l.at-1]|0x20 == 'e' && l.at > start
		if !isDigit(c) && !isLetter(c) && c != '.' && !sign {
			break
		}
		l.at++
	}
	return token{tokNumber, string(l.text[start:l.at]), start}
}

// str reads a string in single or triple quotes.
func (l *lexer) str(quote byte) token {
	start := l.at
	end := string(quote)
	if triple := strings.Repeat(end, 3); bytes.HasPrefix(l.text[l.at:], []byte(triple)) {
		end = triple
	}
	l.at += len(end)
	body := l.at
	for l.at < len(l.text) {
		switch {
		case bytes.HasPrefix(l.text[l.at:], []byte(end)):
			l.at += len(end)
			return token{tokString, string(l.text[body : l.at-len(end)]), start}
		case l.text[l.at] == '\\':
			l.at++
		case l.text[l.at] == '\n' && len(end) == 1:
			return token{tokBad, "", start}
		}
		l.at++
	}
	l.at = len(l.text)
	return token{tokBad, "", start}
}

// operators, the longest first.
var operators = []string{
	"**=", "//=", "<<=", ">>=", "...", "->", "==", "!=", "<=", ">=", "<<", ">>", "//", "**", "+=", "-=", "*=", "/=", "%=",
	"&=", "|=", "^=", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";",
}

func (l *lexer) operator() token {
	for _, op := range operators {
		if !bytes.HasPrefix(l.text[l.at:], []byte(op)) {
			continue
		}
		start := l.at
		l.at += len(op)
		switch op {
		case "(", "[", "{":
			l.depth++
		case ")", "]", "}":
			l.depth = max(0, l.depth-1)
		}
		return token{tokOp, op, start}
	}
	l.at++
	return token{tokBad, "", l.at - 1}
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
