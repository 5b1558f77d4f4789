package jsontok

import (
	"errors"
	"fmt"
	"io"

	"assay/scanners"
)

// Decoder yields the tokens of a JSON text.
type Decoder struct {
	src   *source
	opts  Options
	stack []frame
	keys  keyring
	text  []byte
	want  want
	err   error
}

// frame is one open container.
type frame struct {
	object bool
	keys   objectKeys
}

// want is what the grammar allows next.
type want uint8

const (
	wantFirst      want = iota // the outermost value
	wantValue                  // after a colon, or a comma in an array
	wantElementEnd             // after '['
	wantKeyEnd                 // after '{'
	wantKey                    // after a comma in an object
	wantCommaEnd               // after a value in a container
	wantNothing                // after the outermost value
)

// ErrEnds is wrapped by the error for a text that breaks off.
var ErrEnds = errors.New("the text ends inside a value")

// New returns a decoder of what r holds.
func New(r io.Reader, opts Options) *Decoder {
	opts = opts.withDefaults()
	return &Decoder{src: newSource(r, opts.Base), opts: opts, keys: keyring{max: opts.MaxKeys}}
}

// Offset is where the next token is looked for.
func (d *Decoder) Offset() int64 { return d.src.offset() }

// Next returns the next token, and io.EOF after the last value and the white
// space that follows it. A syntax error or a limit is a *scanners.FormatError;
// an error of the reader is returned as it is. Errors are final.
func (d *Decoder) Next() (Token, error) {
	if d.err != nil {
		return Token{}, d.err
	}
	t, err := d.next()
	if err != nil {
		d.err = err
		return Token{}, err
	}
	return t, nil
}

func (d *Decoder) next() (Token, error) {
	for {
		c, err := d.src.skipSpace()
		if err != nil {
			return Token{}, d.atEnd(err)
		}
		switch d.want {
		case wantNothing:
			if !d.opts.Many {
				return Token{}, d.syntax("%q after the end of the value", c)
			}
			return d.value(c)
		case wantCommaEnd:
			if c == ',' {
				d.src.skip(1)
				d.want = wantValue
				if d.top().object {
					d.want = wantKey
				}
				continue
			}
			return d.closing(c)
		case wantKeyEnd:
			if c == '}' {
				return d.closing(c)
			}
			return d.key(c)
		case wantKey:
			return d.key(c)
		case wantElementEnd:
			if c == ']' {
				return d.closing(c)
			}
			return d.value(c)
		default:
			return d.value(c)
		}
	}
}

// atEnd judges the end of the input. Only a reader that says io.EOF after whole
// values has ended well.
func (d *Decoder) atEnd(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if d.want == wantNothing {
		return io.EOF
	}
	return d.syntax("%w", ErrEnds)
}

func (d *Decoder) top() *frame { return &d.stack[len(d.stack)-1] }

func (d *Decoder) value(c byte) (Token, error) {
	t := Token{Offset: d.src.offset(), Depth: len(d.stack)}
	var err error
	switch {
	case c == '{' || c == '[':
		return d.opening(t, c)
	case c == '"':
		t.Kind = String
		err = d.readString(&t, nil)
	case c == '-' || '0' <= c && c <= '9':
		t.Kind = Number
		err = d.readNumber(&t)
	default:
		t.Kind = Literal
		err = d.readLiteral(&t)
	}
	d.afterValue()
	return d.finish(t), err
}

func (d *Decoder) opening(t Token, c byte) (Token, error) {
	if len(d.stack) >= d.opts.MaxDepth {
		return Token{}, d.limit("nested deeper than %d", d.opts.MaxDepth)
	}
	d.src.skip(1)
	t.Kind, d.want = ArrayStart, wantElementEnd
	f := frame{object: c == '{'}
	if f.object {
		t.Kind, d.want = ObjectStart, wantKeyEnd
		f.keys = d.keys.open()
	}
	d.stack = append(d.stack, f)
	return d.finish(t), nil
}

func (d *Decoder) closing(c byte) (Token, error) {
	f := d.top()
	if f.object && c != '}' || !f.object && c != ']' {
		return Token{}, d.syntax("%q where a comma or the end of the container belongs", c)
	}
	t := Token{Kind: ArrayEnd, Offset: d.src.offset(), Depth: len(d.stack) - 1}
	if f.object {
		t.Kind = ObjectEnd
		d.keys.close(f.keys)
	}
	d.src.skip(1)
	d.stack = d.stack[:len(d.stack)-1]
	d.afterValue()
	return d.finish(t), nil
}

func (d *Decoder) key(c byte) (Token, error) {
	if c != '"' {
		return Token{}, d.syntax("%q where a key belongs", c)
	}
	t := Token{Kind: Key, Offset: d.src.offset(), Depth: len(d.stack)}
	hash := newHash()
	if err := d.readString(&t, &hash); err != nil {
		return Token{}, err
	}
	t = d.finish(t)
	var ok bool
	if t.Duplicate, ok = d.keys.add(&d.top().keys, hash.sum()); !ok {
		return Token{}, d.limit("more than %d keys in open objects", d.opts.MaxKeys)
	}
	c, err := d.src.skipSpace()
	if err != nil {
		return Token{}, d.atEnd(err)
	}
	if c != ':' {
		return Token{}, d.syntax("%q where a colon belongs", c)
	}
	d.src.skip(1)
	d.want = wantValue
	return t, nil
}

func (d *Decoder) afterValue() {
	d.want = wantCommaEnd
	if len(d.stack) == 0 {
		d.want = wantNothing
	}
}

func (d *Decoder) finish(t Token) Token {
	t.End = d.src.offset()
	return t
}

func (d *Decoder) syntax(format string, args ...any) error {
	return &scanners.FormatError{Offset: d.src.offset(), Err: fmt.Errorf("not JSON: "+format, args...)}
}

func (d *Decoder) limit(format string, args ...any) error {
	return &scanners.FormatError{Offset: d.src.offset(), Code: scanners.GapLimit,
		Err: fmt.Errorf("JSON "+format, args...)}
}
