package oci_test

import (
	"net/http"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

// A registry without encryption is spoken to only when it was named for it, and
// then without credentials.
func TestUnsafePlainHTTP(t *testing.T) {
	s := start(t)
	s.Publish(t, []registrytest.File{{Name: "model.bin", Content: []byte("weights")}})
	s.set(func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) })
	s.front.Forget()
	const host = "registry.models.svc.cluster.local:5000"
	for _, named := range []bool{false, true} {
		o := registrytest.Options{CacheDir: t.TempDir()}
		cfg := oci.Config{Client: o.ClientVia(s.http.URL), Store: o.Store(), Keychain: keychain{host}}
		if named {
			cfg.UnsafePlainHTTP = []string{host}
		}
		a, err := oci.New(cfg).Resolve(t.Context(), registry.Reference{Scheme: "oci", Rest: host + "/models/sample:latest"})
		if !named {
			if err == nil {
				t.Errorf("plain http was spoken without being asked to: %+v", a)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || string(b) != "weights" {
			t.Errorf("%q, %v", b, err)
		}
	}
	for _, r := range s.front.Seen() {
		if r.Authorization != "" || strings.Contains(r.Query, registrytest.Secret) {
			t.Errorf("credentials went over plain http to %s", r.Path)
		}
	}
}
