package oci

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
)

// DockerModels is the Source of models in the store of Docker Model Runner on this
// machine.
//
//	docker-models:[STORE//]name[:tag|@sha256:...]
//
// STORE is the folder that holds models.json; without it, $MODELS_PATH, else
// ~/.docker/models. The name is what docker model ls shows, like ai/smollm2.
type DockerModels struct{ dir string }

var _ registry.Source = (*DockerModels)(nil)

// NewDockerModels returns the Source with dir as the store of references that name none; ""
// means that they are refused.
func NewDockerModels(dir string) *DockerModels { return &DockerModels{dir} }

// DockerModelsDir is where Docker Model Runner keeps models in this environment, or "".
func DockerModelsDir(getenv func(string) string) string {
	if dir := getenv("MODELS_PATH"); dir != "" {
		return dir
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".docker", "models")
	}
	return ""
}

// Scheme is "docker-models".
func (*DockerModels) Scheme() string { return "docker-models" }

// dockerIndex is models.json (pkg/distribution/internal/store/index.go).
type dockerIndex struct {
	Models fetch.List[struct {
		ID   string             `json:"id"`
		Tags fetch.List[string] `json:"tags"`
	}] `json:"models"`
}

// Resolve finds the manifest of the name and lists its layers.
func (s *DockerModels) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
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
	a, err := resolveDocker(ctx, root, name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", ref, err), root.Close())
	}
	a.Ref = ref
	a.Pinned = "docker-models:" + dir + "//" + withoutTag(name) + "@" + a.Identity.Revision
	return a, nil
}

func resolveDocker(ctx context.Context, root *os.Root, name string) (*registry.Artifact, error) {
	text, err := readDocument(root, "models.json")
	if err != nil {
		return nil, err
	}
	var known dockerIndex
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, fmt.Errorf("%w: models.json cannot be read", fetch.ErrProtocol)
	}
	id, err := known.find(name)
	if err != nil {
		return nil, err
	}
	from := blobFolder{
		root: root, blob: func(d registry.Digest) string { return "blobs/" + d.Algorithm + "/" + d.Hex },
		document: func(d registry.Digest) string { return "manifests/" + d.Algorithm + "/" + d.Hex },
	}
	if text, err = from.Manifest(ctx, id); err != nil {
		return nil, err
	}
	if got := manifestDigest(text); got != id {
		return nil, fmt.Errorf("%w: manifest %s is %s", registry.ErrDigest, id, got)
	}
	a := &registry.Artifact{Kind: registry.KindModel, Identity: registry.Identity{Name: withoutTag(name), Revision: id.String()}}
	return a, list(ctx, a, from, text, "", dockerLayer)
}

// dockerFiles are the names of layers that have no annotation, by media type (types/config.go).
var dockerFiles = map[string]string{
	"gguf.v3": "model.gguf", "safetensors": "model.safetensors", "dduf": "model.dduf", "mmproj": "mmproj.gguf",
	"license": "LICENSE", "vllm.config.tar": "vllm-config.tar", "dir.tar": "dir.tar", "chat.template.jinja": "chat_template.jinja",
}

// dockerLayer leaves the naming to annotations where there are some: those of a
// Model Runner with a file for each layer.
func dockerLayer(l layer) string {
	if l.Annotated {
		return ""
	}
	return dockerFiles[strings.TrimPrefix(l.MediaType, "application/vnd.docker.ai.")]
}

// find looks a name up as Docker does: by digest, or among the tags with the
// defaults written out.
func (x dockerIndex) find(name string) (registry.Digest, error) {
	wanted := fullDockerName(name)
	_, pinned, byDigest := strings.Cut(name, "@")
	for _, m := range x.Models {
		match := byDigest && m.ID == pinned || !byDigest && m.ID == name
		for _, tag := range m.Tags {
			match = match || !byDigest && fullDockerName(tag) == wanted
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

// fullDockerName writes "ai/smollm2" out as "index.docker.io/ai/smollm2:latest".
func fullDockerName(name string) string {
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

// withoutTag is a name without its tag or digest.
func withoutTag(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return name
}
