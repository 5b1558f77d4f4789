// Package policy decides from evidence.
//
// Rules is the whole policy. Its zero value is the built-in one; Parse reads a
// policy file of the form assay.dev/v1, which Schema describes. Decide picks the
// first rule that matches the reference, asks every clause, and lets the
// strictest answer win; Explain also tells which rule and which clause it was.
//
// # Security
//
// Decide reads nothing but its arguments: no clock, no environment, no file.
// Nothing in the object under test can weaken it. Whatever is not explicitly
// allowed refuses: an unknown standing, an unknown gap code, an empty
// classification, a reference that no rule matches all lead away from Allow.
// Adding a finding or a gap never turns a refusal into an allowance, and neither
// does taking away a signature, a digest, a fact or a covered byte. Policy files
// are bounded by MaxFile, and patterns run in linear time.
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
	CodeUnmatched  = "unmatched"  // no rule of the policy matches the reference
	CodeFormat     = "format"     // a file format that the policy does not allow
	CodeRemoteCode = "remote-code"
	CodeLicense    = "license"
	CodeEvidence   = "evidence" // minimum evidence that is not there
	CodeAge        = "age"      // a repository that is too young
	CodeStale      = "stale"    // evidence that is too old
	CodeAttested   = "attested" // a required attestation is missing
	CodeRollback   = "rollback" // signed too long ago, or before what was seen already
	CodeExpression = "that"     // an expression of the policy does not hold
)

// Rules is the typed policy. The zero value is the built-in policy: it refuses
// incomplete coverage, a finding of high or above, a digest that differs from
// the declared one and a signature that is present and bad. It reports a missing
// signature and does not require one, because requiring one needs to know whose.
type Rules struct {
	Name             string             // file name; "" for the built-in policy
	Digest           string             // SHA-256 of the file and what it names, hex; "" without a file
	FailOn           *scanners.Severity // threshold; nil means high
	RequireSignature bool               // a verified claim must cover every file
	Signers          []verify.Signer    // whose claims count; empty: whoever the evidence was verified against
	RequirePinned    bool               // the reference must have an immutable form

	Mode         Mode
	Defaults     Defaults
	Named        map[string]Signer // signers, by the names that SignedBy uses
	Trust        Trust             // what the file brings for checking signatures
	Require      Requirements      // of every reference, whichever rule matches
	Rules        []Rule            // the first that matches applies; none: every reference matches
	Environments []Environment
	Environment  string // the chosen one; "" for none
	Waivers      []Waiver
	Approvers    Approvers // who must have signed waivers; the zero value asks for nobody
	Baseline     *Baseline // what is already known; nil: nothing
}

// Mode says what a reason to refuse does. The zero value enforces.
type Mode string

// The modes, strictest first.
const (
	Enforce Mode = ""
	Warn    Mode = "warn"  // allow, and tell the person
	Audit   Mode = "audit" // allow, and record it
)

// Defaults decide what no rule decides.
type Defaults struct {
	Unmatched string // reference that no rule matches: "deny" (also ""), "warn", "builtin"
	Unpinned  string // name that can move: "allow" (also ""), "warn", "deny"
	// Unresolved is a place of a Kubernetes object that names a model nobody can
	// make out, like a script: "deny" (also ""), "warn".
	Unresolved string
	Missing    string // evidence that a clause needs: "deny" (also ""), "incomplete"
	Error      string // what could not be looked at: "incomplete" (also ""), "deny"
}

// Rule says what a group of references must meet.
type Rule struct {
	Name         string
	Refs         []Glob   // any; none: every reference
	Kinds        []string // any, "unknown" for an artifact of no kind; none: every kind
	Environments []string // any; none: every environment
	FailOn       *scanners.Severity
	Mode         *Mode
	Require      Requirements
}

// Environment changes the threshold and the mode where it is chosen by name.
type Environment struct {
	Name       string
	Namespaces []Glob // of Kubernetes, for which it is chosen; none: only by name
	FailOn     *scanners.Severity
	Mode       *Mode
}

// Requirements are the clauses that a reference must meet. The zero value
// demands nothing beyond what always holds.
type Requirements struct {
	Signature      bool
	SignedBy       SignedBy
	Pinned         bool
	Formats        Lists
	CoverageHashed *bool // true: bytes that only the digest covers do not refuse; nil: they do
	Evidence       []string
	RemoteCode     bool // true: a model that brings or names code to run is refused
	Licenses       Lists
	MinAge         time.Duration // since the repository was created
	FreshWithin    time.Duration // since the files were read
	Attested       []Attested
	SignedAfter    time.Time // trusted time of the signature on every file; zero: any
	NoRollback     bool      // true: not before the newest that the store has seen under this name
	That           []Expression
}

// Attested asks for a verified attestation about the whole artifact. What is
// empty is not asked about; Kind and By never are.
type Attested struct {
	Kind    string   // "provenance", "vsa", "test-result", ...
	By      []string // any of these names in Rules.Named
	Builder Glob     // of provenance
	Source  Glob     // of provenance
	AtLeast int      // different signers of By; 0 is one
	Result  string   // of summaries and results: "PASSED"
}

// SignedBy asks for verified signatures over every file by different signers.
type SignedBy struct {
	AtLeast int      // 0: no signature is asked for
	Of      []string // names in Rules.Named
	// Including are kinds of attestations about the whole artifact that count like
	// signatures.
	Including []string
}

// Approvers sign waivers.
type Approvers struct {
	Of       []string // names in Rules.Named
	AtLeast  int      // different ones, for any waiver
	Critical int      // for a waiver of a critical finding
}

// Lists allow and deny by name. An empty Allow allows what Deny does not name.
type Lists struct{ Allow, Deny []string }

func (l Lists) empty() bool { return len(l.Allow)+len(l.Deny) == 0 }

var _ verify.Policy = Rules{}

// ID names the policy with everything that changes its decisions.
func (r Rules) ID() string {
	id := fmt.Sprintf("%s fail-on=%s require-signature=%t require-pinned=%t",
		cmp.Or(r.Name, "builtin/v1"), r.threshold(), r.RequireSignature, r.RequirePinned)
	for _, s := range r.Signers {
		id += fmt.Sprintf(" signer=%q", s)
	}
	if r.Digest != "" {
		id += " file=sha256:" + r.Digest
	}
	if r.Environment != "" {
		id += fmt.Sprintf(" env=%q", r.Environment)
	}
	if len(r.Waivers) > 0 {
		id += " waivers=sha256:" + waiversDigest(r.Waivers)
	}
	if r.Baseline != nil {
		id += " baseline=sha256:" + r.Baseline.digest
	}
	return id
}

func (r Rules) threshold() scanners.Severity {
	if r.FailOn == nil {
		return scanners.High
	}
	return *r.FailOn
}

// InEnvironment chooses an environment of the policy; "" chooses none. It fails
// on a name that the policy does not have, because a misspelled environment
// would be judged as none.
func (r Rules) InEnvironment(name string) (Rules, error) {
	if name == "" {
		return r, nil
	}
	for _, e := range r.Environments {
		if e.Name == name {
			r.Environment = name
			return r, nil
		}
	}
	return r, fmt.Errorf("the policy has no environment %q", name)
}

// ForNamespace chooses the first environment that names the namespace, and none
// otherwise. One that was chosen by name stays.
func (r Rules) ForNamespace(namespace string) Rules {
	if r.Environment != "" {
		return r
	}
	for _, e := range r.Environments {
		if slices.ContainsFunc(e.Namespaces, func(g Glob) bool { return g.Match(namespace) }) {
			r.Environment = e.Name
			return r
		}
	}
	return r
}

// FormatNames are the names of formats that the policy uses, for a caller that
// knows which there are.
func (r Rules) FormatNames() []string {
	names := slices.Concat(r.Require.Formats.Allow, r.Require.Formats.Deny)
	for _, rule := range r.Rules {
		names = append(names, slices.Concat(rule.Require.Formats.Allow, rule.Require.Formats.Deny)...)
	}
	return names
}

// Decide weighs every reason and lets the strictest win. The time is used for
// waivers and for the age of a repository.
func (r Rules) Decide(e verify.Evidence, now time.Time) verify.Verdict {
	return r.Explain(e, now).Verdict
}
