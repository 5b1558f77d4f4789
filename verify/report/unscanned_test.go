package report

import (
	"testing"

	"assay/scanners"
	"assay/verify"
)

// TestUnscanned: a scanner that was asked and knew nothing is told from one that
// was never asked.
func TestUnscanned(t *testing.T) {
	hashed := verify.FileEvidence{Name: "a", Size: 3, Coverage: scanners.Coverage{Hashed: 3}}
	for name, c := range map[string]struct {
		files []verify.FileEvidence
		gaps  []verify.Gap
		want  bool
	}{
		"hashed":        {files: []verify.FileEvidence{hashed}, want: true},
		"a digest gap":  {files: []verify.FileEvidence{hashed}, gaps: []verify.Gap{{Code: verify.GapDigest, File: "a"}}, want: true},
		"unrecognised":  {files: []verify.FileEvidence{hashed}, gaps: []verify.Gap{{Code: scanners.GapUnrecognised, File: "a"}}},
		"with a format": {files: []verify.FileEvidence{{Name: "a", Size: 3, Formats: []string{"text"}, Coverage: scanners.Coverage{Hashed: 3}}}},
		"parsed":        {files: []verify.FileEvidence{hashed, {Name: "b", Size: 3, Coverage: scanners.Coverage{Parsed: 3}}}},
		"not read":      {files: []verify.FileEvidence{hashed, {Name: "b", Size: 3, Coverage: scanners.Coverage{Skipped: 3}}}},
		"nothing":       {},
	} {
		if got := unscanned(verify.Report{Evidence: verify.Evidence{Files: c.files, Gaps: c.gaps}}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
