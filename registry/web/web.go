// Package web is the Source of single files on the web.
//
//	https://host/path/model.gguf@sha256:<hex>
//
// An address pins nothing; the digest does, and is compared. A file without one
// is refused.
//
// # Security
//
// No credentials are sent. Addresses with user information or a query are refused:
// tokens live there, and references are printed. Plain http is spoken with this
// machine and with hosts that were named for it.
package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// Config configures a Source.
type Config struct {
	Scheme          string // "https" or "http"
	Offline         bool
	Client          *fetch.Client
	Store           *cas.Store
	UnsafePlainHTTP []string // hosts that may be spoken to without encryption
}

// Source resolves addresses.
type Source struct{ cfg Config }

var _ registry.Source = (*Source)(nil)

// New returns a Source.
func New(cfg Config) *Source { return &Source{cfg} }

// Scheme is "https" or "http".
func (s *Source) Scheme() string { return s.cfg.Scheme }

// By is who promises the digest: whoever wrote the reference.
const By = "reference"

// Resolve asks for the size of the file.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	u, digest, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	size, err := s.size(ctx, u)
	if err != nil {
		return nil, err
	}
	store := remote.Store{Client: s.cfg.Client, Cache: s.cfg.Store, Offline: s.cfg.Offline}
	return &registry.Artifact{
		Ref: ref, Pinned: ref.String(),
		Identity: registry.Identity{Name: u.Host, Revision: digest.String()},
		Files: []registry.File{store.File(remote.Entry{
			Name: path.Base(u.Path), Size: size, Request: fetch.Request{URL: u},
			Declared: []registry.Declared{{Digest: digest, By: By}},
		})},
	}, nil
}

func (s *Source) parse(ref registry.Reference) (*url.URL, registry.Digest, error) {
	bad := func(why string) (*url.URL, registry.Digest, error) {
		return nil, registry.Digest{}, fmt.Errorf("%w: %s (want %s://host/path/file@sha256:...)", registry.ErrReference, why, s.cfg.Scheme)
	}
	address, text, pinned := cutLast(ref.Rest, "@")
	digest, err := registry.ParseDigest(text)
	if !pinned || err != nil || digest.Algorithm == "sha1-git" {
		return bad("a web address pins nothing: add the digest of the file")
	}
	u, err := url.Parse(s.cfg.Scheme + "://" + address)
	switch {
	case err != nil || u.Host == "":
		return bad("no web address")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return bad("an address with credentials, a query or a fragment is refused: secrets live there")
	case u.Scheme == "http" && !remote.Plain(s.cfg.UnsafePlainHTTP).Allows(u.Host):
		return bad(fmt.Sprintf("plain http to %s (ASSAY_UNSAFE_PLAIN_HTTP=%s allows it)", u.Host, u.Host))
	case registry.CheckName(strings.TrimPrefix(u.Path, "/")) != nil:
		return bad("the path names no file")
	}
	return u, digest, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// size asks for the first byte, because not every server answers to HEAD as it
// does to GET.
func (s *Source) size(ctx context.Context, u *url.URL) (int64, error) {
	resp, err := s.cfg.Client.Get(ctx, fetch.Request{URL: u, Header: http.Header{"Range": {"bytes=0-0"}}})
	var status *fetch.StatusError
	if errors.As(err, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable {
		resp, err = s.cfg.Client.Get(ctx, fetch.Request{URL: u}) // an empty file has no first byte
	}
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	size := resp.ContentLength
	if resp.StatusCode == http.StatusPartialContent {
		_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
		if size, err = strconv.ParseInt(total, 10, 64); err != nil {
			size = -1
		}
	}
	if size < 0 {
		return 0, fmt.Errorf("%w: %s does not say how large the file is", fetch.ErrProtocol, fetch.Redact(u))
	}
	return size, nil
}
