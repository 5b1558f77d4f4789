package hf_test

import (
	"net/http"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/hf"
	"assay/registry/registrytest"
)

// hubStore is a Hub with one private repository.
type hubStore struct {
	hub  *registrytest.Hub
	kind string
	repo *registrytest.Repo
}

func startHub(kind string) func(t *testing.T) registrytest.Store {
	return func(t *testing.T) registrytest.Store {
		hub := registrytest.NewHub(t)
		hub.Token = registrytest.Secret
		hub.PageSize = 3
		return &hubStore{hub: hub, kind: kind}
	}
}

func (s *hubStore) Publish(_ testing.TB, files []registrytest.File) string {
	add, prefix := s.hub.AddModel, "hf://"
	if s.kind == "datasets" {
		add, prefix = s.hub.AddDataset, "hf://datasets/"
	}
	if s.repo == nil {
		s.repo = add("org/sample-1.0", files...)
		s.repo.Private = true
	}
	s.repo.Commit("refs/pr/1", files...)
	return prefix + "org/sample-1.0@refs/pr/1"
}

func (s *hubStore) Source(t testing.TB, o registrytest.Options) registry.Source {
	return newSource(t, hf.Config{
		Endpoint: s.hub.URL(), Token: registrytest.Secret, Offline: o.Offline, Client: o.Client(), Store: o.Store(),
	})
}

func newSource(t testing.TB, cfg hf.Config) *hf.Source {
	t.Helper()
	source, err := hf.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func (s *hubStore) Front() *registrytest.Front { return s.hub.Front }

// IsContent leaves out the redirect to the storage host, which has no content.
func (s *hubStore) IsContent(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/lfs/") || strings.HasPrefix(r.URL.Path, "/api/resolve-cache/")
}

func (s *hubStore) Missing() string { return "hf://org/none" }

func TestModels(t *testing.T)   { registrytest.Run(t, startHub("models")) }
func TestDatasets(t *testing.T) { registrytest.Run(t, startHub("datasets")) }
