package oms

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"assay/verify"
	"assay/verify/internal/envelope"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// keylessParts is a keyless bundle in the parts that tests exchange.
type keylessParts struct {
	MediaType string         `json:"mediaType"`
	Envelope  jsontext.Value `json:"dsseEnvelope"`
	Material  struct {
		Certificate jsontext.Value   `json:"certificate"`
		Entries     []jsontext.Value `json:"tlogEntries"`
		Timestamps  jsontext.Value   `json:"timestampVerificationData,omitzero"`
	} `json:"verificationMaterial"`
}

func parts(t *testing.T, bundle string) keylessParts {
	t.Helper()
	var p keylessParts
	if err := json.Unmarshal([]byte(bundle), &p, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	return p
}

// editEntry changes a log entry.
func (p *keylessParts) editEntry(t *testing.T, before, after string) {
	text := p.Material.Entries[0]
	if err := text.Compact(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(before)) {
		t.Fatalf("%s is not in the log entry", before)
	}
	p.Material.Entries[0] = bytes.Replace(text, []byte(before), []byte(after), 1)
}

// TestKeylessNegatives exchanges parts of two bundles that the same person
// signed, and of their log entries: everything in them is genuine.
func TestKeylessNegatives(t *testing.T) {
	dir := vectors(t)
	c, m := vector{name: "v1.0.0-sigstore", method: MethodSigstore}.load(t, dir)
	_, m2 := vector{name: "v1.0.1-sigstore", method: MethodSigstore}.load(t, dir)
	first, second := m["model.sig"], m2["model.sig"]
	delete(m, "model.sig")

	for name, n := range map[string]struct {
		change func(a, b *keylessParts)
		want   string
	}{
		"nothing changed": {func(a, b *keylessParts) {}, ""},
		// Labels that nobody signed; entry and time are checked without them.
		"entry of another kind": {func(a, b *keylessParts) { a.editEntry(t, `"kind":"dsse"`, `"kind":"intoto"`) }, ""},
		"timestamp that is none": {func(a, b *keylessParts) {
			a.Material.Timestamps = jsontext.Value(`{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}]}`)
		}, ""},
		// CVE-2026-22703: a genuine entry of another bundle.
		"log entry of another":    {func(a, b *keylessParts) { a.Material.Entries = b.Material.Entries }, envelope.CodeSigstore},
		"certificate of another":  {func(a, b *keylessParts) { a.Material.Certificate = b.Material.Certificate }, envelope.CodeBadSignature},
		"envelope of another":     {func(a, b *keylessParts) { a.Envelope = b.Envelope }, envelope.CodeBadSignature},
		"all material of another": {func(a, b *keylessParts) { a.Material = b.Material }, envelope.CodeBadSignature},
		"no log entry":            {func(a, b *keylessParts) { a.Material.Entries = []jsontext.Value{} }, envelope.CodeSigstore},
		"unknown member in entry": {func(a, b *keylessParts) { a.editEntry(t, `"logId":`, `"extra":1,"logId":`) }, envelope.CodeBadBundle},
		"entry without promise":   {func(a, b *keylessParts) { a.editEntry(t, `"inclusionPromise":{`, `"inclusionPromise":null,"was":{`) }, envelope.CodeBadBundle},
		"entry at another time":   {func(a, b *keylessParts) { a.editEntry(t, `"integratedTime":"1`, `"integratedTime":"2`) }, envelope.CodeSigstore},
		"entry of another log":    {func(a, b *keylessParts) { a.editEntry(t, `"keyId":"w`, `"keyId":"x`) }, envelope.CodeSigstore},
		"entry at another place": {func(a, b *keylessParts) {
			a.editEntry(t, `"inclusionProof":{"logIndex":"`, `"inclusionProof":{"logIndex":"1`)
		}, envelope.CodeSigstore},
		"certificate that is none":  {func(a, b *keylessParts) { a.Material.Certificate = jsontext.Value(`{"rawBytes":"AAAA"}`) }, envelope.CodeBadCertificate},
		"timestamp in another form": {func(a, b *keylessParts) { a.Material.Timestamps = jsontext.Value(`{"extra":[]}`) }, envelope.CodeBadBundle},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := parts(t, first), parts(t, second)
			n.change(&a, &b)
			text, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			c.Bundles = []Bundle{{Name: "model.sig", Data: text}}
			got := claim(t, c, m)
			if n.want == "" {
				want(t, got, verify.Verified)
				return
			}
			if got.Standing != verify.Failed || got.Problems[0].Code != n.want {
				t.Errorf("%q %v, want %s", got.Standing, got.Problems, n.want)
			}
		})
	}
}

// A keyless signature is not taken for one by a certificate of one's own.
func TestKeylessAsCertificate(t *testing.T) {
	_, m := vector{name: "v1.1.0-sigstore", method: MethodSigstore}.load(t, vectors(t))
	got := claim(t, Config{CertificateRoots: newAuthority(t, "root").certs}, m)
	want(t, got, verify.Unchecked)
	if got.Identity.Subject != "" || !strings.Contains(strings.Join(got.Notes, ""), "trusted root") {
		t.Errorf("%+v", got)
	}
	c := Config{Method: MethodCertificate, CertificateRoots: newAuthority(t, "root").certs, Now: vectorTime}
	want(t, claim(t, c, m), verify.Failed, envelope.CodeUntrustedCertificate)
}

func TestTrustedRoot(t *testing.T) {
	data := read(t, filepath.Join(vectors(t), "trusted-root-public-good.json"))
	if _, err := New(Config{TrustedRoot: data[:len(data)-2]}); err == nil {
		t.Error("half a trusted root was accepted")
	}
	if _, err := New(Config{TrustedRoot: data}); err != nil {
		t.Error(err)
	}
}
