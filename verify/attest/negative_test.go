package attest

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/verify"
	"assay/verify/internal/envelope"
)

// negative is one reason to refuse. Each starts from an attestation that
// verifies, and is signed again after the change, so that it reaches the check it
// is about. A required attestation that fails is also missing; that is left out.
type negative struct {
	name   string
	change func(f *fixture)
	want   []string
}

func edit(before, after string) func(f *fixture) { return func(f *fixture) { f.edit(before, after) } }

func editBundle(before, after string) func(f *fixture) {
	return func(f *fixture) { f.editBundle(before, after) }
}

func one(code string) []string { return []string{code} }

var badStatements = []negative{
	{"statement type", edit("Statement/v1", "Statement/v2"), one(CodeBadStatement)},
	{"statement type in other case", edit(`"_type"`, `"_Type"`), one(CodeBadStatement)},
	{"type twice", edit(`"predicateType"`, `"predicateType":"x","predicateType"`), one(CodeBadStatement)},
	{"no predicate type", edit(`"predicateType"`, `"PREDICATETYPE"`), one(CodeBadStatement)},
	{"predicate is a list", edit(`"predicate":{`, `"predicate":[],"was":{`), one(CodeBadStatement)},
	{"data after the statement", func(f *fixture) { f.payload += "{}" }, one(CodeBadStatement)},
	{"not JSON", func(f *fixture) { f.payload = "config.json" }, one(CodeBadStatement)},
	{"invalid UTF-8", edit("config.json", "config\xff.json"), one(CodeBadStatement)},
	{"subjects are no list", edit(`"subject":[`, `"subject":{},"was":[`), one(CodeBadStatement)},
	{"digest is no text", edit(`"digest":{"sha256":"`, `"digest":{"sha256":1,"was":"`), one(CodeBadStatement)},
	{"digest twice", edit(`"digest":{"sha256"`, `"digest":{"sha256":"x","sha256"`), one(CodeBadStatement)},
	{"nested too deep", edit(`"_type"`, `"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,"_type"`), one(CodeBadStatement)},
	{"too many members", edit(`"_type"`, members(5000)+`"_type"`), one(CodeBadStatement)},
	{"no subject", edit(`"subject":[`, `"subject":[],"was":[`), one(CodeBadSubject)},
	{"subject without digest", edit(`"digest":{"sha256":`, `"digest":{},"was":{"sha256":`), one(CodeBadSubject)},
	{"subject with too many digests", edit(`"digest":{`, `"digest":{`+strings.ReplaceAll(members(40), ":0", `:"0"`)), one(CodeBadSubject)},
	{"digest in capitals", func(f *fixture) { f.edit(f.sum("config.json"), strings.ToUpper(f.sum("config.json"))) }, one(CodeBadSubject)},
	{"digest too short", func(f *fixture) { f.edit(f.sum("config.json"), "00") }, one(CodeBadSubject)},
	{"digest not hex", func(f *fixture) { f.edit(f.sum("config.json"), strings.Repeat("g", 64)) }, one(CodeBadSubject)},
	{"other digest of wrong length", edit(`"digest":{"sha256"`, `"digest":{"sha512":"00","sha256"`), one(CodeBadSubject)},
	{"name twice with different digests", edit("sub/weights.bin", "config.json"), one(CodeBadSubject)},
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"x%d":0,`, i)
	}
	return b.String()
}

var badSubjects = []negative{
	{"byte changed", func(f *fixture) { f.files["config.json"] = "[]" }, one("digest-mismatch config.json")},
	{"names swapped", func(f *fixture) {
		m := f.files
		m["config.json"], m["sub/weights.bin"] = m["sub/weights.bin"], m["config.json"]
	}, []string{"digest-mismatch config.json", "digest-mismatch sub/weights.bin"}},
	{"everything renamed", func(f *fixture) {
		f.files = map[string]string{"a.bin": "{}", "b.bin": "0123456789"}
	}, one(CodeOtherSubject)},
	{"about something else", func(f *fixture) { f.files = map[string]string{"other": "x", "more": "y"} }, one(CodeOtherSubject)},
	{"digest of an algorithm that is not used", func(f *fixture) {
		f.payload = strings.ReplaceAll(f.payload, `{"sha256":`, `{"blake3":`)
	}, one(CodeOtherSubject)},
	{"root digest of the tree", func(f *fixture) { // binds no names: it is none of the subjects that count
		f.payload = replace(f.t, f.payload, f.sum("config.json"), strings.Repeat("a", 64))
		f.payload = replace(f.t, f.payload, f.sum("sub/weights.bin"), strings.Repeat("b", 64))
		f.edit(`"name":"config.json"`, `"name":"model"`)
		f.edit(`"name":"sub/weights.bin"`, `"name":"out/sub/weights.bin"`)
	}, one(CodeOtherSubject)},
	{"content id as file digest", func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"sha256":"`+contentOf(f)+`"}}],"was":[`)
	}, one(CodeOtherSubject)},
	{"content id of another artifact", func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"`+contentOf(f)+`"}}],"was":[`)
		f.files["extra.py"] = "x"
	}, one(CodeOtherSubject)},
	{"content id too short", edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"00"}},`), one(CodeBadSubject)},
	{"manifest of another image", func(f *fixture) {
		f.pinned = "oci://registry.example/acme/model@sha256:" + strings.Repeat("c", 64)
		f.edit(`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"`+strings.Repeat("d", 64)+`"}}],"was":[`)
	}, one(CodeOtherSubject)},
}

// contentOf is the hex ContentID of the fixture's files.
func contentOf(f *fixture) string {
	var files []verify.FileEvidence
	for _, file := range f.artifact().Files {
		files = append(files, verify.FileEvidence{Name: file.Name, Size: file.Size, SHA256: f.sum(file.Name)})
	}
	return strings.TrimPrefix(verify.ContentID(files), "sha256:")
}

var badBundles = []negative{
	{"other key", func(f *fixture) { f.signer = newKey(f.t) }, one(envelope.CodeWrongKey)},
	{"signed without encoding", func(f *fixture) { f.pae = func(p []byte) []byte { return p } }, one(envelope.CodeWrongKey)},
	{"payload changed after signing", func(f *fixture) {
		f.bundle = func(text string) string { return strings.Replace(text, `"payload":"eyJ`, `"payload":"IHs`, 1) }
	}, one(envelope.CodeWrongKey)},
	{"payload type", editBundle(envelope.PayloadType, "application/json"), one(envelope.CodeBadBundle)},
	{"media type", editBundle("v0.3+json", "v9.9+json"), one(envelope.CodeBadBundle)},
	{"two signatures", editBundle(`"signatures":[`, `"signatures":[{"sig":"AAAA"},`), one(envelope.CodeBadBundle)},
	{"no signature", editBundle(`"signatures":[`, `"signatures":[],"was":[`), one(envelope.CodeBadBundle)},
	{"message signature", editBundle(`"dsseEnvelope"`, `"messageSignature"`), one(envelope.CodeBadBundle)},
	{"unknown member", editBundle(`"mediaType"`, `"extra":1,"mediaType"`), one(envelope.CodeBadBundle)},
	{"member twice", editBundle(`"mediaType"`, `"mediaType":"x","mediaType"`), one(envelope.CodeBadBundle)},
	{"data after the bundle", func(f *fixture) { f.bundle = func(text string) string { return text + "x" } }, one(envelope.CodeBadBundle)},
	{"empty", func(f *fixture) { f.bundle = func(string) string { return "" } }, one(envelope.CodeBadBundle)},
	{"an unsigned statement", func(f *fixture) { f.bundle = func(string) string { return f.payload } }, one(envelope.CodeBadBundle)},
	{"method certificate wanted", func(f *fixture) {
		f.config.Method, f.config.PublicKeys = envelope.MethodCertificate, nil
		f.config.Roots = []*x509.Certificate{selfSigned(f.t, newKey(f.t))}
	}, one(envelope.CodeWrongMethod)},
}

var badProvenance = []negative{
	{"other builder", edit(builder, builder+"2"), one(CodeBuilder)},
	{"builder in other case", edit(builder, strings.ToUpper(builder)), one(CodeBuilder)},
	{"no builder", edit(`"id":"`+builder+`"`, `"ID":"`+builder+`"`), one(CodeBadPredicate)},
	{"builder twice", edit(`"id":"`+builder+`"`, `"id":"x","id":"`+builder+`"`), one(CodeBadStatement)},
	{"other build type", edit("workflow/v1", "workflow/v2"), one(CodeBuildType)},
	{"no build type", edit(`"buildType"`, `"BuildType"`), one(CodeBadPredicate)},
	{"other source", edit("github.com/acme/model", "github.com/evil/model"), one(CodeSource)},
	{"source that begins alike", edit("github.com/acme/model", "github.com/acme/model-evil"), one(CodeSource)},
	{"source over plain HTTP", edit("https://github.com/acme", "http://github.com/acme"), one(CodeSource)},
	{"other branch", edit("refs/heads/main", "refs/heads/dev"), one(CodeRef)},
	{"tag of the same name", edit("refs/heads/main", "refs/tags/main"), one(CodeRef)},
	{"other trigger", edit(`"push"`, `"pull_request"`), one(CodeTrigger)},
	{"other parameter", edit(`"level":"3"`, `"level":"4"`), one(CodeParameter)},
	{"parameter missing", edit(`"level":"3"`, `"x":"3"`), []string{CodeParameter, CodeParameter}},
	{"one parameter more", edit(`"level":"3"`, `"level":"3","debug":"1"`), one(CodeParameter)},
	{"parameters are a list", edit(`"inputs":{`, `"inputs":[],"was":{`), []string{CodeParameter, CodeParameter}},
	{"finished in the future", edit("2026-05-01", "2027-05-01"), one(CodeTime)},
	{"predicate missing", edit(`"predicate":{`, `"was":{`), one(CodeBadPredicate)},
	{"predicate null", edit(`"predicate":{`, `"predicate":null,"was":{`), one(CodeBadPredicate)},
}

// A single edit reaches these in provenance v1 only.
var badProvenanceV1 = []negative{
	{"two refs", edit(`"repository":"https://github.com/acme/model"`, `"repository":"https://github.com/acme/model@refs/heads/dev"`), one(CodeBadPredicate)},
	{"two sources", edit(`"inputs":{`, `"source":{"uri":"https://github.com/evil/model"},"inputs":{`), one(CodeBadPredicate)},
	{"source among the dependencies only", edit(`"workflow":{`, `"was":{`), []string{CodeRef, CodeSource}},
	{"two spellings of one parameter", edit(`"inputs":{`, `"workflow.repository":"x","inputs":{`), one(CodeBadPredicate)},
	{"external parameters are a list", edit(`"externalParameters":{`, `"externalParameters":[],"was":{`), one(CodeBadPredicate)},
	{"parameters nested too deep", edit(`"inputs":{`, `"x":`+strings.Repeat(`{"x":`, 10)+"1"+strings.Repeat("}", 10)+`,"inputs":{`), one(CodeBadPredicate)},
	{"type of another version", edit(TypeProvenanceV1, "https://slsa.dev/provenance/v2"), nil},
	{"type that begins alike", edit(TypeProvenanceV1, TypeProvenanceV1+"/x"), nil},
	{"type of another predicate", edit(TypeProvenanceV1, TypeTestResult), one(CodeBadPredicate)},
}

var badVSA = []negative{
	{"failed", edit(`"PASSED"`, `"FAILED"`), one(CodeResult)},
	{"result in small letters", edit(`"PASSED"`, `"passed"`), one(CodeBadPredicate)},
	{"result of another word", edit(`"PASSED"`, `"PASSED_WITH_EXCEPTIONS"`), one(CodeBadPredicate)},
	{"no result", edit(`"verificationResult"`, `"result"`), one(CodeBadPredicate)},
	{"other verifier", edit(verifier, verifier+"/x"), one(CodeVerifier)},
	{"no verifier", edit(`"verifier"`, `"Verifier"`), one(CodeBadPredicate)},
	{"other resource", edit(resource, resource+"-2"), one(CodeResource)},
	{"no resource", edit(`"resourceUri"`, `"resourceURI"`), one(CodeBadPredicate)},
	{"other policy", edit(`"1111`, `"2111`), one(CodePolicy)},
	{"no policy digest", edit(`"digest":{"sha256":"1111`, `"was":{"sha256":"1111`), one(CodePolicy)},
	{"lower level", edit("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_1"), one(CodeLevel)},
	{"level of another track", edit("SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_3"), one(CodeLevel)},
	{"level that only looks higher", edit("SLSA_BUILD_LEVEL_3", "SLSA_BUILD_LEVEL_33"), one(CodeLevel)},
	{"property missing", edit("ACME_OK", "ACME_OKAY"), one(CodeLevel)},
	{"no levels", edit(`"verifiedLevels"`, `"levels"`), []string{CodeLevel, CodeLevel}},
	{"no time", edit(`"timeVerified"`, `"time"`), one(CodeBadPredicate)},
	{"time that is none", edit("2026-05-01T00:00:00Z", "yesterday"), one(CodeBadPredicate)},
	{"in the future", edit("2026-05-01", "2026-06-02"), one(CodeTime)},
	{"before what is accepted", func(f *fixture) { f.config.Expect.After = testNow.AddDate(0, 0, -1) }, one(CodeTooOld)},
	{"older than what is accepted", func(f *fixture) { f.config.Expect.MaxAge = time.Hour }, one(CodeTooOld)},
	{"another version of the type", edit(TypeVSA, "https://slsa.dev/verification_summary/v0.2"), nil},
}

var badSVR = []negative{
	{"other verifier", edit(verifier, "https://evil.example"), one(CodeVerifier)},
	{"no verifier", edit(`"verifier"`, `"who"`), one(CodeBadPredicate)},
	{"no time", edit(`"timeCreated"`, `"time"`), one(CodeBadPredicate)},
	{"property missing", edit("ACME_OK", "ACME_KO"), one(CodeLevel)},
	{"properties are no list", edit(`"properties":[`, `"properties":{},"was":[`), one(CodeBadPredicate)},
}

var badTests = []negative{
	{"failed", edit(`"PASSED"`, `"FAILED"`), one(CodeResult)},
	{"passed with failed tests", edit(`"failedTests":[`, `"failedTests":["b"`), one(CodeResult)},
	{"no result", edit(`"result"`, `"outcome"`), one(CodeBadPredicate)},
	{"result of another word", edit(`"PASSED"`, `"OK"`), one(CodeBadPredicate)},
	{"age unknown and wanted", func(f *fixture) { f.config.Expect.MaxAge = time.Hour }, one(CodeTime)},
}

// badRequired are about what is asked for and is not there.
var badRequired = []negative{
	{"no document", func(f *fixture) { f.bundle = nil }, one(CodeMissing)},
	{"of another type", edit(TypeTestResult, "https://in-toto.io/attestation/test-result/v0.2"), one(CodeMissing)},
	{"in another case", edit(TypeTestResult, strings.ToUpper(TypeTestResult)), one(CodeMissing)},
	{"one file more", func(f *fixture) { f.files["setup.py"] = "x" }, one("attestation-incomplete setup.py")},
	{"one file renamed", func(f *fixture) {
		f.files["pytorch_model.bin"] = f.files["config.json"]
		delete(f.files, "config.json")
	}, one("attestation-incomplete pytorch_model.bin")},
	{"one subject less", func(f *fixture) {
		f.edit(`,{"name":"sub/weights.bin"`, `],"was":[{"name":"sub/weights.bin"`)
	}, one("attestation-incomplete sub/weights.bin")},
	{"found inside, by a stranger", func(f *fixture) {
		f.found, f.signer = true, newKey(f.t)
	}, one(CodeMissing)},
	{"found inside, and rubbish", func(f *fixture) {
		f.found = true
		f.bundle = func(text string) string { return text + "x" }
	}, one(CodeMissing)},
}

// withoutMissing drops the claim that something asked for is not there: it goes
// with every other failure.
func withoutMissing(claims []verify.Claim) []verify.Claim {
	var out []verify.Claim
	for _, c := range claims {
		if c.Standing == verify.Failed && c.Problems[0].Code == CodeMissing {
			continue
		}
		out = append(out, c)
	}
	return out
}

func TestNegatives(t *testing.T) {
	total := 0
	for _, group := range []struct {
		name      string
		negatives []negative
		fixture   func(testing.TB) *fixture
	}{
		{"statement", badStatements, testFixture}, {"subject", badSubjects, testFixture}, {"bundle", badBundles, testFixture},
		{"folders", badFolders, vsaFixture}, {"folders of svr", badFolders, svrFixture}, {"folders of provenance", badFolders, provenanceFixture},
		{"deep folders", deepFolders, vsaFixture}, {"deep folders of svr", deepFolders, svrFixture},
		{"verdict", badVerdicts, vsaFixture}, {"verdict of svr", badVerdicts, svrFixture},
		{"provenance", badProvenance, provenanceFixture}, {"provenance v1", badProvenanceV1, provenanceFixture},
		{"provenance v0.2", badProvenance, oldFixture}, {"vsa", badVSA, vsaFixture}, {"svr", badSVR, svrFixture},
		{"test result", badTests, testFixture},
	} {
		for _, n := range group.negatives {
			total++
			t.Run(group.name+"/"+n.name, func(t *testing.T) {
				f := group.fixture(t)
				f.want(verify.Verified)
				n.change(f)
				if got := f.claims(); !hasFailed(got) {
					t.Fatalf("nothing failed: %+v", got)
				}
				f.wantProblems(n.want)
			})
		}
	}
	for _, n := range badRequired {
		total++
		t.Run("required/"+n.name, func(t *testing.T) {
			f := testFixture(t)
			f.want(verify.Verified)
			n.change(f)
			if f.bundle == nil {
				f.bundle = func(text string) string { return text }
				f.wantOf(f.claimsOfNone(), n.want)
				return
			}
			f.wantOf(f.claims(), n.want)
		})
	}
	if total < 80 {
		t.Errorf("%d negatives", total)
	}
}

func hasFailed(claims []verify.Claim) bool {
	for _, c := range claims {
		if c.Standing == verify.Failed {
			return true
		}
	}
	return false
}

func (f *fixture) wantProblems(want []string) {
	f.t.Helper()
	f.wantOf(withoutMissing(f.claims()), want)
}

// wantOf compares the problems of failed claims, written "code file".
func (f *fixture) wantOf(claims []verify.Claim, want []string) {
	f.t.Helper()
	got := []string{}
	for _, c := range claims {
		for _, p := range c.Problems {
			got = append(got, strings.TrimSpace(p.Code+" "+p.File))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, append([]string{}, want...)) {
		f.t.Errorf("problems %q, want %q\nclaims %+v", got, want, claims)
	}
}

// claimsOfNone verifies without any document.
func (f *fixture) claimsOfNone() []verify.Claim { return f.claims([]string{}...) }

func selfSigned(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
