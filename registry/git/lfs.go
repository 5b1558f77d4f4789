package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/disk"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// pointer is what Git has in place of a large file (git-lfs, docs/spec.md).
type pointer struct {
	digest registry.Digest
	size   int64
}

const maxPointer = 1024 // bytes; the specification's limit

// pointerVersions are those that git-lfs replaces by the file (lfs/pointer.go there).
var pointerVersions = []string{
	"https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2",
}

// parsePointer takes every form that git-lfs replaces by the file, which are more
// than its specification has: white space around lines, empty lines, a sign before
// the size. What it took for text here would be another file in a clone.
func parsePointer(text []byte) (p pointer, ok bool) {
	if len(text) > maxPointer {
		return p, false
	}
	fields := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, twice := fields[key]; key == "" || twice {
			continue
		}
		fields[key] = strings.TrimSpace(value)
	}
	hex, isSHA256 := strings.CutPrefix(fields["oid"], "sha256:")
	size, err := strconv.ParseInt(fields["size"], 10, 64)
	if !slices.Contains(pointerVersions, fields["version"]) || !isSHA256 || err != nil || size < 0 {
		return p, false
	}
	p.size = size
	p.digest, err = registry.NewDigest("sha256", strings.ToLower(hex))
	return p, err == nil
}

// large is a file that LFS has.
func (r *repository) large(name string, p pointer) registry.File {
	f := registry.File{Name: name, Size: p.size, Declared: []registry.Declared{{Digest: p.digest, By: ByLFS}}}
	b := cas.Blob{Name: name, Size: p.size, Want: []registry.Digest{p.digest}}
	if r.base == nil {
		f.Open = func(ctx context.Context) (registry.Content, error) { return r.localLarge(ctx, b) }
		f.OpenRanges = f.Open
		return f
	}
	store := remote.Store{Client: r.source.cfg.Client, Cache: r.source.cfg.Store, Offline: r.source.cfg.Offline, Explain: r.explain}
	at := func(ctx context.Context) (registry.File, error) {
		req, err := r.action(ctx, p)
		if err != nil {
			return registry.File{}, r.explain(fmt.Errorf("%s: %w", name, err))
		}
		return store.File(remote.Entry{Name: name, Size: p.size, Declared: f.Declared, Request: req}), nil
	}
	// Where the bytes are is asked when they are wanted: such addresses expire.
	f.Open = func(ctx context.Context) (registry.Content, error) {
		return r.source.cfg.Store.Get(ctx, b, func(ctx context.Context, sink *cas.Sink) error {
			if r.source.cfg.Offline {
				return registry.ErrOffline
			}
			req, err := r.action(ctx, p)
			if err != nil {
				return r.explain(err)
			}
			return r.explain(r.source.cfg.Client.Download(ctx, fetch.Download{Request: req, Size: p.size}, sink))
		})
	}
	f.OpenRanges = func(ctx context.Context) (registry.Content, error) {
		if p.size <= registry.MaxWhole || r.source.cfg.Offline {
			return f.Open(ctx)
		}
		there, err := at(ctx)
		if err != nil {
			return nil, err
		}
		return there.OpenRanges(ctx)
	}
	return f
}

// localLarge finds a large file in a repository on this machine, bare or not. Whoever
// reads it compares its SHA-256.
func (r *repository) localLarge(ctx context.Context, b cas.Blob) (registry.Content, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	hex := b.Want[0].Hex
	for _, dir := range []string{"lfs/objects", ".git/lfs/objects"} {
		root, err := os.OpenRoot(r.dir)
		if err != nil {
			return nil, err
		}
		c, err := disk.Blob(root, dir+"/"+hex[:2]+"/"+hex[2:4]+"/"+hex).Content(nil)
		_ = root.Close()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.Size() != b.Size {
			return nil, errors.Join(fmt.Errorf("%w: %s has %d bytes, promised were %d", registry.ErrDigest, b.Name, c.Size(), b.Size), c.Close())
		}
		return c, nil
	}
	return nil, fmt.Errorf("%w: the repository has only the pointer of %s, not the file (git lfs fetch gets it)", registry.ErrNotFound, b.Name)
}

// batch is the answer of the batch API (git-lfs, docs/api/batch.md).
type batch struct {
	Transfer string `json:"transfer"`
	Objects  fetch.List[struct {
		OID     string `json:"oid"`
		Size    int64  `json:"size"`
		Actions struct {
			Download *struct {
				Href   string            `json:"href"`
				Header map[string]string `json:"header"`
			} `json:"download"`
		} `json:"actions"`
		Error *struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}] `json:"objects"`
}

const lfsType = "application/vnd.git-lfs+json"

// maxBatch bounds an answer about one file, in bytes.
const maxBatch = 256 << 10

// action asks where a file is.
func (r *repository) action(ctx context.Context, p pointer) (req fetch.Request, err error) {
	u := *r.base
	if u.Path = strings.TrimSuffix(u.Path, "/"); !strings.HasSuffix(u.Path, ".git") {
		u.Path += ".git"
	}
	u.Path += "/info/lfs/objects/batch"
	body, err := json.Marshal(map[string]any{
		"operation": "download", "transfers": []string{"basic"}, "hash_algo": "sha256",
		"objects": []map[string]any{{"oid": p.digest.Hex, "size": p.size}},
	}, json.Deterministic(true))
	if err != nil {
		return req, err
	}
	got, _, err := fetch.JSON[batch](ctx, r.source.cfg.Client, fetch.Request{
		URL: &u, Origin: r.origin, Body: body, Header: http.Header{"Accept": {lfsType}, "Content-Type": {lfsType}},
	}, maxBatch)
	if err != nil {
		return req, err
	}
	if len(got.Objects) != 1 || got.Objects[0].OID != p.digest.Hex || got.Transfer != "" && got.Transfer != "basic" {
		return req, fmt.Errorf("%w: the LFS server answers about another file", fetch.ErrProtocol)
	}
	o := got.Objects[0]
	switch {
	case o.Error != nil && (o.Error.Code == http.StatusNotFound || o.Error.Code == http.StatusGone):
		return req, fmt.Errorf("%w: the LFS server does not have it", registry.ErrNotFound)
	case o.Error != nil:
		return req, fmt.Errorf("%w: the LFS server refuses it (code %d)", registry.ErrAccess, o.Error.Code)
	case o.Actions.Download == nil:
		return req, fmt.Errorf("%w: the LFS server says nothing about where it is", fetch.ErrProtocol)
	}
	return r.download(o.Actions.Download.Href, o.Actions.Download.Header)
}

// download makes a request of what the LFS server said: its headers for the host
// that it named, ours for our own.
func (r *repository) download(href string, headers map[string]string) (fetch.Request, error) {
	to, err := r.base.Parse(href)
	if err != nil || to.Host == "" || to.Scheme != "https" && !(to.Scheme == "http" && r.base.Scheme == "http") {
		return fetch.Request{}, fmt.Errorf("%w: the LFS server names no address that is as safe as its own", fetch.ErrProtocol)
	}
	if len(headers) > 32 {
		return fetch.Request{}, fmt.Errorf("%w: the LFS server wants %d headers sent", fetch.ErrProtocol, len(headers))
	}
	extra := signed{next: r.source.cfg.Client.Transport(), header: make(http.Header)}
	for key, value := range headers {
		if key != "" && !strings.ContainsAny(key+value, "\r\n") && !strings.EqualFold(key, "Range") && !strings.EqualFold(key, "Host") {
			extra.header.Set(key, value)
		}
	}
	if sameHost(to, r.base) && extra.header.Get("Authorization") == "" {
		extra.next = r.origin
	}
	return fetch.Request{URL: to, Origin: extra}, nil
}

func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

// signed sends the headers that the LFS server wants sent, to that host alone.
type signed struct {
	next   http.RoundTripper
	header http.Header
}

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	maps.Copy(r.Header, s.header)
	return s.next.RoundTrip(r)
}

// Netrc reads credentials for hosts from a netrc file, as git's HTTP does. A file
// that is not there has none.
func Netrc(path string) func(host string) string {
	return func(host string) string {
		text, err := readSmall(path)
		if err != nil {
			return ""
		}
		machine, login, password := "", "", ""
		words := strings.Fields(string(text))
		for i := 0; i+1 < len(words); i++ {
			switch words[i] {
			case "machine":
				machine, login, password = words[i+1], "", ""
			case "login":
				login = words[i+1]
			case "password":
				password = words[i+1]
			default:
				continue
			}
			i++
			if machine == host && login != "" && password != "" {
				r := http.Request{Header: make(http.Header)}
				r.SetBasicAuth(login, password)
				return r.Header.Get("Authorization")
			}
		}
		return ""
	}
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}
