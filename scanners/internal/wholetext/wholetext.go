// Package wholetext reads a text file that is small enough to be held whole.
//
// # Security
//
// The size is bounded before anything is read. A file with NUL bytes or many
// control characters is no text, whatever its name says.
package wholetext

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"assay/scanners"
)

// Text is the content of a file as UTF-8.
type Text struct {
	String string
	exact  bool
	size   int64
	base   int64
}

// At is the offset in the file of an offset in the text: 0 where the file is in
// another encoding.
func (t Text) At(off int) int64 {
	if !t.exact {
		return 0
	}
	return min(int64(off)+t.base, t.size)
}

// Reader reads the text until the run is over.
func (t Text) Reader(ctx context.Context) io.Reader {
	return &reader{ctx, strings.NewReader(t.String)}
}

type reader struct {
	ctx context.Context
	src io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.src.Read(p)
}

// Read reads f, of at most limit bytes. What is no text is
// scanners.ErrNotRecognised. Of what is too long the whole lines in the first limit
// bytes are returned, with the gap for the rest.
func Read(f scanners.File, limit int64) (Text, error) {
	data, err := Head(f, limit)
	if err != nil && data == nil {
		return Text{}, err
	}
	t, notText := decode(f, data)
	return t, cmp.Or(notText, err)
}

// Head is f, or the whole lines in its first limit bytes together with the gap for
// the rest: what stands there may harm whatever follows it. Without data the error
// is that of reading.
func Head(f scanners.File, limit int64) ([]byte, error) {
	data := make([]byte, min(f.Size, limit))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), data); err != nil {
		return nil, fmt.Errorf("read the text: %w", err)
	}
	if f.Size <= limit {
		return data, nil
	}
	if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
		if bytes.IndexByte(data[:end], 0) >= 0 && end%2 == 1 {
			end++ // the other half of the line feed in UTF-16
		}
		data = data[:end]
	}
	return data, &scanners.FormatError{Offset: int64(len(data)), Code: scanners.GapLimit,
		Err: fmt.Errorf("a file of this kind of more than %d bytes is not analysed beyond them", limit)}
}

func decode(f scanners.File, data []byte) (Text, error) {
	t := Text{exact: true, size: f.Size}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		decoded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return Text{}, scanners.ErrNotRecognised
		}
		data, t.exact = decoded, false
	}
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		data, t.base = rest, 3
	}
	if !looksLikeText(data) {
		return Text{}, scanners.ErrNotRecognised
	}
	if !utf8.Valid(data) {
		t.exact = false
		data = latin1(data)
	}
	t.String = string(data)
	return t, nil
}

// looksLikeText accepts one control character in a hundred bytes, and no NUL.
func looksLikeText(data []byte) bool {
	controls := 0
	for _, c := range data {
		if c == 0 {
			return false
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			controls++
		}
	}
	return controls*100 <= len(data)
}

// latin1 makes a character of each byte, as programs do that do not ask.
func latin1(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/4)
	for _, c := range data {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
