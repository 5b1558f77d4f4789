package notary

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"

	"assay/registry"
	"assay/verify"
	"assay/verify/trust"
)

var (
	digest  = strings.Repeat("ab", 32)
	testNow = time.Now()
	formats = []string{jws.MediaTypeEnvelope, cose.MediaTypeEnvelope}
)

// pki is a root, and a signer under it.
type pki struct {
	root  *x509.Certificate
	chain []*x509.Certificate // leaf first, as envelopes have it
	key   crypto.Signer
}

func newPKI(t testing.TB, key crypto.Signer, change func(leaf *x509.Certificate)) pki {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from, to := testNow.Add(-time.Hour), testNow.Add(time.Hour)
	name := func(cn string) pkix.Name {
		return pkix.Name{CommonName: cn, Organization: []string{"Example"}, Country: []string{"US"}, Province: []string{"WA"}}
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name("root"), NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: name("signer"), NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	if change != nil {
		change(leaf)
	}
	root := issue(t, ca, ca, caKey.Public(), caKey)
	return pki{root: root, chain: []*x509.Certificate{issue(t, leaf, root, key.Public(), caKey), root}, key: key}
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func payload(digest string) string {
	return fmt.Sprintf(`{"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":7}}`, digest)
}

// sign makes an envelope and lets the caller change what is signed.
func (p pki) sign(t testing.TB, format string, changes ...func(*signature.SignRequest)) registry.Attachment {
	t.Helper()
	signer, err := signature.NewLocalSigner(p.chain, p.key)
	if err != nil {
		t.Fatal(err)
	}
	r := &signature.SignRequest{
		Payload: signature.Payload{ContentType: payloadType, Content: []byte(payload(digest))},
		Signer:  signer, SigningTime: testNow, SigningScheme: signature.SigningSchemeX509, SigningAgent: "test",
	}
	for _, change := range changes {
		change(r)
	}
	e, err := signature.NewEnvelope(format)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Attachment{Name: "referrer", MediaType: format, Data: data}
}

func standing(t testing.TB, trusted Trust, doc registry.Attachment, content string) string {
	t.Helper()
	v, err := New(trusted)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	declared, _ := registry.NewDigest("sha256", hex.EncodeToString(sum[:]))
	c, err := v.Prepare(t.Context(), &registry.Artifact{
		Pinned:   "oci://registry.example/m@sha256:" + digest,
		Files:    []registry.File{{Name: "a", Size: 7, Declared: []registry.Declared{{Digest: declared, By: "oci-layer"}}}},
		Attached: func(context.Context) ([]registry.Attachment, error) { return []registry.Attachment{doc}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		return "none"
	}
	sum = sha256.Sum256([]byte(content))
	list := c.Claims(verify.DigestsOf(verify.Evidence{Files: []verify.FileEvidence{{Name: "a", Size: 7, SHA256: hex.EncodeToString(sum[:])}}}))
	text := string(list[0].Standing)
	if list[0].Standing == verify.Verified && len(list[0].Covers) != 1 {
		text += " of nothing"
	}
	for _, p := range list[0].Problems {
		text += " " + p.Code
	}
	return text
}

func TestSignatures(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range formats {
		for name, key := range map[string]crypto.Signer{"EC": ecKey(t), "RSA": rsaKey} {
			p := newPKI(t, key, nil)
			doc := p.sign(t, format)
			trusted := Trust{Roots: []*x509.Certificate{p.root}, Now: testNow}
			if got := standing(t, trusted, doc, "content"); got != "verified" {
				t.Errorf("%s %s: %q", format, name, got)
			}
			for i := 0; i < len(doc.Data); i += 1 + len(doc.Data)/400 {
				changed := doc
				changed.Data = bytes.Clone(doc.Data)
				changed.Data[i] ^= 1
				if got := standing(t, trusted, changed, "content"); got == "verified" && !isUnsigned(doc, changed) {
					t.Errorf("%s %s: byte %d changed: verified", format, name, i)
				}
			}
		}
	}
}

// isUnsigned reports a change in what says who made the envelope: the name of
// the program stands outside of the signature.
func isUnsigned(a, b registry.Attachment) bool {
	ca, err := open(a)
	cb, err2 := open(b)
	return err == nil && err2 == nil && ca.SignerInfo.UnsignedAttributes.SigningAgent != cb.SignerInfo.UnsignedAttributes.SigningAgent
}

// Every negative is signed by the trusted signer, so that it reaches its check.
func TestNegatives(t *testing.T) {
	p, stranger := newPKI(t, ecKey(t), nil), newPKI(t, ecKey(t), nil)
	trusted := Trust{Roots: []*x509.Certificate{p.root}, Now: testNow}
	denied := trusted
	var err error
	if denied.Denied, err = trust.ParseDenyList([]byte("key:" + trust.CertificateKeyID(p.chain[0]))); err != nil {
		t.Fatal(err)
	}
	late := trusted
	late.Now = testNow.Add(2 * time.Hour)
	content := func(text string) func(*signature.SignRequest) {
		return func(r *signature.SignRequest) { r.Payload.Content = []byte(text) }
	}
	for _, format := range formats {
		for name, c := range map[string]struct {
			trusted Trust
			doc     registry.Attachment
			want    string
		}{
			"good":             {trusted, p.sign(t, format), "verified"},
			"no root":          {Trust{Now: testNow}, p.sign(t, format), ""},
			"another root":     {Trust{Roots: []*x509.Certificate{stranger.root}, Now: testNow}, p.sign(t, format), ""},
			"another method":   {Trust{Method: "key", PublicKeys: publicOf(t, ecKey(t)), Now: testNow}, p.sign(t, format), ""},
			"a leaf as root":   {Trust{Roots: []*x509.Certificate{stranger.chain[0]}, Now: testNow}, p.sign(t, format), ""},
			"path has ended":   {late, p.sign(t, format), ""},
			"denied":           {denied, p.sign(t, format), "failed denied"},
			"another manifest": {trusted, p.sign(t, format, content(payload(strings.Repeat("cd", 32)))), ""},
			"no descriptor":    {trusted, p.sign(t, format, content(`{"digest":"sha256:`+digest+`"}`)), ""},
			"another type":     {trusted, p.sign(t, format, func(r *signature.SignRequest) { r.Payload.ContentType = "application/json" }), "failed bad-payload"},
			"expired": {trusted, p.sign(t, format, func(r *signature.SignRequest) {
				r.SigningTime, r.Expiry = testNow.Add(-30*time.Minute), testNow.Add(-time.Minute)
			}), "failed expired"},
			"not yet expired": {trusted, p.sign(t, format, func(r *signature.SignRequest) { r.Expiry = testNow.Add(time.Minute) }), "verified"},
			"a plugin is wanted": {trusted, p.sign(t, format, func(r *signature.SignRequest) {
				r.ExtendedSignedAttributes = []signature.Attribute{{Key: "io.cncf.notary.verificationPlugin", Critical: true, Value: "x"}}
			}), "failed critical"},
			"a remark": {trusted, p.sign(t, format, func(r *signature.SignRequest) {
				r.ExtendedSignedAttributes = []signature.Attribute{{Key: "remark", Value: "x"}}
			}), "verified"},
			"signing authority": {trusted, p.sign(t, format, func(r *signature.SignRequest) { r.SigningScheme = signature.SigningSchemeX509SigningAuthority }), "verified"},
			"too large":         {trusted, registry.Attachment{MediaType: format, Data: make([]byte, maxEnvelope+1)}, ""},
			"empty":             {trusted, registry.Attachment{MediaType: format}, ""},
			"another document":  {trusted, registry.Attachment{MediaType: "application/json"}, "none"},
		} {
			if got := standing(t, c.trusted, c.doc, "content"); got != c.want {
				t.Errorf("%s, %s: %q, want %q", format, name, got, c.want)
			}
		}
		if format == cose.MediaTypeEnvelope { // the library's signer of the other form decodes and writes the payload anew
			twice := p.sign(t, format, content(strings.Replace(payload(digest), `"digest"`, `"digest":"x","digest"`, 1)))
			if got := standing(t, trusted, twice, "content"); got != "failed bad-payload" {
				t.Errorf("two digests: %q", got)
			}
		}
		if got := standing(t, trusted, p.sign(t, format), "another"); got != "failed digest-mismatch" {
			t.Errorf("%s, another file: %q", format, got)
		}
	}
}

func publicOf(t testing.TB, key crypto.Signer) []trust.PublicKey {
	t.Helper()
	public, err := trust.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return []trust.PublicKey{public}
}

// FuzzEnvelope: whatever is attached, nothing is verified that nobody signed.
func FuzzEnvelope(f *testing.F) {
	p, stranger := newPKI(f, ecKey(f), nil), newPKI(f, ecKey(f), nil)
	for i, format := range formats {
		f.Add(i, p.sign(f, format).Data)
	}
	f.Fuzz(func(t *testing.T, i int, data []byte) {
		doc := registry.Attachment{MediaType: formats[(i%2+2)%2], Data: data}
		if got := standing(t, Trust{Roots: []*x509.Certificate{stranger.root}, Now: testNow}, doc, "content"); strings.HasPrefix(got, "verified") {
			t.Error(got)
		}
	})
}
