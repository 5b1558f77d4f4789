package oms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/trust"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// NewManifest lists all files except those in or below ignore. Name is that of
// the model, for people. The bundle's own name belongs into ignore when it will
// be kept among the files.
func NewManifest(name string, files verify.Digests, ignore []string) (*Manifest, error) {
	m := &Manifest{Name: name, HashType: hashing.SHA256, IgnorePaths: slices.Clone(ignore)}
	if m.IgnorePaths == nil {
		m.IgnorePaths = []string{}
	}
	skip := pathSet{}
	skip.add(ignore)
	for _, file := range files.Names() {
		if skip.has(file) {
			continue
		}
		text, ok := files.Hex(file, m.need(), 0)
		digest, err := hex.DecodeString(text)
		if !ok || err != nil {
			return nil, fmt.Errorf("sign: %s was not read to its end", file)
		}
		m.Resources = append(m.Resources, Resource{Name: file, Digest: digest})
	}
	if name == "" {
		return nil, errors.New("sign: the model needs a name")
	}
	m.Root = m.RootDigest()
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return m, nil
}

// SignWithKey makes a bundle that is verified with the signer's public key.
func SignWithKey(m *Manifest, signer crypto.Signer) ([]byte, error) {
	key, err := trust.NewPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	return sign(m.statement(), signer, outMaterial{PublicKey: &outKey{Hint: key.Hint}})
}

// SignWithCertificate makes a bundle that is verified with a root of the chain.
// The chain begins with the signer's own certificate; the root is left out, as
// nobody takes it from a bundle. It fails for a certificate that verifiers would
// refuse: one that is not for signing, or not valid now.
func SignWithCertificate(m *Manifest, signer crypto.Signer, chain []*x509.Certificate, now time.Time) ([]byte, error) {
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
	var out outChain
	for i, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return nil, fmt.Errorf("sign: the certificate of %q is valid from %s to %s only", c.Subject.String(),
				c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
		}
		if i > 0 && bytes.Equal(c.RawSubject, c.RawIssuer) {
			continue
		}
		out.Certificates = append(out.Certificates, outCertificate{RawBytes: c.Raw})
	}
	return sign(m.statement(), signer, outMaterial{Chain: &out})
}

// The bundle as it is written, in the form of version 1.1.0.
type (
	outBundle struct {
		MediaType string      `json:"mediaType"`
		Material  outMaterial `json:"verificationMaterial"`
		Envelope  outEnvelope `json:"dsseEnvelope"`
	}
	outMaterial struct {
		PublicKey  *outKey          `json:"publicKey,omitzero"`
		Chain      *outChain        `json:"x509CertificateChain,omitzero"`
		LogEntries []jsontext.Value `json:"tlogEntries"` // always empty
	}
	outKey struct {
		Hint string `json:"hint"`
	}
	outChain struct {
		Certificates []outCertificate `json:"certificates"`
	}
	outCertificate struct {
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

// The statement as it is written.
type (
	outStatement struct {
		Type          string       `json:"_type"`
		Subject       []outSubject `json:"subject"`
		PredicateType string       `json:"predicateType"`
		Predicate     outPredicate `json:"predicate"`
	}
	outSubject struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	}
	outPredicate struct {
		Resources     []outResource    `json:"resources"`
		Serialization outSerialization `json:"serialization"`
	}
	outResource struct {
		Name      string `json:"name"`
		Algorithm string `json:"algorithm"`
		Digest    string `json:"digest"`
	}
	outSerialization struct {
		Method        string   `json:"method"`
		HashType      string   `json:"hash_type"`
		ShardSize     int64    `json:"shard_size,omitzero"`
		AllowSymlinks bool     `json:"allow_symlinks"`
		IgnorePaths   []string `json:"ignore_paths"`
	}
)

func (m *Manifest) statement() outStatement {
	s := outStatement{
		Type:          statementType,
		Subject:       []outSubject{{Name: m.Name, Digest: map[string]string{hashing.SHA256: hex.EncodeToString(m.Root)}}},
		PredicateType: PredicateType,
		Predicate: outPredicate{
			Resources: make([]outResource, len(m.Resources)),
			Serialization: outSerialization{
				Method: "files", HashType: m.HashType, ShardSize: m.ShardSize,
				AllowSymlinks: m.AllowSymlinks, IgnorePaths: m.IgnorePaths,
			},
		},
	}
	if m.ShardSize > 0 {
		s.Predicate.Serialization.Method = "shards"
	}
	for i, r := range m.Resources {
		s.Predicate.Resources[i] = outResource{Name: r.Name, Algorithm: m.HashType, Digest: hex.EncodeToString(r.Digest)}
	}
	return s
}

func sign(statement outStatement, signer crypto.Signer, material outMaterial) ([]byte, error) {
	payload, err := json.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return signPayload(payload, signer, material)
}

func signPayload(payload []byte, signer crypto.Signer, material outMaterial) ([]byte, error) {
	hash := curveHash(signer.Public())
	if hash == 0 {
		return nil, fmt.Errorf("sign: key type %s: use ECDSA P-256, P-384 or P-521", trust.Algorithm(signer.Public()))
	}
	h := hash.New()
	writePAE(h, payload)
	sig, err := signer.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return json.Marshal(outBundle{
		MediaType: mediaType, Material: material,
		Envelope: outEnvelope{
			Payload: base64.StdEncoding.EncodeToString(payload), PayloadType: payloadType,
			Signatures: []outSignature{{Sig: sig}},
		},
	})
}
