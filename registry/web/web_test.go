package web_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/registrytest"
	"assay/registry/web"
)

func start(t *testing.T, content []byte) (*registrytest.Front, string) {
	front := registrytest.NewFront()
	server := httptest.NewServer(front.Wrap(registrytest.Origin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models/a b.gguf" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})))
	t.Cleanup(func() { front.Release(); server.Close() })
	return front, strings.TrimPrefix(server.URL, "http://")
}

func resolve(t *testing.T, rest string, plain ...string) (*registry.Artifact, error) {
	o := registrytest.Options{CacheDir: t.TempDir()}
	return web.New(web.Config{Scheme: "http", Client: o.Client(), Store: o.Store(), UnsafePlainHTTP: plain}).
		Resolve(t.Context(), registry.Reference{Scheme: "http", Rest: rest})
}

func TestFile(t *testing.T) {
	for _, content := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("weights!"), 1<<17)} {
		front, host := start(t, content)
		a, err := resolve(t, host+"/models/a%20b.gguf@sha256:"+registrytest.SHA256(content))
		if err != nil {
			t.Fatal(err)
		}
		registrytest.CheckArtifact(t, a)
		file := registrytest.Find(t, a, "a b.gguf")
		c, err := file.OpenRanges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tail := make([]byte, 4)
		if n, err := c.ReadAt(tail, max(0, c.Size()-4)); err != nil && err != io.EOF || !bytes.HasSuffix(content, tail[:n]) {
			t.Errorf("a range: %q, %v", tail[:n], err)
		}
		c.Close()
		if got, err := registrytest.Read(t.Context(), file); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		for _, s := range front.Seen() {
			if s.Authorization != "" {
				t.Error("credentials were sent")
			}
		}
	}
}

func TestOtherBytes(t *testing.T) {
	_, host := start(t, []byte("malware"))
	a, err := resolve(t, host+"/models/a%20b.gguf@sha256:"+registrytest.SHA256([]byte("weights")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registrytest.Read(t.Context(), a.Files[0]); !errors.Is(err, registry.ErrDigest) || !strings.Contains(err.Error(), "a b.gguf") {
		t.Errorf("%v, want ErrDigest that names the file", err)
	}
}

func TestRefused(t *testing.T) {
	sum := "@sha256:" + registrytest.SHA256(nil)
	for _, rest := range []string{
		"example.org/x", "example.org/x@sha256:1", "example.org/x@sha1-git:" + strings.Repeat("a", 40),
		"user:sesame@localhost/x" + sum, "localhost/x?token=sesame" + sum, "localhost/x#y" + sum,
		"localhost/" + sum, "localhost/a/../x" + sum, "localhost/a%5Cb" + sum, "example.org/x" + sum,
	} {
		_, err := resolve(t, rest)
		if !errors.Is(err, registry.ErrReference) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want ErrReference without a secret", rest, err)
		}
	}
}

func TestNotFound(t *testing.T) {
	_, host := start(t, nil)
	if _, err := resolve(t, host+"/none@sha256:"+registrytest.SHA256(nil)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
}
