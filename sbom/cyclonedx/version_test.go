package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/internal/sbomtest"
)

func writeVersion(t testing.TB, doc sbom.Document, v cyclonedx.Version) []byte {
	t.Helper()
	var buf bytes.Buffer
	o := options
	o.Version = v
	if err := cyclonedx.Write(&buf, doc, o); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestVersion17(t *testing.T) {
	schema := compileSchema(t, "bom-1.7.schema.json")
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			document := writeVersion(t, doc, cyclonedx.V17)
			if err := validate(t, schema, document); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(document, writeVersion(t, doc, cyclonedx.V17)) {
				t.Error("two runs differ")
			}
			sbomtest.Golden(t, *update, filepath.Join("testdata", name+".cdx17.json"), document)
			checkCitations(t, document)
		})
	}
	for text, hostile := range sbomtest.HostileTexts {
		document := writeVersion(t, sbom.FromReport(sbomtest.HostileReport(hostile)), cyclonedx.V17)
		if err := validate(t, schema, document); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		sbomtest.CheckText(t, document)
	}
}

func TestVersionIsChecked(t *testing.T) {
	if err := cyclonedx.Write(&bytes.Buffer{}, sbom.Document{}, cyclonedx.Options{Version: "1.5"}); err == nil {
		t.Error("1.5 is accepted")
	}
}

// checkCitations demands that every pointer leads to something and every
// attribution to a reference of the document.
func checkCitations(t *testing.T, document []byte) {
	t.Helper()
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	bom, ok := root.(map[string]any)
	citations, _ := bom["citations"].([]any)
	if !ok || len(citations) == 0 {
		t.Fatal("no citations")
	}
	for _, c := range citations {
		c := c.(map[string]any)
		pointer := c["pointers"].([]any)[0].(string)
		if !resolves(root, pointer) {
			t.Errorf("%s leads nowhere", pointer)
		}
		if by := c["attributedTo"].(string); !bytes.Contains(document, []byte(`"bom-ref":`+strconv.Quote(by))) {
			t.Errorf("%s is attributed to %s, which is not there", pointer, by)
		}
	}
}

func resolves(at any, pointer string) bool {
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return false
			}
			at = v[i]
		default:
			return false
		}
	}
	return at != nil
}

// The golden documents of whole repositories are valid too.
func TestShapesAreValid(t *testing.T) {
	schema := compileSchema(t, "bom-1.7.schema.json")
	paths, err := filepath.Glob("../testdata/shapes/*.cdx17.json")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d documents: %v", len(paths), err)
	}
	for _, path := range paths {
		document, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, document); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
