package ollama_test

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
	"assay/registry/ollama"
	"assay/registry/registrytest"
)

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func named(f registrytest.File) map[string]any {
	return map[string]any{"mediaType": "application/vnd.ollama.image.tensor", "name": f.Name}
}

// server is a registry as Ollama's own: manifests by tag, and by digest among the
// blobs, which another host serves.
type server struct {
	front *registrytest.Front
	http  *httptest.Server

	mu    sync.Mutex
	tag   []byte
	blobs map[string][]byte
}

func start(t *testing.T) *server {
	s := &server{front: registrytest.NewFront(), blobs: make(map[string][]byte)}
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(s.serve)))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	collection, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/acme/Sample-GGUF/"), "/")
	content, ok := s.blobs[strings.TrimPrefix(id, "sha256:")]
	if collection == "manifests" {
		content, ok = s.tag, id == "Q4_K_M"
		w.Header().Set("Content-Type", manifestType)
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (s *server) host() string { return strings.TrimPrefix(s.http.URL, "http://") }

func (s *server) Publish(t testing.TB, files []registrytest.File) string {
	s.front.Set(nil)
	s.publish(registrytest.Layers(t, manifestType, files, named), files)
	return "ollama://" + s.host() + "/acme/Sample-GGUF:Q4_K_M"
}

func (s *server) publish(manifest []byte, files []registrytest.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tag = manifest
	s.blobs[registrytest.SHA256(manifest)] = manifest
	for _, f := range files {
		s.blobs[registrytest.SHA256(f.Content)] = f.Content
	}
}

func (s *server) Source(_ testing.TB, o registrytest.Options) registry.Source {
	return ollama.New(ollama.Config{Offline: o.Offline, Client: o.Client(), Store: o.Store()})
}

func (s *server) Front() *registrytest.Front { return s.front }

func (s *server) IsContent(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, id, ok := strings.Cut(r.URL.Path, "/blobs/sha256:")
	return ok && !bytes.HasPrefix(s.blobs[id], []byte(`{"layers"`))
}

func (s *server) Missing() string { return "ollama://" + s.host() + "/acme/none" }
func (s *server) SignsNobodyIn()  {}

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}

// What a layer is for names its file.
func TestLayerNames(t *testing.T) {
	s := start(t)
	var files []registrytest.File
	for _, kind := range []string{"model", "template", "system", "params", "license", "license", "projector", "unheard-of"} {
		files = append(files, registrytest.File{Name: kind, Content: []byte(kind + string(rune('a'+len(files))))})
	}
	s.publish(registrytest.Layers(t, manifestType, files, func(f registrytest.File) map[string]any {
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

func TestReferences(t *testing.T) {
	src := ollama.New(ollama.Config{Offline: true})
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

// atRest is a store as Ollama keeps it.
type atRest struct{ dir string }

func (s atRest) Publish(t testing.TB, files []registrytest.File) string {
	registrytest.Write(t, filepath.Join(s.dir, "manifests", "registry.ollama.ai", "library", "sample", "latest"), registrytest.Layers(t, manifestType, files, named))
	for _, f := range files {
		registrytest.Write(t, s.Place(t, f), f.Content)
	}
	return "ollama-store:" + s.dir + "//sample"
}

func (s atRest) Source(testing.TB) registry.Source { return ollama.NewStore("") }

func (s atRest) Place(_ testing.TB, f registrytest.File) string {
	return filepath.Join(s.dir, "blobs", "sha256-"+registrytest.SHA256(f.Content))
}

func (s atRest) Missing(testing.TB) string { return "ollama-store:" + s.dir + "//none" }

func TestStore(t *testing.T) {
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return atRest{t.TempDir()} })
}
