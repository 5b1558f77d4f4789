package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/scanners"
	"assay/verify"
)

// Explanation is a verdict with the way that led to it.
type Explanation struct {
	Verdict   verify.Verdict
	Rules     []RuleTrace // every rule, in the order in which they were tried
	Threshold scanners.Severity
	Clauses   []ClauseTrace
}

// RuleTrace says whether a rule applies, and why not.
type RuleTrace struct {
	Name    string
	Applies bool
	Why     string
}

// ClauseTrace is what one clause asked for.
type ClauseTrace struct {
	Name   string // "findings", "signedBy", ...
	Source string // "always", "every reference" or the rule
	Effect verify.Decision
	Says   string
}

// Where a clause comes from.
const (
	sourceAlways = "always"
	sourceEvery  = "every reference"
)

// judgement is one decision in the making.
type judgement struct {
	rules   Rules
	e       verify.Evidence
	now     time.Time
	excuses *excuses
	reasons []verify.Reason
	Explanation
}

// Explain decides and keeps the way.
func (r Rules) Explain(e verify.Evidence, now time.Time) Explanation {
	j := &judgement{rules: r, e: e, now: now, excuses: newExcuses(r, e, now)}
	rule := j.pick()
	j.Threshold = j.strictestThreshold(rule)
	j.always()
	j.require(sourceEvery, r.Require)
	if rule != nil {
		j.require("rule "+rule.Name, rule.Require)
	}
	mode := j.mode(rule)
	j.Verdict = verdict(j.reasons, mode)
	j.Verdict.Mode = string(mode)
	if rule != nil {
		j.Verdict.Rule = rule.Name
	}
	j.Verdict.Excused, j.Verdict.Waivers = j.excuses.used, j.excuses.waivers()
	return j.Explanation
}

// pick finds the first rule that matches. A policy without rules matches
// everything; one with rules has to say what happens to the rest.
func (j *judgement) pick() *Rule {
	var picked *Rule
	for i, rule := range j.rules.Rules {
		why := rule.mismatch(j.e.Artifact, j.rules.Environment)
		trace := RuleTrace{Name: rule.Name, Applies: why == "" && picked == nil, Why: why}
		if why == "" && picked != nil {
			trace.Why = "rule " + picked.Name + " came first"
		}
		if trace.Applies {
			picked = &j.rules.Rules[i]
		}
		j.Rules = append(j.Rules, trace)
	}
	return picked
}

func (j *judgement) unmatched() bool {
	return len(j.rules.Rules) > 0 && !slices.ContainsFunc(j.Rules, func(t RuleTrace) bool { return t.Applies })
}

// strictestThreshold takes the strictest of what rule and environment say, and
// what the file says only where both are silent.
func (j *judgement) strictestThreshold(rule *Rule) scanners.Severity {
	var set []scanners.Severity
	if rule != nil && rule.FailOn != nil {
		set = append(set, *rule.FailOn)
	}
	if env := j.environment(); env.FailOn != nil {
		set = append(set, *env.FailOn)
	}
	if len(set) == 0 {
		return j.rules.threshold()
	}
	return slices.Max(set) // a higher number is a milder severity, and so a stricter threshold
}

func (j *judgement) environment() Environment {
	for _, env := range j.rules.Environments {
		if j.rules.Environment != "" && env.Name == j.rules.Environment {
			return env
		}
	}
	return Environment{}
}

// mode is the strictest of what rule and environment say, like the threshold.
// What nobody decided about is not let through by a lenient file: there only
// "unmatched: warn" or "unmatched: builtin" says so in words.
func (j *judgement) mode(rule *Rule) Mode {
	var set []Mode
	if rule != nil && rule.Mode != nil {
		set = append(set, *rule.Mode)
	}
	if env := j.environment(); env.Mode != nil {
		set = append(set, *env.Mode)
	}
	if j.unmatched() {
		switch j.rules.Defaults.Unmatched {
		case "warn":
			set = append(set, Warn)
		case "builtin":
		default:
			return Enforce
		}
	}
	if len(set) == 0 {
		return j.rules.Mode
	}
	return slices.MinFunc(set, func(a, b Mode) int { return cmp.Compare(a.rank(), b.rank()) })
}

func (m Mode) rank() int {
	switch m {
	case Warn:
		return 1
	case Audit:
		return 2
	}
	return 0
}

// clause asks one question and notes the answer.
func (j *judgement) clause(name, source string, reasons []verify.Reason) {
	effect := strictest(reasons)
	says := "met"
	if i := slices.IndexFunc(reasons, func(r verify.Reason) bool { return r.Effect == effect }); i >= 0 {
		says = reasons[i].What
		if more := len(reasons) - 1; more > 0 {
			says += fmt.Sprintf(" (and %d more)", more)
		}
	}
	j.Clauses = append(j.Clauses, ClauseTrace{Name: name, Source: source, Effect: effect, Says: says})
	j.reasons = append(j.reasons, reasons...)
}

// always are the clauses that no policy file can switch off.
func (j *judgement) always() {
	j.clause("findings", sourceAlways, j.findings())
	j.clause("signatures", sourceAlways, failedClaims(j.e))
	if j.rules.RequireSignature || j.rules.Require.Signature {
		j.clause("signature", sourceEvery, j.rules.unsigned(j.e))
	}
	if j.rules.RequirePinned || j.rules.Require.Pinned {
		j.clause("pinned", sourceEvery, pinned(j.e))
	}
	j.clause("gaps", sourceAlways, j.gaps())
	j.clause("coverage", sourceAlways, j.coverage())
	if j.unmatched() {
		j.clause("unmatched", "defaults", j.noRule())
	}
	if effect := j.rules.Defaults.Unpinned; effect == "deny" || effect == "warn" {
		j.clause("unpinned", "defaults", movable(j.e, effect))
	}
	if len(j.e.Files) == 0 {
		what, advice := "the artifact has no files", "check the reference"
		if len(j.e.Gaps) > 0 {
			what, advice = "the artifact has no file that could be looked at", "first settle what is said about its files"
		}
		j.clause("files", sourceAlways, []verify.Reason{{Code: verify.ReasonNothing, Effect: verify.Undecided, What: what, Advice: advice}})
	}
}

// verdict puts the strictest reasons first and lets them win. Outside of enforce
// they stay, and say why they do not refuse.
func verdict(reasons []verify.Reason, mode Mode) verify.Verdict {
	reasons = append([]verify.Reason{}, reasons...)
	slices.SortStableFunc(reasons, func(a, b verify.Reason) int { return cmp.Compare(rank(a.Effect), rank(b.Effect)) })
	for i := range reasons {
		r := &reasons[i]
		r.Why = cmp.Or(r.Why, whys[r.Code])
		if mode != Enforce && r.Effect != verify.Allow && r.Code != verify.ReasonNothing {
			r.Effect, r.Excused = verify.Allow, "mode "+string(mode)
		}
	}
	return verify.Verdict{Decision: strictest(reasons), Reasons: reasons}
}

// whys say why a reason matters, where the rule of a finding does not.
var whys = map[string]string{
	CodeDigest:     "these are not the bytes that the store promised: they were damaged or replaced on the way",
	CodeSignature:  "somebody signed other bytes, or somebody else signed these",
	CodeUnsigned:   "without a signature by somebody you chose, nobody vouches for these bytes",
	CodeAttested:   "the policy wants to know how the model was made or checked from somebody it trusts",
	CodeUnpinned:   "a name that can move may mean another model tomorrow than the one that was judged today",
	CodeIncomplete: "what was not looked at may hold anything",
	CodeUnmatched:  "nobody decided that models from there may be used",
	CodeFormat:     "the policy allows only formats whose loading was thought about",
	CodeRemoteCode: "code that comes with a model runs with the rights of whoever loads it",
	CodeLicense:    "using a model outside of its license is a legal risk",
	CodeEvidence:   "the policy cannot judge what it does not know",
	CodeStale:      "what scanners know changes, and so does whom to trust",
	CodeExpression: "whoever wrote the policy asks for it",
	CodeAge:        "most harmful repositories are found and removed in their first days",
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
