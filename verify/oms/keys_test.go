package oms

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"assay/verify/trust"
)

func newKey(t testing.TB) *ecdsa.PrivateKey { return newKeyOn(t, elliptic.P256()) }

func newKeyOn(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyOf(t testing.TB, key *ecdsa.PrivateKey) trust.PublicKey {
	t.Helper()
	public, err := trust.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// authority is a certificate with its key and the path above it.
type authority struct {
	key   *ecdsa.PrivateKey
	certs []*x509.Certificate // itself first
}

func (a authority) chain() []*x509.Certificate { return a.certs }

var (
	testNow   = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	testStart = testNow.AddDate(-1, 0, 0)
	testEnd   = testNow.AddDate(1, 0, 0)
)

// newAuthority makes a root.
func newAuthority(t testing.TB, name string, edits ...func(*x509.Certificate)) authority {
	t.Helper()
	return authority{}.issue(t, name, append([]func(*x509.Certificate){isCA}, edits...)...)
}

func isCA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
}

// issue makes a certificate for signing that is valid around testNow.
func (a authority) issue(t testing.TB, name string, edits ...func(*x509.Certificate)) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: testStart, NotAfter: testEnd,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	for _, edit := range edits {
		edit(template)
	}
	key := newKey(t)
	parent, parentKey := template, key
	if a.key != nil {
		parent, parentKey = a.certs[0], a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key: key, certs: append([]*x509.Certificate{c}, a.certs...)}
}
