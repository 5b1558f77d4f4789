package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/internal/envelope"
	"assay/verify/trust"
)

var testNow = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// fixture is a model, a statement about it and everything around it. It is
// signed when it is verified, after a test has changed it: a negative that is not
// signed again would fail for its signature, and prove nothing else.
type fixture struct {
	t       testing.TB
	files   map[string]string
	pinned  string
	payload string
	signer  crypto.Signer
	pae     func(payload []byte) []byte
	bundle  func(text string) string // last change, to the signed bundle
	config  Config
	name    string // of the document; inside the artifact when found is set
	found   bool
}

func newKey(t testing.TB) *ecdsa.PrivateKey { return newKeyOn(t, elliptic.P256()) }

func newKeyOn(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicOf(t testing.TB, key crypto.Signer) trust.PublicKey {
	t.Helper()
	public, err := trust.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func pae(payload []byte) []byte {
	var b bytes.Buffer
	envelope.WritePAE(&b, payload)
	return b.Bytes()
}

// newFixture signs a predicate about two files.
func newFixture(t testing.TB, predicateType, predicate string) *fixture {
	t.Helper()
	key := newKey(t)
	f := &fixture{
		t: t, files: map[string]string{"config.json": "{}", "sub/weights.bin": "0123456789"}, signer: key,
		pae: pae, bundle: func(text string) string { return text }, name: "a.sigstore.json",
		config: Config{Trust: Trust{Now: testNow, PublicKeys: []trust.PublicKey{publicOf(t, key)}}},
	}
	f.payload = fmt.Sprintf(`{"_type":%q,"subject":[{"name":"config.json","digest":{"sha256":%q}},{"name":"sub/weights.bin","digest":{"sha256":%q}}],"predicateType":%q,"predicate":%s}`,
		statementV1, f.sum("config.json"), f.sum("sub/weights.bin"), predicateType, predicate)
	return f
}

func (f *fixture) sum(name string) string {
	sums, err := hashing.File(context.Background(), strings.NewReader(f.files[name]), int64(len(f.files[name])), nil, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return sums.SHA256()
}

// edit changes the statement before it is signed.
func (f *fixture) edit(before, after string) { f.payload = replace(f.t, f.payload, before, after) }

// editBundle changes the bundle after it was signed.
func (f *fixture) editBundle(before, after string) {
	signed := f.bundle
	f.bundle = func(text string) string { return replace(f.t, signed(text), before, after) }
}

func replace(t testing.TB, text, before, after string) string {
	t.Helper()
	if !strings.Contains(text, before) {
		t.Fatalf("%q is not there to be replaced", before)
	}
	return strings.Replace(text, before, after, 1)
}

func (f *fixture) signature() []byte {
	hash := envelope.CurveHash(f.signer.Public())
	h := hash.New()
	h.Write(f.pae([]byte(f.payload)))
	sig, err := f.signer.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		f.t.Fatal(err)
	}
	return sig
}

// signed returns the bundle.
func (f *fixture) signed() string {
	text, err := envelope.Write([]byte(f.payload), f.signature(), envelope.OutMaterial{PublicKey: &envelope.OutKey{}})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.bundle(string(text))
}

// plain returns a DSSE envelope without a bundle.
func (f *fixture) plain() string {
	return fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[{"keyid":"","sig":%q}]}`, envelope.PayloadType,
		base64.StdEncoding.EncodeToString([]byte(f.payload)), base64.StdEncoding.EncodeToString(f.signature()))
}

func (f *fixture) artifact() *registry.Artifact {
	a := &registry.Artifact{Pinned: f.pinned}
	for name, data := range f.files {
		a.Files = append(a.Files, registry.File{
			Name: name, Size: int64(len(data)),
			Open: func(context.Context) (registry.Content, error) { return memory{strings.NewReader(data)}, nil },
		})
	}
	slices.SortFunc(a.Files, func(a, b registry.File) int { return strings.Compare(a.Name, b.Name) })
	return a
}

type memory struct{ *strings.Reader }

func (m memory) Close() error { return nil }

var _ io.ReaderAt = memory{}

// claims signs and verifies. Document text other than the fixture's own is given
// with documents.
func (f *fixture) claims(documents ...string) []verify.Claim {
	f.t.Helper()
	if documents == nil { // an empty list is no document at all
		documents = []string{f.signed()}
	}
	c := f.config
	for _, text := range documents {
		if f.found {
			f.files[f.name] = text
		} else {
			c.Documents = append(slices.Clone(c.Documents), Document{Name: f.name, Data: []byte(text)})
		}
	}
	v, err := New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	p := verify.Pipeline{Verifiers: []verify.Verifier{v}}
	e, err := p.Gather(context.Background(), f.artifact())
	if err != nil || len(e.Gaps) > 0 {
		f.t.Fatal(err, e.Gaps)
	}
	for _, claim := range e.Claims {
		if failed := claim.Standing == verify.Failed; failed != (len(claim.Problems) > 0) {
			f.t.Fatalf("standing %q with problems %v", claim.Standing, claim.Problems)
		}
		if len(claim.Covers) > 0 || claim.Attestation == nil {
			f.t.Fatalf("an attestation taken for a signature: %+v", claim)
		}
	}
	return e.Claims
}

// want wants one claim with exactly these problems, written "code file".
func (f *fixture) want(standing verify.Standing, problems ...string) verify.Claim {
	f.t.Helper()
	claims := f.claims()
	var got []string
	for _, c := range claims {
		for _, p := range c.Problems {
			got = append(got, strings.TrimSpace(p.Code+" "+p.File))
			if p.What == "" {
				f.t.Errorf("problem %s does not say what", p.Code)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(problems)
	if len(claims) == 0 {
		f.t.Fatal("no claim")
	}
	worst := claims[0].Standing
	for _, c := range claims {
		if c.Standing == verify.Failed {
			worst = verify.Failed
		}
	}
	if worst != standing || !slices.Equal(got, problems) {
		f.t.Errorf("standing %q, problems %q\nwant %q, %q\nclaims %+v", worst, got, standing, problems, claims)
	}
	return claims[len(claims)-1]
}

const (
	builder  = "https://github.com/actions/runner/github-hosted"
	source   = "https://github.com/acme/model"
	mainRef  = "refs/heads/main"
	verifier = "https://acme.example/verifier"
	resource = "oci://registry.example/acme/model"
)

const provenanceText = `{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1",
 "externalParameters":{"inputs":{"release":true,"level":"3"},"workflow":{"ref":"refs/heads/main","repository":"https://github.com/acme/model","path":".github/workflows/release.yml"}},
 "internalParameters":{"github":{"event_name":"push","repository_id":"1","runner_environment":"github-hosted"}},
 "resolvedDependencies":[{"uri":"git+https://github.com/evil/model@refs/heads/main","digest":{"gitCommit":"0000000000000000000000000000000000000000"}}]},
 "runDetails":{"builder":{"id":"https://github.com/actions/runner/github-hosted"},"metadata":{"invocationId":"x","finishedOn":"2026-05-01T00:00:00Z"}}}`

const provenanceOld = `{"builder":{"id":"https://github.com/actions/runner/github-hosted"},"buildType":"https://actions.github.io/buildtypes/workflow/v1",
 "invocation":{"configSource":{"uri":"git+https://github.com/acme/model@refs/heads/main","digest":{"sha1":"00"},"entryPoint":"release.yml"},
  "parameters":{"inputs":{"release":true,"level":"3"}},"environment":{"github_event_name":"push"}},
 "metadata":{"buildFinishedOn":"2026-05-01T00:00:00Z"},"materials":[{"uri":"git+https://github.com/evil/model@refs/heads/main"}]}`

const vsaText = `{"verifier":{"id":"https://acme.example/verifier"},"timeVerified":"2026-05-01T00:00:00Z","resourceUri":"oci://registry.example/acme/model",
 "policy":{"uri":"https://acme.example/policy","digest":{"sha256":"1111111111111111111111111111111111111111111111111111111111111111"}},
 "verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_3","ACME_OK"],"slsaVersion":"1.1"}`

const svrText = `{"verifier":{"id":"https://acme.example/verifier"},"timeCreated":"2026-05-01T00:00:00Z","properties":["SLSA_BUILD_LEVEL_3","ACME_OK"]}`

const testText = `{"result":"PASSED","configuration":[{"uri":"https://acme.example/suite"}],"passedTests":["a"],"failedTests":[]}`

func provenanceFixture(t testing.TB) *fixture {
	f := newFixture(t, TypeProvenanceV1, provenanceText)
	f.expectBuild()
	return f
}

func oldFixture(t testing.TB) *fixture {
	f := newFixture(t, TypeProvenanceV02, provenanceOld)
	f.edit(statementV1, statementV01)
	f.expectBuild()
	return f
}

func (f *fixture) expectBuild() {
	f.config.Expect = Expectations{
		Builders: []string{"x", builder}, BuildType: "https://actions.github.io/buildtypes/workflow/v1", Source: "git+" + source + ".git",
		Ref: mainRef, Triggers: []string{"push"}, Parameters: map[string]string{"inputs.release": "true", "inputs.level": "3"},
	}
}

func vsaFixture(t testing.TB) *fixture {
	f := newFixture(t, TypeVSA, vsaText)
	f.config.Expect = Expectations{
		Verifiers: []string{verifier}, Resource: resource, Policy: strings.Repeat("1", 64),
		Levels: []string{"SLSA_BUILD_LEVEL_2", "ACME_OK"}, After: testNow.AddDate(0, -2, 0), MaxAge: 60 * 24 * time.Hour,
	}
	return f
}

func svrFixture(t testing.TB) *fixture {
	f := newFixture(t, TypeSVR, svrText)
	f.config.Require = []string{KindSVR}
	f.config.Expect = Expectations{Verifiers: []string{verifier}, Levels: []string{"ACME_OK"}}
	return f
}

func testFixture(t testing.TB) *fixture {
	f := newFixture(t, TypeTestResult, testText)
	f.config.Require = []string{KindTestResult}
	return f
}
