package attest

import (
	"strings"
	"testing"

	"assay/verify"
)

// TestNamesAreExact: two spellings of a path are two names (CVE-2021-41087: a rule
// about dist/x did not see dist/../x), and none leads out of the artifact.
func TestNamesAreExact(t *testing.T) {
	for _, name := range []string{"./../config.json", "sub/../config.json", "sub//config.json", "//config.json", "CONFIG.json", "config.json/", "config.json\\u0000", "config.json "} {
		f := provenanceFixture(t)
		onlySubject(name)(f)
		for _, c := range f.claims() {
			if c.Standing == verify.Verified || len(c.Attestation.Files) > 0 {
				t.Errorf("%q: %s about %q", name, c.Standing, c.Attestation.Files)
			}
		}
	}
}

// TestOnlySignedCounts: what stands beside the signed payload, and what a predicate
// says about its own verification, vouches for nothing (CVE-2025-62375,
// GHSA-pmwq-pjrm-6p5r).
func TestOnlySignedCounts(t *testing.T) {
	for name, change := range map[string]func(f *fixture){
		"verified, it says": func(f *fixture) {
			f.edit(`"predicate":{`, `"predicate":{"verified":true,"signature":"good",`)
			f.signer = newKey(f.t)
		},
		"a key beside": func(f *fixture) {
			f.signer = newKey(f.t)
			f.editBundle(`"hint":""`, `"hint":"`+f.config.PublicKeys[0].Hint+`"`)
		},
		"a key id beside": func(f *fixture) {
			f.signer = newKey(f.t)
			f.editBundle(`"keyid":""`, `"keyid":"`+f.config.PublicKeys[0].ID+`"`)
		},
		"a statement beside": func(f *fixture) {
			f.editBundle(`"dsseEnvelope":{`, `"statement":{"predicateType":"https://slsa.dev/provenance/v1"},"dsseEnvelope":{`)
		},
		"a second signature": func(f *fixture) {
			f.editBundle(`"signatures":[`, `"signatures":[{"sig":"AAAA","keyid":""},`)
		},
	} {
		f := provenanceFixture(t)
		change(f)
		for _, c := range f.claims() {
			if c.Standing == verify.Verified {
				t.Errorf("%s: verified", name)
			}
		}
	}
	if !strings.Contains(provenanceFixture(t).signed(), `"hint":""`) {
		t.Error("the bundle of the fixture has another form")
	}
}
