package pickle

import (
	"archive/zip"
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// harmless demands of one pickle, or of every pickle of an archive, what an
// ordinary file must give.
func harmless(t *testing.T, name string, data []byte) {
	t.Helper()
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		harmlessArchive(t, name, data)
		return
	}
	f := scannertest.File(name, data)
	checkHarmless(t, f, data)
}

// harmlessArchive gives the pickles of a zip to the scanner as the core does, and
// checks that the members they use are the ones that are left.
func harmlessArchive(t *testing.T, name string, data []byte) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sizes := make(map[string]int64)
	for _, f := range r.File {
		sizes[f.Name] = int64(f.UncompressedSize64)
	}
	used := make(map[string]int64)
	for _, member := range r.File {
		content := readMember(t, member)
		if !strings.HasSuffix(member.Name, "pkl") {
			continue
		}
		f := scannertest.File(member.Name, content)
		f.Sibling = func(name string) (int64, bool) { size, ok := sizes[name]; return size, ok }
		for _, u := range checkHarmless(t, f, content).Uses {
			used[u.Name] = u.Size
		}
	}
	for member, size := range sizes {
		if dir := path.Base(path.Dir(member)); dir != "data" && dir != "constants" {
			continue
		}
		if got, ok := used[member]; !ok || got != size {
			t.Errorf("%s: member %q of %d bytes: used %v with %d", name, member, size, ok, got)
		}
	}
}

func readMember(t *testing.T, f *zip.File) []byte {
	t.Helper()
	rc, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(rc); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkHarmless runs the scanner alone on one pickle.
func checkHarmless(t *testing.T, f scanners.File, data []byte) scanners.Result {
	t.Helper()
	r, err := scannertest.RunFile(Scanner{}, f, scannertest.Head(f.Name, data))
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
	}
	for _, finding := range r.Findings {
		if finding.Severity.AtLeast(scanners.Low) {
			t.Errorf("%s: %s %s at %d: %s", f.Name, finding.Severity, finding.Rule, finding.Offset, finding.What)
		}
	}
	var all scanners.Spans
	all.AddAll(r.Parsed, 0)
	all.AddAll(r.Opaque, 0)
	if hole, ok := all.FirstHole(f.Size); ok {
		t.Errorf("%s: %d bytes at %d are not accounted for", f.Name, hole.Len, hole.Off)
	}
	return r
}

// TestFixtures: models that frameworks saved are recognised, accounted for to the
// last byte, and give no finding.
func TestFixtures(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "benign")
	n := 0
	for dir := range strings.FieldsSeq("pytorch sklearn joblib numpy pandas stdlib " + os.Getenv("ASSAY_CORPUS")) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(root, dir)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if !isPlain(e.Name(), data) {
				continue
			}
			n++
			t.Run(filepath.Base(dir)+"/"+e.Name(), func(t *testing.T) { harmless(t, e.Name(), data) })
		}
	}
	if n < 40 {
		t.Errorf("only %d fixtures found", n)
	}
}

// isPlain leaves out what other scanners unwrap first.
func isPlain(name string, data []byte) bool {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return strings.HasSuffix(name, ".pt") || strings.HasSuffix(name, ".pth") || strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".ckpt")
	case len(data) > 1 && opcodes[data[0]].start && (data[0] != opBinBytes || data[1] != 'Z'):
		return !bytes.HasPrefix(data, []byte("\x93NUMPY")) && !strings.HasSuffix(name, ".md") && !strings.Contains(name, "lzma")
	}
	return false
}
