package oci_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

const ollamaManifest = "application/vnd.docker.distribution.manifest.v2+json"

func ollamaNamed(f registrytest.File) map[string]any {
	return map[string]any{"mediaType": "application/vnd.ollama.image.tensor", "name": f.Name}
}

// ollamaServer is a registry as Ollama's own: manifests by tag, and by digest among the
// blobs, which another host serves.
type ollamaServer struct {
	front *registrytest.Front
	http  *httptest.Server

	mu    sync.Mutex
	tag   []byte
	blobs map[string][]byte
}

func startOllama(t *testing.T) *ollamaServer {
	s := &ollamaServer{front: registrytest.NewFront(), blobs: make(map[string][]byte)}
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(s.serve)))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func (s *ollamaServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	collection, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/acme/Sample-GGUF/"), "/")
	content, ok := s.blobs[strings.TrimPrefix(id, "sha256:")]
	if collection == "manifests" {
		content, ok = s.tag, id == "Q4_K_M"
		w.Header().Set("Content-Type", ollamaManifest)
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (s *ollamaServer) host() string { return strings.TrimPrefix(s.http.URL, "http://") }

func (s *ollamaServer) Publish(t testing.TB, files []registrytest.File) string {
	s.front.Set(nil)
	s.publish(registrytest.Layers(t, ollamaManifest, files, ollamaNamed), files)
	return "ollama://" + s.host() + "/acme/Sample-GGUF:Q4_K_M"
}

func (s *ollamaServer) publish(manifest []byte, files []registrytest.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tag = manifest
	s.blobs[registrytest.SHA256(manifest)] = manifest
	for _, f := range files {
		s.blobs[registrytest.SHA256(f.Content)] = f.Content
	}
}

func (s *ollamaServer) Source(_ testing.TB, o registrytest.Options) registry.Source {
	return oci.NewOllama(oci.OllamaConfig{Offline: o.Offline, Client: o.Client(), Store: o.Store()})
}

func (s *ollamaServer) Front() *registrytest.Front { return s.front }

func (s *ollamaServer) IsContent(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, id, ok := strings.Cut(r.URL.Path, "/blobs/sha256:")
	return ok && !bytes.HasPrefix(s.blobs[id], []byte(`{"layers"`))
}

func (s *ollamaServer) Missing() string { return "ollama://" + s.host() + "/acme/none" }
func (s *ollamaServer) SignsNobodyIn()  {}

func TestOllamaSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return startOllama(t) })
}

// What a layer is for names its file.
func TestOllamaLayerNames(t *testing.T) {
	s := startOllama(t)
	var files []registrytest.File
	for _, kind := range []string{"model", "template", "system", "params", "license", "license", "projector", "unheard-of"} {
		files = append(files, registrytest.File{Name: kind, Content: []byte(kind + string(rune('a'+len(files))))})
	}
	s.publish(registrytest.Layers(t, ollamaManifest, files, func(f registrytest.File) map[string]any {
		return map[string]any{"mediaType": "application/vnd.ollama.image." + f.Name}
	}), files)
	ref, _ := registry.ParseReference("ollama://" + s.host() + "/acme/Sample-GGUF:Q4_K_M")
	a, err := s.Source(t, registrytest.Options{CacheDir: t.TempDir()}).Resolve(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range a.Files {
		got = append(got, f.Name)
	}
	want := "LICENSE LICENSE-2 layers/007-sha256-" + registrytest.SHA256(files[7].Content)[:12] + " model.gguf params.json projector.gguf system template"
	if strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", strings.Join(got, " "), want)
	}
}

func TestOllamaReferences(t *testing.T) {
	src := oci.NewOllama(oci.OllamaConfig{Offline: true})
	for rest, ok := range map[string]bool{
		"llama3": true, "llama3:8b": true, "acme/x": true, "hf.co/acme/X-GGUF:Q4_K_M": true, "llama3@sha256:" + strings.Repeat("a", 64): true,
		"a/b/c/d": false, "../x": false, "llama3:../../x": false, "llama3@sha256:../../etc": false, "h..h/a/b": false, "": false, "a b": false,
	} {
		_, err := src.Resolve(t.Context(), registry.Reference{Scheme: "ollama", Rest: rest})
		if wellFormed := strings.Contains(err.Error(), registry.ErrOffline.Error()); wellFormed != ok {
			t.Errorf("%s: %v", rest, err)
		}
	}
}

// ollamaAtRest is a store as Ollama keeps it.
type ollamaAtRest struct{ dir string }

func (s ollamaAtRest) Publish(t testing.TB, files []registrytest.File) string {
	registrytest.Write(t, filepath.Join(s.dir, "manifests", "registry.ollama.ai", "library", "sample", "latest"), registrytest.Layers(t, ollamaManifest, files, ollamaNamed))
	for _, f := range files {
		registrytest.Write(t, s.Place(t, f), f.Content)
	}
	return "ollama-store:" + s.dir + "//sample"
}

func (s ollamaAtRest) Source(testing.TB) registry.Source { return oci.NewOllamaStore("") }

func (s ollamaAtRest) Place(_ testing.TB, f registrytest.File) string {
	return filepath.Join(s.dir, "blobs", "sha256-"+registrytest.SHA256(f.Content))
}

func (s ollamaAtRest) Missing(testing.TB) string { return "ollama-store:" + s.dir + "//none" }

func TestOllamaStoreSuite(t *testing.T) {
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return ollamaAtRest{t.TempDir()} })
}
