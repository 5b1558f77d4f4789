package keras

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/scanners"
	"assay/scanners/hdf5"
	"assay/scanners/scannertest"
	"assay/scanners/text"
	archive "assay/scanners/zip"
)

var list = []scanners.Scanner{Scanner{}, text.Scanner{}, archive.Scanner{}, hdf5.Scanner{}}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) < 4 {
		t.Fatalf("fixtures %q, error %v", names, err)
	}
	out := make(map[string][]byte)
	for _, name := range names {
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// model is a .keras archive around a configuration.
func model(t testing.TB, config []byte) []byte {
	t.Helper()
	weights, err := os.ReadFile("../hdf5/testdata/model.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range []struct {
		name string
		data []byte
	}{{"metadata.json", []byte(`{"keras_version": "3.10.0", "date_saved": "2024-02-29@12:00:00"}`)}, {"config.json", config}, {"model.weights.h5", weights}} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
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

// What Keras saves passes whole, alone and in its archive.
func TestOrdinary(t *testing.T) {
	for name, data := range fixtures(t) {
		if name != "hub.json" {
			scannertest.Harmless(t, list, name, data)
		}
		report := scannertest.Scan(list, "model.keras", model(t, data))
		for _, f := range report.Findings {
			if f.Severity.AtLeast(scanners.Medium) {
				t.Errorf("%s: %s %s %q: %s", name, f.Severity, f.Rule, f.Path, f.What)
			}
		}
		if len(report.Gaps) > 0 || !report.Coverage.Complete() {
			t.Errorf("%s: coverage %+v, gaps %+v", name, report.Coverage, report.Gaps)
		}
	}
	// The tokenizer of keras-preprocessing is saved in the same form.
	scannertest.Harmless(t, list, "tokenizer.json", []byte(`{"class_name": "Tokenizer", "config": {"num_words": null, "word_index": "{}"}}`))
}

// JSON without a reference is of somebody else.
func TestNotRecognised(t *testing.T) {
	for _, data := range []string{`{}`, `{"a": [1, {"class": "b"}]}`, `{"class_name": "x"}`, `[1`, `{"model_type": "bert"}`, ` "text"`, "\x80\x04.", ""} {
		if report := scannertest.Scan([]scanners.Scanner{Scanner{}}, "config.json", []byte(data)); len(report.Formats) > 0 {
			t.Errorf("%q: %v", data, report.Formats)
		}
	}
}

// object is one serialised object.
func object(module, class, config, registered string) string {
	return fmt.Sprintf(`{"module": %s, "class_name": %q, "config": %s, "registered_name": %s}`, orNull(module), class, config, orNull(registered))
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return fmt.Sprintf("%q", s)
}

// inModel is a model with one object in it.
func inModel(inner string) []byte {
	return []byte(object("keras", "Sequential", `{"name": "sequential", "layers": [`+inner+`]}`, ""))
}

func layer(class, config string) string { return object("keras.layers", class, config, "") }

// code is marshalled byte code with two names; nothing can run it.
func code() string {
	marshal := "\xe3" + strings.Repeat("\x00", 20) + "\xda\x02os\xda\x06system" + strings.Repeat("\x00", 8)
	return base64.StdEncoding.EncodeToString([]byte(marshal))
}

func TestRules(t *testing.T) {
	dense := layer("Dense", `{"name": "dense", "units": 3}`)
	sample := func(rule, hit, miss string) scannertest.Sample {
		out := scannertest.Sample{Rule: rule, Name: "config.json", Hit: inModel(hit)}
		if miss != "" {
			out.Miss = inModel(miss)
		}
		return out
	}
	function := func(module, name string) string { return object(module, "function", fmt.Sprintf("%q", name), name) }
	lambda3 := layer("Lambda", `{"name": "lambda", "function": {"class_name": "__lambda__", "config": {"code": "`+code()+`", "defaults": null, "closure": null}}}`)
	lambda2 := `{"class_name": "Lambda", "config": {"name": "lambda", "function": ["` + code() + `", null, null], "function_type": "lambda", "module": "__main__"}}`
	named := layer("Lambda", `{"function": `+function("builtins", "relu")+`}`)
	wide := utf16.Encode([]rune(string(inModel(dense))))
	wideBytes := binary.LittleEndian.AppendUint16(nil, 0xfeff)
	for _, u := range wide {
		wideBytes = binary.LittleEndian.AppendUint16(wideBytes, u)
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample("keras/lambda", lambda3, dense),                      // CVE-2025-9905, CVE-2024-3660
		sample("keras/lambda", lambda2, ""),                         // CVE-2024-3660
		sample("keras/lambda", named, function("builtins", "relu")), // by name
		sample("keras/lambda", layer("TimeDistributed", `{"layer": `+lambda3+`}`), layer("TimeDistributed", `{"layer": `+dense+`}`)),
		{Rule: "keras/lambda", Name: "config.json", Hit: []byte(`{"class_name": "Model", "config": {}, "module": "keras", "compile_config": {"loss": {"class_name": "__lambda__", "config": {"value": "` + code() + `"}}}}`)},
		sample("keras/foreign-module", object("os", "function", `"system"`, "system"), function("builtins", "tanh")), // CVE-2025-1550
		sample("keras/foreign-module", object("subprocess", "Popen", `{}`, ""), ""),
		sample("keras/foreign-module", function("builtins", "exec"), function("builtins", "softmax")),
		sample("keras/foreign-module", object("my.layers", "MyLayer", `{}`, "my>MyLayer"), ""),
		sample("keras/foreign-module", object("kerasx", "Dense", `{}`, ""), object("tf_keras.layers", "Dense", `{}`, "")),
		sample("keras/dangerous-reference", function("keras.utils", "get_file"), dense), // CVE-2025-8747, CVE-2025-12060
		sample("keras/dangerous-reference", object("keras.utils", "get_file", `{"origin": "http://a.example"}`, ""), ""),
		sample("keras/dangerous-reference", function("keras.config", "enable_unsafe_deserialization"), ""), // CVE-2025-9906
		sample("keras/dangerous-reference", object("keras.src.utils.file_utils", "X", `{}`, "get_file"), ""),
		sample("keras/dangerous-reference", layer("TorchModuleWrapper", `{"module": "UEs="}`), ""), // CVE-2025-49655
		sample("keras/dangerous-reference", layer("TFSMLayer", `{"filepath": "/srv/model"}`), ""),  // CVE-2026-1462
		sample("keras/dangerous-reference", `{"class_name": "TFSMLayer", "config": {"filepath": "x"}}`, `{"class_name": "Dense", "config": {}}`),
		sample("keras/unlisted-reference", object("keras.src.utils.file_utils", "validate_file", `{}`, ""), dense),
		sample("keras/unlisted-reference", object("keras.models", "Dense", `{}`, "clone_model"), ""),
		sample("keras/unlisted-reference", object("keras_hub.src.models.bert.bert_backbone", "BertBackbone", `{}`, "keras_hub>BertBackbone"), object("keras.src.ops.numpy", "Matmul", `{}`, "Matmul")),
		sample("keras/custom-object", object("", "MyLayer", `{}`, "my>MyLayer"), dense),
		sample("keras/custom-object", object("", "Dense", `{}`, "my>Dense"), `{"class_name": "Custom>Adam", "config": {}}`),
		sample("keras/custom-object", object("", "Mine", `{}`, "Custom>Mine"), object("", "Adam", `{}`, "Custom>Adam")),
		sample("keras/custom-object", `{"class_name": "MyLayer", "config": {}}`, `{"class_name": "MyLayer"}`),
		sample("keras/tensorflow-call", `{"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}`, `{"class_name": "TFOpLambda", "config": {"function": "nn.relu6"}}`),
		sample("keras/tensorflow-call", `{"class_name": "TFOpLambda", "config": {"function": "compat.v1.py_func"}}`, `{"class_name": "TFOpLambda", "config": {"function": "compat.v1.transpose"}}`),
		sample("keras/tensorflow-call", `{"class_name": "TensorFlowOpLayer", "config": {"node_def": "{\"op\": \"ReadFile\"}"}}`, `{"class_name": "TensorFlowOpLayer", "config": {"node_def": "{\"op\": \"RealDiv\"}"}}`),
		sample("keras/vocabulary-file", layer("StringLookup", `{"vocabulary": "/etc/passwd"}`), layer("StringLookup", `{"vocabulary": ["/etc/passwd"]}`)), // CVE-2025-12058
		sample("keras/vocabulary-file", layer("TextVectorization", `{"vocabulary": "http://a.example/v"}`), layer("TextVectorization", `{"vocabulary": null}`)),
		sample("keras/name-path", layer("Dense", `{"name": "../../x"}`), layer("Dense", `{"name": "block/dense..1"}`)), // CVE-2026-12479
		sample("keras/name-path", layer("Dense", `{"name": "/x"}`), ""),
		sample("keras/duplicate-key", `{"class_name": "Dense", "config": {"a": 1, "a": 2}}`, `{"class_name": "Dense", "config": {"a": 1, "b": {"a": 2}}}`),
		{Rule: "keras/encoding", Name: "config.json", Hit: wideBytes, Miss: inModel(dense)},
		{Rule: "keras/encoding", Name: "config.json", Hit: wideBytes[2:], Miss: append([]byte("\xef\xbb\xbf"), inModel(dense)...)},
	})
}

// The severity of a Lambda is that of its byte code, and the names in it are said.
func TestLambdaNames(t *testing.T) {
	data := inModel(layer("Lambda", `{"function": ["`+code()+`"]}`))
	result, err := scannertest.Run(Scanner{}, "config.json", data)
	if err != nil || len(result.Findings) != 1 || result.Findings[0].Severity != scanners.Critical || !strings.Contains(result.Findings[0].What, "os system") {
		t.Errorf("findings %+v, error %v", result.Findings, err)
	}
}

// Both of two equal keys are judged, in either order, and what is found stays when
// the text breaks off.
func TestNothingHides(t *testing.T) {
	for _, inner := range []string{
		`{"class_name": "Lambda", "class_name": "Dense", "config": {}}`,
		`{"class_name": "Dense", "config": {}, "class_name": "Lambda"}`,
		`{"class_name": "Dense", "module": "os", "module": "keras.layers", "config": {}}`,
		`{"config": {"function": "x"}, "class_name": "Lambda"}`,
		`{"config": {}, "class_name": "Dense", "config": {"vocabulary": "/x"}, "class_name": "Lambda"}`,
		`{"config": {}, "class_name": "Lambda"}, {"a": nonsense`,
	} {
		result, _ := scannertest.Run(Scanner{}, "config.json", inModel(inner))
		if !scannertest.HasRule(result.Findings, "keras/lambda") && !scannertest.HasRule(result.Findings, "keras/foreign-module") {
			t.Errorf("%s: %+v", inner, result.Findings)
		}
	}
}

// The legacy format: the configuration is an attribute.
func TestLegacyFile(t *testing.T) {
	data, err := os.ReadFile("../hdf5/testdata/keras_legacy.h5")
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(data, []byte(`"class_name": "Dropout"`), []byte(`"class_name": "Lambda" `), 1)
	if bytes.Equal(changed, data) {
		t.Fatal("the fixture has no dropout layer")
	}
	report := scannertest.Scan(list, "model.h5", changed)
	if !scannertest.HasRule(report.Findings, "keras/lambda") {
		t.Errorf("findings %+v, gaps %+v", report.Findings, report.Gaps)
	}
	report = scannertest.Scan(list, "model.h5", data)
	if len(report.Findings) > 0 || len(report.Gaps) > 0 || !report.Coverage.Complete() {
		t.Errorf("ordinary: %+v %+v %+v", report.Findings, report.Gaps, report.Coverage)
	}
}

// The YAML that Keras below 2.6 wrote is judged like JSON.
func TestYAML(t *testing.T) {
	const good = "backend: tensorflow\nclass_name: Sequential\nconfig:\n  name: sequential\n  layers:\n  - class_name: Dense\n    config: {name: dense, units: 3, activation: relu}\nkeras_version: 2.4.0\n"
	report := scannertest.Harmless(t, list, "model.yaml", []byte(good))
	if len(report.Formats) != 2 {
		t.Errorf("formats %v", report.Formats)
	}
	for what, text := range map[string]string{
		"a lambda":  strings.Replace(good, "class_name: Dense", "class_name: Lambda", 1),
		"in quotes": strings.Replace(good, "class_name: Dense", "'class_name': \"L\\x61mbda\"", 1),
		"aliases":   "x: &a {class_name: Lambda, config: {}}\n" + strings.Replace(good, "- class_name: Dense", "- *a\n  - class_name: Dense", 1),
		"second":    good + "---\nclass_name: Lambda\nconfig: {}\n",
	} {
		if r := scannertest.Scan(list, "model.yaml", []byte(text)); !scannertest.HasRule(r.Findings, "keras/lambda") {
			t.Errorf("%s: %+v", what, r.Findings)
		}
	}
	if r := scannertest.Scan(list[:1], "model.yaml", []byte(good+"---\n]]] no YAML\n")); r.Coverage.Complete() {
		t.Errorf("what is no YAML passes for parsed: %+v", r.Coverage)
	}
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 {class_name: Dense, config: {}}\n")
	for i := range 30 {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	if r := scannertest.Scan(list[:1], "model.yaml", []byte(bomb.String())); len(r.Gaps) == 0 {
		t.Errorf("aliases of aliases: %+v", r)
	}
	if r := scannertest.Scan(list[:1], "labels.yaml", []byte("class_name: cat\nother: [class_name]\n")); len(r.Formats) > 0 {
		t.Errorf("a text without objects: %+v", r)
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range fixtures(f) {
		f.Add(name, data)
	}
	f.Add("config.json", inModel(layer("Lambda", `{"function": ["`+code()+`"]}`)))
	f.Add("", []byte("\xff\xfe{\x00}\x00"))
	f.Add("m.yaml", []byte("a: &x {class_name: Lambda, config: {}}\nb: [*x, *x]\n"))
	f.Add("", []byte("\x00\x00\x00{\x00\x00\x00}"))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
