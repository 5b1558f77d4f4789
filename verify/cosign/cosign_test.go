package cosign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/sigstoretest"
	"assay/verify/trust"
)

const (
	mail   = "me@example.com"
	issuer = "https://issuer.example"
)

var digest = strings.Repeat("ab", 32)

func simple(digest string) []byte {
	return fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":"registry.example/m"},"image":{"docker-manifest-digest":"sha256:%s"},"type":"cosign container image signature"},"optional":null}`, digest)
}

// model is an artifact of one file with what is attached to it.
func model(documents ...registry.Attachment) *registry.Artifact {
	sum := sha256.Sum256([]byte("content"))
	declared, _ := registry.NewDigest("sha256", hex.EncodeToString(sum[:]))
	return &registry.Artifact{
		Pinned:   "oci://registry.example/m@sha256:" + digest,
		Files:    []registry.File{{Name: "a", Size: 7, Declared: []registry.Declared{{Digest: declared, By: "oci-layer"}}}},
		Attached: func(context.Context) ([]registry.Attachment, error) { return documents, nil },
	}
}

func evidence(content string) verify.Digests {
	sum := sha256.Sum256([]byte(content))
	return verify.DigestsOf(verify.Evidence{Files: []verify.FileEvidence{{Name: "a", Size: 7, SHA256: hex.EncodeToString(sum[:])}}})
}

func claims(t testing.TB, trusted Trust, a *registry.Artifact) []verify.Claim {
	t.Helper()
	return claimsAbout(t, trusted, a, "content")
}

func claimsAbout(t testing.TB, trusted Trust, a *registry.Artifact, content string) []verify.Claim {
	t.Helper()
	v, err := New(trusted)
	if err != nil {
		t.Fatal(err)
	}
	c, err := v.Prepare(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		return nil
	}
	return c.Claims(evidence(content))
}

func standing(list []verify.Claim) string {
	if len(list) != 1 {
		return fmt.Sprintf("%d claims", len(list))
	}
	c := list[0]
	text := string(c.Standing)
	if c.Standing == verify.Verified && len(c.Covers) != 1 {
		text += " of nothing"
	}
	for _, p := range c.Problems {
		text += " " + p.Code
	}
	return text
}

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func trusting(t testing.TB, keys ...crypto.Signer) Trust {
	t.Helper()
	var out Trust
	for _, k := range keys {
		key, err := trust.NewPublicKey(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		out.PublicKeys = append(out.PublicKeys, key)
	}
	return out
}

func keyed(t testing.TB, key crypto.Signer, options crypto.SignerOpts, document []byte) registry.Attachment {
	t.Helper()
	message := document
	if options.HashFunc() != 0 {
		h := options.HashFunc().New()
		h.Write(document)
		message = h.Sum(nil)
	}
	sig, err := key.Sign(rand.Reader, message, options)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Attachment{Name: "tag", MediaType: mediaSimple, Data: document,
		Annotations: map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig)}}
}

// A simple signing document by key, of every kind of key that cosign signs with.
func TestKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, p384 := newKey(t, elliptic.P256()), newKey(t, elliptic.P384())
	for name, c := range map[string]struct {
		key     crypto.Signer
		options crypto.SignerOpts
	}{
		"P-256": {p256, crypto.SHA256}, "P-384 with SHA-256": {p384, crypto.SHA256}, "P-384": {p384, crypto.SHA384},
		"RSA": {rsaKey, crypto.SHA256}, "Ed25519": {edKey, crypto.Hash(0)},
	} {
		doc := keyed(t, c.key, c.options, simple(digest))
		if got := standing(claims(t, trusting(t, newKey(t, elliptic.P256()), c.key), model(doc))); got != "verified" {
			t.Errorf("%s: %q", name, got)
		}
		if got := standing(claims(t, trusting(t, newKey(t, elliptic.P256())), model(doc))); got != "" {
			t.Errorf("%s, another key: %q", name, got)
		}
		for i := range doc.Data {
			changed := doc
			changed.Data = bytes.Clone(doc.Data)
			changed.Data[i] ^= 1
			if got := standing(claims(t, trusting(t, c.key), model(changed))); got != "" {
				t.Errorf("%s, byte %d changed: %q", name, i, got)
			}
		}
	}
}

// Every negative is signed by somebody trusted, so that it reaches its check.
func TestNegatives(t *testing.T) {
	key := newKey(t, elliptic.P256())
	other := strings.Repeat("cd", 32)
	for name, c := range map[string]struct {
		document string
		want     string
	}{
		"another manifest": {string(simple(other)), ""},
		"no digest":        {strings.ReplaceAll(string(simple(digest)), "sha256:", ""), ""},
		"another type":     {strings.ReplaceAll(string(simple(digest)), "cosign container image signature", "atomic container signature"), "failed bad-payload"},
		"two digests":      {strings.Replace(string(simple(digest)), `"docker-manifest-digest"`, `"docker-manifest-digest":"x","docker-manifest-digest"`, 1), "failed bad-payload"},
		"case":             {strings.Replace(string(simple(digest)), `"docker-manifest-digest"`, `"Docker-Manifest-Digest"`, 1), ""},
		"behind it":        {string(simple(digest)) + "{}", "failed bad-payload"},
		"no JSON":          {"sha256:" + digest, "failed bad-payload"},
		"a statement":      {`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + digest + `"}}]}`, "failed bad-payload"},
	} {
		if got := standing(claims(t, trusting(t, key), model(keyed(t, key, crypto.SHA256, []byte(c.document))))); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	doc := keyed(t, key, crypto.SHA256, simple(digest))
	if got := standing(claimsAbout(t, trusting(t, key), model(doc), "another")); got != "failed digest-mismatch" {
		t.Errorf("another file: %q", got)
	}
	denied := trusting(t, key)
	var err error
	if denied.Denied, err = trust.ParseDenyList([]byte("key:" + denied.PublicKeys[0].ID + " stolen\n")); err != nil {
		t.Fatal(err)
	}
	if got := standing(claims(t, denied, model(doc))); got != "failed denied" {
		t.Errorf("denied: %q", got)
	}
	unpinned := model(doc)
	unpinned.Pinned = "oci://registry.example/m:latest"
	if got := claims(t, trusting(t, key), unpinned); got != nil {
		t.Errorf("unpinned: %+v", got)
	}
	foreign := model(doc)
	foreign.Files[0].Declared = nil
	if got := standing(claims(t, trusting(t, key), foreign)); got != "verified of nothing" {
		t.Errorf("a file that the manifest does not name: %q", got)
	}
	for name, change := range map[string]func(map[string]string){
		"no signature": func(a map[string]string) { delete(a, "dev.cosignproject.cosign/signature") },
		"not base64":   func(a map[string]string) { a["dev.cosignproject.cosign/signature"] += "!" },
		"a certificate": func(a map[string]string) {
			a["dev.sigstore.cosign/certificate"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		},
	} {
		changed := doc
		changed.Annotations = maps.Clone(doc.Annotations)
		change(changed.Annotations)
		if got := standing(claims(t, trusting(t, key), model(changed))); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	failing := model()
	failing.Attached = func(context.Context) ([]registry.Attachment, error) { return nil, errors.New("unreachable") }
	v, err := New(Trust{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Prepare(t.Context(), failing); err == nil {
		t.Error("a registry that does not answer is no absence of signatures")
	}
}

func statementOf(digest, predicateType string) []byte {
	return fmt.Appendf(nil, `{"_type":%q,"subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`, statementType, digest, predicateType)
}

// Keyless: the form of cosign 3, and the one before bundles.
func TestKeyless(t *testing.T) {
	vs, stranger := sigstoretest.New(t), sigstoretest.New(t)
	trusted := func(subject, issuer string, from *sigstoretest.Virtual) Trust {
		return Trust{TrustedRoot: from.TrustedRoot(t, sigstoretest.Parts{}), Identities: []envelope.Identity{{Subject: subject, Issuer: issuer}}}
	}
	bundle := func(statement []byte) registry.Attachment {
		return registry.Attachment{MediaType: envelope.MediaType, Data: vs.Sign(t, sigstoretest.RekorV1, mail, issuer, statement)}
	}
	good := map[string]registry.Attachment{
		"bundle": bundle(statementOf(digest, PredicateType)), "annotations": vs.SignMessage(t, mail, issuer, simple(digest)),
	}
	other := map[string]registry.Attachment{
		"bundle": bundle(statementOf(strings.Repeat("cd", 32), PredicateType)), "annotations": vs.SignMessage(t, mail, issuer, simple(strings.Repeat("cd", 32))),
	}
	for form, doc := range good {
		for name, c := range map[string]struct {
			trusted Trust
			doc     registry.Attachment
			want    string
		}{
			"good":             {trusted(mail, issuer, vs), doc, "verified"},
			"another subject":  {trusted("you@example.com", issuer, vs), doc, ""},
			"another issuer":   {trusted(mail, "https://other.example", vs), doc, ""},
			"another root":     {trusted(mail, issuer, stranger), doc, ""},
			"another manifest": {trusted(mail, issuer, vs), other[form], ""},
			"nobody is named":  {Trust{TrustedRoot: vs.TrustedRoot(t, sigstoretest.Parts{})}, doc, ""},
		} {
			if got := standing(claims(t, c.trusted, model(c.doc))); got != c.want {
				t.Errorf("%s, %s: %q, want %q", form, name, got, c.want)
			}
		}
	}
	// A genuine log entry of another signature by the same person (CVE-2022-23649,
	// CVE-2026-22703).
	swapped := good["annotations"]
	swapped.Annotations = maps.Clone(swapped.Annotations)
	swapped.Annotations["dev.sigstore.cosign/bundle"] = other["annotations"].Annotations["dev.sigstore.cosign/bundle"]
	if got := standing(claims(t, trusted(mail, issuer, vs), model(swapped))); got != "" {
		t.Errorf("another log entry: %q", got)
	}
	delete(swapped.Annotations, "dev.sigstore.cosign/bundle")
	if got := standing(claims(t, trusted(mail, issuer, vs), model(swapped))); got != "" {
		t.Errorf("no log entry: %q", got)
	}
	// Documents of other schemes are left to them.
	if got := claims(t, trusted(mail, issuer, vs), model(bundle(statementOf(digest, "https://slsa.dev/provenance/v1")))); got != nil {
		t.Errorf("provenance: %+v", got)
	}
}

// One of several is verified; the others neither help nor harm.
func TestSeveral(t *testing.T) {
	key, stranger := newKey(t, elliptic.P256()), newKey(t, elliptic.P256())
	a := model(keyed(t, stranger, crypto.SHA256, simple(digest)), keyed(t, key, crypto.SHA256, simple(digest)),
		registry.Attachment{MediaType: mediaSimple, Data: []byte("{")}, registry.Attachment{MediaType: "application/spdx+json", Data: []byte("{}")})
	got := claims(t, trusting(t, key), a)
	if len(got) != 3 || got[0].Standing != verify.Unchecked || got[1].Standing != verify.Verified || got[2].Standing != verify.Unchecked {
		t.Errorf("%+v", got)
	}
}

// A bundle over the manifest itself.
func TestMessageBundle(t *testing.T) {
	key := newKey(t, elliptic.P256())
	sum, _ := hex.DecodeString(digest)
	sig, err := key.Sign(rand.Reader, sum, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	doc := registry.Attachment{MediaType: envelope.MediaType, Data: fmt.Appendf(nil,
		`{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":""}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":%q},"signature":%q}}`,
		envelope.MediaType, base64.StdEncoding.EncodeToString(sum), base64.StdEncoding.EncodeToString(sig))}
	if got := standing(claims(t, trusting(t, key), model(doc))); got != "verified" {
		t.Errorf("%q", got)
	}
	moved := model(doc)
	moved.Pinned = "oci://registry.example/m@sha256:" + strings.Repeat("cd", 32)
	if got := standing(claims(t, trusting(t, key), moved)); got != "" {
		t.Errorf("another manifest: %q", got)
	}
}

// FuzzDocument: whatever is attached, nothing is verified that nobody signed.
func FuzzDocument(f *testing.F) {
	key := newKey(f, elliptic.P256())
	stranger := trusting(f, newKey(f, elliptic.P256()))
	doc := keyed(f, key, crypto.SHA256, simple(digest))
	for _, mediaType := range []string{mediaSimple, envelope.MediaType} {
		f.Add(mediaType, doc.Data, doc.Annotations["dev.cosignproject.cosign/signature"], "", `{"SignedEntryTimestamp":"","Payload":{"body":"e30=","logID":"00"}}`)
	}
	f.Add(mediaSimple, doc.Data, "c2ln", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "{")
	f.Fuzz(func(t *testing.T, mediaType string, data []byte, sig, cert, log string) {
		a := model(registry.Attachment{MediaType: mediaType, Data: data, Annotations: map[string]string{
			"dev.cosignproject.cosign/signature": sig, "dev.sigstore.cosign/certificate": cert, "dev.sigstore.cosign/bundle": log,
		}})
		for _, c := range claims(t, stranger, a) {
			if c.Standing == verify.Verified {
				t.Error("verified")
			}
		}
	})
}
