package oms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/trust"

	"github.com/go-json-experiment/json"
)

// fixture is a model, its signed statement and everything around it. It is
// signed only when it is verified, after a test has changed it: a negative that
// is not signed again would fail for its signature, and prove nothing else.
type fixture struct {
	t       testing.TB
	files   tree
	omitted []registry.Omission

	payload  string
	pae      func(payload []byte) []byte
	signer   crypto.Signer
	material envelope.OutMaterial
	bundle   func(text string) string // last change, to the signed bundle

	config Config
}

func baseFiles() tree {
	return tree{"config.json": "{}", "sub/weights.bin": "0123456789", "sub/empty.txt": ""}
}

// keyFixture is a model that verifies with a key.
func keyFixture(t testing.TB) *fixture {
	key := newKey(t)
	public := keyOf(t, key)
	f := newFixture(t, baseFiles(), nil)
	f.signer, f.material = key, envelope.OutMaterial{PublicKey: &envelope.OutKey{Hint: public.Hint}}
	f.config = Config{Now: testNow, PublicKeys: []trust.PublicKey{public}}
	return f
}

// certificateFixture is a model that verifies with a root of three certificates.
func certificateFixture(t testing.TB) *fixture {
	root := newAuthority(t, "root")
	f := newFixture(t, baseFiles(), nil)
	f.config = Config{Now: testNow, CertificateRoots: root.certs}
	f.signBy(root.issue(t, "intermediate", isCA).issue(t, "signer"))
	return f
}

// signBy signs with an authority and carries its path without the root.
func (f *fixture) signBy(a authority) {
	f.signer = a.key
	f.carry(a.certs[:len(a.certs)-1]...)
}

func (f *fixture) carry(certs ...*x509.Certificate) {
	f.material = envelope.OutMaterial{Chain: &envelope.OutChain{}}
	for _, c := range certs {
		f.material.Chain.Certificates = append(f.material.Chain.Certificates, envelope.OutCertificate{RawBytes: c.Raw})
	}
}

func newFixture(t testing.TB, files tree, ignore []string) *fixture {
	t.Helper()
	f := &fixture{t: t, files: files, pae: pae, bundle: func(text string) string { return text }}
	m, err := NewManifest("model", files.digests(t, nil), ignore)
	if err != nil {
		t.Fatal(err)
	}
	f.setManifest(m)
	return f
}

func (f *fixture) setManifest(m *Manifest) {
	m.Root = m.RootDigest()
	payload, err := json.Marshal(m.statement())
	if err != nil {
		f.t.Fatal(err)
	}
	f.payload = string(payload)
}

// manifest is the fixture's own, to be changed and set again.
func (f *fixture) manifest() *Manifest {
	_, m, err := decodeStatement([]byte(f.payload))
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func pae(payload []byte) []byte {
	var b bytes.Buffer
	envelope.WritePAE(&b, payload)
	return b.Bytes()
}

func oldPAE(payload []byte) []byte {
	var b bytes.Buffer
	envelope.WriteOldPAE(&b, payload)
	return b.Bytes()
}

// edit changes the statement before it is signed.
func (f *fixture) edit(before, after string) { f.payload = replace(f.t, f.payload, before, after) }

// editBundle changes the bundle after it was signed.
func (f *fixture) editBundle(before, after string) {
	signed := f.bundle
	f.bundle = func(text string) string { return replace(f.t, signed(text), before, after) }
}

// signed returns the bundle.
func (f *fixture) signed() string {
	f.t.Helper()
	hash := envelope.CurveHash(f.signer.Public())
	h := hash.New()
	h.Write(f.pae([]byte(f.payload)))
	sig, err := f.signer.Sign(nil, h.Sum(nil), hash)
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := envelope.Write([]byte(f.payload), sig, f.material)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.bundle(string(text))
}

// claim signs and verifies.
func (f *fixture) claim() verify.Claim {
	f.t.Helper()
	m := f.files.clone()
	if _, taken := m["model.sig"]; !taken && f.config.Bundles == nil {
		m["model.sig"] = f.signed()
	}
	return claim(f.t, f.config, m, f.omitted...)
}

// digestOf is the hex SHA-256 that the statement has for a file.
func (f *fixture) digestOf(name string) string {
	for _, r := range f.manifest().Resources {
		if r.Name == name {
			return hex.EncodeToString(r.Digest)
		}
	}
	f.t.Fatalf("%s is not listed", name)
	return ""
}

// list replaces the files' digests by the sums of needs other than SHA-256.
func (f *fixture) list(hashType string, shardSize int64, names ...string) {
	m := f.manifest()
	m.HashType, m.ShardSize, m.Resources = hashType, shardSize, nil
	sums := f.files.digests(f.t, []verify.HashNeed{m.need()})
	for _, name := range names {
		path, index := name, 0
		if shardSize > 0 {
			s, err := parseShard(Resource{Name: name})
			if err != nil {
				f.t.Fatal(err)
			}
			path, index = s.path, int(s.start/shardSize)
		}
		text, ok := sums.Hex(path, m.need(), index)
		digest, err := hex.DecodeString(text)
		if !ok || err != nil {
			f.t.Fatalf("no digest of %s", name)
		}
		m.Resources = append(m.Resources, Resource{Name: name, Digest: digest})
	}
	f.setManifest(m)
}

// hexOf repeats a digit to the length of a digest.
func hexOf(digit string, bytes int) string { return strings.Repeat(digit, 2*bytes) }
