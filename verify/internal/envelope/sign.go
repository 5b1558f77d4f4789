package envelope

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/verify/trust"
)

// The bundle as it is written, in the form of model_signing 1.1.0.
type (
	outBundle struct {
		MediaType string      `json:"mediaType"`
		Material  OutMaterial `json:"verificationMaterial"`
		Envelope  outEnvelope `json:"dsseEnvelope"`
	}
	// OutMaterial is what a written bundle says about the signer: a key, or the
	// certificates above it.
	OutMaterial struct {
		PublicKey  *OutKey          `json:"publicKey,omitzero"`
		Chain      *OutChain        `json:"x509CertificateChain,omitzero"`
		LogEntries []jsontext.Value `json:"tlogEntries"` // always empty
	}
	// OutKey names a key: trust.PublicKey.Hint.
	OutKey struct {
		Hint string `json:"hint"`
	}
	// OutChain is a path, leaf first.
	OutChain struct {
		Certificates []OutCertificate `json:"certificates"`
	}
	// OutCertificate is a certificate in DER.
	OutCertificate struct {
		RawBytes []byte `json:"rawBytes"`
	}
	outEnvelope struct {
		Payload     string         `json:"payload"`
		PayloadType string         `json:"payloadType"`
		Signatures  []outSignature `json:"signatures"`
	}
	outSignature struct {
		Sig   []byte `json:"sig"`
		KeyID string `json:"keyid"`
	}
)

// SignWithKey makes a bundle that is verified with the signer's public key.
func SignWithKey(payload []byte, signer crypto.Signer) ([]byte, error) {
	key, err := trust.NewPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	return sign(payload, signer, OutMaterial{PublicKey: &OutKey{Hint: key.Hint}})
}

// SignWithCertificate makes a bundle that is verified with a root of the chain.
// The chain begins with the signer's own certificate; the root is left out, as
// nobody takes it from a bundle. It fails for a certificate that verifiers would
// refuse: one that is not for signing, or not valid now.
func SignWithCertificate(payload []byte, signer crypto.Signer, chain []*x509.Certificate, now time.Time) ([]byte, error) {
	if len(chain) == 0 {
		return nil, errors.New("sign: no certificate")
	}
	public, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil || !bytes.Equal(public, chain[0].RawSubjectPublicKeyInfo) {
		return nil, errors.New("sign: the first certificate is not that of the key")
	}
	if err := checkUsage(chain[0]); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var out OutChain
	for i, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return nil, fmt.Errorf("sign: the certificate of %q is valid from %s to %s only", c.Subject.String(),
				c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
		}
		if i > 0 && bytes.Equal(c.RawSubject, c.RawIssuer) {
			continue
		}
		out.Certificates = append(out.Certificates, OutCertificate{RawBytes: c.Raw})
	}
	return sign(payload, signer, OutMaterial{Chain: &out})
}

func sign(payload []byte, signer crypto.Signer, material OutMaterial) ([]byte, error) {
	hash := CurveHash(signer.Public())
	if hash == 0 {
		return nil, fmt.Errorf("sign: key type %s: use ECDSA P-256, P-384 or P-521", trust.Algorithm(signer.Public()))
	}
	h := hash.New()
	WritePAE(h, payload)
	sig, err := signer.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return Write(payload, sig, material)
}

// Write makes a bundle of a signature that was made already.
func Write(payload, sig []byte, material OutMaterial) ([]byte, error) {
	return json.Marshal(outBundle{
		MediaType: MediaType, Material: material,
		Envelope: outEnvelope{
			Payload: base64.StdEncoding.EncodeToString(payload), PayloadType: PayloadType,
			Signatures: []outSignature{{Sig: sig}},
		},
	})
}
