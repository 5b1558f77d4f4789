package text

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// byteOrder recognises UTF-16 by its mark, which is the only safe sign of it.
func byteOrder(start []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe, 0, 0}): // UTF-32
		return nil
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return binary.LittleEndian
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return binary.BigEndian
	}
	return nil
}

// utf16Reader turns UTF-16 into UTF-8. What is no character ends it with
// errNotText.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    []byte
	out   []byte
	err   error
}

func newUTF16Reader(r io.Reader, order binary.ByteOrder) *utf16Reader {
	return &utf16Reader{r: r, order: order}
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

func (u *utf16Reader) fill() {
	var buf [16 << 10]byte
	kept := copy(buf[:], u.in)
	n, err := u.r.Read(buf[kept:])
	in := buf[:kept+n]
	u.out = u.out[:0]
	for len(in) >= 2 {
		r, size := rune(u.order.Uint16(in)), 2
		if utf16.IsSurrogate(r) {
			if len(in) < 4 {
				break
			}
			r, size = utf16.DecodeRune(r, rune(u.order.Uint16(in[2:]))), 4
			if r == utf8.RuneError {
				u.err = errNotText
				return
			}
		}
		u.out = utf8.AppendRune(u.out, r)
		in = in[size:]
	}
	u.in = append(u.in[:0], in...)
	if u.err = err; err == io.EOF && len(u.in) > 0 {
		u.err = errNotText
	}
}
