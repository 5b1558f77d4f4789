package oci_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

// server is a registry that wants basic authentication.
type server struct {
	front *registrytest.Front
	http  *httptest.Server
	gate  atomic.Pointer[gate]
}

// gate answers a request in place of the registry, or passes it on.
type gate func(w http.ResponseWriter, r *http.Request, next http.Handler)

func basicAuth(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if _, password, _ := r.BasicAuth(); password != registrytest.Secret {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	next.ServeHTTP(w, r)
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{front: registrytest.NewFront()}
	s.set(basicAuth)
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.gate.Load())(w, r, inner)
	})))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func (s *server) set(g gate) { s.gate.Store(&g) }

func (s *server) host() string { return strings.TrimPrefix(s.http.URL, "http://") }

// keychain answers for one host only.
type keychain struct{ host string }

func (k keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if r.RegistryStr() == k.host {
		return &authn.Basic{Username: "assay", Password: registrytest.Secret}, nil
	}
	return authn.Anonymous, nil
}

func (s *server) Publish(t testing.TB, files []registrytest.File) string {
	s.front.Set(nil)
	ref := s.host() + "/models/sample:latest"
	push(t, ref, artifact(t, files), remote.WithAuthFromKeychain(keychain{s.host()}))
	return "oci://" + ref
}

// artifact is what ORAS pushes: one titled layer for each file.
func artifact(t testing.TB, files []registrytest.File) v1.Image {
	t.Helper()
	img := mutate.MediaType(mutate.ConfigMediaType(empty.Image, "application/vnd.oci.empty.v1+json"), types.OCIManifestSchema1)
	for _, f := range files {
		img = appendLayer(t, img, f.Content, "application/octet-stream", map[string]string{"org.opencontainers.image.title": f.Name})
	}
	return img
}

func appendLayer(t testing.TB, img v1.Image, content []byte, mediaType types.MediaType, annotations map[string]string) v1.Image {
	t.Helper()
	out, err := mutate.Append(img, mutate.Addendum{
		Layer: static.NewLayer(content, mediaType), MediaType: mediaType, Annotations: annotations,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func push(t testing.TB, ref string, img v1.Image, options ...remote.Option) {
	t.Helper()
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, img, append(options, remote.WithContext(context.Background()))...); err != nil {
		t.Fatal(err)
	}
}

func (s *server) Source(_ testing.TB, o registrytest.Options) registry.Source {
	return oci.New(oci.Config{Offline: o.Offline, Client: o.Client(), Store: o.Store(), Keychain: keychain{s.host()}})
}

func (s *server) Front() *registrytest.Front { return s.front }
func (s *server) IsContent(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/blobs/") && r.Method == http.MethodGet
}
func (s *server) Missing() string { return "oci://" + s.host() + "/models/none:latest" }

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}
