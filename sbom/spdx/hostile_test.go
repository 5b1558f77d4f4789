package spdx_test

import (
	"bytes"
	"fmt"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/spdx"
)

// checkHostile demands what CheckText does, and a conforming document.
func checkHostile(t *testing.T, document []byte) {
	t.Helper()
	sbomtest.CheckText(t, document)
	for _, problem := range conformance(t, document) {
		t.Error(problem)
	}
}

func TestHostileText(t *testing.T) {
	schema := compileSchema(t, "testdata/spdx-3.0.1.schema.json")
	old := compileSchema(t, "testdata/spdx-2.3.schema.json")
	for name, text := range sbomtest.HostileTexts {
		t.Run(name, func(t *testing.T) {
			document := write(t, sbom.FromReport(sbomtest.HostileReport(text)), options)
			checkHostile(t, document)
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			read(t, document)
			document2 := write(t, sbom.FromReport(sbomtest.HostileReport(text)), spdx.Options{Version: spdx.V23})
			sbomtest.CheckText(t, document2)
			if err := validate(t, old, document2); err != nil {
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
		doc := sbom.FromReport(sbomtest.HostileReport(text))
		document := write(t, doc, spdx.Options{Tool: fmt.Sprintf("%q", text)})
		checkHostile(t, document)
		if !bytes.Equal(document, write(t, doc, spdx.Options{Tool: fmt.Sprintf("%q", text)})) {
			t.Error("the same document gives other bytes")
		}
	})
}
