package policy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/scanners"
	"assay/verify"
)

// findings gives one reason for each file, rule and excuse, with the first place.
func (j *judgement) findings() []verify.Reason {
	return j.group(func(f verify.Finding) bool { return f.Severity.AtLeast(j.Threshold) }, CodeFinding)
}

// group gathers the findings that count under a code.
func (j *judgement) group(counts func(verify.Finding) bool, code string) []verify.Reason {
	type key struct{ rule, excuse string }
	var reasons []verify.Reason
	for i, f := range j.e.Files {
		index := make(map[key]int)
		count := make(map[key]int)
		for n, finding := range f.Findings {
			if !counts(finding) {
				continue
			}
			k := key{finding.Rule, j.excuses.finding([2]int{i, n}, f, finding)}
			if count[k]++; count[k] > 1 {
				continue
			}
			index[k] = len(reasons)
			reasons = append(reasons, j.reason(code, f.Name, finding, k.excuse))
		}
		for k, i := range index {
			if n := count[k]; n > 1 {
				reasons[i].What += fmt.Sprintf(", and %d more", n-1)
			}
		}
	}
	return reasons
}

func (j *judgement) reason(code, file string, f verify.Finding, excuse string) verify.Reason {
	r := verify.Reason{
		Code: code, Effect: verify.Deny, File: file, Excused: excuse,
		What:   fmt.Sprintf("%s: %s (%s%s)", f.Rule, f.What, f.Severity, place(f)),
		Advice: "assay explain " + f.Rule,
	}
	if excuse != "" {
		r.Effect = verify.Allow
	}
	if i, ok := slices.BinarySearchFunc(j.e.Rules, f.Rule, func(rule verify.Rule, id string) int { return cmp.Compare(rule.ID, id) }); ok {
		r.Why = j.e.Rules[i].Help
	}
	return r
}

func place(f verify.Finding) string {
	text := ""
	for _, member := range f.Path {
		text += ", in " + member
	}
	return text + fmt.Sprintf(", at byte %d", f.Offset)
}

func pinned(e verify.Evidence) []verify.Reason {
	if e.Artifact.Pinned != "" {
		return nil
	}
	return []verify.Reason{{Code: CodeUnpinned, Effect: verify.Deny,
		What: "the reference has no immutable form", Advice: "name a commit or a digest"}}
}

func (j *judgement) noRule() []verify.Reason {
	r := verify.Reason{Code: CodeUnmatched, Effect: verify.Deny, What: "no rule of the policy matches " + namesText(j.e.Artifact),
		Advice: "add a rule for it to the policy, or use a model that one matches"}
	switch j.rules.Defaults.Unmatched {
	case "warn", "builtin":
		r.Effect, r.Excused = verify.Allow, "unmatched: "+j.rules.Defaults.Unmatched
	}
	return []verify.Reason{r}
}

// missing is a clause that lacks the evidence to decide.
func (j *judgement) missing(code, file, what, advice string) verify.Reason {
	effect := verify.Deny
	if j.rules.Defaults.Missing == "incomplete" {
		effect = verify.Undecided
	}
	return verify.Reason{Code: code, Effect: effect, File: file, What: what, Advice: advice}
}

// require asks the clauses of one set of requirements.
func (j *judgement) require(source string, q Requirements) {
	if q.Signature && source != sourceEvery {
		j.clause("signature", source, j.rules.unsigned(j.e))
	}
	if q.Pinned && source != sourceEvery {
		j.clause("pinned", source, pinned(j.e))
	}
	if q.SignedBy.AtLeast > 0 {
		j.clause("signedBy", source, j.signedBy(q.SignedBy))
	}
	for _, want := range q.Attested {
		j.clause("attested "+want.Kind, source, j.attested(want))
	}
	if !q.Formats.empty() {
		j.clause("formats", source, j.formats(q.Formats))
	}
	if q.RemoteCode {
		j.clause("remoteCode", source, j.remoteCode())
	}
	if !q.Licenses.empty() {
		j.clause("licenses", source, j.licenses(q.Licenses))
	}
	if len(q.Evidence) > 0 {
		j.clause("evidence", source, j.minimum(q.Evidence))
	}
	if !q.SignedAfter.IsZero() {
		j.clause("signedAfter", source, j.signedAfter(q.SignedAfter))
	}
	if q.NoRollback {
		j.clause("noRollback", source, j.rollback())
	}
	if q.MinAge > 0 {
		j.clause("minAge", source, j.age(q.MinAge))
	}
	if q.FreshWithin > 0 {
		j.clause("freshWithin", source, j.fresh(q.FreshWithin))
	}
	for _, x := range q.That {
		j.clause("that "+x.Name, source, j.expression(x))
	}
}

func (j *judgement) formats(l Lists) []verify.Reason {
	var reasons []verify.Reason
	for _, f := range j.e.Files {
		if f.Size == 0 {
			continue // no bytes, no format
		}
		if len(f.Formats) == 0 {
			reasons = append(reasons, j.missing(CodeFormat, f.Name, "its format is not known", "remove the file, or allow its content with a waiver"))
		}
		for _, format := range f.Formats {
			if slices.Contains(l.Deny, format) || len(l.Allow) > 0 && !slices.Contains(l.Allow, format) {
				reasons = append(reasons, verify.Reason{Code: CodeFormat, Effect: verify.Deny, File: f.Name,
					What: fmt.Sprintf("the format %s is not allowed", format), Advice: j.formatAdvice(format)})
			}
		}
	}
	return reasons
}

// formatAdvice names the file to use instead, when the model brings it.
func (j *judgement) formatAdvice(format string) string {
	if format != "pickle" && format != "zip" && format != "torchscript" {
		return "use a file in an allowed format, or allow this one in the policy"
	}
	for _, f := range j.e.Files {
		if slices.Equal(f.Formats, []string{"safetensors"}) {
			return fmt.Sprintf("load %s instead, which is part of this model, and leave this file out", f.Name)
		}
	}
	return "use the safetensors file of this model; if there is none, ask the publisher for one"
}

// remoteCodeRules are the findings that say: loading this model runs code that
// comes with it or from elsewhere. A threshold does not matter to them.
var remoteCodeRules = map[string]string{
	"text/remote-code":       "auto_map and similar keys name code to import",
	"text/trust-remote-code": "the configuration switches remote code on (CVE-2026-5241)",
	"text/kernel-download":   "the loader fetches native code (CVE-2026-4372)",
	"text/call-target":       "_target_ names an object to call (CVE-2025-23304)",
	"text/code-in-config":    "serialised code in a configuration (CVE-2025-1550)",
	"text/auto-run":          "a settings file runs a command",
	"script/bytecode":        "compiled Python travels with the model",
	"script/native-code":     "a native library or program travels with the model",
	"script/source-code":     "source code travels with the model",
	"python/code":            "Python code travels with the model",
	"python/remote-code":     "the code of the model loads more code from elsewhere",
	"python/auto-start":      "every start of Python would run a file of the model",
	"shell/code":             "a list of commands travels with the model",
	"notebook/code":          "a notebook with code travels with the model",
	"html/script":            "a page with JavaScript travels with the model",
	"pickle/local-module":    "the pickle imports a module that the repository brings",
}

func (j *judgement) remoteCode() []verify.Reason {
	return j.group(func(f verify.Finding) bool { return remoteCodeRules[f.Rule] != "" }, CodeRemoteCode)
}

// minimums are the kinds of evidence that a policy can ask for.
var minimums = map[string]struct {
	what string
	has  func(verify.Evidence) bool
}{
	"content":    {"every file hashed whole", func(e verify.Evidence) bool { return e.Artifact.ContentID != "" }},
	"kind":       {"the kind of artifact", func(e verify.Evidence) bool { return e.Artifact.Kind != "" }},
	"repository": {"the id of the repository", func(e verify.Evidence) bool { return e.Artifact.Repository != "" }},
	"owner":      {"the owner of the repository", func(e verify.Evidence) bool { return e.Artifact.Owner != "" }},
	"created":    {"when the repository was created", func(e verify.Evidence) bool { return e.Artifact.Created != "" }},
	"revision":   {"the revision in the store", func(e verify.Evidence) bool { return e.Artifact.Revision != "" }},
	"license":    {"a declared license", func(e verify.Evidence) bool { return hasFact(e, licenseFact) }},
	"digests":    {"a digest for every file, declared by the store and kept", everyDigestKept},
}

func hasFact(e verify.Evidence, key string) bool {
	return slices.ContainsFunc(e.Files, func(f verify.FileEvidence) bool {
		return slices.ContainsFunc(f.Facts, func(fact verify.Fact) bool { return fact.Key == key && fact.Value != "" })
	})
}

func everyDigestKept(e verify.Evidence) bool {
	for _, f := range e.Files {
		if !slices.ContainsFunc(f.Declared, func(d verify.DeclaredDigest) bool {
			return d.Match == verify.MatchKept && d.Strength != verify.StrengthListed
		}) {
			return false
		}
	}
	return len(e.Files) > 0
}

func (j *judgement) minimum(names []string) []verify.Reason {
	var reasons []verify.Reason
	for _, name := range names {
		m, known := minimums[name]
		if known && m.has(j.e) {
			continue
		}
		reasons = append(reasons, j.missing(CodeEvidence, "", "missing evidence: "+cmp.Or(m.what, name), "use a store that tells it, or leave it out of the policy"))
	}
	return reasons
}

func (j *judgement) age(least time.Duration) []verify.Reason {
	created, err := time.Parse(time.RFC3339, j.e.Artifact.Created)
	if err != nil {
		return []verify.Reason{j.missing(CodeAge, "", "when the repository was created is not known", "use a store that tells it")}
	}
	if j.now.Sub(created) >= least {
		return nil
	}
	return []verify.Reason{{Code: CodeAge, Effect: verify.Deny, What: fmt.Sprintf("the repository was created at %s and is younger than %s", j.e.Artifact.Created, least),
		Advice: "wait, or use an older model"}}
}

// fresh refuses evidence that is too old. What was read for this decision is fresh.
func (j *judgement) fresh(within time.Duration) []verify.Reason {
	if j.e.Artifact.Recorded == "" {
		return nil
	}
	recorded, err := time.Parse(time.RFC3339, j.e.Artifact.Recorded)
	if err == nil && j.now.Sub(recorded) <= within {
		return nil
	}
	return []verify.Reason{{Code: CodeStale, Effect: verify.Undecided,
		What:   fmt.Sprintf("the files were read at %s, and that has to be within %s", j.e.Artifact.Recorded, within),
		Advice: "gate it again, without --reuse"}}
}

// hashedSuffices reports whether the policy lets bytes count that only the
// digest covers: said somewhere, and nowhere denied.
func (j *judgement) hashedSuffices() bool {
	said := false
	sets := []*bool{j.rules.Require.CoverageHashed}
	for i, t := range j.Rules {
		if t.Applies {
			sets = append(sets, j.rules.Rules[i].Require.CoverageHashed)
		}
	}
	for _, set := range sets {
		if set != nil && !*set {
			return false
		}
		said = said || set != nil
	}
	return said
}

func (j *judgement) gaps() []verify.Reason {
	reasons := make([]verify.Reason, 0, len(j.e.Gaps))
	files := make(map[string]verify.FileEvidence, len(j.e.Files))
	for _, f := range j.e.Files {
		files[f.Name] = f
	}
	hashed := j.hashedSuffices()
	for _, g := range j.e.Gaps {
		reason := gapReason(g)
		if reason.Effect == verify.Undecided && j.rules.Defaults.Error == "deny" {
			reason.Effect = verify.Deny
		}
		f := files[g.File]
		switch excuse := j.excuses.gap(f, g); {
		case excuse != "":
			reason.Effect, reason.Excused = verify.Allow, excuse
		case hashed && contentGap(g) && f.SHA256 != "":
			reason.Effect, reason.Excused = verify.Allow, "coverage: hashed"
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// contentGap is a gap about what bytes mean, not about whether they were read.
func contentGap(g verify.Gap) bool {
	return g.Code == scanners.GapUnrecognised || g.Code == scanners.GapUncovered
}

func gapReason(g verify.Gap) verify.Reason {
	reason := verify.Reason{Code: CodeIncomplete, Effect: verify.Undecided, File: g.File, What: g.Reason, Advice: cmp.Or(gapAdvice[g.Code], notUnderstood)}
	for _, member := range g.Path {
		reason.What += ", in " + member
	}
	if g.Code == verify.GapDigest {
		reason.Code, reason.Effect = CodeDigest, verify.Deny
	}
	return reason
}

// notUnderstood is the way on where bytes remain that nobody explained.
const notUnderstood = "do not load it: use a file that assay reads whole, or have these bytes reviewed and accepted by a waiver"

// gapAdvice is the way on for each kind of gap.
var gapAdvice = map[scanners.GapCode]string{
	scanners.GapUnrecognised: "use one in a format that assay knows, leave the file out of the model, or have it reviewed and accepted by a waiver: assay policy waive REPORT",
	scanners.GapLimit:        "the file is larger or deeper than assay will follow: use one that is not",
	scanners.GapInternal:     "please report it to the maintainers of assay; until then the file cannot be judged",
	verify.GapVerifier:       "repair the signature document, or leave it out",
	scanners.GapBroken:       "get the file again; if it stays broken, do not load it",
	scanners.GapUnreadable:   "make the file readable and run again",
	verify.GapDigest:         "delete the copy and fetch it again; if it differs again, tell the store",
	verify.GapChanged:        "run again when nothing writes to the model",
	verify.GapPublisher:      "find out who publishes under the name now, and why; if it is in order, accept it by a waiver: assay policy waive REPORT",
	verify.GapOmitted:        "replace the entry by a regular file",
}

// coverage refuses a file with bytes that nobody looked at although no gap says
// so: the byte count is the last word.
func (j *judgement) coverage() []verify.Reason {
	hashed := j.hashedSuffices()
	explained := make(map[string]bool, len(j.e.Gaps))
	for _, g := range j.e.Gaps {
		if !hashed || !contentGap(g) {
			explained[g.File] = true
		}
	}
	var reasons []verify.Reason
	for _, f := range j.e.Files {
		c := f.Coverage
		complete := (c.Complete() || hashed && c.Skipped == 0 && f.SHA256 != "") && c.Size() == f.Size
		if complete || explained[f.Name] {
			continue
		}
		effect := verify.Undecided
		if j.rules.Defaults.Error == "deny" {
			effect = verify.Deny
		}
		reasons = append(reasons, verify.Reason{Code: CodeIncomplete, Effect: effect, File: f.Name,
			What: fmt.Sprintf("%d of %d bytes were not looked at", f.Size-c.Parsed-c.Opaque, f.Size), Advice: notUnderstood})
	}
	return reasons
}
