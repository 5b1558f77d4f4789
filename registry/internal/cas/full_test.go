package cas_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/registrytest"
)

// A full disk is said before the first byte, with what is needed; nothing is left
// behind, and when there is room again the same call succeeds.
func TestFullDisk(t *testing.T) {
	dir := registrytest.SmallDisk(t, "160m")
	filler := filepath.Join(dir, "filler")
	fill := func(size int) {
		t.Helper()
		if err := os.WriteFile(filler, make([]byte, size), 0o600); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	content := bytes.Repeat([]byte("weights!"), 4<<20) // 32 MiB
	b := cas.Blob{Name: "w", Size: int64(len(content)), Want: []registry.Digest{{Algorithm: "sha256", Hex: registrytest.SHA256(content)}}}
	asked := 0
	source := func(_ context.Context, sink *cas.Sink) error {
		asked++
		_, err := io.Copy(sink, bytes.NewReader(content))
		return err
	}
	store := cas.New(filepath.Join(dir, "cache"))
	fill(80 << 20) // 16 MiB above what is left alone
	if _, err := store.Get(t.Context(), b, source); !errors.Is(err, registry.ErrSpace) || !strings.Contains(err.Error(), "33554432 more bytes are needed") || asked > 0 {
		t.Fatalf("on a full disk: %v, asked %d times", err, asked)
	}
	for _, sub := range []string{"tmp", "blobs/sha256", "quarantine"} {
		if left := entries(t, filepath.Join(dir, "cache", sub)); len(left) > 0 {
			t.Errorf("%s: left %q", sub, left)
		}
	}

	// The room is taken before the first byte: a disk that fills up meanwhile does
	// not break the download.
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	c, err := store.Get(t.Context(), b, func(ctx context.Context, sink *cas.Sink) error {
		fill(160 << 20)
		return source(ctx, sink)
	})
	if err != nil {
		t.Fatalf("while the disk fills up: %v", err)
	}
	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err := errors.Join(err, c.Close()); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
