package local_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/local"
	"assay/registry/registrytest"
)

// folder is a folder with files.
type folder struct{ dir string }

func (s folder) Publish(t testing.TB, files []registrytest.File) string {
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || strings.Contains(f.Name, "\x00") || len(f.Name) > 255 {
			return "" // no file of this system
		}
		if _, err := os.Lstat(s.Place(t, f)); err == nil {
			return ""
		}
		if info, err := os.Lstat(filepath.Dir(s.Place(t, f))); err == nil && !info.IsDir() {
			return ""
		}
		registrytest.Write(t, s.Place(t, f), f.Content)
	}
	return s.dir
}

func (s folder) Source(testing.TB) registry.Source { return local.New() }

func (s folder) Place(_ testing.TB, f registrytest.File) string {
	return filepath.Join(s.dir, filepath.FromSlash(f.Name))
}

func (s folder) Missing(testing.TB) string { return s.dir + "-none" }

func (s folder) PromisesNothing() {}

func TestSuite(t *testing.T) {
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return folder{filepath.Join(t.TempDir(), "model")} })
}
