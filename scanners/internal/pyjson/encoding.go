package pyjson

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is how json.loads of Python decodes bytes (json.detect_encoding).
type Encoding struct {
	Name  string // UTF-8, UTF-16, UTF-32
	mark  int    // bytes of the byte order mark
	width int    // bytes of a unit: 1, 2 or 4
	order binary.ByteOrder
}

// EncodingOf guesses the encoding from the first bytes of a document, four at best.
func EncodingOf(p []byte) Encoding {
	switch {
	case bytes.HasPrefix(p, []byte("\x00\x00\xfe\xff")):
		return Encoding{"UTF-32", 4, 4, binary.BigEndian}
	case bytes.HasPrefix(p, []byte("\xff\xfe\x00\x00")):
		return Encoding{"UTF-32", 4, 4, binary.LittleEndian}
	case bytes.HasPrefix(p, []byte("\xfe\xff")):
		return Encoding{"UTF-16", 2, 2, binary.BigEndian}
	case bytes.HasPrefix(p, []byte("\xff\xfe")):
		return Encoding{"UTF-16", 2, 2, binary.LittleEndian}
	case bytes.HasPrefix(p, []byte("\xef\xbb\xbf")):
		return Encoding{"UTF-8", 3, 1, nil}
	case len(p) < 4 || p[0] != 0 && p[1] != 0:
		return Encoding{"UTF-8", 0, 1, nil}
	case p[0] == 0 && p[1] != 0:
		return Encoding{"UTF-16", 0, 2, binary.BigEndian}
	case p[0] == 0:
		return Encoding{"UTF-32", 0, 4, binary.BigEndian}
	case p[2] != 0 || p[3] != 0:
		return Encoding{"UTF-16", 0, 2, binary.LittleEndian}
	}
	return Encoding{"UTF-32", 0, 4, binary.LittleEndian}
}

// IsContainer reports whether a document begins as an object or a list, behind any
// amount of white space. A start that is all white space may be that of either.
func IsContainer(p []byte) bool {
	e := EncodingOf(p)
	text := e.decode(bytes.NewReader(p[min(e.mark, len(p)):]))
	var block [512]byte
	for blanks := 0; ; {
		n, err := text.Read(block[:])
		blanks += n
		if rest := bytes.TrimLeft(block[:n], " \t\r\n"); len(rest) > 0 {
			return rest[0] == '{' || rest[0] == '['
		}
		if err != nil {
			return blanks > 0
		}
	}
}

// decode returns the text in UTF-8.
func (e Encoding) decode(r io.Reader) io.Reader {
	if e.width == 1 {
		return r
	}
	return &wideReader{src: r, Encoding: e}
}

// wideReader turns UTF-16 or UTF-32 into UTF-8. A unit that stands for nothing
// becomes the replacement character, so that whatever follows it is still seen.
type wideReader struct {
	src io.Reader
	Encoding
	in   [4 << 10]byte
	have int
	out  []byte
	high uint16
	err  error
}

func (w *wideReader) Read(p []byte) (int, error) {
	for len(w.out) == 0 && w.err == nil {
		var n int
		n, w.err = w.src.Read(w.in[w.have:])
		w.have += n
		whole := w.have / w.width * w.width
		for i := 0; i < whole; i += w.width {
			w.unit(w.in[i : i+w.width])
		}
		w.have = copy(w.in[:], w.in[whole:w.have])
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	if n == 0 && len(p) > 0 {
		return 0, w.err
	}
	return n, nil
}

func (w *wideReader) unit(p []byte) {
	if w.width == 4 {
		w.out = utf8.AppendRune(w.out, rune(w.order.Uint32(p)&0x7fffffff))
		return
	}
	unit := w.order.Uint16(p)
	if w.high != 0 {
		r := utf16.DecodeRune(rune(w.high), rune(unit))
		w.high = 0
		w.out = utf8.AppendRune(w.out, r)
		if r != utf8.RuneError {
			return
		}
	}
	switch {
	case unit >= 0xd800 && unit < 0xdc00:
		w.high = unit
	default:
		w.out = utf8.AppendRune(w.out, rune(unit))
	}
}
