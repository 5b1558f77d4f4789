package oms

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/trust"
)

// Scheme is the scheme's name in claims.
const Scheme = "oms"

// DefaultMaxBundle is the size limit of a bundle in bytes; a bundle needs about
// 180 bytes for each file.
const DefaultMaxBundle = 64 << 20

// Config says what to check against. The zero value trusts nobody: claims are
// then Unchecked, or Failed when they contradict the files.
type Config struct {
	// Bundles are checked in place of those found in the artifact.
	Bundles []Bundle
	// Method is the only method to accept; "" for any.
	Method string

	PublicKeys       []trust.PublicKey   // for MethodKey
	CertificateRoots []*x509.Certificate // for MethodCertificate
	Intermediates    []*x509.Certificate // help to build a path, trusted for nothing
	TrustedRoot      []byte              // for MethodSigstore: trusted_root.json
	Identities       []Identity          // for MethodSigstore: any of them
	Now              time.Time           // at which certificates must be valid; zero for the clock

	// IgnorePaths are files and folders that need not be signed, beside those
	// that the signature itself leaves out. A signed file is compared all the same.
	IgnorePaths []string
	// IgnoreUnsignedFiles accepts any file that is not signed.
	IgnoreUnsignedFiles bool
	MaxBundle           int64 // bytes; 0 for DefaultMaxBundle
}

// Bundle is a document to check. Without Data it is read from the artifact's
// file Name; with Data, Name is where it came from.
type Bundle struct {
	Name string
	Data []byte
}

// Identity is a signer of a keyless signature; both must match exactly.
type Identity struct {
	Subject string // of the certificate: mail address or URI
	Issuer  string // URL of the identity provider
}

// Verifier implements verify.Verifier.
type Verifier struct {
	config   Config
	sigstore *keyless // nil without trusted root
}

// New checks the configuration.
func New(c Config) (*Verifier, error) {
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	if c.MaxBundle <= 0 {
		c.MaxBundle = DefaultMaxBundle
	}
	for _, p := range c.IgnorePaths {
		if err := CheckIgnorePath(p); err != nil {
			return nil, err
		}
	}
	if err := c.checkMethod(); err != nil {
		return nil, err
	}
	v := &Verifier{config: c}
	if c.TrustedRoot == nil {
		return v, nil
	}
	var err error
	v.sigstore, err = loadKeyless(c.TrustedRoot, c.Identities)
	return v, err
}

// checkMethod makes sure that a method that was asked for can succeed.
func (c *Config) checkMethod() error {
	switch {
	case !slices.Contains([]string{"", MethodKey, MethodCertificate, MethodSigstore}, c.Method):
		return fmt.Errorf("signing method %q: choose key, certificate or sigstore", c.Method)
	case c.Method == MethodKey && len(c.PublicKeys) == 0:
		return errors.New("method key needs a public key")
	case c.Method == MethodCertificate && len(c.CertificateRoots) == 0:
		return errors.New("method certificate needs a root certificate")
	case c.Method == MethodSigstore && (c.TrustedRoot == nil || len(c.Identities) == 0):
		return errors.New("method sigstore needs a trusted root, an identity and its issuer")
	case len(c.Identities) > 0 && c.TrustedRoot == nil:
		return errors.New("an identity needs a trusted root to check it against")
	}
	for _, id := range c.Identities {
		if id.Subject == "" || id.Issuer == "" {
			return errors.New("an identity and its issuer must be given together")
		}
	}
	return nil
}

// Scheme implements verify.Verifier.
func (v *Verifier) Scheme() string { return Scheme }

// Prepare implements verify.Verifier. A document that is no good becomes a failed
// claim; the error is for one that could not be read.
func (v *Verifier) Prepare(ctx context.Context, a *registry.Artifact) (verify.Check, error) {
	bundles, err := v.documents(ctx, a)
	if err != nil || len(bundles) == 0 {
		return nil, err
	}
	c := &check{config: &v.config, omitted: make(map[string]string, len(a.Omitted))}
	for _, o := range a.Omitted {
		c.omitted[o.Name] = o.Reason
	}
	for _, b := range bundles {
		c.documents = append(c.documents, v.read(b))
	}
	return c, nil
}

// read decodes a bundle and checks its signature.
func (v *Verifier) read(b Bundle) *document {
	digest := sha256.Sum256(b.Data)
	d := &document{name: b.Name, self: self{base: baseName(b.Name), sha256: hex.EncodeToString(digest[:])}}
	if err := v.readInto(d, b.Data); err != nil {
		var f fault
		if !errors.As(err, &f) {
			f = fault{Code: CodeBadBundle, What: err.Error()}
		}
		p := verify.Problem(f)
		d.problem, d.manifest, d.trusted = &p, nil, false
	}
	return d
}

func (v *Verifier) readInto(d *document, data []byte) error {
	if int64(len(data)) > v.config.MaxBundle {
		return fmt.Errorf("larger than %d bytes", v.config.MaxBundle)
	}
	b, err := decodeBundle(data)
	if err != nil {
		return err
	}
	// The statement is decoded first only because its type says which of two
	// encodings was signed. Nothing of it is used when the signature is bad.
	st, manifest, stErr := decodeStatement(b.Envelope.Payload)
	s := signed{payload: b.Envelope.Payload, sig: b.Envelope.Signatures[0].Sig, old: st.PredicateType == OldPredicateType}
	if err := v.checkSignature(d, b, s, data); err != nil {
		return err
	}
	d.predicateType = st.PredicateType
	if stErr != nil {
		return asFault(CodeBadStatement, stErr)
	}
	d.manifest = manifest
	d.noteOddities(b)
	return nil
}

// asFault gives an error a code unless it has one.
func asFault(code string, err error) error {
	var f fault
	if errors.As(err, &f) {
		return f
	}
	return fault{Code: code, What: err.Error()}
}

// checkSignature checks by the method that the bundle is for.
func (v *Verifier) checkSignature(d *document, b *bundle, s signed, data []byte) error {
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
	method := v.methodOf(b, certs)
	if v.config.Method != "" && v.config.Method != method {
		d.signer.Method = method
		return fault{Code: CodeWrongMethod, What: fmt.Sprintf("signed with method %s, wanted is %s", method, v.config.Method)}
	}
	switch method {
	case MethodKey:
		return d.checkKey(v.config.PublicKeys, b.Material.PublicKey, s)
	case MethodCertificate:
		return d.checkCertificate(&v.config, certs, s)
	}
	return d.checkSigstore(v.sigstore, certs[0], s, data)
}

// methodOf tells by the material, and a lone certificate by whether Sigstore's
// authority issued it.
func (v *Verifier) methodOf(b *bundle, certs []*x509.Certificate) string {
	switch {
	case b.Material.PublicKey != nil:
		return MethodKey
	case b.Material.Certificate != nil && isFulcio(certs[0]) && v.config.Method != MethodCertificate:
		return MethodSigstore
	}
	return MethodCertificate
}

// noteOddities tells what was seen and not used.
func (d *document) noteOddities(b *bundle) {
	note := func(text string) { d.notes = append(d.notes, text) }
	if d.signer.Method != MethodSigstore && (!isEmpty(b.Material.LogEntries) || !isEmpty(b.Material.Timestamps)) {
		note("log entries and timestamps of the bundle were not checked")
	}
	m := d.manifest
	if _, ok := m.files[itself]; ok {
		note("the signature does not bind the file's name")
	}
	if m.Root != nil && !m.inSpecOrder() {
		note("files are not listed in the order of the specification")
	}
	if m.AllowSymlinks {
		note("the signer allowed symbolic links; they are refused here")
	}
}
