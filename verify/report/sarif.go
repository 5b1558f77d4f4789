package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"assay/scanners"
	"assay/verify"
)

// maxResults is GitHub's limit of results in one run of code scanning.
const maxResults = 25_000

// SARIF writes SARIF 2.1.0 within the limits of GitHub code scanning. Findings
// are results; what could not be looked at is a notification, and makes the
// invocation unsuccessful, because a result list alone reads as "all was seen".
func SARIF(w io.Writer, r verify.Report, _ Options) error {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "assay", SemanticVersion: verify.SchemaVersion + ".0", Rules: sarifRules(r)}},
		Results: sarifResults(r),
		Invocations: []sarifInvocation{{
			ExecutionSuccessful: r.Outcome() == verify.Pass || r.Outcome() == verify.Fail && len(r.Gaps) == 0,
			Notifications:       sarifNotifications(r),
		}},
		AutomationDetails: sarifAutomation{ID: "assay/" + r.Artifact.ContentID},
		ColumnKind:        "unicodeCodePoints",
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRules(r verify.Report) []sarifRule {
	rules := []sarifRule{}
	for _, rule := range r.Rules {
		rules = append(rules, sarifRule{
			ID: rule.ID, ShortDescription: sarifText{rule.Summary}, Help: sarifText{rule.Help},
			Configuration: sarifConfiguration{sarifLevel(rule.Severity)},
			Properties:    sarifRuleProperties{Tags: append([]string{"security"}, rule.CWE...), SecuritySeverity: securitySeverity(rule.Severity)},
		})
	}
	return rules
}

// sarifResults lists findings worst first across all files, so that the limit
// cuts the harmless ones.
func sarifResults(r verify.Report) []sarifResult {
	results := []sarifResult{}
	excused := excuses(r)
	for s := scanners.Critical; s <= scanners.Informational; s++ {
		for _, f := range r.Files {
			for _, finding := range f.Findings {
				if finding.Severity == s && len(results) < maxResults {
					results = append(results, sarifOf(f, finding, excused))
				}
			}
		}
	}
	return results
}

func sarifOf(f verify.FileEvidence, finding verify.Finding, excused excusing) sarifResult {
	text := finding.What
	for _, member := range finding.Path {
		text += ", in " + member
	}
	place := sarifPhysical{Artifact: sarifArtifact{sarifURI(f.Name)}}
	if len(finding.Path) == 0 && finding.Offset >= 0 {
		place.Region = &sarifRegion{ByteOffset: finding.Offset, ByteLength: 1}
	}
	result := sarifResult{
		RuleID: finding.Rule, Level: sarifLevel(finding.Severity),
		Message:      sarifText{Safe(fmt.Sprintf("%s (at byte %d)", text, finding.Offset))},
		Locations:    []sarifLocation{{place}},
		Fingerprints: map[string]string{"assay/v1": Fingerprint(finding)},
	}
	switch by := excused.of(f.Name, Fingerprint(finding)); by {
	case "":
	case "baseline":
		result.Baseline = "unchanged"
	default:
		result.Suppressions = []sarifSuppression{{Kind: "external", Justification: Safe(by)}}
	}
	return result
}

func sarifNotifications(r verify.Report) []sarifNotification {
	list := []sarifNotification{}
	for _, reason := range r.Verdict.Reasons {
		if reason.Code == "finding" || len(list) == maxResults {
			continue
		}
		level := "error"
		if reason.Effect == verify.Allow {
			level = "note"
		}
		n := sarifNotification{Level: level, Message: sarifText{Safe(reason.What)}}
		if reason.File != "" {
			n.Locations = []sarifLocation{{sarifPhysical{Artifact: sarifArtifact{sarifURI(reason.File)}}}}
		}
		list = append(list, n)
	}
	return list
}

// sarifURI is a relative URI reference (SARIF 3.4.3): each part is escaped.
func sarifURI(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func sarifLevel(s scanners.Severity) string {
	switch s {
	case scanners.Critical, scanners.High:
		return "error"
	case scanners.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is GitHub's scale: above 9.0 critical, 7.0 high, 4.0 medium.
func securitySeverity(s scanners.Severity) string {
	switch s {
	case scanners.Critical:
		return "9.5"
	case scanners.High:
		return "8.0"
	case scanners.Medium:
		return "5.5"
	case scanners.Low:
		return "2.0"
	}
	return "0.0"
}

// The part of SARIF 2.1.0 that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool              sarifTool         `json:"tool"`
		Invocations       []sarifInvocation `json:"invocations"`
		AutomationDetails sarifAutomation   `json:"automationDetails"`
		ColumnKind        string            `json:"columnKind"`
		Results           []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name            string      `json:"name"`
		SemanticVersion string      `json:"semanticVersion"`
		Rules           []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string              `json:"id"`
		ShortDescription sarifText           `json:"shortDescription"`
		Help             sarifText           `json:"help"`
		Configuration    sarifConfiguration  `json:"defaultConfiguration"`
		Properties       sarifRuleProperties `json:"properties"`
	}
	sarifConfiguration struct {
		Level string `json:"level"`
	}
	sarifRuleProperties struct {
		Tags             []string `json:"tags"`
		SecuritySeverity string   `json:"security-severity"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Baseline     string             `json:"baselineState,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		ByteOffset int64 `json:"byteOffset"`
		ByteLength int64 `json:"byteLength"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool                `json:"executionSuccessful"`
		Notifications       []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
)
