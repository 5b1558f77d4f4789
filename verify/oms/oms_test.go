package oms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/trust"
)

// positives are unusual and right.
var positives = []struct {
	name   string
	change func(f *fixture)
	note   string // part of a note that is wanted
}{
	{"keyid null", func(f *fixture) { f.editBundle(`"keyid":""`, `"keyid":null`) }, ""},
	{"keyid absent", func(f *fixture) { f.editBundle(`,"keyid":""`, ``) }, ""},
	{"keyid of somebody", func(f *fixture) { f.editBundle(`"keyid":""`, `"keyid":"me"`) }, ""},
	{"no log entries", func(f *fixture) { f.editBundle(`,"tlogEntries":[]`, ``) }, ""},
	{"log entries null", func(f *fixture) { f.editBundle(`"tlogEntries":[]`, `"tlogEntries":null`) }, ""},
	{"log entries", func(f *fixture) { f.editBundle(`"tlogEntries":[]`, `"tlogEntries":[{}]`) }, "were not checked"},
	{"escaped base64", func(f *fixture) { f.editBundle(`"payload":"e`, `"payload":"\u0065`) }, ""},
	{"subject has any name", func(f *fixture) { f.edit(`"name":"model"`, `"name":"../\u0000"`) }, ""},
	{"hint of somebody", func(f *fixture) { f.material.PublicKey.Hint = "x" }, "hint"},
	{"hint absent", func(f *fixture) { f.material.PublicKey.Hint = "" }, ""},
	{"unknown member of a resource", func(f *fixture) { f.edit(`"algorithm":`, `"size":{"n":[1]},"algorithm":`) }, ""},
	{"unknown member of the statement", func(f *fixture) { f.edit(`"_type":`, `"extra":1,"_type":`) }, ""},
	{"key in the bundle", func(f *fixture) {
		key := newKey(f.t)
		f.signer, f.config.PublicKeys = key, []trust.PublicKey{keyOf(f.t, key)}
		f.editBundle(`"hint":`, `"keyDetails":"PKIX_ECDSA_P256_SHA_256","rawBytes":"`+base64PEM(f, key)+`","hint":`)
	}, "hint"},
	{"listed in another order", func(f *fixture) {
		m := f.manifest()
		slices.Reverse(m.Resources)
		f.setManifest(m)
	}, "order"},
	{"links allowed, and none there", func(f *fixture) { f.edit(`"allow_symlinks":false`, `"allow_symlinks":true`) }, "symbolic links"},
	{"ignored by the signer", func(f *fixture) {
		f.edit(`"ignore_paths":[]`, `"ignore_paths":["log"]`)
		f.files["log/a/b"] = "x"
	}, "ignored and not covered: log/a/b"},
	{"ignored by the caller", func(f *fixture) {
		f.config.IgnorePaths = []string{"log"}
		f.files["log"] = "x"
	}, "ignored and not covered: log"},
	{"unsigned files accepted", func(f *fixture) {
		f.config.IgnoreUnsignedFiles = true
		f.files["log"] = "x"
	}, "unsigned and not covered: log"},
	{"ignored link", func(f *fixture) {
		f.config.IgnorePaths = []string{"log"}
		f.omitted = []registry.Omission{{Name: "log/last", Reason: "symbolic link"}}
	}, "ignored and not covered: log/last"},
	{"git files before there was a list", func(f *fixture) {
		f.edit(`,"ignore_paths":[]`, ``)
		f.files[".gitattributes"], f.files[".github/x"] = "x", "y"
	}, "ignored and not covered: .gitattributes, .github/x"},
	{"the form of 0.2", func(f *fixture) {
		f.pae = oldPAE
		f.payload = oldStatement(f)
	}, ""},
	{"model of one file named dot", func(f *fixture) { f.oneFile(".") }, "does not bind the file's name"},
	{"model of one file", func(f *fixture) { f.oneFile("w") }, ""},
	{"blake2b", func(f *fixture) { f.list("blake2b", 0, "config.json", "sub/empty.txt", "sub/weights.bin") }, ""},
	{"blake3", func(f *fixture) { f.list("blake3", 0, "config.json", "sub/empty.txt", "sub/weights.bin") }, ""},
	{"shards", func(f *fixture) {
		f.files = tree{"a b": "0123456789", "sub/ü": "0"}
		f.list("sha256", 4, "a b:0:4", "a b:4:8", "a b:8:10", "sub/ü:0:1")
	}, ""},
	{"shards as Python writes them", func(f *fixture) {
		f.files = tree{"w": strings.Repeat("0123", 30)}
		f.list("sha256", 10, "w:0:10", "w:10:20", "w:20:30", "w:30:40", "w:40:50", "w:50:60", "w:60:70",
			"w:70:80", "w:80:90", "w:90:100", "w:100:110", "w:110:120")
		f.edit(`"shard_size":10`, `"shard_size":10.0`)
		f.payload = strings.ReplaceAll(f.payload, `"algorithm":"sha256"`, `"algorithm":"sha256-sharded-10"`)
	}, "order"},
	{"shards in blake3", func(f *fixture) {
		f.files = tree{"w": "0123456789"}
		f.list("blake3", 5, "w:0:5", "w:5:10")
	}, ""},
	{"one shard", func(f *fixture) {
		f.files = tree{"w": "0123456789"}
		f.list("sha256", 1_000_000_000, "w:0:10")
		f.edit(`"shard_size":1000000000`, `"shard_size":1e9`)
	}, ""},
}

func (f *fixture) oneFile(name string) {
	f.files = tree{"w": "0123456789"}
	f.list("sha256", 0, "w")
	m := f.manifest()
	m.Resources[0].Name = name
	f.setManifest(m)
}

// oldStatement is the fixture's manifest in the form of 0.2.0.
func oldStatement(f *fixture) string {
	var b strings.Builder
	b.WriteString(`{"_type":"` + statementType + `","predicateType":"` + OldPredicateType + `","predicate":{"unused":"it's \"unused\""},"subject":[`)
	for i, name := range []string{"config.json", "sub/empty.txt", "sub/weights.bin"} {
		if i > 0 {
			b.WriteString(",\n\t")
		}
		b.WriteString(`{"name":"` + name + `","digest":{"sha256":"` + f.digestOf(name) + `"},"annotations":{"actual_hash_algorithm":"file-sha256"}}`)
	}
	return b.String() + "]}"
}

func TestPositives(t *testing.T) {
	for _, p := range positives {
		t.Run(p.name, func(t *testing.T) {
			f := keyFixture(t)
			p.change(f)
			f.files["model.sig"] = f.signed()
			got := f.claim()
			want(t, got, verify.Verified)
			if p.note == "" && len(got.Notes) > 0 || !strings.Contains(strings.Join(got.Notes, "\n"), p.note) {
				t.Errorf("notes %q, want %q", got.Notes, p.note)
			}
			if known := len(got.Covers) + len(got.Exempt); known != len(f.files) && p.name != "ignored link" {
				t.Errorf("covers %q, exempt %q of %d files", got.Covers, got.Exempt, len(f.files))
			}
			for _, name := range got.Covers {
				before := f.files[name]
				f.files[name] = before + "x"
				if changed := f.claim(); changed.Standing != verify.Failed || changed.Problems[0].File != name {
					t.Errorf("%s changed: %q %v", name, changed.Standing, changed.Problems)
				}
				f.files[name] = before
			}
		})
	}
}

// A file that could not be read is neither right nor wrong.
func TestUnreadFile(t *testing.T) {
	f := keyFixture(t)
	f.files["model.sig"] = f.signed()
	check := prepare(t, f.config, f.files)
	set := f.files.digests(t, check.Needs())
	set.Put("config.json", 2, hashing.Sums{})
	got := check.Claims(set)[0]
	want(t, got, verify.Unchecked)
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "config.json") || slices.Contains(got.Covers, "config.json") {
		t.Errorf("%+v", got)
	}
}

func TestDiscovery(t *testing.T) {
	f := keyFixture(t)
	bundle := f.signed()
	provenance := keyFixture(t)
	provenance.edit(PredicateType, "https://slsa.dev/provenance/v1")
	for _, c := range []struct {
		name  string
		files tree
		want  []string // documents
	}{
		{"none", tree{"config.json": "{}"}, nil},
		{"default name", tree{"model.sig": bundle}, []string{"model.sig"}},
		{"other names", tree{"a.sig": bundle, "b.sig": bundle, "model.sig": bundle}, []string{"a.sig", "b.sig", "model.sig"}},
		{"below the top", tree{"sub/model.sig": bundle}, nil},
		{"default name with rubbish", tree{"model.sig": "rubbish"}, []string{"model.sig"}},
		{"default name, empty", tree{"model.sig": ""}, []string{"model.sig"}},
		{"default name of OpenPGP", tree{"model.sig": "-----BEGIN PGP SIGNATURE-----\n"}, nil},
		{"other name with rubbish", tree{"a.sig": "\x88\x01", "b.sig": "{}", "c.sig": ""}, nil},
		{"other name, broken", tree{"a.sig": bundle + "x"}, []string{"a.sig"}},
		{"default name for another predicate", tree{"model.sig": provenance.signed()}, []string{"model.sig"}},
		{"other name for another predicate", tree{"a.sig": provenance.signed()}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			if check := prepare(t, f.config, c.files); check != nil {
				for _, claim := range check.Claims(c.files.digests(t, check.Needs())) {
					got = append(got, claim.Document)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("documents %q, want %q", got, c.want)
			}
		})
	}
}

func prepare(t testing.TB, c Config, m tree) verify.Check {
	t.Helper()
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	check, err := v.Prepare(context.Background(), m.artifact())
	if err != nil {
		t.Fatal(err)
	}
	return check
}

// A bundle that is named, inside the artifact or beside it, is the only one.
func TestNamedBundle(t *testing.T) {
	f := keyFixture(t)
	bundle := f.signed()
	inside := f.files.clone()
	inside["signatures/v1.json"] = bundle
	f.config.Bundles = []Bundle{{Name: "signatures/v1.json"}}
	want(t, claim(t, f.config, inside), verify.Verified)

	f.config.Bundles = []Bundle{{Name: "/tmp/v1.json", Data: []byte(bundle)}}
	want(t, claim(t, f.config, inside), verify.Verified)
	want(t, claim(t, f.config, f.files), verify.Verified)
	inside["model.sig"] = "rubbish"
	want(t, claim(t, f.config, inside), verify.Failed, "file-unsigned model.sig")
	delete(inside, "model.sig")
	inside["signatures/v1.json"] = bundle + " "
	want(t, claim(t, f.config, inside), verify.Failed, "file-unsigned signatures/v1.json")

	f.config.Bundles = []Bundle{{Name: "v2.json"}}
	v, err := New(f.config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Prepare(context.Background(), inside.artifact()); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("missing bundle: %v", err)
	}
}

// A bundle that cannot be read is an error, never an absence.
func TestUnreadableBundle(t *testing.T) {
	broken := errors.New("broken")
	for name, a := range map[string]*registry.Artifact{
		"open": {Files: []registry.File{{Name: "model.sig", Open: func(context.Context) (registry.Content, error) { return nil, broken }}}},
		"close": {Files: []registry.File{{Name: "model.sig", Open: func(context.Context) (registry.Content, error) {
			return unstable{memory{strings.NewReader("{}")}, broken}, nil
		}}}},
	} {
		v, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Prepare(context.Background(), a); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := New(Config{MaxBundle: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Prepare(context.Background(), tree{"model.sig": "1234"}.artifact()); err == nil {
		t.Error("read a bundle beyond the limit")
	}
}

type unstable struct {
	memory
	err error
}

func (u unstable) Close() error { return u.err }

func TestConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"unknown method":             {Method: "pgp"},
		"key without key":            {Method: MethodKey},
		"certificate without root":   {Method: MethodCertificate},
		"sigstore without root":      {Method: MethodSigstore, Identities: []Identity{{Subject: "a", Issuer: "b"}}},
		"sigstore without identity":  {Method: MethodSigstore, TrustedRoot: []byte("{}")},
		"identity without root":      {Identities: []Identity{{Subject: "a", Issuer: "b"}}},
		"identity without issuer":    {TrustedRoot: []byte("{}"), Identities: []Identity{{Subject: "a"}}},
		"identity without subject":   {TrustedRoot: []byte("{}"), Identities: []Identity{{Issuer: "a"}}},
		"identity and pattern":       {TrustedRoot: []byte("{}"), Identities: []Identity{{Subject: "a", SubjectPattern: "a", Issuer: "b"}}},
		"trusted root of no meaning": {TrustedRoot: []byte("[]")},
		"ignore everything":          {IgnorePaths: []string{"."}},
		"ignore a pattern":           {IgnorePaths: []string{"*.md"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
