package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/youmark/pkcs8"

	"assay/verify/trust"
)

// keyPair NAME [PASSWORD] writes NAME.key and NAME.pub: SEC 1, or encrypted
// PKCS #8 when there is a password.
func keyPair(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	kind := "EC PRIVATE KEY"
	private, err := x509.MarshalECPrivateKey(key)
	if len(args) > 1 {
		kind = "ENCRYPTED PRIVATE KEY"
		private, err = pkcs8.MarshalPrivateKey(key, []byte(args[1]), nil)
	}
	ts.Check(err)
	writePEM(ts, args[0]+".key", kind, private)
	writePEM(ts, args[0]+".pub", "PUBLIC KEY", public)
}

func writePEM(ts *testscript.TestScript, name, kind string, der []byte) {
	ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// certify NAME [ISSUER [EXPIRED]] writes NAME.pem for the key NAME.key: issued
// by ISSUER, or by itself, and then it is an authority. A third argument lets it
// end yesterday.
func certify(ts *testscript.TestScript, _ bool, args []string) {
	key, err := trust.LoadPrivateKey(ts.MkAbs(args[0]+".key"), nil)
	ts.Check(err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: args[0]},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	parent, signer := template, key
	switch len(args) {
	case 1:
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageCertSign, nil
	case 3:
		template.NotAfter = time.Now().AddDate(0, 0, -1)
	}
	if len(args) > 1 {
		chain, err := trust.LoadCertificates(ts.MkAbs(args[1] + ".pem"))
		ts.Check(err)
		parent = chain[0]
		signer, err = trust.LoadPrivateKey(ts.MkAbs(args[1]+".key"), nil)
		ts.Check(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	ts.Check(err)
	writePEM(ts, args[0]+".pem", "CERTIFICATE", der)
}
