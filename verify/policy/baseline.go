package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/report"
)

const byBaseline = "baseline"

// Baseline is what an earlier report already knew. A finding is recognised by
// its fingerprint and severity, so it survives a move of the file and a rebuild;
// a gap only in a file of the same bytes, because what was not understood there
// can be anything elsewhere. Each entry excuses as many as there were: a second
// copy of a known finding is new.
type Baseline struct {
	counts map[string]int
	digest string
}

// NewBaseline takes findings and gaps of a report. Signatures, digests and what
// else the policy asks for are judged anew.
func NewBaseline(r verify.Report) *Baseline {
	b := &Baseline{counts: make(map[string]int)}
	sums := make(map[string]string)
	for _, f := range r.Files {
		sums[f.Name] = f.SHA256
		for _, finding := range f.Findings {
			if key := findingKey(report.Fingerprint(finding), finding, f.SHA256); key != "" {
				b.counts[key]++
			}
		}
	}
	for _, g := range r.Gaps {
		if sum := sums[g.File]; sum != "" && isExcusable(g) {
			b.counts[gapKey(GapFingerprint(g), sum)]++
		}
	}
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(b.counts)) {
		fmt.Fprintf(h, "%s %d\n", key, b.counts[key])
	}
	b.digest = hex.EncodeToString(h.Sum(nil))
	return b
}

// known is a copy to count down.
func (b *Baseline) known() map[string]int {
	if b == nil {
		return nil
	}
	return maps.Clone(b.counts)
}

// findingKey holds the severity too: a known hint must not excuse an alarm. A
// text with a cut ("...") or a value that is not known ("<unknown>") does not say
// everything, since two commands can begin alike: it is known again only in the
// same bytes.
func findingKey(mark string, f verify.Finding, sha256 string) string {
	key := mark + " " + f.Severity.String()
	if strings.Contains(f.What, "...") || strings.ContainsAny(f.What, "<\u2026") {
		if sha256 == "" {
			return "" // bound to no bytes: known by nothing
		}
		key += " " + sha256
	}
	return key
}

func gapKey(mark, sha256 string) string { return mark + " " + sha256 }
