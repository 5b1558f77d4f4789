package spdx_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/spdx"
)

var options2 = spdx.Options{Version: spdx.V23, Created: sbomtest.Created, Tool: "assay test"}

func read2(t *testing.T, document []byte) *v2_3.Document {
	t.Helper()
	var d v2_3.Document
	if err := spdxjson.ReadInto(bytes.NewReader(document), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

func TestVersion2Schema(t *testing.T) {
	schema := compileSchema(t, "testdata/spdx-2.3.schema.json")
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			document := write(t, doc, options2)
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			bad := bytes.Replace(document, []byte(`"OTHER"`), []byte(`"MODEL"`), 1)
			if err := validate(t, schema, bad); err == nil {
				t.Error("a purpose that 2.3 does not have is accepted")
			}
		})
	}
}

// Another reader sees the artifact and its files with what the bytes have shown,
// and no SHA-1 rule is broken: there is no list of files.
func TestVersion2RoundTrip(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			d := read2(t, write(t, doc, options2))
			first := 1 + len(doc.Bases) + len(doc.Datasets) + len(doc.Neighbours())
			if len(d.Files) != 0 || len(d.Packages) != first+len(doc.Files) {
				t.Fatalf("read %d files and %d packages", len(d.Files), len(d.Packages))
			}
			if got, want := len(d.Packages[0].Annotations), 2+len(doc.Claims)+len(doc.Gaps); got != want {
				t.Errorf("%d annotations on the artifact, want %d", got, want)
			}
			for i, f := range doc.Files {
				p := d.Packages[first+i]
				if p.PackageName != f.Name || p.FilesAnalyzed {
					t.Errorf("package %q, analysed %v", p.PackageName, p.FilesAnalyzed)
				}
				sums := map[string]bool{}
				for _, c := range p.PackageChecksums {
					sums[c.Value] = true
				}
				for _, digest := range f.Digests {
					want := digest.Standing == sbom.Verified && digest.Algorithm != "sha1-git"
					if sums[digest.Hex] != want {
						t.Errorf("%s: checksum %s: %v, want %v", f.Name, digest.Hex, sums[digest.Hex], want)
					}
				}
			}
		})
	}
}

func TestVersion2Relations(t *testing.T) {
	d := read2(t, write(t, sbom.FromReport(sbomtest.FindingsModel()), options2))
	var got []string
	for _, r := range d.Relationships {
		got = append(got, fmt.Sprintf("%s %s %s", r.RefA.ElementRefID, r.Relationship, r.RefB.ElementRefID))
	}
	want := []string{
		"DOCUMENT DESCRIBES artifact",
		"artifact DESCENDANT_OF base-1", "artifact DEPENDS_ON base-1",
		"artifact CONTAINS file-1", "file-1 DOCUMENTATION_OF artifact",
		"artifact CONTAINS file-2", "file-2 METAFILE_OF artifact",
		"artifact CONTAINS file-3",
		"artifact CONTAINS file-4", "file-4 OTHER artifact",
		"artifact CONTAINS file-5", "file-5 DATA_FILE_OF artifact",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("relations %q, want %q", got, want)
	}
}

// The two versions say the same about every element.
func TestVersionsSayTheSame(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			count := map[string]int{}
			for _, a := range elements(t, write(t, doc, options))["Annotation"] {
				count[a["summary"].(string)+"\n\n"+a["statement"].(string)]++
			}
			for _, p := range read2(t, write(t, doc, options2)).Packages {
				for _, a := range p.Annotations {
					count[a.AnnotationComment]--
				}
			}
			for what, n := range count {
				if n != 0 {
					t.Errorf("said %+d times more in 3.0.1: %s", n, what)
				}
			}
		})
	}
}

func TestVersion2HostileText(t *testing.T) {
	schema := compileSchema(t, "testdata/spdx-2.3.schema.json")
	for name, text := range sbomtest.HostileTexts {
		t.Run(name, func(t *testing.T) {
			document := write(t, sbom.FromReport(sbomtest.HostileReport(text)), options2)
			sbomtest.CheckText(t, bytes.ReplaceAll(document, []byte("\n"), nil)) // the encoder ends with one
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			checkIDs2(t, document)
			read2(t, document)
		})
	}
}

// checkIDs2 demands that all ids are of the form of section 3.2 and unique.
func checkIDs2(t *testing.T, document []byte) {
	t.Helper()
	var d struct {
		Packages []struct {
			ID string `json:"SPDXID"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range d.Packages {
		rest, ok := strings.CutPrefix(p.ID, "SPDXRef-")
		if seen[p.ID] || !ok || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("id %q", p.ID)
		}
		seen[p.ID] = true
	}
}

func BenchmarkWrite100kVersion2(b *testing.B) {
	r := sbomtest.ManyFiles(100_000)
	for b.Loop() {
		if err := spdx.Write(io.Discard, sbom.FromReport(r), options2); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(sbomtest.PeakHeap(func() { _ = spdx.Write(io.Discard, sbom.FromReport(r), options2) }), "peak-MiB")
}
