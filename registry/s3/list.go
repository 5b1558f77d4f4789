package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"assay/registry"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// Bounds on a listing: S3 gives a thousand entries a page.
const (
	maxPage    = 8 << 20 // bytes
	maxPages   = 2048
	maxEntries = registry.MaxFiles // versions, of all objects
)

// object is one version of an object.
type object struct {
	key, version, etag string
	size               int64
	modified           time.Time
	latest, deleted    bool
	checksums          []string // algorithms that S3 computed itself
	whole              bool     // over the whole object
}

// hasVersion: buckets that never had versions call the only one "null", which the
// next write replaces.
func (o object) hasVersion() bool { return o.version != "" && o.version != "null" }

// page is an answer to a listing, with versions or without.
type page struct {
	XMLName       xml.Name
	EncodingType  string  `xml:"EncodingType"` // "url" when keys are encoded as it was asked for
	IsTruncated   bool    `xml:"IsTruncated"`
	Next          string  `xml:"NextContinuationToken"`
	NextKey       string  `xml:"NextKeyMarker"`
	NextVersion   string  `xml:"NextVersionIdMarker"`
	Contents      []entry `xml:"Contents"`
	Versions      []entry `xml:"Version"`
	DeleteMarkers []entry `xml:"DeleteMarker"`
}

type entry struct {
	Key               string   `xml:"Key"`
	VersionID         string   `xml:"VersionId"`
	Generation        string   `xml:"Generation"`
	ETag              string   `xml:"ETag"`
	Size              int64    `xml:"Size"`
	LastModified      string   `xml:"LastModified"`
	IsLatest          bool     `xml:"IsLatest"`
	ChecksumAlgorithm []string `xml:"ChecksumAlgorithm"`
	ChecksumType      string   `xml:"ChecksumType"`
}

// objects lists the state that the reference names, sorted by key.
func (l *location) objects(ctx context.Context) ([]object, error) {
	all, err := l.versions(ctx)
	if err != nil {
		return nil, err
	}
	h := historyOf(all)
	now := h.state()
	switch {
	case l.pinned.IsZero() && len(now) == 0, len(all) == 0:
		return nil, fmt.Errorf("%w: nothing is below %s", registry.ErrNotFound, l)
	case l.pinned.IsZero():
		return now, nil
	}
	for range maxStates {
		if digestOf(now) == l.pinned {
			return now, nil
		}
		if !h.undo() {
			break
		}
		now = h.state()
	}
	return nil, fmt.Errorf("%w: %s has no state %s any more: objects were written or removed, and their earlier versions are not kept", registry.ErrChanged, l, l.pinned)
}

// maxStates bounds the search for a pinned state: each takes a look at everything.
const maxStates = 1000

// history is what was written below a prefix, as far as versions are kept.
type history struct {
	keys    map[string][]object // newest first
	undone  map[string]int      // how many of a key's versions are taken back
	changes []change            // newest first
}

type change struct {
	key      string
	modified time.Time
	rank     int // of the version among those of its key
}

func historyOf(all []object) *history {
	h := &history{keys: make(map[string][]object), undone: make(map[string]int)}
	for _, o := range all {
		h.keys[o.key] = append(h.keys[o.key], o)
	}
	for key, list := range h.keys {
		slices.SortStableFunc(list, func(x, y object) int { return cmp.Or(order(x.latest, y.latest), y.modified.Compare(x.modified)) })
		for rank, o := range list {
			h.changes = append(h.changes, change{key, o.modified, rank})
		}
	}
	// Times have seconds; what was written within one is taken back key by key, the
	// newest of each first.
	slices.SortFunc(h.changes, func(x, y change) int {
		return cmp.Or(y.modified.Compare(x.modified), cmp.Compare(x.rank, y.rank), cmp.Compare(x.key, y.key))
	})
	return h
}

func order(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// undo takes back what was written last.
func (h *history) undo() bool {
	if len(h.changes) == 0 {
		return false
	}
	last := h.changes[0]
	for len(h.changes) > 0 && h.changes[0].rank == last.rank && h.changes[0].modified.Equal(last.modified) {
		h.undone[h.changes[0].key]++
		h.changes = h.changes[1:]
	}
	return true
}

// state is what a listing showed then, sorted by key.
func (h *history) state() []object {
	var out []object
	for key, list := range h.keys {
		if n := h.undone[key]; n < len(list) && !list[n].deleted {
			out = append(out, list[n])
		}
	}
	slices.SortFunc(out, func(x, y object) int { return cmp.Compare(x.key, y.key) })
	return out
}

// digestOf names a state: every key with the version that is there.
func digestOf(objects []object) registry.Digest {
	h := sha256.New()
	for _, o := range objects {
		fmt.Fprintf(h, "%q %q %q %d\n", o.key, o.version, o.etag, o.size)
	}
	return registry.Digest{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

// versions lists all versions of what is below the prefix, or is it. A caller that
// may not see versions, and a store that has none, get the objects of now. A
// listing of several pages is made until two of them agree: they are not one
// moment's.
func (l *location) versions(ctx context.Context) ([]object, error) {
	call := l.versionsOnce
	if l.scheme() == "gs" { // lists generations of its own, and these with every object
		call = l.objectsOnce
	}
	all, pages, err := call(ctx)
	var status *fetch.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusForbidden || status.Status == http.StatusNotImplemented || status.Status == http.StatusMethodNotAllowed) {
		call = l.objectsOnce
		all, pages, err = call(ctx)
	}
	for range 3 {
		if err != nil || pages == 1 {
			return all, err
		}
		var again []object
		if again, pages, err = call(ctx); err == nil && digestOf(again) == digestOf(all) {
			return all, nil
		}
		all = again
	}
	if err == nil {
		err = fmt.Errorf("%w: %s is written to while it is listed", registry.ErrChanged, l)
	}
	return nil, err
}

func (l *location) versionsOnce(ctx context.Context) ([]object, int, error) {
	q := url.Values{"versions": {""}, "encoding-type": {"url"}, "prefix": {l.prefix}}
	return l.pages(ctx, q, func(p page) bool {
		q.Set("key-marker", p.key(p.NextKey))
		q.Set("version-id-marker", p.NextVersion)
		return p.NextKey != ""
	})
}

func (l *location) objectsOnce(ctx context.Context) ([]object, int, error) {
	q := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "prefix": {l.prefix}}
	return l.pages(ctx, q, func(p page) bool {
		q.Set("continuation-token", p.Next)
		return p.Next != ""
	})
}

// pages reads a listing to its end. next sets what asks for the following page.
func (l *location) pages(ctx context.Context, q url.Values, next func(page) bool) (all []object, n int, err error) {
	for n = 1; ; n++ {
		u := *l.base
		u.Path += "/"
		u.RawQuery = encode(q)
		body, _, err := l.source.cfg.Client.Document(ctx, l.request(&u), maxPage)
		if err != nil {
			return nil, n, l.explain(err)
		}
		var p page
		if err := decode(body, &p); err != nil {
			return nil, n, fmt.Errorf("%s: %w", l, err)
		}
		if all, err = l.add(all, p); err != nil {
			return nil, n, err
		}
		if !p.IsTruncated {
			break
		}
		if n == maxPages || len(all) > maxEntries || !next(p) {
			return nil, n, fmt.Errorf("%w: the listing of %s has no end", registry.ErrLimit, l)
		}
	}
	// Objects below the prefix are the artifact, or else the one of its name.
	below := slices.DeleteFunc(slices.Clone(all), func(o object) bool { return o.key == l.prefix })
	if len(below) > 0 {
		all = below
	}
	return all, n, nil
}

// decode reads a listing to its end. Stores do not agree on the name of its root
// ("ListVersionsResult" at Amazon).
func decode(body []byte, into *page) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil || !strings.HasPrefix(into.XMLName.Local, "List") || !strings.HasSuffix(into.XMLName.Local, "Result") { //nolint:musttag // the root has another name at each store
		return fmt.Errorf("%w: not the XML of a listing", fetch.ErrProtocol)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one document", fetch.ErrProtocol)
	}
	return nil
}

func (l *location) add(all []object, p page) ([]object, error) {
	for _, list := range []struct {
		entries         []entry
		latest, deleted bool
	}{{p.Contents, true, false}, {p.Versions, false, false}, {p.DeleteMarkers, false, true}} {
		for _, e := range list.entries {
			o := object{
				key: p.key(e.Key), version: cmp.Or(e.VersionID, e.Generation), etag: e.ETag, size: e.Size,
				latest: list.latest || e.IsLatest, deleted: list.deleted,
				checksums: e.ChecksumAlgorithm, whole: e.ChecksumType == "" || e.ChecksumType == "FULL_OBJECT",
			}
			o.modified, _ = time.Parse(time.RFC3339, e.LastModified)
			switch {
			case o.size < 0 || len(o.key) > maxKey || !strings.HasPrefix(o.key, l.prefix):
				return nil, fmt.Errorf("%w: %s lists an object that was not asked for", fetch.ErrProtocol, l)
			case l.prefix != "" && o.key != l.prefix && !strings.HasPrefix(o.key, l.prefix+"/"):
				continue // models/bert-large is not below models/bert
			case strings.HasSuffix(o.key, "/") && o.size == 0:
				continue // consoles make such objects so that a folder shows
			}
			all = append(all, o)
		}
	}
	return all, nil
}

// key undoes encoding-type=url, which lets XML carry any key.
func (p page) key(key string) string {
	if plain, err := url.QueryUnescape(key); err == nil && p.EncodingType == "url" {
		return plain
	}
	return key
}

// attributes is the answer to GetObjectAttributes.
type attributes struct {
	Checksum struct {
		SHA256 string `xml:"ChecksumSHA256"`
		Type   string `xml:"ChecksumType"`
	} `xml:"Checksum"`
}

// promises asks for the SHA-256 of the objects that S3 says it has one of. A store
// that does not answer promises nothing.
func (l *location) promises(ctx context.Context, a *registry.Artifact, objects []object) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, o := range objects {
		if !slices.Contains(o.checksums, "SHA256") || !o.whole {
			continue
		}
		g.Go(func() error {
			d, err := l.sum(ctx, o)
			if err != nil || d.IsZero() {
				return err
			}
			entry := remote.Entry{
				Name: a.Files[i].Name, Size: o.size, Declared: []registry.Declared{{Digest: d, By: By}},
				Request: l.request(l.object(o.key, l.versionQuery(o))),
			}
			a.Files[i] = l.store.File(entry)
			return nil
		})
	}
	return g.Wait()
}

// By is who promises the digests.
const By = "s3-checksum"

func (l *location) versionQuery(o object) url.Values {
	q := make(url.Values)
	if o.hasVersion() {
		q.Set(l.versionKey(), o.version)
	}
	return q
}

func (l *location) sum(ctx context.Context, o object) (registry.Digest, error) {
	q := l.versionQuery(o)
	q.Set("attributes", "")
	req := l.request(l.object(o.key, q))
	req.Header = http.Header{"X-Amz-Object-Attributes": {"Checksum"}}
	body, _, err := l.source.cfg.Client.Document(ctx, req, 64<<10)
	var status *fetch.StatusError
	if errors.As(err, &status) && status.Status >= 400 && status.Status < 500 || errors.As(err, &status) && status.Status == http.StatusNotImplemented {
		return registry.Digest{}, nil
	}
	if err != nil {
		return registry.Digest{}, l.explain(err)
	}
	var got attributes
	if err := xml.Unmarshal(body, &got); err != nil {
		return registry.Digest{}, fmt.Errorf("%w: %s: not the attributes of an object", fetch.ErrProtocol, l)
	}
	raw, err := base64.StdEncoding.DecodeString(got.Checksum.SHA256)
	if err != nil || len(raw) != sha256.Size || got.Checksum.Type == "COMPOSITE" {
		return registry.Digest{}, nil //nolint:nilerr // a checksum of another kind is no promise
	}
	return registry.NewDigest("sha256", hex.EncodeToString(raw))
}
