package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/cas"
)

// Layout is the Source of OCI image layouts on this machine (OCI image
// specification 1.1, image-layout.md):
//
//	oci-layout:PATH[:tag|@sha256:...]
//
// Without a tag or digest, everything that index.json names is listed. Manifests
// are compared with their digests when they are read, blobs by whoever reads them,
// who gets the digest declared (those of other algorithms than SHA-256, here).
type Layout struct{}

var _ registry.Source = Layout{}

// NewLayout returns the Source.
func NewLayout() Layout { return Layout{} }

// Scheme is "oci-layout".
func (Layout) Scheme() string { return "oci-layout" }

// refName is the annotation that carries the tag in index.json.
const refName = "org.opencontainers.image.ref.name"

// Resolve reads index.json once and lists what it, or the tag in it, names.
func (Layout) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	dir, identifier := splitLayout(ref.Rest)
	root, err := os.OpenRoot(dir) // lives as long as a File can be opened
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s", registry.ErrNotFound, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", ref, err)
	}
	a, err := layout{root}.resolve(ctx, dir, identifier)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", ref, err), root.Close())
	}
	a.Ref = ref
	return a, nil
}

// splitLayout separates the path from the tag or digest. A folder of that very
// name goes before a tag.
func splitLayout(rest string) (dir, identifier string) {
	if dir, digest, ok := strings.Cut(rest, "@"); ok {
		if _, err := registry.ParseDigest(digest); err == nil {
			return dir, digest
		}
	}
	if _, err := os.Stat(rest); err == nil {
		return rest, ""
	}
	if i := strings.LastIndexByte(rest, ':'); i > 0 {
		return rest[:i], rest[i+1:]
	}
	return rest, ""
}

// layout is an open image layout.
type layout struct{ root *os.Root }

func (l layout) resolve(ctx context.Context, dir, identifier string) (*registry.Artifact, error) {
	var version struct {
		Version string `json:"imageLayoutVersion"`
	}
	text, err := l.document("oci-layout")
	if err != nil || json.Unmarshal(text, &version) != nil || version.Version != "1.0.0" {
		return nil, fmt.Errorf("%w: no OCI image layout of version 1.0.0 (file oci-layout)", registry.ErrReference)
	}
	doc, err := l.find(ctx, identifier)
	if err != nil {
		return nil, err
	}
	a := &registry.Artifact{
		Pinned:   "oci-layout:" + dir + "@" + doc.digest.String(),
		Identity: registry.Identity{Revision: doc.digest.String()},
	}
	if identifier == "" {
		a.Pinned = "" // index.json is no blob: its digest leads nowhere
	} else {
		a.Attached = (&attached{repo: l, subject: doc.digest, tagged: l.find, referrers: l.referrers}).documents
	}
	list := listing{pull: l, artifact: a, seen: make(map[registry.Digest]bool), listed: make(map[string]bool)}
	return a, list.run(ctx, doc)
}

// find returns index.json, or the manifest that a tag or digest names.
func (l layout) find(ctx context.Context, identifier string) (*document, error) {
	if _, err := registry.ParseDigest(identifier); err == nil {
		return l.manifest(ctx, identifier)
	}
	text, err := l.document("index.json")
	if err != nil {
		return nil, err
	}
	digest, err := digestOf("sha256", text)
	if err != nil {
		return nil, err
	}
	index := &document{digest: digest, body: text}
	if identifier == "" {
		return index, nil
	}
	m, isIndex, err := index.parse()
	if err != nil || !isIndex {
		return nil, fmt.Errorf("index.json: %w", errors.Join(err, errManifest))
	}
	found := ""
	for _, d := range m.Manifests {
		switch {
		case d.Annotations[refName] != identifier || d.Digest == found:
		case found != "":
			return nil, fmt.Errorf("%w: index.json has more than one manifest called %q", errManifest, identifier)
		default:
			found = d.Digest
		}
	}
	if found == "" {
		return nil, fmt.Errorf("%w: index.json names no %q", registry.ErrNotFound, identifier)
	}
	return l.manifest(ctx, found)
}

// referrers are all manifests of index.json that may hold a signature: what each
// is about stands in it.
func (l layout) referrers(ctx context.Context) ([]descriptor, error) {
	index, err := l.find(ctx, "")
	if err != nil {
		return nil, err
	}
	m, isIndex, err := index.parse()
	if err != nil || !isIndex || len(m.Manifests) > maxReferrers {
		return nil, fmt.Errorf("index.json: %w", errors.Join(err, errManifest))
	}
	return m.Manifests, nil
}

// manifest reads a manifest blob and compares it with its digest.
func (l layout) manifest(ctx context.Context, identifier string) (*document, error) {
	return reader{l.folder()}.manifest(ctx, identifier)
}

func (l layout) folder() blobFolder {
	return blobFolder{root: l.root, blob: blobName, document: blobName}
}

func blobName(d registry.Digest) string { return "blobs/" + d.Algorithm + "/" + d.Hex }

func (l layout) document(name string) ([]byte, error) { return readDocument(l.root, name) }

func (l layout) open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return l.folder().Open(ctx, b)
}

func (l layout) openRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return l.folder().Open(ctx, b)
}
