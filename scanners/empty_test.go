package scanners_test

import (
	"bytes"
	"testing"

	"assay/scanners"
)

// TestEmpty: an empty file passes only where emptiness is ordinary.
func TestEmpty(t *testing.T) {
	for name, ordinary := range map[string]bool{
		"pkg/__init__.py": true, ".gitkeep": true, "a/.nojekyll": true, "py.typed": true, "notes.txt": true, "README.md": true,
		"model.safetensors": false, "pytorch_model.bin": false, "a.npy": false, "x.zip": false, "config.json": false, "data": false,
	} {
		r := scanners.Scan(t.Context(), nil, scanners.File{ReaderAt: bytes.NewReader(nil), Name: name}, scanners.Limits{})
		if got := r.Class == scanners.Clean && len(r.Gaps) == 0; got != ordinary {
			t.Errorf("%s: class %s, gaps %+v", name, r.Class, r.Gaps)
		}
	}
}
