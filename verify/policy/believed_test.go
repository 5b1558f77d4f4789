package policy_test

import (
	"strings"
	"testing"
	"time"

	"assay/verify"
	"assay/verify/policy"
)

// summary is a verified VSA about the whole.
func summary(r policy.Rules, rule, at string) verify.Claim {
	return verify.Claim{Scheme: "in-toto", Standing: verify.Verified, Identity: byKey(keyOne), Attestation: &verify.Attestation{
		Kind: "vsa", Whole: true, Result: "PASSED", Policy: "sha256:" + verify.PolicyDigest(r.ID(), rule), Time: at,
	}}
}

// TestBelieved: a summary stands for the look at the content, and for nothing else.
func TestBelieved(t *testing.T) {
	const before = "2026-11-20T11:00:00Z"
	expired := waiver("file: " + strings.Repeat("b", 64) + ", created: 2026-11-01, expires: 2026-11-20T11:30:00Z")
	for _, c := range []struct {
		name, policy, rule string
		change             func(*verify.Claim)
		evidence           change
		want               verify.Decision
	}{
		{"no clause", "", "", nil, same, allow},
		{"partial", "", "", func(c *verify.Claim) { c.Attestation.Whole = false }, same, deny},
		{"failed", "", "", func(c *verify.Claim) { c.Attestation.Result = "FAILED" }, same, deny},
		{"not checked", "", "", func(c *verify.Claim) { c.Standing = verify.Unchecked }, same, deny},
		{"another policy", "", "other", nil, same, deny},
		{"of its rule", "rules:\n- {name: hub, match: {refs: ['hf://**']}}", "hub", nil, same, allow},
		{"of no rule", "rules:\n- {name: hub, match: {refs: ['hf://**']}}", "", nil, same, deny},
		{"no rule matches", "rules:\n- {name: oci, match: {refs: ['oci://**']}}", "", nil, same, deny},
		{"young enough", "require: {freshWithin: 2h}", "", nil, same, allow},
		{"too old", "require: {freshWithin: 30m}", "", nil, same, deny},
		{"no time", "", "", func(c *verify.Claim) { c.Attestation.Time = "yesterday" }, same, deny},
		{"too young a repository", "require: {minAge: 3650d}", "", nil, same, deny},
		{"unsigned", "require: {signature: true}", "", nil, same, deny},
		{"not pinned", "require: {pinned: true}", "", nil, func(e *verify.Evidence) { e.Artifact.Pinned = "" }, deny},
		{"waiver ended since", expired, "", nil, same, deny},
		{"waiver had ended before", expired, "", func(c *verify.Claim) { c.Attestation.Time = "2026-11-20T11:45:00Z" }, same, allow},
		{"warns elsewhere", "mode: warn\nrequire: {signature: true}", "", nil, same, deny},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := semantic{policy: c.policy}.rules(t)
			e := ordinary()
			claim := summary(r, c.rule, before)
			if c.change != nil {
				c.change(&claim)
			}
			e.Claims = []verify.Claim{claim}
			c.evidence(&e)
			if v := (policy.Believed{Rules: r}).Decide(e, noon); v.Decision != c.want {
				t.Errorf("decision %q, want %q: %+v", v.Decision, c.want, v.Reasons)
			}
		})
	}
	e := ordinary()
	if v := (policy.Believed{}).Decide(e, time.Now()); v.Decision != deny {
		t.Errorf("without a summary: %q", v.Decision)
	}
}
