package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
)

// A file of kind PolicyTest lies beside a policy and says what it must decide.
type (
	casesFile struct {
		APIVersion string         `yaml:"apiVersion"`
		Kind       string         `yaml:"kind"`
		Now        string         `yaml:"now"`
		Cases      []caseDocument `yaml:"cases"`
	}
	caseDocument struct {
		Name        string           `yaml:"name"`
		Environment string           `yaml:"environment"`
		Report      string           `yaml:"report"`
		Artifact    artifactDocument `yaml:"artifact"`
		Files       []fileDocument   `yaml:"files"`
		SignedBy    []string         `yaml:"signedBy"`
		BadSigned   bool             `yaml:"badSignature"`
		Expect      expectDocument   `yaml:"expect"`
	}
	artifactDocument struct {
		Ref     string `yaml:"ref"`
		Pinned  string `yaml:"pinned"`
		Kind    string `yaml:"kind"`
		Owner   string `yaml:"owner"`
		Created string `yaml:"created"`
	}
	fileDocument struct {
		Name     string            `yaml:"name"`
		Formats  []string          `yaml:"formats"`
		License  string            `yaml:"license"`
		Unread   bool              `yaml:"unread"`
		Findings []findingDocument `yaml:"findings"`
	}
	findingDocument struct {
		Rule     string `yaml:"rule"`
		Severity string `yaml:"severity"`
	}
	expectDocument struct {
		Decision string   `yaml:"decision"`
		Rule     string   `yaml:"rule"`
		Mode     string   `yaml:"mode"`
		Reasons  []string `yaml:"reasons"`
	}
)

// CaseResult is what became of one case. Problem is "" when it holds.
type CaseResult struct {
	Name    string
	Problem string
}

// RunCases judges the cases of a PolicyTest file and compares. ReadReport opens
// a saved report that a case names.
func (r Rules) RunCases(name string, data []byte, readReport func(path string) (verify.Report, error)) ([]CaseResult, error) {
	var d casesFile
	if err := decode(data, &d, "PolicyTest", func() (string, string) { return d.APIVersion, d.Kind }); err != nil {
		return nil, fmt.Errorf("policy test %s: %w", name, err)
	}
	now, err := time.Parse(time.RFC3339, d.Now)
	if err != nil {
		return nil, fmt.Errorf("policy test %s: now: %q: write it like 2026-11-20T12:00:00Z", name, d.Now)
	}
	if len(d.Cases) == 0 {
		return nil, fmt.Errorf("policy test %s: it has no cases", name)
	}
	results := make([]CaseResult, 0, len(d.Cases))
	for i, c := range d.Cases {
		problem, err := r.runCase(c, now, readReport)
		if err != nil {
			return nil, fmt.Errorf("policy test %s: case %d %s: %w", name, i+1, c.Name, err)
		}
		results = append(results, CaseResult{Name: c.Name, Problem: problem})
	}
	return results, nil
}

func (r Rules) runCase(c caseDocument, now time.Time, readReport func(string) (verify.Report, error)) (string, error) {
	if c.Name == "" || c.Expect.Decision == "" {
		return "", fmt.Errorf("needs a name and expect.decision")
	}
	rules, err := r.InEnvironment(c.Environment)
	if err != nil {
		return "", err
	}
	var e verify.Evidence
	if c.Report != "" {
		if len(c.Files) > 0 || c.Artifact != (artifactDocument{}) || len(c.SignedBy) > 0 || c.BadSigned {
			return "", fmt.Errorf("give a report, or describe the artifact, not both")
		}
		report, err := readReport(c.Report)
		if err != nil {
			return "", err
		}
		e = report.Evidence
	} else if e, err = c.evidence(r); err != nil {
		return "", err
	}
	return c.Expect.compare(rules.Decide(e, now)), nil
}

// compare says how a verdict differs from what is expected.
func (want expectDocument) compare(v verify.Verdict) string {
	decision, _ := v.Decision.MarshalText()
	var problems []string
	if want.Decision != string(decision) {
		problems = append(problems, fmt.Sprintf("decision %s, want %s", decision, want.Decision))
	}
	if want.Rule != "" && want.Rule != v.Rule {
		problems = append(problems, fmt.Sprintf("rule %q, want %q", v.Rule, want.Rule))
	}
	if want.Mode != "" && want.Mode != v.Mode && (want.Mode != "enforce" || v.Mode != "") {
		problems = append(problems, fmt.Sprintf("mode %q, want %q", v.Mode, want.Mode))
	}
	for _, code := range want.Reasons {
		if !slices.ContainsFunc(v.Reasons, func(r verify.Reason) bool { return r.Code == code }) {
			problems = append(problems, fmt.Sprintf("no reason %q", code))
		}
	}
	if len(problems) > 0 && len(v.Reasons) > 0 {
		problems = append(problems, "it said: "+v.Reasons[0].What)
	}
	return strings.Join(problems, "; ")
}

// evidence builds what a described artifact would give: files that were read
// whole, unless the case says otherwise.
func (c caseDocument) evidence(r Rules) (verify.Evidence, error) {
	a := c.Artifact
	e := verify.Evidence{Artifact: verify.ArtifactInfo{Ref: a.Ref, Pinned: a.Pinned, Kind: registry.Kind(a.Kind), Owner: a.Owner, Created: a.Created}}
	if a.Kind == "unknown" {
		e.Artifact.Kind = registry.KindUnknown
	}
	for _, d := range c.Files {
		f := verify.FileEvidence{Name: d.Name, Size: 1, SHA256: strings.Repeat("0", 64), Formats: d.Formats,
			Coverage: scanners.Coverage{Parsed: 1}, Classification: scanners.Clean}
		if d.Unread {
			f.Coverage, f.SHA256 = scanners.Coverage{Skipped: 1}, ""
			e.Gaps = append(e.Gaps, verify.Gap{Code: scanners.GapUnreadable, File: d.Name, Reason: "the file could not be read"})
		}
		if d.License != "" {
			f.Facts = append(f.Facts, verify.Fact{Key: licenseFact, Value: d.License})
		}
		for _, fd := range d.Findings {
			s, err := severity(fd.Severity)
			if err != nil || s == nil {
				return e, fmt.Errorf("file %s: finding %s: severity %q", d.Name, fd.Rule, fd.Severity)
			}
			f.Findings = append(f.Findings, verify.Finding{Rule: fd.Rule, Severity: *s, What: "found by the test"})
		}
		e.Files = append(e.Files, f)
	}
	e.Artifact.ContentID = verify.ContentID(e.Files)
	return e, c.sign(&e, r)
}

// sign adds the claims of the named signers over all files.
func (c caseDocument) sign(e *verify.Evidence, r Rules) error {
	var names []string
	for _, f := range e.Files {
		names = append(names, f.Name)
	}
	for _, name := range c.SignedBy {
		s, ok := r.Named[name]
		if !ok {
			return fmt.Errorf("the policy has no signer %q", name)
		}
		e.Claims = append(e.Claims, verify.Claim{Scheme: "oms", Document: name + ".sig", Standing: verify.Verified, Covers: names,
			Identity: verify.Signer{Method: s.Method, KeyID: s.KeyID, Subject: s.Subject, Issuer: s.Issuer}})
	}
	if c.BadSigned {
		e.Claims = append(e.Claims, verify.Claim{Scheme: "oms", Document: "bad.sig", Standing: verify.Failed})
	}
	return nil
}
