package cyclonedx_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/internal/sbomtest"
)

var update = flag.Bool("update", false, "rewrite the golden documents")

var options = cyclonedx.Options{Created: sbomtest.Created, Tool: "assay test"}

func write(t testing.TB, doc sbom.Document) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := cyclonedx.Write(&buf, doc, options); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func read(t testing.TB, document []byte) *cdx.BOM {
	t.Helper()
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(document), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

func TestGolden(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			sbomtest.Golden(t, *update, filepath.Join("testdata", name+".cdx.json"), write(t, doc))
		})
	}
}

func TestDeterminism(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			first := write(t, doc)
			for run := range 10 {
				old := runtime.GOMAXPROCS(1 + run%2)
				again := write(t, doc)
				runtime.GOMAXPROCS(old)
				if !bytes.Equal(first, again) {
					t.Fatalf("run %d gives other bytes", run)
				}
			}
		})
	}
}

// compileSchema loads the official schema with those that it refers to.
func compileSchema(t testing.TB, bom string) *jsonschema.Schema {
	t.Helper()
	const base = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{bom, "spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
		f, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := jsonschema.UnmarshalJSON(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+name, raw); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + bom)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t testing.TB, schema *jsonschema.Schema, document []byte) error {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

func TestSchema(t *testing.T) {
	schema := compileSchema(t, "bom-1.6.schema.json")
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			document := write(t, doc)
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			for _, edit := range [][2]string{
				{`"phase":"post-build"`, `"phase":"afterwards"`}, {`"serialNumber":"urn:uuid:`, `"serialNumber":"urn:uuid:x`},
				{`"bom-ref":"artifact"`, `"bom-reference":"artifact"`}, {`"timestamp":"2026-`, `"timestamp":"26-`},
			} {
				bad := strings.Replace(string(document), edit[0], edit[1], 1)
				if err := validate(t, schema, []byte(bad)); err == nil || bad == string(document) {
					t.Errorf("%s is accepted", edit[1])
				}
			}
		})
	}
}

// The schemas in the repository are the official ones.
func TestSchemasAreOfficial(t *testing.T) {
	for _, name := range []string{"bom-1.6.schema.json", "bom-1.7.schema.json", "spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
		official, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "schemas", "cyclonedx", name))
		if err != nil {
			t.Skipf("SKIPPED: the official schemas are not beside the repository: %v", err)
		}
		own, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(own, official) {
			t.Errorf("testdata/%s differs from the official schema", name)
		}
	}
}

// Another reader sees the artifact, its files, what was found and what was not
// looked at.
func TestRoundTrip(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			bom := read(t, write(t, doc))
			notes, findings := len(doc.Notes()), 0
			for _, f := range doc.Files {
				findings += len(f.Findings)
				notes += len(f.Notes()) - len(f.Findings)
				c := component(t, bom, f.Name)
				var hashes []string
				if c.Hashes != nil {
					for _, h := range *c.Hashes {
						hashes = append(hashes, h.Value)
					}
				}
				for _, d := range f.Digests {
					want := d.Standing == sbom.Verified && d.Algorithm != "sha1-git"
					if slices.Contains(hashes, d.Hex) != want {
						t.Errorf("%s: hash %s: %v, want %v", f.Name, d.Hex, !want, want)
					}
				}
			}
			if got := size(bom.Annotations); got != notes {
				t.Errorf("%d annotations, want %d", got, notes)
			}
			if got := size(bom.Vulnerabilities); got != findings {
				t.Errorf("%d vulnerabilities, want %d", got, findings)
			}
			checkReferences(t, bom)
		})
	}
}

func component(t *testing.T, bom *cdx.BOM, name string) cdx.Component {
	t.Helper()
	for _, c := range *bom.Components {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no component %q", name)
	return cdx.Component{}
}

func size[T any](list *[]T) int {
	if list == nil {
		return 0
	}
	return len(*list)
}

// checkReferences demands that every reference is defined, once.
func checkReferences(t *testing.T, bom *cdx.BOM) {
	t.Helper()
	defined := map[string]bool{}
	define := func(ref string) {
		if ref == "" || defined[ref] {
			t.Errorf("reference %q is defined twice or empty", ref)
		}
		defined[ref] = true
	}
	used := func(ref string) {
		if !defined[ref] {
			t.Errorf("reference %q is not defined", ref)
		}
	}
	define(bom.Metadata.Component.BOMRef)
	if bom.Components != nil {
		for _, c := range *bom.Components {
			define(c.BOMRef)
		}
	}
	for _, d := range *bom.Dependencies {
		used(d.Ref)
		if d.Dependencies != nil {
			for _, ref := range *d.Dependencies {
				used(ref)
			}
		}
	}
	if bom.Vulnerabilities != nil {
		for _, v := range *bom.Vulnerabilities {
			define(v.BOMRef)
			used((*v.Affects)[0].Ref)
		}
	}
	for _, a := range *bom.Annotations {
		define(a.BOMRef)
		used(string((*a.Subjects)[0]))
	}
}

// What the artifact is called and made from, and how complete the list is.
func TestSubject(t *testing.T) {
	for name, want := range map[string]struct {
		kind      cdx.ComponentType
		aggregate cdx.CompositionAggregate
		license   string
		ancestors int
		needs     int
	}{
		"clean-model":    {cdx.ComponentTypeMachineLearningModel, cdx.CompositionAggregateComplete, "Apache-2.0", 1, 0},
		"dataset":        {cdx.ComponentTypeData, cdx.CompositionAggregateComplete, "ODC-By-1.0", 0, 0},
		"findings-model": {cdx.ComponentTypeMachineLearningModel, cdx.CompositionAggregateIncomplete, "LicenseRef-example-license-plus-plus-v2", 1, 1},
		"empty":          {cdx.ComponentTypeMachineLearningModel, cdx.CompositionAggregateComplete, "", 0, 0},
	} {
		bom := read(t, write(t, sbom.FromReport(sbomtest.Reports()[name])))
		c := bom.Metadata.Component
		license, ancestors := "", 0
		if c.Licenses != nil {
			l := (*c.Licenses)[0].License
			license = l.ID + l.Name
		}
		if c.Pedigree != nil {
			ancestors = size(c.Pedigree.Ancestors)
		}
		if got := (*bom.Compositions)[0].Aggregate; c.Type != want.kind || got != want.aggregate || license != want.license ||
			ancestors != want.ancestors || size((*bom.Dependencies)[0].Dependencies) != want.needs {
			t.Errorf("%s: type %s, %s, license %q, %d ancestors", name, c.Type, got, license, ancestors)
		}
	}
}

func TestHostileText(t *testing.T) {
	schema, newer := compileSchema(t, "bom-1.6.schema.json"), compileSchema(t, "bom-1.7.schema.json")
	for name, text := range sbomtest.HostileTexts {
		t.Run(name, func(t *testing.T) {
			document := write(t, sbom.FromReport(sbomtest.HostileReport(text)))
			sbomtest.CheckText(t, document)
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			checkReferences(t, read(t, document))
			document17 := writeVersion(t, sbom.FromReport(sbomtest.HostileReport(text)), cyclonedx.V17)
			sbomtest.CheckText(t, document17)
			if err := validate(t, newer, document17); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzWrite(f *testing.F) {
	for _, text := range sbomtest.HostileTexts {
		if len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		document := write(t, sbom.FromReport(sbomtest.HostileReport(text)))
		sbomtest.CheckText(t, document)
		checkReferences(t, read(t, document))
	})
}

// BOMs that say different things have different serial numbers.
func TestSerialNumber(t *testing.T) {
	doc := sbom.FromReport(sbomtest.CleanModel())
	other := sbom.FromReport(sbomtest.CleanModel())
	other.Files[0].Size++
	first, second := read(t, write(t, doc)).SerialNumber, read(t, write(t, other)).SerialNumber
	if first == second || len(first) != len("urn:uuid:")+36 || first[23] != '8' {
		t.Errorf("serial numbers %s and %s", first, second)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestErrors(t *testing.T) {
	if err := cyclonedx.Write(fullDisk{}, sbom.Document{}, options); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a full disk: %v", err)
	}
	late := cyclonedx.Options{Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := cyclonedx.Write(io.Discard, sbom.Document{}, late); err == nil {
		t.Error("a year of five digits is written")
	}
}

func BenchmarkWrite100k(b *testing.B) {
	r := sbomtest.ManyFiles(100_000)
	for b.Loop() {
		if err := cyclonedx.Write(io.Discard, sbom.FromReport(r), options); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(sbomtest.PeakHeap(func() { _ = cyclonedx.Write(io.Discard, sbom.FromReport(r), options) }), "peak-MiB")
}
