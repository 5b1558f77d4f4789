package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/internal/cas"
)

// copier copies manifests as they are, so that digests stay and signatures with
// them.
type copier struct {
	from      *pull
	to        *writer
	documents int
	seen      map[registry.Digest]bool
}

// copyPinned copies what a pinned reference of this source names, and everything
// that refers to it (signatures, attestations), and moves the tag last.
func (s *Source) copyPinned(ctx context.Context, pinned string, target name.Reference) (string, error) {
	ref, err := registry.ParseReference(pinned)
	if err != nil {
		return "", err
	}
	origin, err := s.parse(ref)
	if err != nil {
		return "", err
	}
	c := copier{seen: make(map[registry.Digest]bool)}
	if c.from, err = s.pull(ctx, origin.Context()); err != nil {
		return "", err
	}
	if c.to, err = s.writer(ctx, target.Context()); err != nil {
		return "", err
	}
	doc, err := c.copy(ctx, origin.Identifier(), 0)
	if err != nil {
		return "", err
	}
	if err := errors.Join(c.referrers(ctx, doc), c.tagged(ctx, doc)); err != nil {
		return "", err
	}
	if err := c.to.put(target, doc); err != nil {
		return "", err
	}
	return "oci://" + target.Context().Name() + "@" + doc.digest.String(), nil
}

// copy copies a manifest after everything that it names.
func (c *copier) copy(ctx context.Context, identifier string, depth int) (*document, error) {
	if c.documents++; c.documents > maxManifests || depth > maxDepth {
		return nil, fmt.Errorf("%w: more than %d manifests, or indexes nested deeper than %d", registry.ErrLimit, maxManifests, maxDepth)
	}
	doc, err := c.from.manifest(ctx, identifier)
	if err != nil || c.seen[doc.digest] {
		return doc, err
	}
	c.seen[doc.digest] = true
	m, index, err := doc.parse()
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", doc.digest, err)
	}
	if index {
		err = c.copyIndex(ctx, m, depth)
	} else {
		err = c.copyBlobs(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	return doc, c.to.put(c.to.repo.Digest(doc.digest.String()), doc)
}

// copyIndex leaves out the manifests that the origin does not have either.
func (c *copier) copyIndex(ctx context.Context, m *manifest, depth int) error {
	for _, d := range m.Manifests {
		digest, err := d.digest()
		if err != nil {
			return err
		}
		if _, err := c.copy(ctx, digest.String(), depth+1); err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (c *copier) copyBlobs(ctx context.Context, m *manifest) error {
	blobs := m.Layers
	if m.Config != nil {
		blobs = append(blobs[:len(blobs):len(blobs)], *m.Config)
	}
	for _, d := range blobs {
		digest, err := d.digest()
		if err != nil {
			return err
		}
		blob := cas.Blob{Name: digest.String(), Size: d.Size, Want: []registry.Digest{digest}}
		layer := &fileLayer{ctx: ctx, about: v1.Descriptor{
			MediaType: types.MediaType(d.MediaType), Size: d.Size, Digest: v1.Hash{Algorithm: digest.Algorithm, Hex: digest.Hex},
		}, file: registry.File{Name: digest.String(), Size: d.Size, Open: func(ctx context.Context) (registry.Content, error) { return c.from.open(ctx, blob) }}}
		if err := c.to.blob(layer); err != nil {
			return fmt.Errorf("write blob %s: %w", digest, err)
		}
	}
	return nil
}

// referrers copies what points to a manifest.
func (c *copier) referrers(ctx context.Context, doc *document) error {
	auth, err := c.from.source.writer(ctx, c.from.repo)
	if err != nil {
		return err
	}
	index, err := remote.Referrers(c.from.repo.Digest(doc.digest.String()), auth.options...)
	if err != nil {
		return auth.explain(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("referrers of %s: %w", doc.digest, errManifest)
	}
	for _, d := range list.Manifests {
		if signs, err := c.signs(ctx, d.Digest.String()); err != nil || !signs {
			if err != nil {
				return err
			}
			continue // nobody judged it
		}
		if _, err := c.copy(ctx, d.Digest.String(), 1); err != nil {
			return fmt.Errorf("copy what refers to %s: %w", doc.digest, err)
		}
	}
	return nil
}

// signs reports whether a referrer holds signature documents and nothing else. The
// type that a registry lists may be that of its configuration.
func (c *copier) signs(ctx context.Context, digest string) (bool, error) {
	doc, err := c.from.manifest(ctx, digest)
	if errors.Is(err, registry.ErrNotFound) {
		return false, nil // it was deleted
	}
	if err != nil {
		return false, err
	}
	m, index, err := doc.parse()
	if err != nil || index {
		return false, nil //nolint:nilerr // what cannot be read is no signature
	}
	return len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, func(d descriptor) bool { return !isSignatureLayer(d.MediaType) }), nil
}

// tagged copies the signatures that cosign kept under tags before there were
// referrers.
func (c *copier) tagged(ctx context.Context, doc *document) error {
	for _, suffix := range []string{".sig", ".att"} {
		tag := doc.digest.Algorithm + "-" + doc.digest.Hex + suffix
		signature, err := c.copy(ctx, tag, 1)
		if errors.Is(err, registry.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", tag, err)
		}
		if err := c.to.put(c.to.repo.Tag(tag), signature); err != nil {
			return err
		}
	}
	return nil
}
