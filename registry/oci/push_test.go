package oci_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"assay/registry"
	"assay/registry/all"
	"assay/registry/registrytest"
)

// pushing is a registry without contents, and the sources to reach it.
func pushing(t *testing.T) (host string, sources []registry.Source) {
	t.Helper()
	server := httptest.NewServer(ggcr.New(ggcr.WithReferrersSupport(true)))
	t.Cleanup(server.Close)
	sources, err := all.Sources(all.Config{CacheDir: t.TempDir(), Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(server.URL, "http://"), sources
}

// folderOf writes files into a folder and resolves it, with their digests.
func folderOf(t *testing.T, sources []registry.Source, files map[string]string) (*registry.Artifact, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	digests := make(map[string]string)
	for file, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		digests[file] = registrytest.SHA256([]byte(content))
	}
	a, err := all.Resolve(context.Background(), sources, dir)
	if err != nil {
		t.Fatal(err)
	}
	return a, digests
}

func TestPush(t *testing.T) {
	host, sources := pushing(t)
	files := map[string]string{"model.safetensors": "weights", "README.md": "# card", "sub/config.json": "{}", "empty.txt": ""}
	a, digests := folderOf(t, sources, files)
	pinned, err := all.Push(context.Background(), sources, a, digests, "oci://"+host+"/team/model:v1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := all.Push(context.Background(), sources, a, digests, "oci://"+host+"/team/model:v2")
	if err != nil || again != pinned {
		t.Errorf("the same artifact is %s and then %s, %v", pinned, again, err)
	}
	back, err := all.Resolve(context.Background(), sources, "oci://"+host+"/team/model:v1")
	if err != nil {
		t.Fatal(err)
	}
	if back.Pinned != pinned || back.Kind != registry.KindModel {
		t.Errorf("got %s, a %s; want %s, a model", back.Pinned, back.Kind, pinned)
	}
	found := 0
	for _, f := range back.Files {
		if content, ok := files[f.Name]; ok && f.Declared[0].Digest.Hex == registrytest.SHA256([]byte(content)) && f.Size == int64(len(content)) {
			found++
		}
	}
	if found != len(files) || len(back.Files) != len(files)+1 { // and the configuration
		t.Errorf("%d of %d files are there as they were, in %v", found, len(files), back.Files)
	}
}

// Bytes that are not those that were judged do not get there, and neither does the tag.
func TestPushOtherBytes(t *testing.T) {
	host, sources := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"a.txt": "judged"})
	digests["a.txt"] = registrytest.SHA256([]byte("others"))
	if _, err := all.Push(context.Background(), sources, a, digests, "oci://"+host+"/team/model:v1"); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("got %v, want a digest mismatch", err)
	}
	if _, err := all.Resolve(context.Background(), sources, "oci://"+host+"/team/model:v1"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the tag is there: %v", err)
	}
	delete(digests, "a.txt")
	if _, err := all.Push(context.Background(), sources, a, digests, "oci://"+host+"/team/model:v1"); err == nil {
		t.Error("a file without a digest was written")
	}
}

func TestPushReferences(t *testing.T) {
	host, sources := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"a.txt": "a"})
	for _, ref := range []string{"oci://" + host + "/m@sha256:" + strings.Repeat("0", 64), "oci://model", "hf://org/name", "nothing://x"} {
		if _, err := all.Push(context.Background(), sources, a, digests, ref); !errors.Is(err, registry.ErrReference) {
			t.Errorf("%s: %v, want a bad reference", ref, err)
		}
	}
}

// From registry to registry the manifest stays what it was, and the signatures that
// refer to it come along.
func TestPushCopies(t *testing.T) {
	from, sources := pushing(t)
	to, _ := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"model.safetensors": "weights"})
	pinned, err := all.Push(context.Background(), sources, a, digests, "oci://"+from+"/team/model:v1")
	if err != nil {
		t.Fatal(err)
	}
	const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
	attach(t, sources, pinned, bundle)
	attach(t, sources, pinned, "application/vnd.example.weights") // nobody judged it
	origin, err := all.Resolve(context.Background(), sources, pinned)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := all.Push(context.Background(), sources, origin, nil, "oci://"+to+"/prod/model:v1")
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(pinned, "@")
	if copied != "oci://"+to+"/prod/model@"+digest {
		t.Fatalf("copied to %s, want the digest %s", copied, digest)
	}
	subject, err := name.NewDigest(strings.TrimPrefix(copied, "oci://"))
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(subject)
	if err != nil {
		t.Fatal(err)
	}
	list, err := index.IndexManifest()
	if err != nil || len(list.Manifests) != 1 {
		t.Fatalf("referrers %+v, %v; want the signature alone", list, err)
	}
	copiedManifest, err := remote.Get(subject.Context().Digest(list.Manifests[0].Digest.String()))
	if err != nil || !strings.Contains(string(copiedManifest.Manifest), bundle) {
		t.Errorf("%v, %v; want the signature", copiedManifest, err)
	}
}

// attach puts a document beside a manifest.
func attach(t *testing.T, sources []registry.Source, pinned, mediaType string) {
	t.Helper()
	for _, s := range sources {
		if a, ok := s.(registry.Attacher); ok && s.Scheme() == "oci" {
			if _, err := a.Attach(t.Context(), pinned, registry.Attachment{MediaType: mediaType, Data: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The tag is written last, after the manifest by its digest: it never names
// something that is not there.
func TestPushMovesTheTagLast(t *testing.T) {
	var written []string
	inner := ggcr.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			written = append(written, r.URL.Path)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	_, sources := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"a.txt": "a", "b.txt": "b"})
	pinned, err := all.Push(t.Context(), sources, a, digests, "oci://"+strings.TrimPrefix(server.URL, "http://")+"/m:v1")
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ := strings.Cut(pinned, "@")
	n := len(written)
	if n < 5 || written[n-1] != "/v2/m/manifests/v1" || written[n-2] != "/v2/m/manifests/"+digest {
		t.Errorf("written in the order %q", written)
	}
}

// A file that grew after it was judged is not written.
func TestPushOfAnotherSize(t *testing.T) {
	host, sources := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"a.txt": "judged"})
	a.Files[0].Size++
	if _, err := all.Push(t.Context(), sources, a, digests, "oci://"+host+"/m:v1"); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("got %v, want a change", err)
	}
}

// More files than a manifest has room for are refused before the tag is written.
func TestPushOfTooManyFiles(t *testing.T) {
	host, sources := pushing(t)
	a, digests := folderOf(t, sources, map[string]string{"a.txt": ""})
	first := a.Files[0]
	for i := range 20_000 {
		f := first
		f.Name = fmt.Sprintf("%s-%0200d", first.Name, i)
		a.Files, digests[f.Name] = append(a.Files, f), digests["a.txt"]
	}
	if _, err := all.Push(t.Context(), sources, a, digests, "oci://"+host+"/m:v1"); !errors.Is(err, registry.ErrLimit) {
		t.Errorf("got %v, want a limit", err)
	}
}
