package oms

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/trust"
)

// vector is one of the historical bundles, with what it takes to verify it.
type vector struct {
	name   string
	method string
	single bool     // the model is the file signme-1, the bundle beside it
	ignore []string // what the signer left out without saying so
}

var historical = []vector{
	{name: "v0.2.0-certificate", method: MethodCertificate},
	{name: "v0.3.1-certificate", method: MethodCertificate},
	{name: "v0.3.1-elliptic-key", method: MethodKey, single: true},
	{name: "v0.3.1-sigstore", method: MethodSigstore},
	{name: "v1.0.0-certificate", method: MethodCertificate},
	{name: "v1.0.0-elliptic-key", method: MethodKey, single: true},
	{name: "v1.0.0-sigstore", method: MethodSigstore},
	{name: "v1.0.1-certificate", method: MethodCertificate, ignore: []string{"ignore-me"}},
	{name: "v1.0.1-elliptic-key", method: MethodKey, ignore: []string{"ignore-me"}},
	{name: "v1.0.1-sigstore", method: MethodSigstore, ignore: []string{"ignore-me"}},
	{name: "v1.1.0-certificate", method: MethodCertificate},
	{name: "v1.1.0-elliptic-key", method: MethodKey},
	{name: "v1.1.0-sigstore", method: MethodSigstore},
}

// vectorTime is inside the validity of the vectors' certificates.
var vectorTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var vectorIdentity = Identity{Subject: "stefanb@us.ibm.com", Issuer: "https://sigstore.verify.ibm.com/oauth2"}

func (v vector) load(t testing.TB, dir string) (Config, tree) {
	t.Helper()
	c := Config{Method: v.method, Now: vectorTime, IgnorePaths: v.ignore}
	switch v.method {
	case MethodKey:
		c.PublicKeys = []trust.PublicKey{publicKey(t, filepath.Join(dir, "keys/signing-key-pub.pem"))}
	case MethodCertificate:
		roots, err := trust.LoadCertificates(filepath.Join(dir, "keys/ca-cert.pem"))
		if err != nil {
			t.Fatal(err)
		}
		c.CertificateRoots = roots
	case MethodSigstore:
		c.TrustedRoot = read(t, filepath.Join(dir, "trusted-root-public-good.json"))
		c.Identities = []Identity{vectorIdentity}
	}
	m := load(t, filepath.Join(dir, v.name))
	if v.single {
		c.Bundles = []Bundle{{Name: "model.sig", Data: []byte(m["model.sig"])}}
		m = tree{"signme-1": m["signme-1"]}
	}
	return c, m
}

func eachVector(t *testing.T, test func(t *testing.T, v vector, c Config, m tree)) {
	dir := vectors(t)
	for _, v := range historical {
		t.Run(v.name, func(t *testing.T) {
			c, m := v.load(t, dir)
			test(t, v, c, m)
		})
	}
}

func TestVectorsVerify(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		got := claim(t, c, m)
		want(t, got, verify.Verified)
		covers := []string{"signme-1", "signme-2"}
		if v.single {
			covers = covers[:1]
		}
		if !slices.Equal(got.Covers, covers) {
			t.Errorf("covers %q", got.Covers)
		}
		exempt := []string{"model.sig"}
		if _, ok := m["ignore-me"]; ok {
			exempt = []string{"ignore-me", "model.sig"}
		}
		if !v.single && !slices.Equal(got.Exempt, exempt) {
			t.Errorf("exempt %q, want %q", got.Exempt, exempt)
		}
		if got.Identity.Method != v.method || len(got.Identity.KeyID) != 64 {
			t.Errorf("identity %+v", got.Identity)
		}
		switch v.method {
		case MethodCertificate:
			if got.Identity.Subject != "CN=intermediate-ca" {
				t.Errorf("identity %+v", got.Identity)
			}
		case MethodSigstore:
			if got.Identity.Subject != vectorIdentity.Subject || got.Identity.Issuer != vectorIdentity.Issuer || !strings.HasPrefix(got.Time, "2025-") {
				t.Errorf("identity %+v, time %q", got.Identity, got.Time)
			}
		}
	})
}

// Without anybody to trust, a bundle is checked against the files all the same.
func TestVectorsUnchecked(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		c = Config{Bundles: c.Bundles, IgnorePaths: c.IgnorePaths}
		want(t, claim(t, c, m), verify.Unchecked)
		m["signme-1"] += "x"
		want(t, claim(t, c, m), verify.Failed, "digest-mismatch signme-1")
	})
}

func TestVectorsFailForAnyFlippedByte(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		for name, data := range m {
			if name == "model.sig" || name == "ignore-me" {
				continue
			}
			for i := range len(data) {
				changed := m.clone()
				changed[name] = data[:i] + string(data[i]^1) + data[i+1:]
				want(t, claim(t, c, changed), verify.Failed, "digest-mismatch "+name)
			}
		}
	})
}

// Every character of payload and signature counts.
func TestVectorsFailForAnyChangedBundle(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		text := m["model.sig"]
		if v.single {
			text = string(c.Bundles[0].Data)
		}
		step := 1
		if testing.Short() || v.method == MethodSigstore {
			step = 7
		}
		for _, field := range []string{`"payload":`, `"sig":`} {
			start := strings.Index(text, field) + len(field)
			start += strings.IndexByte(text[start:], '"') + 1
			end := start + strings.IndexByte(text[start:], '"')
			for i := start; i < end; i += step {
				changed := []byte(text)
				changed[i] = otherBase64(changed[i])
				c.Bundles = []Bundle{{Name: "model.sig", Data: changed}}
				rest := m.clone()
				delete(rest, "model.sig")
				got := claim(t, c, rest)
				if got.Standing != verify.Failed || len(got.Problems) != 1 || got.Problems[0].File != "" {
					t.Fatalf("character %d of %s changed: %q %v", i-start, field, got.Standing, got.Problems)
				}
			}
		}
	})
}

// Whatever else is changed in a bundle, it says the same or is refused.
func TestVectorsWithChangedMaterial(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		original := claim(t, c, m)
		text := m["model.sig"]
		if v.single {
			text = string(c.Bundles[0].Data)
		}
		delete(m, "model.sig")
		step := 11
		if testing.Short() || v.method == MethodSigstore {
			step = 101
		}
		for i := 0; i < len(text); i += step {
			for _, other := range []byte{text[i] ^ 1, ' ', '"', '0'} {
				changed := []byte(text)
				changed[i] = other
				c.Bundles = []Bundle{{Name: "model.sig", Data: changed}}
				got := claim(t, c, m)
				if got.Standing == verify.Unchecked || got.Standing == verify.Verified &&
					(got.Identity != original.Identity || got.Time != original.Time || !slices.Equal(got.Covers, original.Covers)) {
					t.Fatalf("byte %d made %q: %+v", i, other, got)
				}
			}
		}
	})
}

func otherBase64(c byte) byte {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

func TestVectorsFailForChangedTree(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		missing := "signme-1"
		if v.single {
			missing = "."
		}
		added := m.clone()
		added["setup.py"] = "print()"
		got := claim(t, c, added)
		if got.Standing != verify.Failed || !hasProblem(got, "file-unsigned", "setup.py") {
			t.Errorf("file added: %v", got.Problems)
		}
		removed := m.clone()
		delete(removed, "signme-1")
		want(t, claim(t, c, removed), verify.Failed, "file-missing "+missing)
		if !v.single {
			renamed := removed.clone()
			renamed["signme-0"] = m["signme-1"]
			want(t, claim(t, c, renamed), verify.Failed, "file-unsigned signme-0", "file-missing signme-1")
			link := registry.Omission{Name: "signme-1", Reason: "symbolic link"}
			want(t, claim(t, c, removed, link), verify.Failed, "symlink signme-1")
		}
		link := registry.Omission{Name: "link", Reason: "symbolic link"}
		want(t, claim(t, c, m, link), verify.Failed, "symlink link")
	})
}

func hasProblem(c verify.Claim, code, file string) bool {
	return slices.ContainsFunc(c.Problems, func(p verify.Problem) bool { return p.Code == code && p.File == file })
}

func TestVectorsFailForOthers(t *testing.T) {
	eachVector(t, func(t *testing.T, v vector, c Config, m tree) {
		switch v.method {
		case MethodKey:
			c.PublicKeys = []trust.PublicKey{keyOf(t, newKey(t))}
			want(t, claim(t, c, m), verify.Failed, "wrong-key")
		case MethodCertificate:
			c.Now = time.Date(2035, 5, 1, 0, 0, 0, 0, time.UTC)
			want(t, claim(t, c, m), verify.Failed, "expired-certificate")
			c.Now = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)
			want(t, claim(t, c, m), verify.Failed, "expired-certificate")
			c.Now = vectorTime
			c.CertificateRoots = newAuthority(t, "root-ca").chain()
			want(t, claim(t, c, m), verify.Failed, "untrusted-certificate")
		case MethodSigstore:
			c.Identities = []Identity{{Subject: "somebody@example.com", Issuer: vectorIdentity.Issuer}}
			want(t, claim(t, c, m), verify.Failed, "wrong-identity")
			c.Identities = []Identity{{Subject: vectorIdentity.Subject, Issuer: "https://issuer.example"}}
			want(t, claim(t, c, m), verify.Failed, "wrong-identity")
			c.Identities = append(c.Identities, vectorIdentity)
			want(t, claim(t, c, m), verify.Verified)
			c.Method, c.Identities = "", nil
			want(t, claim(t, c, m), verify.Unchecked)
		}
	})
}

// The vectors of 1.0.1 leave a file out without saying so; the caller must.
func TestVectorIgnoredFile(t *testing.T) {
	dir := vectors(t)
	for _, v := range historical {
		if v.ignore == nil {
			continue
		}
		c, m := v.load(t, dir)
		c.IgnorePaths = nil
		want(t, claim(t, c, m), verify.Failed, "file-unsigned ignore-me")
		c.IgnoreUnsignedFiles = true
		want(t, claim(t, c, m), verify.Verified)
	}
}
