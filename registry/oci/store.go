package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/disk"
)

// blobs is where the manifests and blobs of one artifact are read by digest.
// What a manifest's bytes are is compared here, what a blob's are by Open.
type blobs interface {
	Manifest(ctx context.Context, d registry.Digest) ([]byte, error)
	Open(ctx context.Context, b cas.Blob) (registry.Content, error)
	OpenRanges(ctx context.Context, b cas.Blob) (registry.Content, error)
}

// layer is what a file may be named after.
type layer struct {
	MediaType string
	Name      string // Ollama's own, which no specification has
	Annotated bool   // an annotation names the file
}

// list adds the files of a manifest, or of every manifest of an index, to an
// artifact. The text is what the artifact's digest was computed over; kind is the
// media type that the store says it has. Layers that name gives no name ("") have
// that of their annotations; of several with one name, the later are numbered.
func list(ctx context.Context, a *registry.Artifact, r blobs, text []byte, kind string, name func(layer) string) error {
	d, err := digestOf("sha256", text)
	if err != nil {
		return err
	}
	l := listing{
		pull: reader{r}, artifact: a, name: name,
		seen: make(map[registry.Digest]bool), listed: make(map[string]bool), taken: make(map[string]int),
	}
	return l.run(ctx, &document{digest: d, kind: kind, body: text})
}

// manifestDigest is the digest of a manifest's text.
func manifestDigest(text []byte) registry.Digest {
	d, _ := digestOf("sha256", text)
	return d
}

// reader compares what a blobs gives.
type reader struct{ from blobs }

func (r reader) manifest(ctx context.Context, identifier string) (*document, error) {
	want, err := registry.ParseDigest(identifier)
	if err != nil {
		return nil, fmt.Errorf("%w: descriptor: %w", errManifest, err)
	}
	text, err := r.from.Manifest(ctx, want)
	if err != nil {
		return nil, err
	}
	got, err := digestOf(want.Algorithm, text)
	if err != nil {
		return nil, err
	}
	if got != want {
		return nil, fmt.Errorf("%w: manifest %s is %s", registry.ErrDigest, want, got)
	}
	return &document{digest: want, body: text}, nil
}

func (r reader) open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return r.from.Open(ctx, b)
}

func (r reader) openRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return r.from.OpenRanges(ctx, b)
}

// nameOf is the name of a layer's file.
func (l *listing) nameOf(i int, d descriptor) string {
	if l.name != nil {
		if name := l.name(layer{d.MediaType, d.Name, isAnnotated(d)}); name != "" {
			return l.numbered(name)
		}
	}
	return layerName(i, d)
}

func isAnnotated(d descriptor) bool {
	return slices.ContainsFunc(nameAnnotations, func(key string) bool { return d.Annotations[key] != "" })
}

// numbered makes "LICENSE-2" of the second LICENSE.
func (l *listing) numbered(name string) string {
	l.taken[name]++
	if n := l.taken[name]; n > 1 {
		ending := path.Ext(name)
		return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ending), n, ending)
	}
	return name
}

// blobFolder is a blobs on this machine.
type blobFolder struct {
	root           *os.Root
	blob, document func(registry.Digest) string // their names below root
}

// Manifest reads a manifest.
func (f blobFolder) Manifest(_ context.Context, d registry.Digest) ([]byte, error) {
	return readDocument(f.root, f.document(d))
}

// readDocument reads a file that is a manifest or an index, and no larger.
func readDocument(root *os.Root, name string) ([]byte, error) {
	c, err := disk.InRoot(root, name).Content(nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", registry.ErrNotFound, registry.PrintableName(name))
	}
	if err != nil {
		return nil, err
	}
	if c.Size() > maxManifest {
		return nil, errors.Join(fmt.Errorf("%w: %s is too large", registry.ErrLimit, name), c.Close())
	}
	text, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	return text, errors.Join(err, c.Close())
}

// Open opens a blob. A reader computes SHA-256 itself, and compares it; what is
// promised otherwise, or has another size, is compared here.
func (f blobFolder) Open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := disk.InRoot(f.root, f.blob(b.Want[0])).Content(nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the store has no blob %s (%s)", registry.ErrNotFound, b.Want[0], b.Name)
	}
	if err != nil {
		return nil, err
	}
	if b.Want[0].Algorithm != "sha256" || c.Size() != b.Size {
		if err := cas.Verify(ctx, c, b); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// OpenRanges is Open: the bytes are here.
func (f blobFolder) OpenRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return f.Open(ctx, b)
}
