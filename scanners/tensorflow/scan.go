package tensorflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/protobuf"
)

const (
	shown   = 100 // bytes of a name in a finding
	maxFact = 200 // bytes of a text in a fact

	maxOperators = 16_384 // different operators, and functions, of one model
	maxAssets    = 4096
)

// Scanner scans SavedModels, graphs and what lies beside them.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tensorflow", Title: "TensorFlow graph", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins like one of the messages, and the names in use. None of
// the formats has a signature; Scan looks closer.
func (Scanner) Match(h scanners.Head) bool {
	return isNamed(h.Name, "saved_model.pb", "keras_metadata.pb", "fingerprint.pb", "saved_model_debug_info.pb", "tfhub_module.pb") || isText(h.Start) ||
		len(h.Start) > 2 && (h.Start[0] == 0x0a || h.Start[0] == 0x12 || h.Start[0] == 0x22 || h.Start[0] == 0x08)
}

func isNamed(name string, names ...string) bool {
	return slices.Contains(names, strings.ToLower(path.Base(name)))
}

// use is where an operator is called first, and how often.
type use struct{ offset, count int64 }

// scan is the state of one file.
type scan struct {
	*protobuf.Walker[*scan]
	found   *findings.List
	result  scanners.Result
	schemas schemas
	gap     error // what was not looked into

	used      map[string]use
	functions map[string]int64
	assets    map[string]bool // names of nodes that are fed with the place of an asset
	tables    []table
	tags      []string
	signed    []string
	made      string
	depth     int // of graphs in strings

	nodes  []node
	scopes []scope
	tensor tensor
	inFunc bool
}

// Scan walks the whole file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{found: findings.New(rules), schemas: build(), used: make(map[string]use), functions: make(map[string]int64), assets: make(map[string]bool)}
	s.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(ctx, f, f.Size), State: s, Parsed: &s.result.Parsed, Opaque: &s.result.Opaque}
	all := scanners.Span{Len: f.Size}
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if isText(start) {
		err := s.text(ctx, f)
		s.judge(err == nil)
		s.result.Findings, s.result.Facts = s.found.All(), s.facts()
		return s.result, cmp.Or(err, s.gap)
	}
	m, err := s.recognise(f.Name, all)
	if err != nil {
		return scanners.Result{}, err
	}
	if m == nil {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	err = s.Walk(m, all)
	isGraph := m == s.schemas.graph || m == s.schemas.metaGraph || m == s.schemas.savedModel
	if err == nil && isGraph && len(s.used) == 0 {
		err = scanners.CutOff(f.Size, f.Size+1)
	}
	s.judge(err == nil)
	s.result.Findings, s.result.Facts = s.found.All(), s.facts()
	return s.result, cmp.Or(err, s.gap)
}

// Unknown reports a field that TensorFlow does not have.
func (s *scan) Unknown(message string, f protobuf.Field) {
	s.found.Add("tensorflow/unknown-field", f.Head.Off, "%s has no field %d of the wire type %d; %d bytes", message, f.Number, f.Type, f.Data.Len)
}

// Twice reports a second value of a field that has one.
func (s *scan) Twice(message, field string, f protobuf.Field) {
	s.found.Add("tensorflow/duplicate-field", f.Head.Off, "%s has a second %s", message, field)
}

// unsupported remembers the first thing that was not looked into.
func (s *scan) unsupported(offset int64, what string) {
	if s.gap == nil {
		s.gap = &scanners.FormatError{Offset: offset, Code: scanners.GapUnsupported, Err: errors.New(what)}
	}
}

func (s *scan) tag(_ protobuf.Field, p []byte) error {
	s.tags = keep(s.tags, p)
	return nil
}

func (s *scan) signature(_ protobuf.Field, p []byte) error {
	s.signed = keep(s.signed, p)
	return nil
}

func keep(list []string, p []byte) []string {
	if text := clip.Bytes(p, maxFact); len(list) < 64 && !slices.Contains(list, text) {
		return append(list, text)
	}
	return list
}

func (s *scan) version(_ protobuf.Field, p []byte) error {
	s.made = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) facts() []scanners.Fact {
	var list []scanners.Fact
	var calls int64
	for _, u := range s.used {
		calls += u.count
	}
	add := func(key, value string) {
		if value != "" {
			list = append(list, scanners.Fact{Key: "tensorflow/" + key, Value: value})
		}
	}
	add("version", s.made)
	if calls > 0 {
		add("nodes", strconv.FormatInt(calls, 10))
		add("functions", strconv.Itoa(len(s.functions)))
	}
	for _, t := range s.tags {
		add("tag", t)
	}
	for _, t := range s.signed {
		add("signature", t)
	}
	return list
}
