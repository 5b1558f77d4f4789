package zip

import (
	stdzip "archive/zip"
	"bytes"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestCutOff: an archive of which only the beginning is there is a gap, wherever
// it was cut, and no contradiction.
func TestCutOff(t *testing.T) {
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, name := range []string{"archive/data.txt", "archive/version"} {
		f, err := w.Create(name) // writes a descriptor after the data
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Repeat([]byte("3\n"), 50)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for n := 4; n < b.Len(); n++ {
		r, err := scannertest.Run(Scanner{}, "model.zip", b.Bytes()[:n])
		if err == nil {
			t.Errorf("the first %d bytes: no error", n)
		}
		for _, f := range r.Findings {
			if f.Severity.AtLeast(scanners.Medium) {
				t.Errorf("the first %d bytes: %+v", n, f)
			}
		}
	}
}
