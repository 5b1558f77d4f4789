package pickle

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// codeLines are the opcodes that hand byte code to a constructor: its fields to the
// constants and the names.
var codeLines = []string{"BININT1 1", "BININT1 0", "BININT1 0", "BININT1 2", "BININT1 3", "BININT1 3", `SHORT_BINBYTES "\x97\x00S\x00"`,
	"NONE", `BINUNICODE "echo assay-test-marker"`, "TUPLE2", `BINUNICODE "x"`, `BINUNICODE "subprocess"`, `BINUNICODE "check_output"`, "TUPLE3"}

// TestCodeObjects: functions kept by value are named by what their code touches
// (pickle.md 5.7), however the constructor of code objects is reached.
func TestCodeObjects(t *testing.T) {
	for name, lines := range map[string][]string{
		"types":       {"GLOBAL types CodeType"},
		"cloudpickle": {"GLOBAL cloudpickle.cloudpickle _builtin_type", `BINUNICODE "CodeType"`, "TUPLE1", "REDUCE"},
		"dill":        {"GLOBAL dill._dill _create_code"},
		"older dill":  {"GLOBAL dill._dill _load_type", `BINUNICODE "CodeType"`, "TUPLE1", "REDUCE"},
	} {
		all := append([]string{"PROTO 4"}, lines...)
		all = append(append(append(all, "MARK"), codeLines...), "TUPLE", "REDUCE", "STOP")
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, all...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		mustFind(t, r, "pickle/dangerous-call", -1, `its code names "subprocess", "check_output", "x"; its constants are "echo assay-test-marker"`)
		if scannertest.HasRule(r.Findings, "pickle/dynamic-call") {
			t.Errorf("%s: the constructor is known: %+v", name, r.Findings)
		}
	}
}

// TestMarshalled: a constant that is byte code is found, packed or not, and named by
// what it touches; bytes that only begin like it are data.
func TestMarshalled(t *testing.T) {
	text, err := os.ReadFile("../internal/marshal/testdata/code.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		version, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		data, err := hex.DecodeString(digits)
		if version == "#" || err != nil {
			continue
		}
		for _, packed := range [][]byte{data, []byte(base64.StdEncoding.EncodeToString(data)), deflate(t, data)} {
			r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, "PROTO 3", fmt.Sprintf("BINBYTES %q", packed), "STOP"))
			if err != nil {
				t.Errorf("%s: %v", version, err)
			}
			mustFind(t, r, "pickle/nested", 7, `byte code of Python; its code names "open", "os.path", "subprocess"`)
		}
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, "PROTO 3", fmt.Sprintf("BINBYTES %q", data[:len(data)-1]), "STOP"))
		if err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: %+v, %v", version, r.Findings, err)
		}
	}
}

// distribution is a distribution of SciPy with a template in its state.
func distribution(template string, more ...string) []string {
	lines := append([]string{"PROTO 4", "GLOBAL scipy.stats._continuous_distns norm_gen", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "MARK",
		`BINUNICODE "name"`, `BINUNICODE "norm"`, `BINUNICODE "_parse_arg_template"`, fmt.Sprintf("BINUNICODE %q", template)}, more...)
	return append(lines, "SETITEMS", "BUILD", "STOP")
}

// TestDistributions: SciPy executes a text in the state of its distributions, which
// every search over parameters keeps. The text that SciPy writes is allowed, and no
// other.
func TestDistributions(t *testing.T) {
	const genuine = "\ndef _parse_args(self, a, b,  loc=0, scale=1):\n    return (a, b, ), loc, scale\n\ndef _parse_args_rvs(self, a, b,  loc=0, scale=1, size=None):\n" +
		"    return self._argcheck_rvs(a, b,  loc, scale, size=size)\n\ndef _parse_args_stats(self, a, b,  loc=0, scale=1, moments='mv'):\n    return (a, b, ), loc, scale, moments\n"
	r, err := scannertest.Run(Scanner{}, "search.pkl", program(t, distribution(genuine)...))
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
	for name, lines := range map[string][]string{
		"another text":    distribution("import os; os.system('" + marker + "')"),
		"text before":     distribution("import os\n" + genuine),
		"text after":      distribution(genuine + "import os\n"),
		"default value":   distribution(strings.Replace(genuine, "(self, a, b,", "(self, a=open('x'), b,", 1)),
		"second template": distribution(genuine, `BINUNICODE "_parse_arg_template"`, `BINUNICODE "import os"`),
		"other method":    distribution(genuine, `BINUNICODE "_attach_methods"`, "GLOBAL builtins len"),
		"function":        distribution(genuine, `BINUNICODE "f"`, "GLOBAL builtins len"),
		"no dictionary": {"PROTO 4", "GLOBAL scipy.stats._continuous_distns norm_gen", "EMPTY_TUPLE", "NEWOBJ",
			"GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "BUILD", "STOP"},
	} {
		r, err := scannertest.Run(Scanner{}, "search.pkl", program(t, lines...))
		if err != nil || !scannertest.HasRule(r.Findings, "pickle/unlisted-use") {
			t.Errorf("%s: %+v, %v", name, r.Findings, err)
		}
	}
}
