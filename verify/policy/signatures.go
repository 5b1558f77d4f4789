package policy

import (
	"fmt"
	"slices"
	"time"

	"assay/verify"
)

// Signatures asks about signatures and attestations only: Allow when a verified
// signature covers every file, Deny when a claim fails. It says nothing about the
// content.
type Signatures struct {
	// Attestations asks about attestations alone: Allow when one is verified.
	Attestations bool
}

var _ verify.Policy = Signatures{}

// ID names the policy.
func (s Signatures) ID() string {
	if s.Attestations {
		return "attestations/v1"
	}
	return "signatures/v1"
}

// Decide looks at claims, and at gaps that no scanner caused.
func (s Signatures) Decide(e verify.Evidence, _ time.Time) verify.Verdict {
	reasons := Rules{RequireSignature: len(e.Claims) > 0 && !s.Attestations}.claims(e)
	reasons = append(reasons, gaps(e)...)
	if len(e.Claims) == 0 {
		reasons = append(reasons, verify.Reason{Code: verify.ReasonNothing, Effect: verify.Undecided,
			What: "no signature was found", Advice: "name it with --bundle FILE, or ask the publisher to sign"})
	}
	return verdict(append(reasons, unchecked(e)...))
}

// unchecked makes a claim that nothing was held against a reason not to allow.
// An attestation by a stranger is none where there is something verified.
func unchecked(e verify.Evidence) []verify.Reason {
	verified := slices.ContainsFunc(e.Claims, func(c verify.Claim) bool { return c.Standing == verify.Verified })
	var reasons []verify.Reason
	for _, c := range e.Claims {
		if c.Standing == verify.Unchecked && (c.Attestation == nil || !verified) {
			reasons = append(reasons, verify.Reason{Code: CodeSignature, Effect: verify.Undecided, File: c.Document,
				What: fmt.Sprintf("the %s signature was not checked: no key or root that fits was given", c.Scheme)})
		}
	}
	return reasons
}
