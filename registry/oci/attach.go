package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
)

var _ registry.Attacher = (*Source)(nil)

// typeEmpty is the type of a configuration that says nothing.
const typeEmpty = "application/vnd.oci.empty.v1+json"

// Attach pushes a document as referrer of a manifest, and lists it under the
// fallback tag where the registry does not list referrers itself.
func (s *Source) Attach(ctx context.Context, pinned string, doc registry.Attachment) (string, error) {
	ref, err := registry.ParseReference(pinned)
	if err != nil {
		return "", err
	}
	parsed, err := s.parse(ref)
	if err != nil {
		return "", err
	}
	target, ok := parsed.(name.Digest)
	if !ok || ref.Scheme != s.Scheme() {
		return "", fmt.Errorf("%w: %s is not pinned to a digest of a registry", registry.ErrReference, ref)
	}
	if s.cfg.Offline {
		return "", fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	p, err := s.pull(ctx, target.Context())
	if err != nil {
		return "", err
	}
	subject, err := p.manifest(ctx, target.Identifier())
	if err != nil {
		return "", err
	}
	referrer, err := newReferrer(subject, doc)
	if err != nil {
		return "", err
	}
	w, err := s.writer(ctx, target.Context())
	if err != nil {
		return "", err
	}
	for _, blob := range []v1.Layer{static.NewLayer([]byte("{}"), typeEmpty), static.NewLayer(doc.Data, types.MediaType(doc.MediaType))} {
		if err := w.blob(blob); err != nil {
			return "", err
		}
	}
	at := target.Context().Digest(referrer.digest.String())
	return at.String(), w.put(at, referrer)
}

// newReferrer is a manifest with one document, as the guidelines for artifacts of
// the OCI image specification want it.
func newReferrer(subject *document, doc registry.Attachment) (*document, error) {
	m, _, err := subject.parse()
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", subject.digest, err)
	}
	kind := m.MediaType
	if kind == "" {
		kind = subject.kind
	}
	sum := sha256.Sum256(doc.Data)
	body, err := json.Marshal(struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     types.MediaType   `json:"mediaType"`
		ArtifactType  string            `json:"artifactType"`
		Config        descriptor        `json:"config"`
		Layers        []descriptor      `json:"layers"`
		Subject       descriptor        `json:"subject"`
		Annotations   map[string]string `json:"annotations,omitzero"`
	}{
		2, types.OCIManifestSchema1, doc.MediaType,
		descriptor{MediaType: typeEmpty, Digest: emptyConfig, Size: 2},
		[]descriptor{{MediaType: doc.MediaType, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(doc.Data))}},
		descriptor{MediaType: kind, Digest: subject.digest.String(), Size: int64(len(subject.body))},
		doc.Annotations,
	}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	digest, err := digestOf("sha256", body)
	return &document{digest: digest, kind: string(types.OCIManifestSchema1), body: body}, err
}
