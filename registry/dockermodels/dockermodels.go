// Package dockermodels is the Source of models in the store of Docker Model Runner
// on this machine.
//
//	docker-models:[STORE//]name[:tag|@sha256:...]
//
// STORE is the folder that holds models.json; without it, $MODELS_PATH, else
// ~/.docker/models. The name is what docker model ls shows, like ai/smollm2.
//
// # Security
//
// models.json says which manifest a tag means; the manifest is compared with its
// digest, and blobs with theirs by whoever reads them. Links are not followed out
// of the store.
package dockermodels

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/fetch"
	"assay/registry/oci"
)

// Source resolves references to models of a store.
type Source struct{ dir string }

var _ registry.Source = (*Source)(nil)

// New returns a Source with dir as the store of references that name none; ""
// means that they are refused.
func New(dir string) *Source { return &Source{dir} }

// Dir is where Docker Model Runner keeps models in this environment, or "".
func Dir(getenv func(string) string) string {
	if dir := getenv("MODELS_PATH"); dir != "" {
		return dir
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".docker", "models")
	}
	return ""
}

// Scheme is "docker-models".
func (*Source) Scheme() string { return "docker-models" }

// index is models.json (pkg/distribution/internal/store/index.go).
type index struct {
	Models fetch.List[struct {
		ID   string             `json:"id"`
		Tags fetch.List[string] `json:"tags"`
	}] `json:"models"`
}

// Resolve finds the manifest of the name and lists its layers.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	dir, name := s.dir, ref.Rest
	if i := strings.LastIndex(name, "//"); i >= 0 {
		dir, name = name[:i], name[i+2:]
	}
	if dir == "" || name == "" || strings.ContainsAny(name, " \\?#%") || strings.Contains(name, "..") || strings.HasPrefix(name, "/") {
		return nil, fmt.Errorf("%w: %s (want docker-models:[STORE//]name[:tag|@sha256:...])", registry.ErrReference, ref)
	}
	root, err := os.OpenRoot(dir) // lives as long as a File can be opened
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s", registry.ErrNotFound, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	a, err := resolve(ctx, root, name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", ref, err), root.Close())
	}
	a.Ref = ref
	a.Pinned = "docker-models:" + dir + "//" + repository(name) + "@" + a.Identity.Revision
	return a, nil
}

func resolve(ctx context.Context, root *os.Root, name string) (*registry.Artifact, error) {
	text, err := oci.ReadDocument(root, "models.json")
	if err != nil {
		return nil, err
	}
	var list index
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%w: models.json cannot be read", fetch.ErrProtocol)
	}
	id, err := list.find(name)
	if err != nil {
		return nil, err
	}
	from := oci.Folder{
		Root: root, Blob: func(d registry.Digest) string { return "blobs/" + d.Algorithm + "/" + d.Hex },
		Document: func(d registry.Digest) string { return "manifests/" + d.Algorithm + "/" + d.Hex },
	}
	if text, err = from.Manifest(ctx, id); err != nil {
		return nil, err
	}
	if got := oci.DigestOf(text); got != id {
		return nil, fmt.Errorf("%w: manifest %s is %s", registry.ErrDigest, id, got)
	}
	a := &registry.Artifact{Kind: registry.KindModel, Identity: registry.Identity{Name: repository(name), Revision: id.String()}}
	return a, oci.List(ctx, a, from, text, "", layerName)
}

// files are the names of layers that have no annotation, by media type (types/config.go).
var files = map[string]string{
	"gguf.v3": "model.gguf", "safetensors": "model.safetensors", "dduf": "model.dduf", "mmproj": "mmproj.gguf",
	"license": "LICENSE", "vllm.config.tar": "vllm-config.tar", "dir.tar": "dir.tar", "chat.template.jinja": "chat_template.jinja",
}

// layerName leaves the naming to annotations where there are some: those of a
// Model Runner with a file for each layer.
func layerName(l oci.Layer) string {
	if l.Annotated {
		return ""
	}
	return files[strings.TrimPrefix(l.MediaType, "application/vnd.docker.ai.")]
}

// find looks a name up as Docker does: by digest, or among the tags with the
// defaults written out.
func (x index) find(name string) (registry.Digest, error) {
	wanted := full(name)
	_, pinned, byDigest := strings.Cut(name, "@")
	for _, m := range x.Models {
		match := byDigest && m.ID == pinned || !byDigest && m.ID == name
		for _, tag := range m.Tags {
			match = match || !byDigest && full(tag) == wanted
		}
		if match {
			d, err := registry.ParseDigest(m.ID)
			if err != nil || d.Algorithm != "sha256" {
				return d, fmt.Errorf("%w: models.json: an id is no digest", fetch.ErrProtocol)
			}
			return d, nil
		}
	}
	return registry.Digest{}, fmt.Errorf("%w: models.json names no %q", registry.ErrNotFound, name)
}

// full writes "ai/smollm2" out as "index.docker.io/ai/smollm2:latest".
func full(name string) string {
	first, rest, ok := strings.Cut(name, "/")
	switch {
	case !ok:
		name = "index.docker.io/ai/" + name
	case first == "docker.io":
		name = "index.docker.io/" + rest
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		name = "index.docker.io/" + name
	}
	if !strings.Contains(name[strings.LastIndex(name, "/")+1:], ":") {
		name += ":latest"
	}
	return name
}

// repository is a name without its tag or digest.
func repository(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return name
}
