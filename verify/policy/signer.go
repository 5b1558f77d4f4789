package policy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"

	"assay/verify"
	"assay/verify/trust"
)

// Signer is somebody whose signature counts. Exactly one kind is set; the zero
// value is nobody.
type Signer struct {
	KeyID string // SHA-256 of the SubjectPublicKeyInfo, hex

	Method  string // "certificate" or "sigstore", with the two below
	Subject string // exactly
	Issuer  string // exactly
}

// is reports whether a proven identity is this signer.
func (s Signer) is(v verify.Signer) bool {
	if s.KeyID != "" {
		return s.KeyID == v.KeyID
	}
	return s.Method != "" && s.Subject != "" && s.Issuer != "" &&
		s.Method == v.Method && s.Subject == v.Subject && s.Issuer == v.Issuer
}

// Trust is what a policy file brings for checking signatures. A signer named by
// key id alone brings nothing: the key has to be given beside the policy.
type Trust struct {
	Keys         []trust.PublicKey
	Certificates []*x509.Certificate // roots and intermediates
	TrustedRoot  []byte              // Sigstore trusted_root.json
	Identities   []verify.Signer     // Subject and Issuer, of sigstore signers
}

// signerDocument is a signer as a policy file writes it.
type signerDocument struct {
	Type        string `yaml:"type"`
	KeyID       string `yaml:"keyId"`
	PublicKey   string `yaml:"publicKey"`
	Subject     string `yaml:"subject"`
	Roots       string `yaml:"roots"`
	Identity    string `yaml:"identity"`
	Issuer      string `yaml:"issuer"`
	TrustedRoot string `yaml:"trustedRoot"`
}

// readFunc reads a file that the policy names, relative to the policy.
type readFunc func(name string) ([]byte, error)

// signers reads the named signers and what they bring.
func (d *document) readSigners(read readFunc) (map[string]Signer, Trust, error) {
	var t Trust
	signers := make(map[string]Signer, len(d.Signers))
	owner := make(map[Signer]string)
	for _, name := range slices.Sorted(maps.Keys(d.Signers)) {
		s, err := d.Signers[name].signer(&t, read)
		if err != nil {
			return nil, t, fmt.Errorf("signer %s: %w", name, err)
		}
		if other, twice := owner[s]; twice {
			return nil, t, fmt.Errorf("signer %s: is the same as %s, so the two are one", name, other)
		}
		owner[s] = name
		signers[name] = s
	}
	return signers, t, nil
}

func (d signerDocument) signer(t *Trust, read readFunc) (Signer, error) {
	var allowed signerDocument // what the type may set
	switch d.Type {
	case "key":
		allowed = signerDocument{Type: d.Type, KeyID: d.KeyID, PublicKey: d.PublicKey}
	case "certificate":
		allowed = signerDocument{Type: d.Type, Subject: d.Subject, Issuer: d.Issuer, Roots: d.Roots}
	case "sigstore":
		allowed = signerDocument{Type: d.Type, Identity: d.Identity, Issuer: d.Issuer, TrustedRoot: d.TrustedRoot}
	default:
		return Signer{}, fmt.Errorf("unknown type %q: one of key, certificate, sigstore", d.Type)
	}
	if allowed != d {
		return Signer{}, fmt.Errorf("a signer of type %s has a key of another type", d.Type)
	}
	switch d.Type {
	case "key":
		return d.key(t, read)
	case "certificate":
		return d.certificate(t, read)
	}
	return d.sigstore(t, read)
}

func (d signerDocument) key(t *Trust, read readFunc) (Signer, error) {
	if (d.KeyID == "") == (d.PublicKey == "") {
		return Signer{}, errors.New("needs exactly one of keyId and publicKey")
	}
	if d.KeyID != "" {
		if !isHex(d.KeyID, 64) {
			return Signer{}, errors.New("keyId is not 64 lower-case hex digits: the SHA-256 of the public key in DER")
		}
		return Signer{KeyID: d.KeyID}, nil
	}
	data, err := read(d.PublicKey)
	if err != nil {
		return Signer{}, err
	}
	key, err := trust.ParsePublicKey(data)
	if err != nil {
		return Signer{}, fmt.Errorf("%s: %w", d.PublicKey, err)
	}
	t.Keys = append(t.Keys, key)
	return Signer{KeyID: key.ID}, nil
}

func (d signerDocument) certificate(t *Trust, read readFunc) (Signer, error) {
	if d.Subject == "" || d.Issuer == "" {
		return Signer{}, errors.New("needs subject and issuer")
	}
	if d.Roots != "" {
		data, err := read(d.Roots)
		if err != nil {
			return Signer{}, err
		}
		list, err := trust.ParseCertificates(data)
		if err != nil {
			return Signer{}, fmt.Errorf("%s: %w", d.Roots, err)
		}
		t.Certificates = append(t.Certificates, list...)
	}
	return Signer{Method: d.Type, Subject: d.Subject, Issuer: d.Issuer}, nil
}

func (d signerDocument) sigstore(t *Trust, read readFunc) (Signer, error) {
	if d.Identity == "" || d.Issuer == "" {
		return Signer{}, errors.New("needs identity and issuer: an identity means nothing without who vouches for it")
	}
	t.Identities = append(t.Identities, verify.Signer{Subject: d.Identity, Issuer: d.Issuer})
	if d.TrustedRoot != "" {
		data, err := read(d.TrustedRoot)
		if err != nil {
			return Signer{}, err
		}
		if t.TrustedRoot != nil && string(t.TrustedRoot) != string(data) {
			return Signer{}, errors.New("another signer names another trustedRoot: one is allowed")
		}
		t.TrustedRoot = data
	}
	return Signer{Method: d.Type, Subject: d.Identity, Issuer: d.Issuer}, nil
}

func isHex(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}
