package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/youmark/pkcs8"

	"assay/verify"
	"assay/verify/attest"
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

// dsse KEY PREDICATE FOLDER OUT [whole] signs SLSA provenance about a folder's files,
// as a builder would; with whole also about the folder as one.
func signPredicate(ts *testscript.TestScript, _ bool, args []string) {
	key, err := trust.LoadPrivateKey(ts.MkAbs(args[0]), nil)
	ts.Check(err)
	var subjects []map[string]any
	var files []verify.FileEvidence
	names, err := os.ReadDir(ts.MkAbs(args[2]))
	ts.Check(err)
	for _, e := range names {
		data := ts.ReadFile(args[2] + "/" + e.Name())
		sum := sha256.Sum256([]byte(data))
		files = append(files, verify.FileEvidence{Name: e.Name(), Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
		subjects = append(subjects, map[string]any{"name": "dist/" + e.Name(), "digest": map[string]string{"sha256": hex.EncodeToString(sum[:])}})
	}
	if len(args) > 4 {
		id := strings.TrimPrefix(verify.ContentID(files), "sha256:")
		subjects = append(subjects, map[string]any{"name": args[2], "digest": map[string]string{attest.ContentAlgorithm: id}})
	}
	statement, err := json.Marshal(map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "subject": subjects,
		"predicateType": attest.TypeProvenanceV1, "predicate": json.RawMessage(ts.ReadFile(args[1])),
	})
	ts.Check(err)
	bundle, err := attest.SignWithKey(statement, key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), append(bundle, '\n'), 0o644))
}
