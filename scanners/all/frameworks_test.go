package all

import (
	"archive/zip"
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// What the frameworks save passes all scanners together: complete, and nothing above
// low.
func TestFrameworkFixtures(t *testing.T) {
	checked := 0
	for _, format := range []string{"hdf5", "keras", "xgboost", "rdata", "flax"} {
		names, err := filepath.Glob("../" + format + "/testdata/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if slices.Contains([]string{".py", ".R"}, filepath.Ext(name)) {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				continue // a folder
			}
			checked++
			r := scannertest.Scan(Scanners(), filepath.Base(name), data)
			for _, f := range r.Findings {
				if f.Severity.AtLeast(scanners.Medium) {
					t.Errorf("%s: %s %s %q at %d: %s", name, f.Severity, f.Rule, f.Path, f.Offset, f.What)
				}
			}
			if len(r.Gaps) > 0 || !r.Coverage.Complete() {
				t.Errorf("%s: coverage %+v, gaps %+v", name, r.Coverage, r.Gaps)
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d fixtures", checked)
	}
}

func archive(t *testing.T, list ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range list {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A .keras archive has a configuration and weights. What else lies in it is looked
// at as what it is, and a second configuration is a finding: readers differ in which
// one they take.
func TestKerasArchive(t *testing.T) {
	weights, err := os.ReadFile("../hdf5/testdata/model.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("../keras/testdata/sequential.json")
	if err != nil {
		t.Fatal(err)
	}
	good := []entry{{"metadata.json", `{"keras_version": "3.10.0", "date_saved": "2024-02-29@12:00:00"}`}, {"config.json", string(config)}, {"model.weights.h5", string(weights)},
		{"assets/vocabulary.txt", "the\na\n"}}
	if r := scannertest.Scan(Scanners(), "model.keras", archive(t, good...)); denied(r) || len(r.Gaps) > 0 || !r.Coverage.Complete() {
		t.Errorf("ordinary: %+v %+v %+v", r.Coverage, r.Findings, r.Gaps)
	}
	for _, extra := range []entry{
		{"config.json", string(config)}, {"Config.json", string(config)}, {"extra.py", "import os\nos.system('echo assay-test-marker')\n"}, {"assets/x.pkl", "cposix\nsystem\n(S'echo assay-test-marker'\ntR."},
		{"lib.so", "\x7fELF\x02\x01\x01" + string(make([]byte, 57))}, {"assets/../../x", "x"},
	} {
		r := scannertest.Scan(Scanners(), "model.keras", archive(t, append(slices.Clone(good), extra)...))
		if !denied(r) && len(r.Gaps) == 0 {
			t.Errorf("%s passes: %+v", path.Clean(extra.name), r.Findings)
		}
	}
}
