package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
}

func TestParsePublicKey(t *testing.T) {
	der := must[[]byte](t)(x509.MarshalPKIXPublicKey(newKey(t).Public()))
	text := block("PUBLIC KEY", der)
	for name, data := range map[string][]byte{
		"alone":          text,
		"text before":    append([]byte("EC Public Key:\n    pub:\n        04:b2\n"), text...),
		"text after":     append(bytes.Clone(text), "the end"...),
		"with parameter": append(block("EC PARAMETERS", []byte{6, 5, 43, 129, 4, 0, 34}), text...),
		"CRLF":           bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
	} {
		key, err := ParsePublicKey(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		id, hint := sha256.Sum256(der), sha256.Sum256(text)
		if key.ID != hex.EncodeToString(id[:]) || key.Hint != hex.EncodeToString(hint[:]) || Algorithm(key.Key) != "ecdsa P-384" {
			t.Errorf("%s: %+v", name, key)
		}
	}
}

// An error says what the file is and what to do.
func TestParsePublicKeyRefuses(t *testing.T) {
	key := newKey(t)
	public := must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))
	text := block("PUBLIC KEY", public)
	ecKey := must[[]byte](t)(x509.MarshalECPrivateKey(key))
	pkcs8 := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "no PEM block"},
		{"rubbish", []byte("hello"), "no PEM block"},
		{"two keys", append(bytes.Clone(text), text...), "more than one"},
		{"private key", block("PRIVATE KEY", pkcs8), "private key"},
		{"EC private key", block("EC PRIVATE KEY", ecKey), "private key"},
		{"encrypted private key", block("ENCRYPTED PRIVATE KEY", pkcs8), "private key"},
		{"private key after a public one", append(bytes.Clone(text), block("PRIVATE KEY", pkcs8)...), "private key"},
		{"certificate", block("CERTIFICATE", newCertificate(t, "x", nil).Raw), "openssl x509 -pubkey"},
		{"PKCS #1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)), "PKCS #1"},
		{"DER", public, "DER"},
		{"OpenSSH", []byte("ecdsa-sha2-nistp384 AAAA me@host"), "ssh-keygen"},
		{"no key inside", block("PUBLIC KEY", []byte("x")), "public key"},
	} {
		_, err := ParsePublicKey(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAlgorithm(t *testing.T) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := Algorithm(public); got != "ed25519" {
		t.Error(got)
	}
	if _, err := NewPublicKey("key"); err == nil {
		t.Error("a string is no key")
	}
}

// newCertificate makes an authority that is issued by itself, or under its own
// name with another key.
func newCertificate(t *testing.T, name string, issuerKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	key := newKey(t)
	if issuerKey == nil {
		issuerKey = key
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	parent := &x509.Certificate{Subject: template.Subject, PublicKey: issuerKey.Public()}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), issuerKey))
	return must[*x509.Certificate](t)(x509.ParseCertificate(der))
}

func TestCertificates(t *testing.T) {
	root := newCertificate(t, "root", nil)
	other := newCertificate(t, "root", newKey(t))
	text := append([]byte("subject=CN = root\n"), block("CERTIFICATE", root.Raw)...)
	text = append(text, block("CERTIFICATE", other.Raw)...)
	chain, err := ParseCertificates(text)
	if err != nil || len(chain) != 2 || !chain[0].Equal(root) {
		t.Fatalf("%d certificates, %v", len(chain), err)
	}
	if CertificateKeyID(root) != must[PublicKey](t)(NewPublicKey(root.PublicKey)).ID {
		t.Error("key and certificate have different ids")
	}
	roots, others := SplitRoots(chain)
	if len(roots) != 1 || len(others) != 1 || !roots[0].Equal(root) {
		t.Errorf("%d roots, %d others", len(roots), len(others))
	}
	if roots, others := SplitRoots(chain[1:]); len(roots) != 1 || len(others) != 0 {
		t.Errorf("an intermediate alone: %d roots, %d others", len(roots), len(others))
	}
}

func TestParseCertificatesRefuses(t *testing.T) {
	root := newCertificate(t, "root", nil)
	one := block("CERTIFICATE", root.Raw)
	for name, data := range map[string][]byte{
		"empty":      nil,
		"rubbish":    block("CERTIFICATE", []byte("x")),
		"public key": block("PUBLIC KEY", root.RawSubjectPublicKeyInfo),
		"with key":   append(bytes.Clone(one), block("PRIVATE KEY", []byte("x"))...),
		"endless":    bytes.Repeat(one, MaxCertificates+1),
	} {
		if chain, err := ParseCertificates(data); err == nil || chain != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key.pem")
	if _, err := LoadPublicKey(path); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := LoadCertificates(path); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
	write := func(data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(make([]byte, MaxFile+1))
	if _, err := LoadPublicKey(path); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("large file: %v", err)
	}
	root := newCertificate(t, "root", nil)
	write(block("CERTIFICATE", root.Raw))
	if chain, err := LoadCertificates(path); err != nil || len(chain) != 1 {
		t.Errorf("certificate: %v", err)
	}
	if _, err := LoadPublicKey(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("certificate as key: %v", err)
	}
	write(block("PUBLIC KEY", root.RawSubjectPublicKeyInfo))
	if key, err := LoadPublicKey(path); err != nil || key.ID != CertificateKeyID(root) {
		t.Errorf("key: %v", err)
	}
	if _, err := LoadCertificates(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("key as certificate: %v", err)
	}
}
