// Package cosign verifies signatures over OCI manifests as cosign makes them: its
// simple signing documents under the tag sha256-<digest>.sig or as referrers, and
// since version 3 Sigstore bundles as referrers, with an in-toto statement
// (predicate type https://sigstore.dev/cosign/sign/v1) or over the manifest itself.
//
// # Security
//
// Trusted: Trust. Not trusted: the registry, and everything that is attached
// there. A signature is about the manifest whose digest it signed; the reference
// must be pinned to that digest, and the files are those that the manifest names
// by digest. The log entry must be over this very signature (CVE-2022-23649,
// CVE-2026-22703): sigstore-go checks both as one bundle. Whoever may write to the
// registry may attach anything, so a signature by a stranger says nothing, good
// or bad; one that is asked for and not there is missing. Bounded: number and
// size of documents by the source, everything inside by the decoders.
package cosign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/internal/ociref"
)

// Scheme is the scheme's name in claims.
const Scheme = "cosign"

// PredicateType is that of a signature by cosign 3: a statement without predicate.
const PredicateType = "https://sigstore.dev/cosign/sign/v1"

// mediaSimple is the type of a simple signing document.
const mediaSimple = "application/vnd.dev.cosign.simplesigning.v1+json"

// Codes of problems beside those of bundles.
const (
	CodeOtherSubject = "other-subject" // about another manifest
	CodeBadPayload   = "bad-payload"   // signed, and cannot be read as a signature of a manifest
)

// Trust says whose signatures count.
type Trust = envelope.Trust

// Verifier implements verify.Verifier.
type Verifier struct {
	checker *envelope.Checker
}

// New checks the configuration.
func New(t Trust) (*Verifier, error) {
	checker, err := envelope.NewChecker(t)
	if err != nil {
		return nil, err
	}
	return &Verifier{checker: checker}, nil
}

// Scheme implements verify.Verifier.
func (v *Verifier) Scheme() string { return Scheme }

// Prepare implements verify.Verifier.
func (v *Verifier) Prepare(ctx context.Context, a *registry.Artifact) (verify.Check, error) {
	digest := ociref.PinnedDigest(a.Pinned)
	if a.Attached == nil || digest == "" {
		return nil, nil
	}
	documents, err := a.Attached(ctx)
	if err != nil {
		return nil, err
	}
	c := &ociref.Check{Binding: ociref.Bind(a)}
	for _, doc := range documents {
		if s := v.read(doc, digest); s != nil {
			c.Signatures = append(c.Signatures, s)
		}
	}
	if len(c.Signatures) == 0 {
		return nil, nil
	}
	return c, nil
}

// fails: a signer who counts signed what is no signature of a manifest.
func fails(s *ociref.Signature) bool { return s.Trusted && s.Problem.Code == CodeBadPayload }

// read returns nil for what is no signature of this scheme.
func (v *Verifier) read(doc registry.Attachment, digest string) *ociref.Signature {
	s := &ociref.Signature{Scheme: Scheme, Name: doc.Name, Fails: fails}
	var err error
	switch {
	case doc.MediaType == mediaSimple:
		err = v.simple(s, doc, digest)
	case !strings.HasPrefix(doc.MediaType, "application/vnd.dev.sigstore.bundle"):
		return nil
	case envelope.IsMessageBundle(doc.Data):
		err = v.message(s, doc.Data, digest)
	default:
		b, decodeErr := envelope.Decode(doc.Data, true)
		if decodeErr != nil || typeOf(b) != PredicateType {
			return nil // an attestation or a model signature, which have verifiers of their own
		}
		err = v.statement(s, b, doc.Data, digest)
	}
	if err != nil {
		p := verify.Problem(envelope.AsError(envelope.CodeBadBundle, err))
		s.Problem = &p
	}
	return s
}

// simple checks a simple signing document.
func (v *Verifier) simple(s *ociref.Signature, doc registry.Attachment, digest string) error {
	m, err := envelope.DecodeMessage(doc)
	if err != nil {
		return err
	}
	if s.Signed, err = v.checker.CheckMessage(m); err != nil {
		return err
	}
	var payload struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	if err := envelope.DecodeStrict(m.Payload, &payload); err != nil {
		return envelope.Error{Code: CodeBadPayload, What: err.Error()}
	}
	if payload.Critical.Type != "cosign container image signature" {
		return envelope.Error{Code: CodeBadPayload, What: fmt.Sprintf("the signed document is a %.80q, no signature of an image", payload.Critical.Type)}
	}
	return sameSubject([]string{payload.Critical.Image.Digest}, digest)
}

// message checks a bundle over the manifest itself.
func (v *Verifier) message(s *ociref.Signature, data []byte, digest string) error {
	m, err := envelope.DecodeMessageBundle(data, digest)
	if err != nil {
		return err
	}
	s.Signed, err = v.checker.CheckMessage(m)
	return err
}

// statement checks a bundle with an in-toto statement.
func (v *Verifier) statement(s *ociref.Signature, b *envelope.Bundle, data []byte, digest string) error {
	s.PredicateType = PredicateType
	var err error
	if s.Signed, err = v.checker.Check(b, data, false); err != nil {
		return err
	}
	var st statement
	if err := envelope.DecodeWide(b.Envelope.Payload, &st); err != nil {
		return envelope.Error{Code: CodeBadPayload, What: err.Error()}
	}
	if st.Type != statementType {
		return envelope.Error{Code: CodeBadPayload, What: fmt.Sprintf("statement type %.80q, want %q", st.Type, statementType)}
	}
	subjects := make([]string, len(st.Subjects))
	for i, sub := range st.Subjects {
		subjects[i] = "sha256:" + sub.Digest["sha256"]
	}
	return sameSubject(subjects, digest)
}

const statementType = "https://in-toto.io/Statement/v1"

type statement struct {
	Type          string `json:"_type"`
	PredicateType string `json:"predicateType"`
	Subjects      []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
}

// typeOf reads the predicate type, "" when there is none.
func typeOf(b *envelope.Bundle) string {
	var st statement
	if err := envelope.DecodeWide(b.Envelope.Payload, &st); err != nil {
		return ""
	}
	return st.PredicateType
}

func sameSubject(subjects []string, digest string) error {
	if !slices.Contains(subjects, "sha256:"+digest) {
		return envelope.Error{Code: CodeOtherSubject, What: fmt.Sprintf("signed is another manifest than sha256:%s", digest)}
	}
	return nil
}
