package oci_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/oci"
	"assay/registry/registrytest"
)

func sourceVia(s *server) registry.Source {
	o := registrytest.Options{}
	return oci.New(oci.Config{Client: o.ClientVia(s.http.URL), Store: o.Store(), Keychain: keychain{s.host()}})
}

// startBearer is a registry with a token service of its own: the usual scheme of
// public registries.
func startBearer(t *testing.T, token http.HandlerFunc) *server {
	t.Helper()
	s := start(t)
	s.set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case r.URL.Path == "/token":
			token(w, r)
		case r.Header.Get("Authorization") == "Bearer good":
			next.ServeHTTP(w, r)
		case strings.HasPrefix(r.Header.Get("Authorization"), "Basic "): // the push of the test itself
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, s.host()))
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	return s
}

func grant(answer map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(answer) }
}

func TestBearer(t *testing.T) {
	s := startBearer(t, grant(map[string]string{"token": "good"}))
	push(t, s.host()+"/m:1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), s.auth())
	want(t, s.list(t, s.host()+"/m:1"), "a", "oci-config.json")
}

// What a token service answers does not reach the error.
func TestBearerErrorsShowNothing(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"no token": grant(map[string]string{"refresh_token": registrytest.Secret}),
		"wrong":    grant(map[string]string{"token": "bad-" + registrytest.Secret}),
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, registrytest.Secret)
		},
		"not JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, registrytest.Secret) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/"+registrytest.Secret, http.StatusFound)
		},
	} {
		s := startBearer(t, answer)
		_, err := s.resolve(t, s.host()+"/m:1")
		if err == nil || strings.Contains(err.Error(), registrytest.Secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nor when the token has run out after the sign-in.
func TestRenewalErrorsShowNothing(t *testing.T) {
	s := startBearer(t, grant(map[string]string{"token": "good"}))
	push(t, s.host()+"/m:1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), s.auth())
	a, err := s.resolve(t, s.host()+"/m:1")
	if err != nil {
		t.Fatal(err)
	}
	s.set(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if r.URL.Path == "/token" {
			grant(map[string]string{"refresh_token": registrytest.Secret})(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, s.host()))
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err = registrytest.Read(t.Context(), registrytest.Find(t, a, "a"))
	if err == nil || strings.Contains(err.Error(), registrytest.Secret) {
		t.Errorf("%v", err)
	}
}

// A realm in the clear on another machine gets no credentials.
func TestRealmElsewhere(t *testing.T) {
	for _, realm := range []string{"http://auth.example/token", "http://169.254.169.254/token", "file:///etc/passwd"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}))
		reg := &server{front: registrytest.NewFront(), http: s}
		if _, err := reg.resolve(t, reg.host()+"/m:1"); err == nil {
			t.Errorf("%s: signed in", realm)
		}
		s.Close()
	}
}

// A sign-in that never ends, or never answers, is given up.
func TestSignInIsBounded(t *testing.T) {
	for name, token := range map[string]http.HandlerFunc{
		"endless token": func(w http.ResponseWriter, r *http.Request) { registrytest.Endless(w, r, nil) },
		"no answer":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		s := startBearer(t, token)
		source := s.Source(t, registrytest.Options{CacheDir: t.TempDir(), Stall: 200 * time.Millisecond})
		if _, err := source.Resolve(t.Context(), registry.Reference{Scheme: "oci", Rest: s.host() + "/m:1"}); err == nil {
			t.Errorf("%s: signed in", name)
		}
	}
	s := start(t)
	s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	s.front.Set(registrytest.Only(func(r *http.Request) bool { return r.URL.Path == "/v2/" }, registrytest.Endless))
	source := s.Source(t, registrytest.Options{CacheDir: t.TempDir(), Stall: time.Second})
	begin := time.Now()
	_, err := source.Resolve(t.Context(), registry.Reference{Scheme: "oci", Rest: s.host() + "/models/sample"})
	if time.Since(begin) > 20*time.Second {
		t.Errorf("an endless /v2/ took %s (%v)", time.Since(begin), err)
	}
}

// What passes by itself is waited for at the sign-in too.
func TestSignInIsRepeated(t *testing.T) {
	s := start(t)
	ref := s.Publish(t, []registrytest.File{{Name: "a", Content: []byte("a")}})
	s.front.Set(registrytest.Times(2, registrytest.Status(http.StatusServiceUnavailable)))
	if _, err := s.resolve(t, strings.TrimPrefix(ref, "oci://")); err != nil {
		t.Error(err)
	}
}
