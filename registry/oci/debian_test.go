package oci_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"assay/registry"
	"assay/registry/registrytest"
)

// TestDistribution talks to a registry that people run: distribution, as Debian
// packages it.
func TestDistribution(t *testing.T) {
	host := registrytest.Distribution(t)
	s := &server{front: registrytest.NewFront(), http: &httptest.Server{URL: "http://" + host}}
	files := []registrytest.File{
		{Name: "config.json", Content: []byte("{}")},
		{Name: "weights/model.safetensors", Content: make([]byte, 3<<20)},
	}
	push(t, host+"/models/sample:v1", artifact(t, files), remote.WithContext(t.Context()))
	want(t, s.list(t, host+"/models/sample:v1"), "config.json", "weights/model.safetensors", "oci-config.json")

	a, err := s.resolve(t, host+"/models/sample:v1")
	if err != nil {
		t.Fatal(err)
	}
	files[0].Content = []byte(`{"moved":true}`)
	push(t, host+"/models/sample:v1", artifact(t, files), remote.WithContext(t.Context()))
	if b, err := registrytest.Read(t.Context(), registrytest.Find(t, a, "config.json")); err != nil || string(b) != "{}" {
		t.Errorf("after the tag moved: %q, %v", b, err)
	}
}

// TestDistributionAttached: that registry has no interface for referrers, or has
// one; either way what was attached is found.
func TestDistributionAttached(t *testing.T) {
	host := registrytest.Distribution(t)
	s := &server{front: registrytest.NewFront(), http: &httptest.Server{URL: "http://" + host}}
	push(t, host+"/models/sample:v1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), remote.WithContext(t.Context()))
	a, err := s.resolve(t, host+"/models/sample:v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		s.attach(t, a.Pinned, registry.Attachment{MediaType: bundleType, Data: []byte(content)})
	}
	if a, err = s.resolve(t, host+"/models/sample:v1"); err != nil {
		t.Fatal(err)
	}
	if got := attachments(t, a); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
