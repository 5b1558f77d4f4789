package numpy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind of a Python literal. The zero value is none.
type kind uint8

const (
	invalid kind = iota
	text
	integer
	boolean
	none
	list
	tuple
	dict
)

// literal is a value of the subset of Python literals that numpy writes. Of a
// dict, items alternate between keys and values.
type literal struct {
	kind  kind
	text  string // also the digits of an integer
	truth bool
	items []literal
}

// maxNesting bounds the recursion. numpy's own types nest as deep as their
// author likes; four levels are rare.
const maxNesting = 32

// parser reads one literal.
type parser struct {
	src string
	pos int
}

// parseLiteral parses the whole of src, which spaces and line ends may surround.
// The error position is an offset in src.
func parseLiteral(src string) (v literal, pos int, err error) {
	p := &parser{src: src}
	if v, err = p.value(0); err != nil {
		return v, p.pos, err
	}
	if p.space(); p.pos < len(p.src) {
		return v, p.pos, errors.New("text after the literal")
	}
	return v, p.pos, nil
}

func (p *parser) space() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *parser) peek() byte {
	if p.space(); p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (literal, error) {
	if depth > maxNesting {
		return literal{}, errors.New("nested too deep")
	}
	switch c := p.peek(); {
	case c == '{':
		return p.sequence(dict, '}', depth)
	case c == '[':
		return p.sequence(list, ']', depth)
	case c == '(':
		return p.sequence(tuple, ')', depth)
	case c == '\'' || c == '"':
		return p.str(c)
	case c >= '0' && c <= '9':
		return p.number()
	default:
		return p.word()
	}
}

func (p *parser) word() (literal, error) {
	for _, w := range []struct {
		word  string
		value literal
	}{{"True", literal{kind: boolean, truth: true}}, {"False", literal{kind: boolean}}, {"None", literal{kind: none}}} {
		if strings.HasPrefix(p.src[p.pos:], w.word) {
			p.pos += len(w.word)
			return w.value, nil
		}
	}
	for _, prefix := range []string{"u'", `u"`, "b'", `b"`} { // written by Python 2
		if strings.HasPrefix(p.src[p.pos:], prefix) {
			p.pos++
			return p.str(prefix[1])
		}
	}
	return literal{}, errors.New("not a literal that numpy writes")
}

// sequence reads a dict, list or tuple. Parentheses around one value without a
// comma are no tuple, and so nothing that numpy writes.
func (p *parser) sequence(k kind, end byte, depth int) (literal, error) {
	p.pos++
	v := literal{kind: k}
	comma := true
	for {
		c := p.peek()
		if c == end {
			p.pos++
			if k == tuple && len(v.items) == 1 && !comma {
				return v, errors.New("parentheses without a comma")
			}
			return v, nil
		}
		if !comma {
			return v, errors.New("a comma or the end of the sequence is missing")
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		if k == dict {
			if p.peek() != ':' {
				return v, errors.New("a colon is missing")
			}
			p.pos++
			if item, err = p.value(depth + 1); err != nil {
				return v, err
			}
			v.items = append(v.items, item)
		}
		if comma = p.peek() == ','; comma {
			p.pos++
		}
	}
}

// number reads decimal digits; Python 2 wrote an L behind long ones.
func (p *parser) number() (literal, error) {
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	v := literal{kind: integer, text: p.src[start:p.pos]}
	if len(v.text) > 1 && v.text[0] == '0' {
		return v, errors.New("a number with leading zeros")
	}
	if p.pos < len(p.src) && p.src[p.pos] == 'L' {
		p.pos++
	}
	return v, nil
}

func (p *parser) str(quote byte) (literal, error) {
	p.pos++
	var b strings.Builder
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == quote:
			p.pos++
			if next := p.peek(); next == '\'' || next == '"' { // Python joins adjacent strings
				return literal{}, errors.New("two strings in a row")
			}
			return literal{kind: text, text: b.String()}, nil
		case c == '\n' || c == '\r' || c == 0:
			return literal{}, errors.New("a string over two lines")
		case c == '\\':
			if err := p.escape(&b); err != nil {
				return literal{}, err
			}
		default:
			b.WriteByte(c)
			p.pos++
		}
	}
	return literal{}, errors.New("a string without an end")
}

// escape reads the escapes that repr writes.
func (p *parser) escape(b *strings.Builder) error {
	rest := p.src[p.pos+1:]
	if rest == "" {
		return errors.New("a string without an end")
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[0]]
	if i := strings.IndexByte(`\'"nrt`, rest[0]); i >= 0 {
		b.WriteByte("\\'\"\n\r\t"[i])
		p.pos += 2
		return nil
	}
	if digits == 0 || len(rest) < 1+digits {
		return fmt.Errorf("escape \\%q", rest[0])
	}
	n, err := strconv.ParseUint(rest[1:1+digits], 16, 32)
	if err != nil || n > utf8.MaxRune {
		return errors.New("a bad escape")
	}
	b.WriteRune(rune(n))
	p.pos += 2 + digits
	return nil
}
