package scannertest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
)

// fake recognises "FAKE" and reports what the test tells it to.
type fake struct {
	rules  []scanners.Rule
	result func(data []byte) scanners.Result
}

func (f fake) Info() scanners.Info {
	return scanners.Info{Name: "fake", Title: "Fake", Version: 1, Rules: f.rules}
}

func (f fake) Match(h scanners.Head) bool { return strings.HasPrefix(string(h.Start), "FAKE") }

func (f fake) Scan(_ context.Context, file scanners.File, _ scanners.Limits) (scanners.Result, error) {
	data := make([]byte, file.Size)
	if _, err := file.ReadAt(data, 0); err != nil {
		return scanners.Result{}, err
	}
	return f.result(data), nil
}

// recorder collects the errors of a suite instead of failing the test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

var rule = scanners.Rule{ID: "fake/bad", Severity: scanners.High, Class: scanners.Suspicious,
	Summary: "a bad word", Help: "remove it", CWE: []string{"CWE-502"}}

// honest fires on the word bad.
func honest(data []byte) scanners.Result {
	var r scanners.Result
	r.Parsed.Add(0, int64(len(data)))
	if i := strings.Index(string(data), "bad"); i >= 0 {
		r.Findings = append(r.Findings, scanners.Finding{Rule: rule.ID, Severity: rule.Severity, Offset: int64(i), What: "bad"})
	}
	return r
}

func TestHonestScannerPasses(t *testing.T) {
	s := fake{[]scanners.Rule{rule}, honest}
	CheckRules(t, s, []Sample{{Rule: "fake/bad", Hit: []byte("FAKE bad"), Miss: []byte("FAKE good")}})
	Properties(t, s, "x", []byte("FAKE bad"))
	KeepsFindings(t, s, "x", []byte("FAKE bad"), []byte("junk"))
}

func TestRuleDefectsAreReported(t *testing.T) {
	hit := Sample{Rule: "fake/bad", Hit: []byte("FAKE bad")}
	miss := Sample{Rule: "fake/bad", Miss: []byte("FAKE good")}
	foreign := rule
	foreign.ID = "other/bad"
	mute := rule
	mute.Help = ""
	wrongID := rule
	wrongID.ATLAS = []string{"T0011"}
	tests := []struct {
		name    string
		rules   []scanners.Rule
		samples []Sample
		want    string
	}{
		{"no miss", []scanners.Rule{rule}, []Sample{hit}, "must not fire"},
		{"no hit", []scanners.Rule{rule}, []Sample{miss}, "in which it fires"},
		{"hit that misses", []scanners.Rule{rule}, []Sample{{Rule: "fake/bad", Hit: []byte("FAKE good")}, miss}, "fired: false, want true"},
		{"miss that hits", []scanners.Rule{rule}, []Sample{hit, {Rule: "fake/bad", Miss: []byte("FAKE bad")}}, "fired: true, want false"},
		{"miss that is declined", []scanners.Rule{rule}, []Sample{hit, {Rule: "fake/bad", Miss: []byte("good")}}, "does not recognise"},
		{"undeclared", nil, []Sample{hit}, "does not declare"},
		{"undeclared finding", []scanners.Rule{foreign}, []Sample{{Rule: "other/bad", Hit: []byte("FAKE bad")}}, "undeclared rule"},
		{"foreign prefix", []scanners.Rule{foreign}, nil, `want "fake/"`},
		{"no help", []scanners.Rule{mute}, nil, "no help"},
		{"twice", []scanners.Rule{rule, rule}, nil, "declared twice"},
		{"bad id", []scanners.Rule{wrongID}, nil, "is no id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{TB: t}
			CheckRules(r, fake{tt.rules, honest}, tt.samples)
			if !strings.Contains(strings.Join(r.errors, "\n"), tt.want) {
				t.Errorf("want an error with %q, have %q", tt.want, r.errors)
			}
		})
	}
}

func TestPropertyDefectsAreReported(t *testing.T) {
	found := func(f scanners.Finding) func([]byte) scanners.Result {
		return func([]byte) scanners.Result { return scanners.Result{Findings: []scanners.Finding{f}} }
	}
	calls := 0
	tests := []struct {
		name   string
		result func([]byte) scanners.Result
		want   string
	}{
		{"offset outside", found(scanners.Finding{Rule: "fake/bad", Offset: 99, What: "x"}), "offset 99"},
		{"control characters", found(scanners.Finding{Rule: "fake/bad", What: "a\nb"}), "control characters"},
		{"silent", found(scanners.Finding{Rule: "fake/bad"}), "says nothing"},
		{"undeclared", found(scanners.Finding{Rule: "fake/other", What: "x"}), "undeclared"},
		{"span outside", func(data []byte) (r scanners.Result) {
			r.Opaque.Add(0, int64(len(data))+1)
			return r
		}, "opaque span"},
		{"member outside", func([]byte) scanners.Result {
			return scanners.Result{Members: []scanners.Member{{Name: "m", Span: scanners.Span{Off: 2, Len: 99}}}}
		}, `member "m"`},
		{"not deterministic", func([]byte) (r scanners.Result) {
			calls++
			r.Facts = []scanners.Fact{{Key: "k", Value: fmt.Sprint(calls)}}
			return r
		}, "two runs differ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{TB: t}
			Properties(r, fake{[]scanners.Rule{rule}, tt.result}, "x", []byte("FAKE"))
			if !strings.Contains(strings.Join(r.errors, "\n"), tt.want) {
				t.Errorf("want an error with %q, have %q", tt.want, r.errors)
			}
		})
	}
}

func TestLostFindingIsReported(t *testing.T) {
	short := func(data []byte) scanners.Result {
		if len(data) > 8 {
			return scanners.Result{}
		}
		return honest(data)
	}
	r := &recorder{TB: t}
	KeepsFindings(r, fake{[]scanners.Rule{rule}, short}, "x", []byte("FAKE bad"), []byte("junk"))
	if len(r.errors) != 1 {
		t.Errorf("errors: %q", r.errors)
	}
}
