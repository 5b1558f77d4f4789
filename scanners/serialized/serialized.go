package serialized

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path"

	"assay/scanners"
	"assay/scanners/internal/jsontok"
)

const (
	maxValue   = 64 << 20 // bytes of one text
	maxValues  = 4096
	minRun     = 16 // characters: twelve bytes, the shortest pickle that does something
	headSize   = 96 // characters that are decoded to see what a run begins with
	windowSize = 256 << 10
	minLine    = 60 // characters in a line of a run that goes on
)

// Scanner finds pickles in text.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info describes the scanner. It has no rules: what it hands on is judged elsewhere.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "serialized", Title: "Pickle in text", Version: 1}
}

// Match accepts what begins like text.
func (Scanner) Match(h scanners.Head) bool {
	start := h.Start[:min(len(h.Start), 512)]
	return len(start) >= minRun && !bytes.ContainsFunc(start, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' && r != '\f' })
}

// scan is the work on one file.
type scan struct {
	ctx    context.Context
	file   scanners.File
	result scanners.Result
	seen   map[int64]bool // offsets of values that are handed on
	named  bool           // the key may be in the text
	until  []int64        // where the last run ended, for each way to begin
}

var errMany = &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("more than %d pickles in one text", maxValues)}

// Scan hands on every value that is, or has to be, a pickle.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{ctx: ctx, file: f, seen: make(map[int64]bool), until: make([]int64, len(starts))}
	err := s.runs()
	if e := s.keyed(); err == nil {
		err = e
	}
	if err == nil && len(s.result.Members) == 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	return s.result, err
}

// keyed hands on the values that the loader of Stable-Baselines3 unpickles. Keys and
// values may be spelled with escapes, so that the text is read as JSON.
func (s *scan) keyed() error {
	if path.Base(s.file.Name) != "data" && len(s.seen) == 0 && !s.named {
		return nil
	}
	d := jsontok.New(io.NewSectionReader(s.file, 0, s.file.Size), jsontok.Options{MaxText: maxValue, Python: true})
	below := false
	for {
		t, err := d.Next()
		if err != nil {
			return s.ctx.Err() // that loader fails at an error of the syntax too
		}
		if below && t.Kind == jsontok.String {
			if t.Cut() {
				return &scanners.FormatError{Offset: t.Offset, Code: scanners.GapLimit, Err: fmt.Errorf("a text of %d bytes", t.Size)}
			}
			if err := s.hand(t.Offset+1, t.End-t.Offset-2, bytes.NewReader(bytes.Clone(t.Text))); err != nil {
				return err
			}
		}
		below = t.Kind == jsontok.Key && string(t.Text) == ":serialized:"
		if err := s.ctx.Err(); err != nil {
			return err
		}
	}
}

// hand makes a member of a value in base64.
func (s *scan) hand(off, size int64, text io.ReaderAt) error {
	if s.seen[off] || size <= 0 {
		return nil
	}
	if len(s.seen) >= maxValues {
		return errMany
	}
	s.seen[off] = true
	s.result.Members = append(s.result.Members, scanners.Member{
		Name: fmt.Sprintf("base64 at byte %d", off), Size: -1, Span: scanners.Span{Off: off, Len: size},
		Open: func() (io.Reader, error) { return decoder(io.NewSectionReader(text, 0, maxValue)), nil },
	})
	return nil
}

// runs finds base64 that begins with a pickle.
func (s *scan) runs() error {
	window := make([]byte, windowSize)
	for at := int64(0); at < s.file.Size; {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := s.file.ReadAt(window, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the text: %w", err)
		}
		if err := s.window(window[:n], at); err != nil {
			return err
		}
		if at += int64(n); at < s.file.Size {
			at -= headSize + 1
		}
	}
	return nil
}

// starts are the base64 of PROTO, zlib and gzip.
var starts = [][]byte{[]byte("gA"), []byte("eJ"), []byte("eN"), []byte("eA"), []byte("eF"), []byte("H4sI")}

// mayName reports text with the key of a serialized value, or with an escape that may
// be a character of it: JSON has no other spelling of ASCII.
func mayName(text []byte) bool {
	return bytes.Contains(text, []byte(":serialized:")) || bytes.Contains(text, []byte(`\u00`))
}

func (s *scan) window(text []byte, base int64) error {
	s.named = s.named || mayName(text)
	for kind, start := range starts {
		for i := 0; ; i++ {
			next := bytes.Index(text[i:], start)
			if next < 0 {
				break
			}
			i += next
			if i > 0 && isBase64(text[i-1]) || i == 0 && base > 0 || !opensPickle(text[i:min(len(text), i+headSize)]) {
				continue
			}
			off := base + int64(i)
			if off < s.until[kind] {
				continue
			}
			size, err := s.extent(off)
			if err != nil {
				return err
			}
			s.until[kind] = off + size
			if err := s.hand(off, size, io.NewSectionReader(s.file, off, size)); err != nil {
				return err
			}
		}
	}
	return nil
}

// opensPickle decodes what a run begins with.
func opensPickle(text []byte) bool {
	run := text
	if i := bytes.IndexFunc(text, func(r rune) bool { return r > '~' || !isBase64(byte(r)) }); i >= 0 {
		run = text[:i]
	}
	if len(run) < minRun {
		return false
	}
	head := make([]byte, headSize)
	n, _ := io.ReadFull(decoder(bytes.NewReader(run[:len(run)&^3])), head)
	head = head[:n]
	if len(head) < 3 {
		return false
	}
	switch {
	case head[0] == 'x':
		z, err := zlib.NewReader(bytes.NewReader(head))
		head = first(z, err)
	case head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(bytes.NewReader(head))
		head = first(z, err)
	}
	return len(head) > 1 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5
}

// first reads two bytes of a stream.
func first(r io.Reader, err error) []byte {
	if err != nil {
		return nil
	}
	head := make([]byte, 2)
	n, _ := io.ReadFull(r, head)
	return head[:n]
}

// extent measures a run of base64. It goes on in the next line when a line is as
// long as encoders break them, and holds whole groups without padding.
func (s *scan) extent(off int64) (int64, error) {
	src := bufio.NewReaderSize(io.NewSectionReader(s.file, off, maxValue+1), 4<<10)
	var size, line int64 // size is to the end of the last character
	padded := false
	for n := int64(1); ; n++ {
		c, err := src.ReadByte()
		switch {
		case n > maxValue:
			return 0, &scanners.FormatError{Offset: off, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d bytes of base64", maxValue)}
		case errors.Is(err, io.EOF):
			return size, nil
		case err != nil:
			return 0, fmt.Errorf("read the text: %w", err)
		case isBase64(c):
			line, size, padded = line+1, n, c == '='
		case c == '\n' && !padded && line >= minLine && line%4 == 0:
			line = 0
		case line > 0 || c != ' ' && c != '\r':
			return size, nil
		}
	}
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '-' || c == '_' || c == '='
}

// decoder decodes base64 as base64.b64decode of Python does: what is no character
// of the alphabet is dropped, and the text ends at the padding. Half a group at the
// end is dropped too: the word after a run may have been taken for a part of it.
func decoder(r io.Reader) io.Reader {
	return lenient{base64.NewDecoder(base64.RawStdEncoding, &alphabet{src: r})}
}

type lenient struct{ src io.Reader }

func (l lenient) Read(p []byte) (int, error) {
	n, err := l.src.Read(p)
	if errors.As(err, new(base64.CorruptInputError)) {
		err = io.EOF
	}
	return n, err
}

// alphabet lets the characters of base64 through, in their standard spelling.
type alphabet struct {
	src io.Reader
	end bool
}

func (a *alphabet) Read(p []byte) (int, error) {
	for {
		if a.end {
			return 0, io.EOF
		}
		n, err := a.src.Read(p)
		kept := 0
		for _, c := range p[:n] {
			switch {
			case c == '=':
				a.end = true
			case a.end || !isBase64(c):
				continue
			case c == '-':
				c = '+'
			case c == '_':
				c = '/'
			}
			if !a.end {
				p[kept] = c
				kept++
			}
		}
		if kept > 0 || err != nil {
			if kept > 0 && errors.Is(err, io.EOF) {
				err = nil
			}
			return kept, err
		}
	}
}
