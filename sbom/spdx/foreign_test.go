package spdx_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	bills "assay/sbom/read"
	"assay/sbom/spdx"
)

// A bill of somebody else is as hostile as a card, and what is written of it is as
// valid.
func TestForeignBillsAreWrittenValid(t *testing.T) {
	v3 := compileSchema(t, "testdata/spdx-3.0.1.schema.json")
	v2 := compileSchema(t, "testdata/spdx-2.3.schema.json")
	for name, bill := range foreign(t) {
		o := options
		o.Version = spdx.V23
		if err := validate(t, v3, write(t, bill, options)); err != nil {
			t.Errorf("%s: 3.0.1: %v", name, err)
		}
		if err := validate(t, v2, write(t, bill, o)); err != nil {
			t.Errorf("%s: 2.3: %v", name, err)
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
