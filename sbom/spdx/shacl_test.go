package spdx_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

// systemPython is that of Debian, which has python3-rdflib.
const systemPython = "/usr/bin/python3"

// shacl checks documents by the shapes of the model and returns the violations,
// one per line.
func shacl(t *testing.T, paths ...string) string {
	t.Helper()
	if err := exec.Command(systemPython, "-c", "import rdflib").Run(); err != nil {
		t.Skipf("SKIPPED: the SHACL shapes are not checked: no %s with rdflib (Debian: python3-rdflib): %v", systemPython, err)
	}
	args := append([]string{"testdata/shacl.py", "testdata/spdx-3.0.1.model.ttl", "testdata/spdx-3.0.1.context.jsonld"}, paths...)
	out, err := exec.Command(systemPython, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || strings.Contains(string(out), "Traceback")) {
		t.Fatalf("%v: %s", err, out)
	}
	if (err == nil) != (len(out) == 0) {
		t.Fatalf("%v, and it says %q", err, out)
	}
	return string(out)
}

func store(t *testing.T, name string, document []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, document, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Ordinary, hostile and golden documents keep the shapes, and so do the public
// examples: the checker refuses nothing that is right.
func TestSHACL(t *testing.T) {
	paths, err := filepath.Glob("../testdata/shapes/*.spdx3.json")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d documents: %v", len(paths), err)
	}
	public, err := filepath.Glob("../../../shared/vectors/spdx/*.spdx3.json")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, public...)
	for name, doc := range sbomtest.Documents() {
		paths = append(paths, store(t, name, write(t, doc, options)))
	}
	for name, text := range sbomtest.HostileTexts {
		if testing.Short() && name != "html" && name != "iri" && name != "blank" {
			continue
		}
		paths = append(paths, store(t, strings.ReplaceAll(name, " ", "-"), write(t, sbom.FromReport(sbomtest.HostileReport(text)), options)))
	}
	if problems := shacl(t, paths...); problems != "" {
		t.Error(problems)
	}
}

// The shapes must be able to refuse, for each kind of constraint.
func TestSHACLRefusesBadDocuments(t *testing.T) {
	good := string(write(t, sbom.FromReport(sbomtest.CleanModel()), options))
	var paths []string
	for what, edit := range map[string][2]string{
		"count":    {`"annotationType":"review",`, ``},
		"list":     {`"software_primaryPurpose":"model"`, `"software_primaryPurpose":"https://example.org/weights"`},
		"class":    {`"rootElement":["`, `"rootElement":["https://example.org/nothing","`},
		"datatype": {`"hashValue":"`, `"hashValue":{"@value":"1","@type":"http://www.w3.org/2001/XMLSchema#integer"},"comment":"`},
		"pattern":  {`"specVersion":"3.0.1"`, `"specVersion":"three"`},
		"abstract": {`"type":"software_File"`, `"type":"Element"`},
		"kind":     {`"spdxId":"https:`, `"spdxId":"_:`},
		"unknown":  {`"software_fileKind":"file"`, `"https://example.org/kind":"file"`},
		"time":     {`"created":"2026-01-02T03:04:05Z"`, `"created":"2026-01-02T03:04:05+00:00"`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing to replace", what)
		}
		paths = append(paths, store(t, "bad-"+what+".json", []byte(bad)))
	}
	problems := shacl(t, paths...)
	for _, path := range paths {
		if !strings.Contains(problems, filepath.Base(path)+": ") {
			t.Errorf("%s: accepted", filepath.Base(path))
		}
	}
}
