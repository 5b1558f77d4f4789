package transfer

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"assay/verify/internal/envelope"
	"assay/verify/trust"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func newKey(t testing.TB) (envelope.KeySigner, trust.PublicKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := trust.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return envelope.KeySigner{Key: key}, public, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestTransfer(t *testing.T) {
	signer, public, text := newKey(t)
	stranger, strange, _ := newKey(t)
	s := trust.Store{Keys: map[string]string{"publisher": text}, TrustedRoot: []byte(`{"a":1}`), Denied: "identity:me@example.com gone\n", Policy: "kind: Policy\n"}
	export := func(by envelope.Signer, made, expires time.Time) []byte {
		data, err := Export(t.Context(), s, by, made, expires)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	good := export(signer, now, now.AddDate(0, 1, 0))
	trusted := envelope.Trust{PublicKeys: []trust.PublicKey{public}, Now: now}
	got, who, err := Import(good, trusted, trust.Store{Made: now})
	if err != nil || who.KeyID != public.ID || got.Keys["publisher"] != text || got.Denied != s.Denied || !bytes.Equal(got.TrustedRoot, s.TrustedRoot) || got.Policy != s.Policy {
		t.Fatalf("%+v, %+v, %v", got, who, err)
	}
	if got.Usable(now) != nil || !errors.Is(got.Usable(now.AddDate(0, 1, 0)), trust.ErrExpired) {
		t.Error("until when it may be used")
	}
	for name, c := range map[string]struct {
		data   []byte
		by     envelope.Trust
		before trust.Store
		want   error
	}{
		"by a stranger":   {export(stranger, now, now.AddDate(0, 1, 0)), trusted, trust.Store{}, ErrUntrusted},
		"nobody is named": {good, envelope.Trust{Now: now}, trust.Store{}, ErrUntrusted},
		"another is":      {good, envelope.Trust{PublicKeys: []trust.PublicKey{strange}, Now: now}, trust.Store{}, ErrUntrusted},
		"older":           {good, trusted, trust.Store{Made: now.Add(time.Second)}, ErrOlder},
		"expired":         {export(signer, now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)), trusted, trust.Store{}, trust.ErrExpired},
		"changed":         {bytes.Replace(good, []byte(`"payload":"`), []byte(`"payload":"AAAA`), 1), trusted, trust.Store{}, ErrUntrusted},
		"no bundle":       {[]byte("{}"), trusted, trust.Store{}, nil},
	} {
		if _, _, err := Import(c.data, c.by, c.before); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, payload := range map[string]string{
		"another type":   `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}`,
		"without a time": `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"urn:assay:trust:v1","predicate":{}}`,
		"unknown member": `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"urn:assay:trust:v1","predicate":{"made":"2026-06-01T00:00:00Z","expires":"2027-06-01T00:00:00Z","x":1}}`,
		"a bad key":      `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"urn:assay:trust:v1","predicate":{"made":"2026-06-01T00:00:00Z","expires":"2027-06-01T00:00:00Z","keys":{"a":"x"}}}`,
	} {
		data, err := signer.Sign(t.Context(), []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Import(data, trusted, trust.Store{}); err == nil {
			t.Errorf("%s: imported", name)
		}
	}
	if _, err := Export(t.Context(), s, signer, now, now); err == nil {
		t.Error("expired when it is made")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"urn:assay:trust:v1","predicate":{"made":"2026-06-01T00:00:00Z","expires":"2027-06-01T00:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := open(payload)
		if err != nil {
			return
		}
		signer, public, _ := newKey(t)
		if !s.Made.Before(s.Expires) || strings.ContainsRune(s.Policy, 0) || s.Expires.Year() > 9999 {
			return
		}
		data, err := Export(context.Background(), s, signer, s.Made, s.Expires)
		if err != nil {
			return
		}
		if _, _, err := Import(data, envelope.Trust{PublicKeys: []trust.PublicKey{public}, Now: s.Made}, trust.Store{}); err != nil && !errors.Is(err, trust.ErrExpired) {
			t.Error(err)
		}
	})
}
