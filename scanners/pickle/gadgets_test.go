package pickle

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// laundered are files whose every name is on the allow lists. What they do comes
// from where a name goes: into the state of an object, and from there to a library
// that calls it. Each needs the modules named; "runs" says that the plain loader of
// such an environment prints the marker.
var laundered = []struct {
	name, needs string
	runs        bool
	lines       []string
}{
	{"loader in the state of a partial, called as __array__", "numpy torch", true, assemble(
		partialOf("builtins list", "GLOBAL torch.storage _load_from_bytes", innerBytes()),
		namespaceWith("__array__"), "GLOBAL numpy.ma.core MaskedArray", "BINGET 2", "TUPLE1", "REDUCE", "STOP")},
	{"getattr in the state of a partial", "numpy", false, assemble(
		partialOf("builtins list", "GLOBAL builtins getattr", []string{"GLOBAL functools partial", `BINUNICODE "__doc__"`}),
		namespaceWith("__array__"), "GLOBAL numpy.ma.core MaskedArray", "BINGET 2", "TUPLE1", "REDUCE", "STOP")},
	{"names through the keys of an OrderedDict", "numpy torch", true, assemble(
		[]string{"PROTO 3", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "BINPUT 3", "MARK", "GLOBAL torch.storage _load_from_bytes", "NONE"},
		innerBytes(), []string{"NONE", "SETITEMS", "POP", "GLOBAL functools partial", "GLOBAL builtins tuple", "BINGET 3", "TUPLE1", "REDUCE", "REDUCE", "BINPUT 1", "POP"},
		namespaceWith("__array__"), "GLOBAL numpy.ma.core MaskedArray", "BINGET 2", "TUPLE1", "REDUCE", "STOP")},
	{"partial called as keys of a dict", "torch", true, assemble(
		partialOf("builtins list", "GLOBAL torch.storage _load_from_bytes", innerBytes()),
		namespaceWith("keys"), "GLOBAL builtins dict", "BINGET 2", "TUPLE1", "REDUCE", "STOP")},
	{"partial called as __deepcopy__", "torch", false, assemble(
		partialOf("builtins list", "GLOBAL builtins getattr", []string{"GLOBAL functools partial", `BINUNICODE "nosuch"`}),
		namespaceWith("__deepcopy__"), "GLOBAL copyreg _reconstructor", "GLOBAL torch.optim.swa_utils AveragedModel", "DUP", "BINGET 2", "TUPLE3", "REDUCE", "STOP")},
	{"memory by __array_interface__", "numpy", false, assemble(
		[]string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", `BINUNICODE "__array_interface__"`, "EMPTY_DICT", "SETITEM", "BUILD", "BINPUT 2", "POP"},
		"GLOBAL numpy matrix", "BINGET 2", "TUPLE1", "REDUCE", "STOP")},
	{"special attribute alone", "", false, []string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", `BINUNICODE "__array__"`, "NONE", "SETITEM", "BUILD", "STOP"}},
	{"special attribute behind forty others", "", false, assemble([]string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", "MARK"},
		attributes(40), []string{`BINUNICODE "__array__"`, "NONE", "SETITEMS", "BUILD", "STOP"})},
	{"special attribute in escapes", "", false, []string{"GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", `UNICODE \u005f_array__`, "NONE", "SETITEM", "BUILD", "STOP"}},
	{"special attribute in slots", "", false, []string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "NONE", "EMPTY_DICT", `BINUNICODE "__array__"`, "NONE", "SETITEM", "TUPLE2", "BUILD", "STOP"}},
	{"special attribute added after the state was made", "", false, []string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", "BINPUT 1", "NONE", "TUPLE2", "BINPUT 2", "POP",
		"BINGET 1", `BINUNICODE "__array__"`, "NONE", "SETITEM", "POP", "BINGET 2", "BUILD", "STOP"}},
	{"special attribute in an OrderedDict", "", false, []string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", `BINUNICODE "__array__"`, "NONE", "SETITEM", "BUILD", "STOP"}},
	{"special attribute as an object", "numpy", false, []string{"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", "GLOBAL builtins str", `BINBYTES "__array__"`, `BINUNICODE "ascii"`, "TUPLE2", "REDUCE", "NONE", "SETITEM", "BUILD", "STOP"}},
	{"loader in a list", "", false, []string{"PROTO 3", "EMPTY_LIST", "GLOBAL torch.storage _load_from_bytes", "APPEND", "STOP"}},
	{"loader that is never called", "", false, []string{"PROTO 3", "GLOBAL torch.storage _load_from_bytes", "STOP"}},
	{"arguments that a call made", "", false, []string{"PROTO 3", "GLOBAL array array", "GLOBAL builtins tuple", "EMPTY_LIST", "TUPLE1", "REDUCE", "REDUCE", "STOP"}},
	{"memmap makes a file", "numpy", false, []string{"PROTO 3", "GLOBAL numpy memmap", "MARK", `BINUNICODE "assay-test-marker"`, `BINUNICODE "uint8"`, `BINUNICODE "w+"`, "BININT1 0", "BININT1 8", "TUPLE1", "TUPLE", "REDUCE", "STOP"}},
	{"memmap by NEWOBJ", "numpy", false, []string{"PROTO 3", "GLOBAL numpy memmap", `BINUNICODE "assay-test-marker"`, "TUPLE1", "NEWOBJ", "STOP"}},
	{"memmap by _new_Index", "numpy pandas", false, []string{"PROTO 3", "GLOBAL pandas.core.indexes.base _new_Index", "GLOBAL numpy memmap", "EMPTY_DICT", `BINUNICODE "filename"`, `BINUNICODE "assay-test-marker"`, "SETITEM", "TUPLE2", "REDUCE", "STOP"}},
	{"constructor called by a random generator", "numpy", false, []string{"PROTO 3", "GLOBAL numpy.random._pickle __generator_ctor", `BINUNICODE "x"`, "GLOBAL flair.embeddings.token FlairEmbeddings", "TUPLE2", "REDUCE", "STOP"}},
	{"array of any size", "numpy", false, []string{"PROTO 3", "GLOBAL numpy.core.multiarray _reconstruct", "GLOBAL numpy ndarray", "LONG 99999999999L", "TUPLE1", `BINBYTES "b"`, "TUPLE3", "REDUCE", "STOP"}},
	{"partial of a class that opens files", "numpy torch", false, partialThen("numpy memmap", "STOP")},
	{"partial of a class that fetches models", "flair", false, partialThen("flair.embeddings.token FlairEmbeddings", "STOP")},
	{"items that are attributes", "sklearn", false, []string{"PROTO 3", "GLOBAL sklearn.utils._bunch Bunch", "EMPTY_TUPLE", "NEWOBJ", `BINUNICODE "__array__"`, "NONE", "SETITEM", "STOP"}},
	{"attributes from a dictionary", "", false, []string{"PROTO 3", "GLOBAL types SimpleNamespace", "EMPTY_DICT", `BINUNICODE "a"`, "NONE", "SETITEM", "TUPLE1", "REDUCE", "STOP"}},
	{"any attribute as a ufunc", "numpy", false, []string{"PROTO 3", "GLOBAL numpy.core _ufunc_reconstruct", `BINUNICODE "numpy"`, `BINUNICODE "load"`, "TUPLE2", "REDUCE", "STOP"}},
	{"storage of any size", "torch", false, []string{"PROTO 3", "GLOBAL torch FloatStorage", "LONG 99999999999L", "TUPLE1", "REDUCE", "STOP"}},
	{"embeddings that fetch a model", "flair", false, []string{"PROTO 3", "GLOBAL flair.embeddings.token TransformerWordEmbeddings", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "STOP"}},
	{"attributes of a parameter", "torch", false, []string{"PROTO 3", "GLOBAL torch._utils _rebuild_parameter_with_state", "MARK", "NONE", "NEWTRUE", "NONE", "EMPTY_DICT", `BINUNICODE "__array__"`, "NONE", "SETITEM", "TUPLE", "REDUCE", "STOP"}},
	{"class without a name", "torch joblib", false, []string{"PROTO 3", "GLOBAL torch._tensor _rebuild_from_type_v2", "MARK", "GLOBAL copyreg __newobj__", "GLOBAL torch Tensor", "GLOBAL joblib.numpy_pickle NumpyArrayWrapper", "TUPLE1", "NONE", "TUPLE", "REDUCE", "STOP"}},
	{"data type under two names", "numpy", false, []string{"PROTO 3", "GLOBAL numpy dtype", "GLOBAL numpy dtype", `BINUNICODE "V8"`, "TUPLE1", "REDUCE", "TUPLE1", "REDUCE", "STOP"}},
	{"path by keywords", "", false, []string{"PROTO 4", "GLOBAL pathlib PosixPath", "EMPTY_TUPLE", "EMPTY_DICT", `BINUNICODE "a"`, "EMPTY_LIST", "SETITEM", "NEWOBJ_EX", "STOP"}},
	{"base class with an __init__", "torch", false, []string{"PROTO 3", "GLOBAL copyreg _reconstructor", "GLOBAL torch.nn.modules.linear Linear", "DUP", "NONE", "TUPLE3", "REDUCE", "STOP"}},
}

func assemble(parts ...any) (lines []string) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			lines = append(lines, p)
		case []string:
			lines = append(lines, p...)
		}
	}
	return lines
}

// innerBytes is a constant with a pickle of protocol 0.
func innerBytes() []string {
	return []string{fmt.Sprintf("BINBYTES %q", "cos\nsystem\n(S'"+marker+"'\ntR.")}
}

// partialOf makes a partial of a harmless name, gives it another function and its
// arguments by BUILD, and keeps it in memo 1.
func partialOf(first, function string, args []string) []string {
	return assemble([]string{"PROTO 3", "GLOBAL functools partial", "GLOBAL " + first, "TUPLE1", "REDUCE", "MARK", function, "MARK"},
		args, []string{"TUPLE", "EMPTY_DICT", "NONE", "TUPLE", "BUILD", "BINPUT 1", "POP"})
}

// partialThen makes a partial of a name, and sets that state once more.
func partialThen(name string, rest ...string) []string {
	return assemble([]string{"PROTO 3", "GLOBAL functools partial", "GLOBAL " + name, "TUPLE1", "REDUCE", "MARK", "GLOBAL " + name,
		"EMPTY_TUPLE", "EMPTY_DICT", "NONE", "TUPLE", "BUILD"}, rest)
}

// namespaceWith keeps in memo 2 an object with memo 1 as its attribute.
func namespaceWith(attribute string) []string {
	return []string{"GLOBAL argparse Namespace", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", fmt.Sprintf("BINUNICODE %q", attribute), "BINGET 1", "SETITEM", "BUILD", "BINPUT 2", "POP"}
}

func attributes(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf(`BINUNICODE "a%d"`, i), "NONE")
	}
	return lines
}

// TestLaundered: a listed name may be used as its entry says, and in no other way.
func TestLaundered(t *testing.T) {
	for _, c := range laundered {
		t.Run(c.name, func(t *testing.T) {
			data := program(t, c.lines...)
			r, _ := scannertest.Run(Scanner{}, "model.pkl", data)
			if !hasGrave(r.Findings) {
				t.Errorf("%+v", r.Findings)
			}
			if c.runs {
				confirm(t, data, c.needs)
			}
		})
	}
}

// confirm loads a file with pickle.load and demands that the marker is printed.
func confirm(t *testing.T, data []byte, needs string) {
	t.Helper()
	if testing.Short() {
		t.Log("SKIPPED by -short: that the file runs is not confirmed")
		return
	}
	python := pythonWith(needs)
	if python == "" {
		t.Logf("SKIPPED: no Python with %s: that the file runs is not confirmed", needs)
		return
	}
	file := filepath.Join(t.TempDir(), "model.pkl")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(python, "-c", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", file).CombinedOutput()
	if !strings.Contains(string(out), "assay-test-marker\n") {
		t.Errorf("the file does not run: %s", out)
	}
}

// pythonWith finds an interpreter that has the modules, "" when none does.
func pythonWith(modules string) string {
	for _, python := range []string{os.Getenv("ASSAY_PYTHON"), "python3", "/usr/bin/python3"} {
		if python != "" && exec.Command(python, "-c", "import sys, importlib.util as u; assert all(u.find_spec(m) for m in sys.argv[1].split())", modules).Run() == nil {
			return python
		}
	}
	return ""
}

// TestCutBeforeCall: a file that breaks off before the call of a listed name is
// damaged, and no more.
func TestCutBeforeCall(t *testing.T) {
	data := program(t, "PROTO 2", "GLOBAL numpy.core.multiarray _reconstruct", "GLOBAL numpy ndarray")
	r, err := scannertest.Run(Scanner{}, "model.pkl", data)
	if err == nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}

// TestNotLaundered: what frameworks write with the same names.
func TestNotLaundered(t *testing.T) {
	for name, lines := range map[string][]string{
		"partial":        {"PROTO 3", "GLOBAL functools partial", "GLOBAL torch.nn.modules.normalization LayerNorm", "TUPLE1", "REDUCE", "MARK", "GLOBAL torch.nn.modules.normalization LayerNorm", "EMPTY_TUPLE", "EMPTY_DICT", `BINUNICODE "eps"`, "BINFLOAT 1e-6", "SETITEM", "NONE", "TUPLE", "BUILD", "STOP"},
		"data":           {"PROTO 3", "EMPTY_DICT", `BINUNICODE "__array__"`, "NONE", "SETITEM", "STOP"},
		"attribute":      {"PROTO 3", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "types"`, "EMPTY_DICT", `BINUNICODE "__all__"`, "NONE", "SETITEM", "SETITEM", "BUILD", "STOP"},
		"pydantic":       {"PROTO 4", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "MARK", `BINUNICODE "__dict__"`, "EMPTY_DICT", `BINUNICODE "__pydantic_fields_set__"`, "NONE", "SETITEMS", "BUILD", "STOP"},
		"ufunc":          {"PROTO 4", "GLOBAL numpy.core _ufunc_reconstruct", `BINUNICODE "numpy"`, `BINUNICODE "log1p"`, "TUPLE2", "REDUCE", "STOP"},
		"factory":        {"PROTO 2", "GLOBAL collections defaultdict", "GLOBAL functools partial", "GLOBAL collections defaultdict", "TUPLE1", "REDUCE", "TUPLE1", "REDUCE", "STOP"},
		"random":         {"PROTO 4", "GLOBAL numpy.random._pickle __generator_ctor", `BINUNICODE "PCG64"`, "GLOBAL numpy.random._pickle __bit_generator_ctor", "TUPLE2", "REDUCE", "STOP"},
		"masked":         {"PROTO 2", "GLOBAL numpy.ma.core _mareconstruct", "MARK", "GLOBAL numpy.ma.core MaskedArray", "GLOBAL numpy ndarray", "BININT1 0", "TUPLE1", `BINUNICODE "b"`, "TUPLE", "REDUCE", "STOP"},
		"default":        {"PROTO 2", "GLOBAL collections defaultdict", "GLOBAL builtins list", "TUPLE1", "REDUCE", "STOP"},
		"list of models": {"PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_LIST", "EMPTY_LIST", `BINUNICODE "a"`, "APPEND", "GLOBAL torch.nn.modules.linear Linear", "EMPTY_TUPLE", "NEWOBJ", "APPEND", "APPEND", "TUPLE1", "REDUCE", "STOP"},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, lines...))
		for _, f := range r.Findings {
			if f.Severity.AtLeast(scanners.Low) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
