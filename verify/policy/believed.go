package policy

import (
	"slices"
	"time"

	"assay/verify"
)

// Believed is the policy of a gate that believes an earlier one: it allows what a
// verified, signed summary (VSA) says has passed Rules, about exactly this content.
// The verifier of attestations compares policy, verifier and content; what it could
// not confirm is a failed claim. The content is not looked into again, so this does
// not notice what new scanners would find: a summary has an age for that.
type Believed struct {
	Rules Rules
}

var _ verify.Policy = Believed{}

// ID differs from that of the rules: a summary of this decision says that nobody
// looked.
func (b Believed) ID() string { return "believed-vsa/v1 " + b.Rules.ID() }

// Decide asks for the summary, and for the bytes to be those that it is about.
func (b Believed) Decide(e verify.Evidence, _ time.Time) verify.Verdict {
	reasons := failedClaims(e)
	if !slices.ContainsFunc(e.Claims, passed) {
		reasons = append(reasons, verify.Reason{Code: CodeAttested, Effect: verify.Deny,
			What:   "no verified summary says that this content passed this policy",
			Advice: "gate it without --require-vsa, and sign the result: assay attest --type vsa"})
	}
	for _, g := range e.Gaps {
		reasons = append(reasons, gapReason(g))
	}
	for _, f := range e.Files {
		if f.SHA256 == "" {
			reasons = append(reasons, verify.Reason{Code: CodeIncomplete, Effect: verify.Undecided, File: f.Name, What: "not read to its end"})
		}
	}
	return verdict(reasons, Enforce)
}

// passed reports a verified summary of the whole artifact that passed.
func passed(c verify.Claim) bool {
	a := c.Attestation
	return c.Standing == verify.Verified && a != nil && a.Kind == "vsa" && a.Whole && a.Result == "PASSED"
}
