package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"assay/scanners"
	"assay/verify"
)

// JSONL writes the report as one line, for logs and for many reports in a file.
func JSONL(w io.Writer, r verify.Report, _ Options) error {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(withEmptyLists(r)); err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// about names what a reason is about: its file, or the artifact as a whole.
func about(r verify.Report, file string) string {
	if file == "" {
		return r.Artifact.Ref
	}
	return file
}

// refusals are the reasons that stand against a pass, by what they are about.
func refusals(r verify.Report) map[string][]verify.Reason {
	byFile := make(map[string][]verify.Reason)
	for _, reason := range r.Verdict.Reasons {
		if reason.Effect != verify.Allow {
			byFile[reason.File] = append(byFile[reason.File], reason)
		}
	}
	return byFile
}

// JUnit writes one test case for each file and one for the artifact. A denial
// is a failure, what could not be verified is an error: neither reads as passed.
func JUnit(w io.Writer, r verify.Report, _ Options) error {
	byFile := refusals(r)
	suite := junitSuite{Name: "assay " + Safe(r.Artifact.Ref)}
	add := func(name, file string) {
		c := junitCase{Name: Safe(name), Class: "assay"}
		for _, reason := range byFile[file] {
			problem := &junitProblem{Type: reason.Code, Message: Safe(reason.What), Text: Safe(reason.Advice)}
			if reason.Effect == verify.Deny && c.Failure == nil {
				c.Failure = problem
			} else if c.Failure == nil && c.Error == nil {
				c.Error = problem
			}
		}
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		} else if c.Error != nil {
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	known := map[string]bool{"": true}
	add(r.Artifact.Ref, "")
	for _, f := range r.Files {
		known[f.Name] = true
		add(f.Name, f.Name)
	}
	for _, reason := range r.Verdict.Reasons {
		if !known[reason.File] {
			known[reason.File] = true
			add(reason.File, reason.File)
		}
	}
	if r.Outcome() != verify.Pass && suite.Failures+suite.Errors == 0 {
		suite.Errors++
		suite.Cases[0].Error = &junitProblem{Type: string(r.Outcome()), Message: "the verdict is not a pass"}
	}
	return encodeXML(w, suite)
}

func encodeXML(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", " ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// maxAnnotations is how many annotations of one step GitHub shows.
const maxAnnotations = 10

// GitHub writes workflow commands, which a job shows as annotations. What is
// printed beyond the limit would silently not be shown, so the last one counts.
func GitHub(w io.Writer, r verify.Report, _ Options) error {
	var b strings.Builder
	for i, reason := range r.Verdict.Reasons {
		if i == maxAnnotations-1 && len(r.Verdict.Reasons) > maxAnnotations {
			fmt.Fprintf(&b, "::error title=assay::%d more reasons: see the report\n", len(r.Verdict.Reasons)-i)
			break
		}
		file := ""
		if reason.File != "" {
			file = "file=" + githubProperty(reason.File) + ","
		}
		fmt.Fprintf(&b, "::error %stitle=%s::%s\n", file, githubProperty("assay "+reason.Code), githubData(reason.What))
	}
	if len(r.Verdict.Reasons) == 0 && r.Outcome() == verify.Pass {
		fmt.Fprintf(&b, "::notice title=assay::%s passes\n", githubData(r.Artifact.Ref))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// githubData escapes the message of a workflow command; without it a hostile
// file name could issue commands of its own.
func githubData(s string) string { return strings.ReplaceAll(Safe(s), "%", "%25") }

func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(Safe(s))
}

// GitLab writes a Code Quality report.
func GitLab(w io.Writer, r verify.Report, _ Options) error {
	list := []codeQuality{}
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			list = append(list, codeQuality{
				Description: Safe(finding.What), Check: finding.Rule, Fingerprint: Fingerprint(finding),
				Severity: gitlabSeverity(finding.Severity), Location: codeLocation{Path: f.Name, Lines: codeLines{1}},
			})
		}
	}
	for _, reason := range r.Verdict.Reasons {
		if reason.Code == "finding" {
			continue
		}
		list = append(list, codeQuality{
			Description: Safe(reason.What), Check: "assay/" + reason.Code, Severity: "blocker",
			Fingerprint: Fingerprint(verify.Finding{Rule: reason.Code, What: reason.What, Path: []string{reason.File}}),
			Location:    codeLocation{Path: about(r, reason.File), Lines: codeLines{1}},
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(list)
}

func gitlabSeverity(s scanners.Severity) string {
	names := [...]string{"blocker", "critical", "major", "minor", "info"}
	return names[min(int(s), len(names)-1)]
}

type (
	codeQuality struct {
		Description string       `json:"description"`
		Check       string       `json:"check_name"`
		Fingerprint string       `json:"fingerprint"`
		Severity    string       `json:"severity"`
		Location    codeLocation `json:"location"`
	}
	codeLocation struct {
		Path  string    `json:"path"`
		Lines codeLines `json:"lines"`
	}
	codeLines struct {
		Begin int `json:"begin"`
	}
)
