package zip

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// anything covers every member, so that what is left of an archive is what this
// scanner did not account for.
type anything struct{}

func (anything) Info() scanners.Info        { return scanners.Info{Name: "any", Title: "any", Version: 1} }
func (anything) Match(h scanners.Head) bool { return !bytes.HasPrefix(h.Start, []byte("PK")) }
func (anything) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var r scanners.Result
	r.Opaque.Add(0, f.Size)
	return r, nil
}

var list = []scanners.Scanner{Scanner{}, anything{}}

// The archives that the frameworks themselves wrote.
func TestFixtures(t *testing.T) {
	var n int
	err := filepath.WalkDir("../../testdata/benign", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err == nil && bytes.HasPrefix(data, []byte("PK")) {
			n++
			scannertest.Harmless(t, list, name, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 10 {
		t.Errorf("only %d archives among the fixtures", n)
	}
}

// writers are what else writes archives; each prints one to its output file.
const writers = `
import io, sys, zipfile, struct
out = sys.argv[1]
text = b"assay-test-marker " * 500

class Pipe(io.RawIOBase):  # cannot seek: sizes go to data descriptors
    def __init__(self, f): self.f = f
    def writable(self): return True
    def write(self, b): return self.f.write(b)

def save(name, fill, mode="w", **kw):
    with zipfile.ZipFile(f"{out}/{name}", mode, **kw) as z: fill(z)

def some(z):
    z.writestr("dir/", "")
    z.writestr("a.txt", text)
    z.writestr("dir/empty", b"")
    z.writestr("dir/größe.txt", text)
    z.comment = b"a comment"

save("stored.zip", some)
save("deflated.zip", some, compression=zipfile.ZIP_DEFLATED)
save("bzip2.zip", some, compression=zipfile.ZIP_BZIP2)
save("lzma.zip", some, compression=zipfile.ZIP_LZMA)
save("empty.zip", lambda z: None)
save("appended.zip", some)
save("appended.zip", lambda z: z.writestr("more", text), mode="a")

def wide(z):
    with z.open("wide", "w", force_zip64=True) as f: f.write(text)
save("wide.zip", wide, compression=zipfile.ZIP_DEFLATED)

for name, kind in ("streamed", zipfile.ZIP_STORED), ("streamed-deflated", zipfile.ZIP_DEFLATED):
    with open(f"{out}/{name}.zip", "wb") as f, zipfile.ZipFile(Pipe(f), "w", compression=kind) as z:
        some(z); wide(z)

inner = io.BytesIO()
with zipfile.ZipFile(inner, "w") as z: some(z)
save("nested.zip", lambda z: z.writestr("inner.zip", inner.getvalue()))
save("nested-deflated.zip", lambda z: z.writestr("inner.zip", inner.getvalue()), compression=zipfile.ZIP_DEFLATED)
`

func TestPythonWriters(t *testing.T) {
	python := lookPython(t, "zipfile")
	dir := t.TempDir()
	run(t, exec.Command(python, "-c", writers, dir))
	checkFolder(t, dir)
}

const frameworks = `
import sys, numpy as np
out = sys.argv[1]
np.savez(f"{out}/arrays.npz", **{"w:0": np.arange(10), "b": np.zeros(0)})
np.savez_compressed(f"{out}/compressed.npz", a=np.arange(1000))
`

// More entries than 16 bits can count.
func TestManyEntries(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 70_000 {
		if _, err := w.CreateHeader(&zip.FileHeader{Name: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := scannertest.Harmless(t, list, "many.zip", b.Bytes()); r.Members != 70_000 {
		t.Errorf("%d members", r.Members)
	}
}

func TestNumpy(t *testing.T) {
	python := lookPython(t, "numpy")
	dir := t.TempDir()
	run(t, exec.Command(python, "-c", frameworks, dir))
	checkFolder(t, dir)
}

func TestInfoZip(t *testing.T) {
	if _, err := exec.LookPath("zip"); err != nil {
		t.Skip("the zip command is not installed")
	}
	dir, out := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"a.txt": "text", "größe.txt": "text", "sub/b": "", "sub/c": "x"} {
		write(t, filepath.Join(dir, name), content)
	}
	zip := func(args ...string) {
		cmd := exec.Command("zip", append([]string{"-q", "-r"}, args...)...)
		cmd.Dir = dir
		run(t, cmd)
	}
	zip(filepath.Join(out, "plain.zip"), ".")
	zip("-0", "-X", filepath.Join(out, "stored.zip"), ".")
	zip("-fd", filepath.Join(out, "descriptors.zip"), ".")
	zip("-fz", filepath.Join(out, "wide.zip"), ".")
	cmd := exec.Command("sh", "-c", "zip -q -r - . | cat > "+filepath.Join(out, "piped.zip"))
	cmd.Dir = dir
	run(t, cmd)
	checkFolder(t, out)
}

func checkFolder(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		t.Fatal("nothing was written", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		scannertest.Harmless(t, list, filepath.Base(name), data)
	}
}

// lookPython finds a Python that can import the module.
func lookPython(t *testing.T, module string) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import "+module).Run() == nil {
			return name
		}
	}
	t.Skipf("no Python with %s is installed", module)
	return ""
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
