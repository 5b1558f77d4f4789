package policy

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"assay/verify"
	"assay/verify/report"
)

// WaiverDraft writes a waiver for every finding and gap that refuses and can be
// excused. Reason, ticket, owner and end are left open, so that it cannot be
// read before a person has filled them in.
func (r Rules) WaiverDraft(e verify.Evidence, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# What the policy refuses in %s\n# Fill in what is empty; remove what must not be accepted.\napiVersion: %s\nkind: Waivers\nwaivers:\n",
		report.Safe(e.Artifact.Ref), Version)
	j := &judgement{rules: r, e: e, now: now, excuses: newExcuses(r, e, now)}
	threshold := j.strictestThreshold(j.pick())
	n := 0
	seen := make(map[string]bool)
	add := func(file verify.FileEvidence, mark, what string) {
		if file.SHA256 == "" || seen[mark+file.SHA256] {
			return
		}
		seen[mark+file.SHA256] = true
		n++
		fmt.Fprintf(&b, "  # %s: %s\n  - id: W-%d\n    fingerprint: %q\n    file: %q\n    reason:\n    ticket:\n    owner:\n    created: %q\n    expires:\n",
			report.Safe(file.Name), report.Safe(what), n, mark, file.SHA256, now.UTC().Format(time.DateOnly))
	}
	byName := make(map[string]verify.FileEvidence, len(e.Files))
	for i, f := range e.Files {
		byName[f.Name] = f
		for k, finding := range f.Findings {
			if finding.Severity.AtLeast(threshold) && j.excuses.finding([2]int{i, k}, f, finding) == "" {
				add(f, report.Fingerprint(finding), fmt.Sprintf("%s %s, %s", finding.Severity, finding.Rule, finding.What))
			}
		}
	}
	for _, g := range e.Gaps {
		if f := byName[g.File]; isExcusable(g) && j.excuses.gap(f, g) == "" {
			add(f, GapFingerprint(g), strings.Join(append([]string{g.Reason}, g.Path...), ", in "))
		}
	}
	if n == 0 {
		return []byte("# nothing that a waiver could excuse\n")
	}
	return b.Bytes()
}
