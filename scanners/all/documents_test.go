package all

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// A configuration in the metadata of safetensors is judged as a file of it.
func TestMetadataDocuments(t *testing.T) {
	for value, want := range map[string]scanners.Severity{
		`{"_target_": "os.system"}`:                      scanners.Critical,
		`{"_t\u0061rget_": "os.system"}`:                 scanners.Critical,
		"m:\n  _target_: \"os\\x2esystem\"\n":            scanners.Critical,
		"x: &x os.system\nm:\n  class_path: *x\n":        scanners.Critical,
		"m: !!python/object/apply:os.system [x]\n":       scanners.Critical,
		`{"_target_": "torch.nn.Linear"}`:                scanners.Medium,
		`{"conv_dim": 4, "target_modules": ["to_q"]}`:    scanners.Informational,
		"a style: on target!":                            scanners.Informational,
		`[{"is_dreambooth": true, "resolution": [1,1]}]`: scanners.Informational,
	} {
		header, err := json.Marshal(map[string]any{"__metadata__": map[string]string{"config": value}})
		if err != nil {
			t.Fatal(err)
		}
		report := scannertest.Scan(Scanners(), "m.safetensors", append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...))
		worst := scanners.Informational
		for _, f := range report.Findings {
			worst = min(worst, f.Severity)
		}
		if worst != want {
			t.Errorf("%s: %s, want %s", value, worst, want)
		}
	}
}
