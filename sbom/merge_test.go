package sbom_test

import (
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

func TestMerge(t *testing.T) {
	d := sbom.FromReport(sbomtest.CleanModel())
	other := sbom.FromReport(sbomtest.Dataset())
	other.Subject.Name.Text = "example/rows"
	d.Datasets = []sbom.Value{sbom.DeclaredBy("example/rows", "README.md")}

	merged := d.Merge(other).Merge(sbom.FromReport(sbomtest.FindingsModel()))
	if _, ok := merged.Part("example/rows", ""); !ok || len(merged.Parts) != 2 || len(d.Parts) != 0 {
		t.Errorf("%d parts, %d before", len(merged.Parts), len(d.Parts))
	}
	if n := merged.Neighbours(); len(n) != 1 || n[0].Subject.Name.Text == "example/rows" {
		t.Errorf("%d neighbours", len(n))
	}
	if _, ok := merged.Part("example/rows", "another revision"); ok {
		t.Error("a bill of another revision is taken")
	}
	if same := d.Merge(sbom.FromReport(sbomtest.CleanModel())); len(same.Parts) != 0 || len(same.Conflicts) != 0 {
		t.Errorf("the same artifact: %d parts, %v", len(same.Parts), same.Conflicts)
	}
}
