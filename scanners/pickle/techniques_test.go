package pickle

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

const marker = "echo assay-test-marker"

// technique is one way to hide what a pickle does (pickle.md 8), with the finding
// that names it. The line marked "!" is where it must be reported.
type technique struct {
	name     string
	lines    []string
	rule     string
	severity scanners.Severity
	says     string // part of the finding
	live     string // what CPython does in the harness when that is not the same, or "runs": the marker
}

// rows are the techniques of pickle.md 8, by number. Those that take more than one
// pickle to show have tests of their own, here or in other packages.
var rows = []struct {
	number int
	title  string
	tests  string // besides those in the table
}{
	{1, "gap in a deny list", "TestLaundered"},
	{2, "resolver", ""},
	{3, "submodule of a denied module", ""},
	{4, "dotted attribute in the name", ""},
	{5, "names of Python 2", "TestPython2Names"},
	{6, "INST", ""},
	{7, "OBJ, NEWOBJ, NEWOBJ_EX, BUILD, REDUCE", ""},
	{8, "extension codes", ""},
	{9, "operands of STACK_GLOBAL", ""},
	{10, "holes in the memo", "TestSharedMemo"},
	{11, "broken stream after the payload", "TestCutOff"},
	{12, "forms that only some readers take", "TestDifferential"},
	{13, "several pickles", "TestManyPickles"},
	{14, "legacy magic that is computed", "TestLegacyStream"},
	{15, "polyglots", "TestPolyglot zip.TestOtherReadersSeeNothingElse"},
	{16, "unknown extension, no magic number", ""},
	{17, "archives that readers read differently", "zip.TestEveryReadingIsAMember zip.TestMissingLocalHeader zip.TestNameInTheEndRecord"},
	{18, "other containers", "compress.TestFormats compress.TestZF tar.TestMembers all.TestTheCallIsFound"},
	{19, "arrays inside a joblib file", "TestArraySkipped TestObjectArray TestArrayAsOpcodes TestSideFile TestUnresolvedArray"},
	{20, "object arrays of numpy", "numpy.TestRealArrays numpy.TestRules"},
	{21, "pickles in constants", "TestNested TestNestedText TestNestedTorch"},
	{22, "a loader of a second file", ""},
	{23, "persistent ids", ""},
	{24, "file or network without exec", ""},
	{25, "higher-order functions", "TestLaundered"},
	{26, "tampering with scanners", ""},
	{27, "exhaustion", "TestShapes TestPackedBomb TestHostileLengths TestFindingsFlood all.TestBomb all.TestTooDeep"},
	{28, "weights-only bypass, TorchScript", "torchscript.TestSpellingsCompile torchscript.TestRules"},
	{29, "Keras", "hdf5.TestRules"},
	{30, "ONNX, Jinja and others", "onnx.TestRules jinja.TestPublished gguf.TestTemplates"},
	{31, "code beside the model", "script.TestRules"},
	{32, "two readings of a frame", "TestFrameCrossing TestFrameAfterStop"},
	{33, "method calls by APPEND, SETITEM, ADDITEMS", ""},
	{34, "import of a module beside the file", "TestRules"},
	{35, "arguments that are no tuple", ""},
	{36, "PROTO in the middle", ""},
	{37, "escaped names", ""},
	{38, "joblib wrappers built again", "TestRebuiltWrapper TestFrameLeftovers TestWrapperKeys TestElementFrames"},
	{39, "source in persistent ids", ""},
}

// TestRows: every technique has a test. One without opcodes in the table below must
// be named in the list, and the test must exist.
func TestRows(t *testing.T) {
	inTable := make(map[int]bool)
	for _, c := range techniques {
		if n, err := strconv.Atoi(strings.Fields(c.name)[0]); err == nil {
			inTable[n] = true
		}
	}
	for i, row := range rows {
		if row.number != i+1 {
			t.Fatalf("row %d is missing", i+1)
		}
		if !inTable[row.number] && row.tests == "" {
			t.Errorf("row %d, %s: no test", row.number, row.title)
		}
		for name := range strings.FieldsSeq(row.tests) {
			if !testExists(t, name) {
				t.Errorf("row %d, %s: there is no test %s", row.number, row.title, name)
			}
		}
	}
	if len(rows) != 39 {
		t.Errorf("%d rows, the reference has 39", len(rows))
	}
}

// testExists looks for a test of this package, or of another one, by its source.
func testExists(t *testing.T, name string) bool {
	t.Helper()
	folder := "."
	if dir, test, ok := strings.Cut(name, "."); ok {
		folder, name = filepath.Join("..", dir), test
	}
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		return err == nil && bytes.Contains(source, []byte("\nfunc "+name+"(t *testing.T)"))
	})
}

// TestTechniquesAreLive: CPython does with the same bytes what the finding says, at
// the opcode where it says it. In the harness every name is inert.
func TestTechniquesAreLive(t *testing.T) {
	python := lookPython(t)
	var cases [][]byte
	for _, c := range techniques {
		data, _ := asm(t, c.lines...)
		cases = append(cases, data)
	}
	for i, line := range record(t, python, cases) {
		c := techniques[i]
		var readers map[string]recorded
		if err := json.Unmarshal(line, &readers); err != nil {
			t.Fatal(err)
		}
		theirs := make(map[string]bool)
		for _, r := range readers {
			for _, e := range r.Events {
				theirs[fmt.Sprintf("%v %v", e[0], e[1])] = true
			}
		}
		want := c.live
		switch want {
		case "runs": // not with inert names
			confirm(t, cases[i], "pickle")
			continue
		case "":
			want = eventAt(t, c)
		}
		if !theirs[want] {
			t.Errorf("%s: no reader of CPython does %q: %v", c.name, want, readers)
		}
	}
}

// eventAt is what happens at the opcode of the finding, or the end of the pickle
// when only its form is wrong.
func eventAt(t *testing.T, c technique) string {
	t.Helper()
	data, mark := asm(t, c.lines...)
	key := "stop "
	_, _ = scan(t.Context(), scannertest.File("case.pkl", data), scanners.Limits{}.WithDefaults(), func(e event) {
		if e.off == mark && !e.aside {
			key = eventKey(e)
		}
	})
	return key
}

// techniques follow the rows of pickle.md 8 as far as they concern one pickle.
var techniques = []technique{
	{"1 gadget outside the usual lists", []string{"PROTO 2", "GLOBAL numpy.testing._private.utils runstring", `BINUNICODE "x"`, "EMPTY_DICT", "TUPLE2", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "runs code", ""},
	{"1 unknown gadget", []string{"PROTO 2", "GLOBAL some.library helper", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/unknown-call", scanners.High, `some.library.helper("x") by REDUCE`, ""},
	{"2 resolver", []string{"PROTO 4", "GLOBAL pkgutil resolve_name", `SHORT_BINUNICODE "os:system"`, "TUPLE1", "!REDUCE", `SHORT_BINUNICODE "x"`, "TUPLE1", "REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `pkgutil.resolve_name("os:system")`, ""},
	{"2 resolver, the resolved function is called", []string{"PROTO 4", "GLOBAL pkgutil resolve_name", `SHORT_BINUNICODE "os:system"`, "TUPLE1", "REDUCE", `SHORT_BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dynamic-call", scanners.Critical, "result of pkgutil.resolve_name", "dynamic pkgutil.resolve_name"},
	{"3 submodule", []string{"PROTO 2", "GLOBAL asyncio.unix_events _UnixSubprocessTransport", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "asyncio.unix_events", ""},
	{"4 dotted name", []string{"PROTO 4", "GLOBAL random _os.system", `SHORT_BINUNICODE "` + marker + `"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, marker, ""},
	{"4 dotted name through torch", []string{"PROTO 4", `SHORT_BINUNICODE "torch.serialization"`, `SHORT_BINUNICODE "os.system"`, "STACK_GLOBAL", `SHORT_BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "torch.serialization.os.system", ""},
	{"4 dunder in an allowed class", []string{"PROTO 4", "GLOBAL collections OrderedDict.__init__.__globals__", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "walks attributes", ""},
	{"5 python 2 name", []string{"GLOBAL __builtin__ eval", "MARK", "STRING '1'", "TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "builtins.eval (__builtin__.eval in Python 2)", ""},
	{"5 python 2 name, mapped by pair", []string{"PROTO 2", "GLOBAL commands getoutput", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "subprocess.getoutput", ""},
	{"6 INST", []string{"MARK", "STRING '" + marker + "'", "!INST os system", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `os.system("` + marker + `") by INST`, ""},
	{"7 OBJ, result dropped", []string{"MARK", "GLOBAL os system", "STRING '" + marker + "'", "!OBJ", "POP", "NONE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `os.system("` + marker + `") by OBJ`, ""},
	{"7 NEWOBJ", []string{"PROTO 2", "GLOBAL subprocess Popen", "EMPTY_LIST", "TUPLE1", "!NEWOBJ", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "subprocess.Popen.__new__", ""},
	{"7 NEWOBJ_EX", []string{"PROTO 4", "GLOBAL subprocess Popen", "EMPTY_TUPLE", "EMPTY_DICT", "!NEWOBJ_EX", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "subprocess.Popen", ""},
	{"7 REDUCE", []string{"PROTO 3", "GLOBAL posix system", `BINUNICODE "` + marker + `"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `posix.system("` + marker + `") by REDUCE`, ""},
	{"7 BUILD on a class", []string{"PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_DICT", "MARK", `BINUNICODE "__setstate__"`, "GLOBAL os system", "SETITEMS", "!BUILD", `BINUNICODE "x"`, "BUILD", "STOP"},
		"pickle/build-on-import", scanners.Critical, "collections.OrderedDict", ""},
	{"7 BUILD with slots on a module object", []string{"PROTO 4", "GLOBAL random _os", "NONE", "EMPTY_DICT", "TUPLE2", "!BUILD", "STOP"},
		"pickle/build-on-import", scanners.Critical, "random._os", ""},
	{"8 extension code", []string{"PROTO 2", "!EXT1 7", "EMPTY_TUPLE", "REDUCE", "STOP"},
		"pickle/extension-registry", scanners.High, "code 7", ""},
	{"8 extension code that is called", []string{"PROTO 2", "EXT2 700", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dynamic-call", scanners.Critical, "<extension>", "call "},
	{"8 extension registered in the stream", []string{"PROTO 2", "GLOBAL copyreg add_extension", `BINUNICODE "os"`, `BINUNICODE "system"`, "BININT1 9", "TUPLE3", "REDUCE", "POP", "EXT4 9", `BINUNICODE "` + marker + `"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `os.system("` + marker + `")`, "runs"},
	{"9 operands from memo, PUT and MEMOIZE mixed", []string{"PROTO 4", `SHORT_BINUNICODE "os"`, "PUT 7", "POP", `SHORT_BINUNICODE "system"`, "MEMOIZE", "POP", "GET 7", "BINGET 1", "STACK_GLOBAL", `SHORT_BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"9 operand by DUP", []string{"PROTO 4", `SHORT_BINUNICODE "code"`, "DUP", "STACK_GLOBAL", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "code.code", ""},
	{"9 operands at the first opcodes, no PROTO", []string{`SHORT_BINUNICODE "os"`, `SHORT_BINUNICODE "system"`, "STACK_GLOBAL", `SHORT_BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"9 operand that is computed", []string{"PROTO 4", "GLOBAL builtins str", `SHORT_BINUNICODE "os"`, "TUPLE1", "REDUCE", `SHORT_BINUNICODE "system"`, "!STACK_GLOBAL", `SHORT_BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE", "STOP"},
		"pickle/dynamic-import", scanners.Critical, "computed", "runs"},
	{"10 missing memo entry after the call", []string{"PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "BINGET 9", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"11 broken stream after the call", []string{"PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", `RAW "\xff\xff"`},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"11 truncated after the call", []string{"PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", `RAW "X\xff\x00"`},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"12 hexadecimal INT", []string{"!INT 0x10", "POP", "NONE", "STOP"},
		"pickle/differential", scanners.High, "not plain decimal", ""},
	{"12 NUL in a number", []string{"!INT `5\x00junk`", "STOP"},
		"pickle/differential", scanners.High, "NUL", ""},
	{"12 non-ASCII name", []string{"PROTO 2", `GLOBAL "os" "system\u0301"`, "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"13 second pickle", []string{"PROTO 2", "NONE", "STOP", "PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"13 second pickle of protocol 0", []string{"PROTO 2", "NONE", "STOP", "GLOBAL os system", "MARK", "STRING 'x'", "TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"14 legacy magic from a call", []string{"PROTO 2", "GLOBAL builtins eval", `BINUNICODE "0x1950a86a20f9469cfc6c"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "builtins.eval", ""},
	{"15 pickle with an appended archive", []string{"PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP", `RAW "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"16 protocol 0 without a magic number", []string{"GLOBAL os system", "MARK", "STRING 'x'", "TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"16 protocol 0, broken", []string{"GLOBAL os system", "MARK", "STRING 'x'", "TUPLE", "!REDUCE"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"21 nested loader", []string{"PROTO 3", "GLOBAL _pickle loads", `SHORT_BINBYTES "N."`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "deserialises", ""},
	{"22 second file", []string{"PROTO 3", "GLOBAL joblib load", `BINUNICODE "other.bin"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `joblib.load("other.bin")`, ""},
	{"22 torch.hub", []string{"PROTO 3", "GLOBAL torch.hub load", `BINUNICODE "a/b"`, "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "torch.hub.load", ""},
	{"23 persistent id", []string{"!PERSID something", "STOP"},
		"pickle/persistent-id", scanners.Medium, "something", ""},
	{"23 persistent id that is no storage", []string{"PROTO 2", `BINUNICODE "x"`, "BININT1 1", "TUPLE2", "!BINPERSID", "STOP"},
		"pickle/persistent-id", scanners.Medium, `("x", 1)`, ""},
	{"24 file effect", []string{"PROTO 4", "GLOBAL pathlib Path.touch", "GLOBAL pathlib PosixPath", `SHORT_BINUNICODE "assay-test-marker"`, "TUPLE1", "REDUCE", "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "writes files", ""},
	{"24 network effect", []string{"PROTO 4", "GLOBAL ssl get_server_certificate", "EMPTY_TUPLE", "TUPLE1", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "network", ""},
	{"25 map over a function", []string{"PROTO 2", "GLOBAL builtins list", "GLOBAL builtins map", "GLOBAL os system", "EMPTY_LIST", `BINUNICODE "x"`, "APPEND", "TUPLE2", "!REDUCE", "TUPLE1", "REDUCE", "STOP"},
		"pickle/proxy-call", scanners.Critical, "os.system", ""},
	{"25 partial around a function", []string{"PROTO 2", "GLOBAL functools partial", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE2", "!REDUCE", "STOP"},
		"pickle/proxy-call", scanners.Critical, "passes os.system to functools.partial", ""},
	{"25 default factory", []string{"PROTO 2", "GLOBAL collections defaultdict", "GLOBAL os getcwd", "TUPLE1", "!REDUCE", "STOP"},
		"pickle/proxy-call", scanners.Critical, "os.getcwd", ""},
	{"25 function inside a list of arguments", []string{"PROTO 2", "GLOBAL numpy.core.multiarray scalar", "EMPTY_LIST", "GLOBAL mylib helper", "APPEND", "TUPLE1", "!REDUCE", "STOP"},
		"pickle/proxy-call", scanners.High, "mylib.helper", ""},
	{"26 scanner tampering", []string{"PROTO 2", "GLOBAL picklescan.scanner scan_pickle_bytes", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "interferes", ""},
	{"32 frame crossing", []string{"PROTO 4", "FRAME 6", "!SHORT_BINUNICODE \"abcdefgh\"", "STOP"},
		"pickle/frame-crossing", scanners.Critical, "both readings", ""},
	{"33 append as a method call", []string{"PROTO 2", "GLOBAL mylib Thing", "EMPTY_TUPLE", "NEWOBJ", `BINUNICODE "x"`, "!APPEND", "STOP"},
		"pickle/method-call", scanners.High, "append", ""},
	{"33 item assignment on os.environ", []string{"PROTO 2", "GLOBAL os environ", `BINUNICODE "a"`, `BINUNICODE "b"`, "!SETITEM", "STOP"},
		"pickle/method-call", scanners.Critical, "os.environ.__setitem__", ""},
	{"33 add", []string{"PROTO 4", "GLOBAL mylib Thing", "EMPTY_TUPLE", "NEWOBJ", "MARK", "BININT1 1", "!ADDITEMS", "STOP"},
		"pickle/method-call", scanners.High, ".add", ""},
	{"34 import alone", []string{"PROTO 2", "!GLOBAL mylib.evil anything", "STOP"},
		"pickle/unknown-import", scanners.Medium, "mylib.evil.anything", ""},
	{"34 dangerous import alone", []string{"PROTO 2", "!GLOBAL _posixsubprocess fork_exec", "STOP"},
		"pickle/dangerous-import", scanners.High, "_posixsubprocess.fork_exec", ""},
	{"35 list as arguments", []string{"PROTO 2", "GLOBAL os system", "EMPTY_LIST", `BINUNICODE "x"`, "APPEND", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `os.system("x")`, ""},
	{"35 list as arguments, the difference", []string{"PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_LIST", "!REDUCE", "STOP"},
		"pickle/differential", scanners.High, "no tuple", ""},
	{"36 PROTO inside", []string{"PROTO 2", "NONE", "POP", "!PROTO 4", "NONE", "STOP"},
		"pickle/differential", scanners.High, "PROTO", ""},
	{"36 the last PROTO decides", []string{"PROTO 4", "PROTO 0", "GLOBAL __builtin__ eval", "MARK", "TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "builtins.eval", ""},
	{"37 escaped STRING", []string{"PROTO 4", `STRING '\x6f\x73'`, `UNICODE \u0073ystem`, "STACK_GLOBAL", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"37 octal escapes", []string{"PROTO 4", `STRING '\157\163'`, `STRING "system"`, "STACK_GLOBAL", "EMPTY_TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "os.system", ""},
	{"39 source in a persistent id", []string{"PROTO 2", `BINUNICODE "module"`, "GLOBAL mylib Net", `BINUNICODE "net.py"`, `BINUNICODE "class Net: pass"`, "MARK", "POP", "TUPLE3", "TUPLE2", "POP", "MARK", `BINUNICODE "module"`, "GLOBAL mylib Net", `BINUNICODE "net.py"`, `BINUNICODE "class Net: pass"`, "TUPLE", "!BINPERSID", "STOP"},
		"pickle/persistent-id", scanners.High, "source code", ""},
	{"listed name, other use: codec", []string{"PROTO 2", "GLOBAL _codecs encode", `BINUNICODE "bf"`, `BINUNICODE "rot13"`, "TUPLE2", "!REDUCE", "STOP"},
		"pickle/unlisted-use", scanners.High, "_codecs.encode", ""},
	{"listed name, other use: getattr", []string{"PROTO 2", "GLOBAL builtins getattr", "GLOBAL collections OrderedDict", `BINUNICODE "__init__"`, "TUPLE2", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, "builtins.getattr", ""},
	{"listed name, other use: base class", []string{"PROTO 1", "GLOBAL copy_reg _reconstructor", "GLOBAL torch.nn.modules.linear Linear", "GLOBAL accelerate.state PartialState", "NONE", "MARK", "POP", "TUPLE3", "!REDUCE", "STOP"},
		"pickle/unlisted-use", scanners.High, "_reconstructor", ""},
	{"opcode beyond the protocol", []string{"PROTO 2", "NONE", "!MEMOIZE", "STOP"},
		"pickle/differential", scanners.Low, "MEMOIZE is an opcode of protocol 4", ""},
	{"memo entry replaced", []string{"PROTO 2", "NONE", "BINPUT 0", "POP", "EMPTY_LIST", "!BINPUT 0", "STOP"},
		"pickle/differential", scanners.High, "memo", ""},
	{"frame longer than the file", []string{"PROTO 4", "!FRAME 1000000", "NONE", "STOP"},
		"pickle/differential", scanners.High, "frame", ""},
	{"weights-only bypass: inner call of a listed rebuild", []string{"PROTO 2", "GLOBAL torch._tensor _rebuild_from_type_v2", "GLOBAL os system", "GLOBAL torch Tensor", `BINUNICODE "x"`, "TUPLE1", "MARK", "POP", "EMPTY_DICT", "MARK", "POP", "STOP"},
		"pickle/dangerous-import", scanners.High, "os.system", ""},
	{"weights-only bypass: inner call", []string{"PROTO 2", "GLOBAL torch._tensor _rebuild_from_type_v2", "MARK", "GLOBAL os system", "GLOBAL torch Tensor", `BINUNICODE "x"`, "TUPLE1", "EMPTY_DICT", "TUPLE", "!REDUCE", "STOP"},
		"pickle/dangerous-call", scanners.Critical, `os.system("x")`, ""},
	{"items set on a tensor", []string{"PROTO 2", "GLOBAL torch._utils _rebuild_parameter", "EMPTY_TUPLE", "REDUCE", "BININT1 0", "BININT1 1", "!SETITEM", "STOP"},
		"pickle/method-call", scanners.High, "__setitem__", ""},
}

func TestTechniques(t *testing.T) {
	for _, c := range techniques {
		t.Run(c.name, func(t *testing.T) {
			data, mark := asm(t, c.lines...)
			for _, name := range []string{"model.pkl", "anything.xyz"} {
				r, err := scannertest.Run(Scanner{}, name, data)
				if !hasFinding(r.Findings, c, mark) {
					t.Errorf("%s: no %s %s at %d saying %q; findings %+v, error %v", name, c.severity, c.rule, mark, c.says, r.Findings, err)
				}
			}
		})
	}
}

func hasFinding(list []scanners.Finding, c technique, mark int64) bool {
	for _, f := range list {
		if f.Rule == c.rule && f.Severity == c.severity && strings.Contains(f.What, c.says) && (mark < 0 || f.Offset == mark) {
			return true
		}
	}
	return false
}

// TestNested: a pickle in a constant is found however it is packed, and when
// nothing in the outer one loads it.
func TestNested(t *testing.T) {
	inner := program(t, "PROTO 3", "GLOBAL os system", `BINUNICODE "`+marker+`"`, "TUPLE1", "REDUCE", "STOP")
	packings := map[string][]byte{
		"raw":               inner,
		"hex":               []byte(hex.EncodeToString(inner)),
		"base64":            []byte(base64.StdEncoding.EncodeToString(inner)),
		"zlib":              deflate(t, inner),
		"gzip":              compress(t, inner),
		"base64 of zlib":    []byte(base64.StdEncoding.EncodeToString(deflate(t, inner))),
		"pickle in pickle":  program(t, "PROTO 3", fmt.Sprintf("BINBYTES %q", inner), "STOP"),
		"protocol 0":        program(t, "GLOBAL os system", "MARK", "STRING '"+marker+"'", "TUPLE", "REDUCE", "STOP"),
		"protocol 0, INST":  program(t, "MARK", "STRING '"+marker+"'", "INST os system", "STOP"),
		"protocol 0 base64": []byte(base64.StdEncoding.EncodeToString(program(t, "GLOBAL os system", "MARK", "STRING '"+marker+"'", "TUPLE", "REDUCE", "STOP"))),
	}
	for name, packed := range packings {
		t.Run(name, func(t *testing.T) {
			data := program(t, "PROTO 3", "EMPTY_LIST", fmt.Sprintf("BINBYTES %q", packed), "APPEND", "STOP")
			r, err := scannertest.Run(Scanner{}, "model.pkl", data)
			if err != nil || !scannertest.HasRule(r.Findings, "pickle/nested") || !hasFinding(r.Findings,
				technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: marker}, -1) {
				t.Errorf("findings %+v, error %v", r.Findings, err)
			}
			if name == "raw" {
				at := int64(bytes.Index(data, []byte("R.")))
				if !hasFinding(r.Findings, technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: marker}, at) {
					t.Errorf("not at byte %d: %+v", at, r.Findings)
				}
			}
		})
	}
}

func deflate(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFrameCrossing: what only the dropping reader executes is found too. The
// linear reader sees the text "abcd" and a bytes constant of 78 bytes. The other
// one drops "a", takes "bcdC" for the text, 78 for NONE, and runs what the first
// takes for data.
func TestFrameCrossing(t *testing.T) {
	hidden := program(t, "GLOBAL os system", `BINUNICODE "`+marker+`"`, "TUPLE1", "REDUCE", "STOP")
	hidden = append(hidden, bytes.Repeat([]byte{opNone}, opNone-len(hidden))...)
	data := program(t, "PROTO 4", "FRAME 3", `RAW "\x8c\x04a"`, `RAW "bcd"`, fmt.Sprintf("SHORT_BINBYTES %q", hidden), "STOP")
	r, err := scannertest.Run(Scanner{}, "data.pkl", data)
	at := int64(bytes.IndexByte(data, opReduce))
	if err != nil || !scannertest.HasRule(r.Findings, "pickle/frame-crossing") || !hasFinding(r.Findings,
		technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: marker}, at) {
		t.Errorf("want the call at %d: %+v, %v", at, r.Findings, err)
	}
	checkAccounted(t, r, data)
}

func checkAccounted(t *testing.T, r scanners.Result, data []byte) {
	t.Helper()
	var all scanners.Spans
	all.AddAll(r.Parsed, 0)
	all.AddAll(r.Opaque, 0)
	if n := all.Total(int64(len(data))); n != int64(len(data)) {
		t.Errorf("%d of %d bytes accounted for", n, len(data))
	}
}

// TestListedUses: uses that frameworks make of names that could do more.
func TestListedUses(t *testing.T) {
	for name, lines := range map[string][]string{
		"enumeration member":     {"PROTO 2", "GLOBAL __builtin__ getattr", "GLOBAL transformers.trainer_utils SchedulerType", `BINUNICODE "LINEAR"`, "TUPLE2", "REDUCE", "STOP"},
		"bound method":           {"PROTO 2", "GLOBAL __builtin__ getattr", "GLOBAL ultralytics.nn.modules.conv Conv", "EMPTY_TUPLE", "NEWOBJ", `BINUNICODE "forward_fuse"`, "TUPLE2", "REDUCE", "STOP"},
		"annotation":             {"PROTO 4", "GLOBAL _operator getitem", "GLOBAL typing List", "GLOBAL builtins int", "TUPLE2", "REDUCE", "STOP"},
		"time zone":              {"PROTO 4", "GLOBAL zoneinfo ZoneInfo._unpickle", `BINUNICODE "UTC"`, "NEWTRUE", "TUPLE2", "REDUCE", "STOP"},
		"none type":              {"PROTO 2", "GLOBAL __builtin__ type", "NONE", "TUPLE1", "REDUCE", "STOP"},
		"instance of protocol 0": {"GLOBAL copy_reg _reconstructor", "MARK", "GLOBAL sklearn.svm._classes SVC", "GLOBAL __builtin__ object", "NONE", "TUPLE", "REDUCE", "MARK", "DICT", "BUILD", "STOP"},
		"function as a parameter": {"PROTO 4", "GLOBAL sklearn.feature_selection._univariate_selection SelectKBest", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT",
			`BINUNICODE "score_func"`, "GLOBAL sklearn.feature_selection._univariate_selection f_classif", "SETITEM", "BUILD", "STOP"},
		"typed tensor": {"PROTO 2", "GLOBAL torch._tensor _rebuild_from_type_v2", "MARK", "GLOBAL torch._utils _rebuild_parameter", "GLOBAL torch.nn.parameter Parameter",
			"NONE", "NEWFALSE", "NONE", "TUPLE3", "EMPTY_DICT", "TUPLE", "REDUCE", "STOP"},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, lines...))
		if err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: %+v, %v", name, r.Findings, err)
		}
	}
}

// TestPolyglot: bytes after the STOP are left to others, and are not covered.
func TestPolyglot(t *testing.T) {
	data := program(t, "PROTO 2", "NONE", "STOP")
	n := int64(len(data))
	data = append(data, "PK\x03\x04 and so on"...)
	r, err := scannertest.Run(Scanner{}, "x.pt", data)
	if err != nil || r.Parsed.Total(int64(len(data))) != n {
		t.Errorf("covered %d of %d, want %d; %v", r.Parsed.Total(int64(len(data))), len(data), n, err)
	}
}

// TestNestedText: protocols 0 to 2 hold bytes as text.
func TestNestedText(t *testing.T) {
	inner := program(t, "PROTO 2", "GLOBAL os system", "EMPTY_TUPLE", "REDUCE", "STOP")
	text := make([]rune, len(inner))
	for i, b := range inner {
		text[i] = rune(b)
	}
	for _, line := range []string{fmt.Sprintf("BINUNICODE %q", string(text)), "UNICODE `" + strings.ReplaceAll(string(inner), "\n", `\u000a`) + "`"} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, "PROTO 2", line, "STOP"))
		if err != nil || !hasFinding(r.Findings, technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: "os.system"}, -1) {
			t.Errorf("%s: %+v, %v", line, r.Findings, err)
		}
	}
}

// TestPackedBomb: constants that unpack to much more than the file are looked at
// up to a limit, and the limit is a gap.
func TestPackedBomb(t *testing.T) {
	bomb := deflate(t, append([]byte("\x80\x03"), bytes.Repeat([]byte("N0"), 3<<20)...))
	line := fmt.Sprintf("BINBYTES %q", bomb)
	data := append(program(t, "PROTO 3", "EMPTY_LIST", "MARK"), bytes.Repeat(program(t, line), 200)...)
	r, err := scannertest.Run(Scanner{}, "model.pkl", append(data, program(t, "APPENDS", "STOP")...))
	if err == nil || !scannertest.HasRule(r.Findings, "pickle/limit") {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}

// TestCompressedRecords: compressed data that is no pickle is data.
func TestCompressedRecords(t *testing.T) {
	record := deflate(t, []byte("an ordinary record of a dataset, compressed"))
	line := fmt.Sprintf("BINBYTES %q", record)
	data := append(program(t, "PROTO 3", "EMPTY_LIST", "MARK"), bytes.Repeat(program(t, line), 5000)...)
	r, err := scannertest.Run(Scanner{}, "records.pkl", append(data, program(t, "APPENDS", "STOP")...))
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}
