package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/report"
)

const (
	head     = "apiVersion: assay.dev/v1\nkind: Policy\n"
	keyOne   = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
	keyTwo   = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
	keyThree = "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"
	commit   = "0123456789abcdef0123456789abcdef01234567"
	signers  = `
signers:
  one: {type: key, keyId: "` + keyOne + `"}
  two: {type: key, keyId: "` + keyTwo + `"}
  three: {type: key, keyId: "` + keyThree + `"}
  cert: {type: certificate, subject: CN=Signer, issuer: CN=Root}
  ci: {type: sigstore, identity: https://ci/release, issuer: https://issuer}
`
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// change alters the evidence that every policy of the table would otherwise allow.
type change func(*verify.Evidence)

// ordinary is a complete, unsigned model of the Hub with a card.
func ordinary() verify.Evidence {
	e := verify.Evidence{
		Artifact: verify.ArtifactInfo{Ref: "hf://org/name@" + commit, Pinned: "hf://org/name@" + commit, Kind: "model", Repository: "id1", Owner: "org",
			Created: "2026-01-01T00:00:00Z", Revision: commit},
		Files: []verify.FileEvidence{
			{Name: "README.md", Size: 5, SHA256: strings.Repeat("a", 64), Formats: []string{"text"}, Coverage: scanners.Coverage{Parsed: 5}, Classification: scanners.Clean,
				Facts: []verify.Fact{{Key: "text/card/license", Value: "Apache-2.0"}}},
			{Name: "m.safetensors", Size: 10, SHA256: strings.Repeat("b", 64), Formats: []string{"safetensors"}, Coverage: scanners.Coverage{Parsed: 4, Opaque: 6}, Classification: scanners.Clean},
		},
	}
	for i := range e.Files {
		e.Files[i].Declared = []verify.DeclaredDigest{{Digest: "sha256:" + e.Files[i].SHA256, By: "hf-lfs", Match: verify.MatchKept}}
	}
	e.Artifact.ContentID = verify.ContentID(e.Files)
	return e
}

func all(changes ...change) change {
	return func(e *verify.Evidence) {
		for _, c := range changes {
			c(e)
		}
	}
}

func same(*verify.Evidence) {}

func found(rule string, s scanners.Severity) change {
	return func(e *verify.Evidence) {
		e.Files[1].Findings = append(e.Files[1].Findings, verify.Finding{Rule: rule, Severity: s, What: "found"})
	}
}

func gapped(code scanners.GapCode) change {
	return func(e *verify.Evidence) {
		e.Gaps = append(e.Gaps, verify.Gap{Code: code, File: "m.safetensors", Reason: "something"})
	}
}

func licensed(id string) change {
	return func(e *verify.Evidence) { e.Files[0].Facts[0].Value = id }
}

func recorded(at string) change {
	return func(e *verify.Evidence) { e.Artifact.Recorded = at }
}

func signedBy(ids ...verify.Signer) change {
	return func(e *verify.Evidence) {
		for _, id := range ids {
			e.Claims = append(e.Claims, verify.Claim{Scheme: "oms", Document: "model.sig", Standing: verify.Verified, Identity: id, Covers: []string{"README.md", "m.safetensors"}})
		}
	}
}

func byKey(id string) verify.Signer { return verify.Signer{Method: "key", KeyID: id} }

func covering(standing verify.Standing, id verify.Signer, files ...string) change {
	return func(e *verify.Evidence) {
		e.Claims = append(e.Claims, verify.Claim{Scheme: "oms", Document: "model.sig", Standing: standing, Identity: id, Covers: files})
	}
}

func attestedBy(id verify.Signer, standing verify.Standing, a verify.Attestation) change {
	return func(e *verify.Evidence) {
		e.Claims = append(e.Claims, verify.Claim{Scheme: "attestation", Document: "a.json", Standing: standing, Identity: id, Attestation: &a})
	}
}

func ref(asked, pinned string) change {
	return func(e *verify.Evidence) { e.Artifact.Ref, e.Artifact.Pinned = asked, pinned }
}

func kind(k string) change {
	return func(e *verify.Evidence) { e.Artifact.Kind = registry.Kind(k) }
}

func license(id string) change {
	return func(e *verify.Evidence) {
		e.Files[0].Facts = nil
		if id != "" {
			e.Files[0].Facts = []verify.Fact{{Key: "text/card/license", Value: id}}
		}
	}
}

func format(names ...string) change {
	return func(e *verify.Evidence) { e.Files[1].Formats = names }
}

func hashedOnly(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{Hashed: 10} }

func field(set func(*verify.ArtifactInfo)) change {
	return func(e *verify.Evidence) { set(&e.Artifact) }
}

func mark(e verify.Evidence, n int) string { return report.Fingerprint(e.Files[1].Findings[n]) }

func waiver(fields string) string {
	critical := ordinary()
	found("pickle/dangerous-call", scanners.Critical)(&critical)
	text := "waivers:\n- {id: W1, fingerprint: '" + mark(critical, 0) + "', reason: r, ticket: t, owner: o, " + fields + "}\n"
	return text
}

const (
	allow      = verify.Allow
	deny       = verify.Deny
	incomplete = verify.Undecided
)

func sourced(builder, source, result string) verify.Attestation {
	return verify.Attestation{Kind: "provenance", Whole: true, Builder: builder, Source: source, Result: result}
}

func semantics() []semantic {
	critical := found("pickle/dangerous-call", scanners.Critical)
	contentID := ordinary().Artifact.ContentID
	fileSum := strings.Repeat("b", 64)
	rule := func(match, rest string) string { return "rules:\n- name: r\n  match: " + match + "\n" + rest }
	dates := "created: 2026-11-01, expires: 2026-12-31"
	one, two, three := byKey(keyOne), byKey(keyTwo), byKey(keyThree)
	cert := verify.Signer{Method: "certificate", Subject: "CN=Signer", Issuer: "CN=Root", KeyID: keyThree}
	keyless := verify.Signer{Method: "sigstore", Subject: "https://ci/release", Issuer: "https://issuer"}
	oneOf := signers + "require: {signedBy: {atLeast: 1, of: [one, two]}}"
	twoOf := signers + "require: {signedBy: {atLeast: 2, of: [one, two, cert, ci]}}"
	overlap := signers + "require: {signedBy: {atLeast: 2, of: [three, cert, ci]}}"
	prov := signers + "require: {attested: [{kind: provenance, by: [one], builder: 'https://build/**', source: https://src/acme/*, result: PASSED}]}"
	good := sourced("https://build/a/b", "https://src/acme/model", "PASSED")
	part := good
	part.Whole = false
	environments := "environments:\n- {name: dev, mode: warn, failOn: critical}\n- {name: prod, mode: enforce, failOn: medium}\n- {name: plain}\n"

	return []semantic{
		// What always holds.
		{"nothing special", "", "", same, allow, ""},
		{"critical finding", "", "", critical, deny, "finding"},
		{"high finding", "", "", found("x/y", scanners.High), deny, "finding"},
		{"medium finding", "", "", found("x/y", scanners.Medium), allow, ""},
		{"failOn critical, critical finding", "failOn: critical", "", critical, deny, "finding"},
		{"failOn critical, high finding", "failOn: critical", "", found("x/y", scanners.High), allow, ""},
		{"failOn medium, medium finding", "failOn: medium", "", found("x/y", scanners.Medium), deny, "finding"},
		{"failOn medium, low finding", "failOn: medium", "", found("x/y", scanners.Low), allow, ""},
		{"failOn low, low finding", "failOn: low", "", found("x/y", scanners.Low), deny, "finding"},
		{"failOn low, info finding", "failOn: low", "", found("x/y", scanners.Informational), allow, ""},
		{"failOn info, info finding", "failOn: info", "", found("x/y", scanners.Informational), deny, "finding"},
		{"failed signature", "", "", covering(verify.Failed, one), deny, "signature"},
		{"unchecked signature", "", "", covering(verify.Unchecked, one, "README.md"), allow, ""},
		{"signature of unknown standing", "", "", covering("fine", one), deny, "signature"},
		{"digest differs", "", "", gapped(verify.GapDigest), deny, "digest"},
		{"unreadable", "", "", gapped(scanners.GapUnreadable), incomplete, "incomplete"},
		{"unknown gap code", "", "", gapped("splendid"), incomplete, "incomplete"},
		{"no files", "", "", func(e *verify.Evidence) { e.Files = nil }, incomplete, "nothing"},
		{"bytes not read", "", "", func(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{Parsed: 9, Skipped: 1} }, incomplete, "incomplete"},
		{"more bytes than there are", "", "", func(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{Parsed: 11} }, incomplete, "incomplete"},

		// defaults.error
		{"error default, gap", "defaults: {error: incomplete}", "", gapped(scanners.GapLimit), incomplete, "incomplete"},
		{"error deny, gap", "defaults: {error: deny}", "", gapped(scanners.GapLimit), deny, "incomplete"},
		{"error deny, not understood", "defaults: {error: deny}", "", hashedOnly, deny, "incomplete"},
		{"error deny, nothing wrong", "defaults: {error: deny}", "", same, allow, ""},

		// defaults.unpinned
		{"unpinned allow, moving name", "defaults: {unpinned: allow}", "", ref("hf://org/name@main", "hf://org/name@"+commit), allow, ""},
		{"unpinned unset, moving name", "", "", ref("hf://org/name", "hf://org/name@"+commit), allow, ""},
		{"unpinned deny, moving name", "defaults: {unpinned: deny}", "", ref("hf://org/name@main", "hf://org/name@"+commit), deny, "unpinned"},
		{"unpinned deny, no name of a revision", "defaults: {unpinned: deny}", "", ref("hf://org/name", "hf://org/name@"+commit), deny, "unpinned"},
		{"unpinned deny, oci tag", "defaults: {unpinned: deny}", "", ref("oci://h/r:v1", "oci://h/r@sha256:"+keyOne), deny, "unpinned"},
		{"unpinned deny, oci digest", "defaults: {unpinned: deny}", "", ref("oci://h/r@sha256:"+keyOne, "oci://h/r@sha256:"+keyOne), allow, ""},
		{"unpinned deny, commit", "defaults: {unpinned: deny}", "", same, allow, ""},
		{"unpinned deny, folder that was hashed", "defaults: {unpinned: deny}", "", ref("./m", ""), allow, ""},
		{"unpinned deny, folder that was not", "defaults: {unpinned: deny}", "", all(ref("./m", ""), field(func(a *verify.ArtifactInfo) { a.ContentID = "" })), deny, "unpinned"},
		{"unpinned warn, moving name", "defaults: {unpinned: warn}", "", ref("hf://org/name@main", "hf://org/name@"+commit), allow, "unpinned"},

		// defaults.unmatched, and matching
		{"no rules", "defaults: {unmatched: deny}", "", same, allow, ""},
		{"unmatched unset", rule("{refs: ['oci://**']}", ""), "", same, deny, "unmatched"},
		{"unmatched deny", "defaults: {unmatched: deny}\n" + rule("{refs: ['oci://**']}", ""), "", same, deny, "unmatched"},
		{"unmatched warn", "defaults: {unmatched: warn}\n" + rule("{refs: ['oci://**']}", ""), "", same, allow, "unmatched"},
		{"unmatched warn, critical", "defaults: {unmatched: warn}\n" + rule("{refs: ['oci://**']}", ""), "", critical, allow, "finding"},
		{"unmatched warn, prod enforces", "defaults: {unmatched: warn}\n" + environments + rule("{refs: ['oci://**']}", ""), "prod", critical, deny, "finding"},
		{"unmatched deny, dev warns", environments + rule("{refs: ['oci://**']}", ""), "dev", same, deny, "unmatched"},
		{"unmatched builtin", "defaults: {unmatched: builtin}\n" + rule("{refs: ['oci://**']}", ""), "", same, allow, "unmatched"},
		{"unmatched builtin, critical", "defaults: {unmatched: builtin}\n" + rule("{refs: ['oci://**']}", ""), "", critical, deny, "finding"},
		{"unmatched deny beats mode warn", "mode: warn\n" + rule("{refs: ['oci://**']}", ""), "", same, deny, "unmatched"},
		{"matched by **", rule("{refs: ['**']}", ""), "", same, allow, ""},
		{"matched by store", rule("{refs: ['hf://**']}", ""), "", same, allow, ""},
		{"matched by name without revision", rule("{refs: ['hf://org/name']}", ""), "", same, allow, ""},
		{"* stops at a slash", rule("{refs: ['hf://*']}", ""), "", same, deny, "unmatched"},
		{"* in a segment", rule("{refs: ['hf://org/n*']}", ""), "", same, allow, ""},
		{"matched by tag", rule("{refs: ['oci://h/r:v*']}", ""), "", ref("oci://h/r:v1", "oci://h/r@sha256:"+keyOne), allow, ""},
		{"another tag", rule("{refs: ['oci://h/r:v*']}", ""), "", ref("oci://h/r:latest", "oci://h/r@sha256:"+keyOne), deny, "unmatched"},
		{"name of another owner", rule("{refs: ['hf://org/**']}", ""), "", ref("hf://org2/name", "hf://org2/name@"+commit), deny, "unmatched"},
		{"folder named like the Hub", rule("{refs: ['hf://**']}", ""), "", ref("hf://org/name", ""), deny, "unmatched"},
		{"pinned elsewhere than asked", rule("{refs: ['hf://org/**']}", ""), "", ref("hf://org/name", "hf://evil/name@"+commit), deny, "unmatched"},
		{"same name at another Hub", rule("{refs: ['hf://**']}", ""), "", ref("hf://org/name@"+commit, "hf://org/name@"+commit+"?endpoint=https://hub.example"), deny, "unmatched"},
		{"another Hub by its name", rule("{refs: ['https://hub.example/org/*']}", ""), "", ref("hf://org/name@"+commit, "hf://org/name@"+commit+"?endpoint=https://hub.example"), allow, ""},
		{"unpinned deny, commit at another Hub", "defaults: {unpinned: deny}", "", ref("hf://org/name@"+commit, "hf://org/name@"+commit+"?endpoint=https://hub.example"), allow, ""},
		{"folder", rule("{refs: ['file:**']}", ""), "", ref("./m", ""), allow, ""},
		{"a dot is a dot", rule("{refs: ['oci://h.example/**']}", ""), "", ref("oci://hxexample/r", "oci://hxexample/r@sha256:"+keyOne), deny, "unmatched"},
		{"kind model", rule("{kinds: [model]}", ""), "", same, allow, ""},
		{"kind dataset, is model", rule("{kinds: [dataset]}", ""), "", same, deny, "unmatched"},
		{"kind adapter", rule("{kinds: [adapter]}", ""), "", kind("adapter"), allow, ""},
		{"kind model, is unknown", rule("{kinds: [model]}", ""), "", kind(""), deny, "unmatched"},
		{"kind unknown", rule("{kinds: [unknown]}", ""), "", kind(""), allow, ""},
		{"refs and kinds both", rule("{refs: ['hf://**'], kinds: [dataset]}", ""), "", same, deny, "unmatched"},
		{"first rule wins, strict", "rules:\n- {name: a, match: {refs: ['hf://**']}, failOn: low}\n- {name: b, match: {refs: ['**']}, failOn: critical}", "", found("x/y", scanners.Low), deny, "finding"},
		{"first rule wins, lenient", "rules:\n- {name: a, match: {refs: ['**']}, failOn: critical}\n- {name: b, match: {refs: ['hf://**']}, failOn: low}", "", found("x/y", scanners.Low), allow, ""},

		// Thresholds and modes of rules and environments
		{"rule failOn, at it", rule("{refs: ['**']}", "  failOn: medium"), "", found("x/y", scanners.Medium), deny, "finding"},
		{"rule failOn, below", rule("{refs: ['**']}", "  failOn: critical"), "", found("x/y", scanners.High), allow, ""},
		{"environment failOn, at it", environments, "prod", found("x/y", scanners.Medium), deny, "finding"},
		{"environment failOn, below", environments, "prod", found("x/y", scanners.Low), allow, ""},
		{"environment plain", environments, "plain", found("x/y", scanners.Medium), allow, ""},
		{"no environment", environments, "", critical, deny, "finding"},
		{"rule stricter than environment", environments + rule("{refs: ['**']}", "  failOn: low"), "prod", found("x/y", scanners.Low), deny, "finding"},
		{"environment stricter than rule", environments + rule("{refs: ['**']}", "  failOn: critical"), "prod", found("x/y", scanners.Medium), deny, "finding"},
		{"rule for the environment", environments + rule("{environments: [prod]}", ""), "prod", same, allow, ""},
		{"rule for another environment", environments + rule("{environments: [prod]}", ""), "plain", same, deny, "unmatched"},
		{"rule for an environment, none chosen", environments + rule("{environments: [prod]}", ""), "", same, deny, "unmatched"},
		{"mode warn", "mode: warn", "", critical, allow, "finding"},
		{"mode audit", "mode: audit", "", critical, allow, "finding"},
		{"mode enforce", "mode: enforce", "", critical, deny, "finding"},
		{"mode warn, incomplete", "mode: warn", "", gapped(scanners.GapBroken), allow, "incomplete"},
		{"mode warn, nothing there", "mode: warn", "", func(e *verify.Evidence) { e.Files = nil }, incomplete, "nothing"},
		{"mode of the environment", environments, "dev", critical, allow, "finding"},
		{"mode of the rule", rule("{refs: ['**']}", "  mode: warn"), "", critical, allow, "finding"},
		{"rule enforces in a file that warns", "mode: warn\n" + rule("{refs: ['**']}", "  mode: enforce"), "", critical, deny, "finding"},
		{"prod enforces a rule that warns", environments + rule("{refs: ['**']}", "  mode: warn"), "prod", critical, deny, "finding"},
		{"rule that enforces in dev", environments + rule("{refs: ['**']}", "  mode: enforce"), "dev", critical, deny, "finding"},

		// require.signature, pinned
		{"signature, there", "require: {signature: true}", "", signedBy(three), allow, ""},
		{"signature, absent", "require: {signature: true}", "", same, deny, "unsigned"},
		{"signature, unchecked", "require: {signature: true}", "", covering(verify.Unchecked, one, "README.md", "m.safetensors"), deny, "unsigned"},
		{"signature, covers less", "require: {signature: true}", "", covering(verify.Verified, one, "README.md"), deny, "unsigned"},
		{"signature, by an attestation", "require: {signature: true}", "", attestedBy(one, verify.Verified, good), deny, "unsigned"},
		{"signature, two that cover half each", "require: {signature: true}", "", all(covering(verify.Verified, one, "README.md"), covering(verify.Verified, two, "m.safetensors")), allow, ""},
		{"signature of a rule", rule("{refs: ['**']}", "  require: {signature: true}"), "", same, deny, "unsigned"},
		{"signature of a rule, there", rule("{refs: ['**']}", "  require: {signature: true}"), "", signedBy(one), allow, ""},
		{"pinned, is", "require: {pinned: true}", "", same, allow, ""},
		{"pinned, is not", "require: {pinned: true}", "", ref("./m", ""), deny, "unpinned"},
		{"pinned of a rule, is not", rule("{refs: ['**']}", "  require: {pinned: true}"), "", ref("./m", ""), deny, "unpinned"},

		// require.signedBy
		{"one of two, first", oneOf, "", signedBy(one), allow, ""},
		{"one of two, second", oneOf, "", signedBy(two), allow, ""},
		{"one of two, stranger", oneOf, "", signedBy(three), deny, "unsigned"},
		{"one of two, nobody", oneOf, "", same, deny, "unsigned"},
		{"one of two, covers less", oneOf, "", covering(verify.Verified, one, "m.safetensors"), deny, "unsigned"},
		{"one of two, unchecked", oneOf, "", covering(verify.Unchecked, one, "README.md", "m.safetensors"), deny, "unsigned"},
		{"one of two, exempt counts", oneOf, "", func(e *verify.Evidence) {
			e.Claims = []verify.Claim{{Scheme: "oms", Standing: verify.Verified, Identity: one, Covers: []string{"m.safetensors"}, Exempt: []string{"README.md"}}}
		}, allow, ""},
		{"two, both keys", twoOf, "", signedBy(one, two), allow, ""},
		{"two, one key twice", twoOf, "", signedBy(one, one), deny, "unsigned"},
		{"two, one only", twoOf, "", signedBy(one), deny, "unsigned"},
		{"two, key and certificate", twoOf, "", signedBy(one, cert), allow, ""},
		{"two, key and keyless", twoOf, "", signedBy(two, keyless), allow, ""},
		{"two, keyless twice with other keys", twoOf, "", signedBy(verify.Signer{Method: "sigstore", Subject: keyless.Subject, Issuer: keyless.Issuer, KeyID: "a"},
			verify.Signer{Method: "sigstore", Subject: keyless.Subject, Issuer: keyless.Issuer, KeyID: "b"}), deny, "unsigned"},
		{"two, one certificate that fits two names", overlap, "", signedBy(cert), deny, "unsigned"},
		{"two, a certificate and its key", overlap, "", signedBy(cert, three), deny, "unsigned"},
		{"two, a key and its certificate", overlap, "", signedBy(three, cert), deny, "unsigned"},
		{"two, one keyless person with a key of two names", overlap, "", signedBy(verify.Signer{Method: "sigstore", Subject: keyless.Subject, Issuer: keyless.Issuer, KeyID: keyThree},
			verify.Signer{Method: "sigstore", Subject: keyless.Subject, Issuer: keyless.Issuer, KeyID: "b"}), deny, "unsigned"},
		{"two, different files", twoOf, "", all(covering(verify.Verified, one, "README.md"), covering(verify.Verified, two, "m.safetensors")), deny, "unsigned"},
		{"certificate of another issuer", twoOf, "", signedBy(one, verify.Signer{Method: "certificate", Subject: "CN=Signer", Issuer: "CN=Other"}), deny, "unsigned"},
		{"certificate of another subject", twoOf, "", signedBy(one, verify.Signer{Method: "certificate", Subject: "CN=Other", Issuer: "CN=Root"}), deny, "unsigned"},
		{"identity of another provider", twoOf, "", signedBy(one, verify.Signer{Method: "sigstore", Subject: keyless.Subject, Issuer: "https://other"}), deny, "unsigned"},
		{"subject by another method", twoOf, "", signedBy(one, verify.Signer{Method: "certificate", Subject: keyless.Subject, Issuer: keyless.Issuer}), deny, "unsigned"},
		{"rule and every reference together", signers + "require: {signedBy: {atLeast: 1, of: [one]}}\n" + rule("{refs: ['**']}", "  require: {signedBy: {atLeast: 1, of: [two]}}"), "", signedBy(one), deny, "unsigned"},
		{"rule and every reference, both", signers + "require: {signedBy: {atLeast: 1, of: [one]}}\n" + rule("{refs: ['**']}", "  require: {signedBy: {atLeast: 1, of: [two]}}"), "", signedBy(one, two), allow, ""},

		// require.attested
		{"attested", prov, "", attestedBy(one, verify.Verified, good), allow, ""},
		{"attested, absent", prov, "", same, deny, "attested"},
		{"attested, signature only", prov, "", signedBy(one), deny, "attested"},
		{"attested, other signer", prov, "", attestedBy(two, verify.Verified, good), deny, "attested"},
		{"attested, unchecked", prov, "", attestedBy(one, verify.Unchecked, good), deny, "attested"},
		{"attested, part of the model", prov, "", attestedBy(one, verify.Verified, part), deny, "attested"},
		{"attested, other builder", prov, "", attestedBy(one, verify.Verified, sourced("https://evil/b", good.Source, "PASSED")), deny, "attested"},
		{"attested, other source", prov, "", attestedBy(one, verify.Verified, sourced(good.Builder, "https://src/evil/m", "PASSED")), deny, "attested"},
		{"attested, failed result", prov, "", attestedBy(one, verify.Verified, sourced(good.Builder, good.Source, "FAILED")), deny, "attested"},
		{"attested, halves by two", prov, "", all(attestedBy(one, verify.Verified, sourced(good.Builder, "x", "PASSED")), attestedBy(one, verify.Verified, sourced("x", good.Source, "PASSED"))), deny, "attested"},

		// require.formats
		{"format allowed", "require: {formats: {allow: [safetensors, text]}}", "", same, allow, ""},
		{"format not on the list", "require: {formats: {allow: [safetensors]}}", "", same, deny, "format"},
		{"format denied", "require: {formats: {deny: [pickle]}}", "", format("pickle", "zip"), deny, "format"},
		{"format not denied", "require: {formats: {deny: [pickle]}}", "", same, allow, ""},
		{"format unknown, deny list", "require: {formats: {deny: [pickle]}}", "", format(), deny, "format"},
		{"format unknown, allow list", "require: {formats: {allow: [safetensors, text]}}", "", format(), deny, "format"},
		{"format unknown, missing incomplete", "defaults: {missing: incomplete}\nrequire: {formats: {deny: [pickle]}}", "", format(), incomplete, "format"},
		{"polyglot", "require: {formats: {allow: [safetensors, text]}}", "", format("pickle", "safetensors"), deny, "format"},
		{"deny wins", "require: {formats: {allow: [safetensors, text, zip], deny: [pickle]}}", "", format("pickle", "safetensors"), deny, "format"},
		{"empty file has no format", "require: {formats: {allow: [safetensors, text]}}", "", func(e *verify.Evidence) {
			e.Files[1].Size, e.Files[1].Formats, e.Files[1].Coverage = 0, nil, scanners.Coverage{}
		}, allow, ""},

		// require.coverage
		{"coverage unset, not understood", "", "", hashedOnly, incomplete, "incomplete"},
		{"coverage complete, not understood", "require: {coverage: complete}", "", hashedOnly, incomplete, "incomplete"},
		{"coverage hashed, not understood", "require: {coverage: hashed}", "", hashedOnly, allow, ""},
		{"coverage hashed, unrecognised", "require: {coverage: hashed}", "", all(hashedOnly, gapped(scanners.GapUnrecognised)), allow, "incomplete"},
		{"coverage hashed, broken", "require: {coverage: hashed}", "", gapped(scanners.GapBroken), incomplete, "incomplete"},
		{"coverage hashed, not hashed", "require: {coverage: hashed}", "", all(hashedOnly, func(e *verify.Evidence) { e.Files[1].SHA256 = "" }), incomplete, "incomplete"},
		{"coverage hashed, gap in what was not hashed", "require: {coverage: hashed}", "", all(gapped(scanners.GapUncovered), func(e *verify.Evidence) { e.Files[1].SHA256 = "" }), incomplete, "incomplete"},
		{"coverage hashed, bytes not read", "require: {coverage: hashed}", "", all(gapped(scanners.GapUncovered), func(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{Skipped: 10} }), incomplete, "incomplete"},
		{"coverage hashed, rule complete", "require: {coverage: hashed}\n" + rule("{refs: ['**']}", "  require: {coverage: complete}"), "", hashedOnly, incomplete, "incomplete"},
		{"coverage hashed by the rule", rule("{refs: ['**']}", "  require: {coverage: hashed}"), "", hashedOnly, allow, ""},

		// require.remoteCode
		{"remote code denied, absent", "require: {remoteCode: deny}", "", same, allow, ""},
		{"remote code denied, auto_map", "require: {remoteCode: deny}", "", found("text/remote-code", scanners.Medium), deny, "remote-code"},
		{"remote code denied, source", "require: {remoteCode: deny}", "", found("script/source-code", scanners.Informational), deny, "remote-code"},
		{"remote code denied, other finding", "require: {remoteCode: deny}", "", found("zip/gap", scanners.Medium), allow, ""},
		{"remote code allowed", "require: {remoteCode: allow}", "", found("text/remote-code", scanners.Medium), allow, ""},
		{"remote code allowed, severe", "require: {remoteCode: allow}", "", found("text/trust-remote-code", scanners.High), deny, "finding"},

		// require.licenses
		{"license allowed", "require: {licenses: {allow: [apache-2.0]}}", "", same, allow, ""},
		{"license not on the list", "require: {licenses: {allow: [mit]}}", "", same, deny, "license"},
		{"license denied by pattern", "require: {licenses: {deny: ['cc-by-nc*']}}", "", license("CC-BY-NC-4.0"), deny, "license"},
		{"license not denied", "require: {licenses: {deny: ['cc-by-nc*']}}", "", same, allow, ""},
		{"license missing", "require: {licenses: {deny: ['cc-by-nc*']}}", "", license(""), deny, "license"},
		{"license missing, incomplete", "defaults: {missing: incomplete}\nrequire: {licenses: {allow: [mit]}}", "", license(""), incomplete, "license"},

		// require.evidence
		{"evidence all there", "require: {evidence: [content, kind, repository, owner, created, revision, license, digests]}", "", same, allow, ""},
		{"evidence content", "require: {evidence: [content]}", "", field(func(a *verify.ArtifactInfo) { a.ContentID = "" }), deny, "evidence"},
		{"evidence kind", "require: {evidence: [kind]}", "", kind(""), deny, "evidence"},
		{"evidence repository", "require: {evidence: [repository]}", "", field(func(a *verify.ArtifactInfo) { a.Repository = "" }), deny, "evidence"},
		{"evidence owner", "require: {evidence: [owner]}", "", field(func(a *verify.ArtifactInfo) { a.Owner = "" }), deny, "evidence"},
		{"evidence created", "require: {evidence: [created]}", "", field(func(a *verify.ArtifactInfo) { a.Created = "" }), deny, "evidence"},
		{"evidence revision", "require: {evidence: [revision]}", "", field(func(a *verify.ArtifactInfo) { a.Revision = "" }), deny, "evidence"},
		{"evidence license", "require: {evidence: [license]}", "", license(""), deny, "evidence"},
		{"evidence digests", "require: {evidence: [digests]}", "", func(e *verify.Evidence) { e.Files[1].Declared = nil }, deny, "evidence"},
		{"evidence digests, unchecked", "require: {evidence: [digests]}", "", func(e *verify.Evidence) {
			e.Files[1].Declared = []verify.DeclaredDigest{{Match: verify.MatchUnchecked}}
		}, deny, "evidence"},
		{"evidence missing, incomplete", "defaults: {missing: incomplete}\nrequire: {evidence: [owner]}", "", field(func(a *verify.ArtifactInfo) { a.Owner = "" }), incomplete, "evidence"},

		// require.minAge
		{"old enough", "require: {minAge: 30d}", "", same, allow, ""},
		{"too young", "require: {minAge: 30d}", "", field(func(a *verify.ArtifactInfo) { a.Created = "2026-11-19T00:00:00Z" }), deny, "age"},
		{"exactly old enough", "require: {minAge: 24h}", "", field(func(a *verify.ArtifactInfo) { a.Created = "2026-11-19T12:00:00Z" }), allow, ""},
		{"created in the future", "require: {minAge: 24h}", "", field(func(a *verify.ArtifactInfo) { a.Created = "2027-01-01T00:00:00Z" }), deny, "age"},
		{"age not known", "require: {minAge: 24h}", "", field(func(a *verify.ArtifactInfo) { a.Created = "" }), deny, "age"},
		{"age not readable", "require: {minAge: 24h}", "", field(func(a *verify.ArtifactInfo) { a.Created = "yesterday" }), deny, "age"},

		// waivers
		{"waived by file", waiver("file: " + fileSum + ", " + dates), "", critical, allow, "finding"},
		{"waived by content", waiver("content: 'sha256:" + contentID[7:] + "', " + dates), "", critical, allow, "finding"},
		{"waiver for another file", waiver("file: " + keyOne + ", " + dates), "", critical, deny, "finding"},
		{"waiver for another content", waiver("content: 'sha256:" + keyOne + "', " + dates), "", critical, deny, "finding"},
		{"waiver for another finding", waiver("file: " + fileSum + ", " + dates), "", found("x/y", scanners.Critical), deny, "finding"},
		{"waived, and another finding", waiver("file: " + fileSum + ", " + dates), "", all(critical, found("x/y", scanners.High)), deny, "finding"},
		{"waiver expired", waiver("file: " + fileSum + ", created: 2026-11-01, expires: 2026-11-19"), "", critical, deny, "finding"},
		{"waiver ends today", waiver("file: " + fileSum + ", created: 2026-11-01, expires: 2026-11-20"), "", critical, allow, "finding"},
		{"waiver ended this morning", waiver("file: " + fileSum + ", created: 2026-11-01, expires: 2026-11-20T11:59:59Z"), "", critical, deny, "finding"},
		{"waiver ends now", waiver("file: " + fileSum + ", created: 2026-11-01, expires: 2026-11-20T12:00:00Z"), "", critical, deny, "finding"},
		{"waiver of tomorrow", waiver("file: " + fileSum + ", created: 2026-11-21, expires: 2026-12-31"), "", critical, deny, "finding"},
		{"waiver needs the digest", waiver("file: " + fileSum + ", " + dates), "", all(critical, func(e *verify.Evidence) { e.Files[1].SHA256 = "" }), deny, "finding"},
		{"waived remote code", "require: {remoteCode: deny}\n" + waiver("file: "+fileSum+", "+dates), "", all(critical, found("text/remote-code", scanners.Medium)), deny, "remote-code"},
		{"waiver does not sign", "require: {signature: true}\n" + waiver("file: "+fileSum+", "+dates), "", critical, deny, "unsigned"},
		{"waiver without its approver", signers + "waiverApprovers: {of: [one, two]}", "", critical, deny, "finding"},

		// Expressions
		{"expression holds", "require: {that: [{name: x, expr: 'artifact.kind == \"model\"'}]}", "", same, allow, ""},
		{"expression does not hold", "require: {that: [{name: x, expr: 'files.all(f, f.size < 10)', message: too large, advice: shrink it}]}", "", same, deny, "that"},
		{"expression over findings", "require: {that: [{name: x, expr: 'files.all(f, f.findings.all(g, g.severity != \"low\"))', advice: remove it}]}", "", found("x/y", scanners.Low), deny, "that"},
		{"expression over facts", "require: {that: [{name: x, expr: 'files.exists(f, \"text/card/license\" in f.facts && \"Apache-2.0\" in f.facts[\"text/card/license\"])'}]}", "", same, allow, ""},
		{"expression about what is not there", "require: {that: [{name: x, expr: 'files.all(f, f.facts[\"no/such\"].size() > 0)'}]}", "", same, deny, "that"},
		{"expression about claims", "require: {that: [{name: x, expr: 'claims.exists(c, c.standing == \"verified\")', advice: sign it}]}", "", same, deny, "that"},
		{"expression of a rule", rule("{refs: ['hf://**']}", "  require: {that: [{name: x, expr: 'false', advice: nothing}]}"), "", same, deny, "that"},
		{"expression of another rule", rule("{refs: ['hf://org/**']}", "") + "\n- {name: s, match: {refs: ['**']}, require: {that: [{name: x, expr: 'false'}]}}", "", same, allow, ""},
		{"expression by time", "require: {that: [{name: x, expr: 'now < timestamp(\"2026-01-01T00:00:00Z\")', advice: hurry}]}", "", same, deny, "that"},
		{"expression about gaps", "require: {coverage: hashed, that: [{name: x, expr: 'gaps.size() == 0', advice: look}]}", "", gapped(scanners.GapUnrecognised), deny, "that"},
		{"expression by environment", environments + "require: {that: [{name: x, expr: 'environment != \"prod\"', advice: elsewhere}]}", "prod", same, deny, "that"},

		// Classes of licenses
		{"permissive allowed", "require: {licenses: {allow: ['class:permissive']}}", "", same, allow, ""},
		{"non-commercial not allowed", "require: {licenses: {allow: ['class:permissive']}}", "", licensed("cc-by-nc-4.0"), deny, "license"},
		{"unknown is of no class", "require: {licenses: {allow: ['class:permissive', 'class:share-alike']}}", "", licensed("my-own"), deny, "license"},
		{"non-commercial denied", "require: {licenses: {deny: ['class:non-commercial']}}", "", licensed("cc-by-nc-sa-4.0"), deny, "license"},
		{"non-commercial by its name", "require: {licenses: {deny: ['class:non-commercial']}}", "", licensed("PolyForm-Noncommercial-1.0.0"), deny, "license"},
		{"non-commercial, of the publisher's own", "require: {licenses: {deny: ['class:non-commercial']}}", "", all(licensed("other"), func(e *verify.Evidence) {
			e.Files[0].Facts = append(e.Files[0].Facts, verify.Fact{Key: "text/card/license_name", Value: "cc-by-nc-4.0"})
		}), deny, "license"},
		{"use-restricted denied", "require: {licenses: {deny: ['class:use-restricted']}}", "", licensed("llama3.1"), deny, "license"},
		{"permissive is not denied", "require: {licenses: {deny: ['class:use-restricted', 'class:non-commercial']}}", "", same, allow, ""},

		// Age of evidence
		{"read now", "require: {freshWithin: 24h}", "", same, allow, ""},
		{"read this morning", "require: {freshWithin: 24h}", "", recorded("2026-11-20T06:00:00Z"), allow, ""},
		{"read last week", "require: {freshWithin: 24h}", "", recorded("2026-11-13T06:00:00Z"), verify.Undecided, "stale"},
		{"read at no time", "require: {freshWithin: 24h}", "", recorded("yesterday"), verify.Undecided, "stale"},
		{"waiver does not allow a format", "require: {formats: {deny: [safetensors]}}\n" + waiver("file: "+fileSum+", "+dates), "", critical, deny, "format"},
	}
}

type semantic struct {
	name   string
	policy string // below head
	env    string
	change change
	want   verify.Decision
	code   string // of some reason
}

// TestSemantics is the meaning of the policy language, clause by clause, with
// what it allows and what it denies.
func TestSemantics(t *testing.T) {
	list := semantics()
	if len(list) < 120 {
		t.Fatalf("only %d cases", len(list))
	}
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			e := ordinary()
			c.change(&e)
			v := c.rules(t).Decide(e, noon)
			if v.Decision != c.want {
				t.Fatalf("decision %q, want %q: %+v", v.Decision, c.want, v.Reasons)
			}
			codes := ""
			for _, r := range v.Reasons {
				codes += r.Code + " "
				if r.What == "" || r.Effect != verify.Allow && (r.Why == "" && r.Code != "finding" && r.Code != "remote-code" && r.Code != "nothing" || r.Advice == "") {
					t.Errorf("a refusal that does not say what, why and what to do: %+v", r)
				}
			}
			if c.code != "" && !strings.Contains(codes, c.code) || c.code == "" && codes != "" {
				t.Errorf("reasons %q, want %q", codes, c.code)
			}
		})
	}
}

func (c semantic) rules(t *testing.T) policy.Rules {
	t.Helper()
	r, err := policy.Parse("p.yaml", []byte(head+c.policy+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.InEnvironment(c.env); err != nil {
		t.Fatal(err)
	}
	return r
}

// more are things that can only make it worse: findings, gaps, failed claims, and
// evidence that is taken away.
func more(random *rand.Rand) (string, change) {
	changes := []struct {
		name string
		do   change
	}{
		{"a critical finding", found("pickle/dangerous-call", scanners.Critical)},
		{"a low finding", found("zip/gap", scanners.Low)},
		{"remote code", found("text/remote-code", scanners.Medium)},
		{"a gap", gapped(scanners.GapUncovered)},
		{"a broken file", gapped(scanners.GapBroken)},
		{"a digest", gapped(verify.GapDigest)},
		{"a failed claim", covering(verify.Failed, byKey(keyOne))},
		{"less coverage", func(e *verify.Evidence) { e.Files[1].Coverage = scanners.Coverage{Parsed: 3, Skipped: 7} }},
		{"no digest", func(e *verify.Evidence) { e.Files[1].SHA256, e.Artifact.ContentID = "", "" }},
		{"no content id", func(e *verify.Evidence) { e.Artifact.ContentID = "" }},
		{"no pin", func(e *verify.Evidence) { e.Artifact.Pinned = "" }},
		{"no owner", func(e *verify.Evidence) { e.Artifact.Owner = "" }},
		{"no date", func(e *verify.Evidence) { e.Artifact.Created = "" }},
		{"no kind", func(e *verify.Evidence) { e.Artifact.Kind = "" }},
		{"no facts", func(e *verify.Evidence) { e.Files[0].Facts = nil }},
		{"no formats", func(e *verify.Evidence) { e.Files[1].Formats = nil }},
		{"no declared digest", func(e *verify.Evidence) { e.Files[1].Declared = nil }},
		{"a claim less", func(e *verify.Evidence) {
			for i, c := range e.Claims {
				if c.Standing == verify.Verified {
					e.Claims = append(append([]verify.Claim{}, e.Claims[:i]...), e.Claims[i+1:]...)
					return
				}
			}
		}},
		{"a claim that covers less", func(e *verify.Evidence) {
			e.Claims = append([]verify.Claim{}, e.Claims...)
			for i := range e.Claims {
				if e.Claims[i].Standing == verify.Verified {
					e.Claims[i].Covers = nil
				}
			}
		}},
		{"a claim nobody checked", func(e *verify.Evidence) {
			e.Claims = append([]verify.Claim{}, e.Claims...)
			for i := range e.Claims {
				if e.Claims[i].Standing == verify.Verified {
					e.Claims[i].Standing = verify.Unchecked
				}
			}
		}},
	}
	c := changes[random.IntN(len(changes))]
	return c.name, c.do
}

// TestNothingTurnsDenyIntoAllow walks from every case of the table through
// random changes for the worse: once refused, always refused. What a policy says
// about references without a pin or of unknown kind in so many words is a
// decision of its own, so those two changes are left out there.
func TestNothingTurnsDenyIntoAllow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range semantics() {
		rules := c.rules(t)
		byKind := strings.Contains(c.policy, "kinds:") || strings.Contains(c.policy, "file:**") || strings.Contains(c.policy, "defaults: {unpinned")
		for range 20 {
			e := ordinary()
			c.change(&e)
			way := c.name
			before := rules.Decide(e, noon).Decision
			for range 6 {
				name, do := more(random)
				if byKind && (name == "no pin" || name == "no kind") {
					continue
				}
				worse := e
				worse.Files = append([]verify.FileEvidence{}, e.Files...)
				worse.Claims = append([]verify.Claim{}, e.Claims...)
				worse.Gaps = append([]verify.Gap{}, e.Gaps...)
				for i := range worse.Files {
					worse.Files[i].Findings = append([]verify.Finding{}, worse.Files[i].Findings...)
				}
				if len(worse.Files) < 2 {
					break
				}
				do(&worse)
				way += ", then " + name
				after := rules.Decide(worse, noon).Decision
				if before != verify.Allow && after == verify.Allow {
					t.Fatalf("%s: %q became allow", way, before)
				}
				if before == verify.Deny && after != verify.Deny && !strings.Contains(name, "claim") {
					t.Fatalf("%s: deny became %q", way, after)
				}
				e, before = worse, after
			}
		}
	}
}

// TestThresholdIsMonotone: a lower threshold denies whatever a higher one does.
func TestThresholdIsMonotone(t *testing.T) {
	for s := scanners.Critical; s <= scanners.Informational; s++ {
		e := ordinary()
		found("x/y", s)(&e)
		denied := false
		for threshold := scanners.Critical; threshold <= scanners.Informational; threshold++ {
			now := policy.Rules{FailOn: &threshold}.Decide(e, noon).Decision == verify.Deny
			if denied && !now {
				t.Errorf("a finding of %s is denied at a milder threshold than %s and not there", s, threshold)
			}
			denied = denied || now
		}
		if !denied {
			t.Errorf("a finding of %s is never denied", s)
		}
	}
}

// TestDeterministic: the same evidence gives the same verdict, to the letter.
func TestDeterministic(t *testing.T) {
	for _, c := range semantics() {
		e := ordinary()
		c.change(&e)
		first := fmt.Sprintf("%+v", c.rules(t).Explain(e, noon))
		if second := fmt.Sprintf("%+v", c.rules(t).Explain(e, noon)); first != second {
			t.Errorf("%s: two verdicts", c.name)
		}
	}
}
