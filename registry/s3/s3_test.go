package s3_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/registrytest"
	"assay/registry/s3"
)

// bucket is a server with one bucket, as S3 answers for it: listings with
// versions, content by version, ranges, attributes with checksums.
type bucket struct {
	front    *registrytest.Front
	http     *httptest.Server
	pageSize int
	sums     bool // S3 computed SHA-256 checksums
	flat     bool // the bucket has no versions

	mu       sync.Mutex
	clock    time.Time
	versions []version // newest first
}

type version struct {
	key, id  string
	content  []byte
	modified time.Time
	deleted  bool
}

func start(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{front: registrytest.NewFront(), pageSize: 1000, sums: true, clock: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}
	b.http = httptest.NewServer(b.front.Wrap(registrytest.Origin, http.HandlerFunc(b.serve)))
	t.Cleanup(func() { b.front.Release(); b.http.Close() })
	return b
}

// put writes objects at one moment; what is not among them is deleted.
func (b *bucket) put(files []registrytest.File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(time.Second)
	if b.flat {
		b.versions = nil
	}
	keep := make(map[string]bool)
	for _, f := range files {
		keep[f.Name] = true
		b.versions = slices.Insert(b.versions, 0, version{key: "models/sample/" + f.Name, id: fmt.Sprintf("v%d-%s", len(b.versions), registrytest.SHA256(f.Content)[:8]), content: f.Content, modified: b.clock})
	}
	for key := range b.now() {
		if !keep[strings.TrimPrefix(key, "models/sample/")] {
			b.versions = slices.Insert(b.versions, 0, version{key: key, id: fmt.Sprintf("d%d", len(b.versions)), modified: b.clock, deleted: true})
		}
	}
}

func (b *bucket) now() map[string]version {
	out := make(map[string]version)
	for _, v := range slices.Backward(b.versions) {
		out[v.key] = v
		if v.deleted {
			delete(out, v.key)
		}
	}
	return out
}

func (b *bucket) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=assay-id/") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	q := r.URL.Query()
	key := strings.TrimPrefix(r.URL.Path, "/bucket/")
	switch {
	case !strings.HasPrefix(r.URL.Path, "/bucket/"):
		w.WriteHeader(http.StatusNotFound)
	case q.Has("versions"):
		b.list(w, q)
	default:
		b.object(w, r, key)
	}
}

func (b *bucket) list(w http.ResponseWriter, q url.Values) {
	type element struct {
		XMLName           xml.Name
		Key               string
		VersionID         string `xml:"VersionId"`
		IsLatest          bool
		LastModified      string
		ETag              string
		Size              int
		ChecksumAlgorithm string `xml:",omitempty"`
		ChecksumType      string `xml:",omitempty"`
	}
	var list struct {
		XMLName       xml.Name `xml:"ListVersionsResult"`
		EncodingType  string
		IsTruncated   bool
		NextKeyMarker string
		NextVersionID string `xml:"NextVersionIdMarker"`
		Entries       []element
	}
	list.EncodingType = "url"
	sorted := slices.Clone(b.versions)
	slices.SortStableFunc(sorted, func(x, y version) int { return strings.Compare(x.key, y.key) })
	latest, n, after := "", 0, q.Get("version-id-marker")
	for i, v := range sorted {
		isLatest := v.key != latest
		latest = v.key
		if !strings.HasPrefix(v.key, q.Get("prefix")) || after != "" {
			if v.id == after {
				after = ""
			}
			continue
		}
		if n++; n > b.pageSize {
			list.IsTruncated, list.NextKeyMarker, list.NextVersionID = true, url.QueryEscape(sorted[i-1].key), sorted[i-1].id
			break
		}
		e := element{
			XMLName: xml.Name{Local: "Version"}, Key: url.QueryEscape(v.key), VersionID: v.id, IsLatest: isLatest,
			LastModified: v.modified.Format("2006-01-02T15:04:05.000Z"), Size: len(v.content), ETag: etag(v),
		}
		if b.sums {
			e.ChecksumAlgorithm, e.ChecksumType = "SHA256", "FULL_OBJECT"
		}
		if b.flat {
			e.VersionID = "null"
		}
		if v.deleted {
			e.XMLName.Local, e.ETag, e.ChecksumAlgorithm, e.ChecksumType = "DeleteMarker", "", "", ""
		}
		list.Entries = append(list.Entries, e)
	}
	text, _ := xml.Marshal(list)
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write([]byte(strings.NewReplacer("<Entries>", "", "</Entries>", "").Replace(string(text))))
}

func etag(v version) string { return `"` + registrytest.SHA256(v.content)[:32] + `-2"` }

func (b *bucket) object(w http.ResponseWriter, r *http.Request, key string) {
	q := r.URL.Query()
	for _, v := range b.versions {
		if v.key != key || q.Has("versionId") && q.Get("versionId") != v.id {
			continue
		}
		if q.Has("attributes") {
			sum := sha256.Sum256(v.content)
			fmt.Fprintf(w, "<GetObjectAttributesResponse><Checksum><ChecksumSHA256>%s</ChecksumSHA256><ChecksumType>FULL_OBJECT</ChecksumType></Checksum></GetObjectAttributesResponse>", base64.StdEncoding.EncodeToString(sum[:]))
			return
		}
		w.Header().Set("ETag", etag(v))
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(v.content)))
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func (b *bucket) Publish(_ testing.TB, files []registrytest.File) string {
	b.front.Set(nil)
	b.put(files)
	return "s3://bucket/models/sample"
}

func (b *bucket) Source(t testing.TB, o registrytest.Options) registry.Source {
	env := map[string]string{"AWS_ENDPOINT_URL": b.http.URL, "AWS_ACCESS_KEY_ID": "assay-id", "AWS_SECRET_ACCESS_KEY": registrytest.Secret}
	cfg := s3.Config{Scheme: "s3", Client: o.Client(), Store: o.Store()}
	cfg = s3.FromEnv(cfg, func(k string) string { return env[k] })
	cfg.Offline = o.Offline
	s, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bucket) Front() *registrytest.Front { return b.front }

func (b *bucket) IsContent(r *http.Request) bool {
	q := r.URL.Query()
	return !q.Has("versions") && !q.Has("list-type") && !q.Has("attributes")
}

func (b *bucket) Missing() string { return "s3://bucket/models/none" }

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}

func (b *bucket) resolve(t *testing.T, o registrytest.Options, ref string) (*registry.Artifact, error) {
	t.Helper()
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return b.Source(t, o).Resolve(t.Context(), parsed)
}

func files(content string) []registrytest.File {
	return []registrytest.File{{Name: "a", Content: []byte(content)}, {Name: "b/c", Content: []byte("c")}, {Name: "d", Content: []byte("d")}}
}

// A bucket without versions and checksums promises nothing: the files are read
// under the entity tag that was listed, and what changed is noticed.
func TestWithoutVersions(t *testing.T) {
	b := start(t)
	b.flat, b.sums = true, false
	ref, o := b.Publish(t, files("one")), registrytest.Options{CacheDir: t.TempDir()}
	first, err := b.resolve(t, o, ref)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(first.Files[0].Declared); n != 0 {
		t.Errorf("%d digests of a store that computed none", n)
	}
	if got, err := registrytest.Read(t.Context(), registrytest.Find(t, first, "d")); err != nil || string(got) != "d" {
		t.Errorf("%q, %v", got, err)
	}
	b.front.Forget()
	if again, err := b.resolve(t, o, first.Pinned); err != nil || again.Pinned != first.Pinned {
		t.Errorf("the same state, pinned: %v", err)
	} else if _, err := registrytest.Read(t.Context(), registrytest.Find(t, again, "d")); err != nil {
		t.Error(err)
	}
	if n := len(b.front.Seen()); n != 1 {
		t.Errorf("%d requests, want the listing alone: the file is in the cache", n)
	}
	b.Publish(t, files("two"))
	if got, err := registrytest.Read(t.Context(), registrytest.Find(t, first, "a")); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("the object of a changed bucket: %q, %v, want ErrChanged", got, err)
	}
	if _, err := b.resolve(t, o, first.Pinned); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("the state of a changed bucket: %v, want ErrChanged", err)
	}
}

func TestPages(t *testing.T) {
	b := start(t)
	b.pageSize = 2
	b.Publish(t, files("one"))
	a, err := b.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, b.Publish(t, files("two")))
	if err != nil || len(a.Files) != 3 {
		t.Fatalf("%v, %+v", err, a)
	}
	b.front.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		q.Del("version-id-marker")
		r.URL.RawQuery = q.Encode()
		next.ServeHTTP(w, r)
	})
	if _, err := b.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, "s3://bucket/models/sample"); !errors.Is(err, registry.ErrLimit) {
		t.Errorf("a listing that comes back to its start: %v, want ErrLimit", err)
	}
}

func TestOneObject(t *testing.T) {
	b := start(t)
	b.put([]registrytest.File{{Name: "model.gguf", Content: []byte("GGUF")}, {Name: "model.gguf.txt", Content: []byte("x")}})
	a, err := b.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, "s3://bucket/models/sample/model.gguf")
	if err != nil || len(a.Files) != 1 || a.Files[0].Name != "model.gguf" || a.Files[0].Declared[0].By != s3.By {
		t.Fatalf("%v, %+v", err, a)
	}
}

func TestPlainHTTPElsewhere(t *testing.T) {
	if _, err := s3.New(s3.Config{Scheme: "s3", Endpoint: "http://s3.example.org"}); !errors.Is(err, registry.ErrReference) {
		t.Errorf("plain http to another machine: %v", err)
	}
	if _, err := s3.New(s3.Config{Scheme: "s3", Endpoint: "http://s3.example.org", UnsafePlainHTTP: []string{"s3.example.org"}}); err != nil {
		t.Error(err)
	}
}
