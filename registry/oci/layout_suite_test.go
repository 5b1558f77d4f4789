package oci_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

// layoutAtRest is an image layout with one tag.
type layoutAtRest struct{ dir string }

func (s layoutAtRest) Publish(t testing.TB, files []registrytest.File) string {
	const mediaType = "application/vnd.oci.image.manifest.v1+json"
	manifest := registrytest.Layers(t, mediaType, files, func(f registrytest.File) map[string]any {
		return map[string]any{"mediaType": "application/octet-stream", "annotations": map[string]string{"org.opencontainers.image.title": f.Name}}
	})
	for _, f := range append(files, registrytest.File{Content: manifest}) {
		registrytest.Write(t, s.Place(t, f), f.Content)
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []map[string]any{{
		"mediaType": mediaType, "digest": "sha256:" + registrytest.SHA256(manifest), "size": len(manifest),
		"annotations": map[string]string{"org.opencontainers.image.ref.name": "v1"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	registrytest.Write(t, filepath.Join(s.dir, "index.json"), index)
	registrytest.Write(t, filepath.Join(s.dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return "oci-layout:" + s.dir + ":v1"
}

func (s layoutAtRest) Source(testing.TB) registry.Source { return oci.NewLayout() }

func (s layoutAtRest) Place(_ testing.TB, f registrytest.File) string {
	return filepath.Join(s.dir, "blobs", "sha256", registrytest.SHA256(f.Content))
}

func (s layoutAtRest) Missing(testing.TB) string { return "oci-layout:" + s.dir + ":none" }

func TestLayoutSuite(t *testing.T) {
	registrytest.RunAtRest(t, func(t *testing.T) registrytest.AtRest { return layoutAtRest{t.TempDir()} })
}
