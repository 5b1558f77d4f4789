package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/internal/sbomtest"
	bills "assay/sbom/read"
)

// A bill of somebody else is as hostile as a card, and what is written of it is as
// valid.
func TestForeignBillsAreWrittenValid(t *testing.T) {
	schema := compileSchema(t, "bom-1.7.schema.json")
	for name, bill := range foreign(t) {
		if err := validate(t, schema, writeVersion(t, bill, cyclonedx.V17)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// foreign are the public examples, where they are there, and bills with hostile
// text in every field.
func foreign(t *testing.T) map[string]sbom.Document {
	t.Helper()
	out := make(map[string]sbom.Document)
	add := func(name string, data []byte) {
		bill, err := bills.Parse(data, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = bill.Document
	}
	paths, _ := filepath.Glob("../../../shared/vectors/spdx/*.spdx3.json")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		add(filepath.Base(path), data)
	}
	for name, text := range sbomtest.HostileTexts {
		quoted, err := json.Marshal(strings.ToValidUTF8(text, "?"))
		if err != nil {
			t.Fatal(err)
		}
		const bill = `{"bomFormat": "CycloneDX", "metadata": {"component": {"type": "machine-learning-model", "name": @@, "version": @@, "purl": @@,
			"supplier": {"name": @@}, "externalReferences": [{"type": "distribution", "url": @@}], "licenses": [{"license": {"name": @@}}],
			"pedigree": {"ancestors": [{"name": @@, "version": @@}]}, "properties": [{"name": "assay:repository-created:declared", "value": @@}],
			"modelCard": {"modelParameters": {"task": @@, "datasets": [{"name": @@}]}, "quantitativeAnalysis": {"performanceMetrics": [{"type": @@, "value": @@}]}}}},
			"components": [{"type": "file", "name": @@, "hashes": [{"alg": "SHA-256", "content": @@}]}]}`
		add(name, bytes.ReplaceAll([]byte(bill), []byte("@@"), quoted))
	}
	return out
}

// An ML-BOM as the specification has it: valid, and read with what it says.
func TestForeignMLBOM(t *testing.T) {
	data, err := os.ReadFile("testdata/ml-bom.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compileSchema(t, "bom-1.6.schema.json"), data); err != nil {
		t.Fatal(err)
	}
	bill, err := bills.Parse(data, "ml-bom.json")
	if err != nil {
		t.Fatal(err)
	}
	d := bill.Document
	facts := make(map[string]string)
	for _, f := range d.Facts {
		facts[f.Key] = f.Value.Text
	}
	for what, pair := range map[string][2]string{
		"name": {d.Subject.Name.Text, "example/classifier"}, "supplier": {d.Subject.Supplier.Text, "Example Lab"},
		"license": {d.License.Expression.Text, "Apache-2.0"}, "location": {d.Subject.Location.Text, "https://example.com/classifier.tar"},
		"tool": {bill.Making.Tool.Text, "other 1.2"}, "author": {bill.Making.Author.Text, "Example Author, author@example.com"},
		"task": {facts["text/card/pipeline_tag"], "image-classification"}, "architecture": {facts["text/config/architectures"], "ResNet-50"},
		"uses": {facts["text/card/section/uses"], "sorting pictures"}, "limits": {facts["text/card/section/limitations"], "small pictures"},
		"metric": {facts["text/card/metric"], "pictures/test/accuracy=0.93"}, "bias": {facts["text/card/section/bias"], "people at night, worse results"},
		"energy": {facts["text/card/section/environment"], "training: 12.5 kWh"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
	if len(d.Datasets) != 2 || len(d.Bases) != 1 || d.Bases[0].Name.Text != "example/backbone" || len(d.Files) != 1 || len(d.Files[0].Digests) != 1 {
		t.Errorf("datasets %v, bases %v, files %v", d.Datasets, d.Bases, d.Files)
	}
}
