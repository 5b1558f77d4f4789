package cas_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"testing"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// The memory that a download takes does not depend on its size.
func TestMemory(t *testing.T) {
	const size = 128 << 20
	block := make([]byte, 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range size / len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for range size / len(block) {
		h.Write(block)
	}
	b := cas.Blob{Name: "f", Size: size, Want: []registry.Digest{digest(t, "sha256", h.Sum(nil))}}
	client := fetch.New(fetch.Config{})

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	dir := t.TempDir()
	c, err := cas.New(dir).Get(t.Context(), b, func(ctx context.Context, sink *cas.Sink) error {
		return client.Download(ctx, fetch.Download{Request: fetch.Request{URL: u}, Size: size}, sink)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	again, err := cas.New(dir).Get(t.Context(), b, mustNotFill(t)) // hashed once more
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes were allocated for %d", used, size)
	}
	if _, err := io.CopyN(io.Discard, io.NewSectionReader(again, 0, again.Size()), size); err != nil {
		t.Error(err)
	}
}
