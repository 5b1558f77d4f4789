package policy_test

import (
	"testing"
	"time"

	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
)

// complete is evidence that the built-in policy allows.
func complete() verify.Evidence {
	return verify.Evidence{
		Artifact: verify.ArtifactInfo{Ref: "model", Pinned: "hf://a/b@0000000000000000000000000000000000000000"},
		Files: []verify.FileEvidence{
			{Name: "a.bin", Size: 10, SHA256: "aa", Coverage: scanners.Coverage{Parsed: 4, Opaque: 6}, Classification: scanners.Clean},
			{Name: "model.sig", Size: 5, SHA256: "bb", Coverage: scanners.Coverage{Parsed: 5}, Classification: scanners.Clean},
		},
	}
}

func finding(s scanners.Severity) verify.Finding {
	return verify.Finding{Rule: "pickle/dangerous-call", Severity: s, What: "calls os.system"}
}

func claim(standing verify.Standing, covers ...string) verify.Claim {
	c := verify.Claim{Scheme: "oms", Document: "model.sig", Standing: standing, Covers: covers, Exempt: []string{"model.sig"}}
	if standing == verify.Failed {
		c.Problems = []verify.Problem{{Code: "digest-mismatch", File: "a.bin", What: "the bytes differ"}}
	}
	return c
}

func TestDecide(t *testing.T) {
	signed := policy.Rules{RequireSignature: true}
	for _, c := range []struct {
		name   string
		rules  policy.Rules
		change func(*verify.Evidence)
		want   verify.Decision
		code   string // of the first reason
	}{
		{"complete evidence", policy.Rules{}, func(*verify.Evidence) {}, verify.Allow, ""},
		{"no files", policy.Rules{}, func(e *verify.Evidence) { e.Files = nil }, verify.Undecided, verify.ReasonNothing},
		{"critical finding", policy.Rules{}, func(e *verify.Evidence) { add(e, scanners.Critical) }, verify.Deny, policy.CodeFinding},
		{"high finding", policy.Rules{}, func(e *verify.Evidence) { add(e, scanners.High) }, verify.Deny, policy.CodeFinding},
		{"medium finding", policy.Rules{}, func(e *verify.Evidence) { add(e, scanners.Medium) }, verify.Allow, ""},
		{"medium finding, stricter", policy.Rules{FailOn: new(scanners.Medium)}, func(e *verify.Evidence) { add(e, scanners.Medium) }, verify.Deny, policy.CodeFinding},
		{"high finding, more lenient", policy.Rules{FailOn: new(scanners.Critical)}, func(e *verify.Evidence) { add(e, scanners.High) }, verify.Allow, ""},
		{"info at info", policy.Rules{FailOn: new(scanners.Informational)}, func(e *verify.Evidence) { add(e, scanners.Informational) }, verify.Deny, policy.CodeFinding},
		{"gap", policy.Rules{}, func(e *verify.Evidence) { e.Gaps = []verify.Gap{{Code: "anything", File: "a.bin"}} }, verify.Undecided, policy.CodeIncomplete},
		{"gap and finding", policy.Rules{}, func(e *verify.Evidence) {
			e.Gaps = []verify.Gap{{Code: "broken", File: "a.bin"}}
			add(e, scanners.Critical)
		}, verify.Deny, policy.CodeFinding},
		{"digest differs", policy.Rules{}, func(e *verify.Evidence) { e.Gaps = []verify.Gap{{Code: verify.GapDigest, File: "a.bin"}} }, verify.Deny, policy.CodeDigest},
		{"bytes not understood", policy.Rules{}, func(e *verify.Evidence) { e.Files[0].Coverage = scanners.Coverage{Hashed: 10} }, verify.Undecided, policy.CodeIncomplete},
		{"bytes not read", policy.Rules{}, func(e *verify.Evidence) { e.Files[0].Coverage = scanners.Coverage{Parsed: 9, Skipped: 1} }, verify.Undecided, policy.CodeIncomplete},
		{"coverage does not add up", policy.Rules{}, func(e *verify.Evidence) { e.Files[0].Coverage = scanners.Coverage{Parsed: 9} }, verify.Undecided, policy.CodeIncomplete},
		{"failed claim", policy.Rules{}, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim(verify.Failed)} }, verify.Deny, policy.CodeSignature},
		{"claim of an unknown standing", policy.Rules{}, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim("splendid")} }, verify.Deny, policy.CodeSignature},
		{"unchecked claim", policy.Rules{}, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim(verify.Unchecked, "a.bin")} }, verify.Allow, ""},
		{"signature required and absent", signed, func(*verify.Evidence) {}, verify.Deny, policy.CodeUnsigned},
		{"signature required and unchecked", signed, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim(verify.Unchecked, "a.bin")} }, verify.Deny, policy.CodeUnsigned},
		{"signature required and good", signed, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim(verify.Verified, "a.bin")} }, verify.Allow, ""},
		{"signature required and exempts the rest", signed, func(e *verify.Evidence) {
			c := claim(verify.Verified)
			c.Exempt = []string{"a.bin", "model.sig"}
			e.Claims = []verify.Claim{c}
		}, verify.Allow, ""},
		{"signature required and exempt by an unchecked one", signed, func(e *verify.Evidence) {
			c := claim(verify.Unchecked)
			c.Exempt = []string{"a.bin", "model.sig"}
			e.Claims = []verify.Claim{c}
		}, verify.Deny, policy.CodeUnsigned},
		{"signature required and covers less", signed, func(e *verify.Evidence) { e.Claims = []verify.Claim{claim(verify.Verified)} }, verify.Deny, policy.CodeUnsigned},
		{"signature by a named signer", policy.Rules{RequireSignature: true, Signers: []verify.Signer{{KeyID: "k1"}}}, func(e *verify.Evidence) {
			c := claim(verify.Verified, "a.bin")
			c.Identity.KeyID = "k1"
			e.Claims = []verify.Claim{c}
		}, verify.Allow, ""},
		{"signature by somebody else", policy.Rules{RequireSignature: true, Signers: []verify.Signer{{KeyID: "k1"}}}, func(e *verify.Evidence) {
			c := claim(verify.Verified, "a.bin")
			c.Identity.KeyID = "k2"
			e.Claims = []verify.Claim{c}
		}, verify.Deny, policy.CodeUnsigned},
		{"an empty signer names nobody", policy.Rules{RequireSignature: true, Signers: []verify.Signer{{}}}, func(e *verify.Evidence) {
			e.Claims = []verify.Claim{claim(verify.Verified, "a.bin")}
		}, verify.Deny, policy.CodeUnsigned},
		{"one good and one failed claim", signed, func(e *verify.Evidence) {
			e.Claims = []verify.Claim{claim(verify.Verified, "a.bin"), claim(verify.Failed)}
		}, verify.Deny, policy.CodeSignature},
		{"pinned required and there", policy.Rules{RequirePinned: true}, func(*verify.Evidence) {}, verify.Allow, ""},
		{"pinned required and absent", policy.Rules{RequirePinned: true}, func(e *verify.Evidence) { e.Artifact.Pinned = "" }, verify.Deny, policy.CodeUnpinned},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := complete()
			c.change(&e)
			v := c.rules.Decide(e, time.Time{})
			if v.Decision != c.want {
				t.Fatalf("decision %q, want %q: %+v", v.Decision, c.want, v.Reasons)
			}
			if c.code != "" && (len(v.Reasons) == 0 || v.Reasons[0].Code != c.code) {
				t.Fatalf("first reason %+v, want code %q", v.Reasons, c.code)
			}
		})
	}
}

func add(e *verify.Evidence, s scanners.Severity) {
	e.Files[0].Findings = append(e.Files[0].Findings, finding(s))
}

// TestMonotone: adding a finding, a gap or a failed claim never turns a refusal
// into an allowance, whatever was there before.
func TestMonotone(t *testing.T) {
	changes := []func(*verify.Evidence){
		func(e *verify.Evidence) { add(e, scanners.Critical) },
		func(e *verify.Evidence) { add(e, scanners.Informational) },
		func(e *verify.Evidence) { e.Gaps = append(e.Gaps, verify.Gap{Code: "limit", File: "a.bin"}) },
		func(e *verify.Evidence) { e.Gaps = append(e.Gaps, verify.Gap{Code: verify.GapDigest}) },
		func(e *verify.Evidence) { e.Claims = append(e.Claims, claim(verify.Failed)) },
		func(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{} },
	}
	policies := []verify.Policy{
		policy.Rules{}, policy.Rules{RequireSignature: true}, policy.Rules{FailOn: new(scanners.Critical)}, policy.Signatures{},
	}
	for _, p := range policies {
		for subset := range 1 << len(changes) {
			e := complete()
			for i, change := range changes {
				if subset>>i&1 == 1 {
					change(&e)
				}
			}
			before := p.Decide(e, time.Time{}).Decision
			for i, change := range changes {
				more := e
				more.Files = append([]verify.FileEvidence{}, e.Files...)
				change(&more)
				if after := p.Decide(more, time.Time{}).Decision; before != verify.Allow && after == verify.Allow {
					t.Fatalf("%s: change %d turned %q into allow (subset %b)", p.ID(), i, before, subset)
				}
			}
		}
	}
}

func TestSignatures(t *testing.T) {
	for _, c := range []struct {
		name   string
		claims []verify.Claim
		gaps   []verify.Gap
		want   verify.Decision
	}{
		{"none", nil, nil, verify.Undecided},
		{"good", []verify.Claim{claim(verify.Verified, "a.bin")}, nil, verify.Allow},
		{"covers less", []verify.Claim{claim(verify.Verified)}, nil, verify.Deny},
		{"failed", []verify.Claim{claim(verify.Failed)}, nil, verify.Deny},
		{"unreadable file", []verify.Claim{claim(verify.Verified, "a.bin")}, []verify.Gap{{Code: "unreadable"}}, verify.Undecided},
		{"good and unchecked", []verify.Claim{claim(verify.Verified, "a.bin"), claim(verify.Unchecked)}, nil, verify.Undecided},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := complete()
			e.Claims, e.Gaps = c.claims, c.gaps
			if got := (policy.Signatures{}).Decide(e, time.Time{}).Decision; got != c.want {
				t.Fatalf("decision %q, want %q", got, c.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	const head = "apiVersion: assay.dev/v1\nkind: Policy\n"
	r, err := policy.Parse("p.yaml", []byte(head+"failOn: medium\nrequire:\n  signature: true\n  pinned: true\n"))
	if err != nil || *r.FailOn != scanners.Medium || !r.RequireSignature || !r.RequirePinned {
		t.Fatalf("got %+v, %v", r, err)
	}
	for name, text := range map[string]string{
		"empty":           "",
		"other version":   "apiVersion: assay.dev/v2\nkind: Policy\n",
		"other kind":      "apiVersion: assay.dev/v1\nkind: Waiver\n",
		"unknown key":     head + "failOnn: low\n",
		"nested unknown":  head + "require:\n  signatures: true\n",
		"unknown level":   head + "failOn: scary\n",
		"duplicate key":   head + "failOn: low\nfailOn: critical\n",
		"two documents":   head + "---\n" + head,
		"not a mapping":   "- a\n- b\n",
		"wrong type":      head + "require: yes please\n",
		"unclosed string": head + "failOn: \"low\n",
	} {
		if _, err := policy.Parse("p.yaml", []byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("apiVersion: assay.dev/v1\nkind: Policy\nfailOn: low\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := policy.Parse("p", data)
		if err == nil && r.ID() == "" {
			t.Fatal("a policy without an identity")
		}
	})
}
