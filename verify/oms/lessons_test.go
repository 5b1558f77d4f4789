package oms

import (
	"slices"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"assay/verify"
	"assay/verify/sigstoretest"
)

// TestHostileLogEntries: what made the servers of Sigstore crash or run out of
// memory (CVE-2023-30551, CVE-2023-33199, CVE-2026-23831, CVE-2026-24117,
// CVE-2026-48702, CVE-2025-66506) reaches a verifier in a bundle. It fails there,
// soon, and says so.
func TestHostileLogEntries(t *testing.T) {
	v := sigstoretest.New(t)
	m := baseFiles()
	payload, err := manifestOf(t, m).payload()
	if err != nil {
		t.Fatal(err)
	}
	trusted := v.TrustedRoot(t, sigstoretest.Parts{})
	body := func(text string) func(e *protorekor.TransparencyLogEntry) {
		return func(e *protorekor.TransparencyLogEntry) { e.CanonicalizedBody = []byte(text) }
	}
	for name, change := range map[string]func(e *protorekor.TransparencyLogEntry){
		"empty":            body(""),
		"null":             body("null"),
		"no members":       body("{}"),
		"no specification": body(`{"apiVersion":"0.0.1","kind":"dsse"}`),
		"null everywhere":  body(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":null,"payloadHash":null,"signatures":[null]}}`),
		"another kind":     body(`{"apiVersion":"0.0.1","kind":"jar","spec":{"archive":{"content":"UEsDBA=="}}}`),
		"an unknown kind":  body(`{"apiVersion":"9","kind":"x","spec":{}}`),
		"deep":             body(strings.Repeat(`{"a":`, 100_000)),
		"long":             body(`{"apiVersion":"` + strings.Repeat("0", 8<<20) + `"}`),
		"no key id":        func(e *protorekor.TransparencyLogEntry) { e.LogId = nil },
		"no kind":          func(e *protorekor.TransparencyLogEntry) { e.KindVersion = nil },
		"no proof":         func(e *protorekor.TransparencyLogEntry) { e.InclusionProof = nil },
		"no checkpoint":    func(e *protorekor.TransparencyLogEntry) { e.InclusionProof.Checkpoint = nil },
		"negative index":   func(e *protorekor.TransparencyLogEntry) { e.LogIndex = -1 },
		"negative place":   func(e *protorekor.TransparencyLogEntry) { e.InclusionProof.LogIndex = -1 },
		"no tree":          func(e *protorekor.TransparencyLogEntry) { e.InclusionProof.TreeSize = 0 },
		"a time to come":   func(e *protorekor.TransparencyLogEntry) { e.IntegratedTime = 1 << 60 },
		"a checkpoint bomb": func(e *protorekor.TransparencyLogEntry) {
			e.InclusionProof.Checkpoint.Envelope = strings.Repeat("\n", 4<<20)
		},
		"many hashes": func(e *protorekor.TransparencyLogEntry) {
			e.InclusionProof.Hashes = slices.Repeat([][]byte{make([]byte, 32)}, 100_000)
		},
	} {
		begin := time.Now()
		bundle := v.Sign(t, sigstoretest.RekorV1, virtualSubject, virtualIssuer, payload, func(b *protobundle.Bundle) { change(b.VerificationMaterial.TlogEntries[0]) })
		got := claim(t, Config{
			Method: MethodSigstore, TrustedRoot: trusted, Identities: []Identity{{Subject: virtualSubject, Issuer: virtualIssuer}},
			Bundles: []Bundle{{Name: "model.sig", Data: bundle}},
		}, m)
		if got.Standing != verify.Failed || len(got.Problems) == 0 || got.Problems[0].What == "" {
			t.Errorf("%s: %q %v", name, got.Standing, got.Problems)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: %s", name, took)
		}
	}
}
