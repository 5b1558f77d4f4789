package attest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/verify"
)

// Expectations are compared with every attestation of the kind that they are
// about. Empty fields expect nothing.
type Expectations struct {
	Builders   []string          // builder ids, any of them
	BuildType  string            // URI
	Source     string            // repository URI
	Ref        string            // "refs/heads/main"
	Triggers   []string          // events, any of them
	Parameters map[string]string // "inputs.release": "true"; with any, no other input may be set

	Verifiers []string // verifier ids of summaries, any of them
	Resource  string   // URI, exactly
	Policy    string   // hex SHA-256 of the policy
	Levels    []string // verified levels or properties, all of them

	After  time.Time     // nothing older: an earlier release must not come back
	MaxAge time.Duration // nothing older than this
}

func (e *Expectations) ofProvenance() bool {
	return len(e.Builders)+len(e.Triggers)+len(e.Parameters) > 0 || e.BuildType != "" || e.Source != "" || e.Ref != ""
}

func (e *Expectations) ofSummary() bool {
	return len(e.Verifiers)+len(e.Levels) > 0 || e.Resource != "" || e.Policy != ""
}

func (e *Expectations) ofTime() bool { return !e.After.IsZero() || e.MaxAge > 0 }

// implied are the kinds that must be there for the expectations to mean
// something: what is expected of provenance is not met by its absence.
func (e *Expectations) implied(required []string) []string {
	if e.ofProvenance() && !slices.Contains(required, KindProvenance) {
		required = append(required, KindProvenance)
	}
	summary := slices.Contains(required, KindVSA) || slices.Contains(required, KindSVR)
	if e.ofSummary() && !summary {
		required = append(required, KindVSA)
	}
	return required
}

func (e *Expectations) check(required []string) error {
	switch {
	case slices.Contains(required, KindProvenance) && len(e.Builders) == 0:
		return errors.New("provenance needs the id of the builder that is trusted: whoever holds a key could claim any build")
	case (slices.Contains(required, KindVSA) || slices.Contains(required, KindSVR)) && len(e.Verifiers) == 0:
		return errors.New("a verification summary needs the id of the verifier that is trusted")
	case e.MaxAge < 0:
		return errors.New("the age must not be negative")
	}
	return nil
}

// clockSkew is how far ahead a signer's clock may be.
const clockSkew = 5 * time.Minute

// judge collects problems of one attestation.
type judge struct {
	expect   *Expectations
	now      time.Time
	problems []verify.Problem
}

func (j *judge) fail(code, format string, args ...any) {
	j.problems = append(j.problems, verify.Problem{Code: code, What: fmt.Sprintf(format, args...)})
}

// oneOf is exact: a builder id that only begins like a trusted one is another.
func (j *judge) oneOf(code, what, got string, want []string) {
	if len(want) > 0 && !slices.Contains(want, got) {
		j.fail(code, "%s is %.200q, expected is %s", what, got, strings.Join(want, " or "))
	}
}

func (j *judge) exact(code, what, got, want string) {
	if want != "" && got != want {
		j.fail(code, "%s is %.200q, expected is %s", what, got, want)
	}
}

// age takes the trusted time of the signature when there is one, else the
// signer's word. An attestation that was asked for must have either.
func (j *judge) age(trusted, claimed string, required bool) {
	for _, s := range []string{trusted, claimed} {
		if t, err := time.Parse(time.RFC3339, s); err == nil && t.After(j.now.Add(clockSkew)) {
			j.fail(CodeTime, "made at %s, which is in the future", s)
			return
		}
	}
	if !j.expect.ofTime() {
		return
	}
	said := trusted
	if said == "" {
		said = claimed
	}
	t, err := time.Parse(time.RFC3339, said)
	switch {
	case err != nil && !required:
	case err != nil:
		j.fail(CodeTime, "it does not say when it was made, and its age matters")
	case t.Before(j.expect.After):
		j.fail(CodeTooOld, "made at %s, accepted is nothing before %s", said, j.expect.After.UTC().Format(time.RFC3339))
	case j.expect.MaxAge > 0 && j.now.Sub(t) > j.expect.MaxAge:
		j.fail(CodeTooOld, "made at %s, accepted is nothing older than %s", said, j.expect.MaxAge)
	}
}
