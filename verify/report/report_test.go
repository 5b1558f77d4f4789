package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/report"
)

var update = flag.Bool("update", false, "write the golden files")

// samples are reports that together use every field of the contract.
func samples() map[string]verify.Report {
	sha := strings.Repeat("ab", 32)
	artifact := verify.ArtifactInfo{
		Ref: "hf://org/name@main", Pinned: "hf://org/name@" + strings.Repeat("0", 40), Kind: "model",
		ContentID: "sha256:" + sha, Repository: "6512", Owner: "org", Created: "2024-01-02T03:04:05Z", Revision: strings.Repeat("0", 40),
	}
	clean := verify.FileEvidence{
		Name: "model.safetensors", Size: 1_234_567, SHA256: sha, Formats: []string{"safetensors"},
		Declared: []verify.DeclaredDigest{{Digest: "sha256:" + sha, By: "hf-lfs", Match: verify.MatchKept}},
		Coverage: scanners.Coverage{Parsed: 1000, Opaque: 1_233_567}, Classification: scanners.Clean,
		Facts: []verify.Fact{{Key: "safetensors/parameters", Value: "308000"}},
	}
	bad := verify.FileEvidence{
		Name: "weights\u202egnp.bin", Size: 100, SHA256: sha, SHA512: sha + sha, Formats: []string{"pickle", "zip"}, Members: 3,
		Coverage: scanners.Coverage{Parsed: 90, Hashed: 10}, Classification: scanners.Malicious,
		Findings: []verify.Finding{
			{Rule: "pickle/dangerous-call", Severity: scanners.Critical, Path: []string{"archive/data.pkl"}, Offset: 17, What: "calls os.system('\x1b[31mecho')"},
			{Rule: "pickle/dangerous-call", Severity: scanners.Critical, Path: []string{"archive/data.pkl"}, Offset: 40, What: "calls os.popen('x')"},
			{Rule: "zip/trailing-bytes", Severity: scanners.Low, What: "10 bytes after the archive"},
		},
	}
	verified := verify.Claim{
		Scheme: "oms", Document: "model.sig", PredicateType: "https://model_signing/signature/v1.0", Standing: verify.Verified,
		Identity: verify.Signer{Method: "key", KeyID: sha}, Covers: []string{"model.safetensors"}, Notes: []string{"the key hint differs"},
	}
	failed := verify.Claim{
		Scheme: "oms", Document: "model.sig", Standing: verify.Failed, Identity: verify.Signer{Method: "certificate", Subject: "CN=a", Issuer: "CN=b"},
		Time: "2025-01-01T00:00:00Z", TimeSource: "tsa",
		Problems: []verify.Problem{{Code: "digest-mismatch", File: "model.safetensors", What: "the bytes are not the signed ones"}},
	}
	gap := verify.Gap{Code: scanners.GapUncovered, File: bad.Name, Path: []string{"archive/data.pkl"}, Offset: 90, Reason: "10 bytes belong to no structure"}
	judge := func(e verify.Evidence) verify.Report {
		e.Ruleset = "sha256:" + sha
		e.Rules = []verify.Rule{{ID: "pickle/dangerous-call", Severity: scanners.Critical, Class: scanners.Malicious,
			Summary: "Loading this file calls something dangerous.", Help: "Do not load it.", CWE: []string{"CWE-502"}}}
		return verify.NewReport(e, policy.Rules{}, time.Time{})
	}
	excused := func(e verify.Evidence) verify.Report {
		r := judge(e)
		mark := report.Fingerprint(bad.Findings[0])
		r.Verdict = verify.Verdict{Decision: verify.Allow, Rule: "vendor", Mode: "warn",
			Reasons: []verify.Reason{
				{Code: "finding", Effect: verify.Allow, File: bad.Name, What: "pickle/dangerous-call: calls os.system", Why: "it runs", Advice: "assay explain pickle/dangerous-call", Excused: "waiver W-1"},
				{Code: "incomplete", Effect: verify.Allow, What: "something", Excused: "mode warn"},
			},
			Excused: []verify.Excused{{Fingerprint: mark, File: bad.Name, By: "waiver W-1"}, {Fingerprint: report.Fingerprint(bad.Findings[1]), File: bad.Name, By: "baseline"}},
			Waivers: []verify.WaiverUse{
				{ID: "W-1", Status: "applied", Count: 1, Reason: "reviewed", Ticket: "SEC-1", Owner: "models", Expires: "2027-01-01"},
				{ID: "W-2", Status: "expired", Reason: "old", Ticket: "SEC-2", Owner: "models", Expires: "2020-01-01"},
				{ID: "W-3", Status: "unused", Reason: "other", Ticket: "SEC-3", Owner: "models", Expires: "2027-01-01"},
			}}
		return r
	}
	return map[string]verify.Report{
		"excused":    excused(verify.Evidence{Artifact: artifact, Files: []verify.FileEvidence{clean, bad}}),
		"pass":       judge(verify.Evidence{Artifact: artifact, Files: []verify.FileEvidence{clean}, Claims: []verify.Claim{verified}}),
		"fail":       judge(verify.Evidence{Artifact: artifact, Files: []verify.FileEvidence{clean, bad}, Claims: []verify.Claim{failed}, Gaps: []verify.Gap{gap}}),
		"incomplete": judge(verify.Evidence{Artifact: verify.ArtifactInfo{Ref: "./m"}, Files: []verify.FileEvidence{clean}, Gaps: []verify.Gap{{Code: verify.GapOmitted, File: "link", Reason: "a symbolic link"}}}),
		"nothing":    judge(verify.Evidence{Artifact: verify.ArtifactInfo{Ref: "./empty"}}),
	}
}

func TestGolden(t *testing.T) {
	for name, r := range samples() {
		for ext, render := range map[string]report.Renderer{
			"txt": report.Text, "json": report.JSON, "jsonl": report.JSONL, "sarif": report.SARIF, "junit.xml": report.JUnit,
			"md": report.Markdown, "github": report.GitHub, "gitlab.json": report.GitLab,
			"html": report.HTML, "gl-sast.json": report.GitLabSAST, "tekton.json": report.Tekton,
		} {
			t.Run(name+"."+ext, func(t *testing.T) {
				var got bytes.Buffer
				if err := render(&got, r, report.Options{}); err != nil {
					t.Fatal(err)
				}
				golden(t, name+"."+ext, got.Bytes())
			})
		}
		t.Run(name+"-verbose", func(t *testing.T) {
			var got bytes.Buffer
			if err := report.Text(&got, r, report.Options{Verbose: true}); err != nil {
				t.Fatal(err)
			}
			golden(t, name+"-verbose.txt", got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update to accept):\n%s", path, got)
	}
}

// TestTerminalIsSafe: no control character of hostile text reaches a terminal.
func TestTerminalIsSafe(t *testing.T) {
	var got bytes.Buffer
	if err := report.Text(&got, samples()["fail"], report.Options{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(got.String(), "\x1b\u202e\r\b") {
		t.Errorf("control characters in %q", got.String())
	}
}

func TestSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("report.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(r verify.Report, change func(string) string) error {
		var b bytes.Buffer
		if err := report.JSON(&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(change(b.String())))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	same := func(s string) string { return s }
	for name, r := range samples() {
		if err := validate(r, same); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(string) string{
		"unknown decision": func(s string) string { return strings.Replace(s, `"decision": "deny"`, `"decision": "maybe"`, 1) },
		"missing coverage": func(s string) string { return strings.Replace(s, `"parsed": 1000`, `"read": 1000`, 1) },
		"other version":    func(s string) string { return strings.Replace(s, `"schemaVersion": "1.`, `"schemaVersion": "2.`, 1) },
	} {
		if err := validate(samples()["fail"], change); err == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
	}
}

// TestSARIFSchema validates against the official schema where it is at hand, also
// at the limits, and with what waivers and a baseline excuse.
func TestSARIFSchema(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "schemas", "sarif", "sarif-2.1.0.schema.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skip("not validated: the official SARIF schema is not at hand")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	list := samples()
	list["100,000 findings"] = withFindings(100_000)
	for name, r := range list {
		var b bytes.Buffer
		if err := report.SARIF(&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %.2000v", name, err)
		}
	}
}

// withFindings is the failing sample with n findings more.
func withFindings(n int) verify.Report {
	r := samples()["fail"]
	f := &r.Files[1]
	for i := range n {
		f.Findings = append(f.Findings, verify.Finding{Rule: "zip/gap", Severity: scanners.Low, Offset: int64(i), What: "a gap"})
	}
	return r
}

// TestSARIFLimits: 100,000 findings stay inside GitHub's limits, and the worst
// are the ones that stay.
func TestSARIFLimits(t *testing.T) {
	r := withFindings(100_000)
	var b, packed bytes.Buffer
	if err := report.SARIF(&b, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), `"ruleId"`); n != 25_000 {
		t.Errorf("%d results", n)
	}
	if n := strings.Count(b.String(), `"ruleId": "pickle/dangerous-call"`); n != 2 {
		t.Errorf("%d of the 2 worst findings are left", n)
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 10_000_000 {
		t.Errorf("%d bytes when compressed, 10 MB are allowed", packed.Len())
	}
}

// TestExcusedIsTold: what was let through is said in every format for people and
// counted in every format for machines.
func TestExcusedIsTold(t *testing.T) {
	for format, want := range map[string]string{
		"text": "1 by waivers, 1 by the baseline, 1 waivers applied, 1 expired, 1 unused", "markdown": "1 by waivers, 1 by the baseline",
		"html": "1 by waivers, 1 by the baseline", "github": "1 by waivers, 1 by the baseline", "json": `"status": "expired"`, "jsonl": `"by":"baseline"`,
		"sarif": `"suppressions"`, "junit": `skipped="2"`, "gitlab-sast": `"level": "info"`, "tekton": `"result":"WARNING"`, "gitlab": `"severity": "info"`,
	} {
		var b bytes.Buffer
		if err := report.Formats()[format](&b, samples()["excused"], report.Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: no %s in\n%s", format, want, b.String())
		}
		if format == "gitlab-sast" && strings.Contains(b.String(), "os.popen") {
			t.Error("gitlab-sast: a finding of the baseline is a vulnerability")
		}
	}
	if len(report.Formats()) != 11 {
		t.Errorf("%d formats, not all of which are in the table", len(report.Formats()))
	}
}

// TestOneOfTwoIsExcused: where one of two equal findings counts, none is marked,
// because a mark on the wrong one would hide what is new.
func TestOneOfTwoIsExcused(t *testing.T) {
	r := samples()["fail"]
	f := &r.Files[1]
	f.Findings = append(f.Findings, f.Findings[0])
	r.Verdict.Excused = []verify.Excused{{Fingerprint: report.Fingerprint(f.Findings[0]), File: f.Name, By: "baseline"}}
	for format, unwanted := range map[string]string{"sarif": "baselineState", "html": "(baseline)"} {
		var b bytes.Buffer
		if err := report.Formats()[format](&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), unwanted) {
			t.Errorf("%s: a finding is marked as known", format)
		}
	}
	var b bytes.Buffer
	if err := report.GitLab(&b, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "os.system"); n < 2 {
		t.Errorf("gitlab: %d of 2 findings", n)
	}
}

// TestGitLabSAST keeps to what makes GitLab refuse a report whole.
func TestGitLabSAST(t *testing.T) {
	for name, r := range samples() {
		var b bytes.Buffer
		if err := report.GitLabSAST(&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		var log struct {
			Version string
			Scan    struct {
				Type, Status string
				Start        string `json:"start_time"`
				End          string `json:"end_time"`
			}
			Vulnerabilities []struct {
				ID          string
				Severity    string
				Location    struct{ File string }
				Identifiers []struct{ Type, Name, Value string }
			}
		}
		if err := json.Unmarshal(b.Bytes(), &log); err != nil {
			t.Fatal(err)
		}
		if log.Version != "15.2.4" || log.Scan.Type != "sast" || log.Scan.Start == "" || log.Scan.End == "" || log.Vulnerabilities == nil {
			t.Errorf("%s: %+v", name, log)
		}
		if complete := r.Outcome() == verify.Pass || r.Outcome() == verify.Fail && len(r.Gaps) == 0; (log.Scan.Status == "success") != complete {
			t.Errorf("%s: status %s", name, log.Scan.Status)
		}
		seen := make(map[string]bool)
		for _, v := range log.Vulnerabilities {
			if seen[v.ID] || len(v.ID) != 36 || v.Location.File == "" || len(v.Identifiers) == 0 || !strings.Contains("Info Low Medium High Critical", v.Severity) {
				t.Errorf("%s: %+v", name, v)
			}
			seen[v.ID] = true
		}
	}
}

// TestTekton: a result fits, and nothing but a pass reads as one.
func TestTekton(t *testing.T) {
	want := map[string]string{"pass": "SUCCESS", "fail": "FAILURE", "incomplete": "ERROR", "nothing": "ERROR", "excused": "WARNING"}
	for name, r := range samples() {
		var b bytes.Buffer
		if err := report.Tekton(&b, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), `"result":"`+want[name]+`"`) || b.Len() > 4096 {
			t.Errorf("%s: %s", name, b.String())
		}
	}
}

// TestHostileText: a file name cannot add a workflow command, a table cell or
// markup.
func TestHostileText(t *testing.T) {
	r := samples()["fail"]
	r.Verdict.Reasons = []verify.Reason{{Code: "finding", Effect: verify.Deny, File: "a,title=x::\n::set-output|<script>.bin", What: "b\n::add-mask::x | <img src=x> `c` 100%"}}
	var github, markdown bytes.Buffer
	if err := report.GitHub(&github, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(github.String(), "\n"); lines != 1 || strings.Count(github.String(), "::") > 4 && strings.Contains(github.String(), "\n::") {
		t.Errorf("%d lines: %q", lines, github.String())
	}
	if err := report.Markdown(&markdown, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(markdown.String(), "<script") || strings.Contains(markdown.String(), "<img") {
		t.Errorf("markup came through: %s", markdown.String())
	}
}

// TestReadBack: what is written is read back as the same report.
func TestReadBack(t *testing.T) {
	for name, r := range samples() {
		var first, second bytes.Buffer
		if err := report.JSON(&first, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		back, err := report.Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := report.JSON(&second, back, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Errorf("%s: changed on the way", name)
		}
		if back.Outcome() != r.Outcome() {
			t.Errorf("%s: outcome %s became %s", name, r.Outcome(), back.Outcome())
		}
	}
	for name, text := range map[string]string{
		"duplicate key": `{"schemaVersion":"1.0","policy":"a","policy":"b"}`,
		"other major":   `{"schemaVersion":"2.0"}`,
		"no version":    `{}`,
		"not JSON":      `PASS`,
	} {
		if _, err := report.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("plain")
	f.Add("a\x1b[2Jb\u202ec\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range report.Safe(s) {
			if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e {
				t.Fatalf("%q came through", r)
			}
		}
	})
}
