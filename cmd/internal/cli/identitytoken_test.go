package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWorkflowToken: the token of a workflow is asked for with the audience of
// Sigstore, and no secret reaches an error.
func TestWorkflowToken(t *testing.T) {
	const secret = "s3cret"
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
	}{
		"good": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+secret || r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("x") != "1" {
				t.Errorf("%v %v", r.Header, r.URL)
			}
			_, _ = w.Write([]byte(`{"count":1,"value":"a.b.c"}`))
		}, "a.b.c"},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(secret))
		}, ""},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/"+secret, http.StatusFound)
		}, ""},
		"no token": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"` + secret + `":1}`)) }, ""},
		"no JSON":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(secret)) }, ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(c.answer))
		a := &app{Env: Env{Getenv: func(key string) string {
			return map[string]string{actionsURL: server.URL + "/token?x=1", actionsToken: secret}[key]
		}}}
		got, err := a.identityToken(t.Context(), "")
		if got != c.want || (err == nil) != (c.want != "") || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		server.Close()
	}
	if _, err := workflowToken(t.Context(), "http://example.com/", secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("plain http: %v", err)
	}
}
