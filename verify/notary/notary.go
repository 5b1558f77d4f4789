// Package notary verifies Notary Project signatures (notation) of OCI manifests:
// JWS and COSE envelopes as referrers of artifact type
// application/vnd.cncf.notary.signature, by certificate.
//
// # Security
//
// Trusted: the roots in Trust, which are the trust store of both signing schemes.
// Not trusted: the registry and the envelope. The payload must be the descriptor
// of the manifest that the reference is pinned to (CVE-2023-33959), by digest. The
// signer's own word about the time is not believed: the path must be valid now, or
// when an authority of the trusted root stamped the signature. A signature past
// its own expiry fails, and so does one with a critical attribute that is not
// understood, like the demand for a plugin. Certificates are not looked up with
// OCSP or a CRL: a lost key goes on the deny list. Bounded: the size of an
// envelope; a crash over one is a fault like any other (CVE-2024-51491 in spirit).
package notary

import (
	"context"
	"fmt"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/internal/ociref"
)

// Scheme is the scheme's name in claims.
const Scheme = "notary"

// maxEnvelope bounds an envelope in bytes: certificates and a descriptor.
const maxEnvelope = 1 << 20

// payloadType is the type of what is signed (Notary Project, signature
// specification 1.0, "Payload").
const payloadType = "application/vnd.cncf.notary.payload.v1+json"

// Codes of problems beside those of bundles.
const (
	CodeOtherSubject = "other-subject" // about another manifest
	CodeBadPayload   = "bad-payload"   // signed, and no descriptor
	CodeExpired      = "expired"       // the signature says that it is no longer good
	CodeCritical     = "critical"      // it must not be believed without something that is not done here
)

// Trust says whose signatures count: those under its Roots.
type Trust = envelope.Trust

// Verifier implements verify.Verifier.
type Verifier struct {
	checker *envelope.Checker
	now     time.Time
}

// New checks the configuration.
func New(t Trust) (*Verifier, error) {
	if t.Now.IsZero() {
		t.Now = time.Now()
	}
	checker, err := envelope.NewChecker(t)
	if err != nil {
		return nil, err
	}
	return &Verifier{checker: checker, now: t.Now}, nil
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
		if doc.MediaType != jws.MediaTypeEnvelope && doc.MediaType != cose.MediaTypeEnvelope {
			continue
		}
		s := &ociref.Signature{Scheme: Scheme, Name: doc.Name, Fails: fails}
		if err := v.read(s, doc, digest); err != nil {
			p := verify.Problem(envelope.AsError(envelope.CodeBadBundle, err))
			s.Problem = &p
		}
		c.Signatures = append(c.Signatures, s)
	}
	if len(c.Signatures) == 0 {
		return nil, nil
	}
	return c, nil
}

// fails: a signer who counts signed it, and it does not hold for a reason of its own.
// One about another manifest is merely not about this one.
func fails(s *ociref.Signature) bool { return s.Trusted && s.Problem.Code != CodeOtherSubject }

func (v *Verifier) read(s *ociref.Signature, doc registry.Attachment, digest string) error {
	content, err := open(doc)
	if err != nil {
		return envelope.Error{Code: envelope.CodeBadSignature, What: err.Error()}
	}
	info := content.SignerInfo
	for _, c := range info.CertificateChain {
		if len(c.Raw) > envelope.MaxCertificate {
			return fmt.Errorf("a certificate larger than %d bytes", envelope.MaxCertificate)
		}
	}
	if s.Signed, err = v.checker.CheckChain(info.CertificateChain, info.Signature, info.UnsignedAttributes.TimestampSignature); err != nil {
		return err
	}
	return v.attributes(content, digest)
}

// attributes checks what was signed beside the certificate.
func (v *Verifier) attributes(content *signature.EnvelopeContent, digest string) error {
	signed := content.SignerInfo.SignedAttributes
	switch scheme := signed.SigningScheme; {
	case scheme != signature.SigningSchemeX509 && scheme != signature.SigningSchemeX509SigningAuthority:
		return envelope.Error{Code: CodeCritical, What: fmt.Sprintf("signing scheme %.80q is not known", scheme)}
	case !signed.Expiry.IsZero() && !v.now.Before(signed.Expiry):
		return envelope.Error{Code: CodeExpired, What: "the signature expired at " + signed.Expiry.UTC().Format(time.RFC3339)}
	}
	for _, a := range signed.ExtendedAttributes {
		if a.Critical {
			return envelope.Error{Code: CodeCritical, What: fmt.Sprintf("the signature must not be believed without %.80v, which is not done here", a.Key)}
		}
	}
	if content.Payload.ContentType != payloadType {
		return envelope.Error{Code: CodeBadPayload, What: fmt.Sprintf("signed is a %.80q, want %q", content.Payload.ContentType, payloadType)}
	}
	var payload struct {
		Target struct {
			Digest string `json:"digest"`
		} `json:"targetArtifact"`
	}
	if err := envelope.DecodeStrict(content.Payload.Content, &payload); err != nil {
		return envelope.Error{Code: CodeBadPayload, What: err.Error()}
	}
	if payload.Target.Digest != "sha256:"+digest {
		return envelope.Error{Code: CodeOtherSubject, What: fmt.Sprintf("signed is another manifest than sha256:%s", digest)}
	}
	return nil
}

// open checks the signature with the key of the envelope's own leaf.
func open(doc registry.Attachment) (content *signature.EnvelopeContent, err error) {
	defer func() {
		if r := recover(); r != nil {
			content, err = nil, fmt.Errorf("the check crashed: %v", r)
		}
	}()
	if len(doc.Data) > maxEnvelope {
		return nil, fmt.Errorf("larger than %d bytes", maxEnvelope)
	}
	e, err := signature.ParseEnvelope(doc.MediaType, doc.Data)
	if err != nil {
		return nil, err
	}
	return e.Verify()
}
