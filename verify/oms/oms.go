package oms

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
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
	Denied           trust.DenyList      // signers and authorities that do not count any more

	// OthersMaySign: a signature by nobody of these is left unchecked in place of
	// failing, because nobody asked for theirs.
	OthersMaySign bool

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

	beside bool
}

// Identity is a signer of a keyless signature; both must match exactly.
type Identity = envelope.Identity

// Methods of signing, and of verify.Signer.
const (
	MethodKey         = envelope.MethodKey
	MethodCertificate = envelope.MethodCertificate
	MethodSigstore    = envelope.MethodSigstore
)

// Verifier implements verify.Verifier.
type Verifier struct {
	config  Config
	checker *envelope.Checker
}

// New checks the configuration.
func New(c Config) (*Verifier, error) {
	if c.MaxBundle <= 0 {
		c.MaxBundle = DefaultMaxBundle
	}
	for _, p := range c.IgnorePaths {
		if err := CheckIgnorePath(p); err != nil {
			return nil, err
		}
	}
	checker, err := envelope.NewChecker(envelope.Trust{
		Method: c.Method, PublicKeys: c.PublicKeys, Roots: c.CertificateRoots, Intermediates: c.Intermediates,
		TrustedRoot: c.TrustedRoot, Identities: c.Identities, Now: c.Now, Denied: c.Denied,
	})
	if err != nil {
		return nil, err
	}
	return &Verifier{config: c, checker: checker}, nil
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
	c.beside = make(map[string]bool)
	for _, f := range a.Files {
		if f.Beside {
			c.beside[f.Name] = true
		}
	}
	for _, b := range bundles {
		c.documents = append(c.documents, v.read(b))
	}
	return c, nil
}

// document is a bundle that was read, with everything that is known before the
// files are.
type document struct {
	envelope.Signed
	name          string
	beside        bool // kept by the store, where a stranger may put anything
	self          self
	predicateType string
	manifest      *Manifest // nil when there is a problem
	problem       *verify.Problem
}

// read decodes a bundle and checks its signature.
func (v *Verifier) read(b Bundle) *document {
	digest := sha256.Sum256(b.Data)
	d := &document{name: b.Name, beside: b.beside, self: self{base: baseName(b.Name), sha256: hex.EncodeToString(digest[:])}}
	if err := v.readInto(d, b.Data); err != nil {
		p := verify.Problem(envelope.AsError(envelope.CodeBadBundle, err))
		d.problem, d.manifest, d.Trusted = &p, nil, false
	}
	return d
}

func (v *Verifier) readInto(d *document, data []byte) error {
	if int64(len(data)) > v.config.MaxBundle {
		return fmt.Errorf("larger than %d bytes", v.config.MaxBundle)
	}
	b, err := envelope.Decode(data, false)
	if err != nil {
		return err
	}
	// The statement is decoded first only because its type says which of two
	// encodings was signed. Nothing of it is used when the signature is bad.
	st, manifest, stErr := decodeStatement(b.Envelope.Payload)
	if d.Signed, err = v.checker.Check(b, data, st.PredicateType == OldPredicateType); err != nil {
		return err
	}
	d.predicateType = st.PredicateType
	if stErr != nil {
		return envelope.AsError(CodeBadStatement, stErr)
	}
	d.manifest = manifest
	d.noteOddities()
	return nil
}

// noteOddities tells what was seen and not used.
func (d *document) noteOddities() {
	note := func(text string) { d.Notes = append(d.Notes, text) }
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
