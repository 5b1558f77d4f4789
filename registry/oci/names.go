package oci

import (
	"fmt"
	"path"
	"strings"
)

// configName is the file name of the configuration. It is not "config.json",
// which nearly every model has among its own files.
const configName = "oci-config.json"

// Annotations that name the file of a layer, the more specific first: the CNCF
// model specification (specs-go/v1/annotations.go), its predecessor, and the OCI
// title that ORAS writes.
var nameAnnotations = []string{
	"org.cncf.model.filepath",
	"org.cnai.model.filepath",
	"org.opencontainers.image.title",
}

// layerName is the name that the publisher gave the layer, or one made of its
// place and digest. A layer that packs a folder gets an archive's ending: the
// name belongs to the folder, and another layer may hold a file in it.
func layerName(i int, d descriptor) string {
	ending := archiveEnding(d.MediaType)
	for _, key := range nameAnnotations {
		title := d.Annotations[key]
		if title == "" {
			continue
		}
		if ending == "" {
			return strings.TrimPrefix(title, "./")
		}
		return withEnding(strings.TrimPrefix(strings.TrimSuffix(title, "/"), "./"), ending)
	}
	digest := strings.NewReplacer(":", "-").Replace(d.Digest)
	if algorithm, hex, ok := strings.Cut(d.Digest, ":"); ok && len(hex) > 12 {
		digest = algorithm + "-" + hex[:12]
	}
	if ending == "" && strings.HasSuffix(d.MediaType, "json") {
		ending = ".json"
	}
	return fmt.Sprintf("layers/%03d-%s%s", i, digest, ending)
}

func withEnding(name, ending string) string {
	switch path.Ext(name) {
	case ".tar", ".tgz", ".gz", ".zst":
		return name
	}
	if name == "." || name == "" {
		name = "root"
	}
	return name + ending
}

// archiveEnding is the ending of an archive with this media type, "" for none.
func archiveEnding(mediaType string) string {
	switch {
	case strings.HasSuffix(mediaType, ".tar+gzip"), strings.HasSuffix(mediaType, ".tar.gzip"):
		return ".tar.gz"
	case strings.HasSuffix(mediaType, ".tar+zstd"), strings.HasSuffix(mediaType, ".tar.zstd"):
		return ".tar.zst"
	case strings.HasSuffix(mediaType, ".tar"):
		return ".tar"
	}
	return ""
}

// modelTypes are the artifact and configuration types that say "a model". The
// kind is the publisher's word, never guessed from a name.
var modelTypes = map[string]bool{
	"application/vnd.cncf.model.manifest.v1+json":      true, // CNCF ModelPack
	"application/vnd.cncf.model.config.v1+json":        true,
	"application/vnd.kitops.modelkit.config.v1+json":   true, // KitOps
	"application/vnd.docker.ai.model.config.v0.1+json": true, // Docker Model Runner
	"application/vnd.docker.ai.model.config.v0.2+json": true,
}

func (m *manifest) isModel() bool {
	return modelTypes[m.ArtifactType] || m.Config != nil && modelTypes[m.Config.MediaType]
}
