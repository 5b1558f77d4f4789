package hfcache_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/hfcache"
	"assay/registry/registrytest"
)

// atRest is a cache with the repository org/sample.
type atRest struct{ dir string }

func (s atRest) repository() string { return filepath.Join(s.dir, "models--org--sample") }

func (s atRest) Publish(t testing.TB, files []registrytest.File) string {
	if err := os.RemoveAll(s.repository()); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || strings.Contains(f.Name, "\x00") || len(f.Name) > 255 {
			return "" // no file of this system
		}
		registrytest.Write(t, s.Place(t, f), f.Content)
		link := filepath.Join(s.repository(), "snapshots", commit, filepath.FromSlash(f.Name))
		target := strings.Repeat("../", 2+strings.Count(f.Name, "/")) + "blobs/" + filepath.Base(s.Place(t, f))
		err := os.MkdirAll(filepath.Dir(link), 0o755)
		if err == nil {
			err = os.Symlink(target, link)
		}
		if errors.Is(err, fs.ErrExist) || err != nil && strings.Contains(err.Error(), "not a directory") {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	registrytest.Write(t, filepath.Join(s.repository(), "refs", "main"), []byte(commit))
	return "hfcache:" + s.dir + "//org/sample"
}

func (s atRest) Source(testing.TB) registry.Source { return hfcache.New("") }

func (s atRest) Place(_ testing.TB, f registrytest.File) string {
	name := registrytest.GitBlob(f.Content)
	if f.LFS {
		name = registrytest.SHA256(f.Content)
	}
	return filepath.Join(s.repository(), "blobs", name)
}

func (s atRest) Missing(testing.TB) string { return "hfcache:" + s.dir + "//org/none" }

func TestSuite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return atRest{t.TempDir()} })
}
