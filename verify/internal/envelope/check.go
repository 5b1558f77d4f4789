package envelope

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/verify"
	"assay/verify/trust"
)

// Methods of signing, and of verify.Signer.
const (
	MethodKey         = "key"
	MethodCertificate = "certificate"
	MethodSigstore    = "sigstore"
)

// Trust says whose signature counts. The zero value trusts nobody.
type Trust struct {
	// Method is the only method to accept; "" for any.
	Method string

	PublicKeys    []trust.PublicKey   // for MethodKey
	Roots         []*x509.Certificate // for MethodCertificate
	Intermediates []*x509.Certificate // help to build a path, trusted for nothing
	TrustedRoot   []byte              // for MethodSigstore: trusted_root.json
	Identities    []Identity          // for MethodSigstore: any of them
	Now           time.Time           // at which certificates must be valid
	Denied        trust.DenyList      // signers and authorities that do not count any more
}

// Identity is a signer of a keyless signature. Everything that is set must match,
// exactly but for the pattern.
type Identity struct {
	Subject        string // of the certificate: mail address or URI
	SubjectPattern string // in place of Subject: a regular expression for all of it
	Issuer         string // URL of the identity provider

	// What Fulcio wrote into the certificate about a build (its OID
	// documentation, 1.3.6.1.4.1.57264.1.8 to .22).
	Repository string // "https://github.com/org/name"
	Workflow   string // "https://github.com/org/name/.github/workflows/release.yml@refs/heads/main"
	Ref        string // "refs/heads/main"
	Trigger    string // "push"
	Runner     string // "github-hosted"
}

// check makes sure that a method that was asked for can succeed.
func (t *Trust) check() error {
	switch {
	case !slices.Contains([]string{"", MethodKey, MethodCertificate, MethodSigstore}, t.Method):
		return fmt.Errorf("signing method %q: choose key, certificate or sigstore", t.Method)
	case t.Method == MethodKey && len(t.PublicKeys) == 0:
		return errors.New("method key needs a public key")
	case t.Method == MethodCertificate && len(t.Roots) == 0:
		return errors.New("method certificate needs a root certificate")
	case t.Method == MethodSigstore && (t.TrustedRoot == nil || len(t.Identities) == 0):
		return errors.New("method sigstore needs a trusted root, an identity and its issuer")
	case len(t.Identities) > 0 && t.TrustedRoot == nil:
		return errors.New("an identity needs a trusted root to check it against")
	}
	for _, id := range t.Identities {
		switch {
		case id.Subject == "" && id.SubjectPattern == "" || id.Issuer == "":
			return errors.New("an identity and its issuer must be given together")
		case id.Subject != "" && id.SubjectPattern != "":
			return errors.New("an identity is given by its text or by a pattern, not by both")
		}
	}
	return nil
}

// Checker checks signers. It is safe for concurrent use.
type Checker struct {
	trust   Trust
	keyless *keyless // nil without trusted root
}

// NewChecker reads the trusted root and checks that t is complete.
func NewChecker(t Trust) (*Checker, error) {
	if t.Now.IsZero() {
		t.Now = time.Now()
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	c := &Checker{trust: t}
	if t.TrustedRoot == nil {
		return c, nil
	}
	var err error
	c.keyless, err = loadKeyless(t.TrustedRoot, t.Identities, t.Denied)
	return c, err
}

// Signed is what is known about a bundle's signer. The zero value is nobody.
type Signed struct {
	Signer     verify.Signer
	Trusted    bool   // one whom the caller trusts
	Time       string // RFC 3339, "" when there is no trusted time
	TimeSource string
	Notes      []string
}

// Check checks the signature of a decoded bundle; data is its text. An error is
// always a Error, and what is known by then is returned with it. Without anybody
// to trust there is no error for a signature that agrees with the bundle itself,
// and Trusted stays false.
func (c *Checker) Check(b *Bundle, data []byte, oldEncoding bool) (Signed, error) {
	s := signed{payload: b.Envelope.Payload, sig: b.Envelope.Signatures[0].Sig, old: oldEncoding}
	var d Signed
	if err := c.check(&d, b, s, data); err != nil {
		d.Trusted = false
		return d, AsError(CodeBadBundle, err)
	}
	return d, nil
}

// check checks by the method that the bundle is for.
func (c *Checker) check(d *Signed, b *Bundle, s signed, data []byte) error {
	var certs []*x509.Certificate
	var err error
	switch m := b.Material; {
	case m.Chain != nil:
		certs, err = parseChain(m.Chain.Certificates)
	case m.Certificate != nil:
		certs, err = parseChain([]certificate{*m.Certificate})
	}
	if err != nil {
		return err
	}
	method := c.methodOf(b, certs)
	if c.trust.Method != "" && c.trust.Method != method {
		d.Signer.Method = method
		return Error{Code: CodeWrongMethod, What: fmt.Sprintf("signed with method %s, wanted is %s", method, c.trust.Method)}
	}
	now := c.trust.Now
	if method != MethodSigstore {
		if !IsEmpty(b.Material.LogEntries) {
			d.Notes = append(d.Notes, "log entries of the bundle were not checked")
		}
		if at, err := c.stamped(d, b.Material.Timestamps, s.sig); err != nil {
			return err
		} else if !at.IsZero() {
			now = at
		}
	}
	switch method {
	case MethodKey:
		err = d.checkKey(c.trust.PublicKeys, b.Material.PublicKey, s)
	case MethodCertificate:
		err = d.checkCertificate(&c.trust, certs, s, now)
	default:
		err = d.checkSigstore(c.keyless, certs[0], s, data)
	}
	if err != nil {
		return err
	}
	return c.denied(d, certs)
}

// denied looks for the signer and every certificate of the bundle on the list.
func (c *Checker) denied(d *Signed, certs []*x509.Certificate) error {
	keys := []string{d.Signer.KeyID}
	for _, cert := range certs {
		keys = append(keys, trust.CertificateKeyID(cert))
	}
	for _, key := range keys {
		if reason, ok := c.trust.Denied.Key(key); ok {
			return Error{Code: CodeDenied, What: fmt.Sprintf("key %s is denied: %s", key, reason)}
		}
	}
	if reason, ok := c.trust.Denied.Identity(d.Signer.Subject); ok {
		return Error{Code: CodeDenied, What: fmt.Sprintf("%.200q is denied: %s", d.Signer.Subject, reason)}
	}
	return nil
}

// methodOf tells by the material, and a lone certificate by whether Sigstore's
// authority issued it. Bundles before 0.3 carry that one in a chain too.
func (c *Checker) methodOf(b *Bundle, certs []*x509.Certificate) string {
	switch {
	case b.Material.PublicKey != nil:
		return MethodKey
	case c.trust.Method == MethodCertificate || !isFulcio(certs[0]):
		return MethodCertificate
	case b.Material.Certificate != nil || b.MediaType != MediaType:
		return MethodSigstore
	}
	return MethodCertificate
}
