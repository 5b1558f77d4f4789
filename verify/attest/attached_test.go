package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/sigstoretest"
)

// attachedTo verifies what a registry keeps beside an artifact, and nothing else.
func attachedTo(t *testing.T, f *fixture, documents ...registry.Attachment) []verify.Claim {
	t.Helper()
	v, err := New(f.config)
	if err != nil {
		t.Fatal(err)
	}
	a := f.artifact()
	a.Attached = func(context.Context) ([]registry.Attachment, error) { return documents, nil }
	e, err := verify.Pipeline{Verifiers: []verify.Verifier{v}}.Gather(t.Context(), a)
	if err != nil || len(e.Gaps) > 0 {
		t.Fatal(err, e.Gaps)
	}
	return e.Claims
}

func about(f *fixture, sum string) {
	f.pinned = "oci://registry.example/acme/model@sha256:" + strings.Repeat("c", 64)
	f.edit(`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"`+sum+`"}}],"was":[`)
}

// Bundles and bare envelopes beside an artifact are about it by the digest of its
// manifest. Those of strangers, of something else, and of other schemes neither
// help nor harm.
func TestAttached(t *testing.T) {
	manifest := strings.Repeat("c", 64)
	for name, c := range map[string]struct {
		change func(f *fixture)
		want   string // standing of the document, and of what is missing
	}{
		"good":         {func(f *fixture) { about(f, manifest) }, "verified"},
		"by the files": {func(*fixture) {}, "verified"},
		"a stranger's": {func(f *fixture) {
			about(f, manifest)
			f.signer = newKey(f.t)
		}, " failed"},
		"another manifest": {func(f *fixture) { about(f, strings.Repeat("d", 64)) }, " failed"},
		"no statement":     {func(f *fixture) { f.payload = "{" }, "failed failed"},
		"a signature": {func(f *fixture) {
			about(f, manifest)
			f.edit(TypeVSA, "https://sigstore.dev/cosign/sign/v1")
		}, "failed"},
	} {
		for form, document := range map[string]func(f *fixture) registry.Attachment{
			"bundle": func(f *fixture) registry.Attachment {
				return registry.Attachment{Name: "referrer", MediaType: envelope.MediaType, Data: []byte(f.signed())}
			},
			"envelope": func(f *fixture) registry.Attachment {
				return registry.Attachment{Name: "tag", MediaType: mediaEnvelope, Data: []byte(f.plain())}
			},
		} {
			f := vsaFixture(t)
			f.config.Require = []string{KindVSA}
			c.change(f)
			var got []string
			for _, claim := range attachedTo(t, f, document(f), registry.Attachment{MediaType: "application/spdx+json", Data: []byte("{")}) {
				got = append(got, string(claim.Standing))
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, %s: %q, want %q", name, form, got, c.want)
			}
		}
	}
}

// The form before bundles: certificate and log entry in annotations. An entry of
// another signature is none (CVE-2022-23649).
func TestAttachedKeyless(t *testing.T) {
	vs := sigstoretest.New(t)
	f := vsaFixture(t)
	f.config.PublicKeys, f.config.TrustedRoot = nil, vs.TrustedRoot(t, sigstoretest.Parts{})
	f.config.Identities = []Identity{{Subject: "me@example.com", Issuer: "https://issuer.example"}}
	f.config.Now, f.config.Expect.MaxAge = time.Now().Add(time.Hour), 0
	f.config.Expect.After = testNow.AddDate(-10, 0, 0)
	sign := func(subject string) registry.Attachment {
		return sigstoretest.Annotated(t, vs.Sign(t, sigstoretest.RekorV1, subject, "https://issuer.example", []byte(f.payload)))
	}
	good, other := sign("me@example.com"), sign("you@example.com")
	again := sign("me@example.com")
	again.Annotations["dev.sigstore.cosign/bundle"] = good.Annotations["dev.sigstore.cosign/bundle"]
	for name, c := range map[string]struct {
		document registry.Attachment
		want     verify.Standing
	}{"good": {good, verify.Verified}, "another": {other, verify.Unchecked}, "another log entry": {again, verify.Unchecked}} {
		claims := slices.DeleteFunc(attachedTo(t, f, c.document), func(c verify.Claim) bool {
			return len(c.Problems) > 0 && c.Problems[0].Code == CodeMissing
		})
		if len(claims) != 1 || claims[0].Standing != c.want {
			t.Errorf("%s: %+v", name, claims)
		}
	}
}

// A registry that does not answer is no absence.
func TestAttachedUnknown(t *testing.T) {
	f := vsaFixture(t)
	v, err := New(f.config)
	if err != nil {
		t.Fatal(err)
	}
	a := f.artifact()
	a.Attached = func(context.Context) ([]registry.Attachment, error) { return nil, errors.New("unreachable") }
	e, err := verify.Pipeline{Verifiers: []verify.Verifier{v}}.Gather(t.Context(), a)
	if err != nil || len(e.Gaps) != 1 || !strings.Contains(fmt.Sprint(e.Gaps), "unreachable") {
		t.Errorf("%+v, %v", e.Gaps, err)
	}
}
