package all_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/all"
)

// noNetwork fails the test when a reference that should not have got so far asks for
// anything that no reference may ask for.
type noNetwork struct{ t *testing.T }

// errNoNetwork is one that is not tried again.
var errNoNetwork = fmt.Errorf("%w: no network here", registry.ErrOffline)

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.EscapedPath()
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		if part == ".." || part == "." {
			n.t.Errorf("a dot segment in %s", r.URL)
		}
	}
	if r.URL.User != nil || strings.ContainsAny(path, "\\\x00 ") || r.URL.Fragment != "" {
		n.t.Errorf("asked for %q", r.URL)
	}
	return nil, errNoNetwork
}

// FuzzReferences: no reference makes a source panic, or ask for a URL with dot
// segments, credentials or a fragment.
func FuzzReferences(f *testing.F) {
	for _, ref := range []string{
		"hf://org/name@main", "hf://spaces/org/name", "oci://host.example/a/b:tag", "ollama://hf.co/acme/X-GGUF:Q4", "ollama-store:/x//llama3:8b",
		"docker-models:/x//ai/y:z", "s3://bucket/a/b@sha256:" + strings.Repeat("a", 64), "gs://bucket", "ms://org/name@master", "git+https://host.example/a/b.git@v1",
		"git+file:///nowhere/x@main", "mlflow+https://host.example/p/models:/a%20b/3", "mlflow+https://host.example/models:/m@champion",
		"https://host.example/a%2e%2e/b@sha256:" + strings.Repeat("a", 64), "hfcache:/x//datasets/a/b@c", "oci-layout:/x:v1", "hf://a/..", "s3://b/../c", "git+https://h/a/..",
	} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		if parsed, err := registry.ParseReference(ref); err != nil || parsed.Scheme == "file" || parsed.Scheme == "git+file" {
			return // paths of this machine
		}
		env := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "ASSAY_UNSAFE_PLAIN_HTTP": "host.example"}
		list, err := all.Sources(all.Config{CacheDir: t.TempDir(), Getenv: func(k string) string { return env[k] }, Transport: noNetwork{t}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		if a, err := all.Resolve(ctx, list, ref); err == nil && len(a.Files) > 0 {
			t.Errorf("%q: resolved without network", ref)
		}
	})
}
