package hf

import (
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
)

// Bounds on the Hub's documents, in bytes and pages. A page of the tree holds at
// most a thousand entries; the client of the Hub asks for no fewer.
const (
	maxInfo  = 32 << 20 // names every file too; it is decoded as it arrives
	maxPage  = 16 << 20
	maxPages = 4096
)

// revisionInfo is the answer to /api/models/{name}/revision/{revision}.
type revisionInfo struct {
	ID        string `json:"_id"`
	Name      string `json:"id"`
	Author    string `json:"author"`
	SHA       string `json:"sha"`
	CreatedAt string `json:"createdAt"`
	Disabled  bool   `json:"disabled"`
}

// treeEntry is one entry of /api/models/{name}/tree/{revision}.
type treeEntry struct {
	Type string `json:"type"`
	OID  string `json:"oid"` // Git object id
	Size int64  `json:"size"`
	Path string `json:"path"`
	LFS  *struct {
		OID  string `json:"oid"` // SHA-256 of the content
		Size int64  `json:"size"`
	} `json:"lfs"`
}

func (s *Source) revision(ctx context.Context, r repo) (revisionInfo, error) {
	call := "revision"
	if r.revision == "" {
		call = ""
	}
	info, _, err := fetch.JSON[revisionInfo](ctx, s.cfg.Client, s.request(r.api(s.endpoint, call)), maxInfo)
	if err != nil {
		return info, s.explain(r, err)
	}
	if info.Disabled {
		return info, fmt.Errorf("%w: %s is disabled by the Hub", registry.ErrAccess, r)
	}
	return info, nil
}

func (s *Source) request(u *url.URL) fetch.Request {
	return fetch.Request{URL: u, Origin: s.origin}
}

// list reads the whole tree of the pinned commit.
func (s *Source) list(ctx context.Context, r repo, a *registry.Artifact) error {
	page := r.api(s.endpoint, "tree")
	page.RawQuery = "recursive=true"
	seen := make(map[string]bool)
	for page != nil {
		if seen[page.String()] || len(seen) == maxPages {
			return fmt.Errorf("%w: the listing of %s has no end", registry.ErrLimit, r)
		}
		seen[page.String()] = true
		entries, resp, err := fetch.JSON[fetch.List[treeEntry]](ctx, s.cfg.Client, s.request(page), maxPage)
		if err != nil {
			return s.explain(r, err)
		}
		if entries == nil {
			return fmt.Errorf("%w: the listing of %s is null", fetch.ErrProtocol, r)
		}
		if err := s.add(r, a, entries); err != nil {
			return err
		}
		if page, err = nextPage(page, resp.Header); err != nil {
			return err
		}
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	return nil
}

func (s *Source) add(r repo, a *registry.Artifact, entries []treeEntry) error {
	for _, e := range entries {
		if len(a.Files)+len(a.Omitted) >= registry.MaxFiles {
			return fmt.Errorf("%w: %s has more than %d files", registry.ErrLimit, r, registry.MaxFiles)
		}
		switch e.Type {
		case "file":
			f, err := s.file(r, e)
			if err != nil {
				return err
			}
			a.Files = append(a.Files, f)
		case "directory":
		default:
			a.Omitted = append(a.Omitted, registry.Omission{
				Name: registry.PrintableName(e.Path), Reason: fmt.Sprintf("the Hub lists it as %q, not as a file", e.Type),
			})
		}
	}
	return nil
}

// file makes a File of an entry. The name is checked here and not only with the
// whole set, since the URL is built from it.
func (s *Source) file(r repo, e treeEntry) (registry.File, error) {
	if err := registry.CheckName(e.Path); err != nil {
		return registry.File{}, err
	}
	declared := registry.Declared{By: "hf-git"}
	size := e.Size
	var err error
	if e.LFS != nil {
		declared.By, size = "hf-lfs", e.LFS.Size
		declared.Digest, err = registry.NewDigest("sha256", strings.TrimPrefix(e.LFS.OID, "sha256:"))
	} else {
		declared.Digest, err = registry.NewDigest("sha1-git", e.OID)
	}
	if err != nil || size < 0 {
		return registry.File{}, fmt.Errorf("%w: the Hub promises no usable digest and size for %s", registry.ErrDigest, e.Path)
	}
	blob := cas.Blob{Name: e.Path, Size: size, Want: []registry.Digest{declared.Digest}}
	return registry.File{
		Name: e.Path, Size: size, Declared: []registry.Declared{declared},
		Open:       func(ctx context.Context) (registry.Content, error) { return s.open(ctx, r, blob) },
		OpenRanges: func(ctx context.Context) (registry.Content, error) { return s.openRanges(ctx, r, blob) },
		OpenHashing: func(ctx context.Context) (registry.HashedContent, error) {
			if s.cfg.Offline {
				return nil, fmt.Errorf("%w: %s", registry.ErrOffline, blob.Name)
			}
			return s.cfg.Store.GetHashing(ctx, blob, s.fill(r, blob))
		},
	}, nil
}

// open fetches a file at the pinned commit.
func (s *Source) open(ctx context.Context, r repo, b cas.Blob) (registry.Content, error) {
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, b.Name)
	}
	return s.cfg.Store.Get(ctx, b, s.fill(r, b))
}

func (s *Source) fill(r repo, b cas.Blob) cas.Fill {
	return func(ctx context.Context, sink *cas.Sink) error {
		return s.explain(r, s.cfg.Client.Download(ctx, s.download(r, b), sink))
	}
}

// openRanges gives access to a file at the pinned commit without fetching it.
func (s *Source) openRanges(ctx context.Context, r repo, b cas.Blob) (registry.Content, error) {
	if s.cfg.Offline || b.Size <= registry.MaxWhole {
		return s.open(ctx, r, b)
	}
	c, err := s.cfg.Client.Ranges(ctx, s.download(r, b), func(ctx context.Context) (registry.Content, error) {
		return s.open(ctx, r, b)
	})
	if err != nil {
		return nil, s.explain(r, err)
	}
	return c, nil
}

func (s *Source) download(r repo, b cas.Blob) fetch.Download {
	return fetch.Download{
		Request: s.request(r.file(s.endpoint, b.Name)),
		Size:    b.Size,
		Check:   func(resp *fetch.Response) error { return checkCommit(resp, r.revision) },
	}
}

// checkCommit compares the commit that the Hub says it serves: on the redirect
// to the storage, or on the answer itself.
func checkCommit(resp *fetch.Response, commit string) error {
	found := false
	for _, h := range resp.OriginHeaders {
		for _, got := range h.Values("X-Repo-Commit") {
			if got != commit {
				return fmt.Errorf("%w: pinned is commit %s, the Hub serves %q", registry.ErrChanged, commit, got)
			}
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: no X-Repo-Commit; a proxy, a login page, or HF_ENDPOINT is no Hub", fetch.ErrProtocol)
	}
	return nil
}

// nextPage reads Link: <url>; rel="next" (RFC 8288). The next page must be on the
// same scheme and host, where the token goes, and below the same path.
func nextPage(page *url.URL, h http.Header) (*url.URL, error) {
	for _, link := range h.Values("Link") {
		for part := range strings.SplitSeq(link, ",") {
			target, params, ok := strings.Cut(strings.TrimSpace(part), ">")
			if !ok || !strings.HasPrefix(target, "<") || !isNext(params) {
				continue
			}
			next, err := page.Parse(target[1:])
			if err != nil || next.Scheme != page.Scheme || !strings.EqualFold(next.Host, page.Host) || next.Path != page.Path || next.User != nil {
				return nil, fmt.Errorf("%w: the listing continues outside of %s", fetch.ErrProtocol, fetch.Redact(page))
			}
			return next, nil
		}
	}
	return nil, nil
}

func isNext(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(key, "rel") && strings.Trim(value, `"`) == "next" {
			return true
		}
	}
	return false
}

// explain says what a person can do about an answer of the Hub.
func (s *Source) explain(r repo, err error) error {
	var status *fetch.StatusError
	if err == nil || !errors.As(err, &status) {
		return err
	}
	var hint string
	switch {
	case status.Code == "GatedRepo":
		hint = fmt.Sprintf("%s is gated: accept its terms at %s and set HF_TOKEN", r, s.page(r))
	case status.Code == "RevisionNotFound":
		hint = fmt.Sprintf("%s has no revision %q", r.name, r.revision)
	case status.Status == http.StatusUnauthorized && s.withheld:
		hint = "the token was not sent: HF_ENDPOINT is plain http on another machine"
	case status.Status == http.StatusUnauthorized && s.cfg.Token == "":
		hint = fmt.Sprintf("%s does not exist, is private, or is gated: check the name, or set HF_TOKEN", r)
	case status.Status == http.StatusUnauthorized:
		hint = fmt.Sprintf("the token was refused: it is not valid, or %s does not exist", r)
	case status.Status == http.StatusForbidden:
		hint = fmt.Sprintf("the token has no access to %s", r)
	case status.Status == http.StatusNotFound:
		hint = fmt.Sprintf("there is no %s", r)
	default:
		return err
	}
	return fmt.Errorf("%s: %w", hint, err)
}

func (s *Source) page(r repo) string {
	r.revision = ""
	return fetch.Redact(join(s.endpoint, strings.Split(r.String(), "/")...))
}
