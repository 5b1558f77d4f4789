package text

import (
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// What a parser of YAML makes of a text counts, not how it is written.
func TestTree(t *testing.T) {
	padding := strings.Repeat("# padding\n", maxTree/10+1)
	for text, want := range map[string]scanners.Severity{
		"x: &x os.system\nm:\n  _target_: *x\n":                      scanners.Critical,
		"k: &k _target_\nm:\n  *k : os.system\n":                     scanners.Critical,
		"m:\n  _target_: |-\n    os.system\n":                        scanners.Critical,
		"m:\n  _target_: >\n    os.system\n":                         scanners.Critical,
		"m:\n  _target_:\n    os.system\n":                           scanners.Critical,
		"m:\n  _target_: # why\n    os.system\n":                     scanners.Critical,
		"m:\n  _target_: !!str os.system\n":                          scanners.Critical,
		"m:\n  _target_: \"os\\x2esystem\"\n":                        scanners.Critical,
		"m:\n  \"_t\\x61rget_\": os.system\n":                        scanners.Critical,
		"m:\n  ? _target_\n  : os.system\n":                          scanners.Critical,
		"m: {_target_: os.system}\n":                                 scanners.Critical,
		"x: os.system\nm:\n  _target_: ${x}\n":                       scanners.Critical,
		"x: {a: os}\nm:\n  _target_: ${x.a}.system\n":                scanners.Critical,
		"m:\n  _target_: ${y.z}\n":                                   scanners.High,
		"m:\n  _target_: [os, system]\n":                             scanners.High,
		"m:\n  class_path: ${x}\n":                                   scanners.High,
		"m:\n  class_path: \"os\\x2esystem\"\n":                      scanners.Critical,
		"m:\n  target:\n    os.system\n":                             scanners.Critical,
		"m:\n  target: torch.serialization.os.system\n":              scanners.Critical,
		"m:\n  target: torch.serialization.os.remove\n":              scanners.Critical,
		"m:\n  _target_: transformers.utils.subprocess.Popen\n":      scanners.Critical,
		"m:\n  class_path: torch.serialization.os.system\n":          scanners.Critical,
		"m:\n  target: ${x}\n  params: {}\n":                         scanners.High,
		"a: [\nm:\n  class_path: \"os\\x2esystem\"\n":                scanners.High, // no YAML
		padding + "m:\n  target: \"os\\x2esystem\"\n":                scanners.High,
		padding + "m:\n  target: os.system\n":                        scanners.Critical,
		"a: \"x \\\" y\"\nb: 1\nb: 2\n":                              scanners.Medium,
		"{a: 1, \"\\x61\": 2}\n":                                     scanners.Medium,
		"a: 1\n---\na: 2\n":                                          scanners.Informational,
		"a: |\n  b: 1\n  b: 2\nc: '\n  d: 1\n\n  d: 1'\n":            scanners.Informational,
		"x: torch.optim.AdamW\nm:\n  _target_: ${x}\n":               scanners.Informational,
		"m:\n  target: >-\n    ldm.models.Diffusion\n  params: {}\n": scanners.Informational,
		"volumes:\n- type: bind\n  target: ${DATA}\n":                scanners.Informational,
		"m:\n  class_path: torch.optim.AdamW\n":                      scanners.Informational,
		"data: {target: price.system, type: data.path}\n":            scanners.Informational,
		padding + "target: \"price\"\nname: x\n":                     scanners.Informational,
		"m: &m\n  a: *m\n":                                           scanners.Informational,
	} {
		if got := worst(t, "config.yaml", text); got != want {
			t.Errorf("%.80q: %s, want %s", strings.TrimPrefix(text, padding), got, want)
		}
	}
}

func TestTargetJSON(t *testing.T) {
	for text, want := range map[string]scanners.Severity{
		`{"m": {"target": "torch.serialization.os.system"}}`: scanners.Critical,
		`{"m": {"_target_": "${x}"}}`:                        scanners.High,
		`{"m": {"target": "torch.nn.Linear"}}`:               scanners.Informational,
	} {
		if got := worst(t, "config.json", text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("k: &k _target_\nm:\n  *k : ${a.b}\n? {a: b}\n: [*k]\n"))
	f.Fuzz(func(t *testing.T, data []byte) { scannertest.Properties(t, New(), "config.yaml", data) })
}
