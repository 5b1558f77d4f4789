package policy_test

import (
	"strings"
	"testing"
	"time"

	"assay/scanners"
	"assay/verify"
	"assay/verify/policy"
)

// TestBaselineOfCutText: two findings whose texts were cut at the same place are
// not the same finding, unless they are in the same bytes.
func TestBaselineOfCutText(t *testing.T) {
	with := func(what, sha string) verify.Evidence {
		e := complete()
		e.Files[0].SHA256 = sha
		e.Files[0].Findings = []verify.Finding{{Rule: "pickle/dangerous-call", Severity: scanners.Critical, What: what}}
		return e
	}
	long := "calls os.system(" + strings.Repeat("a", 100) + "...)"
	for _, c := range []struct {
		name          string
		before, after verify.Evidence
		want          verify.Decision
	}{
		{"short, other bytes", with("calls os.system(1)", "aa"), with("calls os.system(1)", "bb"), verify.Allow},
		{"cut, the same bytes", with(long, "aa"), with(long, "aa"), verify.Allow},
		{"cut, other bytes", with(long, "aa"), with(long, "bb"), verify.Deny},
		{"unknown value, other bytes", with("calls x(<unknown>)", "aa"), with("calls x(<unknown>)", "bb"), verify.Deny},
		{"cut, bound to no bytes", with(long, ""), with(long, ""), verify.Deny},
	} {
		before := verify.NewReport(c.before, policy.Rules{}, time.Time{})
		rules := policy.Rules{Baseline: policy.NewBaseline(before)}
		if got := rules.Decide(c.after, time.Time{}); got.Decision != c.want {
			t.Errorf("%s: %q, want %q: %+v", c.name, got.Decision, c.want, got.Reasons)
		}
	}
}
