package oci_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

// writeLayout has go-containerregistry write a layout with two tags.
func writeLayout(t *testing.T) (dir, digest string) {
	t.Helper()
	dir = t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"v1", "v2"} {
		img, err := mutate.Append(empty.Image, mutate.Addendum{
			Layer:       static.NewLayer([]byte("weights "+tag), types.MediaType("application/octet-stream")),
			Annotations: map[string]string{"org.opencontainers.image.title": "model.bin"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := path.AppendImage(img, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})); err != nil {
			t.Fatal(err)
		}
		if tag == "v1" {
			d, err := img.Digest()
			if err != nil {
				t.Fatal(err)
			}
			digest = d.String()
		}
	}
	return dir, digest
}

func fromLayout(t *testing.T, rest string) (*registry.Artifact, error) {
	t.Helper()
	a, err := oci.NewLayout().Resolve(t.Context(), registry.Reference{Scheme: "oci-layout", Rest: rest})
	if err == nil {
		registrytest.CheckArtifact(t, a)
	}
	return a, err
}

func TestLayout(t *testing.T) {
	dir, digest := writeLayout(t)
	for _, rest := range []string{dir + ":v1", dir + "@" + digest} {
		a, err := fromLayout(t, rest)
		if err != nil {
			t.Fatal(err)
		}
		if a.Pinned != "oci-layout:"+dir+"@"+digest || a.Identity.Revision != digest {
			t.Errorf("%s: pinned %s", rest, a.Pinned)
		}
		b, err := registrytest.Read(t.Context(), registrytest.Find(t, a, "model.bin"))
		if err != nil || string(b) != "weights v1" {
			t.Errorf("%s: %q, %v", rest, b, err)
		}
	}
	a, err := fromLayout(t, dir)
	if err != nil || len(a.Files) != 4 || a.Pinned != "" {
		t.Errorf("everything: %v, %+v", err, a)
	}
}

func TestLayoutErrors(t *testing.T) {
	dir, digest := writeLayout(t)
	for rest, want := range map[string]error{
		dir + ":none": registry.ErrNotFound, dir + "x": registry.ErrNotFound, t.TempDir(): registry.ErrReference,
		dir + "@sha256:" + strings.Repeat("0", 64): registry.ErrNotFound,
	} {
		if _, err := fromLayout(t, rest); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", rest, err, want)
		}
	}
	name := filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
	text, err := os.ReadFile(name)
	if err := errors.Join(err, os.WriteFile(name, append(text, ' '), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := fromLayout(t, dir+":v1"); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("a changed manifest: %v, want ErrDigest", err)
	}
	if err := errors.Join(os.Remove(name), os.Symlink("/etc/passwd", name)); err != nil {
		t.Fatal(err)
	}
	if a, err := fromLayout(t, dir+":v1"); err == nil {
		t.Errorf("a manifest that is a link out of the layout: %+v", a)
	}
	index := fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":"sha256:%s","size":1,"annotations":{"org.opencontainers.image.ref.name":"x"}},`+
		`{"digest":"sha256:%s","size":1,"annotations":{"org.opencontainers.image.ref.name":"x"}}]}`, strings.Repeat("1", 64), strings.Repeat("2", 64))
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fromLayout(t, dir+":x"); err == nil || !strings.Contains(err.Error(), "more than one") {
		t.Errorf("two of one name: %v", err)
	}
}
