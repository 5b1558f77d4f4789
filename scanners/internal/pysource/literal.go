package pysource

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringPrefix returns the number of letters before a quote, or -1 when no string
// begins here.
func (l *lexer) stringPrefix() int {
	for i := range 4 {
		if l.at+i >= len(l.src) {
			return -1
		}
		switch c := l.src[l.at+i]; c {
		case '"', '\'':
			return i
		default:
			if i == 3 || !strings.ContainsRune("rRbBuUfFtT", rune(c)) {
				return -1
			}
		}
	}
	return -1
}

// quoting is how a string is written.
type quoting struct {
	quote              string // one or three quotes
	raw, bytes, format bool
}

func (l *lexer) quoting() quoting {
	n := l.stringPrefix()
	prefix := strings.ToLower(l.src[l.at : l.at+n])
	l.at += n
	q := quoting{quote: l.src[l.at : l.at+1], raw: strings.Contains(prefix, "r"), bytes: strings.Contains(prefix, "b"),
		format: strings.ContainsAny(prefix, "ft")}
	if strings.HasPrefix(l.src[l.at:], strings.Repeat(q.quote, 3)) {
		q.quote = strings.Repeat(q.quote, 3)
	}
	l.at += len(q.quote)
	return q
}

func (l *lexer) stringLiteral() {
	start := l.at
	q := l.quoting()
	lit := literal{bytes: q.bytes}
	if q.format {
		lit.parts = l.formatParts(q, q.quote, 0)
	} else {
		lit.text = unescape(l.plainBody(q), q)
	}
	l.tokens = append(l.tokens, token{kind: tokString, off: int32(start), end: int32(l.at), lit: int32(len(l.literals))})
	l.literals = append(l.literals, lit)
}

// plainBody takes everything up to the closing quote.
func (l *lexer) plainBody(q quoting) string {
	start := l.at
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == '\\':
			l.at++
			if n := l.lineBreak(l.at); n == 2 {
				l.at++
			}
		case strings.HasPrefix(l.src[l.at:], q.quote):
			body := l.src[start:l.at]
			l.at += len(q.quote)
			return body
		case (c == '\n' || c == '\r') && len(q.quote) == 1:
			l.problems.add(start, "a string without an end")
			return l.src[start:l.at]
		}
		l.at++
	}
	l.at = len(l.src)
	l.problems.add(start, "a string without an end")
	return l.src[start:]
}

// maxFormatDepth bounds f-strings in f-strings.
const maxFormatDepth = 16

// formatParts reads an f-string up to its end, which is the quote, or a brace for
// a format specification (PEP 701).
func (l *lexer) formatParts(q quoting, end string, depth int) []part {
	start, from := l.at, l.at
	parts := []part{}
	flush := func() {
		if l.at > from {
			parts = append(parts, part{text: unescape(l.src[from:l.at], q)})
		}
	}
	for l.at < len(l.src) && depth < maxFormatDepth {
		rest := l.src[l.at:]
		switch {
		case strings.HasPrefix(rest, end):
			flush()
			if end != "}" {
				l.at += len(end)
			}
			return parts
		case end != "}" && (strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}")):
			l.at++
			flush()
			l.at++
			from = l.at
			continue
		case rest[0] == '{':
			flush()
			parts = append(parts, l.formatField(q, depth)...)
			from = l.at
			continue
		case rest[0] == '\\' && !strings.HasPrefix(rest, `\{`):
			l.at = min(l.at+2, len(l.src))
			if !q.raw && strings.HasPrefix(rest, `\N{`) {
				if i := strings.IndexByte(rest, '}'); i > 0 {
					l.at += i - 1
				}
			}
			continue
		case (rest[0] == '\n' || rest[0] == '\r') && len(q.quote) == 1:
			l.problems.add(start, "a string without an end")
			return parts
		}
		l.at++
	}
	l.problems.add(start, "a string without an end")
	l.at = len(l.src)
	return parts
}

// formatField reads {expression!conversion:specification}.
func (l *lexer) formatField(q quoting, depth int) []part {
	l.at++
	field := part{off: int32(l.at)}
	open := 0
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case l.stringPrefix() >= 0 && !l.afterName():
			l.skipString(depth)
			continue
		case c == '(', c == '[', c == '{':
			open++
		case open > 0 && (c == ')' || c == ']' || c == '}'):
			open--
		case open == 0 && (c == '}' || c == ':' || c == '!' && !strings.HasPrefix(l.src[l.at:], "!=")):
			field.end = int32(l.at)
			return l.formatRest(q, field, depth)
		case c == '#':
			l.comment()
			continue
		}
		l.at++
	}
	l.problems.add(int(field.off), "an f-string without an end")
	return nil
}

// formatRest reads what follows the expression of a field, with its brace.
func (l *lexer) formatRest(q quoting, field part, depth int) []part {
	written := strings.TrimRight(l.src[field.off:field.end], " \t\r\n")
	field.altered = strings.HasSuffix(written, "=")
	var parts []part
	if l.src[l.at] == '!' {
		field.altered = field.altered || !strings.HasPrefix(l.src[l.at:], "!s")
		for l.at < len(l.src) && l.src[l.at] != ':' && l.src[l.at] != '}' {
			l.at++
		}
	}
	if l.at < len(l.src) && l.src[l.at] == ':' {
		l.at++
		field.altered = true
		for _, p := range l.formatParts(q, "}", depth+1) {
			if p.end > 0 {
				p.spec = true
				parts = append(parts, p)
			}
		}
	}
	if l.at < len(l.src) {
		l.at++ // the brace
	}
	return append([]part{field}, parts...)
}

// afterName reports a letter before, so that the r in "for'" is no prefix.
func (l *lexer) afterName() bool {
	r, _ := utf8.DecodeLastRuneInString(l.src[:l.at])
	return isNamePart(r)
}

// skipString steps over a string inside a field. Its expressions are read when
// the field is.
func (l *lexer) skipString(depth int) {
	q := l.quoting()
	if q.format {
		l.formatParts(q, q.quote, depth+1)
		return
	}
	l.plainBody(q)
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"', 'a': 7, 'b': 8, 'f': 12, 'v': 11}

// unescape undoes the escapes of a string (Lexical analysis 2.4.1.1). Named
// characters (\N) stay as they are.
func unescape(body string, q quoting) string {
	if q.raw || strings.IndexByte(body, '\\') < 0 {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c != '\\' || i+1 == len(body) {
			b.WriteByte(c)
			continue
		}
		i++
		c = body[i]
		if plain, ok := simpleEscapes[c]; ok {
			b.WriteByte(plain)
			continue
		}
		switch {
		case c == '\r' && i+1 < len(body) && body[i+1] == '\n':
			i++
		case c == '\n', c == '\r':
		case c == 'x':
			i += writeCode(&b, body[i+1:], 2, 16, q.bytes)
		case c == 'u' && !q.bytes:
			i += writeCode(&b, body[i+1:], 4, 16, false)
		case c == 'U' && !q.bytes:
			i += writeCode(&b, body[i+1:], 8, 16, false)
		case c >= '0' && c <= '7':
			n := 1
			for n < 3 && i+n < len(body) && body[i+n] >= '0' && body[i+n] <= '7' {
				n++
			}
			writeCode(&b, body[i:], n, 8, q.bytes)
			i += n - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// writeCode writes the character, or the byte, that n digits name.
func writeCode(b *strings.Builder, digits string, n, base int, isByte bool) int {
	if len(digits) < n {
		return 0
	}
	code, err := strconv.ParseUint(digits[:n], base, 32)
	if err != nil {
		return 0
	}
	if isByte {
		b.WriteByte(byte(code))
	} else {
		b.WriteRune(rune(code))
	}
	return n
}
