package spdx_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

func read(t *testing.T, document []byte) *v3_0.Document {
	t.Helper()
	d := v3_0.NewDocument(v3_0.ProfileIdentifierType_Core, "", nil, nil)
	if err := d.FromJSON(bytes.NewReader(document)); err != nil {
		t.Fatal(err)
	}
	return d
}

// Another reader sees what was written.
func TestRoundTrip(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			d := read(t, write(t, doc, options))
			checkValid(t, d)
			files := map[string]*v3_0.File{}
			packages := 0
			for _, e := range d.Elements {
				switch e := e.(type) {
				case *v3_0.File:
					files[e.Name] = e
				case *v3_0.AIPackage, *v3_0.DatasetPackage:
					packages++
				}
			}
			if packages != 1 || len(files) != len(doc.Files) {
				t.Fatalf("read %d packages and %d files, want 1 and %d", packages, len(files), len(doc.Files))
			}
			for _, f := range doc.Files {
				checkHashes(t, f, files[f.Name])
			}
		})
	}
}

func checkHashes(t *testing.T, want sbom.File, got *v3_0.File) {
	t.Helper()
	values := map[string]bool{}
	for _, m := range got.VerifiedUsing {
		values[m.(*v3_0.Hash).Value] = true
	}
	for _, d := range want.Digests {
		if d.Standing == sbom.Verified && d.Algorithm != "sha1-git" && !values[d.Hex] {
			t.Errorf("%s: %s is not among the hashes read", want.Name, d.Hex)
		}
	}
}

// checkValid runs the library's own validation. It wants a creationInfo on the
// individuals of the SPDX model itself, which never have one.
func checkValid(t *testing.T, d *v3_0.Document) {
	t.Helper()
	err := d.Validate(false)
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, "IndividualLicensingInfo") {
			t.Error(strings.TrimSpace(line))
		}
	}
}

// stringQuantity is an energy quantity as SPDX's own examples write it, and as
// the library cannot read it.
var stringQuantity = regexp.MustCompile(`("ai_energyQuantity":\s*)"([0-9.]+)"`)

// The library that reads our documents back reads SPDX's own examples.
func TestReaderReadsExamples(t *testing.T) {
	examples, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "vectors", "spdx", "*.spdx3.json"))
	if len(examples) == 0 {
		t.Skip("SKIPPED: the example documents of spdx-examples are not beside the repository")
	}
	for _, path := range examples {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d := read(t, stringQuantity.ReplaceAll(raw, []byte("$1$2")))
		if len(d.Elements) == 0 {
			t.Errorf("%s: no elements", path)
		}
	}
}
