package tflite

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/flatbuffers/fbtest"
	"assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// parts are the pieces of a model that tests replace.
type parts struct {
	codes     []Table
	tensors   []Table
	operators []Table
	buffers   []Table
	metadata  []Table
}

var (
	add      = Table{uint8(0)}
	addition = Table{uint32(0), []uint32{0, 1}, []uint32{1}}
)

// ordinary has two tensors of two floats and one addition.
func ordinary() parts {
	return parts{
		codes: []Table{add}, operators: []Table{addition},
		tensors: []Table{{[]uint32{2}, uint8(0), uint32(1), "weights", Table{[]uint32{0}, nil, []uint32{1}}}, {[]uint32{2}, uint8(0), uint32(0), "y"}},
		buffers: []Table{{}, {[]byte("12345678")}}, metadata: []Table{{"min_runtime_version", uint32(1)}},
	}
}

func (p parts) build() []byte {
	graph := Table{p.tensors, []uint32{0}, []uint32{1}, p.operators, "main"}
	return Build("TFL3", Table{uint32(3), p.codes, []Table{graph}, "made by a test", p.buffers, nil, p.metadata})
}

func with(change func(*parts)) []byte {
	p := ordinary()
	change(&p)
	return p.build()
}

func customModel(name string) []byte {
	return with(func(p *parts) { p.codes = []Table{{uint8(32), name}} })
}

// flex is a Flex operator with the NodeDef that the runtime runs.
func flex(name, inside string) []byte {
	node := append([]byte(inside+"\x00"), append(prototest.Msg(1, "n"), prototest.Msg(2, inside)...)...)
	return with(func(p *parts) {
		p.codes = []Table{{uint8(32), "Flex" + name}}
		p.operators = []Table{{uint32(0), []uint32{0}, []uint32{1}, nil, nil, node}}
	})
}

func TestRules(t *testing.T) {
	good := ordinary().build()
	broken := bytes.Clone(good)
	root := binary.LittleEndian.Uint32(broken)
	binary.LittleEndian.PutUint32(broken[root:], 1<<30)
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "tflite/malformed", Hit: broken, Miss: good},
		{Rule: "tflite/index", Hit: with(func(p *parts) { p.operators = []Table{{uint32(1)}} }), Miss: good},
		{Rule: "tflite/index", Hit: with(func(p *parts) { p.operators = []Table{{uint32(0), []uint32{2}}} }), Miss: with(func(p *parts) { p.operators = []Table{{uint32(0), []uint32{1<<32 - 1}}} })},
		{Rule: "tflite/index", Hit: with(func(p *parts) { p.tensors[0] = Table{[]uint32{2}, uint8(0), uint32(9)} })},
		{Rule: "tflite/index", Hit: with(func(p *parts) { p.metadata = []Table{{"x", uint32(9)}} })},
		{Rule: "tflite/index", Hit: with(func(p *parts) { p.buffers[1] = Table{nil, uint64(1 << 40), uint64(8)} })},
		{Rule: "tflite/tensor-size", Hit: with(func(p *parts) { p.buffers[1] = Table{[]byte("1234")} }), Miss: with(func(p *parts) { p.buffers[1] = Table{} })},
		{Rule: "tflite/tensor-size", Hit: with(func(p *parts) { p.tensors[0][0] = []uint32{1 << 31, 1 << 31, 4} })},
		{Rule: "tflite/flex-operator", Hit: customModel("FlexWriteFile"), Miss: customModel("FlexAddV2")},
		{Rule: "tflite/flex-operator", Hit: customModel("FlexReadFile")},
		{Rule: "tflite/flex-operator", Hit: flex("AddV2", "WriteFile"), Miss: flex("AddV2", "AddV2")},
		{Rule: "tflite/custom-operator", Hit: customModel("Evil"), Miss: good},
		{Rule: "tflite/compiled-operator", Hit: customModel("edgetpu-custom-op"), Miss: customModel("TFLite_Detection_PostProcess")},
		{Rule: "tflite/custom-call", Hit: with(func(p *parts) {
			p.operators = []Table{{uint32(0), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, uint8(5), Table{"host_function"}}}
		}), Miss: with(func(p *parts) {
			p.operators = []Table{{uint32(0), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, uint8(17), Table{[]uint32{0, 0}}}}
		})},
		{Rule: "tflite/custom-call", Hit: with(func(p *parts) { p.codes = []Table{{uint8(51)}} })},
		{Rule: "tflite/unknown-operator", Hit: with(func(p *parts) { p.codes = []Table{{uint8(0), nil, nil, uint32(9999)}} }), Miss: with(func(p *parts) { p.codes = []Table{{uint8(127), nil, nil, uint32(208)}} })},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, list, "model.tflite", ordinary().build())
	scannertest.Harmless(t, list, "model.tflite", customModel("TFLite_Detection_PostProcess"))
	scannertest.Harmless(t, list, "model.tflite", flex("AddV2", "AddV2"))
}

// What lies behind the model is not taken for a part of it.
func TestBehind(t *testing.T) {
	b := bytes.NewBuffer(ordinary().build())
	size := int64(b.Len())
	w := zip.NewWriter(b)
	if _, err := w.Create("labels.txt"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	report := scannertest.Scan(list, "model.tflite", b.Bytes())
	if report.Coverage.Skipped != int64(b.Len())-size || len(report.Findings) > 0 {
		t.Errorf("%+v, %v", report.Coverage, report.Findings)
	}
}

func TestDeclines(t *testing.T) {
	for _, data := range [][]byte{[]byte("<html></html>"), []byte("TFL3"), Build("ET12", Table{})} {
		if _, err := scannertest.Run(Scanner{}, "model.tflite", data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// What only the missing end causes is a gap.
func TestCutOff(t *testing.T) {
	data := ordinary().build()
	for i := 1; i < 12; i++ {
		report := scannertest.Scan(list, "model.tflite", data[:len(data)*i/12])
		if len(report.Findings) > 0 || len(report.Gaps) == 0 {
			t.Errorf("%d of 12: findings %v, gaps %v", i, report.Findings, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.tflite", ordinary().build())
	f.Add("m", flex("AddV2", "WriteFile"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
