package policy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(policy.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("policy.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// fits asks the published schema about a YAML text, as an editor does.
func fits(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(document)
}

// TestSchemaAccepts: every policy of the semantics and every template is what
// the published schema describes.
func TestSchemaAccepts(t *testing.T) {
	s := schema(t)
	for _, c := range semantics() {
		if err := fits(t, s, head+dated(c.policy)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, scenario := range policy.Scenarios() {
		data, err := policy.Template(scenario)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Parse(scenario, data); err != nil {
			t.Errorf("%s: %v", scenario, err)
		}
		if err := fits(t, s, string(data)); err != nil {
			t.Errorf("%s: %v", scenario, err)
		}
	}
}

// dated quotes the dates, which YAML 1.1 readers take for timestamps.
func dated(text string) string {
	for _, key := range []string{"created: ", "expires: "} {
		for at := strings.Index(text, key); at >= 0; {
			end := at + len(key) + strings.IndexAny(text[at+len(key):], ",}\n")
			value := text[at+len(key) : end]
			text = text[:at+len(key)] + "'" + strings.Trim(value, "'") + "'" + text[end:]
			next := strings.Index(text[end+2:], key)
			if next < 0 {
				break
			}
			at = end + 2 + next
		}
	}
	return text
}

// unreadable are policies that must not be applied. Those that only reading can
// tell (a name that is not defined) are marked.
var unreadable = []struct {
	name, text string
	fitsSchema bool
}{
	{"empty", "", false},
	{"other version", "apiVersion: assay.dev/v2\nkind: Policy\n", false},
	{"other kind", "apiVersion: assay.dev/v1\nkind: Constitution\n", false},
	{"unknown key", head + "failOnn: low\n", false},
	{"unknown key in require", head + "require: {signatures: true}\n", false},
	{"unknown key in a rule", head + "rules: [{name: a, match: {refs: [a]}, fail: low}]\n", false},
	{"unknown key in match", head + "rules: [{name: a, match: {ref: [a]}}]\n", false},
	{"unknown key in defaults", head + "defaults: {unmatchd: deny}\n", false},
	{"unknown key in a signer", head + "signers: {a: {type: key, keyID: x}}\n", false},
	{"unknown key in a waiver", head + "waivers: [{id: a, until: never}]\n", false},
	{"unknown severity", head + "failOn: scary\n", false},
	{"unknown mode", head + "mode: relaxed\n", false},
	{"unknown default", head + "defaults: {unmatched: allow}\n", false},
	{"unknown default for errors", head + "defaults: {error: allow}\n", false},
	{"unknown coverage", head + "require: {coverage: some}\n", false},
	{"unknown remote code", head + "require: {remoteCode: maybe}\n", false},
	{"unknown evidence", head + "require: {evidence: [stars]}\n", false},
	{"unknown kind", head + "rules: [{name: a, match: {kinds: [mdel]}}]\n", false},
	{"key without a value", head + "failOn:\n", false},
	{"empty text", head + "failOn: ''\n", false},
	{"null", head + "require: ~\n", false},
	{"duplicate key", head + "failOn: low\nfailOn: critical\n", false},
	{"two documents", head + "---\n" + head, true},
	{"not a mapping", "- a\n- b\n", false},
	{"wrong type", head + "require: yes please\n", false},
	{"text for a boolean", head + "require: {signature: 'true'}\n", false},
	{"anchor", head + "require: &a {signature: true}\n", true},
	{"alias", "apiVersion: &v assay.dev/v1\nkind: Policy\nmetadata: {name: *v}\n", true},
	{"merge key", head + "require: {<<: {signature: true}}\n", true},
	{"tag", head + "failOn: !!str low\n", true},
	{"unclosed string", head + "failOn: \"low\n", false},
	{"empty list of rules", head + "rules: []\n", false},
	{"rule without a name", head + "rules: [{match: {refs: [a]}}]\n", false},
	{"two rules of one name", head + "rules: [{name: a, match: {refs: [a]}}, {name: a, match: {refs: [b]}}]\n", true},
	{"rule without match", head + "rules: [{name: a}]\n", false},
	{"rule with an empty match", head + "rules: [{name: a, match: {}}]\n", false},
	{"rule for an unknown environment", head + "rules: [{name: a, match: {environments: [prod]}}]\n", true},
	{"two environments of one name", head + "environments: [{name: a}, {name: a}]\n", true},
	{"environment without a name", head + "environments: [{mode: warn}]\n", false},
	{"unknown signer", head + "require: {signedBy: {atLeast: 1, of: [nobody]}}\n", true},
	{"more than all signers", head + signers + "require: {signedBy: {atLeast: 3, of: [one, two]}}\n", true},
	{"at least none", head + signers + "require: {signedBy: {atLeast: 0, of: [one]}}\n", false},
	{"at least unset", head + signers + "require: {signedBy: {of: [one]}}\n", false},
	{"signer twice", head + signers + "require: {signedBy: {atLeast: 2, of: [one, one]}}\n", false},
	{"one key, two signers", head + "signers: {a: {type: key, keyId: " + keyOne + "}, b: {type: key, keyId: " + keyOne + "}}\n", true},
	{"key id too short", head + "signers: {a: {type: key, keyId: abc}}\n", false},
	{"key id and key", head + "signers: {a: {type: key, keyId: " + keyOne + ", publicKey: a.pem}}\n", false},
	{"neither key id nor key", head + "signers: {a: {type: key}}\n", false},
	{"key with an issuer", head + "signers: {a: {type: key, keyId: " + keyOne + ", issuer: x}}\n", false},
	{"certificate without issuer", head + "signers: {a: {type: certificate, subject: CN=a}}\n", false},
	{"identity without issuer", head + "signers: {a: {type: sigstore, identity: a@b}}\n", false},
	{"signer of unknown type", head + "signers: {a: {type: pgp}}\n", false},
	{"key file from memory", head + "signers: {a: {type: key, publicKey: a.pem}}\n", true},
	{"attested by nobody", head + "require: {attested: [{kind: provenance}]}\n", false},
	{"attested by a stranger", head + "require: {attested: [{kind: provenance, by: [x]}]}\n", true},
	{"attested of unknown kind", head + signers + "require: {attested: [{kind: horoscope, by: [one]}]}\n", false},
	{"formats without a list", head + "require: {formats: {}}\n", false},
	{"allowed and denied", head + "require: {licenses: {allow: [mit], deny: [mit]}}\n", true},
	{"age without a unit", head + "require: {minAge: '30'}\n", true},
	{"negative age", head + "require: {minAge: '-1h'}\n", false},
	{"age of centuries", head + "require: {minAge: 99999d}\n", true},
}

func TestParseRefuses(t *testing.T) {
	s := schema(t)
	for _, c := range unreadable {
		if _, err := policy.Parse("p.yaml", []byte(c.text)); err == nil {
			t.Errorf("%s: accepted", c.name)
		} else if !strings.Contains(err.Error(), "p.yaml") {
			t.Errorf("%s: the error does not name the file: %v", c.name, err)
		}
		if err := fits(t, s, c.text); (err == nil) != c.fitsSchema {
			t.Errorf("%s: the schema says %v", c.name, err)
		}
	}
	if _, err := policy.Parse("p.yaml", append([]byte(head), bytes.Repeat([]byte("#"), policy.MaxFile)...)); err == nil {
		t.Error("a policy of any size is read")
	}
}

func TestWaiversRefuse(t *testing.T) {
	const waivers = "apiVersion: assay.dev/v1\nkind: Waivers\n"
	good := map[string]string{
		"id": "W1", "fingerprint": strings.Repeat("a", 32), "file": keyOne, "reason": "r", "ticket": "t", "owner": "o", "created": "2026-11-01", "expires": "2026-12-01",
	}
	write := func(change map[string]string) string {
		var b strings.Builder
		b.WriteString(waivers + "waivers:\n- ")
		for _, key := range []string{"id", "fingerprint", "content", "file", "reason", "ticket", "owner", "created", "expires"} {
			value, changed := change[key]
			if !changed {
				value = good[key]
			}
			if value != "" {
				b.WriteString(key + ": '" + value + "'\n  ")
			}
		}
		return b.String()
	}
	if _, err := policy.ParseWaivers("w", []byte(write(nil))); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]map[string]string{
		"no id":                {"id": ""},
		"no reason":            {"reason": ""},
		"no ticket":            {"ticket": ""},
		"no owner":             {"owner": ""},
		"no created":           {"created": ""},
		"no expiry":            {"expires": ""},
		"unreadable expiry":    {"expires": "31.12.2026"},
		"impossible expiry":    {"expires": "2026-02-30"},
		"expiry never":         {"expires": "never"},
		"unreadable created":   {"created": "1 Nov"},
		"expires before it is": {"expires": "2026-10-01"},
		"no bytes":             {"file": ""},
		"file and content":     {"content": "sha256:" + keyOne},
		"file with a prefix":   {"file": "sha256:" + keyOne},
		"content without":      {"file": "", "content": keyOne},
		"fingerprint too long": {"fingerprint": keyOne},
		"fingerprint glob":     {"fingerprint": "*"},
	} {
		if _, err := policy.ParseWaivers("w", []byte(write(change))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := policy.ParseWaivers("w", []byte(write(nil)+"\n"+strings.TrimPrefix(write(nil), waivers+"waivers:\n"))); err == nil {
		t.Error("two waivers of one id are accepted")
	}
}

// TestWaiverStates: every waiver is accounted for.
func TestWaiverStates(t *testing.T) {
	e := ordinary()
	found("pickle/dangerous-call", scanners.Critical)(&e)
	base := waiver("file: " + strings.Repeat("b", 64) + ", created: 2026-11-01, expires: 2026-12-31")
	text := head + base
	for id, dates := range map[string]string{"W2": "created: 2026-01-01, expires: 2026-02-01", "W3": "created: 2026-12-01, expires: 2026-12-31", "W4": "created: 2026-11-01, expires: 2026-12-31"} {
		line := waiver("file: " + keyOne + ", " + dates)
		text += strings.Replace(strings.TrimPrefix(line, "waivers:\n"), "W1", id, 1)
	}
	r, err := policy.Parse("p", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	v := r.Decide(e, noon)
	want := map[string]string{"W1": policy.WaiverApplied, "W2": policy.WaiverExpired, "W3": policy.WaiverEarly, "W4": policy.WaiverUnused}
	for _, w := range v.Waivers {
		if want[w.ID] != w.Status || (w.Count == 1) != (w.ID == "W1") {
			t.Errorf("%+v, want %s", w, want[w.ID])
		}
		delete(want, w.ID)
	}
	if len(want) > 0 || len(v.Excused) != 1 || v.Excused[0].By != "waiver W1" {
		t.Errorf("not told: %v, excused %+v", want, v.Excused)
	}
}

// TestBaseline: only what is new denies.
func TestBaseline(t *testing.T) {
	critical := found("pickle/dangerous-call", scanners.Critical)
	old := ordinary()
	all(critical, gapped(scanners.GapUncovered))(&old)
	rules := policy.Rules{Baseline: policy.NewBaseline(verify.Report{Evidence: old})}
	for _, c := range []struct {
		name   string
		change change
		want   verify.Decision
	}{
		{"the same", critical, allow},
		{"the same gap", all(critical, gapped(scanners.GapUncovered)), allow},
		{"the gap in other bytes", all(gapped(scanners.GapUncovered), func(e *verify.Evidence) { e.Files[1].SHA256 = keyOne }), incomplete},
		{"the finding in other bytes", all(critical, func(e *verify.Evidence) { e.Files[1].SHA256, e.Files[1].Name = keyOne, "moved.bin" }), allow},
		{"twice", all(critical, critical), deny},
		{"in two files", all(critical, func(e *verify.Evidence) { e.Files[0].Findings = e.Files[1].Findings }), deny},
		{"another rule", found("x/y", scanners.High), deny},
		{"worse than known", func(e *verify.Evidence) {
			found("pickle/dangerous-call", scanners.High)(e)
		}, deny},
		{"a digest that differs", gapped(verify.GapDigest), deny},
		{"a failed signature", covering(verify.Failed, byKey(keyOne)), deny},
	} {
		e := ordinary()
		c.change(&e)
		if got := rules.Decide(e, noon).Decision; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if a, b := rules.ID(), (policy.Rules{}).ID(); a == b {
		t.Error("the baseline does not show in the id of the policy")
	}
}

// TestExplain: every rule has a reason, and the clause that decided is there.
func TestExplain(t *testing.T) {
	r, err := policy.Parse("p", []byte(head+"rules:\n- {name: a, match: {kinds: [dataset]}}\n- {name: b, match: {refs: ['hf://**']}, failOn: low, require: {licenses: {allow: [mit]}}}\n- {name: c, match: {refs: ['**']}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	x := r.Explain(ordinary(), noon)
	if len(x.Rules) != 3 || x.Rules[0].Applies || !x.Rules[1].Applies || x.Rules[2].Applies || x.Rules[0].Why == "" || x.Rules[2].Why == "" {
		t.Errorf("rules %+v", x.Rules)
	}
	if x.Threshold != scanners.Low || x.Verdict.Rule != "b" {
		t.Errorf("threshold %s, rule %q", x.Threshold, x.Verdict.Rule)
	}
	for _, c := range x.Clauses {
		if (c.Effect != verify.Allow) != (c.Name == "licenses" && c.Source == "rule b") || c.Says == "" {
			t.Errorf("clause %+v", c)
		}
	}
}

// TestFormatAdvice names the file that is safe to use, when there is one.
func TestFormatAdvice(t *testing.T) {
	r := policy.Rules{Require: policy.Requirements{Formats: policy.Lists{Deny: []string{"pickle"}}}}
	e := ordinary()
	e.Files = append(e.Files, verify.FileEvidence{Name: "m.bin", Size: 1, Formats: []string{"pickle"}, Coverage: scanners.Coverage{Parsed: 1}})
	if v := r.Decide(e, noon); len(v.Reasons) != 1 || !strings.Contains(v.Reasons[0].Advice, "load m.safetensors instead") {
		t.Errorf("%+v", v.Reasons)
	}
	e.Files = e.Files[2:]
	if v := r.Decide(e, noon); len(v.Reasons) != 1 || strings.Contains(v.Reasons[0].Advice, "instead") {
		t.Errorf("%+v", v.Reasons)
	}
}

// TestLoad reads keys relative to the policy, and the id changes with them.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	write("a.pem", pem)
	path := write("p.yaml", head+"signers: {a: {type: key, publicKey: a.pem}}\nrequire: {signedBy: {atLeast: 1, of: [a]}}\n")
	r, err := policy.Load(path)
	if err != nil || len(r.Trust.Keys) != 1 || r.Named["a"].KeyID != r.Trust.Keys[0].ID {
		t.Fatalf("%+v, %v", r.Trust, err)
	}
	write("a.pem", "# another text before the key\n"+pem)
	again, err := policy.Load(path)
	if err != nil || again.ID() == r.ID() {
		t.Errorf("the id does not change with the key file: %v", err)
	}
	write("a.pem", "no key")
	if _, err := policy.Load(path); err == nil || !strings.Contains(err.Error(), "a.pem") {
		t.Errorf("a file that is no key: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "a.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Load(path); err == nil {
		t.Error("a key that is not there")
	}
}

// TestCases: a test file that cannot fail is an error.
func TestCases(t *testing.T) {
	r, err := policy.Parse("p", []byte(head+signers+"require: {signedBy: {atLeast: 1, of: [one]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	const top = "apiVersion: assay.dev/v1\nkind: PolicyTest\nnow: '2026-11-20T12:00:00Z'\ncases:\n"
	const file = "files: [{name: a, formats: [text]}]"
	for _, c := range []struct {
		name, text string
		problems   int // -1: an error
	}{
		{"holds", "- {name: a, " + file + ", signedBy: [one], expect: {decision: allow}}", 0},
		{"holds, denied", "- {name: a, " + file + ", expect: {decision: deny, reasons: [unsigned]}}", 0},
		{"fails", "- {name: a, " + file + ", expect: {decision: allow}}", 1},
		{"another reason", "- {name: a, " + file + ", expect: {decision: deny, reasons: [license]}}", 1},
		{"another rule", "- {name: a, " + file + ", signedBy: [one], expect: {decision: allow, rule: x}}", 1},
		{"bad signature", "- {name: a, " + file + ", badSignature: true, expect: {decision: deny, reasons: [signature]}}", 0},
		{"expects nothing", "- {name: a, " + file + "}", -1},
		{"no name", "- {" + file + ", expect: {decision: allow}}", -1},
		{"unknown signer", "- {name: a, signedBy: [x], expect: {decision: allow}}", -1},
		{"unknown environment", "- {name: a, environment: x, expect: {decision: allow}}", -1},
		{"unknown key", "- {name: a, expects: {decision: allow}}", -1},
		{"unknown decision", "- {name: a, " + file + ", expect: {decision: maybe}}", 1},
		{"report and files", "- {name: a, report: r, " + file + ", expect: {decision: allow}}", -1},
		{"no cases", "", -1},
	} {
		results, err := r.RunCases("t", []byte(top+c.text+"\n"), nil)
		problems := 0
		for _, result := range results {
			if result.Problem != "" {
				problems++
			}
		}
		if (err != nil) != (c.problems < 0) || err == nil && problems != c.problems {
			t.Errorf("%s: %d problems, error %v, want %d", c.name, problems, err, c.problems)
		}
	}
}

func FuzzWaivers(f *testing.F) {
	f.Add([]byte("apiVersion: assay.dev/v1\nkind: Waivers\nwaivers:\n- {id: a, expires: 2026-01-01}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := policy.ParseWaivers("w", data)
		for _, w := range list {
			if err == nil && (w.Expires.IsZero() || w.Owner == "" || w.Content == "" && w.File == "") {
				t.Fatalf("half a waiver: %+v", w)
			}
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("hf://a/**", "hf://a/b/c")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		g, err := policy.ParseGlob(pattern)
		if err == nil && !strings.Contains(pattern, "*") && g.Match(text) != (pattern == text) {
			t.Fatalf("%q matches %q", pattern, text)
		}
	})
}
