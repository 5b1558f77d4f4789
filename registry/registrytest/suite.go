// Package registrytest is the suite that every registry.Source must pass, with
// the servers it needs: a Hub, a front that misbehaves, and what a person who
// writes a new source gets for free.
//
// # Security
//
// For tests only. The servers listen on the loopback interface.
package registrytest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// Secret is the credential that a Store signs its sources in with. It must be
// seen by the store's own host, and nowhere else.
const Secret = "hf_assayTestSecret0123456789"

// Options say how a Source under test is made.
type Options struct {
	CacheDir string
	Offline  bool
	Stall    time.Duration // of the client (5 s)
}

// Client is a client that waits and retries for milliseconds.
func (o Options) Client() *fetch.Client { return o.client(fetch.NewTransport(o.Offline)) }

// ClientVia is a client whose every connection ends at the server of that URL,
// so that a test can use any host name.
func (o Options) ClientVia(server string) *fetch.Client {
	transport := fetch.NewTransport(false)
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, strings.TrimPrefix(server, "http://"))
	}
	return o.client(transport)
}

func (o Options) client(transport http.RoundTripper) *fetch.Client {
	return fetch.New(fetch.Config{
		Transport: transport, Attempts: 3,
		Backoff: time.Millisecond, MaxWait: time.Second, Stall: cmp.Or(o.Stall, 5*time.Second),
	})
}

// Store is the cache.
func (o Options) Store() *cas.Store { return cas.New(o.CacheDir) }

// Store is a remote store under test, freshly started.
type Store interface {
	// Publish makes files the content behind one mutable reference, always the
	// same, and returns that reference; "" for what no such store can hold.
	Publish(t testing.TB, files []File) (ref string)
	// Source returns a new Source, signed in with Secret. A store that nobody signs
	// in to has a method SignsNobodyIn.
	Source(t testing.TB, o Options) registry.Source
	// Front stands before every server of the store.
	Front() *Front
	// IsContent tells requests for file content at the origin from those for
	// documents.
	IsContent(r *http.Request) bool
	// Missing is a well-formed reference to what does not exist.
	Missing() string
}

// Unpromised is a Store that promises no digests: that one bit differs can then not
// be noticed, and is not asked for.
type Unpromised interface {
	Store
	PromisesNothing()
}

// Run runs the suite. Each part starts a store of its own.
func Run(t *testing.T, start func(t *testing.T) Store) {
	for name, part := range map[string]func(fixture, *testing.T){
		"Lists":                fixture.lists,
		"PinsBeforeItLists":    fixture.pins,
		"MovesWhileListing":    fixture.movesWhileListing,
		"UnsafeNames":          fixture.unsafeNames,
		"NeverHandsOutWrong":   fixture.wrongBytes,
		"PoisonedCache":        fixture.poisonedCache,
		"Resumes":              fixture.resumes,
		"Caches":               fixture.caches,
		"LooksWithoutFetching": fixture.ranges,
		"SecretStaysAtOrigin":  fixture.secretStays,
		"BoundsDocuments":      fixture.hugeDocument,
		"GivesUpWhenStalled":   fixture.stalled,
		"SaysWhatIsWrong":      fixture.statuses,
		"Offline":              fixture.offline,
		"HonoursContext":       fixture.cancelled,
		"RefusesBadReferences": fixture.badReferences,
		"NotFound":             fixture.notFound,
		"RedirectsAreBounded":  fixture.redirectLoop,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(fixture{start(t), Options{CacheDir: t.TempDir()}}, t)
		})
	}
}

// fixture is the store and the cache of one part.
type fixture struct {
	Store
	options Options
}

// sample has small and LFS files, nested folders, equal contents, an empty file.
func sample() []File {
	return []File{
		{Name: "README.md", Content: []byte("# sample\n")},
		{Name: "config.json", Content: []byte(`{"model_type": "bert"}`)},
		{Name: "empty.txt", Content: []byte{}},
		{Name: "model.safetensors", Content: bytes.Repeat([]byte("weights!"), 40_000), LFS: true},
		{Name: "onnx/quantised (1) +ü%20&.onnx", Content: bytes.Repeat([]byte("onnx"), 900), LFS: true},
		{Name: "onnx/readme.md", Content: []byte("# sample\n")},
	}
}

func (f fixture) promises() bool {
	_, none := f.Store.(Unpromised)
	return !none
}

func (f fixture) resolve(t *testing.T, ref string) (*registry.Artifact, error) {
	t.Helper()
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Source(t, f.options).Resolve(t.Context(), parsed)
	if err == nil {
		CheckArtifact(t, a)
	} else if a != nil {
		t.Error("an artifact was returned together with an error")
	}
	if err != nil && strings.Contains(err.Error(), Secret) {
		t.Errorf("the error shows the secret: %v", err)
	}
	return a, err
}

func (f fixture) mustResolve(t *testing.T, ref string) *registry.Artifact {
	t.Helper()
	a, err := f.resolve(t, ref)
	if err != nil {
		t.Fatalf("resolve %s: %v", ref, err)
	}
	return a
}

// CheckArtifact asserts what every Artifact promises.
func CheckArtifact(t testing.TB, a *registry.Artifact) {
	t.Helper()
	if err := registry.CheckSet(a.Files); err != nil {
		t.Errorf("listed: %v", err)
	}
	if !slices.IsSortedFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) }) {
		t.Error("files are not sorted by name")
	}
	for _, file := range a.Files {
		if file.Open == nil || file.Size < 0 {
			t.Errorf("%s: no Open, or a negative size", file.Name)
		}
	}
	for _, o := range a.Omitted {
		if o.Name == "" || o.Reason == "" {
			t.Errorf("omission %+v does not say what or why", o)
		}
	}
}

// Read opens a file and reads it to its end.
func Read(ctx context.Context, f registry.File) ([]byte, error) {
	c, err := f.Open(ctx)
	if err != nil {
		if c != nil {
			err = errors.Join(err, errors.New("content was returned together with an error"))
		}
		return nil, err
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	return b, errors.Join(err, c.Close())
}

// Find returns the file of that name and fails the test when there is none.
func Find(t testing.TB, a *registry.Artifact, name string) registry.File {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("%s lists no %s", a.Ref, name)
	return registry.File{}
}

// checkCache asserts that every name in the cache is the digest of its content.
func (f fixture) checkCache(t *testing.T) {
	t.Helper()
	dir := filepath.Join(f.options.CacheDir, "blobs", "sha256")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if SHA256(b) != e.Name() {
			t.Errorf("the cache holds %d wrong bytes as %s", len(b), e.Name())
		}
	}
	left, _ := os.ReadDir(filepath.Join(f.options.CacheDir, "tmp"))
	if len(left) > 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
}
