package scanners_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"assay/scanners"
)

// archive has an index that reads the member "numbers" as plain data.
type archive struct{}

func (archive) Info() scanners.Info        { return scanners.Info{Name: "archive"} }
func (archive) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("ARCH")) }
func (archive) Scan(context.Context, scanners.File, scanners.Limits) (r scanners.Result, _ error) {
	r.Parsed.Add(0, 4)
	r.Members = []scanners.Member{
		{Name: "index", Size: 5, Span: scanners.Span{Off: 4, Len: 5}},
		{Name: "numbers", Size: 4, Span: scanners.Span{Off: 9, Len: 4}},
	}
	return r, nil
}

type index struct{}

func (index) Info() scanners.Info        { return scanners.Info{Name: "index"} }
func (index) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("INDEX")) }
func (index) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	r.Parsed.Add(0, f.Size)
	r.Uses = []scanners.Use{{Name: "numbers", Size: 4}}
	return r, nil
}

// eager takes whatever begins with a 7 for its own, finds something of the given
// severity, and breaks off.
type eager struct{ severity scanners.Severity }

func (eager) Info() scanners.Info {
	return scanners.Info{Name: "eager", Rules: []scanners.Rule{{ID: "eager/x", Class: scanners.Suspicious}}}
}
func (eager) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("7")) }
func (e eager) Scan(context.Context, scanners.File, scanners.Limits) (r scanners.Result, _ error) {
	r.Parsed.Add(0, 1)
	r.Findings = []scanners.Finding{{Rule: "eager/x", Severity: e.severity, What: "x"}}
	return r, &scanners.FormatError{Offset: 1, Err: errors.New("breaks off")}
}

// TestNumbersLookLikeAnything: a member that a loader reads as numbers is not
// suspicious for the way its numbers begin; what would be dangerous stays.
func TestNumbersLookLikeAnything(t *testing.T) {
	data := []byte("ARCHINDEX7777")
	scan := func(s scanners.Severity) scanners.FileReport {
		list := []scanners.Scanner{archive{}, index{}, eager{s}}
		return scanners.Scan(t.Context(), list, scanners.File{ReaderAt: bytes.NewReader(data), Name: "a", Size: int64(len(data))}, scanners.Limits{})
	}
	if r := scan(scanners.Medium); r.Class != scanners.Clean || len(r.Findings)+len(r.Gaps) != 0 || r.Coverage.Opaque != 3 {
		t.Errorf("ordinary numbers: %+v", r)
	}
	if r := scan(scanners.High); r.Class != scanners.Suspicious || len(r.Findings) != 1 || len(r.Gaps) != 0 {
		t.Errorf("dangerous for another reader: %+v", r)
	}
}
