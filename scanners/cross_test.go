package scanners_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// outliner hands out an outline; what it holds is one stored member.
type outliner struct {
	name    string
	outline scanners.Outline
	member  scanners.Span
	cross   func([]scanners.CrossFile) []scanners.CrossFinding
}

func (o outliner) Info() scanners.Info {
	return scanners.Info{Name: o.name, Title: "Test", Version: 1}
}

func (o outliner) Match(h scanners.Head) bool { return strings.HasPrefix(h.Name, o.name) }

func (o outliner) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	r.Outline = o.outline
	r.Parsed.Add(0, f.Size)
	if o.member.Len > 0 {
		r.Members = []scanners.Member{{Name: "inner.x", Span: scanners.Span{Off: 0, Len: 1}}, {Name: "data", Span: o.member}}
	}
	return r, nil
}

func (o outliner) Cross(_ context.Context, files []scanners.CrossFile) scanners.CrossResult {
	return scanners.CrossResult{Findings: o.cross(files)}
}

// A tensor in a stored member has its place in the file; one whose member is not
// there, or too small, has none.
func TestOutlineOfMembers(t *testing.T) {
	var inner scanners.Outline
	for name, data := range map[string]scanners.Span{"in": {Off: 1, Len: 2}, "out": {Off: 3, Len: 2}} {
		inner.AddTensor(scanners.Tensor{Name: name, Data: data, Member: "data"})
	}
	inner.AddTensor(scanners.Tensor{Name: "lost", Data: scanners.Span{Len: 1}, Member: "nothing"})
	inner.AddMark(scanners.MarkTemplate, "x")
	list := []scanners.Scanner{outliner{name: "outer", member: scanners.Span{Off: 4, Len: 4}}, outliner{name: "inner", outline: inner}}
	report := scannertest.Scan(list, "outer", []byte("12345678"))
	for _, tensor := range report.Outline.Tensors {
		want := scanners.Span{}
		if tensor.Name == "in" {
			want = scanners.Span{Off: 5, Len: 2}
		}
		if tensor.Data != want || tensor.Member != "" {
			t.Errorf("%+v, want %v", tensor, want)
		}
	}
	if m := report.Outline.Marks; len(m) != 1 || !slices.Equal(m[0].Path, []string{"inner.x"}) {
		t.Errorf("marks %v", m)
	}
}

// No file makes an outline grow without bounds.
func TestOutlineBounds(t *testing.T) {
	var o scanners.Outline
	o.AddTensor(scanners.Tensor{Name: strings.Repeat("n", 1000)})
	o.AddTensor(scanners.Tensor{Name: "n", Shape: make([]int64, 9)})
	o.AddToken(1<<40, []byte("x"))
	o.AddToken(-1, []byte("x"))
	if len(o.Tensors)+len(o.Vocabulary) > 0 || !o.Cut {
		t.Errorf("%+v", o)
	}
}

// A check that fails costs neither the others nor the report.
func TestCross(t *testing.T) {
	finding := func(file string) scanners.CrossFinding {
		return scanners.CrossFinding{File: file, Finding: scanners.Finding{Rule: "a/b", What: "two\nlines"}}
	}
	good := outliner{cross: func([]scanners.CrossFile) []scanners.CrossFinding {
		return []scanners.CrossFinding{finding("b"), finding("a")}
	}}
	bad := outliner{cross: func([]scanners.CrossFile) []scanners.CrossFinding { panic("broken") }}
	result, err := scanners.Cross(t.Context(), []scanners.Scanner{bad, good}, nil)
	found := result.Findings
	if err == nil || len(found) != 2 || found[0].File != "a" || found[0].What != "two lines" {
		t.Errorf("%v, %v", found, err)
	}
}
