// Package sigstore holds the trusted root of the public Sigstore instance, and
// fetches newer ones, or those of other instances, by TUF when that is asked for.
//
// # Security
//
// Trusted: the two documents that are built in (public/README says where they are
// from), or the TUF root that the caller gives. Not trusted: the mirror and the
// network. The update is done by go-tuf 2.4: signatures and thresholds of every
// role, version numbers that only grow (also against the cache), expiry, length
// and digest of the target, chained from the given root. Nothing is ever fetched
// by verification. Bounded: the size of every document, and the time in all.
package sigstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

var (
	//go:embed public/trusted_root.json
	trustedRoot []byte
	//go:embed public/root.json
	tufRoot []byte
)

// PublicDate is when the built-in root was published.
var PublicDate = time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC)

// MaxAge is the age above which a person should be told about the root: the
// public instance begins a new log about every year.
const MaxAge = 365 * 24 * time.Hour

// PublicRoot is the trusted_root.json of the public instance.
func PublicRoot() []byte { return trustedRoot }

// PublicMirror is where the public instance keeps its TUF repository.
const PublicMirror = "https://tuf-repo-cdn.sigstore.dev"

// targetName is what every Sigstore instance calls the target.
const targetName = "trusted_root.json"

// maxTarget bounds a trusted root, in bytes; the public one has 7 KB.
const maxTarget = 1 << 20

// Refresh says what to fetch.
type Refresh struct {
	Mirror    string // URL; "" for PublicMirror
	Root      []byte // TUF root.json to begin with; nil for the built-in one, with PublicMirror only
	Cache     string // folder that remembers versions, so that none goes back
	Transport http.RoundTripper
	Timeout   time.Duration // of one request; 0 for 30 s
}

// TrustedRoot fetches the newest trusted_root.json.
func (r Refresh) TrustedRoot(ctx context.Context) (data []byte, err error) {
	if r.Mirror == "" {
		r.Mirror = PublicMirror
	}
	if r.Root == nil {
		if r.Mirror != PublicMirror {
			return nil, errors.New("another mirror needs its own TUF root: whoever runs the mirror must not be the one who vouches for it")
		}
		r.Root = tufRoot
	}
	if r.Timeout <= 0 {
		r.Timeout = 30 * time.Second
	}
	defer func() {
		if cause := recover(); cause != nil {
			data, err = nil, fmt.Errorf("TUF: the update crashed: %v", cause)
		}
	}()
	client, err := tuf.New(&tuf.Options{
		Root: r.Root, RepositoryBaseURL: strings.TrimSuffix(r.Mirror, "/"), CachePath: r.Cache,
		Fetcher: &fetcher{ctx: ctx, client: &http.Client{Transport: r.Transport, Timeout: r.Timeout, CheckRedirect: sameHost}},
	})
	if err != nil {
		return nil, fmt.Errorf("TUF: %w", err)
	}
	if data, err = client.GetTarget(targetName); err != nil {
		return nil, fmt.Errorf("TUF: %w", err)
	}
	if len(data) > maxTarget {
		return nil, fmt.Errorf("TUF: %s is larger than %d bytes", targetName, maxTarget)
	}
	if _, err := root.NewTrustedRootFromJSON(data); err != nil {
		return nil, fmt.Errorf("TUF: %s: %w", targetName, err)
	}
	return data, nil
}

var errRedirect = errors.New("the mirror sends elsewhere")

func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return errRedirect
	}
	return nil
}

// fetcher implements the interface of go-tuf with a bound on what is read.
type fetcher struct {
	ctx    context.Context
	client *http.Client
}

// DownloadFile implements fetcher.Fetcher. What is not there is told by the
// status, which is how a client learns that it has the last root.
func (f *fetcher) DownloadFile(url string, limit int64, _ time.Duration) ([]byte, error) {
	request, err := http.NewRequestWithContext(f.ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &metadata.ErrDownloadHTTP{StatusCode: resp.StatusCode, URL: url}
	}
	return readAll(resp.Body, limit)
}

// readAll fails for a body of more than limit bytes: an endless answer must not
// fill the memory.
func readAll(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: fmt.Sprintf("more than %d bytes", limit)}
	}
	return data, nil
}
