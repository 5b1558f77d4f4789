package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Decision is the outcome of a policy. The zero value is Undecided; everything
// but Allow is a refusal.
type Decision string

// The decisions, as written in reports.
const (
	Undecided Decision = ""
	Allow     Decision = "allow"
	Deny      Decision = "deny"
)

// MarshalText writes "undecided" for the zero value.
func (d Decision) MarshalText() ([]byte, error) {
	if d != Allow && d != Deny {
		return []byte("undecided"), nil
	}
	return []byte(d), nil
}

// UnmarshalText reads anything but "allow" and "deny" as Undecided.
func (d *Decision) UnmarshalText(text []byte) error {
	*d = Undecided
	if v := Decision(text); v == Allow || v == Deny {
		*d = v
	}
	return nil
}

// Verdict is a decision with its reasons, worst first.
type Verdict struct {
	Decision Decision `json:"decision"`
	Reasons  []Reason `json:"reasons"`
	// Rule is the rule of the policy that matched, "" when the policy has none.
	Rule string `json:"rule,omitempty"`
	// Mode is "warn" or "audit" when the policy does not enforce here: reasons
	// that would refuse are then excused. "" enforces.
	Mode string `json:"mode,omitempty"`
	// Excused are the findings and gaps that did not count, one by one.
	Excused []Excused `json:"excused,omitempty"`
	// Waivers are all waivers that the policy holds, with what became of each.
	Waivers []WaiverUse `json:"waivers,omitempty"`
}

// Excused is one finding or gap that did not count.
type Excused struct {
	Fingerprint string `json:"fingerprint"`
	File        string `json:"file"`
	By          string `json:"by"` // "waiver ID" or "baseline"
}

// WaiverUse says what became of a waiver.
type WaiverUse struct {
	ID      string `json:"id"`
	Status  string `json:"status"` // "applied", "expired", "not yet valid", "not approved" or "unused"
	Count   int    `json:"count"`  // findings and gaps it excused
	Reason  string `json:"reason"`
	Ticket  string `json:"ticket,omitempty"`
	Owner   string `json:"owner"`
	Expires string `json:"expires"` // as written
	// Missing says which approvals it lacks, when it is not approved.
	Missing string `json:"missing,omitempty"`
}

// Reason is one sentence of a verdict.
type Reason struct {
	Code   string   `json:"code"`           // stable word: "finding", "incomplete", "signature", ...
	Effect Decision `json:"effect"`         // what this reason alone asks for
	File   string   `json:"file,omitempty"` // what it is about
	What   string   `json:"what"`
	Why    string   `json:"why,omitempty"`    // why it matters
	Advice string   `json:"advice,omitempty"` // the shortest safe way on
	// Excused says why this reason does not refuse although it could: a waiver,
	// the baseline, or the mode of the policy. Effect is then Allow.
	Excused string `json:"excused,omitempty"`
}

// Policy decides. Decide is pure and deterministic: the same evidence and time
// give the same verdict.
type Policy interface {
	// ID names the policy with everything that changes its decisions.
	ID() string
	Decide(e Evidence, now time.Time) Verdict
}

// Report is the complete outcome. It is a public contract: schema/report.json
// describes it, and fields are only added within a major SchemaVersion.
type Report struct {
	SchemaVersion string  `json:"schemaVersion"`
	Verdict       Verdict `json:"verdict"`
	Evidence
	Policy string `json:"policy"`
}

// NewReport judges evidence.
func NewReport(e Evidence, p Policy, now time.Time) Report {
	return Report{SchemaVersion: SchemaVersion, Verdict: p.Decide(e, now), Evidence: e, Policy: p.ID()}
}

// PolicyDigest names a policy, and the rule of it that matched, in signed
// summaries: SHA-256 in hex. Another rule of the same file is another policy.
func PolicyDigest(id, rule string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q rule=%q", id, rule))
	return hex.EncodeToString(sum[:])
}

// Enforced reports that nothing passed only because the policy does not enforce
// here.
func (v Verdict) Enforced() bool {
	return v.Mode == "" || !slices.ContainsFunc(v.Reasons, func(r Reason) bool { return r.Excused == "mode "+v.Mode })
}

// Outcome is the one word for a report. Exit code, badge, summary line and
// admission answer all come from it.
type Outcome string

// The outcomes.
const (
	Pass       Outcome = "pass"       // complete and allowed
	Fail       Outcome = "fail"       // denied
	Incomplete Outcome = "incomplete" // could not be verified
	Nothing    Outcome = "nothing"    // there was nothing to verify
)

// ReasonNothing is the reason code of an undecided verdict about nothing: no
// files, or no signature where only signatures were asked about.
const ReasonNothing = "nothing"

// Outcome derives the word from the verdict. A reason to deny is not hidden by
// an incomplete look, and an incomplete look not by an absence.
func (r Report) Outcome() Outcome {
	switch r.Verdict.Decision {
	case Deny:
		return Fail
	case Allow:
		return Pass
	}
	for _, reason := range r.Verdict.Reasons {
		if reason.Effect != Allow && reason.Code != ReasonNothing {
			return Incomplete
		}
	}
	if len(r.Verdict.Reasons) == 0 {
		return Incomplete
	}
	return Nothing
}
