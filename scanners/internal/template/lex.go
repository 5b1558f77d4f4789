package template

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token inside a tag.
type kind uint8

const (
	endOfTag kind = iota
	word
	text
	number
	operator
)

type token struct {
	kind  kind
	at    int
	text  string // the word, operator or decoded string
	value Value  // of a number
}

// Error says at which byte the template stops making sense. Limit means that it
// may well make sense, and is too large for this package.
type Error struct {
	Offset int
	Limit  bool
	What   string
}

func (e *Error) Error() string { return e.What }

// operators, the longer ones first.
var operators = []string{"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":", "|", ",", ";", "(", ")", "[", "]", "{", "}"}

// lexTag splits the inside of a tag, from start, into tokens, and returns where
// the tag ends. The end is looked for between tokens: "}}" in a string or after
// an open brace ends nothing.
func lexTag(src string, start int, end string) (tokens []token, after int, err error) {
	nesting := 0
	for at := start; ; {
		for at < len(src) && strings.IndexByte(" \t\r\n\f\v", src[at]) >= 0 {
			at++
		}
		if at >= len(src) {
			return nil, 0, &Error{Offset: at, What: fmt.Sprintf("a tag without its %q", end)}
		}
		if nesting == 0 {
			if rest, ok := tagEnd(src[at:], end); ok {
				return append(tokens, token{kind: endOfTag, at: at}), len(src) - len(rest), nil
			}
		}
		t, next, err := lexToken(src, at)
		if err != nil {
			return nil, 0, err
		}
		if t.kind == operator && strings.Contains("([{", t.text) {
			if nesting++; nesting > maxDepth {
				return nil, 0, &Error{Offset: at, Limit: true, What: fmt.Sprintf("a template nested deeper than %d", maxDepth)}
			}
		} else if t.kind == operator && strings.Contains(")]}", t.text) {
			nesting--
		}
		if nesting < 0 {
			return nil, 0, &Error{Offset: at, What: fmt.Sprintf("%q closes nothing", t.text)}
		}
		if len(tokens) >= maxTokens {
			return nil, 0, &Error{Offset: at, Limit: true, What: fmt.Sprintf("a tag of more than %d words and signs", maxTokens)}
		}
		tokens = append(tokens, t)
		at = next
	}
}

// tagEnd recognises the end of a tag with its sign for white space.
func tagEnd(src, end string) (rest string, ok bool) {
	if src != "" && (src[0] == '-' || src[0] == '+') {
		if rest, ok = strings.CutPrefix(src[1:], end); ok {
			return rest, true
		}
	}
	return strings.CutPrefix(src, end)
}

func lexToken(src string, at int) (t token, next int, err error) {
	switch c := src[at]; {
	case c == '"' || c == '\'':
		return lexString(src, at)
	case '0' <= c && c <= '9':
		return lexNumber(src, at)
	}
	if n := wordLength(src[at:]); n > 0 {
		return token{kind: word, at: at, text: src[at : at+n]}, at + n, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(src[at:], op) {
			return token{kind: operator, at: at, text: op}, at + len(op), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(src[at:])
	return token{}, 0, &Error{Offset: at, What: fmt.Sprintf("%q is not part of the language", r)}
}

func wordLength(src string) int {
	for i, r := range src {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return i
		}
	}
	return len(src)
}

// lexNumber reads an integer or a float. Underscores between digits are allowed.
func lexNumber(src string, at int) (token, int, error) {
	end := at
	for end < len(src) && (isDigit(src[end]) || src[end] == '_' || isLetter(src[end]) ||
		src[end] == '.' && end+1 < len(src) && isDigit(src[end+1]) ||
		(src[end] == '-' || src[end] == '+') && src[end-1]|0x20 == 'e' && !strings.HasPrefix(src[at:], "0x")) {
		end++
	}
	written := src[at:end]
	t := token{kind: number, at: at, text: written}
	if n, err := strconv.ParseInt(strings.ReplaceAll(written, "_", ""), 10, 64); err == nil {
		t.value = Int(n)
		return t, end, nil
	}
	if n, err := strconv.ParseInt(written, 0, 64); err == nil {
		t.value = Int(n)
		return t, end, nil
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(written, "_", ""), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return t, 0, &Error{Offset: at, What: fmt.Sprintf("%q is no number", written[:min(len(written), 40)])}
	}
	t.value = Value{Kind: FloatValue, F: f}
	return t, end, nil
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// lexString decodes a string with the escapes of Python.
func lexString(src string, at int) (token, int, error) {
	quote := src[at]
	var b strings.Builder
	for i := at + 1; i < len(src); {
		switch c := src[i]; c {
		case quote:
			return token{kind: text, at: at, text: b.String()}, i + 1, nil
		case '\\':
			n := unescape(&b, src[i:])
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return token{}, 0, &Error{Offset: at, What: "a string without its end"}
}

// named decodes \N{NAME} for the characters that names of attributes are made of.
func named(src string) (r rune, n int) {
	name, _, closed := strings.Cut(src[2:min(len(src), 60)], "}")
	name, opened := strings.CutPrefix(strings.ToUpper(name), "{")
	if !closed || !opened {
		return 0, 0
	}
	n = len(`\N{`) + len(name) + len("}")
	if name == "LOW LINE" {
		return '_', n
	}
	if letter, ok := strings.CutPrefix(name, "LATIN SMALL LETTER "); ok && len(letter) == 1 {
		return rune(letter[0]) | 0x20, n
	}
	return 0, 0
}

var simpleEscapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v', '\\': '\\', '\'': '\'', '"': '"'}

// unescape decodes the escape that src begins with and returns its length. One
// that is unknown stands for itself, as in Python.
func unescape(b *strings.Builder, src string) int {
	if len(src) < 2 {
		b.WriteByte('\\')
		return 1
	}
	digits := 0
	switch c := src[1]; {
	case c == '\n':
		return 2
	case simpleEscapes[c] != 0:
		b.WriteByte(simpleEscapes[c])
		return 2
	case c == 'N':
		if name, n := named(src); n > 0 {
			b.WriteRune(name)
			return n
		}
	case c == 'x':
		digits = 2
	case c == 'u':
		digits = 4
	case c == 'U':
		digits = 8
	case '0' <= c && c <= '7':
		n := 1
		for n < 3 && 1+n < len(src) && '0' <= src[1+n] && src[1+n] <= '7' {
			n++
		}
		code, _ := strconv.ParseUint(src[1:1+n], 8, 32)
		b.WriteRune(rune(code))
		return 1 + n
	}
	if digits > 0 && len(src) >= 2+digits {
		if code, err := strconv.ParseUint(src[2:2+digits], 16, 32); err == nil {
			b.WriteRune(rune(code))
			return 2 + digits
		}
	}
	b.WriteByte('\\')
	return 1
}
