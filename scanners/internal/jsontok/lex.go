package jsontok

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readString decodes a string whose opening quote is next. hash, when not nil,
// takes the whole decoded text.
func (d *Decoder) readString(t *Token, hash *fnv) error {
	d.src.skip(1)
	d.text = d.text[:0]
	for {
		w := d.src.window(1)
		if len(w) == 0 {
			return d.inside(d.src.err)
		}
		n := plainPrefix(w)
		if n > 0 {
			d.keep(t, hash, w[:n])
			d.src.skip(n)
			continue
		}
		switch c := w[0]; {
		case c == '"':
			d.src.skip(1)
			t.Text = d.text
			return nil
		case c == '\\':
			if err := d.readEscape(t, hash); err != nil {
				return err
			}
		case c < 0x20:
			return d.syntax("control character %#02x in a string", c)
		default:
			w = d.src.window(utf8.UTFMax)
			r, size := utf8.DecodeRune(w)
			if r == utf8.RuneError && size <= 1 {
				return d.syntax("a string is not UTF-8")
			}
			d.keep(t, hash, w[:size])
			d.src.skip(size)
		}
	}
}

// plainPrefix counts the leading ASCII bytes that stand for themselves.
func plainPrefix(w []byte) int {
	for i, c := range w {
		if c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return i
		}
	}
	return len(w)
}

func (d *Decoder) keep(t *Token, hash *fnv, p []byte) {
	t.Size += int64(len(p))
	if hash != nil {
		hash.write(p)
	}
	// Once a token is cut nothing more is kept, so that Text is a true prefix.
	if room := d.opts.MaxText - len(d.text); room > 0 && t.Size-int64(len(p)) == int64(len(d.text)) {
		d.text = append(d.text, p[:min(room, len(p))]...)
	}
}

// inside explains the end of the input in the middle of a token.
func (d *Decoder) inside(err error) error {
	if errors.Is(err, io.EOF) {
		return d.syntax("%w", ErrEnds)
	}
	return err
}

const (
	escapeFrom = `"\/bfnrt`
	escapeTo   = "\"\\/\b\f\n\r\t"
)

func (d *Decoder) readEscape(t *Token, hash *fnv) error {
	w := d.src.window(2)
	if len(w) < 2 {
		return d.inside(d.src.err)
	}
	if w[1] == 'u' {
		return d.readUnicodeEscape(t, hash)
	}
	i := strings.IndexByte(escapeFrom, w[1])
	if i < 0 {
		return d.syntax("escape \\%q", w[1])
	}
	d.keep(t, hash, []byte{escapeTo[i]})
	d.src.skip(2)
	return nil
}

// readUnicodeEscape decodes \uXXXX, and \uXXXX\uXXXX where the two are a
// surrogate pair.
func (d *Decoder) readUnicodeEscape(t *Token, hash *fnv) error {
	w := d.src.window(12)
	r, ok := hex4(w)
	if !ok {
		return d.syntax("escape \\u without four hexadecimal digits")
	}
	size := 6
	if utf16.IsSurrogate(r) {
		low, _ := hex4(w[6:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			r, size = pair, 12
		} else if !d.opts.Python {
			return d.syntax("lone surrogate \\u%04x", r)
		}
	}
	d.keep(t, hash, encode(r))
	d.src.skip(size)
	return nil
}

// encode writes a rune as UTF-8, and a lone surrogate as the three bytes that
// Python calls surrogatepass, so that two different ones stay different keys.
func encode(r rune) []byte {
	if utf16.IsSurrogate(r) {
		return []byte{0xe0 | byte(r>>12), 0x80 | byte(r>>6)&0x3f, 0x80 | byte(r)&0x3f}
	}
	return utf8.AppendRune(nil, r)
}

func hex4(w []byte) (rune, bool) {
	if len(w) < 6 || w[0] != '\\' || w[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range w[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// readNumber checks the grammar of RFC 8259 section 6.
func (d *Decoder) readNumber(t *Token) error {
	d.text = d.text[:0]
	if d.accept(t, "-") && d.opts.Python {
		if c, err := d.src.peek(); err == nil && c == 'I' {
			t.Kind = Literal
			return d.word(t, "Infinity")
		}
	}
	if !d.accept(t, "0") && !d.digits(t) {
		return d.badNumber()
	}
	if d.accept(t, ".") && !d.digits(t) {
		return d.badNumber()
	}
	if d.accept(t, "eE") {
		d.accept(t, "+-")
		if !d.digits(t) {
			return d.badNumber()
		}
	}
	t.Text = d.text
	return nil
}

func (d *Decoder) badNumber() error {
	if _, err := d.src.peek(); err != nil {
		return d.inside(err)
	}
	return d.syntax("a number without digits")
}

// accept consumes one byte when it is one of set.
func (d *Decoder) accept(t *Token, set string) bool {
	c, err := d.src.peek()
	if err != nil || strings.IndexByte(set, c) < 0 {
		return false
	}
	d.keep(t, nil, []byte{c})
	d.src.skip(1)
	return true
}

// digits consumes digits and reports whether there was one.
func (d *Decoder) digits(t *Token) bool {
	found := false
	for {
		w := d.src.window(1)
		n := 0
		for n < len(w) && '0' <= w[n] && w[n] <= '9' {
			n++
		}
		if n == 0 {
			return found
		}
		found = true
		d.keep(t, nil, w[:n])
		d.src.skip(n)
	}
}

func (d *Decoder) readLiteral(t *Token) error {
	d.text = d.text[:0]
	words := []string{"true", "false", "null"}
	if d.opts.Python {
		words = append(words, "NaN", "Infinity")
	}
	w := d.src.window(len("Infinity"))
	for _, word := range words {
		if bytes.HasPrefix(w, []byte(word)) {
			return d.word(t, word)
		}
	}
	return d.syntax("%q where a value belongs", w[0])
}

// word consumes a word that must be next.
func (d *Decoder) word(t *Token, word string) error {
	if !bytes.HasPrefix(d.src.window(len(word)), []byte(word)) {
		return d.syntax("a value that is not %s", word)
	}
	d.keep(t, nil, []byte(word))
	d.src.skip(len(word))
	t.Text = d.text
	return nil
}
