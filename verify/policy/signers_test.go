package policy_test

import (
	"testing"

	"assay/verify"
	"assay/verify/policy"
)

const (
	workflow = "https://github.com/org/model/.github/workflows/release.yml"
	github   = "https://token.actions.githubusercontent.com"
)

// built is what a release workflow's certificate says.
func built(ref string) verify.Signer {
	return verify.Signer{
		Method: "sigstore", KeyID: ref, Subject: workflow + "@" + ref, Issuer: github, Repository: "https://github.com/org/model",
		Workflow: workflow + "@" + ref, Ref: ref, Trigger: "push", Runner: "github-hosted",
	}
}

func signedAt(at string, ids ...verify.Signer) change {
	return func(e *verify.Evidence) {
		signedBy(ids...)(e)
		e.Claims[len(e.Claims)-1].Time = at
	}
}

func attests(kind string, whole bool, ids ...verify.Signer) change {
	return func(e *verify.Evidence) {
		for _, id := range ids {
			e.Claims = append(e.Claims, verify.Claim{Scheme: "in-toto", Standing: verify.Verified, Identity: id,
				Attestation: &verify.Attestation{Kind: kind, Whole: whole, Files: []string{"README.md", "m.safetensors"}}})
		}
	}
}

func newest(at string) change { return func(e *verify.Evidence) { e.Artifact.NewestSigned = at } }

// Signers by pattern and certificate, several together, and no way back. A name
// space is bound to its signer by the rule that matches it.
func TestSigners(t *testing.T) {
	const team = signers + `
  release: {type: sigstore, identityPattern: 'https://github\.com/org/[^/]+/\.github/workflows/release\.yml@refs/tags/v.*', issuer: ` + github + `, repository: https://github.com/org/model, trigger: push, runner: github-hosted}
  anyone: {type: sigstore, identityPattern: '.*@example\.com', issuer: https://issuer}
  again: {type: sigstore, identityPattern: 'me@.*', issuer: https://issuer}
`
	key := func(id string) verify.Signer { return verify.Signer{Method: "key", KeyID: id} }
	mail := func(subject, key string) verify.Signer {
		return verify.Signer{Method: "sigstore", KeyID: key, Subject: subject, Issuer: "https://issuer"}
	}
	tag := built("refs/tags/v1")
	other := func(change func(*verify.Signer)) verify.Signer {
		s := tag
		change(&s)
		return s
	}
	for _, c := range []struct {
		name, require string
		change        change
		want          verify.Decision
	}{
		{"the release workflow", "signedBy: {atLeast: 1, of: [release]}", signedBy(tag), verify.Allow},
		{"on a branch", "signedBy: {atLeast: 1, of: [release]}", signedBy(built("refs/heads/main")), verify.Deny},
		{"another repository", "signedBy: {atLeast: 1, of: [release]}", signedBy(other(func(s *verify.Signer) { s.Repository += "x" })), verify.Deny},
		{"another trigger", "signedBy: {atLeast: 1, of: [release]}", signedBy(other(func(s *verify.Signer) { s.Trigger = "pull_request_target" })), verify.Deny},
		{"another runner", "signedBy: {atLeast: 1, of: [release]}", signedBy(other(func(s *verify.Signer) { s.Runner = "self-hosted" })), verify.Deny},
		{"another issuer", "signedBy: {atLeast: 1, of: [release]}", signedBy(other(func(s *verify.Signer) { s.Issuer += "x" })), verify.Deny},
		{"the pattern is all of it", "signedBy: {atLeast: 1, of: [release]}", signedBy(other(func(s *verify.Signer) { s.Subject = "https://evil.example/?" + s.Subject })), verify.Deny},
		{"not by key", "signedBy: {atLeast: 1, of: [anyone]}", signedBy(verify.Signer{Method: "key", KeyID: keyOne, Subject: "me@example.com", Issuer: "https://issuer"}), verify.Deny},
		{"no subject", "signedBy: {atLeast: 1, of: [anyone]}", signedBy(mail("", "a")), verify.Deny},

		{"two people", "signedBy: {atLeast: 2, of: [anyone, again]}", signedBy(mail("me@example.com", "a"), mail("you@example.com", "b")), verify.Allow},
		{"one person twice", "signedBy: {atLeast: 2, of: [anyone, again]}", signedBy(mail("me@example.com", "a"), mail("me@example.com", "b")), verify.Deny},
		{"one person, another certificate", "signedBy: {atLeast: 2, of: [anyone, again]}", signedBy(mail("me@example.com", "a"), func() verify.Signer {
			s := mail("me@example.com", "b")
			s.Ref = "refs/heads/x"
			return s
		}()), verify.Deny},
		{"one workflow on two refs", "signedBy: {atLeast: 2, of: [release, one]}", signedBy(tag, built("refs/tags/v2")), verify.Deny},

		{"signed, and tested by another", "signedBy: {atLeast: 2, of: [one, two], including: [test-result]}", all(signedBy(key(keyOne)), attests("test-result", true, key(keyTwo))), verify.Allow},
		{"tested by the same", "signedBy: {atLeast: 2, of: [one, two], including: [test-result]}", all(signedBy(key(keyOne)), attests("test-result", true, key(keyOne))), verify.Deny},
		{"tested in part", "signedBy: {atLeast: 2, of: [one, two], including: [test-result]}", all(signedBy(key(keyOne)), attests("test-result", false, key(keyTwo))), verify.Deny},
		{"another kind", "signedBy: {atLeast: 2, of: [one, two], including: [vsa]}", all(signedBy(key(keyOne)), attests("test-result", true, key(keyTwo))), verify.Deny},
		{"attestations do not count by themselves", "signedBy: {atLeast: 2, of: [one, two]}", all(signedBy(key(keyOne)), attests("vsa", true, key(keyTwo))), verify.Deny},

		{"two testers", "attested: [{kind: test-result, by: [one, two, three], atLeast: 2}]", attests("test-result", true, key(keyOne), key(keyThree)), verify.Allow},
		{"one of two", "attested: [{kind: test-result, by: [one, two, three], atLeast: 2}]", attests("test-result", true, key(keyOne), key(keyOne)), verify.Deny},
		{"one of one", "attested: [{kind: test-result, by: [one, two, three]}]", attests("test-result", true, key(keyThree)), verify.Allow},

		{"new enough", "signedAfter: 2026-06-01T00:00:00Z", signedAt("2026-06-01T00:00:00Z", mail("me@example.com", "a")), verify.Allow},
		{"an old signature, stamped today", "signedAfter: 2026-06-01T00:00:00Z", signedAt("2026-06-01T00:00:00Z", key(keyOne)), verify.Deny},
		{"too old", "signedAfter: 2026-06-01T00:00:00Z", signedAt("2026-05-31T23:59:59Z", mail("me@example.com", "a")), verify.Deny},
		{"no time", "signedAfter: 2026-06-01T00:00:00Z", signedBy(key(keyOne)), verify.Deny},
		{"not signed", "signedAfter: 2026-06-01T00:00:00Z", same, verify.Deny},
		{"an attestation's time", "signedAfter: 2026-06-01T00:00:00Z", attests("vsa", true, key(keyOne)), verify.Deny},

		{"the first", "noRollback: true", newest("none"), verify.Allow},
		{"newer", "noRollback: true", all(newest("2026-05-01T00:00:00Z"), signedAt("2026-06-01T00:00:00Z", mail("me@example.com", "a"))), verify.Allow},
		{"back", "noRollback: true", all(newest("2026-07-01T00:00:00Z"), signedAt("2026-06-01T00:00:00Z", mail("me@example.com", "a"))), verify.Deny},
		{"back, without a time", "noRollback: true", all(newest("2026-07-01T00:00:00Z"), signedBy(key(keyOne))), verify.Deny},
		{"nobody remembers", "noRollback: true", signedAt("2026-06-01T00:00:00Z", mail("me@example.com", "a")), verify.Deny},
		{"not a time", "noRollback: true", all(newest("yesterday"), signedAt("2026-06-01T00:00:00Z", mail("me@example.com", "a"))), verify.Deny},
	} {
		rules, err := policy.Parse("p.yaml", []byte(head+team+"require:\n  "+c.require+"\n"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if wants := c.require == "noRollback: true"; rules.AsksHistory() != wants {
			t.Errorf("%s: asks for history: %v", c.name, rules.AsksHistory())
		}
		e := ordinary()
		c.change(&e)
		if got := rules.Decide(e, noon); got.Decision != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.name, got.Decision, c.want, got.Reasons)
		}
	}
}

// TestNamespace: models of this organisation must be signed by its release workflow.
func TestNamespace(t *testing.T) {
	rules, err := policy.Parse("p.yaml", []byte(head+`
signers:
  release: {type: sigstore, identityPattern: '`+workflow+`@refs/tags/.*', issuer: `+github+`}
rules:
- name: ours
  match: {refs: ["hf://org/*"]}
  require: {signedBy: {atLeast: 1, of: [release]}}
- name: others
  match: {refs: ["**"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change change
		want   verify.Decision
	}{
		"ours, signed":     {signedBy(built("refs/tags/v1")), verify.Allow},
		"ours, unsigned":   {same, verify.Deny},
		"ours, by another": {signedBy(verify.Signer{Method: "key", KeyID: keyOne}), verify.Deny},
		"another's": {func(e *verify.Evidence) {
			e.Artifact.Ref, e.Artifact.Pinned = "hf://other/name@"+commit, "hf://other/name@"+commit
		}, verify.Allow},
	} {
		e := ordinary()
		c.change(&e)
		if got := rules.Decide(e, noon); got.Decision != c.want {
			t.Errorf("%s: %s, want %s", name, got.Decision, c.want)
		}
	}
}

func TestSignersRefuse(t *testing.T) {
	for name, text := range map[string]string{
		"identity and pattern": "signers:\n  a: {type: sigstore, identity: x, identityPattern: y, issuer: z}\n",
		"no issuer":            "signers:\n  a: {type: sigstore, identityPattern: y}\n",
		"a bad pattern":        "signers:\n  a: {type: sigstore, identityPattern: 'a)(b', issuer: z}\n",
		"a ref of a key":       "signers:\n  a: {type: key, keyId: " + keyOne + ", ref: x}\n",
		"a pattern of another": "signers:\n  a: {type: certificate, subject: x, issuer: y, identityPattern: z}\n",
		"too many":             signers + "require:\n  attested: [{kind: vsa, by: [one], atLeast: 2}]\n",
		"unknown kind":         signers + "require:\n  signedBy: {atLeast: 1, of: [one], including: [nothing]}\n",
		"no time":              signers + "require:\n  signedAfter: yesterday\n",
	} {
		if _, err := policy.Parse("p.yaml", []byte(head+text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
