package report

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/verify"
)

// sastVersion is the version of GitLab's SAST report format that is written. A
// report of a version that GitLab does not know is refused whole.
const sastVersion = "15.2.4"

// GitLabSAST writes a GitLab SAST report. Its status is a failure when something
// could not be looked at, because an empty list reads as a clean one. Start and
// end are fixed: the format wants them, and the report knows no clock.
func GitLabSAST(w io.Writer, r verify.Report, _ Options) error {
	const epoch = "1970-01-01T00:00:00"
	tool := sastTool{ID: "assay", Name: "assay", Version: verify.SchemaVersion + ".0", Vendor: sastVendor{"assay"}}
	status := "success"
	if o := r.Outcome(); o != verify.Pass && (o != verify.Fail || len(r.Gaps) > 0) {
		status = "failure"
	}
	log := sastReport{
		Version: sastVersion, Vulnerabilities: []sastVulnerability{},
		Scan: sastScan{Analyzer: tool, Scanner: tool, Type: "sast", Start: epoch, End: epoch, Status: status},
	}
	for _, reason := range r.Verdict.Reasons {
		if reason.Code == "finding" || len(log.Scan.Messages) == maxRows {
			continue
		}
		level := "fatal"
		if reason.Effect == verify.Allow {
			level = "info"
		}
		log.Scan.Messages = append(log.Scan.Messages, sastMessage{Level: level, Value: Safe(about(r, reason.File)) + ": " + Safe(reason.What)})
	}
	log.Vulnerabilities = append(log.Vulnerabilities, sastVulnerabilities(r)...)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(log)
}

func sastVulnerabilities(r verify.Report) []sastVulnerability {
	var list []sastVulnerability
	excused := excuses(r)
	rules := make(map[string]verify.Rule, len(r.Rules))
	for _, rule := range r.Rules {
		rules[rule.ID] = rule
	}
	for _, row := range foundRows(r) {
		if excused.of(row.File, row.Fingerprint) != "" || len(list) == maxResults {
			continue
		}
		rule := rules[row.Rule]
		v := sastVulnerability{
			// The id is of the finding in its file, so that two files have two.
			ID: uuid(row.Fingerprint, row.File, row.Offset), Name: row.Rule, Description: Safe(row.What),
			Severity: sastSeverity(row.Severity), Solution: rule.Help, Location: sastLocation{File: Safe(row.File), Start: 1},
			Identifiers: []sastIdentifier{{Type: "assay_rule", Name: row.Rule, Value: row.Rule}},
		}
		for _, cwe := range rule.CWE {
			v.Identifiers = append(v.Identifiers, sastIdentifier{Type: "cwe", Name: cwe, Value: strings.TrimPrefix(cwe, "CWE-")})
		}
		list = append(list, v)
	}
	return list
}

func sastSeverity(s scanners.Severity) string {
	names := [...]string{"Critical", "High", "Medium", "Low", "Info"}
	return names[min(int(s), len(names)-1)]
}

type (
	sastReport struct {
		Version         string              `json:"version"`
		Scan            sastScan            `json:"scan"`
		Vulnerabilities []sastVulnerability `json:"vulnerabilities"`
	}
	sastScan struct {
		Analyzer sastTool      `json:"analyzer"`
		Scanner  sastTool      `json:"scanner"`
		Type     string        `json:"type"`
		Start    string        `json:"start_time"`
		End      string        `json:"end_time"`
		Status   string        `json:"status"`
		Messages []sastMessage `json:"messages,omitempty"`
	}
	sastTool struct {
		ID      string     `json:"id"`
		Name    string     `json:"name"`
		Version string     `json:"version"`
		Vendor  sastVendor `json:"vendor"`
	}
	sastVendor struct {
		Name string `json:"name"`
	}
	sastMessage struct {
		Level string `json:"level"`
		Value string `json:"value"`
	}
	sastVulnerability struct {
		ID          string           `json:"id"`
		Name        string           `json:"name"`
		Description string           `json:"description"`
		Severity    string           `json:"severity"`
		Solution    string           `json:"solution,omitempty"`
		Location    sastLocation     `json:"location"`
		Identifiers []sastIdentifier `json:"identifiers"`
	}
	sastLocation struct {
		File  string `json:"file"`
		Start int    `json:"start_line"`
	}
	sastIdentifier struct {
		Type  string `json:"type"`
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// Tekton writes the value of a task result called TEST_OUTPUT, in the form that
// Konflux and Conforma use. It fits the 4096 bytes that a result may have. The
// timestamp that others add is left to the task, which knows the time.
func Tekton(w io.Writer, r verify.Report, _ Options) error {
	out := tektonResult{Result: "SUCCESS", Note: "assay: " + string(r.Outcome())}
	for _, reason := range r.Verdict.Reasons {
		switch {
		case reason.Effect != verify.Allow:
			out.Failures++
		default:
			out.Warnings++
		}
	}
	denied := byFile(r)
	for _, f := range r.Files {
		if !slices.ContainsFunc(denied[f.Name], func(reason verify.Reason) bool { return reason.Effect != verify.Allow }) {
			out.Successes++
		}
	}
	switch o := r.Outcome(); {
	case o == verify.Fail:
		out.Result = "FAILURE"
	case o != verify.Pass:
		out.Result = "ERROR"
	case out.Warnings > 0:
		out.Result = "WARNING"
	}
	return json.NewEncoder(w).Encode(out)
}

type tektonResult struct {
	Result    string `json:"result"`
	Successes int    `json:"successes"`
	Failures  int    `json:"failures"`
	Warnings  int    `json:"warnings"`
	Note      string `json:"note"`
}
