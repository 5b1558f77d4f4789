package oci

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// maxManifest is what registries accept at least, and what the distribution
// specification recommends as the limit.
const maxManifest = 4 << 20

// pull reads from one repository.
type pull struct {
	source *Source
	repo   name.Repository
	origin http.RoundTripper // signed in
}

// pull signs in to the repository, or uses the session that exists.
func (s *Source) pull(ctx context.Context, repo name.Repository) (*pull, error) {
	s.mu.Lock()
	origin := s.sessions[repo.Name()]
	s.mu.Unlock()
	if origin != nil {
		return &pull{s, repo, origin}, nil
	}
	auth, err := s.credentials(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("read the credentials for %s from the Docker configuration: %w", repo.RegistryStr(), err)
	}
	p := &pull{source: s, repo: repo}
	base := secure{next: s.cfg.Client.Transport(), plain: s.isPlain, content: "/v2/" + repo.RepositoryStr() + "/", patience: s.cfg.Client.Stall()}
	err = s.cfg.Client.Retry(ctx, func() error {
		inner, err := transport.NewWithContext(ctx, repo.Registry, auth, base, []string{repo.Scope(transport.PullScope)})
		if err != nil {
			return presentable(p.url("manifests", ""), err)
		}
		p.origin = signedIn{inner}
		return nil
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, p.explain("such repository", err)
	}
	s.mu.Lock()
	s.sessions[repo.Name()] = p.origin
	s.mu.Unlock()
	return p, nil
}

// credentials are those of the Docker configuration, and none for a registry that
// is spoken to without encryption.
func (s *Source) credentials(ctx context.Context, repo name.Repository) (authn.Authenticator, error) {
	if s.isPlain(repo.RegistryStr()) {
		return authn.Anonymous, nil
	}
	return authn.Resolve(ctx, s.cfg.Keychain, repo)
}

// secure refuses plain http to other machines, whatever a name heuristic, a
// redirect or a token service asks for. It bounds the answers of the sign-in,
// which the library reads, in size and time; manifests and blobs are bounded by
// fetch.
type secure struct {
	next     http.RoundTripper
	plain    func(host string) bool
	content  string        // path below which manifests and blobs are
	patience time.Duration // for one request of the sign-in
}

// maxSignIn is far more than any token, in bytes.
const maxSignIn = 1 << 20

func (s secure) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !isLoopback(r.URL.Hostname()) && !s.plain(r.URL.Host) {
		return nil, &networkError{fmt.Errorf("%w: plain http to %s (ASSAY_UNSAFE_PLAIN_HTTP=%s allows it)", fetch.ErrProtocol, r.URL.Host, r.URL.Host)}
	}
	if strings.HasPrefix(r.URL.Path, s.content) {
		resp, err := s.next.RoundTrip(r)
		if err != nil {
			return nil, &networkError{err}
		}
		return resp, nil
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.patience, fetch.ErrStalled)
	resp, err := s.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel()
		return nil, &networkError{err}
	}
	resp.Body = &signInBody{Reader: io.LimitReader(resp.Body, maxSignIn), body: resp.Body, done: cancel}
	return resp, nil
}

type signInBody struct {
	io.Reader
	body io.Closer
	done context.CancelFunc
}

func (b *signInBody) Close() error {
	defer b.done()
	return b.body.Close()
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// hasHost reports whether the first part of a reference is a host, by the rule
// of the Docker reference grammar.
func hasHost(rest string) bool {
	host, _, ok := strings.Cut(rest, "/")
	return ok && (strings.ContainsAny(host, ".:") || host == "localhost")
}

// networkError marks what came from the network and not from the library that
// signs in, whose errors may hold the answer of a token service.
type networkError struct{ error }

func (e *networkError) Unwrap() error { return e.error }

// signedIn makes the errors of the signing-in transport fit to be shown.
type signedIn struct{ next http.RoundTripper }

func (s signedIn) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, presentable(r.URL, err)
	}
	return resp, nil
}

// presentable keeps the status of a refused sign-in and the cause of a failed
// connection, and drops every other text.
func presentable(u *url.URL, err error) error {
	var status *transport.Error
	var network *networkError
	switch {
	case errors.As(err, &status):
		return &fetch.StatusError{Status: status.StatusCode, URL: fetch.Redact(u)}
	case errors.As(err, &network):
		return network.error
	}
	return fmt.Errorf("%w: the registry or its token service does not speak the protocol", fetch.ErrProtocol)
}

// document is a manifest or an index, as it was received and under its digest.
type document struct {
	digest registry.Digest
	kind   string // Content-Type, without parameters
	body   []byte
}

// accepted are the manifests that are understood, as the Accept header wants them.
var accepted = strings.Join([]string{
	string(types.OCIManifestSchema1), string(types.OCIImageIndex),
	string(types.DockerManifestSchema2), string(types.DockerManifestList),
}, ", ")

// manifest fetches a manifest by tag or digest. By digest it is compared with
// it; by tag its digest is computed, which pins it.
func (p *pull) manifest(ctx context.Context, identifier string) (*document, error) {
	body, resp, err := p.source.cfg.Client.Document(ctx, fetch.Request{
		URL: p.url("manifests", identifier), Origin: p.origin,
		Header: http.Header{"Accept": {accepted}},
	}, maxManifest)
	if err != nil {
		return nil, p.explain(identifier, err)
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	doc := &document{kind: strings.TrimSpace(kind), body: body}
	asked, err := registry.ParseDigest(identifier)
	if err != nil { // a tag
		asked = registry.Digest{Algorithm: "sha256"}
	}
	if doc.digest, err = digestOf(asked.Algorithm, body); err != nil {
		return nil, err
	}
	if asked.Hex != "" && asked != doc.digest {
		return nil, fmt.Errorf("%w: manifest asked for %s, got %s", registry.ErrDigest, asked, doc.digest)
	}
	said, err := registry.ParseDigest(resp.Header.Get("Docker-Content-Digest"))
	if err == nil && said.Algorithm == doc.digest.Algorithm && said != doc.digest {
		return nil, fmt.Errorf("%w: the registry says manifest %s and sends %s", registry.ErrDigest, said, doc.digest)
	}
	return doc, nil
}

func digestOf(algorithm string, body []byte) (registry.Digest, error) {
	switch algorithm {
	case "sha256":
		sum := sha256.Sum256(body)
		return registry.NewDigest(algorithm, hex.EncodeToString(sum[:]))
	case "sha512":
		sum := sha512.Sum512(body)
		return registry.NewDigest(algorithm, hex.EncodeToString(sum[:]))
	}
	return registry.Digest{}, fmt.Errorf("%w: registries use sha256 and sha512, not %s", registry.ErrReference, algorithm)
}

// open fetches a blob.
func (p *pull) open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return p.source.cfg.Store.Get(ctx, b, p.fill(b))
}

// openHashing fetches a blob for a reader that hashes it.
func (p *pull) openHashing(ctx context.Context, b cas.Blob) (registry.HashedContent, error) {
	return p.source.cfg.Store.GetHashing(ctx, b, p.fill(b))
}

func (p *pull) fill(b cas.Blob) cas.Fill {
	return func(ctx context.Context, sink *cas.Sink) error {
		return p.explain(b.Want[0].String(), p.source.cfg.Client.Download(ctx, p.download(b), sink))
	}
}

// openRanges gives access to a blob without fetching it.
func (p *pull) openRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	if b.Size <= registry.MaxWhole {
		return p.open(ctx, b)
	}
	c, err := p.source.cfg.Client.Ranges(ctx, p.download(b), func(ctx context.Context) (registry.Content, error) {
		return p.open(ctx, b)
	})
	if err != nil {
		return nil, p.explain(b.Want[0].String(), err)
	}
	return c, nil
}

func (p *pull) download(b cas.Blob) fetch.Download {
	return fetch.Download{
		Request: fetch.Request{URL: p.url("blobs", b.Want[0].String()), Origin: p.origin}, Size: b.Size,
	}
}

// url names a manifest or a blob. The parts have been checked by the reference
// grammar and by ParseDigest.
func (p *pull) url(collection, identifier string) *url.URL {
	scheme := "https"
	if host := p.repo.RegistryStr(); p.repo.Scheme() == "http" && (isLoopback(hostOf(host)) || p.source != nil && p.source.isPlain(host)) {
		scheme = "http"
	}
	return &url.URL{
		Scheme: scheme, Host: p.repo.RegistryStr(),
		Path: "/v2/" + p.repo.RepositoryStr() + "/" + collection + "/" + identifier,
	}
}

func hostOf(hostport string) string { return (&url.URL{Host: hostport}).Hostname() }

func (p *pull) explain(identifier string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrNotFound):
		return fmt.Errorf("%s has no %s: %w", p.repo.Name(), identifier, err)
	case errors.Is(err, registry.ErrAccess):
		return fmt.Errorf("%s: run docker login for %s, or check the name: %w", p.repo.Name(), p.repo.RegistryStr(), err)
	}
	return err
}
