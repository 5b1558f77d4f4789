package scanners_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"assay/scanners"
)

// analyst counts the bytes it was given and finds something in each file.
type analyst struct{ bytes *int64 }

func (analyst) Info() scanners.Info {
	return scanners.Info{Name: "analyst", Rules: []scanners.Rule{{ID: "analyst/seen", Severity: scanners.High, Class: scanners.Suspicious}}}
}
func (analyst) Analyses()                  {}
func (analyst) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("code")) }
func (a analyst) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	*a.bytes += f.Size
	r.Parsed.Add(0, f.Size)
	r.Findings = []scanners.Finding{a.Info().Rules[0].At(0, "seen")}
	return r, nil
}

// members is a box of n compressed members of so many bytes each.
func members(n int, start string, size int) []byte {
	content := append([]byte(start), make([]byte, size)...)
	var list [][]byte
	for i := range n {
		list = append(list, entry('z', fmt.Sprint("m", i), content))
	}
	return boxOf(list...)
}

func scanBox(list []scanners.Scanner, data []byte, lim scanners.Limits) scanners.FileReport {
	return scanners.Scan(context.Background(), append([]scanners.Scanner{box{}}, list...),
		scanners.File{ReaderAt: bytes.NewReader(data), Name: "f", Size: int64(len(data))}, lim)
}

// TestFreeExpansionIsShared: the allowance for small members that compress well is
// one of the file, not one of each member.
func TestFreeExpansionIsShared(t *testing.T) {
	const each = 20 << 20
	if r := scan(members(3, "text", each), scanners.Limits{}); len(r.Gaps) != 0 {
		t.Errorf("60 MiB from a small file: %+v", r.Gaps)
	}
	four, eight := scan(members(4, "text", each), scanners.Limits{}), scan(members(8, "text", each), scanners.Limits{})
	if len(four.Gaps) != 1 || len(eight.Gaps) != 5 || four.Gaps[0].Code != scanners.GapLimit {
		t.Errorf("gaps %+v and %+v", four.Gaps, eight.Gaps)
	}
}

// TestAnalysisIsBoundByTheFile: however many members hold code, what is analysed
// stays in proportion to the file, and what was found is kept.
func TestAnalysisIsBoundByTheFile(t *testing.T) {
	analysed := func(n int) (int64, scanners.FileReport, int64) {
		var sum int64
		data := members(n, "code", 1<<20)
		r := scanBox([]scanners.Scanner{analyst{&sum}}, data, scanners.Limits{})
		return sum, r, int64(len(data))
	}
	if sum, r, _ := analysed(7); sum < 7<<20 || len(r.Gaps) != 0 {
		t.Errorf("seven members: %d bytes, %+v", sum, r.Gaps)
	}
	sum, r, size := analysed(40)
	if limit := scanners.AnalysisFree + 64*size; sum > limit || sum < limit-2<<20 {
		t.Errorf("%d bytes of %d were analysed", sum, limit)
	}
	if len(r.Gaps) == 0 || r.Gaps[0].Code != scanners.GapLimit || len(r.Findings) < 8 || len(r.Findings)+len(r.Gaps) != 40 {
		t.Errorf("%d findings, %d gaps", len(r.Findings), len(r.Gaps))
	}
}

// deaf reads piece by piece and does not ask whether the run is over.
type deaf struct {
	cancel context.CancelFunc
	reads  *int
}

func (deaf) Info() scanners.Info        { return scanners.Info{Name: "deaf"} }
func (deaf) Match(h scanners.Head) bool { return true }
func (d deaf) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, err error) {
	for at := range f.Size {
		if *d.reads++; *d.reads == 10 {
			d.cancel()
		}
		if _, err := f.ReadAt(make([]byte, 1), at); err != nil {
			return r, err
		}
	}
	return r, nil
}

// TestTheEndOfTheRun: a scanner stops with its next read, also in a member, and
// the rest of the file is a gap.
func TestTheEndOfTheRun(t *testing.T) {
	for name, data := range map[string][]byte{"file": make([]byte, 1000), "member": members(1, "text", 1000)} {
		ctx, cancel := context.WithCancel(t.Context())
		reads := 0
		r := scanners.Scan(ctx, []scanners.Scanner{box{}, deaf{cancel, &reads}},
			scanners.File{ReaderAt: bytes.NewReader(data), Name: name, Size: int64(len(data))}, scanners.Limits{})
		if reads > 10 || len(r.Gaps) == 0 || r.Gaps[0].Code != scanners.GapUnreadable || r.Class == scanners.Clean {
			t.Errorf("%s: %d reads, %+v", name, reads, r.Gaps)
		}
	}
}
