package attest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
	"assay/verify/trust"
)

// BenchmarkManySubjects verifies the summary of a data set of 200 000 files.
func BenchmarkManySubjects(b *testing.B) {
	r := verify.Report{Policy: "builtin/v1", Verdict: verify.Verdict{Decision: verify.Allow}}
	r.Artifact.Ref = resource
	for i := range 200_000 {
		r.Files = append(r.Files, verify.FileEvidence{
			Name: fmt.Sprintf("train/shard-%03d/%06d.json", i/1000, i), Size: 1, SHA256: fmt.Sprintf("%064x", i),
			Coverage: scanners.Coverage{Parsed: 1},
		})
	}
	r.Artifact.ContentID = verify.ContentID(r.Files)
	payload, err := MakeVSA(r, Summary{Verifier: verifier, Time: testNow})
	if err != nil {
		b.Fatal(err)
	}
	key := newKey(b)
	bundle, err := SignWithKey(payload, key)
	if err != nil {
		b.Fatal(err)
	}
	c := Config{
		Trust: Trust{Now: testNow, PublicKeys: []trust.PublicKey{publicOf(b, key)}}, Require: []string{KindVSA},
		Expect: Expectations{Verifiers: []string{verifier}}, Documents: []Document{{Name: strings.Repeat("a", 8), Data: bundle}},
	}
	files := verify.DigestsOf(r.Evidence)
	b.SetBytes(int64(len(bundle)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		check, err := v.Prepare(context.Background(), new(registry.Artifact))
		if err != nil {
			b.Fatal(err)
		}
		if claims := check.Claims(files); len(claims) != 1 || claims[0].Standing != verify.Verified || !claims[0].Attestation.Whole {
			b.Fatalf("%d claims", len(claims))
		}
	}
}
