package scannertest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"assay/scanners"
)

// Properties checks what holds for any bytes, and is what a fuzz target calls:
// no panic, two runs give the same, every span, member and offset lies inside
// the file, findings are one printable line of a declared rule, and a scanner
// that found something does not decline. Run on a reader that fails half-way,
// the scanner must not panic either.
func Properties(t testing.TB, s scanners.Scanner, name string, data []byte) {
	t.Helper()
	first, firstErr := Run(s, name, data)
	second, secondErr := Run(s, name, data)
	if a, b := render(first, firstErr), render(second, secondErr); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
	if declined(firstErr) {
		if len(first.Findings) > 0 {
			t.Errorf("declined, yet found %v", first.Findings)
		}
		return
	}
	declared := make(map[string]bool)
	for _, r := range s.Info().Rules {
		declared[r.ID] = true
	}
	for _, f := range first.Findings {
		if !declared[f.Rule] {
			t.Errorf("finding of the undeclared rule %q", f.Rule)
		}
	}
	checkResult(t, int64(len(data)), first)
	for _, m := range first.Members {
		drain(m)
	}
	broken := File(name, data)
	broken.ReaderAt = failingReader{broken.ReaderAt, int64(len(data) / 2)}
	_, _ = RunFile(s, broken, Head(name, data))
}

// KeepsFindings checks that junk after the data hides nothing: every finding is
// still there. It is for formats that are read from the front.
func KeepsFindings(t testing.TB, s scanners.Scanner, name string, data, junk []byte) {
	t.Helper()
	before, _ := Run(s, name, data)
	after, _ := Run(s, name, bytes.Join([][]byte{data, junk}, nil))
	kept := make(map[string]bool)
	for _, f := range after.Findings {
		kept[fmt.Sprintf("%+v", f)] = true
	}
	for _, f := range before.Findings {
		if !kept[fmt.Sprintf("%+v", f)] {
			t.Errorf("lost once %d bytes were appended: %+v", len(junk), f)
		}
	}
}

// checkResult checks that everything a result names lies in a file of the size.
func checkResult(t testing.TB, size int64, r scanners.Result) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Offset < 0 || f.Offset > size {
			t.Errorf("%s: offset %d in a file of %d bytes", f.Rule, f.Offset, size)
		}
		checkLine(t, f.Rule, f.What)
	}
	checkSpans(t, "parsed", size, r.Parsed)
	checkSpans(t, "opaque", size, r.Opaque)
	for _, m := range r.Members {
		if m.Span.Off < 0 || m.Span.Len < 0 || m.Span.End() < m.Span.Off || m.Span.End() > size {
			t.Errorf("member %q: span %+v in a file of %d bytes", m.Name, m.Span, size)
		}
		if m.Size < -1 {
			t.Errorf("member %q: size %d", m.Name, m.Size)
		}
	}
	for _, f := range r.Facts {
		if f.Key == "" || len(f.Value) > 1<<10 {
			t.Errorf("fact %q has no key, or %d bytes", f.Key, len(f.Value))
		}
	}
}

func checkSpans(t testing.TB, what string, size int64, s scanners.Spans) {
	t.Helper()
	for _, x := range s.Normal(math.MaxInt64) {
		if x.Off < 0 || x.End() > size {
			t.Errorf("%s span %+v in a file of %d bytes", what, x, size)
		}
	}
}

// drain reads a member as far as a fuzz target can afford: the reader must not
// panic, whatever it decompresses.
func drain(m scanners.Member) {
	if m.Open == nil {
		return
	}
	if r, err := m.Open(); err == nil {
		_, _ = io.CopyN(io.Discard, r, 1<<20)
	}
}

// checkLine checks that hostile bytes reached a report quoted, and bounded.
func checkLine(t testing.TB, rule, what string) {
	t.Helper()
	control := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	switch {
	case what == "":
		t.Errorf("%s: says nothing", rule)
	case len(what) > 4<<10:
		t.Errorf("%s: %d bytes of text; clip what comes from the file", rule, len(what))
	case !utf8.ValidString(what) || strings.ContainsFunc(what, control):
		t.Errorf("%s: control characters or invalid UTF-8 reach the report: %q", rule, what)
	}
}

// render writes all of a result but its functions, in the order given.
func render(r scanners.Result, err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n%+v\n%+v\n%+v\n%+v\n", r.Findings, r.Facts, r.Uses,
		r.Parsed.Normal(math.MaxInt64), r.Opaque.Normal(math.MaxInt64))
	for _, m := range r.Members {
		fmt.Fprintf(&b, "%q %d %+v %v %q\n", m.Name, m.Size, m.Span, m.Open != nil, m.Unreadable)
	}
	fmt.Fprintf(&b, "%v\n", err)
	return b.String()
}

// failingReader fails for every read that reaches beyond good.
type failingReader struct {
	io.ReaderAt
	good int64
}

var errBroken = errors.New("the disk failed")

func (r failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.good {
		return 0, errBroken
	}
	return r.ReaderAt.ReadAt(p, off)
}
