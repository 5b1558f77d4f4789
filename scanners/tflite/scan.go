package tflite

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/flatbuffers"
)

const (
	shown   = 100
	maxFact = 200

	magic = "TFL3" // at byte 4

	custom   = 32  // BuiltinOperator.CUSTOM
	delegate = 51  // BuiltinOperator.DELEGATE
	newest   = 215 // the last BuiltinOperator of LiteRT 1.0 is 208; a few are let pass

	maxItems = 1 << 18
)

// Scanner scans TensorFlow Lite models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tflite", Title: "TensorFlow Lite model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the identifier, and the name: old models have no identifier.
func (Scanner) Match(h scanners.Head) bool {
	return hasMagic(h.Start) || strings.ToLower(path.Ext(h.Name)) == ".tflite"
}

func hasMagic(start []byte) bool { return len(start) >= 8 && string(start[4:8]) == magic }

// code is an entry of operator_codes.
type code struct {
	number uint64
	name   string
	at     int64
}

// tensor is compared with its buffer once all buffers are known.
type tensor struct {
	name   string
	kind   uint64
	shape  []byte
	rank   int64
	buffer uint64
	sparse bool
	want   uint64 // bytes
	known  bool
	at     int64
}

// ref is an index that is compared with a count once that is known.
type ref struct {
	what  string
	index uint64
	at    int64
}

// scan is the state of one file.
type scan struct {
	*flatbuffers.Walker[*scan]
	found *findings.List
	size  int64
	gap   error
	says  string

	code     code
	codes    []code
	tensor   tensor
	tensors  []tensor
	here     int   // tensors of the subgraph that is read
	ends     []ref // indices of tensors in that subgraph
	opcodes  []ref
	operator operator
	flex     []operator // that have options, until the names are known
	refs     []ref      // indices of buffers
	buffers  []int64    // sizes
	buffer   int64
	far      scanners.Span // what a buffer or an operator has behind the tables
	graphs   int
	nodes    int
}

// Scan walks the whole file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 8))
	if _, err := f.ReadAt(start, 0); err != nil && int64(len(start)) < 8 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{found: findings.New(rules), size: f.Size}
	s.Walker = flatbuffers.New(ctx, f, f.Size, s)
	err := s.Root(model())
	if !hasMagic(start) && (err != nil || s.graphs == 0) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if err == nil && s.graphs == 0 {
		err = errors.New("the model has no graph")
	}
	var format *scanners.FormatError
	if errors.Is(err, flatbuffers.ErrMalformed) && errors.As(err, &format) {
		s.found.Add("tflite/malformed", format.Offset, "%v", format.Err)
	}
	if err == nil {
		s.judge()
		err = s.cover()
	}
	if err == nil {
		err = s.gap
	}
	return scanners.Result{Findings: s.found.All(), Facts: s.facts(), Parsed: s.Parsed, Opaque: s.Opaque}, err
}
