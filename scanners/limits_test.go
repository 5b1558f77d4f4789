package scanners_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"assay/scanners"
)

// talkative gives n facts and one finding of every class.
type talkative struct{ facts, findings int }

func (talkative) Info() scanners.Info {
	return scanners.Info{Name: "talkative", Rules: []scanners.Rule{{ID: "talkative/bad", Class: scanners.Malicious}, {ID: "talkative/low", Class: scanners.Unknown}}}
}
func (talkative) Match(scanners.Head) bool { return true }
func (s talkative) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	r.Parsed.Add(0, f.Size)
	for i := range s.facts {
		r.Facts = append(r.Facts, scanners.Fact{Key: "k", Value: fmt.Sprint(i)})
	}
	for i := range s.findings {
		r.Findings = append(r.Findings, scanners.Finding{Rule: "talkative/low", Severity: scanners.High, Offset: int64(i)})
	}
	if s.findings > 0 {
		r.Findings = append(r.Findings, scanners.Finding{Rule: "talkative/bad", Severity: scanners.Low})
	}
	return r, nil
}

// TestFactsAreCutAloud: a fact that is left out is a gap, also when those before
// filled the room exactly.
func TestFactsAreCutAloud(t *testing.T) {
	scan := func(counts ...int) scanners.FileReport {
		var list []scanners.Scanner
		for _, n := range counts {
			list = append(list, talkative{facts: n})
		}
		return scanners.Scan(t.Context(), list, scanners.File{ReaderAt: bytes.NewReader([]byte("x")), Size: 1}, scanners.Limits{})
	}
	full := len(scan(1_000_000).Facts)
	if r := scan(full); len(r.Gaps) != 0 {
		t.Errorf("the room filled exactly: %+v", r.Gaps)
	}
	for _, r := range []scanners.FileReport{scan(full + 1), scan(full, 1), scan(full, 1, 1)} {
		if len(r.Gaps) != 1 || r.Gaps[0].Code != scanners.GapLimit || len(r.Facts) != full {
			t.Errorf("%d facts, gaps %+v", len(r.Facts), r.Gaps)
		}
	}
}

// TestClassOfWhatIsNotKept: the class of a file counts findings that there was no
// room for.
func TestClassOfWhatIsNotKept(t *testing.T) {
	r := scanners.Scan(t.Context(), []scanners.Scanner{talkative{findings: 50}},
		scanners.File{ReaderAt: bytes.NewReader([]byte("x")), Size: 1}, scanners.Limits{MaxFindings: 5})
	if len(r.Findings) != 5 || r.Class != scanners.Malicious {
		t.Errorf("%d findings, class %s", len(r.Findings), r.Class)
	}
}
