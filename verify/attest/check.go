package attest

import (
	"fmt"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/internal/envelope"
)

// check implements verify.Check.
type check struct {
	verifier     *Verifier
	attestations []*attestation
	inside       map[string]bool // documents in the artifact -> well-formed
	pinned       string
}

// Needs implements verify.Check: SHA-256 is always there.
func (c *check) Needs() []verify.HashNeed { return nil }

// Claims implements verify.Check.
func (c *check) Claims(files verify.Digests) []verify.Claim {
	t := newTree(files, c.inside, c.pinned)
	claims := make([]verify.Claim, 0, len(c.attestations))
	for _, a := range c.attestations {
		claims = append(claims, c.claim(a, t))
	}
	for _, want := range c.verifier.config.Require {
		if missing, ok := c.missing(want, claims, t); ok {
			claims = append(claims, missing)
		}
	}
	return claims
}

func (c *check) claim(a *attestation, t *tree) verify.Claim {
	claim := verify.Claim{
		Scheme: Scheme, Document: a.name, Identity: a.Signer, Time: a.Time, TimeSource: a.TimeSource,
		Covers: []string{}, Problems: []verify.Problem{}, Notes: a.Notes,
		Attestation: &verify.Attestation{Files: []string{}},
	}
	if a.problem != nil {
		if !a.given && (envelope.IsStranger(a.problem.Code) || !a.signedBySomebody()) {
			claim.Notes = append(claim.Notes, a.problem.What)
			return claim
		}
		claim.Standing, claim.Problems = verify.Failed, append(claim.Problems, *a.problem)
		return claim
	}
	problems := c.judge(a, t, &claim)
	switch {
	case len(problems) > 0 && (a.given || a.Trusted && !onlyOther(problems)):
		claim.Standing, claim.Problems = verify.Failed, append(claim.Problems, problems...)
	case len(problems) > 0:
		claim.Notes = append(claim.Notes, problems[0].What)
	case a.Trusted:
		claim.Standing = verify.Verified
	}
	return claim
}

// others are the codes of an attestation that is good and not the one that is
// looked for. Lying in the model it is no reason to refuse, because another one may
// be the one: what is asked for has to be there all the same.
var others = []string{
	CodeOtherSubject, CodeBuilder, CodeBuildType, CodeSource, CodeRef, CodeTrigger, CodeParameter,
	CodeVerifier, CodeResource, CodePolicy, CodeLevel, CodeTooOld, CodeFileMissing,
}

func onlyOther(problems []verify.Problem) bool {
	return !slices.ContainsFunc(problems, func(p verify.Problem) bool { return !slices.Contains(others, p.Code) })
}

// signedBySomebody tells a bundle that somebody in Config may have signed, and
// that was changed, from one that only looks like a bundle.
func (a *attestation) signedBySomebody() bool {
	return a.problem.Code != envelope.CodeBadBundle && a.problem.Code != envelope.CodeBadCertificate
}

// judge compares statement, subjects and predicate.
func (c *check) judge(a *attestation, t *tree, claim *verify.Claim) []verify.Problem {
	st := a.statement
	kind := kindOf(st.PredicateType)
	bound := t.bind(st.Subjects, kind == KindVSA || kind == KindSVR)
	what := claim.Attestation
	what.Kind, what.Whole, what.Files = kind, bound.whole, append(what.Files, bound.files...)
	claim.PredicateType = text(st.PredicateType)
	if len(bound.renamed) > 0 {
		claim.Notes = append(claim.Notes, "attested under other names: "+strings.Join(bound.renamed[:min(10, len(bound.renamed))], ", "))
	}
	j := &judge{expect: &c.verifier.config.Expect, now: c.verifier.config.Now, problems: bound.problems}
	if err := j.predicate(st, what); err != nil {
		return append(j.problems, verify.Problem(envelope.AsError(CodeBadPredicate, err)))
	}
	require := c.verifier.config.Require
	j.age(a.Time, what.Time, slices.Contains(require, what.Kind) || slices.Contains(require, st.PredicateType))
	return j.problems
}

// predicate checks what is known of the type. Of another one only the signer and
// the subjects are checked.
func (j *judge) predicate(st *statement, a *verify.Attestation) error {
	if a.Kind != KindOther && st.Predicate.Kind() != '{' {
		return fmt.Errorf("no predicate of type %.200q", st.PredicateType)
	}
	switch a.Kind {
	case KindProvenance:
		return j.provenance(st, a)
	case KindVSA:
		return j.vsa(st, a)
	case KindSVR:
		return j.svr(st, a)
	case KindTestResult:
		return j.testResult(st, a)
	case KindSPDX, KindCycloneDX:
		return j.bom(st, a.Kind)
	}
	return nil
}

// missing tells that an attestation that was asked for is not there
// (CVE-2022-35929), or that it leaves files out.
func (c *check) missing(want string, claims []verify.Claim, t *tree) (verify.Claim, bool) {
	attested := make(map[string]bool)
	found := false
	for _, claim := range claims {
		a := claim.Attestation
		if claim.Standing != verify.Verified || a == nil || !isKind(want, a.Kind, claim.PredicateType) {
			continue
		}
		found = true
		for _, name := range a.Files {
			attested[name] = true
		}
	}
	failed := verify.Claim{
		Scheme: Scheme, PredicateType: want, Standing: verify.Failed, Covers: []string{},
		Attestation: &verify.Attestation{Files: []string{}},
	}
	if !found {
		failed.Problems = []verify.Problem{{Code: CodeMissing, What: fmt.Sprintf("no verified attestation of kind %s: give it with --attestation", want)}}
		return failed, true
	}
	for _, name := range t.names {
		if !attested[name] && !c.inside[name] && !ignored(c.verifier.config.IgnorePaths, name) {
			failed.Problems = append(failed.Problems, verify.Problem{Code: CodeIncomplete, File: name,
				What: fmt.Sprintf("no verified attestation of kind %s is about it", want)})
		}
	}
	return failed, len(failed.Problems) > 0
}

func isKind(want, kind, predicateType string) bool {
	return want == KindAny || want == kind || want == predicateType
}

// ignored reports a name that is one of the paths or lies below one.
func ignored(paths []string, name string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}
