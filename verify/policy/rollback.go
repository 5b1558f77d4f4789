package policy

import (
	"fmt"
	"slices"
	"time"

	"assay/verify"
)

// AsksHistory reports whether a clause wants to know what was signed before.
func (r Rules) AsksHistory() bool {
	return r.Require.NoRollback || slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Require.NoRollback })
}

// signedAfter refuses files without a verified signature whose trusted time is the
// given one or later: an old release with known faults is signed as well as the
// new one (CVE-2024-23332).
func (j *judgement) signedAfter(least time.Time) []verify.Reason {
	signed := make(map[string]bool)
	timed := false
	for _, c := range j.e.Claims {
		at, err := time.Parse(time.RFC3339, c.Time)
		if c.Standing != verify.Verified || err != nil || !j.rules.counts(c.Identity) || !provesAge(c) {
			continue
		}
		timed = true
		if at.Before(least) {
			continue
		}
		for _, name := range slices.Concat(c.Covers, c.Exempt) {
			signed[name] = true
		}
	}
	for _, f := range j.e.Files {
		switch {
		case signed[f.Name]:
		case !timed:
			return []verify.Reason{j.missing(CodeRollback, "", "no verified signature proves when it was made", "ask for a keyless signature: a timestamp over another one only says that it is not newer")}
		default:
			return []verify.Reason{{Code: CodeRollback, Effect: verify.Deny, File: f.Name,
				What:   fmt.Sprintf("not signed at %s or later", least.UTC().Format(time.RFC3339)),
				Advice: "use a newer release"}}
		}
	}
	return nil
}

// provesAge: a timestamp says that a signature was there, and not that it was not
// there before: anybody can have an old one stamped today. Only a keyless signature
// was made when its time says, because its certificate holds for minutes.
func provesAge(c verify.Claim) bool { return c.Identity.Method == "sigstore" }

// rollback refuses what was signed before the newest that was seen under the same
// name.
func (j *judgement) rollback() []verify.Reason {
	switch newest := j.e.Artifact.NewestSigned; newest {
	case "":
		return []verify.Reason{j.missing(CodeRollback, "", "what was signed before is not known", "use a reference that a store pins, and leave out --no-store")}
	case "none":
		return nil
	default:
		at, err := time.Parse(time.RFC3339, newest)
		if err != nil {
			return []verify.Reason{j.missing(CodeRollback, "", "the time of what was signed before cannot be read", "gate it again")}
		}
		reasons := j.signedAfter(at)
		for i := range reasons {
			reasons[i].What += fmt.Sprintf(", and a revision signed at %s was seen before", newest)
		}
		return reasons
	}
}
