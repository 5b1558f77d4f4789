package skops

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/numpy"
	"assay/scanners/scannertest"
	"assay/scanners/text"
	archive "assay/scanners/zip"
)

var list = []scanners.Scanner{Scanner{}, text.Scanner{}, archive.Scanner{}, numpy.Scanner{}}

// node is one node of the tree. more begins with a comma, or is empty.
func node(loader, module, class, more string) string {
	return fmt.Sprintf(`{"__class__": %q, "__module__": %q, "__loader__": %q, "__id__": 1%s}`, class, module, loader, more)
}

func content(inner string) string { return `, "content": ` + inner }

func value(text string) string {
	return node("JsonNode", "builtins", "str", fmt.Sprintf(`, "content": "\"%s\"", "is_json": true`, text))
}

func array(file string) string {
	return node("NdArrayNode", "numpy", "ndarray", `, "type": "numpy", "file": "`+file+`"`)
}

// schema is a whole schema of the current protocol around a node.
func schema(inner string) []byte { return versioned(inner, 2) }

func versioned(inner string, protocol int) []byte {
	dict := node("DictNode", "builtins", "dict", content(`{"a": `+inner+`}`))
	whole := node("ObjectNode", "sklearn.pipeline", "Pipeline", content(dict))
	return []byte(fmt.Sprintf(`%s, "protocol": %d, "_skops_version": "0.11.0"}`, strings.TrimSuffix(whole, "}"), protocol))
}

// npy is an array as numpy.save writes it.
func npy() []byte {
	head := "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
	head += strings.Repeat(" ", 117-len(head)) + "\n"
	return append([]byte("\x93NUMPY\x01\x00\x76\x00"+head), make([]byte, 8)...)
}

func model(t testing.TB, schema []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range []struct {
		name string
		data []byte
	}{{"140.npy", npy()}, {"schema.json", schema}} {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// ordinary has a node of every kind that skops writes for scikit-learn.
func ordinary() []byte {
	nodes := []string{
		value("l2"), array("140.npy"), node("CachedNode", "", "", ""),
		node("TypeNode", "numpy", "float64", ""), node("FunctionNode", "numpy", "log1p", ""), node("FunctionNode", "scipy.special._ufuncs", "expit", ""),
		node("TreeNode", "sklearn.tree._tree", "Tree", content(node("DictNode", "builtins", "dict", content("{}")))),
		node("LossNode", "sklearn._loss._loss", "CyHalfBinomialLoss", content("{}")),
		node("RandomStateNode", "numpy.random.mtrand", "RandomState", content("{}")),
		node("RandomGeneratorNode", "numpy.random._generator", "Generator", content("{}")),
		node("MaskedArrayNode", "numpy.ma.core", "MaskedArray", content(`{"data": `+array("140.npy")+`}`)),
		node("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", `, "type": "scipy", "file": "140.npy"`),
		node("DTypeNode", "numpy", "dtype", content(array("140.npy"))),
		node("DefaultDictNode", "collections", "defaultdict", content(`{"main": null}`)),
		node("OperatorFuncNode", "operator", "itemgetter", `, "attrs": `+node("TupleNode", "builtins", "tuple", content("[]"))),
		node("MethodNode", "sklearn.preprocessing._data", "StandardScaler", content(`{"func": "transform", "obj": `+node("ObjectNode", "sklearn.preprocessing._data", "StandardScaler", "")+`}`)),
		node("PartialNode", "functools", "partial", content(`{"func": `+node("FunctionNode", "numpy", "sqrt", "")+`}`)),
		node("ObjectNode", "xgboost.sklearn", "XGBClassifier", ""),
		node("SliceNode", "builtins", "slice", content(`{"start": null}`)),
	}
	return schema(node("ListNode", "builtins", "list", content("["+strings.Join(nodes, ",\n")+"]")))
}

func TestOrdinary(t *testing.T) {
	report := scannertest.Harmless(t, list, "model.skops", model(t, ordinary()))
	if report.Class != scanners.Clean {
		t.Errorf("class %v, facts %v", report.Class, report.Facts)
	}
}

func TestRules(t *testing.T) {
	known := func(name string) (int64, bool) { return 8, name == "140.npy" }
	sample := func(rule, hit, miss string) scannertest.Sample {
		out := scannertest.Sample{Rule: rule, Name: "schema.json", Hit: schema(hit), Sibling: known}
		if miss != "" {
			out.Miss = schema(miss)
		}
		return out
	}
	method := func(shown, owner string) string {
		return node("MethodNode", "sklearn.pipeline", shown, content(`{"func": "fit", "obj": `+node("ObjectNode", "sklearn.pipeline", owner, "")+`}`))
	}
	old := func(protocol int) []byte { return versioned(node("FunctionNode", "numpy", "sqrt", ""), protocol) }
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample("skops/dangerous-type", node("FunctionNode", "os", "system", ""), node("FunctionNode", "numpy", "sqrt", "")), // CVE-2024-37065
		sample("skops/dangerous-type", node("ObjectNode", "subprocess", "Popen", content("{}")), ""),
		sample("skops/dangerous-type", node("FunctionNode", "numpy", "x", content(`{"module_path": "builtins", "function": "eval"}`)), ""),
		sample("skops/dangerous-type", node("OperatorFuncNode", "operator", "call", ""), node("OperatorFuncNode", "operator", "attrgetter", "")),
		sample("skops/dangerous-type", node("MethodNode", "sklearn.pipeline", "Pipeline", content(`{"func": "__reduce__", "obj": `+node("ObjectNode", "sklearn.pipeline", "Pipeline", "")+`}`)), ""),
		sample("skops/operator-module", node("OperatorFuncNode", "builtins", "methodcaller", ""), node("OperatorFuncNode", "operator", "methodcaller", "")), // CVE-2025-54412
		sample("skops/method-type", method("Pipeline", "FeatureUnion"), method("Pipeline", "Pipeline")),                                                     // CVE-2025-54413
		sample("skops/foreign-function", node("FunctionNode", "my.code", "transform", ""), node("FunctionNode", "numpy", "tanh", "")),
		sample("skops/foreign-function", node("TypeNode", "my.code", "Thing", ""), node("TypeNode", "numpy", "float32", "")),
		sample("skops/unlisted-type", node("ObjectNode", "my.code", "Thing", ""), node("ObjectNode", "sklearn.svm._classes", "SVC", "")),
		sample("skops/unlisted-type", node("FunctionNode", "sklearn.metrics._scorer", "some_function", ""), ""),
		sample("skops/unknown-loader", node("EvalNode", "builtins", "str", ""), value("a")),
		sample("skops/missing-file", array("141.npy"), array("140.npy")),
		sample("skops/member-path", array("../140.npy"), array("140.npy")),
		{Rule: "skops/old-protocol", Name: "schema.json", Hit: old(0), Miss: old(2)},
		{Rule: "skops/not-an-archive", Name: "model.skops", Hit: []byte("\x80\x04N."), Miss: nil}, // CVE-2025-54886
		{Rule: "skops/not-an-archive", Name: "schema.json", Miss: schema(value("a"))},
		sample("skops/duplicate-key", `{"__class__": "str", "__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}`, value("a")),
	})
}

// Either of two equal keys is judged.
func TestNothingHides(t *testing.T) {
	for _, inner := range []string{
		`{"__loader__": "FunctionNode", "__module__": "os", "__module__": "numpy", "__class__": "system"}`,
		`{"__loader__": "JsonNode", "__loader__": "FunctionNode", "__module__": "os", "__class__": "system"}`,
		`{"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"}, "b": nonsense`,
	} {
		result, _ := scannertest.Run(Scanner{}, "schema.json", schema(inner))
		if !scannertest.HasRule(result.Findings, "skops/dangerous-type") {
			t.Errorf("%s: %+v", inner, result.Findings)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for _, data := range []string{`{}`, `{"__loader__": "x"}`, `[{"__class__": "a", "__module__": "b"}]`, "text", ""} {
		if report := scannertest.Scan([]scanners.Scanner{Scanner{}}, "schema.json", []byte(data)); len(report.Formats) > 0 {
			t.Errorf("%q: %v", data, report.Formats)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("schema.json", ordinary())
	f.Add("x.skops", []byte("\x80\x04N."))
	f.Add("schema.json", schema(node("OperatorFuncNode", "builtins", "methodcaller", "")))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
