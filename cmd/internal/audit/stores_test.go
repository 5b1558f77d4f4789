package audit

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/verify"
)

// Each model of a store of another program is asked for by its own reference, and a
// change of any blob makes it another one.
func TestStores(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"ollama/manifests/registry.ollama.ai/library/llama3/latest": "{}",
		"ollama/manifests/hf.co/acme/X-GGUF/Q4_K_M":                 "{}",
		"ollama/blobs/sha256-aa":                                    "a",
		"docker/models.json":                                        `{"models":[{"id":"sha256:bb","tags":["ai/smollm2:latest"]},{"id":"sha256:cc","tags":[]}]}`,
		"docker/manifests/sha256/bb":                                "{}",
		"docker/blobs/sha256/dd":                                    "d",
		"broken/models.json":                                        `{`,
		"broken/manifests/x":                                        "",
		"broken/blobs/x":                                            "",
		"layout/oci-layout":                                         "{}",
		"layout/index.json":                                         "{}",
		"layout/blobs/sha256/ee":                                    "e",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	asked := func() (refs []string, problems int) {
		t.Helper()
		_, err := Run(t.Context(), Config{
			Root: root, Jobs: 1, Journal: filepath.Join(t.TempDir(), "journal"),
			Judge: func(_ context.Context, ref string) (verify.Report, error) {
				refs = append(refs, strings.ReplaceAll(ref, resolved, "ROOT"))
				return verify.Report{}, nil
			},
			Each: func(l Line) error {
				if len(l.Reasons) > 0 && strings.Contains(l.Reasons[0].What, "list of models") {
					problems++
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return refs, problems
	}
	refs, problems := asked()
	want := []string{
		"docker-models:ROOT/docker//ai/smollm2:latest", "docker-models:ROOT/docker//x@sha256:cc",
		"oci-layout:ROOT/layout",
		"ollama-store:ROOT/ollama//hf.co/acme/X-GGUF:Q4_K_M", "ollama-store:ROOT/ollama//registry.ollama.ai/library/llama3:latest",
	}
	if !slices.Equal(refs, want) || problems != 1 {
		t.Errorf("asked\n%s\nwant\n%s\nproblems %d", strings.Join(refs, "\n"), strings.Join(want, "\n"), problems)
	}

	dir, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	one, two := item{name: "ollama/manifests/a", of: "ollama", scheme: "ollama-store"}, item{name: "ollama/manifests/b", of: "ollama", scheme: "ollama-store"}
	before, _ := one.stamp(dir)
	if other, _ := two.stamp(dir); other == before {
		t.Error("two models of one store are taken for one")
	}
	if err := os.WriteFile(filepath.Join(root, "ollama", "blobs", "sha256-aa"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, _ := one.stamp(dir); after == before {
		t.Error("a changed blob is not noticed")
	}
}
