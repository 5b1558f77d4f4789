package cas_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/registrytest"
)

// A reader that hashes is given what is in the cache as it is, and what it finds
// wrong is set aside.
func TestHashedByTheReader(t *testing.T) {
	dir, content := t.TempDir(), bytes.Repeat([]byte("weights!"), 1000)
	sum := registrytest.SHA256(content)
	b := cas.Blob{Name: "w", Size: int64(len(content)), Want: []registry.Digest{{Algorithm: "sha256", Hex: sum}}}
	fetched := 0
	fill := func(_ context.Context, sink *cas.Sink) error {
		fetched++
		_, err := io.Copy(sink, bytes.NewReader(content))
		return err
	}
	open := func(said string, want error) {
		t.Helper()
		c, err := cas.New(dir).GetHashing(t.Context(), b, fill)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Hashed(said); !errors.Is(err, want) {
			t.Errorf("Hashed: %v, want %v", err, want)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	open(sum, nil)
	open(sum, nil)
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	wrong := registrytest.SHA256(nil)
	open(wrong, registry.ErrDigest)
	if _, err := os.Stat(filepath.Join(dir, "quarantine", sum)); err != nil {
		t.Error(err)
	}
	open(wrong, nil) // fetched anew, and compared by the cache
	if fetched != 2 {
		t.Errorf("fetched %d times", fetched)
	}
}
