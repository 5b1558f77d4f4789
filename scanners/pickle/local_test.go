package pickle

import (
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestLocalModules: Python code beside a pickle that imports it, in a folder.
func TestLocalModules(t *testing.T) {
	for _, c := range []struct {
		name, file, imports string
		others              []string
		want                bool
	}{
		{"module", "model.pkl", "evil C", []string{"evil.py"}, true},
		{"package", "model.pkl", "evil C", []string{"evil/__init__.py"}, true},
		{"package around a module", "model.pkl", "evil.mod C", []string{"evil/__init__.py"}, true},
		{"folder without __init__.py", "model.pkl", "evil.mod C", []string{"evil/mod.py"}, true},
		{"folders without __init__.py", "model.pkl", "evil.a.b C", []string{"evil/a/b.py"}, true},
		{"package in a folder without __init__.py", "model.pkl", "evil.a C", []string{"evil/a/__init__.py"}, true},
		{"byte code", "model.pkl", "evil C", []string{"evil.pyc"}, true},
		{"library", "model.pkl", "evil C", []string{"evil.so"}, true},
		{"library with a tag", "model.pkl", "evil C", []string{"evil.cpython-311-x86_64-linux-gnu.so"}, true},
		{"library of Windows", "model.pkl", "evil C", []string{"evil.cp311-win_amd64.pyd"}, true},
		{"library in a folder", "model.pkl", "evil.mod C", []string{"evil/mod.abi3.so"}, true},
		{"name that is no identifier", "model.pkl", "my-module C", []string{"my-module.py"}, true},
		{"source of Windows", "model.pkl", "evil C", []string{"evil.pyw"}, true},
		{"name of a known package", "model.pkl", "numpy dtype", []string{"numpy.py"}, true},
		{"name of a standard module", "model.pkl", "collections OrderedDict", []string{"collections/__init__.py"}, true},
		{"one folder up", "weights/best.pkl", "models.yolo Model", []string{"models/yolo.py"}, true},
		{"same folder", "a/model.pkl", "evil C", []string{"a/evil.py"}, true},
		{"name under Python 2", "model.pkl", "__builtin__ set", []string{"__builtin__.py", "builtins.py"}, false},
		{"other module", "model.pkl", "evil C", []string{"good.py", "evils.py", "numpy.py"}, false},
		{"other folder", "a/model.pkl", "evil C", []string{"b/evil.py"}, false},
		{"data in a folder", "model.pkl", "evil.mod C", []string{"evil/mod.json", "evil/README.md"}, false},
		{"part of a known package without __init__.py", "model.pkl", "sklearn.svm._classes SVC", []string{"sklearn/svm/notes.py", "sklearn/svm/_classes.py"}, false},
		{"library that is no extension module", "model.pkl", "evil C", []string{"evil.1.so", "libevil.so"}, false},
	} {
		data := program(t, "PROTO 2", "GLOBAL "+c.imports, "STOP")
		r, _ := scannertest.Run(Scanner{}, c.file, data)
		files := []scanners.CrossFile{{Name: c.file, Report: scanners.FileReport{Outline: r.Outline}}}
		for _, name := range c.others {
			files = append(files, scanners.CrossFile{Name: name})
		}
		found := Scanner{}.Cross(t.Context(), files).Findings
		if got := len(found) == 1 && found[0].Rule == "pickle/local-module" && found[0].Severity == scanners.High && found[0].File == c.file; got != c.want || len(found) > 1 {
			t.Errorf("%s: %+v", c.name, found)
		}
	}
}
