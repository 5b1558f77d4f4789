package oms

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/internal/envelope"

	"github.com/go-json-experiment/json"
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
	payload, err := m.payload()
	if err != nil {
		return nil, err
	}
	return envelope.SignWithKey(payload, signer)
}

// SignWithCertificate makes a bundle that is verified with a root of the chain.
// The chain begins with the signer's own certificate; the root is left out, as
// nobody takes it from a bundle. It fails for a certificate that verifiers would
// refuse: one that is not for signing, or not valid now.
func SignWithCertificate(m *Manifest, signer crypto.Signer, chain []*x509.Certificate, now time.Time) ([]byte, error) {
	payload, err := m.payload()
	if err != nil {
		return nil, err
	}
	return envelope.SignWithCertificate(payload, signer, chain, now)
}

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

func (m *Manifest) payload() ([]byte, error) {
	payload, err := json.Marshal(m.statement())
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return payload, nil
}

// Signer makes a bundle of a statement.
type Signer = envelope.Signer

// Sign makes a bundle.
func Sign(ctx context.Context, m *Manifest, signer Signer) ([]byte, error) {
	payload, err := m.payload()
	if err != nil {
		return nil, err
	}
	return signer.Sign(ctx, payload)
}
