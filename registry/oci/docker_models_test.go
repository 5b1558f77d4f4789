package oci_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

const dockerManifest = "application/vnd.oci.image.manifest.v1+json"

// dockerAtRest is a store as Docker Model Runner keeps it.
type dockerAtRest struct{ dir string }

func (s dockerAtRest) Publish(t testing.TB, files []registrytest.File) string {
	s.publish(t, files, registrytest.Layers(t, dockerManifest, files, func(f registrytest.File) map[string]any {
		return map[string]any{"mediaType": "application/vnd.docker.ai.model.file", "annotations": map[string]string{"org.cncf.model.filepath": f.Name}}
	}))
	return "docker-models:" + s.dir + "//ai/sample"
}

func (s dockerAtRest) publish(t testing.TB, files []registrytest.File, manifest []byte) {
	id := registrytest.SHA256(manifest)
	registrytest.Write(t, filepath.Join(s.dir, "manifests", "sha256", id), manifest)
	for _, f := range files {
		registrytest.Write(t, s.Place(t, f), f.Content)
	}
	index, err := json.Marshal(map[string]any{"models": []map[string]any{{"id": "sha256:" + id, "tags": []string{"index.docker.io/ai/sample:latest"}, "files": []string{}}}})
	if err != nil {
		t.Fatal(err)
	}
	registrytest.Write(t, filepath.Join(s.dir, "models.json"), index)
}

func (s dockerAtRest) Source(testing.TB) registry.Source { return oci.NewDockerModels("") }

func (s dockerAtRest) Place(_ testing.TB, f registrytest.File) string {
	return filepath.Join(s.dir, "blobs", "sha256", registrytest.SHA256(f.Content))
}

func (s dockerAtRest) Missing(testing.TB) string { return "docker-models:" + s.dir + "//none" }

func TestDockerModelsSuite(t *testing.T) {
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return dockerAtRest{t.TempDir()} })
}

// The names that docker model understands mean one model, and layers without
// annotations are named after their media type.
func TestDockerModelsNames(t *testing.T) {
	s := dockerAtRest{t.TempDir()}
	files := []registrytest.File{{Name: "gguf.v3", Content: []byte("GGUF")}, {Name: "license", Content: []byte("MIT")}}
	s.publish(t, files, registrytest.Layers(t, dockerManifest, files, func(f registrytest.File) map[string]any {
		return map[string]any{"mediaType": "application/vnd.docker.ai." + f.Name}
	}))
	pinned := ""
	for _, name := range []string{"sample", "ai/sample", "ai/sample:latest", "docker.io/ai/sample", "index.docker.io/ai/sample:latest", "PINNED"} {
		ref := registry.Reference{Scheme: "docker-models", Rest: s.dir + "//" + name}
		if name == "PINNED" {
			ref, _ = registry.ParseReference(pinned)
		}
		a, err := s.Source(t).Resolve(t.Context(), ref)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		pinned = a.Pinned
		if len(a.Files) != 2 || a.Files[0].Name != "LICENSE" || a.Files[1].Name != "model.gguf" {
			t.Errorf("%s: %+v", name, a.Files)
		}
	}
}
