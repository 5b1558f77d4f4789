package paddle

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

func op(kind string, attrs ...[]byte) []byte {
	return Msg(4, Msg(1, Msg(1, "X"), Msg(2, "x")), Msg(2, Msg(1, "Out"), Msg(2, "y")), Msg(3, kind), slices.Concat(attrs...))
}

func attr(name, value string) []byte { return Msg(4, Msg(1, name), Num(2, 2), Msg(5, value)) }

// program has one block, with a variable and the operators.
func program(ops ...[]byte) []byte {
	variable := Msg(3, Msg(1, "w"), Msg(2, Num(1, 7), Msg(3, Msg(1, Num(1, 5), Num(2, 2)), Num(2, 0))), Num(3, 1), Num(5, 1))
	return append(Msg(1, Num(1, 0), Num(2, 1<<64-1), variable, op("matmul_v2"), slices.Concat(ops...)), slices.Concat(Msg(4, Num(1, 2006000)), Msg(5, Msg(1, Msg(1, "matmul_v2"), Msg(2, Num(1, 1)))))...)
}

// tensor is a parameter with a shape and bytes.
func tensor(kind uint64, dims []uint64, data int) []byte {
	d := Num(1, kind)
	for _, n := range dims {
		d = append(d, Num(2, n)...)
	}
	out := make([]byte, headSize)
	binary.LittleEndian.PutUint32(out[16:], uint32(len(d)))
	return slices.Concat(out, d, make([]byte, data))
}

func TestRules(t *testing.T) {
	good := program(op("relu"))
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "paddle/python-operator", Hit: program(op("py_func")), Miss: good},
		{Rule: "paddle/file-operator", Hit: program(op("load_combine", attr("file_path", "/etc/passwd"))), Miss: good},
		{Rule: "paddle/file-operator", Hit: append(program(), Msg(1, Num(1, 1), Num(2, 0), op("save", attr("file_path", "x")))...), Miss: append(program(), Msg(1, Num(1, 1), Num(2, 0), op("relu"))...)},
		{Rule: "paddle/compiled-operator", Hit: program(op("tensorrt_engine")), Miss: good},
		{Rule: "paddle/tensor", Hit: tensor(5, []uint64{1 << 62, 8}, 0), Miss: tensor(5, []uint64{2, 2}, 16)},
		{Rule: "paddle/tensor", Hit: tensor(60, []uint64{1}, 4)},
		{Rule: "paddle/duplicate-field", Hit: program(op("relu", Msg(3, "py_func"))), Miss: good},
		{Rule: "paddle/unknown-field", Hit: append(program(), Msg(99, "x")...), Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, list, "inference.pdmodel", program(op("relu"), op("scale", attr("op_device", ""))))
	scannertest.Harmless(t, list, "inference.pdiparams", slices.Concat(tensor(5, []uint64{2, 2}, 16), tensor(3, []uint64{}, 8), tensor(4, []uint64{5000}, 10000)))
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string][]byte{
		"frozen.pb": Msg(1, Msg(1, "x"), Msg(2, "Const")), "spiece.model": Msg(1, Msg(1, "<unk>"), Flt(2, 0)), "zeros.bin": make([]byte, 100),
		"a.pdmodel": []byte("text"), "b.pdmodel": Msg(2, "x"),
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	for name, data := range map[string][]byte{"a.pdmodel": program(op("relu")), "a.pdiparams": tensor(5, []uint64{100}, 400)} {
		for i := 3; i < 12; i++ {
			report := scannertest.Scan(list, name, data[:len(data)*i/12])
			if len(report.Findings) > 0 || len(report.Gaps) == 0 {
				t.Errorf("%s, %d of 12: findings %v, gaps %v", name, i, report.Findings, report.Gaps)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.pdmodel", program(op("py_func", attr("a", "/x"))))
	f.Add("a", tensor(5, []uint64{2}, 8))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
