package attest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"assay/verify/internal/envelope"
)

// Statement types (in-toto attestation framework).
const (
	statementV1  = "https://in-toto.io/Statement/v1"
	statementV01 = "https://in-toto.io/Statement/v0.1"
)

// Predicate types.
const (
	TypeProvenanceV1  = "https://slsa.dev/provenance/v1"
	TypeProvenanceV02 = "https://slsa.dev/provenance/v0.2"
	TypeVSA           = "https://slsa.dev/verification_summary/v1"
	TypeSVR           = "https://in-toto.io/attestation/svr/v0.1"
	typeSVRV02        = "https://in-toto.io/attestation/svr/v0.2"
	TypeTestResult    = "https://in-toto.io/attestation/test-result/v0.1"
	TypeSPDX          = "https://spdx.dev/Document"
	TypeCycloneDX     = "https://cyclonedx.org/bom"
)

// Kinds of predicates, as in verify.Attestation.
const (
	KindProvenance = "provenance"
	KindVSA        = "vsa"
	KindSVR        = "svr"
	KindTestResult = "test-result"
	KindSPDX       = "spdx"
	KindCycloneDX  = "cyclonedx"
	KindOther      = "other"
	KindAny        = "any" // asks for attestations, of whatever kind
)

// Kinds are those that can be asked for.
func Kinds() []string {
	return []string{KindProvenance, KindVSA, KindSVR, KindTestResult, KindSPDX, KindCycloneDX, KindAny}
}

// kindOf is exact: a type that only begins like a known one is another one. Bills
// of materials alone have versions below their type (in-toto predicates, spdx and
// cyclonedx).
func kindOf(predicateType string) string {
	switch predicateType {
	case TypeProvenanceV1, TypeProvenanceV02:
		return KindProvenance
	case TypeVSA:
		return KindVSA
	case TypeSVR, typeSVRV02:
		return KindSVR
	case TypeTestResult:
		return KindTestResult
	case TypeSPDX:
		return KindSPDX
	case TypeCycloneDX:
		return KindCycloneDX
	}
	switch base, version, _ := cutLast(predicateType); {
	case base == TypeSPDX && isVersion(version):
		return KindSPDX
	case base == TypeCycloneDX && isVersion(version):
		return KindCycloneDX
	}
	return KindOther
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func isVersion(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789.") == ""
}

// Bounds.
const (
	maxSubjects = 1 << 20
	maxDigests  = 32   // of one subject, as in sigstore-go
	maxText     = 4096 // bytes of a text that is passed on
)

// statement is an in-toto statement. Unknown members are ignored, as its
// specification wants it; duplicates are errors.
type statement struct {
	Type          string         `json:"_type"`
	PredicateType string         `json:"predicateType"`
	Subjects      subjects       `json:"subject"`
	Predicate     jsontext.Value `json:"predicate"`
}

type subject struct {
	Name   string    `json:"name"`
	Digest digestSet `json:"digest"`
}

// digestSet are the digests of one subject: a list, because a data set has a
// million subjects and a map for each would be most of the memory.
type digestSet []digest

type digest struct{ algorithm, value string }

// get returns a digest in hex, "" when there is none of that algorithm.
func (s digestSet) get(algorithm string) string {
	for _, d := range s {
		if d.algorithm == algorithm {
			return d.value
		}
	}
	return ""
}

// UnmarshalJSONFrom bounds the set while it is read. The decoder refuses a name
// that is there twice.
func (s *digestSet) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return errors.New("an object is wanted here")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*s = nil
	for kind := dec.PeekKind(); kind != '}'; kind = dec.PeekKind() {
		if len(*s) == maxDigests {
			return fault{Code: CodeBadSubject, What: fmt.Sprintf("a subject has more than %d digests", maxDigests)}
		}
		algorithm, err := envelope.ReadString(dec)
		if err != nil {
			return err
		}
		d := digest{algorithm: "sha256"}
		if string(algorithm) != d.algorithm {
			d.algorithm = string(algorithm)
		}
		value, err := envelope.ReadString(dec)
		if err != nil {
			return err
		}
		d.value = string(value)
		*s = append(*s, d)
	}
	_, err := dec.ReadToken()
	return err
}

type subjects []subject

// UnmarshalJSONFrom bounds the list while it is read.
func (s *subjects) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return envelope.DecodeList(dec, maxSubjects, (*[]subject)(s))
}

func decodeStatement(payload []byte) (*statement, error) {
	var s statement
	if err := envelope.DecodeWide(payload, &s); err != nil {
		return nil, err
	}
	switch {
	case s.Type != statementV1 && s.Type != statementV01:
		return nil, fmt.Errorf("statement type %.80q, want %q", s.Type, statementV1)
	case s.PredicateType == "":
		return nil, errors.New("no predicate type")
	case len(s.Predicate) > 0 && s.Predicate.Kind() != '{' && s.Predicate.Kind() != 'n':
		return nil, errors.New("the predicate is no object")
	}
	return &s, s.checkSubjects()
}

// digestSizes are the lengths in hex of the digests that in-toto names.
var digestSizes = map[string]int{
	"sha256": 64, "sha224": 56, "sha384": 96, "sha512": 128, "sha1": 40, "gitCommit": 40, "md5": 32,
	ContentAlgorithm: 64,
}

// checkSubjects wants digests that mean one thing, and no name twice with
// different content: which of the two would be meant is not said.
func (s *statement) checkSubjects() error {
	if len(s.Subjects) == 0 {
		return fault{Code: CodeBadSubject, What: "no subject"}
	}
	seen := make(map[string]string, len(s.Subjects))
	for _, sub := range s.Subjects {
		if err := checkDigests(sub); err != nil {
			return err
		}
		sum, named := sub.Digest.get("sha256"), sub.Name != "" && sub.Name != "_"
		if before, twice := seen[sub.Name]; named && sum != "" && twice && before != sum {
			return fault{Code: CodeBadSubject, What: fmt.Sprintf("subject %.80q is there twice with different digests", sub.Name)}
		}
		if sum != "" {
			seen[sub.Name] = sum
		}
	}
	return nil
}

func checkDigests(s subject) error {
	if len(s.Digest) == 0 {
		return fault{Code: CodeBadSubject, What: fmt.Sprintf("subject %.80q has no digest", s.Name)}
	}
	for _, d := range s.Digest {
		size, known := digestSizes[d.algorithm]
		if d.algorithm == "gitCommit" && len(d.value) == 64 {
			size = 64
		}
		if known && (len(d.value) != size || strings.Trim(d.value, "0123456789abcdef") != "") {
			return fault{Code: CodeBadSubject, What: fmt.Sprintf("subject %.80q: %s digest is not %d lower-case hex digits", s.Name, d.algorithm, size)}
		}
	}
	return nil
}

// text cuts a signer's word to a bounded length.
func text(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

func texts(list []string) []string {
	out := slices.Clone(list[:min(len(list), maxDigests)])
	for i := range out {
		out[i] = text(out[i])
	}
	return out
}
