package envelope_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"assay/verify/internal/envelope"
	"assay/verify/sigstoretest"
	"assay/verify/trust"
)

const (
	mail      = "me@example.com"
	provider  = "https://issuer.example"
	statement = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"` +
		"0000000000000000000000000000000000000000000000000000000000000000" + `"}}],"predicateType":"https://example.com/p","predicate":{}}`
)

// bySigstore verifies with sigstore-go alone.
func bySigstore(t *testing.T, bundle []byte, material root.TrustedMaterial, identity sigverify.PolicyOption, options ...sigverify.VerifierOption) error {
	t.Helper()
	var b sigbundle.Bundle
	if err := b.UnmarshalJSON(bundle); err != nil {
		return err
	}
	v, err := sigverify.NewVerifier(material, options...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(&b, sigverify.NewPolicy(sigverify.WithArtifactDigest("sha256", make([]byte, 32)), identity))
	return err
}

// A keyless signature of ours is verified by sigstore-go and by us, and by
// neither for anybody else.
func TestKeylessRoundTrip(t *testing.T) {
	i := sigstoretest.Start(t)
	fromConfig, err := envelope.ServicesFrom(i.SigningConfig(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	at := i.URL + sigstoretest.AuthorityPath
	for name, services := range map[string]envelope.Services{
		"log and timestamp": fromConfig,
		"log":               {Authority: at, Log: i.URL},
	} {
		t.Run(name, func(t *testing.T) {
			bundle, err := envelope.Keyless{Services: services, Token: sigstoretest.Token(mail, provider), TrustedRoot: i.TrustedRoot()}.Sign(t.Context(), []byte(statement))
			if err != nil {
				t.Fatal(err)
			}
			material, err := root.NewTrustedRootFromJSON(i.TrustedRoot())
			if err != nil {
				t.Fatal(err)
			}
			for subject, good := range map[string]bool{mail: true, "you@example.com": false} {
				id, err := sigverify.NewShortCertificateIdentity(provider, "", subject, "")
				if err != nil {
					t.Fatal(err)
				}
				err = bySigstore(t, bundle, material, sigverify.WithCertificateIdentity(id), sigverify.WithTransparencyLog(1), sigverify.WithObserverTimestamps(1))
				if (err == nil) != good {
					t.Errorf("sigstore-go, %s: %v", subject, err)
				}
				c, err := envelope.NewChecker(envelope.Trust{TrustedRoot: i.TrustedRoot(), Identities: []envelope.Identity{{Subject: subject, Issuer: provider}}})
				if err != nil {
					t.Fatal(err)
				}
				b, err := envelope.Decode(bundle, false)
				if err != nil {
					t.Fatal(err)
				}
				d, err := c.Check(b, bundle, false)
				if (err == nil && d.Trusted) != good || good && (d.Time == "" || d.Signer.Issuer != provider) {
					t.Errorf("ours, %s: %+v, %v", subject, d, err)
				}
			}
		})
	}
}

// What the services answer is checked before it is given out, and the token is in
// no error.
func TestKeylessRefuses(t *testing.T) {
	i, other := sigstoretest.Start(t), sigstoretest.Start(t)
	token := sigstoretest.Token(mail, provider)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(r.Header.Get("Authorization")))
	}))
	defer echo.Close()
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("{}"))
	}))
	defer empty.Close()
	at := envelope.Services{Authority: i.URL + sigstoretest.AuthorityPath, Log: i.URL}
	for name, k := range map[string]envelope.Keyless{
		"another root":  {Services: at, Token: token, TrustedRoot: other.TrustedRoot()},
		"no token":      {Services: at},
		"a bad token":   {Services: at, Token: "a.b.c"},
		"refused":       {Services: envelope.Services{Authority: echo.URL}, Token: token},
		"no log there":  {Services: envelope.Services{Authority: at.Authority, Log: echo.URL}, Token: token},
		"an empty log":  {Services: envelope.Services{Authority: at.Authority, Log: empty.URL}, Token: token},
		"no stamps":     {Services: envelope.Services{Authority: at.Authority, Stampers: []string{echo.URL}}, Token: token},
		"a broken root": {Services: at, Token: token, TrustedRoot: []byte("{")},
	} {
		_, err := k.Sign(t.Context(), []byte(statement))
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, config := range []string{"", "{}", `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}`} {
		if s, err := envelope.ServicesFrom([]byte(config), time.Now()); err == nil {
			t.Errorf("%q: %+v", config, s)
		}
	}
}

// A signature by key is verified by sigstore-go too.
func TestKeyRoundTrip(t *testing.T) {
	for curve, hash := range map[elliptic.Curve]crypto.Hash{elliptic.P256(): crypto.SHA256, elliptic.P384(): crypto.SHA384, elliptic.P521(): crypto.SHA512} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := envelope.KeySigner{Key: key}.Sign(t.Context(), []byte(statement))
		if err != nil {
			t.Fatal(err)
		}
		public, err := trust.NewPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		verifier, err := signature.LoadECDSAVerifier(&key.PublicKey, hash)
		if err != nil {
			t.Fatal(err)
		}
		material := root.NewTrustedPublicKeyMaterial(func(hint string) (root.TimeConstrainedVerifier, error) {
			if hint != public.Hint {
				t.Errorf("hint %s", hint)
			}
			return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
		})
		if err := bySigstore(t, bundle, material, sigverify.WithKey(), sigverify.WithNoObserverTimestamps()); err != nil {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
	}
}

// TestDeniedAuthority: an authority whose key is denied vouches for nobody, and a
// denied timestamp authority for no time.
func TestDeniedAuthority(t *testing.T) {
	i := sigstoretest.Start(t)
	services := envelope.Services{Authority: i.URL + sigstoretest.AuthorityPath, Stampers: []string{i.URL + sigstoretest.StampPath}}
	bundle, err := envelope.Keyless{Services: services, Token: sigstoretest.Token(mail, provider)}.Sign(t.Context(), []byte(statement))
	if err != nil {
		t.Fatal(err)
	}
	material := regexp.MustCompile(`(?s)"tlogs":\s*\[.*?\],`).ReplaceAll(i.TrustedRoot(), nil) // an instance without a log
	b, err := envelope.Decode(bundle, false)
	if err != nil {
		t.Fatal(err)
	}
	authority, stamper := i.Keys()
	for name, c := range map[string]struct {
		denied string
		source string // of the time; "" when it is not verified
	}{
		"nobody":                  {strings.Repeat("ab", 32), "TimestampAuthority"},
		"the authority":           {authority, ""},
		"the timestamp authority": {stamper, ""},
	} {
		list, err := trust.ParseDenyList([]byte("key:" + c.denied))
		if err != nil {
			t.Fatal(err)
		}
		checker, err := envelope.NewChecker(envelope.Trust{TrustedRoot: material, Identities: []envelope.Identity{{Subject: mail, Issuer: provider}}, Denied: list})
		if err != nil {
			t.Fatal(err)
		}
		d, err := checker.Check(b, bundle, false)
		if (err == nil) != (c.source != "") || err == nil && d.TimeSource != c.source {
			t.Errorf("%s: %q, %v", name, d.TimeSource, err)
		}
	}
}
