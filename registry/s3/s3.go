// Package s3 is the Source of S3 and of stores that speak its interface, Google
// Cloud Storage among them.
//
//	s3://bucket[/prefix][@sha256:...]    gs://bucket[/prefix][@sha256:...]
//
// Every object below the prefix is a file; without any below it, the object of
// that very name is. What is pinned is the listing: the digest of all names with
// their versions. Of a bucket with versions, the state with that digest is found
// again as long as its versions are kept; of any other, it is noticed that it
// changed.
//
// A SHA-256 that S3 itself computed over the whole object is a promise, and is
// compared. Entity tags and checksums of parts are not digests of files and are
// taken for the name of a version only; a file that has nothing better is
// compared with nothing, and its own digest is what the evidence says.
//
// # Security
//
// Requests are signed (SigV4) for the host of the endpoint and no other; plain
// http is spoken with this machine and with hosts that were named for it. Listings
// are bounded in pages and size, names are checked before they become URLs.
// Objects are asked for by version, or under the entity tag that was listed.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// Config configures a Source.
type Config struct {
	Scheme   string // "s3" or "gs"
	Endpoint string // URL; "" is that of the provider
	Region   string // "us-east-1" when empty
	Offline  bool
	Client   *fetch.Client
	Store    *cas.Store

	// Sign adds credentials to a request; nil asks as anybody may.
	Sign func(ctx context.Context, r *http.Request) (*http.Request, error)

	// UnsafePlainHTTP are hosts that may be spoken to without encryption.
	UnsafePlainHTTP []string
}

// Source resolves references to buckets.
type Source struct {
	cfg      Config
	endpoint *url.URL // nil: the provider's
	store    remote.Store
}

var _ registry.Source = (*Source)(nil)

// New returns a Source, or an error when the endpoint is none.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg}
	if s.cfg.Region == "" {
		s.cfg.Region = "us-east-1"
	}
	if cfg.Endpoint == "" && cfg.Scheme == "gs" {
		s.cfg.Endpoint = "https://storage.googleapis.com"
	}
	if s.cfg.Endpoint != "" {
		u, err := url.Parse(strings.TrimRight(s.cfg.Endpoint, "/"))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, fmt.Errorf("%w: the endpoint of %s:// must be a URL like https://s3.example.org, without credentials", registry.ErrReference, cfg.Scheme)
		}
		if u.Scheme == "http" && !remote.Plain(cfg.UnsafePlainHTTP).Allows(u.Host) {
			return nil, fmt.Errorf("%w: the endpoint of %s:// is plain http (ASSAY_UNSAFE_PLAIN_HTTP=%s allows it)", registry.ErrReference, cfg.Scheme, u.Host)
		}
		s.endpoint = u
	}
	s.store = remote.Store{Client: cfg.Client, Cache: cfg.Store, Offline: cfg.Offline}
	return s, nil
}

// Scheme is "s3" or "gs".
func (s *Source) Scheme() string { return s.cfg.Scheme }

// Resolve lists the objects below the prefix.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	l, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	l.store = s.store
	l.store.Explain = l.explain
	objects, err := l.objects(ctx)
	if err != nil {
		return nil, err
	}
	state := digestOf(objects)
	a := &registry.Artifact{
		Ref:      ref,
		Pinned:   l.scheme() + "://" + path.Join(l.bucket, l.prefix) + "@" + state.String(),
		Identity: registry.Identity{Name: l.bucket, Revision: state.String()},
	}
	if err := l.list(ctx, a, objects); err != nil {
		return nil, err
	}
	return a, nil
}

// location is a prefix of a bucket.
type location struct {
	source         *Source
	store          remote.Store
	bucket, prefix string
	pinned         registry.Digest // zero: the state of now
	base           *url.URL        // of the bucket
	origin         http.RoundTripper
}

func (l *location) scheme() string { return l.source.cfg.Scheme }

func (l *location) String() string {
	return l.scheme() + "://" + path.Join(l.bucket, l.prefix)
}

// bucketName is what all providers accept; it becomes part of a host name.
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]|\.[a-z0-9]|_){1,61}[a-z0-9]$`)

// maxKey is the longest key of S3, in bytes.
const maxKey = 1024

func (s *Source) parse(ref registry.Reference) (*location, error) {
	bad := func(why string) (*location, error) {
		return nil, fmt.Errorf("%w: %s: %s (want %s://bucket[/prefix][@sha256:...])", registry.ErrReference, ref, why, s.cfg.Scheme)
	}
	l := &location{source: s}
	rest := ref.Rest
	if i := strings.LastIndex(rest, "@"); i >= 0 {
		d, err := registry.ParseDigest(rest[i+1:])
		if err != nil || d.Algorithm != "sha256" {
			return bad("after @ comes the digest of a listing")
		}
		l.pinned, rest = d, rest[:i]
	}
	l.bucket, l.prefix, _ = strings.Cut(rest, "/")
	l.prefix = strings.TrimSuffix(l.prefix, "/")
	switch {
	case !bucketName.MatchString(l.bucket):
		return bad("no name of a bucket")
	case l.prefix != "" && registry.CheckName(l.prefix) != nil || len(l.prefix) > maxKey || strings.ContainsAny(l.prefix, "?#%"):
		return bad("no usable prefix")
	}
	l.base = s.bucketURL(l.bucket)
	l.origin = signing{s.cfg.Client.Transport(), s.cfg.Sign}
	return l, nil
}

// bucketURL names a bucket by host at the provider itself, where a certificate
// covers it, and by path elsewhere.
func (s *Source) bucketURL(bucket string) *url.URL {
	if s.endpoint != nil {
		u := *s.endpoint
		u.Path, u.RawPath = u.Path+"/"+bucket, ""
		return &u
	}
	host := "s3." + s.cfg.Region + ".amazonaws.com"
	if strings.HasPrefix(s.cfg.Region, "cn-") {
		host += ".cn"
	}
	if strings.ContainsAny(bucket, "._") {
		return &url.URL{Scheme: "https", Host: host, Path: "/" + bucket}
	}
	return &url.URL{Scheme: "https", Host: bucket + "." + host}
}

// object names one object, every byte of whose key is encoded but the slashes.
func (l *location) object(key string, query url.Values) *url.URL {
	u := *l.base
	u.Path += "/" + key
	u.RawPath = s3utils.EncodePath(u.Path)
	u.RawQuery = encode(query)
	return &u
}

// encode writes a query as SigV4 wants it: a blank is %20.
func encode(q url.Values) string { return strings.ReplaceAll(q.Encode(), "+", "%20") }

func (l *location) request(u *url.URL) fetch.Request {
	return fetch.Request{URL: u, Origin: l.origin}
}

// signing adds credentials; fetch uses it for the endpoint's own host only.
type signing struct {
	next http.RoundTripper
	sign func(ctx context.Context, r *http.Request) (*http.Request, error)
}

func (s signing) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.sign != nil {
		var err error
		if r, err = s.sign(r.Context(), r.Clone(r.Context())); err != nil {
			return nil, fmt.Errorf("%w: credentials: %w", registry.ErrAccess, err)
		}
	}
	return s.next.RoundTrip(r)
}

func (l *location) explain(err error) error {
	var status *fetch.StatusError
	switch {
	case errors.As(err, &status) && status.Status == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %s was written to since it was listed: %w", registry.ErrChanged, l, err)
	case errors.As(err, &status) && (status.Status == http.StatusMovedPermanently || status.Status == http.StatusBadRequest):
		return fmt.Errorf("%s: the bucket is in another region than %s? set AWS_REGION: %w", l, l.source.cfg.Region, err)
	case errors.Is(err, registry.ErrAccess) && l.source.cfg.Sign == nil:
		return fmt.Errorf("%s: no credentials were found, and not everybody may read it: %w", l, err)
	case err != nil:
		return fmt.Errorf("%s: %w", l, err)
	}
	return nil
}

// list makes files of objects.
func (l *location) list(ctx context.Context, a *registry.Artifact, objects []object) error {
	for _, o := range objects {
		name := l.nameOf(o.key)
		if err := registry.CheckName(name); err != nil {
			return err
		}
		query, entry := make(url.Values), remote.Entry{Name: name, Size: o.size}
		entry.Key = fmt.Sprintf("s3 %s/%s %s %s %d", l.base, o.key, o.version, o.etag, o.size)
		if o.hasVersion() {
			query.Set(l.versionKey(), o.version)
		}
		entry.Request = l.request(l.object(o.key, query))
		if !o.hasVersion() && o.etag != "" {
			entry.Check = remote.SameETag(o.etag)
		}
		a.Files = append(a.Files, l.store.File(entry))
	}
	if err := registry.CheckSet(a.Files); err != nil {
		return err
	}
	if err := l.promises(ctx, a, objects); err != nil {
		return err
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	return nil
}

// versionKey is how a version is asked for.
func (l *location) versionKey() string {
	if l.scheme() == "gs" {
		return "generation"
	}
	return "versionId"
}

// nameOf is the name of an object's file: what follows the prefix, or the last
// part when the object is what the reference names.
func (l *location) nameOf(key string) string {
	if key == l.prefix {
		return path.Base(key)
	}
	if l.prefix == "" {
		return key
	}
	return strings.TrimPrefix(key, l.prefix+"/")
}
