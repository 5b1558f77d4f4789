package coreml

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

var description = Msg(2, Msg(1, "in"), Msg(10, "out"), Msg(11, "y"), Msg(100, Msg(1, "A model"), Msg(3, "me"), Msg(100, Msg(1, "com.github.apple.coremltools.version"), Msg(2, "8.0"))))

func model(kind int, payload []byte) []byte {
	return slices.Concat(Num(1, 7), description, Msg(kind, payload))
}

func layer(number int, params []byte) []byte {
	return Msg(1, Msg(1, "l"), Msg(2, "x"), Msg(3, "y"), Msg(number, params))
}

// program has one operation that takes weights from a file.
func program(operation, file string) []byte {
	kind := Msg(2, Msg(1, Num(1, 11), Num(2, 1), Msg(3, Msg(1, Num(1, 4)))))
	weights := Msg(5, Msg(1, "val"), Msg(2, kind, Msg(5, Msg(1, file), Num(2, 64))))
	op := Msg(3, Msg(1, operation), Msg(2, Msg(1, "x"), Msg(2, Msg(1, Msg(1, "input")))), Msg(3, Msg(1, "w"), kind), weights)
	block := Msg(3, Msg(1, "CoreML7"), Msg(2, Msg(2, "w"), op))
	return model(502, slices.Concat(Num(1, 1), Msg(2, Msg(1, "main"), Msg(2, Msg(1, Msg(1, "input"), kind), Msg(2, "CoreML7"), block)),
		Msg(4, Msg(1, "buildInfo"), Msg(2, Msg(3, Msg(1, Msg(4, Msg(1, "8.0"))))))))
}

func blob(sentinels uint32, offsetBy uint64, sizes ...int) []byte {
	out := make([]byte, blobAlign)
	binary.LittleEndian.PutUint32(out, uint32(len(sizes)))
	binary.LittleEndian.PutUint32(out[4:], 2)
	for i, n := range sizes {
		entry := make([]byte, blobAlign)
		binary.LittleEndian.PutUint32(entry, sentinel)
		if i > 0 {
			binary.LittleEndian.PutUint32(entry, sentinels)
		}
		binary.LittleEndian.PutUint64(entry[8:], uint64(n))
		binary.LittleEndian.PutUint64(entry[16:], uint64(len(out)+blobAlign)+offsetBy)
		out = slices.Concat(out, entry, make([]byte, n))
		for i < len(sizes)-1 && len(out)%blobAlign != 0 {
			out = append(out, 0)
		}
	}
	return out
}

const manifest = `{"fileFormatVersion": "1.0.0", "itemInfoEntries": {"A": {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": "com.apple.CoreML/model.mlmodel"}}, "rootModelIdentifier": "A"}`

var network = layer(100, Msg(20, "weights"))

func TestRules(t *testing.T) {
	good := model(500, network)
	custom := layer(500, Msg(10, "EvilLayer"))
	link := func(name string) []byte { return model(556, Msg(1, Msg(1, Msg(1, name)))) }
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "coreml/custom-class", Hit: model(500, custom), Miss: good},
		{Rule: "coreml/custom-class", Hit: model(403, custom), Miss: model(403, network)},
		{Rule: "coreml/custom-class", Hit: model(555, Msg(10, "EvilModel")), Miss: model(402, []byte("trees"))},
		{Rule: "coreml/custom-class", Hit: model(202, Msg(1, model(500, custom))), Miss: model(202, Msg(1, good))},
		{Rule: "coreml/custom-class", Hit: model(500, layer(605, Msg(1, custom))), Miss: model(500, layer(605, Msg(1, network)))},
		{Rule: "coreml/custom-class", Hit: model(500, layer(615, Msg(4, custom)))},
		{Rule: "coreml/custom-class", Hit: program("custom_layer", "@model_path/weights/weight.bin"), Miss: program("const", "@model_path/weights/weight.bin")},
		{Rule: "coreml/linked-model", Hit: link("other.mlmodelc"), Miss: good},
		{Rule: "coreml/path", Hit: link("../../other.mlmodelc"), Miss: link("other.mlmodelc")},
		{Rule: "coreml/path", Hit: program("const", "@model_path/../../../etc/passwd"), Miss: program("const", "@model_path/weights/weight.bin")},
		{Rule: "coreml/path", Name: "m.mlpackage/Manifest.json", Hit: []byte(`{"itemInfoEntries":{"A":{"path":"../../../x"}}}`), Miss: []byte(manifest)},
		{Rule: "coreml/weights", Hit: blob(1, 0, 10, 10), Miss: blob(sentinel, 0, 10, 10)},
		{Rule: "coreml/weights", Hit: blob(sentinel, 8, 10)},
		{Rule: "coreml/duplicate-field", Hit: append(model(500, network), Msg(500, network)...), Miss: model(500, slices.Concat(network, network))},
		{Rule: "coreml/duplicate-field", Name: "Manifest.json", Hit: []byte(`{"itemInfoEntries":{"A":{"path":"a","path":"b"}}}`), Miss: []byte(manifest)},
		{Rule: "coreml/unknown-field", Hit: append(model(500, network), Msg(3999, "x")...), Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	for name, data := range map[string][]byte{
		"network.mlmodel": model(500, network), "trees.mlmodel": model(402, []byte("any")), "Data/com.apple.CoreML/model.mlmodel": program("const", "@model_path/weights/weight.bin"),
		"Data/com.apple.CoreML/weights/weight.bin": blob(sentinel, 0, 100, 7), "m.mlpackage/Manifest.json": []byte(manifest),
	} {
		scannertest.Harmless(t, list, name, data)
	}
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string][]byte{
		"model.onnx":     slices.Concat(Num(1, 8), Msg(2, "pytorch"), Msg(7, Msg(1, Msg(4, "Relu")))),
		"saved_model.pb": slices.Concat(Num(1, 1), Msg(2, Msg(2, Msg(1, Msg(1, "x"), Msg(2, "Const"))))),
		"manifest.json":  []byte(`{"model":"x"}`), "notes.mlmodel": []byte("text"), "Manifest.json": []byte("["),
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	for name, data := range map[string][]byte{"a.mlmodel": program("const", "w"), "weight.bin": blob(sentinel, 0, 100, 7)} {
		for i := 1; i < 12; i++ {
			report := scannertest.Scan(list, name, data[:len(data)*i/12])
			if len(report.Findings) > 0 || len(report.Gaps) == 0 {
				t.Errorf("%s, %d of 12: findings %v, gaps %v", name, i, report.Findings, report.Gaps)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m", model(202, Msg(1, model(500, layer(500, Msg(10, "X"))))))
	f.Add("m", program("custom", "../x"))
	f.Add("Manifest.json", []byte(manifest))
	f.Add("w", blob(sentinel, 0, 3))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
