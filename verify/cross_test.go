package verify_test

import (
	"context"
	"io"
	"slices"
	"testing"

	"assay/scanners"
	"assay/verify"
)

// pair is letters with a check across files: what it does is for the test to say.
type pair struct {
	letters
	cross func(files []scanners.CrossFile) scanners.CrossResult
}

func (p pair) Info() scanners.Info {
	info := p.letters.Info()
	info.Rules = append(info.Rules, scanners.Rule{ID: "letters/pair", Severity: scanners.Medium, Class: scanners.Suspicious})
	return info
}

// Match accepts nothing: the helper of these tests adds letters itself.
func (pair) Match(scanners.Head) bool { return false }

func (p pair) Cross(_ context.Context, files []scanners.CrossFile) scanners.CrossResult {
	return p.cross(files)
}

// A finding about several files stands in the evidence like any other: at its file,
// in its place, with its rule, and with what it makes of the file.
func TestCrossFindings(t *testing.T) {
	p := verify.Pipeline{Scanners: []scanners.Scanner{pair{cross: func(files []scanners.CrossFile) scanners.CrossResult {
		content, err := files[1].Open(t.Context())
		if err != nil {
			t.Error(err)
			return scanners.CrossResult{}
		}
		text, err := io.ReadAll(io.NewSectionReader(content, 0, files[1].Size))
		if string(text) != "A!" || err != nil || content.Close() != nil {
			t.Errorf("%q, %v", text, err)
		}
		return scanners.CrossResult{Findings: []scanners.CrossFinding{{File: "b", Finding: scanners.Finding{Rule: "letters/pair", Severity: scanners.Medium, What: "no a"}}}}
	}}}}
	e := gather(t, p, artifact(file("a", "A"), file("b", "A!")))
	b := e.Files[1]
	if len(b.Findings) != 2 || b.Findings[1].Rule != "letters/pair" || b.Classification != scanners.Malicious || e.Files[0].Classification != scanners.Clean {
		t.Errorf("%+v", e.Files)
	}
	if !slices.ContainsFunc(e.Rules, func(r verify.Rule) bool { return r.ID == "letters/pair" }) {
		t.Errorf("rules %+v", e.Rules)
	}
}

// A file becomes plain data only as a whole, and not when it would do harm by
// itself. What cannot be compared is not opened.
func TestPlain(t *testing.T) {
	for what, c := range map[string]struct {
		content string
		span    int64
		headers bool
		plain   bool
	}{
		"whole":           {"xyz", 3, false, true},
		"more than whole": {"xyz", 9, false, true},
		"headers only":    {"xyz", 3, true, true},
		"a part":          {"xyz", 2, false, false},
		"understood":      {"A", 1, false, false},
		"harmful":         {"A!", 2, false, false},
	} {
		p := verify.Pipeline{HeadersOnly: c.headers, Scanners: []scanners.Scanner{pair{cross: func(files []scanners.CrossFile) scanners.CrossResult {
			if c.headers != (files[0].Open == nil) {
				t.Errorf("%s: opened %v", what, files[0].Open != nil)
			}
			var spans scanners.Spans
			spans.Add(0, c.span)
			return scanners.CrossResult{Plain: []scanners.CrossPlain{{File: "data", Spans: spans}, {File: "missing"}}}
		}}}}
		e := gather(t, p, artifact(file("data", c.content)))
		f := e.Files[0]
		if plain := f.Coverage.Opaque == f.Size && f.Classification == scanners.Clean && len(e.Gaps) == 0; plain != c.plain {
			t.Errorf("%s: %+v, gaps %v", what, f, e.Gaps)
		}
	}
}

// A check that fails leaves a gap, and the evidence stands.
func TestCrossFails(t *testing.T) {
	for what, cross := range map[string]func([]scanners.CrossFile) scanners.CrossResult{
		"panics": func([]scanners.CrossFile) scanners.CrossResult { panic("broken") },
		"invents a file": func([]scanners.CrossFile) scanners.CrossResult {
			return scanners.CrossResult{Findings: []scanners.CrossFinding{{File: "nowhere"}}}
		},
	} {
		e := gather(t, verify.Pipeline{Scanners: []scanners.Scanner{pair{cross: cross}}}, artifact(file("a", "A!")))
		if !slices.Contains(codes(e), scanners.GapInternal) || len(e.Files[0].Findings) != 1 {
			t.Errorf("%s: %v, %+v", what, e.Gaps, e.Files)
		}
	}
}
