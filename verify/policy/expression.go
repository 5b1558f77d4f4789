package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"

	"assay/verify"
)

// Expression is a question to the evidence, written in CEL (cel.dev), that the
// clauses of YAML have no word for. It can only refuse: what is not true is denied,
// and so is what cannot be computed, like a field that is not there.
type Expression struct {
	Name    string // for people
	Text    string
	Message string // what is wrong when it is not true
	Advice  string // what to do then
	program cel.Program
}

type expressionDocument struct {
	Name    string `yaml:"name"`
	Expr    string `yaml:"expr"`
	Message string `yaml:"message"`
	Advice  string `yaml:"advice"`
}

// Bounds of one expression. The cost counts the steps of the evaluation: a
// comprehension over the findings of 100,000 files stays below it, and takes about
// a second.
const (
	maxExpression     = 4 << 10 // bytes of text
	maxExpressionCost = 20_000_000
)

func (d expressionDocument) expression() (Expression, error) {
	x := Expression{Name: d.Name, Text: d.Expr, Message: d.Message, Advice: d.Advice}
	switch {
	case d.Name == "" || strings.TrimSpace(d.Expr) == "":
		return x, errors.New("needs name and expr")
	case len(d.Expr) > maxExpression:
		return x, fmt.Errorf("%s: longer than %d bytes", d.Name, maxExpression)
	}
	var err error
	if x.program, err = compile(d.Expr); err != nil {
		return x, fmt.Errorf("%s: %w", d.Name, err)
	}
	// A misspelled field is an error of the policy, not of every model.
	if _, err := x.ask(sample, "", time.Unix(0, 0)); err != nil && isMisspelled(err) {
		return x, fmt.Errorf("%s: %w; the fields are those of docs/policy.md", d.Name, err)
	}
	return x, nil
}

// isMisspelled tells the name of a field from that of a fact, which always has a
// slash and may be absent.
func isMisspelled(err error) bool {
	_, key, found := strings.Cut(err.Error(), "no such key: ")
	return found && !strings.Contains(key, "/")
}

// compile type-checks an expression. The environment has the standard library of
// CEL and no function that reads anything else.
func compile(text string) (cel.Program, error) {
	list := cel.ListType(cel.MapType(cel.StringType, cel.DynType))
	env, err := cel.NewEnv(
		cel.Variable("artifact", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("files", list), cel.Variable("claims", list), cel.Variable("gaps", list),
		cel.Variable("environment", cel.StringType), cel.Variable("now", cel.TimestampType))
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("it gives %s, and has to give true or false", t)
	}
	return env.Program(ast, cel.CostLimit(maxExpressionCost))
}

// ask reports whether the expression holds.
func (x Expression) ask(e verify.Evidence, environment string, now time.Time) (bool, error) {
	if x.program == nil {
		return false, errors.New("it was not compiled")
	}
	answer, _, err := x.program.Eval(map[string]any{
		"artifact": artifactFields(e.Artifact), "files": fileFields(e.Files), "claims": claimFields(e.Claims),
		"gaps": gapFields(e.Gaps), "environment": environment, "now": now,
	})
	if err != nil {
		return false, err
	}
	truth, ok := answer.(types.Bool)
	if !ok {
		return false, fmt.Errorf("it gives %s, not true or false", answer.Type().TypeName())
	}
	return bool(truth), nil
}

// expression is the clause.
func (j *judgement) expression(x Expression) []verify.Reason {
	holds, err := x.ask(j.e, j.rules.Environment, j.now)
	switch {
	case err != nil:
		return []verify.Reason{j.missing(CodeExpression, "", fmt.Sprintf("%s cannot be computed: %v", x.Name, err),
			"ask with has() for what may not be there")}
	case holds:
		return nil
	}
	what := x.Message
	if what == "" {
		what = x.Name + " does not hold: " + x.Text
	}
	return []verify.Reason{{Code: CodeExpression, Effect: verify.Deny, What: what, Advice: x.Advice}}
}

// fields are what an expression sees of a thing, by the names of the JSON report.
// Every field is always there.
type fields map[string]any

func artifactFields(a verify.ArtifactInfo) map[string]string {
	return map[string]string{
		"ref": a.Ref, "pinned": a.Pinned, "kind": string(a.Kind), "contentId": a.ContentID, "repository": a.Repository,
		"owner": a.Owner, "created": a.Created, "revision": a.Revision, "name": a.Name, "recorded": a.Recorded,
	}
}

func fileFields(files []verify.FileEvidence) []fields {
	list := make([]fields, len(files))
	for i, f := range files {
		facts := make(map[string][]string, len(f.Facts))
		for _, fact := range f.Facts {
			facts[fact.Key] = append(facts[fact.Key], fact.Value)
		}
		findings := make([]fields, len(f.Findings))
		for k, g := range f.Findings {
			findings[k] = fields{"rule": g.Rule, "severity": g.Severity.String(), "path": g.Path, "offset": g.Offset, "what": g.What}
		}
		list[i] = fields{
			"name": f.Name, "size": f.Size, "sha256": f.SHA256, "formats": f.Formats, "facts": facts, "findings": findings,
			"classification": f.Classification.String(),
			"coverage":       map[string]int64{"parsed": f.Coverage.Parsed, "opaque": f.Coverage.Opaque, "hashed": f.Coverage.Hashed, "skipped": f.Coverage.Skipped},
		}
	}
	return list
}

func claimFields(claims []verify.Claim) []fields {
	list := make([]fields, len(claims))
	for i, c := range claims {
		a := c.Attestation
		if a == nil {
			a = &verify.Attestation{}
		}
		list[i] = fields{
			"scheme": c.Scheme, "document": c.Document, "predicateType": c.PredicateType, "standing": string(c.Standing),
			"time": c.Time, "covers": c.Covers, "method": c.Identity.Method, "keyId": c.Identity.KeyID,
			"subject": c.Identity.Subject, "issuer": c.Identity.Issuer, "certificateRepository": c.Identity.Repository,
			"certificateRef": c.Identity.Ref, "certificateTrigger": c.Identity.Trigger, "certificateRunner": c.Identity.Runner,
			"kind": a.Kind, "whole": a.Whole, "builder": a.Builder, "buildType": a.BuildType, "source": a.Source, "sourceRef": a.Ref,
			"trigger": a.Trigger, "verifier": a.Verifier, "resource": a.Resource, "result": a.Result, "properties": a.Properties,
		}
	}
	return list
}

func gapFields(gaps []verify.Gap) []fields {
	list := make([]fields, len(gaps))
	for i, g := range gaps {
		list[i] = fields{"code": string(g.Code), "file": g.File, "path": g.Path, "reason": g.Reason}
	}
	return list
}

// sample has one of everything, so that a field that no evidence has is noticed
// when a policy is read.
var sample = verify.Evidence{
	Files:  []verify.FileEvidence{{Findings: []verify.Finding{{}}}},
	Claims: []verify.Claim{{}},
	Gaps:   []verify.Gap{{}},
}
