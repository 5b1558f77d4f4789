package export_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/export"
	"assay/registry/hf"
	"assay/registry/registrytest"
)

// A hard link takes no room, and is hashed all the same.
func TestHardLink(t *testing.T) {
	hub, cache, dir := registrytest.NewHub(t), t.TempDir(), filepath.Join(t.TempDir(), "model")
	hub.AddModel("acme/x", registrytest.File{Name: "sub/w.bin", Content: []byte("weights"), LFS: true})
	o := registrytest.Options{CacheDir: cache}
	source, err := hf.New(hf.Config{Endpoint: hub.URL(), Client: o.Client(), Store: o.Store()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := source.Resolve(t.Context(), registry.Reference{Scheme: "hf", Rest: "acme/x"})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := export.Writer{HardLink: true}.Export(t.Context(), a, dir)
	if err != nil {
		t.Fatal(err)
	}
	if lock.Files[0].SHA256 != registrytest.SHA256([]byte("weights")) {
		t.Errorf("%+v", lock.Files)
	}
	one, err1 := os.Stat(filepath.Join(cache, "blobs", "sha256", lock.Files[0].SHA256))
	two, err2 := os.Stat(filepath.Join(dir, "sub", "w.bin"))
	if err1 != nil || err2 != nil || !os.SameFile(one, two) {
		t.Errorf("not one file: %v, %v", err1, err2)
	}
}

// What a killed pull left beside its target is removed by the next one; what
// another process is writing is not.
func TestSweep(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("whether a folder is in use is not known here")
	}
	parent := t.TempDir()
	left, busy, other := filepath.Join(parent, ".model.assay-AAAAAAAA"), filepath.Join(parent, ".model.assay-BBBBBBBB"), filepath.Join(parent, ".other.assay-AAAAAAAA")
	for _, d := range []string{left, busy, other} {
		registrytest.Write(t, filepath.Join(d, "w.bin"), []byte("half"))
	}
	flock, err := exec.LookPath("flock")
	if err == nil {
		holder := exec.Command(flock, "--exclusive", busy, "sh", "-c", "echo ready; read x")
		stdin, _ := holder.StdinPipe()
		stdout, _ := holder.StdoutPipe()
		if err := holder.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stdin.Close(); _ = holder.Wait() }()
		if _, err := stdout.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := export.Export(t.Context(), sample(), filepath.Join(parent, "model")); err != nil {
		t.Fatal(err)
	}
	entries, err2 := os.ReadDir(parent)
	if err2 != nil {
		t.Fatal(err2)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := ".other.assay-AAAAAAAA model model.lock.json"
	if err == nil {
		want = ".model.assay-BBBBBBBB " + want
	}
	if strings.Join(names, " ") != want {
		t.Errorf("%v, want %s", names, want)
	}
}
