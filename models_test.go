package assay_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/local"
	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/oms"
	"assay/verify/trust"
)

var update = flag.Bool("update", false, "sign the demo models again")

const (
	good     = "testdata/models/good"
	tampered = "testdata/models/tampered"
	testKey  = "testdata/models/test-key.pub"
	weights  = "model.safetensors"
	bundle   = "model.sig"
)

// testSigner is derived from a sentence that everybody can read here, so that it
// cannot be mistaken for a secret. It signs without randomness (RFC 6979): the
// same files give the same bundle.
type testSigner struct{ *ecdsa.PrivateKey }

func newTestSigner(t *testing.T) testSigner {
	t.Helper()
	scalar := sha256.Sum256([]byte("assay test key: not a secret, trust nothing that it signs"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	return testSigner{key}
}

func (s testSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.PrivateKey.Sign(nil, digest, opts)
}

// TestDemoModels: the bundle of the good model verifies with the committed key,
// and the tampered model is the good one but for one bit.
func TestDemoModels(t *testing.T) {
	if *update {
		signDemoModels(t)
	}
	claim := checkSignature(t, good)
	if claim.Standing != verify.Verified {
		t.Errorf("good: standing %q, problems %v", claim.Standing, claim.Problems)
	}
	if want := names(t, good); !slices.Equal(claim.Covers, slices.DeleteFunc(want, func(n string) bool { return n == bundle })) {
		t.Errorf("good: the signature covers %q of %q", claim.Covers, want)
	}
	claim = checkSignature(t, tampered)
	if claim.Standing != verify.Failed || len(claim.Problems) != 1 || claim.Problems[0].File != weights {
		t.Errorf("tampered: standing %q, problems %v; want one, about %s", claim.Standing, claim.Problems, weights)
	}
	for _, name := range names(t, good) {
		want := read(t, good, name)
		if name == weights {
			want = flip(want)
		}
		if !bytes.Equal(read(t, tampered, name), want) {
			t.Errorf("tampered/%s is not what it should be: go test . -run TestDemoModels -update", name)
		}
	}
}

// flip changes the lowest bit of the last byte, which belongs to a tensor.
func flip(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)-1] ^= 1
	return data
}

func checkSignature(t *testing.T, dir string) verify.Claim {
	t.Helper()
	key, err := trust.LoadPublicKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := oms.New(oms.Config{PublicKeys: []trust.PublicKey{key}, Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	e, err := verify.Pipeline{Verifiers: []verify.Verifier{verifier}}.Gather(context.Background(), resolve(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Claims) != 1 {
		t.Fatalf("%s: %d claims, gaps %v", dir, len(e.Claims), e.Gaps)
	}
	return e.Claims[0]
}

func resolve(t *testing.T, dir string) *registry.Artifact {
	t.Helper()
	a, err := local.New().Resolve(context.Background(), registry.Reference{Scheme: "file", Rest: dir})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	for _, f := range resolve(t, dir).Files {
		list = append(list, f.Name)
	}
	return list
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
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

func signDemoModels(t *testing.T) {
	t.Helper()
	signer := newTestSigner(t)
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	write(t, testKey, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))

	var set hashing.Set
	for _, name := range names(t, good) {
		data := read(t, good, name)
		sums, err := hashing.File(context.Background(), bytes.NewReader(data), int64(len(data)), nil, make([]byte, hashing.BufferSize))
		if err != nil {
			t.Fatal(err)
		}
		set.Put(name, int64(len(data)), sums)
	}
	manifest, err := oms.NewManifest("good", &set, []string{bundle})
	if err != nil {
		t.Fatal(err)
	}
	signature, err := oms.SignWithKey(manifest, signer)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(good, bundle), signature)
	for _, name := range names(t, good) {
		data := read(t, good, name)
		if name == weights {
			data = flip(data)
		}
		write(t, filepath.Join(tampered, name), data)
	}
}
