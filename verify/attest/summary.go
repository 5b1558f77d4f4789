package attest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"assay/verify"
	"assay/verify/internal/envelope"
)

// Results as verification summaries and test results write them.
const (
	resultPassed = "PASSED"
	resultWarned = "WARNED"
	resultFailed = "FAILED"
)

type resourceDescriptor struct {
	URI    string            `json:"uri,omitzero"`
	Digest map[string]string `json:"digest,omitzero"`
}

type verifierID struct {
	ID string `json:"id"`
}

// vsa is https://slsa.dev/verification_summary/v1.
type vsa struct {
	Verifier          verifierID           `json:"verifier"`
	TimeVerified      string               `json:"timeVerified"`
	ResourceURI       string               `json:"resourceUri"`
	Policy            resourceDescriptor   `json:"policy"`
	InputAttestations []resourceDescriptor `json:"inputAttestations,omitzero"`
	Result            string               `json:"verificationResult"`
	Levels            []string             `json:"verifiedLevels"`
	SlsaVersion       string               `json:"slsaVersion,omitzero"`
}

// svr is https://in-toto.io/attestation/svr/v0.1, and v0.2.
type svr struct {
	Verifier    verifierID `json:"verifier"`
	TimeCreated string     `json:"timeCreated"`
	Properties  []string   `json:"properties"`
}

func (j *judge) vsa(st *statement, a *verify.Attestation) error {
	var p vsa
	if err := envelope.DecodeWide(st.Predicate, &p); err != nil {
		return err
	}
	switch {
	case p.Verifier.ID == "":
		return errors.New("summary without a verifier id")
	case p.ResourceURI == "":
		return errors.New("summary without a resource")
	case p.Result != resultPassed && p.Result != resultFailed:
		return fmt.Errorf("result is %.40q, want PASSED or FAILED", p.Result)
	}
	if _, err := time.Parse(time.RFC3339, p.TimeVerified); err != nil {
		return errors.New("summary without a time")
	}
	a.Verifier, a.Resource, a.Result, a.Time = text(p.Verifier.ID), text(p.ResourceURI), p.Result, text(p.TimeVerified)
	a.Properties, a.Policy = texts(p.Levels), text(p.Policy.URI)
	if sum := p.Policy.Digest["sha256"]; sum != "" {
		a.Policy = "sha256:" + text(sum)
	}
	e := j.expect
	j.oneOf(CodeVerifier, "the verifier", p.Verifier.ID, e.Verifiers)
	j.exact(CodeResource, "the resource", p.ResourceURI, e.Resource)
	j.exact(CodePolicy, "the policy's digest", p.Policy.Digest["sha256"], e.Policy)
	if p.Result != resultPassed {
		j.fail(CodeResult, "%.200s says that verification FAILED", p.Verifier.ID)
	}
	j.levels(p.Levels)
	return nil
}

func (j *judge) svr(st *statement, a *verify.Attestation) error {
	var p svr
	if err := envelope.DecodeWide(st.Predicate, &p); err != nil {
		return err
	}
	if p.Verifier.ID == "" {
		return errors.New("result without a verifier id")
	}
	if _, err := time.Parse(time.RFC3339, p.TimeCreated); err != nil {
		return errors.New("result without a time")
	}
	a.Verifier, a.Time, a.Properties = text(p.Verifier.ID), text(p.TimeCreated), texts(p.Properties)
	j.oneOf(CodeVerifier, "the verifier", p.Verifier.ID, j.expect.Verifiers)
	j.levels(p.Properties)
	return nil
}

// levels wants every expected level, or a higher one of the same SLSA track.
func (j *judge) levels(got []string) {
	for _, want := range j.expect.Levels {
		if !slices.ContainsFunc(got, func(level string) bool { return reaches(level, want) }) {
			j.fail(CodeLevel, "%s is not among what was verified", want)
		}
	}
}

// reaches compares "SLSA_BUILD_LEVEL_3" with "SLSA_BUILD_LEVEL_2".
func reaches(level, want string) bool {
	if level == want {
		return true
	}
	track, n, ok := slsaLevel(level)
	wantTrack, m, ok2 := slsaLevel(want)
	return ok && ok2 && track == wantTrack && n >= m
}

func slsaLevel(s string) (track string, n int, ok bool) {
	i := strings.LastIndexByte(s, '_')
	if i < 0 || !strings.HasPrefix(s, "SLSA_") || !strings.HasSuffix(s[:i], "_LEVEL") || len(s)-i != 2 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

func (j *judge) testResult(st *statement, a *verify.Attestation) error {
	var p struct {
		Result string   `json:"result"`
		Failed []string `json:"failedTests"`
	}
	if err := envelope.DecodeWide(st.Predicate, &p); err != nil {
		return err
	}
	if !slices.Contains([]string{resultPassed, resultWarned, resultFailed}, p.Result) {
		return fmt.Errorf("result is %.40q, want PASSED, WARNED or FAILED", p.Result)
	}
	a.Result = p.Result
	if p.Result == resultFailed || len(p.Failed) > 0 {
		j.fail(CodeResult, "tests failed: %d are named", len(p.Failed))
	}
	return nil
}

// bom makes sure that the predicate is what its type says.
func (j *judge) bom(st *statement, kind string) error {
	var p struct {
		Format  string         `json:"bomFormat"`
		Version string         `json:"spdxVersion"`
		Context jsontext.Value `json:"@context"`
	}
	if err := envelope.DecodeWide(st.Predicate, &p); err != nil {
		return err
	}
	switch {
	case kind == KindCycloneDX && p.Format != "CycloneDX":
		return errors.New("the predicate is no CycloneDX document")
	case kind == KindSPDX && p.Version == "" && len(p.Context) == 0:
		return errors.New("the predicate is no SPDX document")
	}
	return nil
}
