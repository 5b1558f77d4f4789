package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// Bounds on one artifact.
const (
	maxManifests = 512     // documents, with every index in between
	maxDepth     = 4       // index in index
	maxLayers    = 100_000 // descriptors of layers and configurations
)

// manifest is an image manifest or an index (OCI image specification 1.1). It
// is decoded here and not by a library so that duplicate keys are errors.
type manifest struct {
	SchemaVersion int                    `json:"schemaVersion"`
	MediaType     string                 `json:"mediaType"`
	ArtifactType  string                 `json:"artifactType"`
	Config        *descriptor            `json:"config"`
	Layers        fetch.List[descriptor] `json:"layers"`
	Manifests     fetch.List[descriptor] `json:"manifests"`
	Subject       *descriptor            `json:"subject"`
	FSLayers      fetch.List[struct{}]   `json:"fsLayers"` // Docker schema 1
}

type descriptor struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType,omitzero"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations,omitzero"`
	Name         string            `json:"name,omitzero"` // Ollama's
}

// isIndex decides by the content and refuses a document that could be read both
// ways (CVE-2021-41190): its media types must not say otherwise.
func (m *manifest) isIndex(contentType string) (bool, error) {
	index, image := m.Manifests != nil, m.Config != nil || m.Layers != nil
	for _, t := range []string{m.MediaType, contentType} {
		index = index || types.MediaType(t).IsIndex()
		image = image || types.MediaType(t).IsImage()
	}
	if m.SchemaVersion != 2 || m.FSLayers != nil || index == image {
		return false, fmt.Errorf("%w: neither clearly an image manifest nor clearly an index of schema version 2", errManifest)
	}
	return index, nil
}

var errManifest = errors.New("manifest cannot be understood")

func (d descriptor) digest() (registry.Digest, error) {
	digest, err := registry.ParseDigest(d.Digest)
	if err == nil && digest.Algorithm != "sha256" && digest.Algorithm != "sha512" || err == nil && d.Size < 0 {
		err = errors.New("no digest and size of a registry")
	}
	if err != nil {
		return registry.Digest{}, fmt.Errorf("%w: descriptor: %w", errManifest, err)
	}
	return digest, nil
}

// repository is where manifests and blobs are read by digest.
type repository interface {
	manifest(ctx context.Context, identifier string) (*document, error)
	open(ctx context.Context, b cas.Blob) (registry.Content, error)
	openRanges(ctx context.Context, b cas.Blob) (registry.Content, error)
}

// listing collects the files of one artifact.
type listing struct {
	pull      repository
	artifact  *registry.Artifact
	seen      map[registry.Digest]bool // manifests
	listed    map[string]bool          // file name without folder, and digest
	name      func(layer) string       // of a dialect; nil: annotations alone name files
	taken     map[string]int           // names that name gave
	documents int
	layers    int
}

func (l *listing) run(ctx context.Context, doc *document) error {
	if err := l.add(ctx, doc, "", 0); err != nil {
		return err
	}
	slices.SortFunc(l.artifact.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	slices.SortFunc(l.artifact.Omitted, func(x, y registry.Omission) int { return strings.Compare(x.Name, y.Name) })
	return registry.CheckSet(l.artifact.Files)
}

// add lists a document under a folder, which is "" unless an index has several
// manifests: their files may have the same names and differ.
func (l *listing) add(ctx context.Context, doc *document, folder string, depth int) error {
	if l.documents++; l.documents > maxManifests || depth > maxDepth {
		return fmt.Errorf("%w: more than %d manifests, or indexes nested deeper than %d", registry.ErrLimit, maxManifests, maxDepth)
	}
	m, index, err := doc.parse()
	if err != nil {
		return fmt.Errorf("manifest %s: %w", doc.digest, err)
	}
	if index {
		return l.addIndex(ctx, m.Manifests, folder, depth)
	}
	return l.addImage(m, folder)
}

// parse decodes the document and tells an index from an image manifest.
func (d *document) parse() (m *manifest, index bool, err error) {
	m = new(manifest)
	if err := json.Unmarshal(d.body, m); err != nil {
		if errors.Is(err, registry.ErrLimit) {
			return nil, false, registry.ErrLimit
		}
		return nil, false, fmt.Errorf("%w: not strict JSON", errManifest)
	}
	index, err = m.isIndex(d.kind)
	return m, index, err
}

func (l *listing) addIndex(ctx context.Context, manifests []descriptor, folder string, depth int) error {
	for _, d := range manifests {
		digest, err := d.digest()
		if err != nil {
			return err
		}
		if l.seen[digest] {
			continue
		}
		l.seen[digest] = true
		below := folder
		if len(manifests) > 1 {
			below += "manifest-" + digest.Hex[:12] + "/"
		}
		doc, err := l.pull.manifest(ctx, digest.String())
		if errors.Is(err, registry.ErrNotFound) {
			// A copy of an index may lack some platforms. What is not there cannot run,
			// here; but it was not looked at.
			l.omit(below+"manifest.json", fmt.Sprintf("the index names manifest %s, which the registry does not have", digest))
			continue
		}
		if err != nil {
			return err
		}
		if err := l.add(ctx, doc, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) omit(name, why string) {
	l.artifact.Omitted = append(l.artifact.Omitted, registry.Omission{Name: registry.PrintableName(name), Reason: why})
}

func (l *listing) addImage(m *manifest, folder string) error {
	if m.isModel() {
		l.artifact.Kind = registry.KindModel
	}
	if m.Config != nil && m.Config.Digest != emptyConfig {
		n := len(l.artifact.Files)
		if err := l.addBlob(*m.Config, folder, configName, "oci-config"); err != nil {
			return err
		}
		if len(l.artifact.Files) > n {
			l.artifact.Files[n].Beside = m.Config.MediaType == modelConfigType
		}
	}
	for i, d := range m.Layers {
		if err := l.addBlob(d, folder, l.nameOf(i, d), "oci-layer"); err != nil {
			return err
		}
	}
	return nil
}

// emptyConfig is "{}", which artifacts without a configuration point to (OCI
// image specification, guidelines for artifact usage).
const emptyConfig = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

// addBlob adds a file, unless the same bytes are listed already under the same
// name for another platform.
func (l *listing) addBlob(d descriptor, folder, name, by string) error {
	if l.layers++; l.layers > maxLayers {
		return fmt.Errorf("%w: more than %d layers", registry.ErrLimit, maxLayers)
	}
	digest, err := d.digest()
	if err != nil {
		return err
	}
	if err := registry.CheckName(name); err != nil {
		return err
	}
	key := digest.String() + " " + name
	if l.listed[key] {
		return nil
	}
	l.listed[key] = true
	name = folder + name
	blob := cas.Blob{Name: name, Size: d.Size, Want: []registry.Digest{digest}}
	f := registry.File{
		Name: name, Size: d.Size, Declared: []registry.Declared{{Digest: digest, By: by}},
		Open:       func(ctx context.Context) (registry.Content, error) { return l.pull.open(ctx, blob) },
		OpenRanges: func(ctx context.Context) (registry.Content, error) { return l.pull.openRanges(ctx, blob) },
	}
	if h, ok := l.pull.(interface {
		openHashing(ctx context.Context, b cas.Blob) (registry.HashedContent, error)
	}); ok {
		f.OpenHashing = func(ctx context.Context) (registry.HashedContent, error) { return h.openHashing(ctx, blob) }
	}
	l.artifact.Files = append(l.artifact.Files, f)
	return nil
}
