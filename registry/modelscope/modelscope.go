// Package modelscope is the Source of ModelScope and of servers that speak its
// interface.
//
//	ms://org/name[@revision]
//
// The revision (branch, tag, commit; "master" when there is none) is pinned to the
// newest commit that a file of it has, and the files of that commit are listed.
// ModelScope promises a SHA-256 for every file, large or small.
//
// # Security
//
// The answers are claims: names are checked, listings are bounded, bytes are
// compared with the promised digest. The token goes to the host of the endpoint
// and nowhere else, and never over plain http to another machine.
package modelscope

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// DefaultEndpoint is used when the environment names no other.
const DefaultEndpoint = "https://www.modelscope.cn"

// Config configures a Source.
type Config struct {
	Endpoint string // URL without user information; DefaultEndpoint when empty
	Token    string // "" is anonymous
	Offline  bool
	Client   *fetch.Client
	Store    *cas.Store
}

// FromEnv fills in endpoint and token: MODELSCOPE_ENDPOINT, or MODELSCOPE_DOMAIN as
// its own client has it, and MODELSCOPE_API_TOKEN.
func FromEnv(cfg Config, getenv func(string) string) Config {
	cfg.Endpoint = cmp.Or(cfg.Endpoint, getenv("MODELSCOPE_ENDPOINT"))
	if domain := getenv("MODELSCOPE_DOMAIN"); cfg.Endpoint == "" && domain != "" {
		cfg.Endpoint = "https://" + domain
	}
	cfg.Token = cmp.Or(cfg.Token, getenv("MODELSCOPE_API_TOKEN"))
	return cfg
}

// Source resolves references to one ModelScope.
type Source struct {
	cfg      Config
	endpoint *url.URL
	origin   http.RoundTripper
}

var _ registry.Source = (*Source)(nil)

// New returns a Source, or an error when the endpoint is no URL.
func New(cfg Config) (*Source, error) {
	u, err := url.Parse(strings.TrimRight(cmp.Or(cfg.Endpoint, DefaultEndpoint), "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("%w: MODELSCOPE_ENDPOINT must be a URL like %s, without credentials", registry.ErrReference, DefaultEndpoint)
	}
	s := &Source{cfg: cfg, endpoint: u, origin: cfg.Client.Transport()}
	if cfg.Token != "" && (u.Scheme == "https" || remote.IsLoopback(u.Hostname())) {
		s.origin = remote.SignIn{Next: s.origin, Authorization: "Bearer " + cfg.Token}
	}
	return s, nil
}

// Scheme is "ms".
func (*Source) Scheme() string { return "ms" }

// Resolve pins the revision and lists the files of that commit.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	name, revision, err := parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	commit, files, err := s.pin(ctx, name, revision)
	if err != nil {
		return nil, err
	}
	owner, _, _ := strings.Cut(name, "/")
	a := &registry.Artifact{
		Ref: ref, Pinned: "ms://" + name + "@" + commit, Kind: registry.KindModel,
		Identity: registry.Identity{Name: name, Owner: owner, Revision: commit},
	}
	store := remote.Store{Client: s.cfg.Client, Cache: s.cfg.Store, Offline: s.cfg.Offline, Explain: func(err error) error { return s.explain(name, err) }}
	for _, f := range files {
		if f.Type == "tree" {
			continue
		}
		entry, err := s.entry(name, commit, f)
		if err != nil {
			return nil, err
		}
		a.Files = append(a.Files, store.File(entry))
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	if err := registry.CheckSet(a.Files); err != nil {
		return nil, err
	}
	return a, nil
}

func parse(ref registry.Reference) (name, revision string, err error) {
	name, revision, pinned := strings.Cut(ref.Rest, "@")
	if !pinned {
		revision = "master"
	}
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	if strings.Count(name, "/") != 1 || strings.ContainsFunc(strings.Replace(name, "/", "", 1), bad) || registry.CheckName(name) != nil ||
		strings.ContainsAny(revision, " ?#%@") || registry.CheckName(revision) != nil || len(ref.Rest) > 512 {
		return "", "", fmt.Errorf("%w: %s (want ms://org/name[@revision])", registry.ErrReference, ref)
	}
	return name, revision, nil
}

// file is an entry of /api/v1/models/{name}/repo/files.
type file struct {
	Type          string
	Path          string
	Sha256        string
	Size          int64
	Revision      string // commit that last changed it
	CommittedDate int64  // seconds
}

type listing struct {
	Code    int
	Success bool
	Message string
	Data    *struct {
		Files fetch.List[file]
	}
}

// maxListing bounds a listing, which has no pages, in bytes.
const maxListing = 32 << 20

func (s *Source) list(ctx context.Context, name, revision string) ([]file, error) {
	u := s.url(name, "files", url.Values{"Revision": {revision}, "Recursive": {"true"}})
	l, _, err := fetch.JSON[listing](ctx, s.cfg.Client, fetch.Request{URL: u, Origin: s.origin}, maxListing)
	if err != nil {
		return nil, s.explain(name, err)
	}
	switch {
	case l.Code == http.StatusNotFound:
		return nil, fmt.Errorf("%w: ModelScope has no %s at %s", registry.ErrNotFound, name, revision)
	case l.Code == http.StatusUnauthorized || l.Code == http.StatusForbidden:
		return nil, fmt.Errorf("%w: %s at %s is private, or not there: set MODELSCOPE_API_TOKEN", registry.ErrAccess, name, revision)
	case l.Code != http.StatusOK || l.Data == nil || l.Data.Files == nil:
		return nil, fmt.Errorf("%w: no listing of %s (code %d)", fetch.ErrProtocol, name, l.Code)
	}
	return l.Data.Files, nil
}

// pin finds the commit that a revision names now, and lists it. The interface does
// not tell it: it is the newest one that changed a file, unless the last one only
// removed some. Then, and when the revision moves meanwhile, the two listings
// differ.
func (s *Source) pin(ctx context.Context, name, revision string) (commit string, files []file, err error) {
	for range 3 {
		named, err := s.list(ctx, name, revision)
		if err != nil {
			return "", nil, err
		}
		newest := file{}
		for _, f := range named {
			if f.CommittedDate >= newest.CommittedDate && f.Type != "tree" {
				newest = f
			}
		}
		if isCommit(revision) {
			newest.Revision = revision
		}
		if !isCommit(newest.Revision) {
			return "", nil, fmt.Errorf("%w: the listing of %s names no commit", fetch.ErrProtocol, name)
		}
		if newest.Revision == revision {
			return revision, named, nil
		}
		if files, err = s.list(ctx, name, newest.Revision); err != nil {
			return "", nil, err
		}
		if slices.EqualFunc(named, files, func(x, y file) bool { return x.Path == y.Path && x.Sha256 == y.Sha256 }) {
			return newest.Revision, files, nil
		}
	}
	return "", nil, fmt.Errorf("%w: %s at %s cannot be pinned: its newest commit has other files than its listing; name a commit", registry.ErrChanged, name, revision)
}

func isCommit(s string) bool {
	_, err := registry.NewDigest("sha1-git", s)
	return err == nil
}

// By is who promises the digests.
const By = "modelscope"

func (s *Source) entry(name, commit string, f file) (e remote.Entry, err error) {
	if err := registry.CheckName(f.Path); err != nil {
		return e, err
	}
	d, err := registry.NewDigest("sha256", f.Sha256)
	if err != nil || f.Size < 0 {
		return e, fmt.Errorf("%w: ModelScope promises no usable digest and size for %s", registry.ErrDigest, f.Path)
	}
	return remote.Entry{
		Name: f.Path, Size: f.Size, Declared: []registry.Declared{{Digest: d, By: By}},
		Request: fetch.Request{URL: s.url(name, "", url.Values{"Revision": {commit}, "FilePath": {f.Path}}), Origin: s.origin},
	}, nil
}

// url names a call below /api/v1/models/{name}/repo.
func (s *Source) url(name, call string, q url.Values) *url.URL {
	u := s.endpoint.JoinPath("api", "v1", "models", name, "repo", call)
	u.Path = strings.TrimSuffix(u.Path, "/")
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u
}

func (s *Source) explain(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrAccess) && s.cfg.Token == "":
		return fmt.Errorf("%s is private, or not there: set MODELSCOPE_API_TOKEN: %w", name, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}
