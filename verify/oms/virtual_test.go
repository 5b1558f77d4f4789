package oms

import (
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/sigstoretest"
)

const (
	virtualSubject = "release@example.com"
	virtualIssuer  = "https://issuer.example.com"
)

// TestVirtualSigstore signs models keyless with an instance of its own: nothing
// but the change of each case is wrong.
func TestVirtualSigstore(t *testing.T) {
	v, other := sigstoretest.New(t), sigstoretest.New(t)
	m := baseFiles()
	payload, err := manifestOf(t, m).payload()
	if err != nil {
		t.Fatal(err)
	}
	another := v.Sign(t, sigstoretest.RekorV1, virtualSubject, virtualIssuer, []byte(`{"_type":"x"}`))
	noEntry := func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }
	noStamp := func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }
	id := Identity{Subject: virtualSubject, Issuer: virtualIssuer}
	for name, c := range map[string]struct {
		signer *sigstoretest.Virtual
		rekor  sigstoretest.Rekor
		parts  sigstoretest.Parts
		id     Identity
		change func(b *protobundle.Bundle)
		want   string
	}{
		"log and timestamp":               {},
		"log of version 2":                {rekor: sigstoretest.RekorV2},
		"log alone":                       {change: noStamp},
		"timestamp alone, no log in root": {parts: sigstoretest.Parts{NoLog: true}, change: noEntry},
		"timestamp alone, log in root":    {change: noEntry, want: envelope.CodeSigstore},
		"neither log nor timestamp":       {change: func(b *protobundle.Bundle) { noEntry(b); noStamp(b) }, parts: sigstoretest.Parts{NoLog: true}, want: envelope.CodeSigstore},
		"log of version 2, no timestamp":  {rekor: sigstoretest.RekorV2, change: noStamp, want: envelope.CodeSigstore},
		"timestamps not in the root":      {parts: sigstoretest.Parts{NoLog: true, NoTimestamps: true}, want: envelope.CodeSigstore},
		"no promise of a certificate log": {parts: sigstoretest.Parts{CTLog: true}, want: envelope.CodeSigstore},
		// CVE-2026-54787: the time must be inside the validity of the log's key.
		"log that has ended":           {parts: sigstoretest.Parts{LogEnded: true}, want: envelope.CodeSigstore},
		"another instance":             {signer: other, want: envelope.CodeSigstore},
		"other subject":                {id: Identity{Subject: "x" + virtualSubject, Issuer: virtualIssuer}, want: envelope.CodeWrongIdentity},
		"other issuer":                 {id: Identity{Subject: virtualSubject, Issuer: virtualIssuer + "/"}, want: envelope.CodeWrongIdentity},
		"pattern":                      {id: Identity{SubjectPattern: `[a-z]+@example\.com`, Issuer: virtualIssuer}},
		"pattern of a part":            {id: Identity{SubjectPattern: `example\.com`, Issuer: virtualIssuer}, want: envelope.CodeWrongIdentity},
		"pattern with another end":     {id: Identity{SubjectPattern: `x|release@example`, Issuer: virtualIssuer}, want: envelope.CodeWrongIdentity},
		"repository that is not named": {id: Identity{Subject: virtualSubject, Issuer: virtualIssuer, Repository: "https://github.com/a/b"}, want: envelope.CodeWrongIdentity},
		"runner that is not named":     {id: Identity{Subject: virtualSubject, Issuer: virtualIssuer, Runner: "github-hosted"}, want: envelope.CodeWrongIdentity},
		"subject is no pattern":        {id: Identity{Subject: ".*@example.com", Issuer: virtualIssuer}, want: envelope.CodeWrongIdentity},
		"entry of another (CVE-2026-22703)": {change: func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = sigstoretest.Entries(t, another)
		}, want: envelope.CodeSigstore},
		// CVE-2026-49834: one log is one log, however often.
		"one entry twice": {change: func(b *protobundle.Bundle) {
			e := b.VerificationMaterial.TlogEntries
			b.VerificationMaterial.TlogEntries = append(e, e[0])
		}, want: envelope.CodeSigstore},
		"timestamp of another": {parts: sigstoretest.Parts{NoLog: true}, change: func(b *protobundle.Bundle) {
			noEntry(b)
			b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps = []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: []byte{0x30, 0}}}
		}, want: envelope.CodeSigstore},
		"signature of another": {change: func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures[0].Sig = []byte{0x30, 0} }, want: envelope.CodeBadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			signer, rekor, want := v, sigstoretest.RekorV1, id
			if c.signer != nil {
				signer = c.signer
			}
			if c.rekor != 0 {
				rekor = c.rekor
			}
			if c.id.Issuer != "" {
				want = c.id
			}
			change := c.change
			if change == nil {
				change = func(*protobundle.Bundle) {}
			}
			bundle := signer.Sign(t, rekor, virtualSubject, virtualIssuer, payload, change)
			got := claim(t, Config{
				Method: MethodSigstore, TrustedRoot: v.TrustedRoot(t, c.parts), Identities: []Identity{want},
				Bundles: []Bundle{{Name: "model.sig", Data: bundle}},
			}, m)
			if c.want == "" && (got.Standing != verify.Verified || got.Time == "" || got.Identity.Subject != virtualSubject) {
				t.Errorf("%q %v, identity %+v", got.Standing, got.Problems, got.Identity)
			}
			if c.want != "" && (got.Standing != verify.Failed || got.Problems[0].Code != c.want) {
				t.Errorf("%q %v, want %s", got.Standing, got.Problems, c.want)
			}
		})
	}
}
