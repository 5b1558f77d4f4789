package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	reasons := failedClaims(e)
	if len(e.Claims) > 0 && !s.Attestations {
		reasons = append(reasons, Rules{}.unsigned(e)...)
	}
	for _, g := range e.Gaps {
		reasons = append(reasons, gapReason(g))
	}
	if len(e.Claims) == 0 {
		reasons = append(reasons, verify.Reason{Code: verify.ReasonNothing, Effect: verify.Undecided,
			What: "no signature was found", Advice: "name it with --bundle FILE, or ask the publisher to sign"})
	}
	return verdict(append(reasons, unchecked(e)...), Enforce)
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

// failedClaims refuses what is signed and does not hold.
func failedClaims(e verify.Evidence) []verify.Reason {
	var reasons []verify.Reason
	for _, c := range e.Claims {
		if c.Standing != verify.Verified && c.Standing != verify.Unchecked {
			reasons = append(reasons, failedClaim(c)...)
		}
	}
	return reasons
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
			What: fmt.Sprintf("the %s signature has the unknown standing %q", c.Scheme, c.Standing), Advice: "run the gate again with this version of assay"}}
	}
	advice := "get the model again from its publisher, or the key that the publisher uses now"
	if c.Attestation != nil {
		advice = "compare what the attestation says with what was asked for: signer, verifier, resource, policy; or ask for another one"
	}
	reasons := make([]verify.Reason, len(c.Problems))
	for i, p := range c.Problems {
		reasons[i] = verify.Reason{Code: CodeSignature, Effect: verify.Deny, File: cmp.Or(p.File, c.Document),
			What: schemeText(c) + ": " + p.What, Advice: advice}
	}
	return reasons
}

// unsigned refuses files that no verified claim covers. Where a claim failed it
// says nothing: that denies by itself, and naming every file again would bury it.
func (r Rules) unsigned(e verify.Evidence) []verify.Reason {
	if len(failedClaims(e)) > 0 {
		return nil
	}
	signed := make(map[string]bool)
	for _, c := range e.Claims {
		if c.Standing != verify.Verified || !r.counts(c.Identity) {
			continue
		}
		for _, name := range slices.Concat(c.Covers, c.Exempt) {
			signed[name] = true
		}
	}
	var reasons []verify.Reason
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

// signedBy refuses files that fewer than the wanted number of different signers
// signed. Files in the same state share a reason, because a model without any
// signature is one problem and not one for each file.
func (j *judgement) signedBy(want SignedBy) []verify.Reason {
	byFile := make(map[string][]verify.Signer)
	for _, c := range j.e.Claims {
		if c.Standing != verify.Verified {
			continue
		}
		about := slices.Concat(c.Covers, c.Exempt)
		if a := c.Attestation; a != nil && a.Whole && slices.Contains(want.Including, a.Kind) {
			about = a.Files
		}
		for _, name := range about {
			if !slices.Contains(byFile[name], c.Identity) {
				byFile[name] = append(byFile[name], c.Identity)
			}
		}
	}
	advice := "have it signed: assay sign, with the key of a signer that is missing"
	if slices.ContainsFunc(j.e.Claims, func(c verify.Claim) bool { return c.Standing == verify.Unchecked && c.Attestation == nil }) {
		advice = "a signature is there, and was not checked: give its key with --public-key FILE, or name the file in the policy (publicKey)"
	}
	var reasons []verify.Reason
	index := make(map[string]int)
	more := make(map[int]int)
	for _, f := range j.e.Files {
		got := j.rules.distinct(want.Of, byFile[f.Name])
		if len(got) >= want.AtLeast {
			continue
		}
		what := fmt.Sprintf("signed by %d of the %d required: %s", len(got), want.AtLeast, wanted(got, want.Of))
		if at, ok := index[what]; ok {
			more[at]++
			continue
		}
		index[what] = len(reasons)
		reasons = append(reasons, verify.Reason{Code: CodeUnsigned, Effect: verify.Deny, File: f.Name, What: what,
			Advice: advice})
	}
	for i, n := range more {
		reasons[i].What += fmt.Sprintf(" (the same for %d more files)", n)
	}
	return reasons
}

func wanted(got, of []string) string {
	var missing []string
	for _, name := range of {
		if !slices.Contains(got, name) {
			missing = append(missing, name)
		}
	}
	text := "missing " + strings.Join(missing, ", ")
	if len(got) > 0 {
		text = "by " + strings.Join(got, ", ") + ", " + text
	}
	return text
}

// distinct finds the largest set of names that different people stand for: a
// maximum matching, by augmenting paths. One person who fits two names counts
// once, and two people who fit one name count once too.
func (r Rules) distinct(of []string, identities []verify.Signer) []string {
	groups := people(identities)
	holder := make(map[int]string) // person -> name
	var assign func(name string, seen map[int]bool) bool
	assign = func(name string, seen map[int]bool) bool {
		for i, group := range groups {
			if seen[i] || !slices.ContainsFunc(group, r.Named[name].is) {
				continue
			}
			seen[i] = true
			if other, taken := holder[i]; !taken || assign(other, seen) {
				holder[i] = name
				return true
			}
		}
		return false
	}
	var got []string
	for _, name := range of {
		if assign(name, make(map[int]bool)) {
			got = append(got, name)
		}
	}
	return got
}

// people groups what is one person: a keyless signer has a new key every time, a
// workflow runs on many refs, a certificate is renewed, and whoever holds a key is
// one person with and without a certificate for it.
func people(identities []verify.Signer) [][]verify.Signer {
	var groups [][]verify.Signer
	for _, v := range identities {
		same := func(group []verify.Signer) bool {
			return slices.ContainsFunc(group, func(o verify.Signer) bool { return samePerson(v, o) })
		}
		joined := []verify.Signer{v}
		for _, group := range groups {
			if same(group) {
				joined = append(joined, group...)
			}
		}
		groups = append(slices.DeleteFunc(groups, same), joined)
	}
	return groups
}

func samePerson(a, b verify.Signer) bool {
	if a.KeyID != "" && a.KeyID == b.KeyID {
		return true
	}
	subject := func(s verify.Signer) string {
		name, _, _ := strings.Cut(s.Subject, "@refs/")
		return name
	}
	return a.Subject != "" && a.Method == b.Method && a.Issuer == b.Issuer && subject(a) == subject(b)
}

// attested wants a verified attestation about the whole artifact that meets all
// conditions at once: two halves by two signers are not one whole. With AtLeast
// it wants as many, by different signers.
func (j *judgement) attested(want Attested) []verify.Reason {
	var by []verify.Signer
	for _, c := range j.e.Claims {
		a := c.Attestation
		if a == nil || c.Standing != verify.Verified || !a.Whole || a.Kind != want.Kind ||
			want.Result != "" && a.Result != want.Result ||
			want.Builder.re != nil && !want.Builder.Match(a.Builder) ||
			want.Source.re != nil && !want.Source.Match(a.Source) {
			continue
		}
		by = append(by, c.Identity)
	}
	got := j.rules.distinct(want.By, by)
	if len(got) >= max(1, want.AtLeast) {
		return nil
	}
	what := fmt.Sprintf("no verified %s attestation by %s about the whole artifact says what is required", want.Kind, strings.Join(want.By, " or "))
	if len(got) > 0 {
		what = fmt.Sprintf("%s attested by %d of the %d required: %s", want.Kind, len(got), want.AtLeast, wanted(got, want.By))
	}
	return []verify.Reason{{Code: CodeAttested, Effect: verify.Deny, What: what,
		Advice: "ask the publisher for the attestation, or make it: assay attest"}}
}
