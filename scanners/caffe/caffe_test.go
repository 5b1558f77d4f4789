package caffe

import (
	"errors"
	"slices"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

const ordinary = "name: \"LeNet\" # a comment { }\nlayer {\n  name: \"data\"\n  type: \"Data\"\n  data_param { source: \"mnist_lmdb\" batch_size: 64 }\n  include { phase: TRAIN }\n}\nlayer { name: 'ip' type: \"InnerProduct\" inner_product_param < num_output: 10 > }\n"

func weights(layers ...[]byte) []byte { return append(Msg(1, "net"), slices.Concat(layers...)...) }

func layerOf(kind string, rest ...[]byte) []byte {
	return Msg(100, Msg(1, "l"), Msg(2, kind), Msg(7, "blob"), Msg(106, "x"), slices.Concat(rest...))
}

func TestRules(t *testing.T) {
	good := weights(layerOf("Convolution"))
	text := func(layer string) []byte { return []byte(ordinary + "layer { " + layer + " }\n") }
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "caffe/python-layer", Hit: text(`type: "Python"`), Miss: []byte(ordinary)},
		{Rule: "caffe/python-layer", Hit: text(`type: 'Pyth\157n'`), Miss: text(`name: "Python"`)},
		{Rule: "caffe/python-layer", Hit: text(`python_param { module: "os" }`)},
		{Rule: "caffe/python-layer", Name: "a.caffemodel", Hit: weights(layerOf("Python")), Miss: good},
		{Rule: "caffe/python-layer", Name: "a.caffemodel", Hit: weights(layerOf("X", Msg(130, Msg(1, "evil"))))},
		{Rule: "caffe/path", Hit: text(`data_param { source: "/home/u/db" }`), Miss: []byte(ordinary)},
		{Rule: "caffe/path", Hit: text(`image_data_param { source: "../../x" }`), Miss: text(`# source: "/home/u/db"`)},
		{Rule: "caffe/unknown-field", Name: "a.caffemodel", Hit: weights(layerOf("X"), Msg(99, "hidden")), Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, list, "deploy.prototxt", []byte(ordinary))
	scannertest.Harmless(t, list, "a.caffemodel", weights(layerOf("Convolution"), Msg(2, "an old layer")))
}

func TestDeclines(t *testing.T) {
	for name, text := range map[string]string{"a.txt": "layer {", "b.caffemodel": "text", "c.css": "layer { color: red }"} {
		if _, err := scannertest.Run(Scanner{}, name, []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{ordinary + "}", ordinary + "layer {", ordinary + "\"", ordinary + "\x01"} {
		report := scannertest.Scan(list, "a.prototxt", []byte(text))
		if len(report.Gaps) != 1 || len(report.Findings) > 0 {
			t.Errorf("%q: %v", text[len(ordinary):], report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.prototxt", []byte(ordinary))
	f.Add("a.caffemodel", weights(layerOf("Python")))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
