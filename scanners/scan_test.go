package scanners_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// The tests of the core use two toy formats. A box holds members; text is a leaf
// that begins with "text" and is covered whole.
//
//	box = "BOX" { kind nameLen name u32(len) bytes }
//
// Kind s is stored, z deflated, e encrypted.

type box struct{}

func (box) Info() scanners.Info {
	return scanners.Info{Name: "box", Title: "Box", Version: 1, Rules: []scanners.Rule{
		{ID: "box/empty-name", Severity: scanners.Low, Class: scanners.Suspicious, Summary: "no name", Help: "name it"},
	}}
}

func (box) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("BOX")) }

func (b box) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var r scanners.Result
	data := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), data); err != nil {
		return r, err
	}
	r.Parsed.Add(0, 3)
	for at := 3; at < len(data); {
		if len(data)-at < 6 {
			return r, &scanners.FormatError{Offset: int64(at), Err: errors.New("truncated entry")}
		}
		head := 2 + int(data[at+1]) + 4
		name := string(data[at+2 : at+2+int(data[at+1])])
		size := int(binary.LittleEndian.Uint32(data[at+head-4:]))
		if name == "" {
			r.Findings = append(r.Findings, b.Info().Rules[0].At(int64(at), "no name"))
		}
		r.Parsed.Add(int64(at), int64(head))
		r.Members = append(r.Members, b.member(data[at], name, f, int64(at+head), int64(size)))
		at += head + size
	}
	return r, nil
}

func (box) member(kind byte, name string, f io.ReaderAt, off, size int64) scanners.Member {
	m := scanners.Member{Name: name, Size: size, Span: scanners.Span{Off: off, Len: size}}
	switch kind {
	case 'z':
		m.Size = -1
		m.Open = func() (io.Reader, error) { return flate.NewReader(io.NewSectionReader(f, off, size)), nil }
	case 'e':
		m.Unreadable = "encrypted"
	}
	return m
}

// text covers a leaf, and speaks up about words in it.
type text struct{}

func (text) Info() scanners.Info {
	return scanners.Info{Name: "text", Title: "Text", Version: 1, Rules: []scanners.Rule{
		{ID: "text/evil", Severity: scanners.Critical, Class: scanners.Malicious, Summary: "evil", Help: "remove"},
		{ID: "text/note", Severity: scanners.Informational, Class: scanners.Clean, Summary: "note", Help: "nothing"},
	}}
}

func (text) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("text")) }

func (t text) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var r scanners.Result
	line := make([]byte, min(f.Size, 100))
	if _, err := f.ReadAt(line, 0); err != nil && !errors.Is(err, io.EOF) {
		return r, err
	}
	rules := t.Info().Rules
	if i := bytes.Index(line, []byte("evil")); i >= 0 {
		r.Findings = append(r.Findings, rules[0].At(int64(i), "evil"))
	}
	if _, use, ok := bytes.Cut(line, []byte("use=")); ok {
		var name string
		var size int64
		if _, err := fmt.Sscanf(string(use), "%s %d", &name, &size); err == nil {
			r.Uses = append(r.Uses, scanners.Use{Name: name, Size: size})
		}
	}
	switch {
	case bytes.Contains(line, []byte("panic")):
		panic("index out of range")
	case bytes.Contains(line, []byte("break")):
		r.Parsed.Add(0, 5)
		return r, &scanners.FormatError{Offset: 5, Err: errors.New("broken")}
	case bytes.Contains(line, []byte("half")):
		r.Parsed.Add(0, f.Size/2)
		return r, nil
	case bytes.Contains(line, []byte("note")):
		for i := range f.Size {
			r.Findings = append(r.Findings, rules[1].At(i, "note"))
		}
	}
	r.Parsed.Add(0, f.Size)
	return r, nil
}

// lying is a scanner that returns whatever the test wants.
type lying struct {
	name   string
	result scanners.Result
	err    error
}

func (l lying) Info() scanners.Info        { return scanners.Info{Name: l.name, Title: l.name, Version: 1} }
func (l lying) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("LIE")) }
func (l lying) Scan(context.Context, scanners.File, scanners.Limits) (scanners.Result, error) {
	return l.result, l.err
}

var toys = []scanners.Scanner{box{}, text{}}

func entry(kind byte, name string, content []byte) []byte {
	if kind == 'z' {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.BestCompression)
		_, _ = w.Write(content)
		_ = w.Close()
		content = b.Bytes()
	}
	head := append([]byte{kind, byte(len(name))}, name...)
	return append(binary.LittleEndian.AppendUint32(head, uint32(len(content))), content...)
}

func boxOf(entries ...[]byte) []byte {
	return append([]byte("BOX"), slices.Concat(entries...)...)
}

func scan(data []byte, lim scanners.Limits) scanners.FileReport {
	return scanners.Scan(context.Background(), toys, scannertest.File("f", data), lim)
}

func onlyGap(t *testing.T, r scanners.FileReport, code scanners.GapCode) scanners.Gap {
	t.Helper()
	if len(r.Gaps) != 1 || r.Gaps[0].Code != code {
		t.Fatalf("gaps %+v, want one of %q", r.Gaps, code)
	}
	if r.Class == scanners.Clean {
		t.Errorf("clean, with a gap")
	}
	return r.Gaps[0]
}

func TestEveryMatchRuns(t *testing.T) {
	a := lying{name: "a"}
	a.result.Parsed.Add(0, 2)
	b := lying{name: "b"}
	b.result.Opaque.Add(1, 3)
	c := lying{name: "c", err: scanners.ErrNotRecognised}
	c.result.Parsed.Add(0, 6)
	r := scannertest.Scan([]scanners.Scanner{c, b, a}, "f", []byte("LIE123"))
	if !slices.Equal(r.Formats, []string{"a", "b"}) {
		t.Errorf("formats %v", r.Formats)
	}
	if want := (scanners.Coverage{Parsed: 2, Opaque: 2, Skipped: 2}); r.Coverage != want {
		t.Errorf("coverage %+v, want %+v: parsed wins over opaque, the declined one does not count", r.Coverage, want)
	}
	if g := onlyGap(t, r, scanners.GapUncovered); g.Offset != 4 {
		t.Errorf("gap at %d", g.Offset)
	}
}

func TestAFindingIsNeverDeclined(t *testing.T) {
	l := lying{name: "a", err: scanners.ErrNotRecognised}
	l.result.Findings = []scanners.Finding{{Rule: "a/x", What: "x"}}
	if r := scannertest.Scan([]scanners.Scanner{l}, "f", []byte("LIE")); len(r.Findings) != 1 || r.Class == scanners.Clean {
		t.Errorf("report %+v", r)
	}
}

func TestUnknownIsNotClean(t *testing.T) {
	r := scan([]byte("nobody knows"), scanners.Limits{})
	onlyGap(t, r, scanners.GapUnrecognised)
	if r.Coverage.Skipped != 12 || r.Class != scanners.Unknown {
		t.Errorf("report %+v", r)
	}
}

func TestMembers(t *testing.T) {
	inner := boxOf(entry('s', "deep", []byte("text evil")))
	data := boxOf(entry('s', "a", []byte("text")), entry('z', "b", inner), entry('s', "", []byte("text")))
	r := scan(data, scanners.Limits{})
	if len(r.Gaps) != 0 || !r.Coverage.Complete() || r.Coverage.Parsed != int64(len(data)) {
		t.Errorf("gaps %+v, coverage %+v", r.Gaps, r.Coverage)
	}
	if r.Members != 4 || r.Class != scanners.Malicious {
		t.Errorf("members %d, class %v", r.Members, r.Class)
	}
	want := []scanners.Finding{
		{Rule: "text/evil", Severity: scanners.Critical, Path: []string{"b", "deep"}, Offset: 5, What: "evil"},
		{Rule: "box/empty-name", Severity: scanners.Low, Offset: int64(len(data) - 10), What: "no name"},
	}
	if !reflect.DeepEqual(r.Findings, want) {
		t.Errorf("findings %+v, want %+v", r.Findings, want)
	}
}

// The bytes of a compressed member count only when its content is covered.
func TestCoverageOfMembers(t *testing.T) {
	half := []byte("text half" + strings.Repeat("x", 91))
	tests := []struct {
		name    string
		entry   []byte
		code    scanners.GapCode
		skipped int64
	}{
		{"stored, half", entry('s', "m", half), scanners.GapUncovered, 50},
		{"stored, unknown", entry('s', "m", []byte("12345")), scanners.GapUnrecognised, 5},
		{"deflated, half", entry('z', "m", half), scanners.GapUncovered, int64(len(entry('z', "m", half)) - 7)},
		{"deflated, unknown", entry('z', "m", []byte("12345")), scanners.GapUnrecognised, int64(len(entry('z', "m", []byte("12345"))) - 7)},
		{"encrypted", entry('e', "m", []byte("text")), scanners.GapUnsupported, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := boxOf(tt.entry)
			r := scan(data, scanners.Limits{})
			if g := onlyGap(t, r, tt.code); !slices.Equal(g.Path, []string{"m"}) {
				t.Errorf("path %q", g.Path)
			}
			if r.Coverage.Skipped != tt.skipped || r.Coverage.Size() != int64(len(data)) {
				t.Errorf("coverage %+v of %d bytes, want %d skipped", r.Coverage, len(data), tt.skipped)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	nested := []byte("text")
	for range 4 {
		nested = boxOf(entry('s', "n", nested))
	}
	zeros := entry('z', "zeros", append([]byte("text"), make([]byte, scanners.RatioFree+100)...))
	tests := []struct {
		name string
		data []byte
		lim  scanners.Limits
	}{
		{"depth", nested, scanners.Limits{MaxDepth: 3}},
		{"members", boxOf(entry('s', "a", []byte("text")), entry('s', "b", []byte("text")), entry('s', "c", []byte("text"))), scanners.Limits{MaxMembers: 2}},
		{"ratio", boxOf(zeros), scanners.Limits{MaxRatio: 10}},
		{"total", boxOf(zeros), scanners.Limits{MaxExpanded: 1000}},
		{"findings", []byte("text note" + strings.Repeat(".", 100)), scanners.Limits{MaxFindings: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scan(tt.data, tt.lim)
			onlyGap(t, r, scanners.GapLimit)
			if tt.name != "findings" && r.Coverage.Complete() {
				t.Errorf("coverage %+v claims to be complete", r.Coverage)
			}
		})
	}
	if r := scan(nested, scanners.Limits{MaxDepth: 4}); len(r.Gaps) != 0 {
		t.Errorf("exactly at the limit: %+v", r.Gaps)
	}
	if r := scan(boxOf(zeros), scanners.Limits{}); len(r.Gaps) != 1 {
		t.Errorf("64 MiB of zeros in 64 KiB exceed the default ratio: %+v", r.Gaps)
	}
}

// A flood of notes must not push out the one finding that matters, wherever it is.
func TestTheWorstFindingsAreKept(t *testing.T) {
	flood := []byte("text note" + strings.Repeat(".", 1000))
	evil := []byte("text evil")
	for _, data := range [][]byte{
		boxOf(entry('s', "a", evil), entry('s', "b", flood), entry('s', "c", flood)),
		boxOf(entry('s', "a", flood), entry('s', "b", flood), entry('s', "c", evil)),
	} {
		r := scan(data, scanners.Limits{MaxFindings: 10})
		if len(r.Findings) != 10 || r.Findings[0].Rule != "text/evil" || r.Class != scanners.Malicious {
			t.Errorf("class %v, findings %+v", r.Class, r.Findings)
		}
		if g := onlyGap(t, r, scanners.GapLimit); !strings.HasPrefix(g.Reason, "2019 findings") {
			t.Errorf("reason %q", g.Reason)
		}
	}
}

// Members that all claim the same bytes would cost their number times the file.
func TestOverlappingStoredMembers(t *testing.T) {
	l := lying{name: "a"}
	for i := range 1000 {
		l.result.Members = append(l.result.Members, scanners.Member{
			Name: fmt.Sprint(i), Size: 90, Span: scanners.Span{Off: 10, Len: 90}})
	}
	list := []scanners.Scanner{l, text{}}
	r := scannertest.Scan(list, "f", []byte("LIE......."+"text"+strings.Repeat("x", 86)))
	limited := 0
	for _, g := range r.Gaps {
		if g.Code == scanners.GapLimit {
			limited++
		}
	}
	if limited != 1000-8*100/90 {
		t.Errorf("%d of 1000 members refused", limited)
	}
}

func TestPanicIsAGap(t *testing.T) {
	r := scan(boxOf(entry('s', "a", []byte("text panic")), entry('s', "b", []byte("text evil"))), scanners.Limits{})
	g := onlyGap(t, r, scanners.GapInternal)
	if !strings.Contains(g.Reason, "scanners_test.text.Scan") || strings.Contains(g.Reason, ".go") {
		t.Errorf("reason %q: want the function, and no path of the machine", g.Reason)
	}
	if !scannertest.HasRule(r.Findings, "text/evil") {
		t.Error("the member after the panic was not scanned")
	}
}

type panicking struct{ io.Reader }

func (panicking) Read([]byte) (int, error) { panic("in the decompressor") }

func TestPanicWhileOpening(t *testing.T) {
	for name, open := range map[string]func() (io.Reader, error){
		"open": func() (io.Reader, error) { panic("open") },
		"read": func() (io.Reader, error) { return panicking{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := lying{name: "a"}
			l.result.Parsed.Add(0, 2)
			l.result.Members = []scanners.Member{{Name: "m", Span: scanners.Span{Off: 2, Len: 2}, Open: open}}
			r := scannertest.Scan([]scanners.Scanner{l}, "f", []byte("LIE!"))
			onlyGap(t, r, scanners.GapInternal)
			if r.Coverage.Parsed != 2 {
				t.Errorf("coverage %+v: a member that failed is not covered", r.Coverage)
			}
		})
	}
}

func TestFindingsAreKeptWhenTheFormatBreaks(t *testing.T) {
	r := scan([]byte("text evil break"), scanners.Limits{})
	if g := onlyGap(t, r, scanners.GapBroken); g.Offset != 5 {
		t.Errorf("offset %d", g.Offset)
	}
	if !scannertest.HasRule(r.Findings, "text/evil") || r.Class != scanners.Malicious {
		t.Errorf("report %+v", r)
	}
	// A stream that breaks was acted upon up to there.
	deflated := entry('z', "m", []byte("text evil"+strings.Repeat("abc", 100)))
	deflated = deflated[:len(deflated)-4]
	binary.LittleEndian.PutUint32(deflated[3:], uint32(len(deflated)-7))
	r = scan(boxOf(deflated), scanners.Limits{})
	onlyGap(t, r, scanners.GapBroken)
	if !scannertest.HasRule(r.Findings, "text/evil") || r.Coverage.Complete() {
		t.Errorf("report %+v", r)
	}
}

func TestUsedMembersAreOpaque(t *testing.T) {
	weights := []byte("\x00\x01\x02\x03\x04\x05\x06\x07")
	use := func(size int) []byte { return entry('s', "data.pkl", fmt.Appendf(nil, "text use=data/0 %d", size)) }
	tests := []struct {
		name  string
		data  []byte
		gaps  int
		extra int64 // opaque bytes
	}{
		{"stored", boxOf(use(8), entry('s', "data/0", weights)), 0, 8},
		{"before its user", boxOf(entry('s', "data/0", weights), use(8)), 0, 8},
		{"deflated", boxOf(use(8), entry('z', "data/0", weights)), 0, int64(len(entry('z', "data/0", weights)) - 12)},
		{"another size", boxOf(use(9), entry('s', "data/0", weights)), 1, 0},
		{"another name", boxOf(use(8), entry('s', "data/1", weights)), 1, 0},
		{"encrypted", boxOf(use(8), entry('e', "data/0", weights)), 1, 0},
		{"twice the name", boxOf(use(8), entry('s', "data/0", weights), entry('s', "data/0", weights[:7])), 1, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := scan(tt.data, scanners.Limits{})
			if len(r.Gaps) != tt.gaps || r.Coverage.Opaque != tt.extra || r.Coverage.Complete() != (tt.gaps == 0) {
				t.Errorf("gaps %+v, coverage %+v", r.Gaps, r.Coverage)
			}
		})
	}
	t.Run("findings stay", func(t *testing.T) {
		r := scan(boxOf(use(15), entry('s', "data/0", []byte("text evil break"))), scanners.Limits{})
		if len(r.Gaps) != 0 || !scannertest.HasRule(r.Findings, "text/evil") {
			t.Errorf("report %+v", r)
		}
	})
	t.Run("a declared size is no size", func(t *testing.T) {
		l := lying{name: "a"}
		l.result.Members = []scanners.Member{
			{Name: "data/0", Size: 8, Span: scanners.Span{Off: 3, Len: 1}},
			{Name: "data.pkl", Size: 18, Span: scanners.Span{Off: 11, Len: 18}},
		}
		r := scannertest.Scan([]scanners.Scanner{l, text{}}, "f", []byte("LIE01234567text use=data/0 8"))
		if r.Coverage.Opaque != 0 {
			t.Errorf("coverage %+v: bytes beside the member were accounted for", r.Coverage)
		}
	})
}

func TestNonsenseFromAScanner(t *testing.T) {
	huge := int64(1) << 62
	for _, span := range []scanners.Span{{Off: -1, Len: 2}, {Off: 0, Len: -1}, {Off: 3, Len: 2}, {Off: huge, Len: huge}, {Off: 1, Len: huge}} {
		l := lying{name: "a"}
		l.result.Members = []scanners.Member{{Name: "m", Size: 1, Span: span}}
		l.result.Parsed.Add(-5, 3)
		l.result.Parsed.Add(2, huge)
		l.result.Opaque.Add(huge, huge)
		r := scannertest.Scan([]scanners.Scanner{l}, "f", []byte("LIE!"))
		onlyGap(t, r, scanners.GapInternal)
		if r.Coverage.Size() != 4 || r.Coverage.Parsed != 2 {
			t.Errorf("%+v: coverage %+v", span, r.Coverage)
		}
	}
	// What a scanner says about a member does not account for its neighbours.
	greedy := lying{name: "greedy"}
	greedy.result.Parsed.Add(0, 1000)
	r := scannertest.Scan([]scanners.Scanner{box{}, greedy}, "f", boxOf(entry('s', "m", []byte("LIE")), entry('s', "n", []byte("12345"))))
	if r.Coverage.Skipped != 5 {
		t.Errorf("coverage %+v", r.Coverage)
	}
}

func TestHostileNamesAreQuoted(t *testing.T) {
	l := lying{name: "a"}
	l.result.Members = []scanners.Member{{Name: "a\nb\x1b[2J\xff\u202e", Size: 1, Span: scanners.Span{Off: 3, Len: 1}}}
	r := scannertest.Scan([]scanners.Scanner{l}, "f", []byte("LIE!"))
	g := onlyGap(t, r, scanners.GapUnrecognised)
	if want := `"a\nb\x1b[2J\xff\u202e"`; g.Path[0] != want {
		t.Errorf("path %q, want %q", g.Path[0], want)
	}
}

// What a scanner or a library says reaches the report as one printable line.
func TestHostileTextIsOneLine(t *testing.T) {
	l := lying{name: "a", err: errors.New("broken\n\x1b[2J\xff" + strings.Repeat("x", 5000))}
	l.result.Findings = []scanners.Finding{{Rule: "a/x", What: "line\r\nline\u202e"}}
	r := scannertest.Scan([]scanners.Scanner{l}, "f", []byte("LIE!"))
	if r.Findings[0].What != "line  line " {
		t.Errorf("finding %q", r.Findings[0].What)
	}
	reason := onlyGap(t, r, scanners.GapBroken).Reason
	if strings.ContainsAny(reason, "\n\x1b") || !utf8.ValidString(reason) || len(reason) > 1<<10 || !strings.HasPrefix(reason, "a: broken") {
		t.Errorf("reason %q", reason)
	}
}

type failing struct{ io.ReaderAt }

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk failed") }

func TestUnreadable(t *testing.T) {
	f := scanners.File{ReaderAt: failing{}, Name: "f", Size: 10}
	onlyGap(t, scanners.Scan(context.Background(), toys, f, scanners.Limits{}), scanners.GapUnreadable)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	onlyGap(t, scanners.Scan(ctx, toys, scannertest.File("f", []byte("text")), scanners.Limits{}), scanners.GapUnreadable)
}

func TestLargeMembersAreSpooled(t *testing.T) {
	content := append([]byte("text"), make([]byte, 10<<20)...)
	content[9<<20] = 1
	r := scan(boxOf(entry('z', "big", content), entry('z', "half", append([]byte("text half"), make([]byte, 9<<20)...))), scanners.Limits{})
	onlyGap(t, r, scanners.GapUncovered)
}

// The order in which scanners are listed changes nothing in the report.
func TestDeterminism(t *testing.T) {
	data := boxOf(entry('s', "a", []byte("text evil")), entry('z', "b", []byte("junk")),
		entry('e', "c", []byte("text")), entry('s', "", []byte("text break")))
	want := scan(data, scanners.Limits{})
	for range 3 {
		got := scanners.Scan(context.Background(), []scanners.Scanner{text{}, box{}}, scannertest.File("f", data), scanners.Limits{})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\n%+v\n%+v", got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("text evil"))
	f.Add(boxOf(entry('z', "b", boxOf(entry('s', "deep", []byte("text evil use=deep 3"))))))
	f.Add([]byte("BOX"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := scan(data, scanners.Limits{MaxExpanded: 1 << 20})
		if r.Coverage.Size() != int64(len(data)) {
			t.Errorf("coverage %+v of %d bytes", r.Coverage, len(data))
		}
		if r.Class == scanners.Clean && (!r.Coverage.Complete() || len(r.Gaps) > 0) {
			t.Errorf("clean: %+v", r)
		}
		if !r.Coverage.Complete() && len(r.Gaps) == 0 {
			t.Errorf("bytes were left out without a gap: %+v", r)
		}
	})
}
