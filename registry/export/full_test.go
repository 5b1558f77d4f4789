package export_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"assay/registry"
	"assay/registry/export"
	"assay/registry/local"
	"assay/registry/registrytest"
)

// A disk that fills up while a model is written leaves nothing of it, and the same
// call succeeds when there is room again.
func TestFullDisk(t *testing.T) {
	disk := registrytest.SmallDisk(t, "128m")
	content := make([]byte, 24<<20)
	src := t.TempDir()
	for _, name := range []string{"a.bin", "b.bin"} {
		registrytest.Write(t, filepath.Join(src, name), content)
	}
	filler := filepath.Join(disk, "filler")
	a, err := local.New().Resolve(t.Context(), registry.Reference{Scheme: "file", Rest: src})
	if err != nil {
		t.Fatal(err)
	}
	open := a.Files[1].Open
	a.Files[1].Open = func(ctx context.Context) (registry.Content, error) {
		if err := os.WriteFile(filler, make([]byte, 160<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("the disk did not fill up: %v", err)
		}
		return open(ctx)
	}
	dir := filepath.Join(disk, "model")
	if _, err := export.Export(t.Context(), a, dir); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want that there is no space", err)
	}
	left, err := os.ReadDir(disk)
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	a.Files[1].Open = open
	if _, err := export.Export(t.Context(), a, dir); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}
