package envelope

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	fulcio "github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"

	"assay/verify/trust"
)

// fulcioArc is the OID below which Fulcio puts its certificate extensions.
var fulcioArc = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1}

// isFulcio reports whether a certificate says that Fulcio issued it.
func isFulcio(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if len(e.Id) > len(fulcioArc) && slices.Equal(e.Id[:len(fulcioArc)], fulcioArc) {
			return true
		}
	}
	return false
}

// keyless checks keyless signatures offline.
type keyless struct {
	verifier *sigverify.Verifier
	stampers []root.TimestampingAuthority
	policies []sigverify.PolicyOption // one for each identity
}

// loadKeyless reads a trusted_root.json. Of everything that the root has there
// must be one: a promise of a certificate log, a log entry, a time. An instance
// without a log, like GitHub's for private repositories, vouches by timestamps.
func loadKeyless(trustedRoot []byte, identities []Identity, denied trust.DenyList) (*keyless, error) {
	material, err := root.NewTrustedRootFromJSON(trustedRoot)
	if err != nil {
		return nil, fmt.Errorf("trusted root: %w", err)
	}
	thresholds := []sigverify.VerifierOption{sigverify.WithObserverTimestamps(1)}
	if len(material.CTLogs()) > 0 {
		thresholds = append(thresholds, sigverify.WithSignedCertificateTimestamps(1))
	}
	if len(material.RekorLogs()) > 0 {
		thresholds = append(thresholds, sigverify.WithTransparencyLog(1))
	}
	return newKeyless(undenied{material, denied}, identities, thresholds...)
}

func newKeyless(material root.TrustedMaterial, identities []Identity, thresholds ...sigverify.VerifierOption) (*keyless, error) {
	verifier, err := sigverify.NewVerifier(material, thresholds...)
	if err != nil {
		return nil, fmt.Errorf("trusted root: %w", err)
	}
	k := &keyless{verifier: verifier, stampers: material.TimestampingAuthorities()}
	for _, id := range identities {
		match, err := id.matcher()
		if err != nil {
			return nil, fmt.Errorf("identity %q: %w", id.Subject+id.SubjectPattern, err)
		}
		k.policies = append(k.policies, sigverify.WithCertificateIdentity(match))
	}
	return k, nil
}

// matcher anchors the pattern at both ends: a part of a subject can be anybody's.
func (id Identity) matcher() (sigverify.CertificateIdentity, error) {
	pattern := ""
	if id.SubjectPattern != "" {
		if _, err := regexp.Compile(id.SubjectPattern); err != nil { // before it is put into brackets
			return sigverify.CertificateIdentity{}, err
		}
		pattern = `^(?:` + id.SubjectPattern + `)$`
	}
	subject, err := sigverify.NewSANMatcher(id.Subject, pattern)
	if err != nil {
		return sigverify.CertificateIdentity{}, err
	}
	issuer, err := sigverify.NewIssuerMatcher(id.Issuer, "")
	if err != nil {
		return sigverify.CertificateIdentity{}, err
	}
	return sigverify.NewCertificateIdentity(subject, issuer, fulcio.Extensions{
		SourceRepositoryURI: id.Repository, BuildConfigURI: id.Workflow, SourceRepositoryRef: id.Ref, BuildTrigger: id.Trigger, RunnerEnvironment: id.Runner,
	})
}

// checkSigstore checks certificate, log entry and times, then the identity.
func (d *Signed) checkSigstore(k *keyless, leaf *x509.Certificate, s signed, data []byte) error {
	d.Signer.Method = MethodSigstore
	if err := d.checkLeaf(leaf, s); err != nil {
		return err
	}
	if k == nil {
		d.Notes = append(d.Notes, "no trusted root was given to check the keyless signature against")
		return nil
	}
	result, err := k.verify(data, s)
	if err != nil {
		return err
	}
	cert := result.Signature.Certificate
	d.Signer.Subject, d.Signer.Issuer = cert.SubjectAlternativeName, cert.Issuer
	d.Signer.Repository, d.Signer.Ref = cert.SourceRepositoryURI, cert.SourceRepositoryRef
	d.Signer.Workflow = cert.BuildConfigURI
	d.Signer.Trigger, d.Signer.Runner = cert.BuildTrigger, cert.RunnerEnvironment
	if len(result.VerifiedTimestamps) > 0 {
		t := result.VerifiedTimestamps[0]
		d.Time, d.TimeSource = t.Timestamp.UTC().Format(time.RFC3339), t.Type
	}
	if len(k.policies) == 0 {
		d.Notes = append(d.Notes, "no identity was given that the signer should have")
		return nil
	}
	d.Trusted = true
	return nil
}

// verify hands the bundle to sigstore-go, without the digest of an artifact: the
// manifest is compared by this package. The payload must be the same for both
// decoders.
func (k *keyless) verify(data []byte, s signed) (result *sigverify.VerificationResult, err error) {
	// A crash over a hostile log entry must not look like anything but a failure,
	// and must not end the look at everything else.
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, Error{Code: CodeSigstore, What: fmt.Sprintf("the check crashed: %v", r)}
		}
	}()
	if s.old {
		return nil, Error{Code: CodeSigstore, What: "keyless bundles of version 0.2 cannot be checked: sign again"}
	}
	var b sigbundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return nil, Error{Code: CodeBadBundle, What: err.Error()}
	}
	artifact := sigverify.WithoutArtifactUnsafe()
	switch {
	case s.bare && bytes.Equal(b.GetMessageSignature().GetSignature(), s.sig):
		artifact = sigverify.WithArtifactDigest("sha256", s.digest)
	case s.bare || !bytes.Equal(b.GetDsseEnvelope().GetPayload(), s.payload):
		return nil, Error{Code: CodeBadBundle, What: "payload is ambiguous"}
	}
	identity := sigverify.WithoutIdentitiesUnsafe()
	if len(k.policies) > 0 {
		identity = anyOf(k.policies)
	}
	result, err = k.verifier.Verify(&b, sigverify.NewPolicy(artifact, identity))
	var other *sigverify.ErrNoMatchingCertificateIdentity
	switch {
	case errors.As(err, &other):
		return nil, Error{Code: CodeWrongIdentity, What: err.Error()}
	case err != nil:
		return nil, Error{Code: CodeSigstore, What: err.Error()}
	}
	return result, nil
}

// anyOf accepts any of the identities: sigstore-go takes repeated ones as
// alternatives.
func anyOf(options []sigverify.PolicyOption) sigverify.PolicyOption {
	return func(c *sigverify.PolicyConfig) error {
		for _, option := range options {
			if err := option(c); err != nil {
				return err
			}
		}
		return nil
	}
}
