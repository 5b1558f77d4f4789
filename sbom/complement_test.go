package sbom_test

import (
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

func fields(d sbom.Document) []string {
	var out []string
	for _, c := range d.Conflicts {
		out = append(out, c.Field+": "+c.Why)
	}
	return out
}

// A bill fills what is missing, is contradicted where it differs, and never
// replaces what is known.
func TestComplement(t *testing.T) {
	ours := sbom.FromReport(sbomtest.CleanModel())
	theirs := sbom.FromReport(sbomtest.CleanModel())
	if got := fields(ours.Complement(theirs)); len(got) != 0 {
		t.Errorf("the same bill: %q", got)
	}
	theirs.Files = slices.Clone(theirs.Files)
	theirs.Files[0].Digests = []sbom.Digest{{Algorithm: "sha256", Hex: strings.Repeat("0", 64), Standing: sbom.Declared, Source: "b"}}
	theirs.Files[1].Name = "other.json"
	theirs.Files[2].Digests = nil
	theirs.License.Expression.Text = "MIT"
	theirs.Datasets = []sbom.Value{{Text: "org/data", Standing: sbom.Declared, Source: "b"}}
	theirs.Facts = append(theirs.Facts, sbom.Fact{Key: "text/card/section/uses", Value: sbom.Value{Text: "x", Standing: sbom.Declared, Source: "b"}},
		sbom.Fact{Key: "safetensors/parameters", Value: sbom.Value{Text: "9", Standing: sbom.Declared, Source: "b"}})
	got := ours.Complement(theirs)
	want := []string{
		"license: the bill declares another license",
		"file README.md: the bill promises another digest",
		"file other.json: the bill lists a file that is not there",
		"file model-00001.safetensors: the bill has no digest of the file that could be compared",
		"file config.json: the bill does not list a file that is there",
	}
	if !slices.Equal(fields(got), want) {
		t.Errorf("conflicts\n got %q\nwant %q", fields(got), want)
	}
	if got.License.Expression.Text != "Apache-2.0" || len(got.Datasets) != 1 || len(got.Facts) != len(ours.Facts)+1 {
		t.Errorf("license %v, datasets %v, %d facts", got.License, got.Datasets, len(got.Facts))
	}
	if len(ours.Conflicts) != 0 || len(ours.Datasets) != 0 {
		t.Error("the receiver was changed")
	}
}
