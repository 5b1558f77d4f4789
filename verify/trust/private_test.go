package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"

	"assay/verify/trust"
)

func TestParsePrivateKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	sec1, err1 := x509.MarshalECPrivateKey(key)
	plain, err2 := x509.MarshalPKCS8PrivateKey(key)
	locked, err3 := pkcs8.MarshalPrivateKey(key, []byte("open sesame"), nil)
	public, err4 := x509.MarshalPKIXPublicKey(key.Public())
	ec, p8 := block("EC PRIVATE KEY", sec1, err1), block("PRIVATE KEY", plain, err2)
	encrypted, pub := block("ENCRYPTED PRIVATE KEY", locked, err3), block("PUBLIC KEY", public, err4)
	parameters := block("EC PARAMETERS", []byte{6, 5, 43, 129, 4, 0, 34}, nil)
	old := strings.Replace(ec, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1)

	for _, c := range []struct{ name, text, password, want string }{
		{"SEC 1", ec, "", ""},
		{"SEC 1 with parameters", parameters + ec, "", ""},
		{"PKCS #8", p8, "", ""},
		{"PKCS #8 with a password that it does not need", p8, "x", ""},
		{"encrypted", encrypted, "open sesame", ""},
		{"encrypted, no password", encrypted, "", "password"},
		{"encrypted, wrong password", encrypted, "x", "password"},
		{"encrypted in the old form", old, "x", "openssl pkcs8"},
		{"public", pub, "", "PUBLIC KEY"},
		{"two keys", ec + p8, "", "more than one"},
		{"key and public key", p8 + pub, "", "PUBLIC KEY"},
		{"RSA of its own", block("RSA PRIVATE KEY", []byte{0}, nil), "", "openssl pkcs8"},
		{"nothing", "hello", "", "no PEM block"},
		{"broken", block("PRIVATE KEY", plain[:20], nil), "", "asn1"},
	} {
		got, err := trust.ParsePrivateKey([]byte(c.text), []byte(c.password))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == "" && !key.PublicKey.Equal(got.Public()):
			t.Errorf("%s: another key", c.name)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		case c.want == "password" && !errors.Is(err, trust.ErrPassword):
			t.Errorf("%s: error %v is not ErrPassword", c.name, err)
		}
	}
}
