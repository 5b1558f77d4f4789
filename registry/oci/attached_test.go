package oci_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// startReferrers is a registry that lists referrers itself.
func startReferrers(t *testing.T) *server {
	t.Helper()
	s := &server{front: registrytest.NewFront()}
	s.set(basicAuth)
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.gate.Load())(w, r, inner)
	})))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func (s *server) attach(t *testing.T, pinned string, doc registry.Attachment) {
	t.Helper()
	source := s.Source(t, registrytest.Options{CacheDir: t.TempDir()}).(*oci.Source)
	if _, err := source.Attach(t.Context(), pinned, doc); err != nil {
		t.Fatal(err)
	}
}

// attachments are the data of what is attached, sorted.
func attachments(t *testing.T, a *registry.Artifact) []string {
	t.Helper()
	list, err := a.Attached(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Attached(t.Context())
	if err != nil || len(again) != len(list) {
		t.Errorf("asked twice: %d and %d, %v", len(list), len(again), err)
	}
	out := []string{}
	for _, d := range list {
		out = append(out, string(d.Data))
	}
	slices.Sort(out)
	return out
}

// tag pushes what cosign keeps under the tag of an artifact.
func (s *server) tag(t *testing.T, a *registry.Artifact, suffix, mediaType, content string) {
	t.Helper()
	repo, digest, _ := strings.Cut(strings.TrimPrefix(a.Pinned, "oci://"), "@")
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = appendLayer(t, img, []byte(content), types.MediaType(mediaType), map[string]string{"dev.cosignproject.cosign/signature": "c2ln"})
	push(t, repo+":"+strings.Replace(digest, ":", "-", 1)+suffix, img, s.auth())
}

// What is attached is found by the interface, by the fallback tag of a registry
// that has none, and under the tags of cosign; other referrers are left alone.
func TestAttached(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *server{"referrers": startReferrers, "fallback tag": start} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			push(t, s.host()+"/m:1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), s.auth())
			a, err := s.resolve(t, s.host()+"/m:1")
			if err != nil {
				t.Fatal(err)
			}
			if got := attachments(t, a); len(got) != 0 {
				t.Errorf("nothing is attached: %q", got)
			}
			s.attach(t, a.Pinned, registry.Attachment{MediaType: bundleType, Data: []byte("bundle"), Annotations: map[string]string{"x": "y"}})
			s.attach(t, a.Pinned, registry.Attachment{MediaType: "application/spdx+json", Data: []byte("bill")})
			s.tag(t, a, ".sig", "application/vnd.dev.cosign.simplesigning.v1+json", "simple")
			s.tag(t, a, ".att", "application/vnd.dsse.envelope.v1+json", "dsse")
			s.tag(t, a, ".sbom", "application/vnd.dsse.envelope.v1+json", "never asked for")
			if a, err = s.resolve(t, s.host()+"/m:1"); err != nil {
				t.Fatal(err)
			}
			if got := attachments(t, a); !slices.Equal(got, []string{"bundle", "dsse", "simple"}) {
				t.Errorf("%q", got)
			}
			list, _ := a.Attached(t.Context())
			for _, d := range list {
				if string(d.Data) == "simple" && d.Annotations["dev.cosignproject.cosign/signature"] != "c2ln" {
					t.Error("the annotation is lost")
				}
			}
		})
	}
}

// answer has the registry answer the question for referrers with a document.
func answer(doc string, header ...string) registrytest.Fault {
	return registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") },
		func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", indexType)
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			_, _ = io.WriteString(w, doc)
		})
}

func index(descriptors ...string) string {
	return `{"schemaVersion":2,"mediaType":"` + indexType + `","manifests":[` + strings.Join(descriptors, ",") + `]}`
}

// An answer that cannot be believed is an error and no absence; lists have an end.
func TestAttachedHostile(t *testing.T) {
	s := startReferrers(t)
	ref := s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	gone := fmt.Sprintf(`{"mediaType":%q,"artifactType":%q,"digest":"sha256:%s","size":7}`, imageType, bundleType, strings.Repeat("0", 64))
	for name, c := range map[string]struct {
		fault registrytest.Fault
		fails bool
	}{
		"nothing":                 {answer(index()), false},
		"a referrer that is gone": {answer(index(gone)), false},
		"another type":            {answer(index(strings.ReplaceAll(gone, bundleType, "application/spdx+json"))), false},
		"not JSON":                {answer("{"), true},
		"duplicate members":       {answer(`{"schemaVersion":2,"manifests":[],"manifests":[]}`), true},
		"bad digest":              {answer(index(strings.ReplaceAll(gone, "sha256:", "sha256:x"))), true},
		"too many":                {answer(index(slices.Repeat([]string{gone}, 1025)...)), true},
		"endless pages":           {answer(index(), "Link", `<?n=1>; rel="next"`), true},
		"a page elsewhere":        {answer(index(), "Link", `<http://169.254.169.254/v2/x>; rel="next"`), true},
		"server error":            {registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") }, registrytest.Status(501)), true},
		"endless":                 {registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") }, registrytest.Endless), true},
		"no text is a tag":        {registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/sha256-") }, registrytest.Status(400)), false},
		"the tag fails":           {registrytest.Only(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".sig") }, registrytest.Status(403)), true},
	} {
		a, err := s.resolve(t, strings.TrimPrefix(ref, "oci://"))
		if err != nil {
			t.Fatal(err)
		}
		s.front.Set(c.fault)
		list, err := a.Attached(t.Context())
		s.front.Set(nil)
		if (err != nil) != c.fails || len(list) != 0 {
			t.Errorf("%s: %d, %v", name, len(list), err)
		}
	}
}

// The documents of one artifact are counted.
func TestAttachedIsBounded(t *testing.T) {
	s := start(t)
	ref := s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	a, err := s.resolve(t, strings.TrimPrefix(ref, "oci://"))
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	for range 65 {
		img = appendLayer(t, img, []byte("x"), "application/vnd.dev.cosign.simplesigning.v1+json", nil)
	}
	repo, digest, _ := strings.Cut(strings.TrimPrefix(a.Pinned, "oci://"), "@")
	push(t, repo+":"+strings.Replace(digest, ":", "-", 1)+".sig", img, s.auth())
	if list, err := a.Attached(t.Context()); err == nil || !strings.Contains(err.Error(), "64") {
		t.Errorf("%d documents, %v", len(list), err)
	}
}

// A referrer of something else that is listed here is none.
func TestAttachedToAnother(t *testing.T) {
	s := startReferrers(t)
	push(t, s.host()+"/m:1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), s.auth())
	push(t, s.host()+"/m:2", artifact(t, []registrytest.File{{Name: "a", Content: []byte("b")}}), s.auth())
	one, err := s.resolve(t, s.host()+"/m:1")
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t, one.Pinned, registry.Attachment{MediaType: bundleType, Data: []byte("bundle")})
	target, err := name.NewDigest(strings.TrimPrefix(one.Pinned, "oci://"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := remote.Referrers(target, s.auth())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := list.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.resolve(t, s.host()+"/m:2")
	if err != nil {
		t.Fatal(err)
	}
	s.front.Set(answer(string(raw)))
	if got := attachments(t, two); len(got) != 0 {
		t.Errorf("%q", got)
	}
	s.front.Set(nil)
}

func TestAttachErrors(t *testing.T) {
	s := startReferrers(t)
	ref := s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	source := s.Source(t, registrytest.Options{CacheDir: t.TempDir()}).(*oci.Source)
	a, err := s.resolve(t, strings.TrimPrefix(ref, "oci://"))
	if err != nil {
		t.Fatal(err)
	}
	doc := registry.Attachment{MediaType: bundleType, Data: []byte("x")}
	for _, pinned := range []string{ref, "hf://a/b@c", "./x", strings.Replace(a.Pinned, "@sha256:", "@sha256:"+"x", 1)} {
		if _, err := source.Attach(t.Context(), pinned, doc); err == nil {
			t.Errorf("%s: attached", pinned)
		}
	}
	s.set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodGet {
			basicAuth(w, r, next)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": "DENIED", "message": registrytest.Secret}}})
	})
	_, err = source.Attach(t.Context(), a.Pinned, doc)
	if err == nil || strings.Contains(err.Error(), registrytest.Secret) {
		t.Errorf("%v", err)
	}
}

// In a layout, what is attached stands in index.json.
func TestAttachedInLayout(t *testing.T) {
	dir, digest := writeLayout(t)
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := subject.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.MediaType(mutate.ConfigMediaType(empty.Image, bundleType), types.OCIManifestSchema1)
	img = appendLayer(t, img, []byte("bundle"), bundleType, nil)
	for _, d := range m.Manifests {
		if d.Digest.String() != digest {
			continue
		}
		d.Annotations = nil
		if err := path.AppendImage(mutate.Subject(img, d).(v1.Image)); err != nil {
			t.Fatal(err)
		}
	}
	for rest, want := range map[string]int{dir + ":v1": 1, dir + ":v2": 0} {
		a, err := fromLayout(t, rest)
		if err != nil {
			t.Fatal(err)
		}
		if got := attachments(t, a); len(got) != want {
			t.Errorf("%s: %q", rest, got)
		}
	}
}
