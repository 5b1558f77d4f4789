package sbom_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

// Every field that a loader, a lawyer or a buyer goes by matters; words about the
// model do not.
func TestDiff(t *testing.T) {
	declared := func(text string) sbom.Value { return sbom.Value{Text: text, Standing: sbom.Declared, Source: "x"} }
	for name, c := range map[string]struct {
		edit func(d *sbom.Document)
		want string // "field matters" of each change
	}{
		"nothing":       {func(*sbom.Document) {}, ""},
		"other source":  {func(d *sbom.Document) { d.License.Expression.Source = "other" }, ""},
		"supplier":      {func(d *sbom.Document) { d.Subject.Supplier = declared("b") }, "supplier true"},
		"version":       {func(d *sbom.Document) { d.Subject.Version = declared("2") }, "version false"},
		"license":       {func(d *sbom.Document) { d.License.Expression = declared("MIT") }, "license true"},
		"base":          {func(d *sbom.Document) { d.Bases = nil }, "base model true"},
		"base unpinned": {func(d *sbom.Document) { d.Bases[0].Revision = declared("1") }, "base model true,base model true"},
		"weights":       {func(d *sbom.Document) { d.Files[2].Digests[0].Hex = strings.Repeat("0", 64) }, "file model-00001.safetensors true"},
		"no digest":     {func(d *sbom.Document) { d.Files[2].Digests = nil }, "file model-00001.safetensors true"},
		"card":          {func(d *sbom.Document) { d.Files[0].Digests[0].Hex = strings.Repeat("0", 64) }, "file README.md false"},
		"removed":       {func(d *sbom.Document) { d.Files = d.Files[1:] }, "file README.md false"},
		"added":         {func(d *sbom.Document) { d.Files = append(d.Files, sbom.File{Name: "run.py"}) }, "file run.py true"},
		"less looked at": {func(d *sbom.Document) { d.Files[2].Coverage.Skipped = 1 },
			"coverage of model-00001.safetensors true"},
		"finding": {func(d *sbom.Document) { d.Files[1].Findings = []sbom.Finding{{Rule: "a/b", Severity: "high"}} }, "finding in config.json true"},
		"words": {func(d *sbom.Document) {
			d.Facts = append(d.Facts, sbom.Fact{Key: "text/card/section/uses", Value: declared("x")})
		}, "fact text/card/section/uses false"},
		"setting": {func(d *sbom.Document) {
			d.Facts = append(d.Facts, sbom.Fact{Key: "text/config/r", Value: declared("8")})
		}, "fact text/config/r true"},
		"claims": {func(d *sbom.Document) { d.Claims = []sbom.Claim{{Scheme: "oms", Standing: "failed"}} }, "signature true"},
	} {
		old, now := sbom.FromReport(sbomtest.CleanModel()), sbom.FromReport(sbomtest.CleanModel())
		c.edit(&now)
		var got []string
		for _, x := range now.Diff(old) {
			got = append(got, fmt.Sprint(x.Field, " ", x.Matters))
			if x.Why == "" {
				t.Errorf("%s: %s does not say why", name, x.Field)
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The order does not depend on the order of maps.
func TestDiffIsDeterministic(t *testing.T) {
	old, now := sbom.FromReport(sbomtest.CleanModel()), sbom.FromReport(sbomtest.FindingsModel())
	first := now.Diff(old)
	for range 10 {
		if !slices.Equal(first, now.Diff(old)) {
			t.Fatal("two runs differ")
		}
	}
	if len(first) < 10 || !first[0].Matters {
		t.Errorf("%d changes, the first %+v", len(first), first[0])
	}
}

// A name of a base is hostile text: the graph stays one.
func TestDOTIsEscaped(t *testing.T) {
	d := sbom.Document{Bases: []sbom.Base{{Name: sbom.DeclaredBy("a\"];\nx -> y [label=\"\\", "x")}}}
	var b bytes.Buffer
	if err := d.WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	if want := `base1 [label="a\"];\\u000ax -> y [label=\"\\\nrevision not named"];`; !strings.Contains(b.String(), want) {
		t.Errorf("%s", b.String())
	}
}
