package pdf

import (
	"bytes"
	"strings"
)

// lexer splits PDF syntax into tokens (7.2, 7.3).
type lexer struct {
	data []byte
	at   int

	swallowed bool // a string holds the end of an object
}

// token is a name (with its slash and escapes undone), a keyword or a mark.
type token struct {
	text string
	off  int
}

func isSpace(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

func isDelimiter(c byte) bool { return strings.IndexByte("()<>[]{}/%", c) >= 0 }

// next returns the next token; ok is false at the end. Strings have the text "(".
func (l *lexer) next() (token, bool) {
	for l.at < len(l.data) {
		c := l.data[l.at]
		switch {
		case isSpace(c):
			l.at++
		case c == '%':
			for l.at < len(l.data) && l.data[l.at] != '\n' && l.data[l.at] != '\r' {
				l.at++
			}
		default:
			return l.token(c), true
		}
	}
	return token{}, false
}

func (l *lexer) token(c byte) token {
	start := l.at
	switch {
	case c == '/':
		return l.name()
	case c == '(':
		l.literal()
		l.string(start)
		return token{"(", start}
	case bytes.HasPrefix(l.data[l.at:], []byte("<<")), bytes.HasPrefix(l.data[l.at:], []byte(">>")):
		l.at += 2
	case c == '<':
		if end := bytes.IndexByte(l.data[l.at:], '>'); end >= 0 {
			l.at += end + 1
		} else {
			l.at = len(l.data)
		}
		l.string(start)
		return token{"(", start}
	case isDelimiter(c):
		l.at++
	default:
		for l.at < len(l.data) && !isSpace(l.data[l.at]) && !isDelimiter(l.data[l.at]) {
			l.at++
		}
	}
	return token{string(l.data[start:min(l.at, start+64)]), start}
}

// name undoes the escapes of a name, which serve to hide one: /J#61vaScript.
func (l *lexer) name() token {
	start := l.at
	l.at++
	out := []byte{'/'}
	for l.at < len(l.data) && !isSpace(l.data[l.at]) && !isDelimiter(l.data[l.at]) {
		c := l.data[l.at]
		if c == '#' && l.at+2 < len(l.data) {
			hi, ok1 := hexDigit(l.data[l.at+1])
			lo, ok2 := hexDigit(l.data[l.at+2])
			if ok1 && ok2 {
				c = hi<<4 | lo
				l.at += 2
			}
		}
		if len(out) < 64 {
			out = append(out, c)
		}
		l.at++
	}
	return token{string(out), start}
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// string takes note of one that holds an object.
func (l *lexer) string(start int) {
	l.swallowed = l.swallowed || bytes.Contains(l.data[start:min(l.at, len(l.data))], []byte("endobj"))
}

// literal steps over a string with balanced brackets.
func (l *lexer) literal() {
	depth := 0
	for l.at < len(l.data) {
		switch l.data[l.at] {
		case '\\':
			l.at++
		case '(':
			depth++
		case ')':
			depth--
		}
		l.at++
		if depth == 0 {
			break
		}
	}
	l.at = min(l.at, len(l.data))
}
