package pickle

import (
	"bytes"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// maxNumber bounds the text of a number that is read, in bytes: the longest one
// that a genuine pickle needs is far below it.
const maxNumber = 64 << 10

// textual executes the opcodes of protocol 0, whose arguments are lines.
func (m *machine) textual(op byte) error {
	off, n, err := m.line()
	if err != nil {
		return err
	}
	switch op {
	case opString:
		return m.quoted(off, n)
	case opUnicode:
		m.constant(tagRawText, off, n)
		return nil
	}
	if n > maxNumber {
		m.judge.limit(m.opOff, "a number of more than 64 KiB of digits")
		if op == opGet || op == opPut {
			return errArgument
		}
		m.push(plain(tagUnknown))
		return nil
	}
	text := m.view(off, int(n))
	switch op {
	case opInt:
		return m.intLine(text)
	case opLong:
		return m.longLine(text)
	case opFloat:
		return m.floatLine(text)
	}
	return m.memoLine(op, text)
}

// constant pushes a text constant of a line.
func (m *machine) constant(t tag, off, n int64) {
	v := m.span(t, off, n)
	m.push(v)
	if text, all, ok := m.string(v, 6*maxMagic); ok && all {
		m.noteDunder(v, []byte(text))
	}
	if n >= opaqueSize {
		m.opaque(off, n)
	}
	if n >= minNested {
		m.lookInside(v, off, n)
	}
}

// quoted is STRING: the line must be quoted, and what is inside is escaped.
func (m *machine) quoted(off, n int64) error {
	var ends [2]byte
	if n >= 2 {
		copy(ends[:1], m.view(off, 1))
		copy(ends[1:], m.view(off+n-1, 1))
	}
	if ends[0] != ends[1] || ends[0] != '\'' && ends[0] != '"' {
		return errArgument
	}
	m.constant(tagQuoted, off+1, n-2)
	return nil
}

// untilNUL cuts a number where the C unpickler stops to read it. The Python one
// refuses such a line (pickle.md 4.1).
func (m *machine) untilNUL(text []byte) string {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		m.differs("a number with a NUL in it: C reads what is before it, Python refuses it")
		text = text[:i]
	}
	return string(text)
}

// intLine is INT: base 0 in C, "00" and "01" are booleans, and so is any spelling
// of 0 and 1 in two bytes.
func (m *machine) intLine(text []byte) error {
	if len(text) == 0 {
		return errArgument
	}
	s := m.untilNUL(text)
	if s == "" {
		s = "0" // strtol stops at the NUL and is content
	}
	v, ok := m.number(s, len(text) == 2)
	if !ok {
		return errArgument
	}
	m.push(v)
	return nil
}

// number reads an integer the way strtol or int(text, 0) do, whichever accepts
// it.
func (m *machine) number(text string, short bool) (value, bool) {
	digits := strings.TrimSpace(text)
	odd := digits != text || strings.ContainsAny(digits, "_+")
	if short && (text == "00" || text == "01") {
		return plain(tagFalse - tag(text[1]-'0')), true // tagTrue precedes tagFalse
	}
	i, err := strconv.ParseInt(digits, 0, 64)
	if err != nil {
		return m.bigNumber(digits)
	}
	unsigned := strings.TrimLeft(digits, "+-")
	if len(unsigned) > 1 && unsigned[0] == '0' {
		odd = true
	}
	if odd {
		m.differs("an integer that is not plain decimal: readers take it for different numbers, or stop")
		if short && (i == 0 || i == 1) {
			return plain(tagFalse - tag(i)), true
		}
	}
	return integer(i), true
}

// bigNumber accepts an integer of more than 64 bits.
func (m *machine) bigNumber(digits string) (value, bool) {
	if len(digits) > 0 && strings.Trim(digits, "0123456789-") == "" && strings.LastIndexByte(digits, '-') <= 0 {
		if strings.Trim(digits, "-0") != "" && strings.TrimLeft(digits, "-")[0] == '0' {
			m.differs("an integer with leading zeros: C and Python disagree about it")
		}
		return plain(tagUnknown), true
	}
	if len(digits) > 4<<10 {
		return 0, false
	}
	if _, ok := new(big.Int).SetString(digits, 0); !ok {
		return 0, false
	}
	m.differs("an integer that is not plain decimal: readers take it for different numbers, or stop")
	return plain(tagUnknown), true
}

// longLine is LONG: an integer with an optional L.
func (m *machine) longLine(text []byte) error {
	s := strings.TrimSuffix(m.untilNUL(text), "L")
	v, ok := m.number(s, false)
	if !ok {
		return errArgument
	}
	m.push(v)
	return nil
}

// floatLine is FLOAT. C refuses a leading blank and underscores, Python takes
// them.
func (m *machine) floatLine(text []byte) error {
	s := m.untilNUL(text)
	trimmed := strings.ReplaceAll(strings.TrimSpace(s), "_", "")
	if _, err := strconv.ParseFloat(trimmed, 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return errArgument
	}
	if trimmed != s || strings.ContainsAny(s, "xX") {
		m.differs("a float that only some readers accept")
	}
	m.push(pair(tagFloat, 0, m.opOff))
	return nil
}

// memoLine is GET and PUT.
func (m *machine) memoLine(op byte, text []byte) error {
	s := m.untilNUL(text)
	digits := strings.ReplaceAll(strings.TrimSpace(s), "_", "")
	i, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || i < 0 && op == opPut {
		return errArgument
	}
	if digits != s {
		m.differs("a memo index that only some readers accept")
	}
	if op == opPut {
		return m.memoize(uint64(i))
	}
	return m.recall(uint64(i))
}

// string returns the text of a value, at most limit bytes of what the file holds,
// and whether that is all of it. ok is false when it is no string.
func (m *machine) string(v value, limit int) (text string, all, ok bool) {
	if !v.isText() && v.tag() != tagBytes && v.tag() != tagByteArray {
		return "", false, false
	}
	off, n := m.extent(v)
	all = n <= int64(limit)
	raw := m.view(off, int(min(n, int64(limit))))
	if raw == nil && n > 0 {
		return "", false, false
	}
	switch v.tag() {
	case tagRawText:
		return decodeRawUnicode(raw), all, true
	case tagQuoted:
		return decodeEscapes(raw), all, true
	}
	return string(raw), all, true
}

// decodeRawUnicode decodes raw-unicode-escape: \uXXXX and \UXXXXXXXX, every other
// byte is Latin-1.
func decodeRawUnicode(raw []byte) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			digits := map[byte]int{'u': 4, 'U': 8}[raw[i+1]]
			if digits > 0 && i+2+digits <= len(raw) {
				if r, err := strconv.ParseUint(string(raw[i+2:i+2+digits]), 16, 32); err == nil {
					b.WriteRune(rune(r))
					i += 1 + digits
					continue
				}
			}
		}
		b.WriteRune(rune(raw[i]))
	}
	return b.String()
}

var simpleEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'b': '\b', 'f': '\f', 't': '\t', 'n': '\n', 'r': '\r', 'v': '\v', 'a': '\a',
}

// decodeEscapes decodes the escapes of a Python 2 string literal.
func decodeEscapes(raw []byte) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			b.WriteByte(raw[i])
			continue
		}
		i++
		c := raw[i]
		switch {
		case simpleEscapes[c] != 0:
			b.WriteByte(simpleEscapes[c])
		case c == 'x' && i+2 < len(raw)+0 && isHex(raw[i+1]) && isHex(raw[i+2]):
			n, _ := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8)
			b.WriteByte(byte(n))
			i += 2
		case c >= '0' && c <= '7':
			n := 0
			k := i
			for ; k < len(raw) && k < i+3 && raw[k] >= '0' && raw[k] <= '7'; k++ {
				n = n*8 + int(raw[k]-'0')
			}
			b.WriteByte(byte(n))
			i = k - 1
		case c != '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
