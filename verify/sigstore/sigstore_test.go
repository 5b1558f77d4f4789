package sigstore_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"

	"assay/verify/sigstore"
	"assay/verify/sigstoretest"
)

// The built-in root verifies what the public instance signed, with the log and
// with the timestamp of the one vector that has a token.
func TestPublicRoot(t *testing.T) {
	material, err := root.NewTrustedRootFromJSON(sigstore.PublicRoot())
	if err != nil {
		t.Fatal(err)
	}
	if len(material.RekorLogs()) < 2 || len(material.TimestampingAuthorities()) == 0 || len(material.CTLogs()) == 0 {
		t.Error("the root lacks the second log, the timestamp authority or the certificate logs")
	}
	const vectors = "../../../shared/vectors/oms"
	if _, err := os.Stat(vectors); errors.Is(err, os.ErrNotExist) {
		t.Skip("no genuine signatures beside the repository: the built-in root was not tried")
	}
	id, err := sigverify.NewShortCertificateIdentity("https://sigstore.verify.ibm.com/oauth2", "", "stefanb@us.ibm.com", "")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(vectors, "*-sigstore", "model.sig"))
	if err != nil || len(paths) != 4 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		options := []sigverify.VerifierOption{sigverify.WithSignedCertificateTimestamps(1), sigverify.WithTransparencyLog(1), sigverify.WithObserverTimestamps(1)}
		if strings.Contains(path, "v1.1.0") {
			options = append(options, sigverify.WithSignedTimestamps(1))
		}
		var b sigbundle.Bundle
		if err := b.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		v, err := sigverify.NewVerifier(material, options...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(&b, sigverify.NewPolicy(sigverify.WithoutArtifactUnsafe(), sigverify.WithCertificateIdentity(id))); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func later() time.Time { return time.Now().Add(time.Hour) }

// A newer root is fetched; the version does not go back, not even against the
// cache of an earlier run; nothing unsigned, expired or by another root is taken.
func TestRefresh(t *testing.T) {
	one, two := sigstoretest.Start(t).TrustedRoot(), sigstoretest.Start(t).TrustedRoot()
	r := sigstoretest.StartTUF(t)
	refresh := sigstore.Refresh{Mirror: r.URL, Root: r.Root, Cache: t.TempDir()}
	for version, want := range map[int64][]byte{1: one} {
		r.Publish(version, "trusted_root.json", want, later())
	}
	if got, err := refresh.TrustedRoot(t.Context()); err != nil || !bytes.Equal(got, one) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	r.Publish(3, "trusted_root.json", two, later())
	if got, err := refresh.TrustedRoot(t.Context()); err != nil || !bytes.Equal(got, two) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	r.Publish(2, "trusted_root.json", one, later())
	if _, err := refresh.TrustedRoot(t.Context()); err == nil {
		t.Error("the repository went back")
	}
	fresh := func() sigstore.Refresh { return sigstore.Refresh{Mirror: r.URL, Root: r.Root, Cache: t.TempDir()} }
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	for name, change := range map[string]func() sigstore.Refresh{
		"expired": func() sigstore.Refresh {
			r.Publish(4, "trusted_root.json", one, time.Now().Add(-time.Minute))
			return fresh()
		},
		"another root":     func() sigstore.Refresh { f := fresh(); f.Root = sigstoretest.StartTUF(t).Root; return f },
		"no root":          func() sigstore.Refresh { f := fresh(); f.Root = nil; return f },
		"a changed target": func() sigstore.Refresh { r.Change("^/targets/", flip); return fresh() },
		"a longer target": func() sigstore.Refresh {
			r.Change("^/targets/", func(b []byte) []byte { return append(b, ' ') })
			return fresh()
		},
		"a changed snapshot":  func() sigstore.Refresh { r.Change("snapshot", flip); return fresh() },
		"a changed timestamp": func() sigstore.Refresh { r.Change("timestamp", flip); return fresh() },
		"endless": func() sigstore.Refresh {
			r.Change("timestamp", func([]byte) []byte { return make([]byte, 64<<20) })
			return fresh()
		},
		"another target":  func() sigstore.Refresh { r.Publish(5, "other.json", one, later()); return fresh() },
		"no trusted root": func() sigstore.Refresh { r.Publish(5, "trusted_root.json", []byte("{}"), later()); return fresh() },
		"unreachable": func() sigstore.Refresh {
			f := fresh()
			f.Transport = refusing{}
			return f
		},
	} {
		r.Publish(5, "trusted_root.json", one, later())
		if got, err := change().TrustedRoot(t.Context()); err == nil {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }

// TestCacheStays: a refresh writes below its own folder, whatever the mirror is
// called, and nothing that the mirror names (CVE-2026-24137, CVE-2026-24686).
func TestCacheStays(t *testing.T) {
	r := sigstoretest.StartTUF(t)
	outer := t.TempDir()
	cache := filepath.Join(outer, "cache")
	if err := os.Mkdir(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	r.Publish(1, "trusted_root.json", sigstoretest.Start(t).TrustedRoot(), later())
	for _, mirror := range []string{r.URL, r.URL + "/../..", r.URL + "/%2e%2e/x"} {
		_, err := sigstore.Refresh{Mirror: mirror, Root: r.Root, Cache: cache}.TrustedRoot(t.Context())
		if (err == nil) != (mirror == r.URL) {
			t.Errorf("%s: %v", mirror, err)
		}
	}
	r.Publish(2, "../../trusted_root.json", []byte("{}"), later())
	if _, err := (sigstore.Refresh{Mirror: r.URL, Root: r.Root, Cache: cache}).TrustedRoot(t.Context()); err == nil {
		t.Error("a target of another name was taken")
	}
	entries, err := os.ReadDir(outer)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
