package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
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
	at := target.Context().Digest("sha256:" + referrer.sum())
	return at.String(), s.push(ctx, at, referrer, doc)
}

func (s *Source) push(ctx context.Context, at name.Digest, r *referrer, doc registry.Attachment) error {
	repo := at.Context()
	auth, err := s.credentials(ctx, repo)
	if err != nil {
		return fmt.Errorf("read the credentials for %s from the Docker configuration: %w", repo.RegistryStr(), err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(secure{
		next: s.cfg.Client.Transport(), plain: s.isPlain, content: "/v2/" + repo.RepositoryStr() + "/", patience: s.cfg.Client.Stall(),
	})}
	for _, blob := range []v1.Layer{static.NewLayer([]byte("{}"), typeEmpty), static.NewLayer(doc.Data, types.MediaType(doc.MediaType))} {
		if err := remote.WriteLayer(repo, blob, options...); err != nil {
			return pushError(repo, err)
		}
	}
	if err := remote.Put(at, r, options...); err != nil {
		return pushError(repo, err)
	}
	return nil
}

// pushError shows the status and the network's words, and nothing that a
// registry or a token service wrote.
func pushError(repo name.Repository, err error) error {
	var status *transport.Error
	var network *networkError
	switch {
	case errors.As(err, &status):
		return fmt.Errorf("%s: the registry refuses to take the document (status %d): %w", repo.Name(), status.StatusCode, statusError(status.StatusCode))
	case errors.As(err, &network):
		return network.error
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("%s: the registry does not take the document", repo.Name())
}

func statusError(status int) error {
	if status == 401 || status == 403 {
		return registry.ErrAccess
	}
	return errManifest
}

// referrer is a manifest with one document, as the guidelines for artifacts of
// the OCI image specification want it. It is what remote.Put takes.
type referrer struct {
	body []byte
	kind types.MediaType
}

func newReferrer(subject *document, doc registry.Attachment) (*referrer, error) {
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
	return &referrer{body: body, kind: types.OCIManifestSchema1}, err
}

func (r *referrer) sum() string {
	sum := sha256.Sum256(r.body)
	return hex.EncodeToString(sum[:])
}

// RawManifest implements remote.Taggable.
func (r *referrer) RawManifest() ([]byte, error) { return r.body, nil }

// MediaType tells remote.Put what RawManifest is.
func (r *referrer) MediaType() (types.MediaType, error) { return r.kind, nil }
