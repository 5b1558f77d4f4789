package hf_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/hf"
	"assay/registry/registrytest"
)

// What the Hub lists is compared with what the commit id binds.
func TestProveTree(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.Token = registrytest.Secret
	hub.AddModel("acme/x", small("config.json", "{}"), small("sub/deep/a.txt", "a"),
		registrytest.File{Name: "sub/w.bin", Content: []byte("weights"), LFS: true}).Private = true
	cfg := config(t, hub)
	cfg.Token, cfg.ProveTree = registrytest.Secret, true
	a, err := resolve(t, cfg, "acme/x")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Declared[0].By != hf.ByTree {
			t.Errorf("%s is promised by %s", f.Name, f.Declared[0].By)
		}
	}
	tree := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") }
	other := registrytest.SHA256([]byte("malware"))
	for what, change := range map[string]func([]byte) []byte{
		"a small file replaced": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(registrytest.GitBlob([]byte("{}"))), []byte(registrytest.GitBlob([]byte("[]"))))
		},
		"a large file replaced": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(registrytest.SHA256([]byte("weights"))), []byte(other))
		},
		"a file added": func(b []byte) []byte {
			return append([]byte(`[{"type":"file","oid":"`+strings.Repeat("a", 40)+`","size":1,"path":"evil.py"},`), b[1:]...)
		},
		"a file renamed": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("a.txt"), []byte("b.txt")) },
		"all left out":   func([]byte) []byte { return []byte("[]") },
	} {
		hub.Front.Set(registrytest.Only(tree, registrytest.Body(false, change)))
		if _, err := resolve(t, cfg, "acme/x"); !errors.Is(err, registry.ErrDigest) {
			t.Errorf("%s: %v, want ErrDigest", what, err)
		}
		bare := cfg
		bare.ProveTree = false
		if _, err := resolve(t, bare, "acme/x"); err != nil {
			t.Errorf("%s, without proof: %v: the test proves nothing", what, err)
		}
	}
}

func TestSpace(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddSpace("acme/x", small("app.py", "print()"))
	cfg := config(t, hub)
	cfg.ProveTree = true
	a, err := resolve(t, cfg, "spaces/acme/x")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || string(b) != "print()" || a.Kind != registry.KindUnknown || !strings.HasPrefix(a.Pinned, "hf://spaces/acme/x@") {
		t.Errorf("%q, %v, %+v", b, err, a)
	}
}
