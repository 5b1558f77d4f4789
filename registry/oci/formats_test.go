package oci_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/registrytest"
)

func (s *server) auth() remote.Option { return remote.WithAuthFromKeychain(keychain{s.host()}) }

func (s *server) resolve(t *testing.T, rest string) (*registry.Artifact, error) {
	t.Helper()
	source := s.Source(t, registrytest.Options{CacheDir: t.TempDir()})
	a, err := source.Resolve(t.Context(), registry.Reference{Scheme: "oci", Rest: rest})
	if err == nil {
		registrytest.CheckArtifact(t, a)
	}
	return a, err
}

// list reads every file and returns the names.
func (s *server) list(t *testing.T, rest string) []string {
	t.Helper()
	a, err := s.resolve(t, rest)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range a.Files {
		if _, err := registrytest.Read(t.Context(), f); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		out = append(out, f.Name)
	}
	return out
}

func want(t *testing.T, got []string, names ...string) {
	t.Helper()
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("files\n %q, want\n %q", got, names)
	}
}

func short(content string) string { return "sha256-" + registrytest.SHA256([]byte(content))[:12] }

// The CNCF model specification: files by annotation, folders as archives.
func TestModelPack(t *testing.T) {
	s := start(t)
	img := mutate.MediaType(mutate.ConfigMediaType(empty.Image, "application/vnd.cncf.model.config.v1+json"), types.OCIManifestSchema1)
	img = appendLayer(t, img, []byte("w"), "application/vnd.cncf.model.weight.v1.raw", map[string]string{"org.cncf.model.filepath": "weights/model.safetensors"})
	img = appendLayer(t, img, []byte("d"), "application/vnd.cncf.model.doc.v1.raw", map[string]string{"org.cncf.model.filepath": "./README.md"})
	img = appendLayer(t, img, []byte("t"), "application/vnd.cncf.model.weight.v1.tar", map[string]string{"org.cncf.model.filepath": "weights"})
	img = appendLayer(t, img, []byte("z"), "application/vnd.cncf.model.code.v1.tar+zstd", map[string]string{"org.cncf.model.filepath": "code/"})
	push(t, s.host()+"/m:1", img, s.auth())
	want(t, s.list(t, s.host()+"/m:1"), "weights/model.safetensors", "README.md", "weights.tar", "code.tar.zst", "oci-config.json")
	if a, _ := s.resolve(t, s.host()+"/m:1"); a.Kind != registry.KindModel {
		t.Errorf("kind %q", a.Kind)
	}
}

// An ordinary image, and layers without names.
func TestImage(t *testing.T) {
	s := start(t)
	img := empty.Image
	img = appendLayer(t, img, []byte("one"), types.DockerLayer, nil)
	img = appendLayer(t, img, []byte("two"), types.OCILayerZStd, nil)
	img = appendLayer(t, img, []byte("three"), types.OCIUncompressedLayer, nil)
	img = appendLayer(t, img, []byte("four"), "application/vnd.docker.ai.gguf.v3", nil)
	img = appendLayer(t, img, []byte("one"), types.DockerLayer, nil)
	push(t, s.host()+"/i:1", img, s.auth())
	want(t, s.list(t, s.host()+"/i:1"), "oci-config.json", "layers/000-"+short("one")+".tar.gz", "layers/001-"+short("two")+".tar.zst",
		"layers/002-"+short("three")+".tar", "layers/003-"+short("four"), "layers/004-"+short("one")+".tar.gz")
	if a, _ := s.resolve(t, s.host()+"/i:1"); a.Kind != registry.KindUnknown {
		t.Errorf("kind %q", a.Kind)
	}
}

// Every platform is listed; what they share is listed once.
func TestIndex(t *testing.T) {
	s := start(t)
	var index v1.ImageIndex = empty.Index
	var folders []string
	for _, arch := range []string{"amd64", "arm64"} {
		img := appendLayer(t, empty.Image, []byte("shared"), types.DockerLayer, nil)
		img = appendLayer(t, img, []byte("only "+arch), types.DockerLayer, nil)
		img, err := mutate.Config(img, v1.Config{Env: []string{arch}})
		if err != nil {
			t.Fatal(err)
		}
		digest, _ := img.Digest()
		folders = append(folders, "manifest-"+digest.Hex[:12]+"/")
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	s.pushIndex(t, "/x:1", index)
	want(t, s.list(t, s.host()+"/x:1"),
		folders[0]+"layers/000-"+short("shared")+".tar.gz",
		folders[0]+"layers/001-"+short("only amd64")+".tar.gz", folders[1]+"layers/001-"+short("only arm64")+".tar.gz",
		folders[0]+"oci-config.json", folders[1]+"oci-config.json")

	single := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: artifact(t, []registrytest.File{{Name: "model.gguf", Content: []byte("g")}})})
	s.pushIndex(t, "/x:single", single)
	want(t, s.list(t, s.host()+"/x:single"), "model.gguf", "oci-config.json")
}

func (s *server) pushIndex(t *testing.T, rest string, index v1.ImageIndex) {
	t.Helper()
	tag, err := name.ParseReference(s.host() + rest)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index, s.auth()); err != nil {
		t.Fatal(err)
	}
}

// raw serves documents as they are, which a library would not push.
type raw struct {
	docs  map[string]string // tag or digest -> body
	types map[string]string
}

func startRaw(t *testing.T) (*raw, *server) {
	r := &raw{docs: make(map[string]string), types: make(map[string]string)}
	s := &server{front: registrytest.NewFront()}
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, r))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return r, s
}

func (s *raw) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	doc, ok := s.docs[key]
	switch {
	case r.URL.Path == "/v2/":
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", s.types[key])
		_, _ = w.Write([]byte(doc))
	}
}

func (s *raw) add(key, mediaType, doc string) string {
	digest := "sha256:" + registrytest.SHA256([]byte(doc))
	for _, k := range []string{key, digest} {
		s.docs[k], s.types[k] = doc, mediaType
	}
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digest, len(doc))
}

const (
	imageType = "application/vnd.oci.image.manifest.v1+json"
	indexType = "application/vnd.oci.image.index.v1+json"
)

func layer(title, digest string, size int) string {
	return fmt.Sprintf(`{"mediaType":"application/octet-stream","digest":%q,"size":%d,"annotations":{"org.opencontainers.image.title":%q}}`, digest, size, title)
}

func TestHostileManifests(t *testing.T) {
	good := "sha256:" + strings.Repeat("a", 64)
	image := func(layers ...string) string {
		return `{"schemaVersion":2,"mediaType":"` + imageType + `","layers":[` + strings.Join(layers, ",") + `]}`
	}
	for name, c := range map[string]struct {
		mediaType, doc string
		want           error // nil: any
	}{
		"traversal in a title":          {imageType, image(layer("../../etc/cron.d/x", good, 1)), registry.ErrUnsafeName},
		"absolute title":                {imageType, image(layer("/etc/x", good, 1)), registry.ErrUnsafeName},
		"two layers of one name":        {imageType, image(layer("a", good, 1), layer("a", "sha256:"+strings.Repeat("b", 64), 1)), registry.ErrUnsafeName},
		"digest as path":                {imageType, image(layer("a", "sha256:../../../../etc/passwd", 1)), nil},
		"upper-case digest":             {imageType, image(layer("a", "sha256:"+strings.Repeat("A", 64), 1)), nil},
		"weak digest":                   {imageType, image(layer("a", "md5:"+strings.Repeat("a", 32), 1)), nil},
		"negative size":                 {imageType, image(layer("a", good, -1)), nil},
		"image and index":               {imageType, `{"schemaVersion":2,"layers":[],"manifests":[]}`, nil},
		"index sent as image":           {imageType, `{"schemaVersion":2,"manifests":[]}`, nil},
		"image that calls itself index": {"", `{"schemaVersion":2,"mediaType":"` + indexType + `","layers":[]}`, nil},
		"schema 1":                      {"application/vnd.docker.distribution.manifest.v1+json", `{"schemaVersion":1,"fsLayers":[{}]}`, nil},
		"neither":                       {"application/json", `{"schemaVersion":2}`, nil},
		"duplicate keys":                {imageType, `{"schemaVersion":2,"layers":[],"layers":[` + layer("a", good, 1) + `]}`, nil},
		"index of itself without end":   {indexType, "", registry.ErrLimit},
		"name in another letter case":   {imageType, image(layer("A", good, 1), layer("a", "sha256:"+strings.Repeat("b", 64), 1)), registry.ErrUnsafeName},
	} {
		r, s := startRaw(t)
		if name == "index of itself without end" {
			inner := r.add("x0", imageType, image())
			for i := range 10 {
				inner = r.add(fmt.Sprintf("x%d", i+1), indexType, `{"schemaVersion":2,"manifests":[`+inner+`]}`)
			}
			c.doc = `{"schemaVersion":2,"manifests":[` + inner + `]}`
		}
		r.add("latest", c.mediaType, c.doc)
		a, err := s.resolve(t, s.host()+"/x")
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %+v, want %v", name, err, a, c.want)
		}
	}
}

func TestManyManifests(t *testing.T) {
	r, s := startRaw(t)
	var all []string
	for i := range 600 {
		all = append(all, r.add(fmt.Sprint(i), imageType, fmt.Sprintf(`{"schemaVersion":2,"layers":[],"annotations":{"i":"%d"}}`, i)))
	}
	r.add("latest", indexType, `{"schemaVersion":2,"manifests":[`+strings.Join(all, ",")+`]}`)
	if _, err := s.resolve(t, s.host()+"/x"); !errors.Is(err, registry.ErrLimit) {
		t.Errorf("%v, want ErrLimit", err)
	}
}

// A manifest that is missing is told; one that is wrong is refused.
func TestIndexWithHoles(t *testing.T) {
	r, s := startRaw(t)
	present := r.add("p", imageType, `{"schemaVersion":2,"layers":[]}`)
	missing := fmt.Sprintf(`{"digest":"sha256:%s","size":10}`, strings.Repeat("c", 64))
	r.add("latest", indexType, `{"schemaVersion":2,"manifests":[`+present+`,`+missing+`]}`)
	a, err := s.resolve(t, s.host()+"/x")
	if err != nil || len(a.Omitted) != 1 || !strings.Contains(a.Omitted[0].Reason, "cccc") {
		t.Errorf("%v, %+v", err, a)
	}
	wrong := "sha256:" + strings.Repeat("d", 64)
	r.docs[wrong], r.types[wrong] = `{"schemaVersion":2,"layers":[]}`, imageType
	r.add("latest", indexType, `{"schemaVersion":2,"manifests":[{"digest":"`+wrong+`","size":10}]}`)
	if _, err := s.resolve(t, s.host()+"/x"); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("wrong manifest: %v, want ErrDigest", err)
	}
	r.docs[wrong], r.types[wrong] = `{"schemaVersion":2,"layers":[]}`, imageType
	if _, err := s.resolve(t, s.host()+"/x@"+wrong); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("wrong manifest by digest: %v, want ErrDigest", err)
	}
}

// The urls and data of a descriptor are the publisher's, not the registry's.
func TestForeignURLs(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a foreign URL was asked") }))
	defer other.Close()
	r, s := startRaw(t)
	content := "content"
	digest := "sha256:" + registrytest.SHA256([]byte(content))
	r.add("latest", imageType, `{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"`+
		digest+`","size":7,"urls":["`+other.URL+`"],"data":"ZXZpbCEhIQ=="}]}`)
	a, err := s.resolve(t, s.host()+"/x")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := registrytest.Read(t.Context(), a.Files[0]); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%q, %v, want ErrNotFound", b, err)
	}
	r.docs[digest] = content
	if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || !bytes.Equal(b, []byte(content)) {
		t.Errorf("%q, %v", b, err)
	}
}

// The empty configuration of an artifact is no file of it.
func TestEmptyConfig(t *testing.T) {
	r, s := startRaw(t)
	config := r.add("{}", "application/vnd.oci.empty.v1+json", "{}")
	r.add("latest", imageType, `{"schemaVersion":2,"config":`+config+`,"layers":[]}`)
	if got := s.list(t, s.host()+"/x"); len(got) != 0 {
		t.Errorf("files %q", got)
	}
}

// The registry says another digest than the one of the bytes it sends.
func TestDigestHeaderIsCompared(t *testing.T) {
	s := start(t)
	ref := s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	s.front.Set(registrytest.Header("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64)))
	if _, err := s.resolve(t, strings.TrimPrefix(ref, "oci://")); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("%v, want ErrDigest", err)
	}
}

func TestReferences(t *testing.T) {
	for _, bad := range []string{
		"model", "library/model", "host.example", "host.example/", "host.example/Upper", "host.example/a:", "host.example/a@sha256:abc",
		"host.example/a@md5:" + strings.Repeat("a", 32), "host.example/a@sha256:" + strings.Repeat("A", 64), "host.example/a//b", "https://host.example/a",
		"host.example/a/.", "host.example/a:b:c", "host.example/a?x", "host.example:x/a", "-host.example/a",
	} {
		if _, err := start(t).resolve(t, bad); !errors.Is(err, registry.ErrReference) {
			t.Errorf("%s: %v, want ErrReference", bad, err)
		}
	}
}

// Plain http is spoken with this machine only, also where the library's own rule
// would allow it.
func TestPlainHTTP(t *testing.T) {
	for _, host := range []string{"10.0.0.1", "192.168.1.1:5000", "registry.local"} {
		s := start(t)
		source := sourceVia(s)
		_, err := source.Resolve(t.Context(), registry.Reference{Scheme: "oci", Rest: host + "/m:1"})
		if err == nil || len(s.front.Seen()) != 0 {
			t.Errorf("%s: %v, %d requests in the clear", host, err, len(s.front.Seen()))
		}
	}
}
