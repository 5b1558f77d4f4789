package cas_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/cas"
)

func TestUpkeep(t *testing.T) {
	dir := t.TempDir()
	store := cas.New(dir)
	for _, content := range []string{"hello", "other"} {
		c, err := store.Get(t.Context(), cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, content)}}, write(content))
		read(t, c, err)
	}
	if u, wrong, err := store.Check(t.Context()); err != nil || len(wrong) != 0 || u.Blobs != 2 {
		t.Errorf("%+v, %v, %v", u, wrong, err)
	}
	path := filepath.Join(dir, "blobs", "sha256", sha(t, "hello").Hex)
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("hellO"), 0o600)); err != nil {
		t.Fatal(err)
	}
	_, wrong, err := store.Check(t.Context())
	if err != nil || len(wrong) != 1 || !errors.Is(wrong[0], registry.ErrDigest) || !strings.Contains(wrong[0].Error(), sha(t, "hellO").Hex) {
		t.Errorf("%v, %v", wrong, err)
	}
	if u, wrong, err := store.Check(t.Context()); err != nil || len(wrong) != 0 || u.Blobs != 1 || u.Quarantined != 1 {
		t.Errorf("after that: %+v, %v, %v", u, wrong, err)
	}
	if u, err := store.Clean(t.Context(), time.Now().Add(-time.Hour)); err != nil || u.Blobs != 0 {
		t.Errorf("removed what is young: %+v, %v", u, err)
	}
	if u, err := store.Clean(t.Context(), time.Now().Add(time.Hour)); err != nil || u.Blobs != 1 || u.Quarantined != 1 {
		t.Errorf("removed %+v, %v", u, err)
	}
	for _, left := range entries(t, dir) {
		t.Errorf("left: %s", left)
	}
}
