package registrytest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// Layers writes a manifest with one layer for each file. Describe adds what names
// the file in the dialect.
func Layers(t testing.TB, mediaType string, files []File, describe func(File) map[string]any) []byte {
	t.Helper()
	layers := []map[string]any{}
	for _, f := range files {
		layer := map[string]any{"digest": "sha256:" + SHA256(f.Content), "size": len(f.Content)}
		maps.Copy(layer, describe(f))
		layers = append(layers, layer)
	}
	text, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": mediaType, "layers": layers})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Write writes a file with its folders.
func Write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
