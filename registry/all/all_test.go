package all_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/all"
	"assay/registry/registrytest"
)

func sources(t *testing.T, cfg all.Config, env map[string]string) []registry.Source {
	t.Helper()
	cfg.CacheDir = t.TempDir()
	cfg.Getenv = func(key string) string { return env[key] }
	out, err := all.Sources(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSchemesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range sources(t, all.Config{}, nil) {
		if seen[s.Scheme()] {
			t.Errorf("two sources answer to %s", s.Scheme())
		}
		seen[s.Scheme()] = true
	}
}

// Every folder with a source is in the list.
func TestEveryFolderIsListed(t *testing.T) {
	text, err := os.ReadFile("all.go")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	notSources := map[string]bool{"all": true, "export": true, "internal": true, "registrytest": true, "testdata": true}
	for _, f := range folders {
		if f.IsDir() && !notSources[f.Name()] && !strings.Contains(string(text), `"assay/registry/`+f.Name()+`"`) {
			t.Errorf("registry/%s is in no list", f.Name())
		}
	}
}

func TestResolve(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/x", registrytest.File{Name: "a", Content: []byte("a")})
	list := sources(t, all.Config{UserAgent: "assay/test"}, map[string]string{"HF_ENDPOINT": hub.URL(), "HF_TOKEN": "t"})
	a, err := all.Resolve(t.Context(), list, "hf://acme/x")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || string(b) != "a" {
		t.Errorf("%q, %v", b, err)
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{path, "file:" + path, "file://" + path} {
		if _, err := all.Resolve(t.Context(), list, ref); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestHelpfulErrors(t *testing.T) {
	list := sources(t, all.Config{}, nil)
	for ref, want := range map[string]string{
		"az://bucket/x":    "not supported",
		"ollama://a/b/c/d": "ollama://[host/]",
		"nope://x":         "oci://",
		"https://huggingface.co/acme/x/tree/main": "hf://acme/x",
		"https://huggingface.co/datasets/acme/x":  "hf://datasets/acme/x",
		"https://example.org/model.bin":           "add the digest",
		"s3://B/x":                                "s3://bucket",
		"acme/does-not-exist":                     "hf://acme/does-not-exist",
		"bert-base-uncased":                       "hf://bert-base-uncased",
		"Llama-3.2-1B@main":                       "hf://Llama-3.2-1B@main",
		"":                                        "empty",
	} {
		_, err := all.Resolve(t.Context(), list, ref)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", ref, err, want)
		}
		if !errors.Is(err, registry.ErrReference) && !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("%q: %v wraps no sentinel", ref, err)
		}
	}
}

func TestOffline(t *testing.T) {
	list := sources(t, all.Config{Offline: true}, nil)
	for _, ref := range []string{"hf://acme/x", "oci://127.0.0.1:5000/x"} {
		if _, err := all.Resolve(t.Context(), list, ref); !errors.Is(err, registry.ErrOffline) {
			t.Errorf("%s: %v, want ErrOffline", ref, err)
		}
	}
	if _, err := all.Resolve(t.Context(), list, t.TempDir()); err != nil {
		t.Errorf("a local folder, offline: %v", err)
	}
}

func TestBadEnvironment(t *testing.T) {
	env := map[string]string{"HF_ENDPOINT": "not a url", "HF_TOKEN": "x"}
	if _, err := all.Sources(all.Config{Getenv: func(k string) string { return env[k] }}); err == nil {
		t.Error("a bad endpoint was accepted")
	}
}
