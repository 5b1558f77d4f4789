package tfjs

import (
	"errors"
	"fmt"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

func graph(op, class, path string) []byte {
	return fmt.Appendf(nil, `{"format":"graph-model","generatedBy":"2.18.0","modelTopology":{"node":[{"name":"y","op":"%s","input":["x"],"attr":{"T":{"type":"DT_FLOAT"}}}],
"config":{"layers":[{"class_name":"%s","config":{"op":"not an operator"}}]},"versions":{"producer":1882}},
"weightsManifest":[{"paths":["group1-shard1of1.bin","%s"],"weights":[{"name":"w","shape":[2],"dtype":"float32"}]}],"userDefinedMetadata":{"signature":{}}}`, op, class, path)
}

const (
	computes = "_FusedMatMul"
	dense    = "Dense"
	shard    = "group1-shard2of2.bin"
)

func TestRules(t *testing.T) {
	good := graph(computes, dense, shard)
	path := func(p string) scannertest.Sample {
		return scannertest.Sample{Rule: "tfjs/weights-path", Hit: graph(computes, dense, p), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		path("../../../etc/passwd"), path("https://example.org/w.bin"), path("/etc/passwd"), path(""), path(`..\\x`),
		{Rule: "tfjs/operator", Hit: graph("WriteFile", dense, shard), Miss: good},
		{Rule: "tfjs/operator", Hit: graph("Evil", dense, shard), Miss: graph("Conv2D", dense, shard)},
		{Rule: "tfjs/lambda", Hit: graph(computes, `Lam\u0062da`, shard), Miss: good},
		{Rule: "tfjs/duplicate-key", Hit: []byte(`{"modelTopology":{"node":[]},"modelTopology":{}}`), Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	report := scannertest.Harmless(t, list, "model.json", graph(computes, dense, shard))
	if len(report.Outline.Refs) != 2 || report.Outline.Refs[1].Name != shard {
		t.Errorf("%+v", report.Outline.Refs)
	}
}

func TestDeclines(t *testing.T) {
	for _, text := range []string{`{"a":{"weightsManifest":[]}}`, `["weightsManifest"]`, `{"x":"\"modelTopology\":"}`, `{`} {
		if _, err := scannertest.Run(Scanner{}, "model.json", []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	data := graph(computes, dense, shard)
	for i := 3; i < 12; i++ {
		report := scannertest.Scan(list, "model.json", data[:len(data)*i/12])
		if len(report.Findings) > 0 || len(report.Gaps) == 0 {
			t.Errorf("%d of 12: findings %v, gaps %v", i, report.Findings, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("model.json", graph("ReadFile", "Lambda", "../x"))
	f.Add("model.json", []byte(`{"weightsManifest":[{"paths":["a",{"paths":["b"]}]}]}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
