package attest

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/policy"
	"assay/verify/sigstoretest"
	"assay/verify/trust"
)

// positives are unusual and right.
var positives = []struct {
	name    string
	fixture func(t testing.TB) *fixture
	change  func(f *fixture)
}{
	{"provenance v1", provenanceFixture, func(*fixture) {}},
	{"provenance v0.2", oldFixture, func(*fixture) {}},
	{"vsa", vsaFixture, func(*fixture) {}},
	{"svr", svrFixture, func(*fixture) {}},
	{"svr v0.2", svrFixture, edit("svr/v0.1", "svr/v0.2")},
	{"test result", testFixture, func(*fixture) {}},
	{"warned", testFixture, edit("PASSED", "WARNED")},
	{"statement v0.1", vsaFixture, edit("Statement/v1", "Statement/v0.1")},
	{"unknown members", vsaFixture, edit(`"_type"`, `"extra":{"a":[1]},"_type"`)},
	{"unknown members of the predicate", vsaFixture, edit(`"verifier":{`, `"x":1,"verifier":{"version":{"a":"1"},`)},
	{"other digests beside", vsaFixture, edit(`"digest":{`, `"digest":{"blake3":"00","sha1":"`+strings.Repeat("0", 40)+`",`)},
	{"other subjects beside", provenanceFixture, edit(`"subject":[`, `"subject":[{"name":"log","digest":{"sha256":"`+strings.Repeat("0", 64)+`"}},`)},
	{"names below the folder of the model", vsaFixture, inFolder("model/")},
	{"names below the folder of the build", provenanceFixture, inFolder("./")},
	{"names below the folders of a runner", provenanceFixture, inFolder("/home/runner/work/model/dist/")},
	{"names below the folders of a runner, v0.2", oldFixture, inFolder("build/out/")},
	{"a commit beside", vsaFixture, edit(`"subject":[`, `"subject":[{"name":"git","digest":{"gitCommit":"`+strings.Repeat("0", 40)+`"}},`)},
	{"a file that is missing, and the whole by content", vsaFixture, func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"`+contentOf(f)+`"}},`+absent+`,`)
	}},
	{"a file that is missing, and the whole by pinned digest", vsaFixture, func(f *fixture) {
		sum := strings.Repeat("c", 64)
		f.pinned = "oci://registry.example/acme/model@sha256:" + sum
		f.edit(`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"`+sum+`"}},`+absent+`,`)
	}},
	{"the same subject twice", vsaFixture, func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"config.json","digest":{"sha256":"`+f.sum("config.json")+`"}},`)
	}},
	{"the whole by content", vsaFixture, func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"`+contentOf(f)+`"}}],"was":[`)
	}},
	{"the whole by content, lying inside", vsaFixture, func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"`+contentOf(f)+`"}}],"was":[`)
		f.found = true
	}},
	{"the whole by pinned digest", vsaFixture, func(f *fixture) {
		sum := strings.Repeat("c", 64)
		f.pinned = "oci://registry.example/acme/model@sha256:" + sum
		f.edit(`"subject":[`, `"subject":[{"name":"registry.example/acme/model","digest":{"sha256":"`+sum+`"}}],"was":[`)
	}},
	{"a model of one file by the end of its name", vsaFixture, func(f *fixture) {
		f.files = map[string]string{"sub/config.json": "{}"}
		f.edit(`,{"name":"sub/weights.bin"`, `],"was":[{"name":"sub/weights.bin"`)
	}},
	{"a model of one file below the folder of the build", provenanceFixture, func(f *fixture) {
		f.files = map[string]string{"config.json": "{}"}
		f.inFolder("dist/")
	}},
	{"bundle 0.1", vsaFixture, editBundle(".bundle.v0.3+json", ".bundle+json;version=0.1")},
	{"bundle 0.2", vsaFixture, editBundle(".bundle.v0.3+json", ".bundle+json;version=0.2")},
	{"envelope without bundle", vsaFixture, func(f *fixture) { f.bundle = func(string) string { return f.plain() } }},
	{"found inside", vsaFixture, func(f *fixture) { f.found = true }},
	{"signed on another curve", vsaFixture, func(f *fixture) {
		key := newKeyOn(f.t, elliptic.P384())
		f.signer, f.config.PublicKeys = key, append(f.config.PublicKeys, publicOf(f.t, key))
	}},
	{"a file that is ignored by name", testFixture, func(f *fixture) {
		f.files["log/a.txt"], f.config.IgnorePaths = "x", []string{"log"}
	}},
	{"no expectations", provenanceFixture, func(f *fixture) { f.config.Expect = Expectations{} }},
	{"bill of materials", func(t testing.TB) *fixture { return newFixture(t, TypeCycloneDX+"/v1.6", `{"bomFormat":"CycloneDX"}`) }, func(*fixture) {}},
	{"SPDX 2", func(t testing.TB) *fixture { return newFixture(t, TypeSPDX, `{"spdxVersion":"SPDX-2.3"}`) }, func(*fixture) {}},
	{"SPDX 3", func(t testing.TB) *fixture { return newFixture(t, TypeSPDX+"/v3", `{"@context":"x","@graph":[]}`) }, func(*fixture) {}},
	{"any other type", func(t testing.TB) *fixture { return newFixture(t, "https://example.com/x", `{}`) }, func(*fixture) {}},
	{"any other type, no predicate", func(t testing.TB) *fixture {
		return newFixture(t, "https://sigstore.dev/cosign/sign/v1", `null`)
	}, edit(`,"predicate":null`, ``)},
}

func TestPositives(t *testing.T) {
	for _, p := range positives {
		t.Run(p.name, func(t *testing.T) {
			f := p.fixture(t)
			p.change(f)
			c := f.want(verify.Verified)
			if len(c.Attestation.Files) == 0 || c.Attestation.Kind == "" || c.Identity.KeyID == "" {
				t.Errorf("%+v %+v", c, c.Attestation)
			}
			f.config.PublicKeys = []trust.PublicKey{publicOf(t, newKey(t))}
			if c := f.claims()[0]; c.Standing == verify.Verified {
				t.Error("verified by a stranger")
			}
		})
	}
}

// Bills of materials that are none.
func TestBadBills(t *testing.T) {
	for _, f := range []*fixture{
		newFixture(t, TypeCycloneDX, `{"bomFormat":"SPDX"}`), newFixture(t, TypeSPDX, `{"bomFormat":"CycloneDX"}`),
	} {
		f.want(verify.Failed, CodeBadPredicate)
	}
	if kindOf(TypeSPDX+"/v3x") != KindOther || kindOf(TypeSPDX+"/3") != KindOther || kindOf(TypeProvenanceV1+"/v1") != KindOther {
		t.Error("a type that only looks like one")
	}
}

// What was read is told, so that a policy can ask for it.
func TestDetails(t *testing.T) {
	for _, f := range []*fixture{provenanceFixture(t), oldFixture(t)} {
		a := f.want(verify.Verified).Attestation
		if a.Builder != builder || a.Source != source || a.Ref != mainRef || a.Trigger != "push" || a.Time != "2026-05-01T00:00:00Z" || a.Whole {
			t.Errorf("%+v", a)
		}
	}
	a := vsaFixture(t).want(verify.Verified).Attestation
	if a.Verifier != verifier || a.Resource != resource || a.Result != "PASSED" || a.Policy != "sha256:"+strings.Repeat("1", 64) || len(a.Properties) != 2 {
		t.Errorf("%+v", a)
	}
}

// Without anybody to trust, a given document is checked against the files all
// the same, and one that lies in the model says nothing.
func TestUnchecked(t *testing.T) {
	f := testFixture(t)
	f.config.PublicKeys, f.config.Require = nil, nil
	f.want(verify.Unchecked)
	f.files["config.json"] = "[]"
	f.want(verify.Failed, "digest-mismatch config.json")
	f.found = true
	f.want(verify.Unchecked)
	f.signer, f.config.PublicKeys = newKey(t), []trust.PublicKey{publicOf(t, newKey(t))}
	f.want(verify.Unchecked)
}

// Every line is verified by itself.
func TestLines(t *testing.T) {
	good, stranger, broken := testFixture(t), testFixture(t), testFixture(t)
	broken.bundle = func(string) string { return `{"payloadType":1,"signatures":[]}` }
	good.name = "claims.jsonl"
	claims := good.claims(good.signed() + "\n\n" + stranger.signed() + "\n" + broken.signed() + "\n")
	var got []string
	for _, c := range claims {
		got = append(got, c.Document+" "+string(c.Standing))
	}
	const want = "claims.jsonl:1 verified,claims.jsonl:3 failed,claims.jsonl:4 failed"
	if strings.Join(got, ",") != want {
		t.Errorf("%q, want %q", got, want)
	}
	good.found = true
	got = nil
	for _, c := range good.claims(good.signed() + "\n" + stranger.signed()) {
		got = append(got, c.Document+" "+string(c.Standing))
	}
	if strings.Join(got, ",") != "claims.jsonl:1 verified,claims.jsonl:2 " {
		t.Errorf("found: %q", got)
	}
	v, err := New(Config{Documents: []Document{{Name: "x", Data: []byte(strings.Repeat("{}\n", maxLines+2))}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Prepare(context.Background(), new(registry.Artifact)); err == nil {
		t.Error("endless lines were read")
	}
}

func TestConfig(t *testing.T) {
	keys := []trust.PublicKey{publicOf(t, newKey(t))}
	for name, c := range map[string]Config{
		"unknown kind":                 {Require: []string{"slsa"}, Trust: Trust{PublicKeys: keys}},
		"nobody to trust":              {Require: []string{KindTestResult}},
		"provenance without a builder": {Require: []string{KindProvenance}, Trust: Trust{PublicKeys: keys}},
		"source without a builder":     {Expect: Expectations{Source: source}, Trust: Trust{PublicKeys: keys}},
		"vsa without a verifier":       {Require: []string{KindVSA}, Trust: Trust{PublicKeys: keys}},
		"resource without a verifier":  {Expect: Expectations{Resource: resource}, Trust: Trust{PublicKeys: keys}},
		"negative age":                 {Expect: Expectations{MaxAge: -time.Hour}},
		"method without key":           {Trust: Trust{Method: "key"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A verified attestation does not make a model signed, and a failed one refuses.
func TestPolicy(t *testing.T) {
	f := testFixture(t)
	e := verify.Evidence{Files: []verify.FileEvidence{{Name: "config.json"}}, Claims: f.claims()}
	rules := policy.Rules{RequireSignature: true}
	if d := rules.Decide(e, testNow); d.Decision != verify.Deny || d.Reasons[0].Code != policy.CodeUnsigned {
		t.Errorf("%+v", d)
	}
	f.edit("PASSED", "FAILED")
	e = verify.Evidence{Claims: f.claims()}
	if d := (policy.Rules{}).Decide(e, testNow); d.Decision != verify.Deny {
		t.Errorf("%+v", d)
	}
}

// report is one of the fixture's files.
func (f *fixture) report() verify.Report {
	r := verify.Report{Policy: "builtin/v1", Verdict: verify.Verdict{Decision: verify.Allow}}
	r.Artifact.Ref = resource
	for _, file := range f.artifact().Files {
		r.Files = append(r.Files, verify.FileEvidence{Name: file.Name, Size: file.Size, SHA256: f.sum(file.Name), Coverage: scanners.Coverage{Parsed: file.Size}})
	}
	r.Artifact.ContentID = verify.ContentID(r.Files)
	return r
}

func TestMake(t *testing.T) {
	f := vsaFixture(t)
	s := Summary{Verifier: verifier, Time: testNow}
	f.config.Expect = Expectations{Verifiers: []string{verifier}, Resource: resource, Levels: []string{"SLSA_BUILD_LEVEL_UNEVALUATED"}}
	payload, err := MakeVSA(f.report(), s)
	if err != nil {
		t.Fatal(err)
	}
	f.payload = string(payload)
	c := f.want(verify.Verified)
	if !c.Attestation.Whole || c.Attestation.Result != "PASSED" || !strings.HasPrefix(c.Attestation.Policy, "sha256:") {
		t.Errorf("%+v", c.Attestation)
	}
	if bytes.Contains(payload, []byte("T00:00:00.")) {
		t.Errorf("time with fractions: %s", payload)
	}
	f.files["config.json"] = "[]"
	f.wantProblems([]string{"digest-mismatch config.json"})
	f.files["config.json"] = "{}"

	denied := f.report()
	denied.Verdict.Decision = verify.Deny
	if payload, err = MakeVSA(denied, s); err != nil {
		t.Fatal(err)
	}
	f.payload = string(payload)
	f.wantProblems([]string{CodeLevel, CodeResult})
	if _, err := MakeSVR(denied, s); err == nil {
		t.Error("a simple result of what did not pass")
	}

	f.config.Require, f.config.Expect = []string{KindSVR}, Expectations{Verifiers: []string{verifier}, Levels: []string{PropertyAllowed}}
	if payload, err = MakeSVR(f.report(), s); err != nil {
		t.Fatal(err)
	}
	f.payload = string(payload)
	f.want(verify.Verified)
}

func TestMakeRefuses(t *testing.T) {
	f := vsaFixture(t)
	unbound, contradictory := f.report(), f.report()
	unbound.Artifact.ContentID = ""
	contradictory.Files[0].SHA256 = strings.Repeat("0", 64)
	for name, r := range map[string]verify.Report{"unbound": unbound, "contradictory": contradictory} {
		if _, err := MakeVSA(r, Summary{Verifier: verifier}); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := MakeVSA(f.report(), Summary{}); err == nil {
		t.Error("made without a verifier")
	}
	if _, err := MakeStatement(f.report().Evidence, TypeSPDX, []byte(`{"x":1}`)); err == nil {
		t.Error("made a bill that is none")
	}
}

// FuzzStatement signs arbitrary payloads: none panics, and whatever is verified
// names files.
func FuzzStatement(f *testing.F) {
	for _, fx := range []*fixture{provenanceFixture(f), oldFixture(f), vsaFixture(f), svrFixture(f), testFixture(f)} {
		f.Add([]byte(fx.payload))
	}
	f.Add([]byte(`{"_type":"` + statementV1 + `","subject":[{"digest":{"sha256":""}}],"predicateType":"x"}`))
	key := newKey(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		bundle, err := envelope.SignWithKey(payload, key)
		if err != nil {
			return
		}
		fx := vsaFixture(t)
		fx.config.PublicKeys = []trust.PublicKey{publicOf(t, key)}
		fx.config.Expect = Expectations{Builders: []string{builder}, Verifiers: []string{verifier}, Parameters: map[string]string{"a": "b"}}
		for _, c := range fx.claims(string(bundle)) {
			if c.Standing == verify.Verified && len(c.Attestation.Files) == 0 {
				t.Errorf("verified and about nothing: %+v", c)
			}
			if _, err := json.Marshal(c); err != nil {
				t.Errorf("cannot be written: %v", err)
			}
		}
	})
}

// TestVirtualSigstore checks keyless provenance with an instance of its own.
func TestVirtualSigstore(t *testing.T) {
	v := sigstoretest.New(t)
	f := provenanceFixture(t)
	f.config.PublicKeys, f.config.Now = nil, time.Now()
	f.config.TrustedRoot = v.TrustedRoot(t, sigstoretest.Parts{})
	f.config.Identities = []Identity{{Subject: "https://github.com/acme/model/.github/workflows/release.yml@refs/heads/main", Issuer: "https://token.actions.githubusercontent.com"}}
	id := f.config.Identities[0]
	for _, c := range []struct {
		name, subject string
		rekor         sigstoretest.Rekor
		want          verify.Standing
	}{
		{"version 1", id.Subject, sigstoretest.RekorV1, verify.Verified},
		{"version 2", id.Subject, sigstoretest.RekorV2, verify.Verified},
		{"another workflow", strings.Replace(id.Subject, "release", "test", 1), sigstoretest.RekorV1, verify.Failed},
	} {
		for _, f.found = range []bool{false, true} {
			got := withoutMissing(f.claims(string(v.Sign(t, c.rekor, c.subject, id.Issuer, []byte(f.payload)))))[0]
			want := c.want
			if f.found && want == verify.Failed {
				want = verify.Unchecked // lying in the model, a stranger's
			}
			if got.Standing != want || (want == verify.Verified && got.Time == "") {
				t.Errorf("%s, found %t: %q %v", c.name, f.found, got.Standing, got.Problems)
			}
		}
		delete(f.files, f.name)
	}
}

// What lies in the model and is about another build is not refused for that, but
// does not count either; what says that the model failed is.
func TestFoundOthers(t *testing.T) {
	f := vsaFixture(t)
	f.found = true
	good := f.signed()
	f.edit(resource, resource+"-2")
	claims := f.claims(good + "\n" + f.signed())
	if len(claims) != 2 || claims[0].Standing != verify.Verified || claims[1].Standing != verify.Unchecked || len(claims[1].Notes) == 0 {
		t.Errorf("%+v", claims)
	}
	f.wantOf(f.claims(f.signed()), []string{CodeMissing})
	f = vsaFixture(t)
	f.found = true
	good = f.signed()
	f.edit(`"PASSED"`, `"FAILED"`)
	f.wantOf(f.claims(good+"\n"+f.signed()), []string{CodeResult})
}

// Many files of one content and many subjects of its digest must not multiply.
func TestManyAlike(t *testing.T) {
	const n = 20_000
	names := make([]string, n)
	var list subjects
	for i := range names {
		names[i] = fmt.Sprintf("d%05d/__init__.py", i)
		list = append(list, subject{Name: "__init__.py", Digest: digestSet{{"sha256", strings.Repeat("0", 64)}}})
	}
	start := time.Now()
	b := newTree(alike(names), nil, "").bind(list, false)
	if len(b.files) != 0 || len(b.renamed) != n {
		t.Errorf("%d bound, %d renamed", len(b.files), len(b.renamed))
	}
	if spent := time.Since(start); spent > 5*time.Second {
		t.Errorf("took %v", spent)
	}
}

// alike are files of one content.
type alike []string

func (a alike) Names() []string   { return a }
func (a alike) Size(string) int64 { return 0 }
func (a alike) Hex(string, verify.HashNeed, int) (string, bool) {
	return strings.Repeat("0", 64), true
}

// FuzzDocument: nothing is verified but what the key signed, and a document that
// was given and is none fails.
func FuzzDocument(f *testing.F) {
	key := newKey(f)
	bundle, err := envelope.SignWithKey([]byte(testFixture(f).payload), key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bundle)
	f.Add([]byte(testFixture(f).plain()))
	f.Add([]byte("{}\n{}\n"))
	keys := []trust.PublicKey{publicOf(f, key)}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := New(Config{Trust: Trust{Now: testNow, PublicKeys: keys}, Documents: []Document{{Name: "a.jsonl", Data: data}}})
		if err != nil {
			t.Fatal(err)
		}
		check, err := v.Prepare(t.Context(), new(registry.Artifact))
		if err != nil {
			return
		}
		for _, c := range check.Claims(alike{"config.json", "x"}) {
			if c.Standing == verify.Verified {
				t.Errorf("verified: %+v", c)
			}
		}
	})
}
