package mxnet

import (
	"errors"
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

func TestDeclines(t *testing.T) {
	for _, text := range []string{`{"nodes":[],"heads":[]}`, `{"a":{"nodes":[],"arg_nodes":[],"heads":[]}}`, `{}`} {
		if _, err := scannertest.Run(Scanner{}, "a.json", []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a-symbol.json", with("Convolution", "Custom"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
