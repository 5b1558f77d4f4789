package mxnet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

const ordinary = `{"nodes":[{"op":"null","name":"data","inputs":[]},{"op":"Convolution","name":"conv0","attrs":{"kernel":"(3, 3)"},"inputs":[[0,0,0]]}],
"arg_nodes":[0],"node_row_ptr":[0,1,2],"heads":[[1,0,0]],"attrs":{"mxnet_version":["int",10901]}}`

func with(old, replacement string) []byte {
	return []byte(strings.Replace(ordinary, old, replacement, 1))
}

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "mxnet/python-operator", Hit: with("Convolution", `Custo\u006d`), Miss: with("conv0", "Custom")},
		{Rule: "mxnet/library", Hit: with("(3, 3)", "./libevil.so.1"), Miss: []byte(ordinary)},
		{Rule: "mxnet/duplicate-key", Hit: with(`"op":"Convolution"`, `"op":"Convolution","op":"null"`), Miss: []byte(ordinary)},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, []scanners.Scanner{Scanner{}}, "resnet-symbol.json", []byte(ordinary))
}

// array is one of floats.
func array(dims ...uint64) []byte {
	le := binary.LittleEndian
	p := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, magicV2), 0), uint32(len(dims)))
	n := uint64(1)
	for _, d := range dims {
		p = le.AppendUint64(p, d)
		n *= d
	}
	return slices.Concat(p, le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 1), 0), 0), make([]byte, 4*min(n, 1000)))
}

func list(arrays ...[]byte) []byte {
	le := binary.LittleEndian
	p := le.AppendUint64([]byte(magicList), uint64(len(arrays)))
	p = le.AppendUint64(append(p, slices.Concat(arrays...)...), uint64(len(arrays)))
	for range arrays {
		p = append(le.AppendUint64(p, 8), "arg:conv"...)
	}
	return p
}

func TestParams(t *testing.T) {
	scannertest.Harmless(t, []scanners.Scanner{Scanner{}}, "resnet-0000.params", list(array(2, 3), array(10)))
	good := list(array(2, 3))
	for name, data := range map[string][]byte{
		"cut off": good[:len(good)-1], "no names": good[:len(good)-24], "overflow": list(array(1<<62, 8)), "too large": list(array(1 << 30)),
		"a name that leads out": bytes.Replace(good, []byte("arg:conv"), []byte("../../aa"), 1), "sparse": bytes.Replace(good, []byte("\xc9\xfa\x93\xf9\x00"), []byte("\xc9\xfa\x93\xf9\x01"), 1),
	} {
		report := scannertest.Scan([]scanners.Scanner{Scanner{}}, "a.params", data)
		if len(report.Gaps) != 1 {
			t.Errorf("%s: %v", name, report.Gaps)
		}
	}
}

func TestDeclines(t *testing.T) {
	for _, text := range []string{`{"nodes":[],"heads":[]}`, `{"a":{"nodes":[],"arg_nodes":[],"heads":[]}}`, `{}`} {
		if _, err := scannertest.Run(Scanner{}, "a.json", []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a-symbol.json", with("Convolution", "Custom"))
	f.Add("a.params", list(array(2, 3)))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
