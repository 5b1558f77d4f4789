package oms

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"assay/verify/internal/envelope"
)

// Statement and predicate types.
const (
	statementType = "https://in-toto.io/Statement/v1"
	// PredicateType is that of the specification 1.0 and of bundles since 0.3.
	PredicateType = "https://model_signing/signature/v1.0"
	// OldPredicateType is that of model_signing 0.2.0, which names the files as
	// subjects.
	OldPredicateType = "https://model_signing/Digests/v0.1"
)

// statement is the union of both predicate types. Unknown members are ignored
// in the statement, as in-toto's specification wants it, and in resources, as
// that of OMS does; not in the predicate.
type statement struct {
	Type          string    `json:"_type"`
	PredicateType string    `json:"predicateType"`
	Subjects      subjects  `json:"subject"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name        string  `json:"name"`
	Digests     digests `json:"digest"`
	Annotations struct {
		Algorithm string `json:"actual_hash_algorithm"`
	} `json:"annotations"`
}

type subjects []subject

func (s *subjects) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return envelope.DecodeList(dec, maxResources, (*[]subject)(s))
}

// digests keeps the one digest that is used.
type digests struct {
	SHA256 envelope.Digest `json:"sha256"`
}

type predicate struct {
	Serialization *serialization `json:"serialization"`
	Resources     resources      `json:"resources"`
	Unused        *string        `json:"unused"` // filler of 0.2.0
	Unknown       jsontext.Value `json:",embed"`
}

type serialization struct {
	Method        string         `json:"method"`
	HashType      string         `json:"hash_type"`
	ShardSize     *wholeNumber   `json:"shard_size"`
	AllowSymlinks bool           `json:"allow_symlinks"`
	IgnorePaths   paths          `json:"ignore_paths"`
	Unknown       jsontext.Value `json:",embed"`
}

type resource struct {
	Name      string          `json:"name"`
	Algorithm string          `json:"algorithm"`
	Digest    envelope.Digest `json:"digest"`
}

type resources []resource

func (r *resources) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return envelope.DecodeList(dec, maxResources, (*[]resource)(r))
}

type paths []string

func (p *paths) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == 'n' {
		*p = nil
		_, err := dec.ReadToken()
		return err
	}
	err := envelope.DecodeList(dec, maxIgnorePaths, (*[]string)(p))
	if *p == nil {
		*p = paths{} // an empty list was signed, which is not the same as none
	}
	return err
}

// decodeStatement reads a payload. The statement is returned with the error when
// only its meaning is wrong, so that its predicate type can be told.
func decodeStatement(payload []byte) (statement, *Manifest, error) {
	var s statement
	if err := envelope.DecodeStrict(payload, &s); err != nil {
		return s, nil, err
	}
	if s.Type != statementType {
		return s, nil, fmt.Errorf("statement type %.80q, want %q", s.Type, statementType)
	}
	var m *Manifest
	var err error
	switch s.PredicateType {
	case PredicateType:
		m, err = s.manifest()
	case OldPredicateType:
		m, err = s.oldManifest()
	default:
		return s, nil, fmt.Errorf("predicate type %.80q is not a model signature", s.PredicateType)
	}
	if err != nil {
		return s, nil, err
	}
	return s, m, m.check()
}

func (s *statement) manifest() (*Manifest, error) {
	p := s.Predicate
	switch {
	case !envelope.IsEmpty(p.Unknown) || p.Unused != nil:
		return nil, errors.New("unknown member in the predicate")
	case p.Serialization == nil:
		return nil, errors.New("predicate without serialization")
	case !envelope.IsEmpty(p.Serialization.Unknown):
		return nil, errors.New("unknown member in the serialization")
	case len(s.Subjects) != 1 || s.Subjects[0].Name == "":
		return nil, errors.New("exactly one named subject is wanted")
	case len(s.Subjects[0].Digests.SHA256) != sha256.Size:
		return nil, errors.New("the subject has no sha256 digest")
	}
	m := &Manifest{
		Name: s.Subjects[0].Name, HashType: p.Serialization.HashType, Root: s.Subjects[0].Digests.SHA256,
		AllowSymlinks: p.Serialization.AllowSymlinks, IgnorePaths: p.Serialization.IgnorePaths,
	}
	if err := m.setMethod(p.Serialization); err != nil {
		return nil, err
	}
	names := m.algorithmNames()
	m.Resources = make([]Resource, len(p.Resources))
	for i, r := range p.Resources {
		if !slices.Contains(names, r.Algorithm) {
			return nil, fmt.Errorf("resource %.80q: algorithm %.40q, want %q", r.Name, r.Algorithm, names)
		}
		m.Resources[i] = Resource{Name: r.Name, Digest: r.Digest}
	}
	return m, nil
}

func (m *Manifest) setMethod(s *serialization) error {
	switch {
	case s.Method == "files" && s.ShardSize == nil:
	case s.Method == "files":
		return errors.New("shard size without shards")
	case s.Method != "shards":
		return fmt.Errorf("serialization method %.40q, want files or shards", s.Method)
	case s.ShardSize == nil || *s.ShardSize <= 0:
		return errors.New("shards without a positive shard size")
	default:
		m.ShardSize = int64(*s.ShardSize)
	}
	return nil
}

// algorithmNames are the spellings of a resource's algorithm: the
// specification's and, for shards, the reference implementation's.
func (m *Manifest) algorithmNames() []string {
	names := []string{m.HashType}
	if m.ShardSize > 0 {
		names = append(names, fmt.Sprintf("%s-sharded-%d", m.HashType, m.ShardSize))
	}
	return names
}

// oldManifest reads the form of 0.2.0, which has no root digest.
func (s *statement) oldManifest() (*Manifest, error) {
	p := s.Predicate
	if !envelope.IsEmpty(p.Unknown) || p.Serialization != nil || p.Resources != nil {
		return nil, errors.New("unknown member in the predicate")
	}
	m := &Manifest{HashType: "sha256", Resources: make([]Resource, len(s.Subjects))}
	for i, f := range s.Subjects {
		if a := f.Annotations.Algorithm; a != "file-sha256" {
			return nil, fmt.Errorf("subject %.80q: algorithm %.40q, want file-sha256", f.Name, a)
		}
		m.Resources[i] = Resource{Name: f.Name, Digest: f.Digests.SHA256}
	}
	return m, nil
}
