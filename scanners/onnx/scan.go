package onnx

import (
	"context"
	"encoding/binary"
	"errors"
	"path"
	"regexp"
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

	// maxOperators is the number of different operators of one model; the
	// largest lists of a domain have 200.
	maxOperators = 4096

	newestIR    = 13 // ONNX 1.20; a later one is not wrong, yet not known
	newestOpset = 26
)

// Scanner scans ONNX models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "onnx", Title: "ONNX model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins with a version of the IR and goes on with fields of
// ModelProto, and any field of it under a name in use. ONNX has no signature.
func (Scanner) Match(h scanners.Head) bool {
	return isNamed(h.Name) || beginsWithModel(h.Start) || sample.MatchString(path.Base(h.Name))
}

// sample is the name of an input or an output that is kept beside a model for
// testing it: a bare TensorProto (docs/OnnxBackendTest.md).
var sample = regexp.MustCompile(`^(input|output)_[0-9]+\.pb$`)

func isNamed(name string) bool { return strings.ToLower(path.Ext(name)) == ".onnx" }

// modelTags are the first bytes of the fields of ModelProto below 16, after which
// a field of a model may follow.
var modelTags = []byte{0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72}

// beginsWithModel reports an IR version in use and the tag of another field. A
// SavedModel of TensorFlow begins in the same way; Scan tells them apart.
func beginsWithModel(start []byte) bool {
	if len(start) < 3 || start[0] != 0x08 {
		return false
	}
	version, n := binary.Uvarint(start[1:min(len(start), 11)])
	return n > 0 && version > 0 && version < 100 && len(start) > 1+n && slices.Contains(modelTags, start[1+n])
}

// operator names what a node calls.
type operator struct{ domain, name string }

func (o operator) String() string { return clip.Quote(o.domain+"."+o.name, shown) }

// use is where an operator is called first, and how often.
type use struct {
	offset int64
	count  int64
}

// scan is the state of one file.
type scan struct {
	*protobuf.Walker[*scan]
	file    scanners.File
	found   *findings.List
	result  scanners.Result
	domains map[string]domain

	graphs   int
	ir       uint64
	made     string
	version  string
	opsets   map[string]uint64
	used     map[operator]use
	local    map[operator]int64 // functions of the model
	external map[string]*scanners.Spans
	ranges   int

	nodes    []node // the one that is read, and those around it
	graph    []graph
	hints    hints
	tensor   tensor
	entry    entry
	opset    opset
	function function
	sane     bool // a tensor, a node or a version made sense
}

// entry is a pair of key and value that is being read.
type entry struct {
	key, value string
	offset     int64 // of the value
	size       int64
}

// maxValue is how much of a value is looked at.
const maxValue = 64 << 10

func (e *entry) setKey(f protobuf.Field, p []byte) {
	e.key, e.offset = clip.Bytes(p, 1<<10), f.Head.Off
}

func (e *entry) setValue(f protobuf.Field, p []byte) {
	e.value, e.offset, e.size = clip.Bytes(p, maxValue), f.Head.Off, f.Data.Len
}

// Scan walks the whole model.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{
		file: f, found: findings.New(rules), domains: domains(),
		opsets: make(map[string]uint64), used: make(map[operator]use), local: make(map[operator]int64),
		external: make(map[string]*scanners.Spans),
	}
	s.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(ctx, f, f.Size), State: s, Parsed: &s.result.Parsed, Opaque: &s.result.Opaque}
	all := scanners.Span{Len: f.Size}
	if sample.MatchString(path.Base(f.Name)) {
		return s.tensorAlone(all)
	}
	err := s.Walk(model(), all)
	if !s.isModel(f.Name, err) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if err == nil && (s.graphs == 0 || s.ir > 2 && len(s.opsets) == 0) {
		err = scanners.CutOff(f.Size, f.Size+1) // fields that every model has; they come last
	}
	s.judge(err == nil)
	s.result.Findings, s.result.Facts = s.found.All(), s.facts()
	return s.result, err
}

// tensorAlone walks a tensor that is a file of its own.
func (s *scan) tensorAlone(all scanners.Span) (scanners.Result, error) {
	typed := false
	outline := s.Fields(all, func(f protobuf.Field) error {
		typed = typed || f.Number == 2 && f.Type == protobuf.Varint
		if f.Number == 3 { // no tensor has a segment: this is a sequence of tensors
			return scanners.ErrNotRecognised
		}
		return nil
	})
	if !typed || errors.Is(outline, scanners.ErrNotRecognised) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	err := s.Walk(tensorSchema(), all)
	if !s.sane {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.result.Findings, s.result.Facts = s.found.All(), s.externalFacts()
	return s.result, err
}

// isModel reports that what was read is a model: under the name, whatever could be
// read; without it, a graph with an operator or a tensor in it.
func (s *scan) isModel(name string, err error) bool {
	if isNamed(name) {
		return s.sane || s.graphs > 0 || err == nil
	}
	var format *scanners.FormatError
	broken := errors.As(err, &format)
	return s.sane && s.graphs > 0 && s.ir > 0 && (!broken || len(s.used) > 0)
}

// Unknown reports a field that onnx.proto does not have.
func (s *scan) Unknown(message string, f protobuf.Field) {
	s.found.Add("onnx/unknown-field", f.Head.Off, "%s has no field %d of the wire type %d; %d bytes", message, f.Number, f.Type, f.Data.Len)
}

// Twice reports a second value of a field that has one.
func (s *scan) Twice(message, field string, f protobuf.Field) {
	s.found.Add("onnx/duplicate-field", f.Head.Off, "%s has a second %s", message, field)
}

func (s *scan) irVersion(f protobuf.Field, _ []byte) error {
	if s.ir = f.Value; s.ir == 0 || s.ir > newestIR+20 {
		s.found.Add("onnx/version", f.Head.Off, "the IR version is %d; %d is the newest known", s.ir, newestIR)
	}
	return nil
}

func (s *scan) producer(_ protobuf.Field, p []byte) error {
	s.made = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) producerVersion(_ protobuf.Field, p []byte) error {
	s.version = clip.Bytes(p, maxFact)
	return nil
}

// opset is a statement of the version of one domain's operators.
type opset struct {
	domain  string
	version uint64
}

func (s *scan) beginOpset(scanners.Span) error {
	s.opset = opset{domain: standard}
	return nil
}

func (s *scan) opsetDomain(_ protobuf.Field, p []byte) error {
	s.opset.domain = domainName(p)
	return nil
}

func (s *scan) opsetVersion(f protobuf.Field, _ []byte) error {
	s.opset.version = f.Value
	return nil
}

// endOpset compares with what was said of the domain before. Functions may state
// a version of their own.
func (s *scan) endOpset(span scanners.Span) error {
	o := s.opset
	if o.domain == standard && (o.version == 0 || o.version > newestOpset+20) {
		s.found.Add("onnx/version", span.Off, "version %d of the standard operators; %d is the newest known", o.version, newestOpset)
	}
	before, known := s.opsets[o.domain]
	if known && before != o.version && !s.function.open {
		s.found.AddAs(scanners.Medium, "onnx/version", span.Off, "versions %d and %d of the operators of %s", before, o.version, clip.Quote(o.domain, shown))
	}
	if !known && len(s.opsets) < maxOperators {
		s.opsets[o.domain] = o.version
	}
	return nil
}

// standard is the domain that files mean with an empty name.
const standard = "ai.onnx"

func domainName(p []byte) string {
	if len(p) == 0 {
		return standard
	}
	return clip.Bytes(p, maxFact)
}

func (s *scan) facts() []scanners.Fact {
	var nodes int64
	for _, u := range s.used {
		nodes += u.count
	}
	list := []scanners.Fact{{Key: "onnx/ir-version", Value: strconv.FormatUint(s.ir, 10)}, {Key: "onnx/nodes", Value: strconv.FormatInt(nodes, 10)}}
	if s.made != "" {
		list = append(list, scanners.Fact{Key: "onnx/producer", Value: strings.TrimSpace(s.made + " " + s.version)})
	}
	for _, name := range sorted(s.opsets) {
		list = append(list, scanners.Fact{Key: "onnx/opset", Value: name + " " + strconv.FormatUint(s.opsets[name], 10)})
	}
	return append(list, s.externalFacts()...)
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
