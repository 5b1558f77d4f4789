package assay_test

import (
	"fmt"
	"path/filepath"
	"testing"

	formats "assay/scanners/all"
	"assay/verify"
)

// TestSameFolderSameEvidence: one file at a time or two, the evidence is the same.
func TestSameFolderSameEvidence(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(repositories + "/*/README.md")
	if err != nil || len(folders) < 11 {
		t.Fatalf("%d repositories, %v", len(folders), err)
	}
	for _, card := range folders {
		dir := filepath.Dir(card)
		var first string
		for _, jobs := range []int{1, 2} {
			e, err := verify.Pipeline{Scanners: formats.Scanners(), Jobs: jobs}.Gather(t.Context(), resolve(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprintf("%+v %+v", e.Files, e.Gaps)
			if first == "" {
				first = said
			}
			if said != first {
				t.Errorf("%s with %d jobs:\n%s\n\n%s", dir, jobs, first, said)
			}
		}
	}
}
