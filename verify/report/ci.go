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

// byFile are the reasons by what they are about, strictest first.
func byFile(r verify.Report) map[string][]verify.Reason {
	files := make(map[string][]verify.Reason)
	for _, reason := range r.Verdict.Reasons {
		files[reason.File] = append(files[reason.File], reason)
	}
	return files
}

// JUnit writes one test case for each file and one for the artifact. A denial
// is a failure, what could not be verified is an error, and what was excused is
// skipped: none reads as passed.
func JUnit(w io.Writer, r verify.Report, _ Options) error {
	files := byFile(r)
	suite := junitSuite{Name: "assay " + Safe(r.Artifact.Ref)}
	add := func(name, file string) {
		c := junitCase{Name: Safe(name), Class: "assay"}
		if reasons := files[file]; len(reasons) > 0 {
			c.put(reasons[0], len(reasons)-1)
		}
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
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

// put tells the strictest reason, and how many more there are.
func (c *junitCase) put(r verify.Reason, more int) {
	message := Safe(r.What)
	if more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	var text []string
	for _, part := range []string{r.Why, r.Advice} {
		if part != "" {
			text = append(text, Safe(part))
		}
	}
	problem := &junitProblem{Type: r.Code, Message: message, Text: strings.Join(text, "\n")}
	switch r.Effect {
	case verify.Deny:
		c.Failure = problem
	case verify.Allow:
		c.Skipped = &junitSkipped{Message: message + " (" + Safe(r.Excused) + ")"}
	default:
		c.Error = problem
	}
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
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
		Skipped *junitSkipped `xml:"skipped"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
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
			fmt.Fprintf(&b, "::%s title=assay::%d more reasons: see the report\n", githubLevel(reason), len(r.Verdict.Reasons)-i)
			break
		}
		file := ""
		if reason.File != "" {
			file = "file=" + githubProperty(reason.File) + ","
		}
		what := reason.What
		if reason.Excused != "" {
			what += " (" + reason.Excused + ")"
		} else if reason.Advice != "" {
			what += "; " + reason.Advice
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", githubLevel(reason), file, githubProperty("assay "+reason.Code), githubData(what))
	}
	if r.Outcome() == verify.Pass {
		text := r.Artifact.Ref + " passes"
		if excused := excusedText(r.Verdict); excused != "" {
			text += "; excused: " + excused
		}
		fmt.Fprintf(&b, "::notice title=assay::%s\n", githubData(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// githubLevel: what refuses is an error; audit only records.
func githubLevel(r verify.Reason) string {
	switch {
	case r.Effect != verify.Allow:
		return "error"
	case r.Excused == "mode audit":
		return "notice"
	}
	return "warning"
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
	excused := excuses(r)
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			if excused.of(f.Name, Fingerprint(finding)) != "" {
				continue // Code Quality knows no accepted issue, only an absent one
			}
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
		severity := "blocker"
		if reason.Effect == verify.Allow {
			severity = "info"
		}
		list = append(list, codeQuality{
			Description: Safe(reason.What), Check: "assay/" + reason.Code, Severity: severity,
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
