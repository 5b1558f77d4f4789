package oms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/trust"

	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
	sigkeys "github.com/sigstore/sigstore/pkg/signature"
)

var update = flag.Bool("update", false, "write testdata anew, with new keys")

func manifestOf(t testing.TB, m tree, ignore ...string) *Manifest {
	t.Helper()
	manifest, err := NewManifest("model", m.digests(t, nil), ignore)
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

func TestSignWithKey(t *testing.T) {
	m := baseFiles()
	m["notes.txt"] = "x"
	key := newKey(t)
	bundle, err := SignWithKey(manifestOf(t, m, "notes.txt", "model.sig"), key)
	if err != nil {
		t.Fatal(err)
	}
	m["model.sig"] = string(bundle)
	c := Config{Method: MethodKey, PublicKeys: []trust.PublicKey{keyOf(t, key)}}
	want(t, claim(t, c, m), verify.Verified)
	delete(m, "notes.txt")
	want(t, claim(t, c, m), verify.Verified)
	m["config.json"] = "[]"
	want(t, claim(t, c, m), verify.Failed, "digest-mismatch config.json")
}

func TestSignWithCertificate(t *testing.T) {
	m := baseFiles()
	top := newAuthority(t, "root")
	signer := top.issue(t, "intermediate", isCA).issue(t, "signer")
	bundle, err := SignWithCertificate(manifestOf(t, m), signer.key, signer.certs, testNow)
	if err != nil {
		t.Fatal(err)
	}
	m["model.sig"] = string(bundle)
	c := Config{Method: MethodCertificate, CertificateRoots: top.certs, Now: testNow}
	got := claim(t, c, m)
	want(t, got, verify.Verified)
	if got.Identity.Subject != "CN=signer" || got.Identity.Issuer != "CN=intermediate" {
		t.Errorf("identity %+v", got.Identity)
	}
	if _, err := SignWithCertificate(manifestOf(t, m), newKey(t), signer.certs, testNow); err == nil {
		t.Error("signed with a key that is not the certificate's")
	}
	if _, err := SignWithCertificate(manifestOf(t, m), signer.key, nil, testNow); err == nil {
		t.Error("signed without a certificate")
	}
}

func TestSignRefuses(t *testing.T) {
	m := baseFiles()
	_, edKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := SignWithKey(manifestOf(t, m), edKey); err == nil {
		t.Error("signed with a key outside the specification")
	}
	set := m.digests(t, nil)
	set.Put("unread", 1, hashing.Sums{})
	for name, try := range map[string]func() (*Manifest, error){
		"unread file": func() (*Manifest, error) { return NewManifest("model", set, nil) },
		"no name":     func() (*Manifest, error) { return NewManifest("", m.digests(t, nil), nil) },
		"no files":    func() (*Manifest, error) { return NewManifest("model", new(hashing.Set), nil) },
		"ignored all": func() (*Manifest, error) {
			return NewManifest("model", m.digests(t, nil), []string{"config.json", "sub"})
		},
		"ignore beyond": func() (*Manifest, error) { return NewManifest("model", m.digests(t, nil), []string{"../x"}) },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: made a manifest", name)
		}
	}
}

// What is signed here must verify elsewhere: sigstore-go is independent of this
// package's bundle, envelope and signature code.
func TestSignedForOthers(t *testing.T) {
	for curve, hash := range map[elliptic.Curve]crypto.Hash{
		elliptic.P256(): crypto.SHA256, elliptic.P384(): crypto.SHA384, elliptic.P521(): crypto.SHA512,
	} {
		t.Run(curve.Params().Name, func(t *testing.T) { signedForOthers(t, newKeyOn(t, curve), hash) })
	}
}

func signedForOthers(t *testing.T, key *ecdsa.PrivateKey, hash crypto.Hash) {
	manifest := manifestOf(t, baseFiles())
	data, err := SignWithKey(manifest, key)
	if err != nil {
		t.Fatal(err)
	}
	var b sigbundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	ecdsaVerifier, err := sigkeys.LoadECDSAVerifier(&key.PublicKey, hash)
	if err != nil {
		t.Fatal(err)
	}
	material := root.NewTrustedPublicKeyMaterial(func(hint string) (root.TimeConstrainedVerifier, error) {
		if hint != keyOf(t, key).Hint {
			t.Errorf("hint %q", hint)
		}
		return root.NewExpiringKey(ecdsaVerifier, time.Time{}, time.Time{}), nil
	})
	v, err := sigverify.NewVerifier(material, sigverify.WithNoObserverTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	result, err := v.Verify(&b, sigverify.NewPolicy(sigverify.WithArtifactDigest("sha256", manifest.Root), sigverify.WithKey()))
	if err != nil {
		t.Fatal(err)
	}
	if result.Statement.PredicateType != PredicateType {
		t.Errorf("predicate type %q", result.Statement.PredicateType)
	}
}

// ownVectors are bundles of this package's signer, so that a change of what is
// accepted shows without the historical ones. Their private keys were discarded.
var ownVectors = []struct {
	name string
	make func(t testing.TB) *fixture
}{
	{"key", keyFixture},
	{"certificate", certificateFixture},
	{"shards", func(t testing.TB) *fixture {
		f := keyFixture(t)
		delete(f.files, "sub/empty.txt")
		f.list("blake3", 4, "config.json:0:2", "sub/weights.bin:0:4", "sub/weights.bin:4:8", "sub/weights.bin:8:10")
		return f
	}},
	{"old", func(t testing.TB) *fixture {
		f := keyFixture(t)
		f.pae = oldPAE
		f.payload = oldStatement(f)
		return f
	}},
}

func TestOwnVectors(t *testing.T) {
	for _, v := range ownVectors {
		t.Run(v.name, func(t *testing.T) {
			dir := filepath.Join("testdata", v.name)
			if *update {
				writeVector(t, dir, v.make(t))
			}
			c := Config{Now: testNow}
			if trusted := filepath.Join("testdata", v.name+".pem"); v.name == "certificate" {
				roots, err := trust.LoadCertificates(trusted)
				if err != nil {
					t.Fatal(err)
				}
				c.CertificateRoots = roots
			} else {
				c.PublicKeys = []trust.PublicKey{publicKey(t, trusted)}
			}
			m := load(t, dir)
			want(t, claim(t, c, m), verify.Verified)
			flipEach(t, c, m)
		})
	}
}

// flipEach flips every byte of the signed files.
func flipEach(t *testing.T, c Config, m tree) {
	for name, data := range m {
		for i := range len(data) {
			if name == "model.sig" {
				break
			}
			changed := m.clone()
			changed[name] = data[:i] + string(data[i]^1) + data[i+1:]
			want(t, claim(t, c, changed), verify.Failed, "digest-mismatch "+name)
		}
	}
}

func writeVector(t *testing.T, dir string, f *fixture) {
	t.Helper()
	f.files["model.sig"] = f.signed()
	for name, data := range f.files {
		write(t, filepath.Join(dir, name), []byte(data))
	}
	block := &pem.Block{Type: "CERTIFICATE"}
	if f.config.CertificateRoots != nil {
		block.Bytes = f.config.CertificateRoots[0].Raw
	} else {
		der, err := x509.MarshalPKIXPublicKey(f.config.PublicKeys[0].Key)
		if err != nil {
			t.Fatal(err)
		}
		block = &pem.Block{Type: "PUBLIC KEY", Bytes: der}
	}
	write(t, dir+".pem", pem.EncodeToMemory(block))
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
