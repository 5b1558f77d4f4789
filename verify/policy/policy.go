// Package policy decides from evidence.
//
// # Security
//
// Decide reads nothing but its arguments: no clock, no environment, no file.
// Nothing in the object under test can weaken it. Whatever is not explicitly
// allowed refuses: an unknown standing, an unknown gap code, an empty
// classification all lead away from Allow. Adding a finding or a gap never
// turns a refusal into an allowance.
package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/scanners"
	"assay/verify"
)

// Reason codes, stable across releases.
const (
	CodeFinding    = "finding"    // a finding at or above the threshold
	CodeDigest     = "digest"     // bytes that differ from a declared digest
	CodeSignature  = "signature"  // a signature that is present and bad
	CodeUnsigned   = "unsigned"   // a required signature is missing
	CodeUnpinned   = "unpinned"   // a required immutable reference is missing
	CodeIncomplete = "incomplete" // something could not be looked at
)

// Rules is the typed policy. The zero value is the built-in policy: it refuses
// incomplete coverage, a finding of high or above, a digest that differs from
// the declared one and a signature that is present and bad. It reports a missing
// signature and does not require one, because requiring one needs to know whose.
type Rules struct {
	Name             string             // file name; "" for the built-in policy
	FailOn           *scanners.Severity // threshold; nil means high
	RequireSignature bool               // a verified claim must cover every file
	Signers          []verify.Signer    // whose claims count; empty: whoever the evidence was verified against
	RequirePinned    bool               // the reference must have an immutable form
}

var _ verify.Policy = Rules{}

// ID names the policy with everything that changes its decisions.
func (r Rules) ID() string {
	id := fmt.Sprintf("%s fail-on=%s require-signature=%t require-pinned=%t",
		cmp.Or(r.Name, "builtin/v1"), r.threshold(), r.RequireSignature, r.RequirePinned)
	for _, s := range r.Signers {
		id += fmt.Sprintf(" signer=%q", s)
	}
	return id
}

func (r Rules) threshold() scanners.Severity {
	if r.FailOn == nil {
		return scanners.High
	}
	return *r.FailOn
}

// Decide weighs every reason and lets the strictest win. The time is not used
// by these rules.
func (r Rules) Decide(e verify.Evidence, _ time.Time) verify.Verdict {
	var reasons []verify.Reason
	reasons = append(reasons, r.findings(e)...)
	reasons = append(reasons, r.claims(e)...)
	reasons = append(reasons, r.pinned(e)...)
	reasons = append(reasons, gaps(e)...)
	reasons = append(reasons, coverage(e)...)
	if len(e.Files) == 0 {
		reasons = append(reasons, verify.Reason{Code: verify.ReasonNothing, Effect: verify.Undecided,
			What: "the artifact has no files", Advice: "check the reference"})
	}
	return verdict(reasons)
}

// verdict puts the strictest reasons first and lets them win.
func verdict(reasons []verify.Reason) verify.Verdict {
	reasons = append([]verify.Reason{}, reasons...)
	slices.SortStableFunc(reasons, func(a, b verify.Reason) int { return cmp.Compare(rank(a.Effect), rank(b.Effect)) })
	return verify.Verdict{Decision: strictest(reasons), Reasons: reasons}
}

// rank orders effects, strictest first.
func rank(d verify.Decision) int {
	switch d {
	case verify.Deny:
		return 0
	case verify.Allow:
		return 2
	}
	return 1
}

func strictest(reasons []verify.Reason) verify.Decision {
	decision := verify.Allow
	for _, r := range reasons {
		if rank(r.Effect) < rank(decision) {
			decision = r.Effect
		}
	}
	return decision
}

// findings gives one reason for each file and rule, with the first place.
func (r Rules) findings(e verify.Evidence) []verify.Reason {
	var reasons []verify.Reason
	for _, f := range e.Files {
		index := make(map[string]int)
		count := make(map[string]int)
		for _, finding := range f.Findings {
			if !finding.Severity.AtLeast(r.threshold()) {
				continue
			}
			if count[finding.Rule]++; count[finding.Rule] > 1 {
				continue
			}
			index[finding.Rule] = len(reasons)
			reasons = append(reasons, verify.Reason{
				Code: CodeFinding, Effect: verify.Deny, File: f.Name,
				What:   fmt.Sprintf("%s: %s (%s%s)", finding.Rule, finding.What, finding.Severity, place(finding)),
				Advice: "assay explain " + finding.Rule,
			})
		}
		for rule, i := range index {
			if n := count[rule]; n > 1 {
				reasons[i].What += fmt.Sprintf(", and %d more", n-1)
			}
		}
	}
	return reasons
}

func place(f verify.Finding) string {
	text := ""
	for _, member := range f.Path {
		text += ", in " + member
	}
	return text + fmt.Sprintf(", at byte %d", f.Offset)
}

func (r Rules) claims(e verify.Evidence) []verify.Reason {
	var reasons []verify.Reason
	signed := make(map[string]bool)
	for _, c := range e.Claims {
		switch c.Standing {
		case verify.Verified:
			if !r.counts(c.Identity) {
				continue
			}
			for _, name := range slices.Concat(c.Covers, c.Exempt) {
				signed[name] = true
			}
		case verify.Unchecked:
		default:
			reasons = append(reasons, failedClaim(c)...)
		}
	}
	if !r.RequireSignature || len(reasons) > 0 {
		return reasons // a failed claim denies by itself; naming every file again would bury it
	}
	for _, f := range e.Files {
		if !signed[f.Name] {
			reasons = append(reasons, verify.Reason{Code: CodeUnsigned, Effect: verify.Deny, File: f.Name,
				What: "not covered by a verified signature", Advice: "ask the publisher for a signature made with the expected key"})
		}
	}
	return reasons
}

// counts reports whether a verified claim of this signer is one that was asked
// for. Stored evidence says "verified" for whatever key its gate was given, so a
// policy over stored evidence has to name the signers itself.
func (r Rules) counts(s verify.Signer) bool {
	if len(r.Signers) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Signers, func(want verify.Signer) bool {
		return want != verify.Signer{} &&
			(want.KeyID == "" || want.KeyID == s.KeyID) &&
			(want.Subject == "" || want.Subject == s.Subject) &&
			(want.Issuer == "" || want.Issuer == s.Issuer)
	})
}

// schemeText is what a sentence about the claim begins with.
func schemeText(c verify.Claim) string {
	if c.Attestation != nil {
		return c.Scheme
	}
	return c.Scheme + " signature"
}

func failedClaim(c verify.Claim) []verify.Reason {
	if len(c.Problems) == 0 {
		return []verify.Reason{{Code: CodeSignature, Effect: verify.Deny, File: c.Document,
			What: fmt.Sprintf("the %s signature has the unknown standing %q", c.Scheme, c.Standing)}}
	}
	reasons := make([]verify.Reason, len(c.Problems))
	for i, p := range c.Problems {
		reasons[i] = verify.Reason{Code: CodeSignature, Effect: verify.Deny, File: cmp.Or(p.File, c.Document),
			What: schemeText(c) + ": " + p.What}
	}
	return reasons
}

func (r Rules) pinned(e verify.Evidence) []verify.Reason {
	if !r.RequirePinned || e.Artifact.Pinned != "" {
		return nil
	}
	return []verify.Reason{{Code: CodeUnpinned, Effect: verify.Deny,
		What: "the reference has no immutable form", Advice: "name a commit or a digest"}}
}

func gaps(e verify.Evidence) []verify.Reason {
	reasons := make([]verify.Reason, 0, len(e.Gaps))
	for _, g := range e.Gaps {
		reason := verify.Reason{Code: CodeIncomplete, Effect: verify.Undecided, File: g.File, What: g.Reason}
		for _, member := range g.Path {
			reason.What += ", in " + member
		}
		if g.Code == verify.GapDigest {
			reason.Code, reason.Effect = CodeDigest, verify.Deny
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// coverage refuses a file with bytes that nobody looked at although no gap says
// so: the byte count is the last word.
func coverage(e verify.Evidence) []verify.Reason {
	explained := make(map[string]bool, len(e.Gaps))
	for _, g := range e.Gaps {
		explained[g.File] = true
	}
	var reasons []verify.Reason
	for _, f := range e.Files {
		complete := f.Coverage.Complete() && f.Coverage.Size() == f.Size
		if complete || explained[f.Name] {
			continue
		}
		reasons = append(reasons, verify.Reason{Code: CodeIncomplete, Effect: verify.Undecided, File: f.Name,
			What: fmt.Sprintf("%d of %d bytes were not looked at", f.Size-f.Coverage.Parsed-f.Coverage.Opaque, f.Size)})
	}
	return reasons
}
