package ncnn

import (
	"errors"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

const ordinary = "7767517\n3 3\nInput            data             0 1 data 0=227 1=227 2=3\nConvolution      conv1            1 1 data conv1 0=64 1=3 6=1728\nReLU             relu1            1 1 conv1 relu1\n"

func with(old, replacement string) []byte {
	return []byte(strings.Replace(ordinary, old, replacement, 1))
}

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "ncnn/custom-layer", Hit: with("ReLU ", "Evil "), Miss: []byte(ordinary)},
		{Rule: "ncnn/count", Hit: with("3 3", "2 3"), Miss: []byte(ordinary)},
		{Rule: "ncnn/count", Hit: with("3 3", "3 2"), Miss: with("3 3", "3 4")},
	})
}

func TestHarmless(t *testing.T) {
	report := scannertest.Harmless(t, []scanners.Scanner{Scanner{}}, "model.param", []byte(ordinary))
	if len(report.Outline.Refs) != 1 || report.Outline.Refs[0].Name != "model.bin" {
		t.Errorf("%+v", report.Outline.Refs)
	}
}

func TestBroken(t *testing.T) {
	for _, data := range [][]byte{with("3 3", "4 4"), with("3 3", "x"), with("3 3", "-1 3"), with("1 1 conv1 relu1", "9 1 conv1 relu1"), with("ReLU ", "ReLU\n"), []byte("7767517\n"), []byte("7767517\n1 1\n" + strings.Repeat("x", maxLine+1))} {
		report := scannertest.Scan([]scanners.Scanner{Scanner{}}, "model.param", data)
		if len(report.Findings) > 0 || len(report.Gaps) != 1 {
			t.Errorf("%.40q: %v, %v", data, report.Findings, report.Gaps)
		}
	}
}

func TestDeclines(t *testing.T) {
	for _, text := range []string{"7767517", "77675170\n", "x"} {
		if _, err := scannertest.Run(Scanner{}, "model.param", []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("model.param", []byte(ordinary))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
