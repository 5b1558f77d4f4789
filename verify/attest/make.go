package attest

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/internal/ociref"
)

// Summary says who verified, and what and when.
type Summary struct {
	Verifier string    // URI
	Resource string    // URI; "" for the report's own reference
	Time     time.Time // of the verification
}

// slsaVersion is that of the summary's form.
const slsaVersion = "1.1"

// MakeVSA writes a verification summary of a report: a statement to be signed.
// Its subjects are the artifact as a whole and every file. What passes only because
// the policy warns there has FAILED. It fails for a report
// that is bound to no content.
func MakeVSA(r verify.Report, s Summary) ([]byte, error) {
	p := vsa{
		Verifier: verifierID{s.Verifier}, TimeVerified: s.Time.UTC().Format(time.RFC3339), ResourceURI: s.resource(r),
		Policy: policyOf(r), InputAttestations: inputs(r), SlsaVersion: slsaVersion,
		Result: resultFailed, Levels: []string{resultFailed},
	}
	if r.Outcome() == verify.Pass && r.Verdict.Enforced() {
		p.Result, p.Levels = resultPassed, []string{"SLSA_BUILD_LEVEL_UNEVALUATED"}
	}
	return MakeStatement(r.Evidence, TypeVSA, p)
}

// Properties of an SVR by this program.
const (
	PropertyAllowed   = "ASSAY_ALLOWED"   // the policy allows it, and nothing was left unlooked at
	PropertySignature = "ASSAY_SIGNATURE" // a verified signature covers files
)

// MakeSVR writes a simple verification result of a report. It can only say what
// was verified, so a report that does not pass has none.
func MakeSVR(r verify.Report, s Summary) ([]byte, error) {
	if r.Outcome() != verify.Pass || !r.Verdict.Enforced() {
		return nil, fmt.Errorf("a simple verification result lists what passed, and the report says %s: make a vsa", r.Outcome())
	}
	p := svr{Verifier: verifierID{s.Verifier}, TimeCreated: s.Time.UTC().Format(time.RFC3339), Properties: []string{PropertyAllowed}}
	for _, c := range r.Claims {
		if c.Standing == verify.Verified && len(c.Covers) > 0 {
			p.Properties = append(p.Properties, PropertySignature)
			break
		}
	}
	return MakeStatement(r.Evidence, TypeSVR, p)
}

func (s Summary) resource(r verify.Report) string {
	for _, uri := range []string{s.Resource, r.Artifact.Pinned} {
		if uri != "" {
			return uri
		}
	}
	return r.Artifact.Ref
}

// policyOf names the policy by the digest of its identity, which has everything
// that changes its decisions.
func policyOf(r verify.Report) resourceDescriptor {
	return resourceDescriptor{
		URI:    "urn:assay:policy:" + url.PathEscape(r.Policy),
		Digest: map[string]string{"sha256": verify.PolicyDigest(r.Policy, r.Verdict.Rule)},
	}
}

// inputs are the verified documents among the artifact's files.
func inputs(r verify.Report) []resourceDescriptor {
	var list []resourceDescriptor
	for _, c := range r.Claims {
		for _, f := range r.Files {
			if c.Standing == verify.Verified && f.Name == c.Document && f.SHA256 != "" {
				list = append(list, resourceDescriptor{URI: f.Name, Digest: map[string]string{"sha256": f.SHA256}})
			}
		}
	}
	return list
}

type outStatement struct {
	Type          string       `json:"_type"`
	Subject       []outSubject `json:"subject"`
	PredicateType string       `json:"predicateType"`
	Predicate     any          `json:"predicate"`
}

type outSubject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// MakeStatement writes a statement about the artifact of the evidence: about the
// whole with its names (ContentAlgorithm), and about each file (SHA-256), so that
// verifiers that know only files can use it.
func MakeStatement(e verify.Evidence, predicateType string, predicate any) ([]byte, error) {
	content, ok := strings.CutPrefix(e.Artifact.ContentID, "sha256:")
	if !ok {
		return nil, errors.New("the report is bound to no content: a file was not hashed whole")
	}
	if id := verify.ContentID(e.Files); id != e.Artifact.ContentID {
		return nil, fmt.Errorf("the report contradicts itself: its files are %s, it says %s", id, e.Artifact.ContentID)
	}
	subjects := make([]outSubject, 0, len(e.Files)+1)
	subjects = append(subjects, outSubject{Name: "_", Digest: map[string]string{ContentAlgorithm: content}})
	if manifest := ociref.PinnedDigest(e.Artifact.Pinned); manifest != "" { // by which registries find it
		subjects = append(subjects, outSubject{Name: e.Artifact.Name, Digest: map[string]string{"sha256": manifest}})
	}
	for _, f := range e.Files {
		subjects = append(subjects, outSubject{Name: f.Name, Digest: map[string]string{"sha256": f.SHA256}})
	}
	if raw, isText := predicate.([]byte); isText {
		predicate = jsontext.Value(raw)
	}
	payload, err := json.Marshal(outStatement{
		Type: statementV1, Subject: subjects, PredicateType: predicateType, Predicate: predicate,
	}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("make attestation: %w", err)
	}
	st, err := decodeStatement(payload)
	if err != nil {
		return nil, fmt.Errorf("make attestation: %w", err)
	}
	j := judge{expect: new(Expectations)}
	if err := j.predicate(st, &verify.Attestation{Kind: kindOf(predicateType)}); err != nil {
		return nil, fmt.Errorf("make attestation: %w", err)
	}
	return payload, nil
}

// SignWithKey makes a bundle of a statement, verified with the signer's public key.
func SignWithKey(statement []byte, signer crypto.Signer) ([]byte, error) {
	return envelope.SignWithKey(statement, signer)
}

// SignWithCertificate makes a bundle of a statement, verified with a root of the
// chain, which begins with the signer's own certificate.
func SignWithCertificate(statement []byte, signer crypto.Signer, chain []*x509.Certificate, now time.Time) ([]byte, error) {
	return envelope.SignWithCertificate(statement, signer, chain, now)
}
