package pysource

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer splits text into tokens.
type lexer struct {
	src      string
	at       int
	depth    int // open brackets
	indents  []int
	tokens   []token
	literals []literal
	problems problems
}

// maxIndents is how deep blocks may be nested: CPython, Parser/tokenizer.h MAXINDENT.
const maxIndents = 100

func lex(src string) *lexer {
	l := &lexer{src: src, indents: []int{0}}
	lineStart := true
	for l.at < len(l.src) {
		if lineStart && l.depth == 0 {
			if l.indentation() {
				continue // a line without a token
			}
		}
		lineStart = l.next()
	}
	l.close()
	return l
}

// close ends the last line and all blocks.
func (l *lexer) close() {
	if n := len(l.tokens); n > 0 && l.tokens[n-1].kind != tokNewline {
		l.add(tokNewline, l.at)
	}
	for range l.indents[1:] {
		l.add(tokDedent, l.at)
	}
	l.add(tokEnd, l.at)
	if l.depth > 0 {
		l.problems.add(l.at, "the text ends inside brackets")
	}
}

func (l *lexer) add(k kind, off int) {
	l.tokens = append(l.tokens, token{kind: k, off: int32(off), end: int32(l.at)})
}

// indentation measures the white space that begins a line. A form feed starts the
// count again, a tab goes to the next column that eight divides
// (docs.python.org, Lexical analysis 2.1.8). It reports a line with nothing on it.
func (l *lexer) indentation() (empty bool) {
	column := 0
	for l.at < len(l.src) {
		switch l.src[l.at] {
		case ' ':
			column++
		case '\t':
			column = column/8*8 + 8
		case '\f':
			column = 0
		case '#':
			l.comment()
			continue
		case '\n', '\r', 0:
			l.at++
			return true
		case '\\':
			if n := l.lineBreak(l.at + 1); n > 0 {
				l.at += 1 + n
				continue
			}
			fallthrough
		default:
			l.indentTo(column)
			return false
		}
		l.at++
	}
	return true
}

func (l *lexer) indentTo(column int) {
	if column > l.indents[len(l.indents)-1] {
		if len(l.indents) >= maxIndents {
			l.problems.add(l.at, tooDeep)
			return
		}
		l.indents = append(l.indents, column)
		l.add(tokIndent, l.at)
		return
	}
	for column < l.indents[len(l.indents)-1] {
		l.indents = l.indents[:len(l.indents)-1]
		l.add(tokDedent, l.at)
	}
	if column != l.indents[len(l.indents)-1] {
		l.problems.add(l.at, "a line is indented like no block around it")
	}
}

func (l *lexer) comment() {
	for l.at < len(l.src) && l.src[l.at] != '\n' && l.src[l.at] != '\r' && l.src[l.at] != 0 {
		l.at++
	}
}

// lineBreak is the length of a line break at the offset, or 0.
func (l *lexer) lineBreak(at int) int {
	switch {
	case strings.HasPrefix(l.src[min(at, len(l.src)):], "\r\n"):
		return 2
	case at < len(l.src) && (l.src[at] == '\n' || l.src[at] == '\r'):
		return 1
	}
	return 0
}

// next reads one token, or skips what is none. It reports that a new line begins.
func (l *lexer) next() (newLine bool) {
	start := l.at
	c := l.src[start]
	switch {
	case c == ' ', c == '\t', c == '\f':
		l.at++
	case c == '\n', c == '\r', c == 0:
		l.at++
		if l.depth == 0 {
			l.add(tokNewline, start)
			return true
		}
	case c == '#':
		l.comment()
	case c == '\\' && l.lineBreak(start+1) > 0:
		l.at += 1 + l.lineBreak(start+1)
	case c >= '0' && c <= '9', c == '.' && start+1 < len(l.src) && l.src[start+1] >= '0' && l.src[start+1] <= '9':
		l.number()
		l.add(tokNumber, start)
	case l.stringPrefix() >= 0:
		l.stringLiteral()
	case isNameStart(l.rune()):
		for l.at < len(l.src) && isNamePart(l.rune()) {
			l.at += utf8.RuneLen(l.rune())
		}
		l.add(tokName, start)
	default:
		l.operator()
	}
	return false
}

func (l *lexer) rune() rune {
	r, size := utf8.DecodeRuneInString(l.src[l.at:])
	if r == utf8.RuneError && size <= 1 {
		return -1
	}
	return r
}

func isNameStart(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || unicode.Is(unicode.Other_ID_Start, r))
}

func isNamePart(r rune) bool {
	return isNameStart(r) || r >= '0' && r <= '9' ||
		r >= utf8.RuneSelf && unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}

// number takes digits, letters and dots, and a sign after an exponent. A text that
// is not a number in Python is not code either.
func (l *lexer) number() {
	hex := strings.HasPrefix(l.src[l.at:], "0x") || strings.HasPrefix(l.src[l.at:], "0X")
	for l.at < len(l.src) {
		c := l.src[l.at]
		exponent := !hex && (c == '+' || c == '-') && (l.src[l.at-1] == 'e' || l.src[l.at-1] == 'E')
		if !exponent && c != '.' && c != '_' && !(c >= '0' && c <= '9') && !(c|0x20 >= 'a' && c|0x20 <= 'z') {
			return
		}
		if !hex && c|0x20 >= 'a' && c|0x20 <= 'z' && startsWord(l.src[l.at:]) {
			return // 1if x else y
		}
		l.at++
	}
}

// startsWord reports a keyword directly behind a number, which Python allows.
func startsWord(rest string) bool {
	for _, w := range []string{"if", "in", "is", "or", "else", "and", "not", "for"} {
		if strings.HasPrefix(rest, w) {
			return true
		}
	}
	return false
}

func (l *lexer) operator() {
	start := l.at
	for _, op := range operators {
		if !strings.HasPrefix(l.src[start:], op) {
			continue
		}
		l.at += len(op)
		l.add(tokOp, start)
		switch op {
		case "(", "[", "{":
			l.depth++
		case ")", "]", "}":
			l.depth = max(0, l.depth-1)
		}
		return
	}
	_, size := utf8.DecodeRuneInString(l.src[start:])
	l.at += size
	l.add(tokBad, start)
	l.problems.add(start, "a character that is no part of Python")
}
