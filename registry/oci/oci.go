// Package oci is the Source of OCI registries.
//
//	oci://host/repository[:tag|@sha256:...]
//
// Every layer is a file: artifacts whose layers carry a file name (ORAS titles,
// the file paths of the CNCF model specification) keep those names; the layers of
// an image are listed as the archives they are, so that the archive scanners look
// inside. Of an index, the layers of every manifest are listed, once per digest,
// so that no platform is left unlooked at. The configuration is a file too.
//
// Ollama's registry and store and the store of Docker Model Runner keep their models
// in the same manifests (Ollama, OllamaStore, DockerModels), and so do image layouts
// (Layout).
//
// # Security
//
// A tag is resolved to a digest by hashing the manifest, once; everything after
// it is asked for by digest and compared with it. Documents are at most 4 MiB,
// manifests and layers are counted, names are checked (registry.CheckSet), and
// the foreign URLs and inline data of a descriptor are not used. Credentials come
// from the Docker configuration, as every registry client has them, and go to the
// registry, or to the token service that the registry names, over https. Plain
// http is spoken with this machine, and without credentials with registries that
// were named for it (Config.UnsafePlainHTTP), and with nobody else.
package oci

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// Config configures a Source.
type Config struct {
	Offline  bool
	Client   *fetch.Client
	Store    *cas.Store
	Keychain authn.Keychain // authn.DefaultKeychain when nil

	// UnsafePlainHTTP are registries ("host" or "host:port", as in the reference)
	// that may be spoken to without encryption: whoever is on the way can read what
	// is fetched, and choose what a tag means. They get no credentials.
	UnsafePlainHTTP []string
}

// Source resolves references to any registry.
type Source struct {
	cfg Config

	mu       sync.Mutex
	sessions map[string]http.RoundTripper // repository -> transport signed in to it
}

var _ registry.Source = (*Source)(nil)

// New returns a Source.
func New(cfg Config) *Source {
	if cfg.Keychain == nil {
		cfg.Keychain = authn.DefaultKeychain
	}
	return &Source{cfg: cfg, sessions: make(map[string]http.RoundTripper)}
}

// Scheme is "oci".
func (*Source) Scheme() string { return "oci" }

// Resolve turns the tag into the digest of its manifest and lists what that
// manifest, or every manifest of that index, holds.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	target, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	p, err := s.pull(ctx, target.Context())
	if err != nil {
		return nil, err
	}
	doc, err := p.manifest(ctx, target.Identifier())
	if err != nil {
		return nil, err
	}
	a := &registry.Artifact{
		Ref:      ref,
		Pinned:   "oci://" + target.Context().Name() + "@" + doc.digest.String(),
		Identity: registry.Identity{Name: target.Context().Name(), Revision: doc.digest.String()},
	}
	a.Attached = (&attached{repo: p, subject: doc.digest, tagged: p.manifest, referrers: func(ctx context.Context) ([]descriptor, error) {
		return p.referrers(ctx, doc.digest)
	}}).documents
	l := listing{pull: p, artifact: a, seen: make(map[registry.Digest]bool), listed: make(map[string]bool)}
	if err := l.run(ctx, doc); err != nil {
		return nil, fmt.Errorf("list %s: %w", ref, err)
	}
	return a, nil
}

// The grammar of the distribution specification for a repository, which the
// library does not keep to: it lets dot segments pass, and they would end up in
// a URL. A host is a name, an IPv4 address or a bracketed IPv6 one, with a port.
var (
	repositoryName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	hostName       = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(:[0-9]+)?$`)
)

// parse reads a reference to a registry that may be one without encryption.
func (s *Source) parse(ref registry.Reference) (name.Reference, error) {
	host, _, _ := strings.Cut(ref.Rest, "/")
	if s.isPlain(host) {
		return parse(ref, name.Insecure)
	}
	return parse(ref)
}

func (s *Source) isPlain(host string) bool {
	return slices.ContainsFunc(s.cfg.UnsafePlainHTTP, func(named string) bool { return strings.EqualFold(named, host) })
}

// parse demands a host: without one, a short name would silently mean one
// particular public registry.
func parse(ref registry.Reference, options ...name.Option) (name.Reference, error) {
	if !hasHost(ref.Rest) {
		return nil, fmt.Errorf("%w: %s names no registry host (want oci://host/repository:tag)", registry.ErrReference, ref)
	}
	target, err := name.ParseReference(ref.Rest, append(options, name.WeakValidation)...)
	if err != nil || !repositoryName.MatchString(target.Context().RepositoryStr()) || !hostName.MatchString(target.Context().RegistryStr()) {
		return nil, fmt.Errorf("%w: %s (want oci://host/repository[:tag|@sha256:...])", registry.ErrReference, ref)
	}
	if d, ok := target.(name.Digest); ok {
		if _, err := registry.ParseDigest(d.DigestStr()); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", registry.ErrReference, ref, err)
		}
	}
	return target, nil
}
