package spdx_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

// iriPattern is the one pattern of the SPDX schema that RE2 cannot express: an
// IRI that is no blank node.
const iriPattern = `^(?!_:).+:.+`

// iri matches iriPattern.
type iri struct{}

func (iri) String() string { return iriPattern }

func (iri) MatchString(s string) bool {
	i := strings.IndexByte(s, ':')
	return !strings.HasPrefix(s, "_:") && i > 0 && i < len(s)-1
}

func engine(pattern string) (jsonschema.Regexp, error) {
	if pattern == iriPattern {
		return iri{}, nil
	}
	return regexp.Compile(pattern)
}

func compileSchema(t testing.TB, path string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(engine)
	if err := c.AddResource("schema.json", raw); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
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
	schema := compileSchema(t, "testdata/spdx-3.0.1.schema.json")
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			if err := validate(t, schema, write(t, doc, options)); err != nil {
				t.Error(err)
			}
		})
	}
}

// The validation must be able to fail.
func TestSchemaRefusesBadDocuments(t *testing.T) {
	schema := compileSchema(t, "testdata/spdx-3.0.1.schema.json")
	good := string(write(t, sbom.FromReport(sbomtest.CleanModel()), options))
	for what, edit := range map[string][2]string{
		"unknown purpose":      {`"software_primaryPurpose":"model"`, `"software_primaryPurpose":"weights"`},
		"time with an offset":  {`"created":"2026-01-02T03:04:05Z"`, `"created":"2026-01-02T03:04:05+00:00"`},
		"blank element id":     {`"spdxId":"https:`, `"spdxId":"_:`},
		"unknown property":     {`"software_fileKind":`, `"software_kind":`},
		"subject is no IRI":    {`"subject":"https:`, `"subject":"https`},
		"annotation type":      {`"annotationType":"review"`, `"annotationType":"opinion"`},
		"missing creationInfo": {`"creationInfo":"_:creation",`, ``},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing to replace", what)
		}
		if err := validate(t, schema, []byte(bad)); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

// The schemas in the repository are the official ones.
func TestSchemasAreOfficial(t *testing.T) {
	for _, name := range []string{"spdx-3.0.1.schema.json", "spdx-2.3.schema.json", "spdx-3.0.1.model.ttl", "spdx-3.0.1.context.jsonld"} {
		official, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "schemas", "spdx", name))
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

// The golden documents of whole repositories are valid too.
func TestShapesAreValid(t *testing.T) {
	schema := compileSchema(t, "testdata/spdx-3.0.1.schema.json")
	paths, err := filepath.Glob("../testdata/shapes/*.spdx3.json")
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
