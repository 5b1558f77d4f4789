package read_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/read"
	"assay/sbom/spdx"
)

type writer func(t testing.TB, doc sbom.Document) []byte

// writers are all formats of ours.
var writers = map[string]writer{
	"spdx 3.0.1": func(t testing.TB, doc sbom.Document) []byte { return spdxBytes(t, doc, spdx.V301) },
	"spdx 2.3":   func(t testing.TB, doc sbom.Document) []byte { return spdxBytes(t, doc, spdx.V23) },
	"cyclonedx 1.6": func(t testing.TB, doc sbom.Document) []byte {
		return cdxBytes(t, doc, cyclonedx.V16)
	},
	"cyclonedx 1.7": func(t testing.TB, doc sbom.Document) []byte {
		return cdxBytes(t, doc, cyclonedx.V17)
	},
}

func spdxBytes(t testing.TB, doc sbom.Document, v spdx.Version) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := spdx.Write(&buf, doc, spdx.Options{Version: v, Created: sbomtest.Created}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func cdxBytes(t testing.TB, doc sbom.Document, v cyclonedx.Version) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := cyclonedx.Write(&buf, doc, cyclonedx.Options{Version: v, Created: sbomtest.Created}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// What every format of ours says is read back from it: as a claim.
func TestOwnDocuments(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		for format, write := range writers {
			bill, err := read.Read(bytes.NewReader(write(t, doc)), "a.json")
			if err != nil {
				t.Errorf("%s %s: %v", name, format, err)
				continue
			}
			compare(t, name+" "+format, bill.Document, doc)
			for _, f := range bill.Document.Files {
				for _, d := range f.Digests {
					if d.Standing != sbom.Declared || d.Source != "a.json" {
						t.Errorf("%s %s: %+v", name, format, d)
					}
				}
			}
		}
	}
}

func compare(t *testing.T, name string, got, want sbom.Document) {
	t.Helper()
	for _, c := range [][2]any{
		{known(got.Subject.Name), known(want.Subject.Name)}, {got.Subject.PURL.Text, want.Subject.PURL.Text},
		{known(got.Subject.Supplier), known(want.Subject.Supplier)}, {got.License.Expression.Text, want.License.Expression.Text},
		{fileDigests(got), fileDigests(want)}, {baseNames(got), baseNames(want)}, {len(got.Datasets), len(want.Datasets)},
	} {
		if !reflect.DeepEqual(c[0], c[1]) {
			t.Errorf("%s: %v, want %v", name, c[0], c[1])
		}
	}
}

func known(v sbom.Value) string {
	if v.Text == "" || v.Text == "unknown" {
		return "NOASSERTION"
	}
	return v.Text
}

// fileDigests are the computed digests, which every format can say.
func fileDigests(d sbom.Document) []string {
	var out []string
	for _, f := range d.Files {
		for _, x := range f.Digests {
			if x.Algorithm == "sha256" && f.Name != "big.bin" && !x.Broken && (x.Standing == sbom.Verified || x.Source == "a.json") {
				out = append(out, f.Name+" "+x.Hex)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func baseNames(d sbom.Document) []string {
	var out []string
	for _, b := range d.Bases {
		out = append(out, fmt.Sprint(b.Name.Text, b.Needed))
	}
	return out
}

// What is read can be written again, and read again with the same result.
func TestWrittenAgain(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		for format, write := range writers {
			first, err := read.Read(bytes.NewReader(write(t, doc)), "a.json")
			if err != nil {
				t.Fatal(err)
			}
			again := write(t, first.Document)
			second, err := read.Read(bytes.NewReader(again), "a.json")
			if err != nil {
				t.Errorf("%s %s: %v", name, format, err)
				continue
			}
			if !bytes.Equal(again, write(t, first.Document)) {
				t.Errorf("%s %s: two runs differ", name, format)
			}
			if a, b := baseNames(first.Document), baseNames(second.Document); !slices.Equal(a, b) {
				t.Errorf("%s %s: bases %v, then %v", name, format, a, b)
			}
		}
	}
}

// Bills of other tools, written from the specifications.
func TestForeign(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, text := range map[string]string{
		"spdx 2.2 with files": `{"spdxVersion": "SPDX-2.2", "documentNamespace": "urn:x", "creationInfo": {"created": "2025-01-01T00:00:00Z",
			"creators": ["Tool: other-1", "Person: Jo (jo@example.org)"]}, "documentDescribes": ["SPDXRef-P"],
			"packages": [{"SPDXID": "SPDXRef-P", "name": "m", "versionInfo": "1", "licenseDeclared": "MIT", "supplier": "Organization: Lab"}],
			"files": [{"SPDXID": "SPDXRef-F", "fileName": "./model.bin", "checksums": [{"algorithm": "SHA1", "checksumValue": "00"},
			{"algorithm": "SHA256", "checksumValue": "` + sum + `"}]}]}`,
		"cyclonedx 1.4 with an application": `{"bomFormat": "CycloneDX", "specVersion": "1.4", "metadata": {"tools": [{"name": "other", "version": "1"}],
			"component": {"type": "application", "name": "app", "bom-ref": "a"}}, "components": [{"type": "library", "name": "l"},
			{"type": "machine-learning-model", "name": "m", "version": "1", "supplier": {"name": "Lab"}, "licenses": [{"license": {"id": "MIT"}}],
			"components": [{"type": "file", "name": "model.bin", "hashes": [{"alg": "SHA-256", "content": "` + strings.ToUpper(sum) + `"}]}]}]}`,
		"spdx 3 with fields of wrong types": `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
			{"type": "ai_AIPackage", "spdxId": "urn:m", "name": "m", "software_packageVersion": 1, "ai_domain": {"x": 1}, "suppliedBy": {"type": "Organization", "spdxId": "urn:o"}},
			{"type": "Organization", "spdxId": "urn:o", "name": "Lab"}, {"type": 7}, {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:l", "simplelicensing_licenseExpression": "MIT"},
			{"type": "software_File", "spdxId": "urn:f", "name": "model.bin", "verifiedUsing": {"type": "Hash", "algorithm": "sha256", "hashValue": "` + sum + `"}},
			{"type": "Relationship", "from": "urn:m", "relationshipType": "hasDeclaredLicense", "to": "urn:l"}]}`,
	} {
		bill, err := read.Read(strings.NewReader(text), "other.json")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		d := bill.Document
		if d.Subject.Name.Text != "m" || d.Subject.Version.Text != "1" || d.License.Expression.Text != "MIT" || d.Subject.Supplier.Text != "Lab" {
			t.Errorf("%s: %+v %+v", name, d.Subject, d.License)
		}
		if len(d.Files) != 1 || d.Files[0].Name != "model.bin" || len(d.Files[0].Digests) != 1 || d.Files[0].Digests[0].Hex != sum {
			t.Errorf("%s: %+v", name, d.Files)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no bill": `{"a": 1}`, "equal keys": `{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}`, "a list": "[]",
		"no subject": `{"bomFormat": "CycloneDX", "specVersion": "1.6"}`, "no package": `{"@context": "x", "@graph": []}`,
		"not utf-8": "{\"bomFormat\": \"CycloneDX\", \"x\": \"\xff\"}", "depth": strings.Repeat(`{"components":[`, 100000),
	} {
		if _, err := read.Read(strings.NewReader(text), "x"); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// The examples of the SPDX project.
func TestPublicExamples(t *testing.T) {
	paths, _ := filepath.Glob("../../../shared/vectors/spdx/*.spdx3.json")
	if len(paths) == 0 {
		t.Skip("SKIPPED: the examples of the SPDX project are not beside the repository")
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		bill, err := read.Read(f, filepath.Base(path))
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		d := bill.Document
		t.Logf("%s: %s, %d files, %d facts, license %q, %d datasets, %d bases", filepath.Base(path), d.Subject.Name.Text,
			len(d.Files), len(d.Facts), d.License.Expression.Text, len(d.Datasets), len(d.Bases))
		if !d.Subject.Name.Known() || len(d.Files) == 0 {
			t.Errorf("%s: %+v", path, d.Subject)
		}
	}
}

// A bill is hostile text: whatever it holds, all formats can say it.
func TestHostile(t *testing.T) {
	for name, text := range sbomtest.HostileTexts {
		quoted := fmt.Sprintf("%q", strings.ToValidUTF8(text, "?"))
		if strings.Contains(quoted, `\x`) || strings.Contains(quoted, `\U`) || strings.Contains(quoted, `\a`) {
			continue // no JSON; the fuzz test has the rest
		}
		bill, err := read.Read(strings.NewReader(`{"bomFormat": "CycloneDX", "metadata": {"component": {"type": "data", "name": `+quoted+
			`, "version": `+quoted+`, "licenses": [{"license": {"name": `+quoted+`}}], "pedigree": {"ancestors": [{"name": `+quoted+`}]}}}}`), "x.json")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, write := range writers {
			sbomtest.CheckText(t, write(t, bill.Document))
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, doc := range sbomtest.Documents() {
		for _, write := range writers {
			f.Add(write(f, doc))
		}
	}
	f.Add([]byte(`{"@context": 1, "type": "ai_AIPackage"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		bill, err := read.Read(bytes.NewReader(data), "x.json")
		if err != nil {
			return
		}
		again, err := read.Read(bytes.NewReader(data), "x.json")
		if err != nil || !reflect.DeepEqual(bill, again) {
			t.Error("two readings differ")
		}
		for _, file := range bill.Document.Files {
			for _, d := range file.Digests {
				if d.Standing != sbom.Declared || !d.Valid() {
					t.Errorf("%+v", d)
				}
			}
		}
		sbomtest.CheckText(t, spdxBytes(t, bill.Document, spdx.V23))
		cdxBytes(t, bill.Document, cyclonedx.V17)
	})
}
