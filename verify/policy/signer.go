package policy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"regexp"
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

	// Of "sigstore": a regular expression for all of the subject, in place of it, and
	// what the certificate has to say about the build; "" asks nothing.
	Pattern    string
	Repository string
	Workflow   string
	Ref        string
	Trigger    string
	Runner     string
}

// is reports whether a proven identity is this signer.
func (s Signer) is(v verify.Signer) bool {
	if s.KeyID != "" {
		return s.KeyID == v.KeyID
	}
	if s.Method == "" || s.Issuer == "" || s.Method != v.Method || s.Issuer != v.Issuer || !s.isSubject(v.Subject) {
		return false
	}
	for _, pair := range [][2]string{
		{s.Repository, v.Repository}, {s.Workflow, v.Workflow}, {s.Ref, v.Ref}, {s.Trigger, v.Trigger}, {s.Runner, v.Runner},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}

func (s Signer) isSubject(subject string) bool {
	if s.Pattern == "" {
		return s.Subject != "" && s.Subject == subject
	}
	re, err := anchored(s.Pattern)
	return err == nil && subject != "" && re.MatchString(subject)
}

// anchored compiles a pattern for all of a text: a part can be anybody's.
func anchored(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil { // before it is put into brackets
		return nil, err
	}
	return regexp.Compile(`^(?:` + pattern + `)$`)
}

// Trust is what a policy file brings for checking signatures. A signer named by
// key id alone brings nothing: the key has to be given beside the policy.
type Trust struct {
	Keys         []trust.PublicKey
	Certificates []*x509.Certificate // roots and intermediates
	TrustedRoot  []byte              // Sigstore trusted_root.json
	Identities   []Signer            // of sigstore signers
}

// signerDocument is a signer as a policy file writes it.
type signerDocument struct {
	Type        string `yaml:"type"`
	KeyID       string `yaml:"keyId"`
	PublicKey   string `yaml:"publicKey"`
	Subject     string `yaml:"subject"`
	Roots       string `yaml:"roots"`
	Identity    string `yaml:"identity"`
	Pattern     string `yaml:"identityPattern"`
	Issuer      string `yaml:"issuer"`
	Repository  string `yaml:"repository"`
	Workflow    string `yaml:"workflow"`
	Ref         string `yaml:"ref"`
	Trigger     string `yaml:"trigger"`
	Runner      string `yaml:"runner"`
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
		allowed = d
		allowed.KeyID, allowed.PublicKey, allowed.Subject, allowed.Roots = "", "", "", ""
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
	switch {
	case d.Identity == "" && d.Pattern == "" || d.Issuer == "":
		return Signer{}, errors.New("needs identity, or identityPattern, and issuer: an identity means nothing without who vouches for it")
	case d.Identity != "" && d.Pattern != "":
		return Signer{}, errors.New("identity and identityPattern: one of them")
	}
	if _, err := anchored(d.Pattern); err != nil {
		return Signer{}, fmt.Errorf("identityPattern: %w", err)
	}
	signer := Signer{
		Method: d.Type, Subject: d.Identity, Pattern: d.Pattern, Issuer: d.Issuer,
		Repository: d.Repository, Workflow: d.Workflow, Ref: d.Ref, Trigger: d.Trigger, Runner: d.Runner,
	}
	t.Identities = append(t.Identities, signer)
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
	return signer, nil
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
