// Package hf is the Source of the Hugging Face Hub and of servers that speak its
// interface: models, datasets and spaces.
//
//	hf://org/name[@revision]    hf://datasets/org/name[@revision]    hf://spaces/...
//
// The revision (branch, tag, commit; the repository's default branch when there
// is none) is resolved to a commit with one request, and everything after it
// names the commit. Files are promised by the Hub under the SHA-256 of their LFS
// pointer, or, small ones, under their Git blob id, which is SHA-1: weak against
// somebody who can prepare both files, so that the digest that counts is the
// pipeline's own.
//
// # Security
//
// The Hub's answers are claims. Names are checked (registry.CheckSet), path
// segments are encoded one by one, listings stay on their host and are bounded,
// each file is served only with the X-Repo-Commit that was resolved, and bytes
// are given only after they match what was promised (internal/cas). The token
// goes to the scheme and host of the endpoint and nowhere else, and never over
// plain http to another machine. The commit id binds the list of files by Git's
// Merkle tree. With Config.ProveTree the commit and its trees are fetched and hashed,
// and every file must be the one that they bind; otherwise the endpoint is trusted
// for the list.
package hf

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// DefaultEndpoint is used when the environment names no other.
const DefaultEndpoint = "https://huggingface.co"

// Config configures a Source.
type Config struct {
	Endpoint string // URL without user information; DefaultEndpoint when empty
	Token    string // "" is anonymous
	Offline  bool

	// ProveTree asks for the Git objects of the commit, and compares the list of files
	// with them.
	ProveTree bool

	Client *fetch.Client
	Store  *cas.Store
}

// Source resolves references to one Hub.
type Source struct {
	cfg      Config
	endpoint *url.URL
	origin   http.RoundTripper
	withheld bool // the token is not sent, since the endpoint is plain http
}

var _ registry.Source = (*Source)(nil)

// New returns a Source, or an error when the endpoint is no http or https URL or
// the token has characters that no token has. The error does not show either's
// secret part.
func New(cfg Config) (*Source, error) {
	if cfg.Endpoint == "" {
		cfg.Endpoint = DefaultEndpoint
	}
	u, err := url.Parse(strings.TrimRight(cfg.Endpoint, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: HF_ENDPOINT must be a URL like %s", registry.ErrReference, DefaultEndpoint)
	}
	if u.User != nil {
		return nil, fmt.Errorf("%w: HF_ENDPOINT must not hold credentials, use HF_TOKEN", registry.ErrReference)
	}
	if strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("%w: the Hugging Face token has blanks or control characters", registry.ErrReference)
	}
	s := &Source{cfg: cfg, endpoint: u, origin: cfg.Client.Transport()}
	if cfg.Token != "" {
		s.withheld = u.Scheme == "http" && !isLoopback(u.Hostname())
		if !s.withheld {
			s.origin = &bearer{next: cfg.Client.Transport(), token: cfg.Token}
		}
	}
	return s, nil
}

// bearer adds the token. fetch uses it for the endpoint's own host only.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// Scheme is "hf".
func (*Source) Scheme() string { return "hf" }

// Resolve pins the revision and lists the files of that commit.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	bare, err := s.atThisHub(ref)
	if err != nil {
		return nil, err
	}
	repo, err := parse(bare)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	info, err := s.revision(ctx, repo)
	if err != nil {
		return nil, err
	}
	pinned, err := repo.pin(info)
	if err != nil {
		return nil, err
	}
	a := &registry.Artifact{
		Ref: ref, Pinned: PinnedAt(s.endpoint.String(), "hf://"+pinned.String()), Kind: pinned.kind,
		Identity: registry.Identity{
			ID: info.ID, Name: pinned.name, Owner: info.Author, Created: info.CreatedAt, Revision: info.SHA,
		},
	}
	if err := s.list(ctx, pinned, a); err != nil {
		return nil, err
	}
	if err := registry.CheckSet(a.Files); err != nil {
		return nil, err
	}
	if s.cfg.ProveTree {
		if err := s.prove(ctx, pinned, a); err != nil {
			return nil, fmt.Errorf("prove the list of %s: %w", pinned, err)
		}
	}
	return a, nil
}
