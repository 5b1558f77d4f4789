package all

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// entry is a member of an archive.
type entry struct{ name, data string }

func nemo(t *testing.T, list ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range list {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func denied(r scanners.FileReport) bool {
	return slices.ContainsFunc(r.Findings, func(f scanners.Finding) bool { return f.Severity.AtLeast(scanners.High) })
}

// A .nemo file is a tar archive with a configuration that names what is built from
// it (CVE-2025-23304). NeMo unpacks all members, and the last of one name wins.
func TestNeMo(t *testing.T) {
	const good = "sample_rate: 16000\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n  features: 80\n"
	const bad = "preprocessor:\n  _target_: os.system\n  command: echo assay-test-marker\n"
	config := func(text string) entry { return entry{"./model_config.yaml", text} }
	if r := scannertest.Scan(Scanners(), "model.nemo", nemo(t, config(good))); denied(r) || len(r.Gaps) > 0 {
		t.Errorf("ordinary: %+v %+v", r.Findings, r.Gaps)
	}
	for what, list := range map[string][]entry{
		"a target":        {config(bad)},
		"the last wins":   {config(good), config(bad)},
		"the first wins":  {config(bad), config(good)},
		"both are benign": {config(good), config(good)},
		"a pickle":        {config(good), {"./model_weights.ckpt", "cposix\nsystem\n(S'echo assay-test-marker'\ntR."}},
	} {
		if r := scannertest.Scan(Scanners(), "model.nemo", nemo(t, list...)); !denied(r) {
			t.Errorf("%s: %+v", what, r.Findings)
		}
	}
}

// A llamafile is a program for six systems with an archive of weights behind it. It
// runs as a whole, so it is refused, and what is in the archive is looked at too.
func TestLlamafile(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("MZqFpD='\n\n" + string(make([]byte, 4096)))
	w := zip.NewWriter(&out)
	w.SetOffset(int64(out.Len()))
	gguf := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32([]byte("GGUF"), 3), 0), 0)
	for _, m := range []entry{{".args", "-m\nmodel.gguf\n"}, {"model.gguf", string(gguf)}, {"x.pkl", "cposix\nsystem\n(S'echo assay-test-marker'\ntR."}} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := scannertest.Scan(Scanners(), "model.llamafile", out.Bytes())
	if !scannertest.HasRule(r.Findings, "script/native-code") || !slices.Contains(r.Formats, "gguf") || !slices.ContainsFunc(r.Findings, func(f scanners.Finding) bool {
		return slices.Equal(f.Path, []string{"x.pkl"}) && f.Severity == scanners.Critical
	}) {
		t.Errorf("formats %v, findings %+v", r.Formats, r.Findings)
	}
}
