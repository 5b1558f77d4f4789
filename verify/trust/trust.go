// Package trust reads the keys and certificates that a person decided to trust.
//
// # Security
//
// What these files contain is trusted by the caller's choice; that they contain
// what the caller believes is not. A private key, or a file with two keys where
// one is asked for, is refused rather than interpreted. Files are read up to
// MaxFile bytes and may hold MaxCertificates certificates.
package trust

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Bounds on what is read.
const (
	// MaxFile is the size of a key or certificate file in bytes.
	MaxFile = 1 << 20
	// MaxCertificates is the number of certificates in one file.
	MaxCertificates = 256
)

// PEM block types of RFC 7468.
const (
	blockPublicKey   = "PUBLIC KEY"
	blockCertificate = "CERTIFICATE"
)

// PublicKey is a key that the caller trusts.
type PublicKey struct {
	Key crypto.PublicKey
	// ID is the SHA-256 of the DER SubjectPublicKeyInfo, in hex.
	ID string
	// Hint is the SHA-256 of the key's PEM text, in hex, which OpenSSF Model
	// Signing bundles carry to select a key.
	Hint string
}

// NewPublicKey describes a key of the standard library's types.
func NewPublicKey(key crypto.PublicKey) (PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, fmt.Errorf("public key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: blockPublicKey, Bytes: der})
	return PublicKey{Key: key, ID: sum(der), Hint: sum(text)}, nil
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// CertificateKeyID is the PublicKey.ID of a certificate's key.
func CertificateKeyID(c *x509.Certificate) string { return sum(c.RawSubjectPublicKeyInfo) }

// Algorithm names the kind of key for messages, like "ecdsa P-384".
func Algorithm(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return "ecdsa " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa %d", k.N.BitLen())
	}
	return fmt.Sprintf("%T", key)
}

// ParsePublicKey reads the one SubjectPublicKeyInfo in PEM that data holds. Text
// before and after the block is allowed, as openssl writes it.
func ParsePublicKey(data []byte) (PublicKey, error) {
	var found *pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type != blockPublicKey:
			if err := wrongBlock(block.Type); err != nil {
				return PublicKey{}, err
			}
		case found != nil:
			return PublicKey{}, errors.New("more than one public key in the file: give one file for each key")
		default:
			found = block
		}
	}
	if found == nil {
		return PublicKey{}, noBlock(data)
	}
	key, err := x509.ParsePKIXPublicKey(found.Bytes)
	if err != nil {
		return PublicKey{}, fmt.Errorf("public key: %w", err)
	}
	return NewPublicKey(key)
}

// wrongBlock tells what to do about a block that is no public key; nil for one
// that says nothing about keys (EC PARAMETERS).
func wrongBlock(kind string) error {
	switch {
	case kind == blockCertificate:
		return errors.New("a certificate, not a public key: give it as certificate chain, or extract the key with 'openssl x509 -pubkey -noout -in FILE'")
	case strings.HasSuffix(kind, "PRIVATE KEY"):
		return errors.New("a private key, which verification must not be given: write the public one with 'openssl pkey -pubout -in FILE'")
	case kind == "RSA PUBLIC KEY":
		return errors.New("a PKCS #1 key: convert it with 'openssl rsa -RSAPublicKey_in -pubout -in FILE'")
	}
	return nil
}

func noBlock(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte("ssh-")) || bytes.HasPrefix(data, []byte("ecdsa-sha2-")):
		return errors.New("an OpenSSH key: convert it with 'ssh-keygen -e -m PKCS8 -f FILE'")
	case len(data) > 0 && data[0] == 0x30:
		return errors.New("no PEM text but probably DER: convert it with 'openssl pkey -pubin -inform DER -in FILE'")
	}
	return errors.New("no PEM block 'PUBLIC KEY' in the file")
}

// ParseCertificates reads all certificates of a PEM file, in order. Other text
// is allowed between them; another kind of block is not.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != blockCertificate {
			return nil, fmt.Errorf("block %q among the certificates: give PEM blocks 'CERTIFICATE' only", block.Type)
		}
		if len(chain) == MaxCertificates {
			return nil, fmt.Errorf("more than %d certificates in one file", MaxCertificates)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(chain)+1, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, errors.New("no PEM block 'CERTIFICATE' in the file")
	}
	return chain, nil
}

// SplitRoots separates the certificates that a caller gave to be trusted: those
// that issued themselves are roots, the others only help to build a path, so that
// the validity of everything up to the root is checked. Without any that issued
// itself all are roots: the caller trusts them and nothing above.
func SplitRoots(chain []*x509.Certificate) (roots, intermediates []*x509.Certificate) {
	for _, c := range chain {
		if selfIssued(c) {
			roots = append(roots, c)
		} else {
			intermediates = append(intermediates, c)
		}
	}
	if len(roots) == 0 {
		return intermediates, nil
	}
	return roots, intermediates
}

func selfIssued(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// LoadPublicKey is ParsePublicKey of a file.
func LoadPublicKey(path string) (PublicKey, error) {
	data, err := ReadFile(path, MaxFile)
	if err != nil {
		return PublicKey{}, err
	}
	key, err := ParsePublicKey(data)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// LoadCertificates is ParseCertificates of a file.
func LoadCertificates(path string) ([]*x509.Certificate, error) {
	data, err := ReadFile(path, MaxFile)
	if err != nil {
		return nil, err
	}
	chain, err := ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return chain, nil
}

// ReadFile reads a whole file of at most limit bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, limit)
	}
	return data, nil
}
