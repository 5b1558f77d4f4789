package policy

import (
	"fmt"
	"slices"
	"time"

	"assay/verify"
)

// Believed is the policy of a gate that believes an earlier one: a signed summary
// (VSA) that exactly this content passed the same rule of the same policy stands for
// the look at the content. What does not depend on the content is asked anew: who
// signed, what is attested, where it comes from and how old it is. Nothing is
// excused by a mode. The content is not looked into again, so this does not notice
// what new scanners would find: freshWithin and --attestation-max-age are for that.
type Believed struct {
	Rules Rules
}

var _ verify.Policy = Believed{}

// ID differs from that of the rules: a summary of this decision says that nobody
// looked.
func (b Believed) ID() string { return "believed-vsa/v1 " + b.Rules.ID() }

// Decide asks for the summary, and for the bytes to be those that it is about.
func (b Believed) Decide(e verify.Evidence, now time.Time) verify.Verdict {
	j := &judgement{rules: b.Rules, e: e, now: now, excuses: newExcuses(Rules{}, e, now)}
	rule := j.pick()
	j.clause("signatures", sourceAlways, failedClaims(e))
	j.reference(sourceEvery, j.rules.Require)
	name := ""
	fresh := j.rules.Require.FreshWithin
	if rule != nil {
		name = rule.Name
		j.reference("rule "+rule.Name, rule.Require)
		fresh = shorter(fresh, rule.Require.FreshWithin)
	}
	if j.unmatched() {
		j.clause("unmatched", "defaults", j.noRule())
	}
	j.clause("vsa", sourceAlways, j.summarised(verify.PolicyDigest(b.Rules.ID(), name), fresh))
	for _, g := range e.Gaps {
		j.reasons = append(j.reasons, gapReason(g))
	}
	for _, f := range e.Files {
		if f.SHA256 == "" {
			j.reasons = append(j.reasons, verify.Reason{Code: CodeIncomplete, Effect: verify.Undecided, File: f.Name, What: "not read to its end", Advice: "try again"})
		}
	}
	v := verdict(j.reasons, Enforce)
	v.Rule = name
	return v
}

// reference asks the clauses that are not about the content.
func (j *judgement) reference(source string, q Requirements) {
	if source == sourceEvery {
		q.Signature = q.Signature || j.rules.RequireSignature
		q.Pinned = q.Pinned || j.rules.RequirePinned
		if effect := j.rules.Defaults.Unpinned; effect == "deny" {
			j.clause("unpinned", "defaults", movable(j.e, effect))
		}
	}
	if q.Signature {
		j.clause("signature", source, j.rules.unsigned(j.e))
	}
	if q.Pinned {
		j.clause("pinned", source, pinned(j.e))
	}
	j.require(source, Requirements{
		SignedBy: q.SignedBy, Attested: q.Attested, SignedAfter: q.SignedAfter, NoRollback: q.NoRollback, MinAge: q.MinAge,
		Evidence: slices.DeleteFunc(slices.Clone(q.Evidence), func(name string) bool { return name == "license" }),
	})
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// summarised wants a verified summary of the whole artifact that passed, by the
// same rule, young enough, and not by leave of a waiver that has ended since.
func (j *judgement) summarised(policy string, fresh time.Duration) []verify.Reason {
	why := "no verified summary says that this content passed this policy"
	for _, c := range j.e.Claims {
		a := c.Attestation
		if c.Standing != verify.Verified || a == nil || a.Kind != "vsa" || !a.Whole || a.Result != "PASSED" {
			continue
		}
		at, err := time.Parse(time.RFC3339, a.Time)
		switch {
		case a.Policy != "sha256:"+policy:
			why = "the summary is of another policy, or of another rule of this one"
		case err != nil:
			why = "the summary does not say when it was made"
		case fresh > 0 && j.now.Sub(at) > fresh:
			why = fmt.Sprintf("the summary is of %s, and that has to be within %s", a.Time, fresh)
		case j.waiverEnded(at):
			why = "a waiver of the policy has ended since the summary was made"
		default:
			return nil
		}
	}
	return []verify.Reason{{Code: CodeAttested, Effect: verify.Deny, What: why,
		Advice: "gate it without --require-vsa, and sign the result: assay attest --type vsa"}}
}

// waiverEnded reports a waiver that held then and does not now.
func (j *judgement) waiverEnded(then time.Time) bool {
	return slices.ContainsFunc(j.rules.Waivers, func(w Waiver) bool { return then.Before(w.Expires) && !j.now.Before(w.Expires) })
}
