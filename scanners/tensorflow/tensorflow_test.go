package tensorflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// nodeDef is a node with attributes.
func nodeDef(name, op string, inputs []string, attrs ...[]byte) []byte {
	out := slices.Concat(Msg(1, name), Msg(2, op))
	for _, in := range inputs {
		out = append(out, Msg(3, in)...)
	}
	return append(out, slices.Concat(attrs...)...)
}

func attr(key string, value ...[]byte) []byte {
	return Msg(5, Msg(1, key), Msg(2, slices.Concat(value...)))
}

// constant is a Const with one string.
func constant(name, text string) []byte {
	return nodeDef(name, "Const", nil, attr("dtype", Num(6, 7)), attr("value", Msg(8, Num(1, 7), Msg(2, ""), Msg(8, text))))
}

func nodes(list ...[]byte) []byte {
	var out []byte
	for _, n := range list {
		out = append(out, Msg(1, n)...)
	}
	return out
}

var matmul = nodeDef("y", "MatMul", []string{"x", "w"}, attr("transpose_a", Num(5, 0)))

// frozen is a GraphDef.
func frozen(list ...[]byte) []byte {
	return append(nodes(append([][]byte{matmul}, list...)...), Msg(4, Num(1, 1882))...)
}

// function is a FunctionDef with nodes.
func function(name string, list ...[]byte) []byte {
	out := Msg(1, Msg(1, name), Msg(2, Msg(1, "x"), Num(3, 1)), Num(17, 1))
	for _, n := range list {
		out = append(out, Msg(3, n)...)
	}
	return append(out, Msg(4, Msg(1, "y"), Msg(2, "y:product:0"))...)
}

func library(functions ...[]byte) []byte {
	var out []byte
	for _, f := range functions {
		out = append(out, Msg(1, f)...)
	}
	return Msg(2, out)
}

// metaGraph has what a TensorFlow 2 export has around a graph.
func metaGraph(graph []byte, rest ...[]byte) []byte {
	info := Msg(1, Msg(2, Msg(1, Msg(1, "MatMul"), Msg(2, Msg(1, "a"), Msg(4, "T")))), Msg(4, "serve"), Msg(5, "2.18.0"))
	signature := Msg(5, Msg(1, "serving_default"), Msg(2, Msg(1, Msg(1, "x"), Msg(2, Msg(1, "serving_x:0"), Num(2, 1), Msg(3, Msg(2, Num(1, 3))))), Msg(3, "tensorflow/serving/predict")))
	return slices.Concat(info, Msg(2, graph), Msg(3, Msg(1, "saver_filename:0"), Num(7, 2)), signature, slices.Concat(rest...))
}

func savedModel(graph []byte, rest ...[]byte) []byte {
	return append(Num(1, 1), Msg(2, metaGraph(graph, rest...))...)
}

// objects is an object graph with a user object.
func objects(metadata string) []byte {
	spec := Msg(2, Msg(1, Msg(54, Msg(1, "FullArgSpec"), Msg(2, Msg(1, "args"), Msg(2, Msg(51, Msg(1, Msg(13, "self"))))))), Num(2, 1))
	return Msg(7,
		Msg(1, Msg(1, Num(1, 1), Msg(2, "layer")), Msg(4, Msg(1, "_tf_keras_layer"), Msg(2, Num(1, 1)), Msg(3, metadata))),
		Msg(1, Msg(7, Num(1, 1), Msg(2, Msg(2, Num(1, 3))), Num(3, 1), Msg(6, "kernel"))), Msg(1, Msg(6, Msg(1, "f"), spec)),
		Msg(2, Msg(1, "f"), Msg(2, Packed(2, 1, 2), Msg(4, Msg(33, Msg(1, "y"), Num(3, 1))))))
}

func keras(metadata string) []byte {
	return Msg(1, Num(2, 0), Msg(3, "root"), Msg(4, "_tf_keras_sequential"), Msg(5, metadata), Msg(6, Num(1, 2)))
}

// at are the places where a node may hide.
var at = map[string]func(n ...[]byte) []byte{
	"frozen graph": frozen,
	"saved model":  func(n ...[]byte) []byte { return savedModel(frozen(n...)) },
	"meta graph":   func(n ...[]byte) []byte { return metaGraph(frozen(n...)) },
	"function":     func(n ...[]byte) []byte { return savedModel(append(frozen(), library(function("f", n...))...)) },
	"second graph": func(n ...[]byte) []byte { return append(savedModel(frozen()), Msg(2, metaGraph(frozen(n...)))...) },
	"string constant": func(n ...[]byte) []byte {
		return savedModel(frozen(constant("c", string(frozen(n...)))))
	},
	"attribute": func(n ...[]byte) []byte { return frozen(nodeDef("d", "NoOp", nil, attr("s", Msg(2, frozen(n...))))) },
	"collection": func(n ...[]byte) []byte {
		return savedModel(frozen(), Msg(4, Msg(1, "c"), Msg(2, Msg(2, Msg(1, frozen(n...))))))
	},
	"graph in a function in a constant": func(n ...[]byte) []byte {
		return frozen(constant("c", string(append(frozen(), library(function("f", constant("d", string(frozen(n...)))))...))))
	},
	"versions first": func(n ...[]byte) []byte { return append(Msg(4, Num(1, 1882)), nodes(n...)...) },
}

func TestRules(t *testing.T) {
	good := frozen()
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "tensorflow/code-operator", Hit: frozen(nodeDef("p", "EagerPyFunc", nil)), Miss: frozen(nodeDef("p", "PartitionedCall", nil))},
		{Rule: "tensorflow/code-operator", Hit: frozen(nodeDef("p", "XlaCustomCall", nil)), Miss: frozen(nodeDef("p", "XlaDotV2", nil))},
		{Rule: "tensorflow/file-write", Hit: frozen(constant("n", "/tmp/x"), nodeDef("w", "WriteFile", []string{"n", "c"})), Miss: frozen(nodeDef("w", "SaveV2", []string{"n"}))},
		{Rule: "tensorflow/file-write", Hit: frozen(nodeDef("p", "PrintV2", nil, attr("output_stream", Msg(2, "file:///tmp/x")))), Miss: frozen(nodeDef("p", "PrintV2", nil, attr("output_stream", Msg(2, "stderr"))))},
		{Rule: "tensorflow/file-write", Hit: frozen(nodeDef("p", "PrintV2", nil, Msg(5, Msg(2, Msg(2, "file:///tmp/x")), Msg(1, "output_stream"))))},
		{Rule: "tensorflow/file-write", Hit: frozen(nodeDef("p", "WriteSummary", nil)), Miss: frozen(nodeDef("p", "ScalarSummary", nil))},
		{Rule: "tensorflow/file-read", Hit: frozen(nodeDef("r", "ReadFile", []string{"n"})), Miss: frozen(nodeDef("r", "DecodeJpeg", []string{"n"}))},
		{Rule: "tensorflow/file-read", Hit: frozen(nodeDef("r", "ImmutableConst", nil, attr("memory_region_name", Msg(2, "/etc/passwd"))))},
		{Rule: "tensorflow/remote-address", Hit: frozen(nodeDef("d", "DebugIdentity", nil, attr("debug_urls", Msg(1, Msg(2, "grpc://host:1"))))), Miss: frozen(nodeDef("d", "Copy", nil))},
		{Rule: "tensorflow/remote-address", Hit: frozen(nodeDef("d", "Copy", nil, attr("debug_ops_spec", Msg(1, Msg(2, "DebugIdentity;grpc://h:1;0"))))), Miss: frozen(nodeDef("d", "Identity", nil))},
		{Rule: "tensorflow/network-operator", Hit: frozen(nodeDef("d", "DataServiceDatasetV4", nil)), Miss: frozen(nodeDef("d", "RangeDataset", nil))},
		{Rule: "tensorflow/nested-graph", Hit: frozen(constant("c", string(frozen()))), Miss: frozen(constant("c", strings.Repeat("\x0a\x05a long text", 10)))},
		{Rule: "tensorflow/nested-graph", Hit: frozen(nodeDef("d", "DatasetFromGraph", nil)), Miss: frozen(constant("c", string(make([]byte, 1000))))},
		{Rule: "tensorflow/unknown-operator", Hit: frozen(nodeDef("e", "RunShell", nil)), Miss: append(frozen(nodeDef("e", "f", nil)), library(function("f", matmul))...)},
		{Rule: "tensorflow/library-operator", Hit: frozen(nodeDef("e", "WordpieceTokenizeWithOffsets", nil)), Miss: good},
		{Rule: "tensorflow/compiled-operator", Hit: frozen(nodeDef("e", "XlaCallModule", nil)), Miss: good},
		{Rule: "tensorflow/stop-operator", Hit: frozen(nodeDef("e", "Abort", nil)), Miss: frozen(nodeDef("e", "Assert", nil))},
		{Rule: "tensorflow/checkpoint-path", Hit: frozen(constant("n", "/home/u/.ssh/x"), nodeDef("r", "RestoreV2", []string{"n"})), Miss: frozen(constant("n", "model"), nodeDef("r", "RestoreV2", []string{"n"}))},
		{Rule: "tensorflow/checkpoint-path", Hit: frozen(constant("n", "gs://b/x"), nodeDef("j", "StringJoin", []string{"n"}), nodeDef("i", "Identity", []string{"j:0"}), nodeDef("r", "SaveV2", []string{"i"})),
			Miss: frozen(constant("n", "_temp_1/part"), nodeDef("j", "StringJoin", []string{"arg", "n"}), nodeDef("r", "SaveV2", []string{"j"}))},
		{Rule: "tensorflow/asset-path", Hit: savedModel(frozen(), Msg(6, Msg(1, Msg(1, "a:0")), Msg(2, "../../etc/passwd"))), Miss: savedModel(frozen(), Msg(6, Msg(1, Msg(1, "a:0")), Msg(2, "vocab.txt")))},
		{Rule: "tensorflow/asset-path", Hit: savedModel(frozen(constant("a", "/etc/passwd"), nodeDef("t", "InitializeTableFromTextFileV2", []string{"h", "a"}))),
			Miss: savedModel(frozen(constant("a", "/build/vocab.txt"), nodeDef("t", "InitializeTableFromTextFileV2", []string{"h", "a"})), Msg(6, Msg(1, Msg(1, "a:0")), Msg(2, "vocab.txt")))},
		{Rule: "tensorflow/keras-code", Name: "keras_metadata.pb", Hit: keras(`{"config":{"layers":[{"class_name":"L\u0061mbda","config":{}}]}}`), Miss: keras(`{"class_name":"Dense","config":{"name":"Lambda"}}`)},
		{Rule: "tensorflow/keras-code", Hit: savedModel(frozen(), objects(`{"class_name": "Lambda"}`)), Miss: savedModel(frozen(), objects(`{"class_name": "TFOpLambda"}`))},
		{Rule: "tensorflow/shadowed-operator", Hit: append(frozen(), library(function("MatMul", matmul))...), Miss: append(frozen(), library(function("__inference_f_12", matmul))...)},
		{Rule: "tensorflow/duplicate-field", Hit: frozen(append(matmul, Msg(2, "Add")...)), Miss: good},
		{Rule: "tensorflow/unknown-field", Hit: append(frozen(), Msg(99, "hidden")...), Miss: good},
		{Rule: "tensorflow/tensor-size", Hit: frozen(nodeDef("w", "Const", nil, attr("value", Msg(8, Num(1, 1), Msg(2, Msg(2, Num(1, 2))), Msg(4, "1234"))))),
			Miss: frozen(nodeDef("w", "Const", nil, attr("value", Msg(8, Num(1, 1), Msg(2, Msg(2, Num(1, 2))), Msg(4, "12345678")))))},
		{Rule: "tensorflow/tensor-size", Hit: frozen(nodeDef("w", "Const", nil, attr("value", Msg(8, Num(1, 1), Msg(2, Msg(2, Num(1, 1<<62)), Msg(2, Num(1, 1<<62))))))),
			Miss: frozen(nodeDef("w", "Const", nil, attr("value", Msg(8, Num(1, 1), Msg(2, Msg(2, Num(1, 2))), Msg(5, "1234")))))},
	})
}

// Wherever the operator is, it is found.
func TestOperators(t *testing.T) {
	for op, rule := range map[string]string{
		"WriteFile": "tensorflow/file-write", "ReadFile": "tensorflow/file-read", "PyFunc": "tensorflow/code-operator",
		"MatchingFiles": "tensorflow/file-read", "DatasetToTFRecord": "tensorflow/file-write", "ShellExecute": "tensorflow/unknown-operator",
	} {
		for place, build := range at {
			data := build(nodeDef("evil", op, []string{"a"}), constant("filler", strings.Repeat("x", 80)))
			result, err := scannertest.Run(Scanner{}, "f", data)
			if err != nil || !scannertest.HasRule(result.Findings, rule) {
				t.Errorf("%s in %s: %v, %v", op, place, result.Findings, err)
			}
		}
	}
}

func TestHarmless(t *testing.T) {
	config := "\n\x07\n\x03GPU\x10\x00\n\x07\n\x03CPU\x10\x012\x02J\x008\x01\x82\x01\x00"
	call := nodeDef("call", "StatefulPartitionedCall", []string{"x"}, attr("f", Msg(10, Msg(1, "f"))), attr("config_proto", Msg(2, config)), attr("_output_shapes", Msg(1, Msg(7, Msg(2, Num(1, 1<<64-1))))))
	saver := function("__inference__traced_save_1", nodeDef("const", "Const", nil, attr("value", Msg(8, Num(1, 7), Msg(8, ".part")))),
		nodeDef("ShardedFilename", "ShardedFilename", []string{"StringJoin:output:0"}), nodeDef("SaveV2", "SaveV2", []string{"ShardedFilename:filename:0"}), nodeDef("Merge", "MergeV2Checkpoints", nil))
	model := savedModel(append(frozen(call), library(function("f", matmul), saver)...), objects(`{"class_name":"Dense"}`), Msg(6, Msg(1, Msg(1, "a:0")), Msg(2, "vocab.txt")))
	for name, data := range map[string][]byte{
		"saved_model.pb": model, "frozen.pb": frozen(call, constant("c", "label")), "model.meta": metaGraph(frozen()),
		"keras_metadata.pb": keras(`{"class_name": "Sequential"}`), "tfhub_module.pb": Num(1, 3), "fingerprint.pb": slices.Concat(Num(1, 1<<63), Num(2, 5), Num(5, 9), Msg(6, Num(1, 1))),
	} {
		scannertest.Harmless(t, list, name, data)
	}
}

// A graph in text.
func TestText(t *testing.T) {
	const ordinary = `node { name: "x" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "y" op: "f" } # op: "WriteFile"
library { function { signature { name: "f" } node_def { name: "z" op: "MatMul" } } } versions { producer: 27 }
`
	scannertest.Harmless(t, list, "graph.pbtxt", []byte(ordinary))
	for text, rule := range map[string]string{
		`node { op: 'Write\x46ile' }`: "tensorflow/file-write", `node { op: "RunShell" }`: "tensorflow/unknown-operator",
		`meta_graphs { graph_def { library { function { node_def { op: "PyFunc" } } } } }`:                                                "tensorflow/code-operator",
		`node { op: "PrintV2" attr { key: "output_stream" value { s: "file:///tmp/x" } } }`:                                               "tensorflow/remote-address",
		fmt.Sprintf(`node { op: "Const" attr { value { tensor { string_val: "%s" } } } }`, octal(frozen(nodeDef("w", "WriteFile", nil)))): "tensorflow/file-write",
		`asset_file_def { filename: "../../x" }`:                                                                                          "tensorflow/asset-path", `library { function { signature { name: "MatMul" } } }`: "tensorflow/shadowed-operator",
	} {
		result, err := scannertest.Run(Scanner{}, "graph.pbtxt", []byte(ordinary+text))
		if err != nil || !scannertest.HasRule(result.Findings, rule) {
			t.Errorf("%s: %v, %v", text, result.Findings, err)
		}
	}
}

// octal escapes every byte.
func octal(p []byte) string {
	var b strings.Builder
	for _, c := range p {
		fmt.Fprintf(&b, "\\%03o", c)
	}
	return b.String()
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string][]byte{
		"model.onnx":   slices.Concat(Num(1, 8), Msg(2, "pytorch"), Msg(7, Msg(1, Msg(1, "x"), Msg(2, "y"), Msg(4, "Relu")))),
		"notes.txt":    []byte("\nplain text\n"),
		"spiece.model": slices.Concat(Msg(1, Msg(1, "<unk>"), Flt(2, 0), Num(3, 2)), Msg(1, Msg(1, "a"), Flt(2, -1))),
		"empty.pb":     {0x0a, 0x00, 0x12, 0x00},
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What only the missing end causes is a gap.
func TestCutOff(t *testing.T) {
	data := savedModel(append(frozen(nodeDef("e", "f", nil)), library(function("f", matmul))...), objects(`{"class_name":"Dense"}`))
	for i := 1; i < 20; i++ {
		report := scannertest.Scan(list, "saved_model.pb", data[:len(data)*i/20])
		if len(report.Findings) > 0 || len(report.Gaps) == 0 {
			t.Errorf("%d of 20: findings %v, gaps %v", i, report.Findings, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, build := range at {
		f.Add("f", build(nodeDef("w", "WriteFile", []string{"n", "c"}), constant("n", "/tmp/x")))
	}
	f.Add("a.pbtxt", []byte(`node { op: "WriteFile" } library { function { signature { name: "f" } } }`))
	f.Add("keras_metadata.pb", keras(`{"class_name":"Lambda"}`))
	f.Add("saved_model.pb", savedModel(frozen(), objects("{}")))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
