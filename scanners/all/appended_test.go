package all

import (
	"archive/zip"
	"bytes"
	"testing"

	. "assay/scanners/internal/flatbuffers/fbtest"
	"assay/scanners/scannertest"
)

// A model of TensorFlow Lite carries its labels in an archive behind it: ordinary
// for this one format, a polyglot for all others.
func TestLabelsBehindTFLite(t *testing.T) {
	model := Build("TFL3", Table{uint32(3), []Table{}, []Table{{[]Table{}, nil, nil, []Table{}}}, "", []Table{{}}})
	b := bytes.NewBuffer(bytes.Clone(model))
	w := zip.NewWriter(b)
	w.SetOffset(int64(len(model)))
	entry := must(w.CreateHeader(&zip.FileHeader{Name: "labels.txt"}))
	must(entry.Write([]byte("cat\ndog\n")))
	must(0, w.Close())
	scannertest.Harmless(t, Scanners(), "model.tflite", b.Bytes())

	other := bytes.Replace(b.Bytes(), []byte("TFL3"), []byte("XXXX"), 1)
	if r := scannertest.Scan(Scanners(), "model.bin", other); !scannertest.HasRule(r.Findings, "zip/prefix") {
		t.Errorf("%v", r.Findings)
	}
}
