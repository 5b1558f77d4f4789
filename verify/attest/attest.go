package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/internal/ociref"
)

// Scheme is the scheme's name in claims.
const Scheme = "in-toto"

// Bounds on documents.
const (
	DefaultMaxDocument = 64 << 20 // bytes
	maxDocuments       = 32       // found in one artifact
	maxLines           = 1024     // attestations in one document
)

// Trust says whose attestations count.
type Trust = envelope.Trust

// Identity is a signer of a keyless attestation.
type Identity = envelope.Identity

// DescribeRoot lists the authorities and logs of a trusted_root.json.
func DescribeRoot(data []byte) ([]envelope.RootPart, error) { return envelope.DescribeRoot(data) }

// Config says what to check, and against what. The zero value trusts nobody:
// claims are then Unchecked, or Failed when a given document contradicts the files.
type Config struct {
	Trust
	// Documents were given by the caller, who wants them to hold. Those found in
	// the artifact are looked at too, and matter when Trust knows their signer.
	Documents []Document
	// Require are kinds (Kinds) or predicate types; of each, verified attestations
	// must be about every file.
	Require []string
	Expect  Expectations
	// IgnorePaths are files and folders that need not be attested.
	IgnorePaths []string
	MaxDocument int64 // bytes; 0 for DefaultMaxDocument
}

// Document is a file with one attestation, or with one on each line.
type Document struct {
	Name string
	Data []byte
}

// Verifier implements verify.Verifier.
type Verifier struct {
	config  Config
	checker *envelope.Checker
}

// New checks the configuration.
func New(c Config) (*Verifier, error) {
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	if c.MaxDocument <= 0 {
		c.MaxDocument = DefaultMaxDocument
	}
	c.Require = c.Expect.implied(slices.Clone(c.Require))
	for _, kind := range c.Require {
		if !slices.Contains(Kinds(), kind) && !strings.Contains(kind, "://") {
			return nil, fmt.Errorf("attestation kind %q: one of %s, or a predicate type URI", kind, strings.Join(Kinds(), ", "))
		}
	}
	if len(c.Require) > 0 && len(c.PublicKeys)+len(c.Roots)+len(c.Identities) == 0 {
		return nil, errors.New("an attestation is asked for, and nobody whose attestation would count")
	}
	if err := c.Expect.check(c.Require); err != nil {
		return nil, err
	}
	checker, err := envelope.NewChecker(c.Trust)
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
	c := &check{verifier: v, inside: make(map[string]bool), pinned: ociref.PinnedDigest(a.Pinned)}
	for _, d := range v.config.Documents {
		if int64(len(d.Data)) > v.config.MaxDocument {
			return nil, fmt.Errorf("%s: larger than %d bytes", d.Name, v.config.MaxDocument)
		}
		list, err := v.split(d, true)
		if err != nil {
			return nil, err
		}
		c.attestations = append(c.attestations, list...)
	}
	if err := v.find(ctx, a, c); err != nil {
		return nil, err
	}
	if err := v.attached(ctx, a, c); err != nil {
		return nil, err
	}
	if len(c.attestations) == 0 && len(v.config.Require) == 0 {
		return nil, nil
	}
	return c, nil
}

// attestation is one that was read, with what is known before the files are.
type attestation struct {
	envelope.Signed
	name      string
	given     bool
	formed    bool       // envelope and statement are well-formed, whoever signed
	statement *statement // nil when there is a problem
	problem   *verify.Problem
}

// read decodes one bundle or envelope and checks its signature.
func (v *Verifier) read(name string, data []byte, given bool) *attestation {
	b, err := envelope.DecodeAny(data)
	return v.checked(&attestation{name: name, given: given}, b, data, err)
}

// checked checks the signature of a bundle, unless there is none.
func (v *Verifier) checked(a *attestation, b *envelope.Bundle, text []byte, err error) *attestation {
	if err == nil {
		err = v.check(a, b, text)
	}
	if err != nil {
		p := verify.Problem(envelope.AsError(envelope.CodeBadBundle, err))
		a.problem, a.Trusted = &p, false
	}
	return a
}

func (v *Verifier) check(a *attestation, b *envelope.Bundle, data []byte) (err error) {
	// Nothing of the statement is used when the signature is bad.
	st, stErr := decodeStatement(b.Envelope.Payload)
	a.formed = stErr == nil
	if a.Signed, err = v.checker.Check(b, data, false); err != nil {
		return err
	}
	if stErr != nil {
		return asSigned(a, envelope.AsError(CodeBadStatement, stErr))
	}
	a.statement = st
	return nil
}

// asSigned keeps the standing of a document whose signature is good: a trusted
// signer's malformed statement fails wherever it lies.
func asSigned(a *attestation, f fault) error {
	a.given = a.given || a.Trusted
	return f
}
