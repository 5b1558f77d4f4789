// Package remote makes the files of an artifact out of what a store serves over
// HTTP, so that every source fetches, compares, caches and looks in the same way.
//
// # Security
//
// A file is handed out after it was compared with what was promised (package cas).
// Where a store promises no digest, the name of the version (cas.Blob.Key) keeps
// one process from being given another's file, and proves nothing.
package remote

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

// Store opens what one store serves.
type Store struct {
	Client  *fetch.Client
	Cache   *cas.Store
	Offline bool
	Explain func(error) error // what a person can do about an error; nil: nothing to add
}

// Entry is a file that the store lists.
type Entry struct {
	Name     string
	Size     int64
	Declared []registry.Declared
	Key      string // stands for Declared when there are none; cas.Blob.Key
	Request  fetch.Request
	Check    func(*fetch.Response) error // of each answer; nil: nothing to check
}

// File makes a File of an entry. Its name must have been checked before a URL was
// made of it.
func (s Store) File(e Entry) registry.File {
	b := cas.Blob{Name: e.Name, Size: e.Size, Key: e.Key}
	for _, d := range e.Declared {
		b.Want = append(b.Want, d.Digest)
	}
	d := fetch.Download{Request: e.Request, Size: e.Size, Check: e.Check}
	return registry.File{
		Name: e.Name, Size: e.Size, Declared: e.Declared,
		Open:       func(ctx context.Context) (registry.Content, error) { return s.open(ctx, b, d) },
		OpenRanges: func(ctx context.Context) (registry.Content, error) { return s.openRanges(ctx, b, d) },
		OpenHashing: func(ctx context.Context) (registry.HashedContent, error) {
			if s.Offline {
				return nil, fmt.Errorf("%w: %s", registry.ErrOffline, b.Name)
			}
			return s.Cache.GetHashing(ctx, b, s.fill(d))
		},
	}
}

func (s Store) open(ctx context.Context, b cas.Blob, d fetch.Download) (registry.Content, error) {
	if s.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, b.Name)
	}
	return s.Cache.Get(ctx, b, s.fill(d))
}

func (s Store) fill(d fetch.Download) cas.Fill {
	return func(ctx context.Context, sink *cas.Sink) error {
		return s.explain(s.Client.Download(ctx, d, sink))
	}
}

func (s Store) openRanges(ctx context.Context, b cas.Blob, d fetch.Download) (registry.Content, error) {
	if s.Offline || b.Size <= registry.MaxWhole {
		return s.open(ctx, b, d)
	}
	c, err := s.Client.Ranges(ctx, d, func(ctx context.Context) (registry.Content, error) { return s.open(ctx, b, d) })
	if err != nil {
		return nil, s.explain(err)
	}
	return c, nil
}

func (s Store) explain(err error) error {
	if err == nil || s.Explain == nil {
		return err
	}
	return s.Explain(err)
}

// SameETag is a Check for a version that only its entity tag names.
func SameETag(etag string) func(*fetch.Response) error {
	return func(resp *fetch.Response) error {
		if got := resp.Header.Get("ETag"); got != etag {
			return fmt.Errorf("%w: listed with entity tag %s, served with %q", registry.ErrChanged, etag, got)
		}
		return nil
	}
}

// Plain decides about plain http: it is spoken with this machine, and with hosts
// that were named for it.
type Plain []string

// Allows reports whether a host may be spoken to without encryption.
func (p Plain) Allows(host string) bool {
	if IsLoopback((&url.URL{Host: host}).Hostname()) {
		return true
	}
	for _, named := range p {
		if strings.EqualFold(named, host) {
			return true
		}
	}
	return false
}

// IsLoopback reports a name or address of this machine.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// SignIn is a transport that sets the Authorization header. It must be used as a
// fetch.Request's Origin, and so for one host only. An empty value adds nothing.
type SignIn struct {
	Next          http.RoundTripper
	Authorization string
}

// RoundTrip implements http.RoundTripper.
func (s SignIn) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.Authorization != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", s.Authorization)
	}
	return s.Next.RoundTrip(r)
}
