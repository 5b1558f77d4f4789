// Package executorch checks ExecuTorch programs (.pte): FlatBuffers with the
// identifier ET and two digits (schema/program.fbs of ExecuTorch 1.0), and segments
// of data behind them.
//
// A program calls operators by name and hands data to delegates, which compile or
// run it for one processor. Operators outside of PyTorch's own need a native
// library; what a delegate gets can be looked into for none but XNNPACK, whose data
// is a graph and weights.
//
// # Security
//
// Tables are walked by a schema with package flatbuffers and its bounds. Segments
// must lie in the file, in order, and apart. Data of other delegates stays
// uncovered, and native code in any segment is a finding.
package executorch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/flatbuffers"
)

const (
	shown      = 100
	headerAt   = 8 // of the extended header
	headerSize = 24
	maxItems   = 1 << 16
)

var rules = []scanners.Rule{
	{
		ID: "executorch/segment", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A segment or a table of the program lies where no writer puts it.",
		Help:    "Runtimes that trust the offsets read foreign memory. Export the program again.",
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0076", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "executorch/operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The program calls an operator that is not PyTorch's.",
		Help:    "A native library provides it. Take that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "executorch/delegate", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The program holds data for a delegate.",
		Help:    "The delegate compiles it, or runs it on an accelerator; for most of them it cannot be looked into. Export the program yourself from the portable model.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "executorch/native-code", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "Data of the program is a native program or library.",
		Help:    "Whatever loads it runs it. Do not use the file.",
		CWE:     []string{"CWE-506", "CWE-829"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	},
}

// namespaces are those of operators that the runtime brings along. Source:
// exir/dialects, kernels/prim_ops, kernels/quantized and extension/llm/custom_ops of
// ExecuTorch 1.0.
var namespaces = []string{"aten", "dim_order_ops", "quantized_decomposed", "executorch_prim", "et_copy", "llama", "torchao"}

// natives are the beginnings of programs.
var natives = []string{"\x7fELF", "MZ\x90\x00", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe", "#!/"}

type (
	schema = flatbuffers.Schema[*scan]
	field  = flatbuffers.Field[*scan]
	value  = flatbuffers.Value
)

// Scanner scans ExecuTorch programs.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "executorch", Title: "ExecuTorch program", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the identifiers of programs, of their data files, and of the
// interpreter for phones that came before.
func (Scanner) Match(h scanners.Head) bool { return identify(h.Start) != "" }

const program = "program"

func identify(start []byte) string {
	if len(start) < 8 {
		return ""
	}
	switch id := string(start[4:8]); {
	case id[:2] == "ET" && isDigit(id[2]) && isDigit(id[3]):
		return program
	case id == "FT01":
		return "an ExecuTorch data file"
	case id == "PTMF":
		return "a program of PyTorch's mobile interpreter"
	}
	return ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// scan is the state of one file.
type scan struct {
	*flatbuffers.Walker[*scan]
	found *findings.List
	size  int64
	gap   error

	base      int64 // of segments
	delegates []delegate
	delegate  delegate
	segments  []scanners.Span
	segment   scanners.Span
	inline    []scanners.Span
	operators map[string]int64
	plans     int
}

// delegate is one that is given data.
type delegate struct {
	id      string
	segment bool // its data is a segment, not a table
	index   uint64
	at      int64
}

// Scan walks the whole file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, headerAt+headerSize+8))
	if _, err := f.ReadAt(start, 0); err != nil {
		return scanners.Result{}, err
	}
	if what := identify(start); what != program {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New(what + " is not analysed")}
	}
	s := &scan{found: findings.New(rules), size: f.Size, operators: make(map[string]int64)}
	s.Walker = flatbuffers.New(ctx, f, f.Size, s)
	err := s.walk(start)
	var format *scanners.FormatError
	if errors.Is(err, flatbuffers.ErrMalformed) && errors.As(err, &format) {
		s.found.Add("executorch/segment", format.Offset, "%v", format.Err)
	}
	return scanners.Result{Findings: s.found.All(), Facts: s.facts(), Parsed: s.Parsed, Opaque: s.Opaque}, err
}

func (s *scan) walk(start []byte) error {
	s.header(start)
	if err := s.Root(programSchema()); err != nil {
		return err
	}
	if s.plans == 0 {
		return scanners.CutOff(s.size, s.size+1)
	}
	s.judgeOperators()
	if err := s.judgeSegments(); err != nil {
		return err
	}
	if err := s.Padding(s.size); err != nil {
		return err
	}
	return s.gap
}

// header reads the extended header: where the segments begin.
func (s *scan) header(start []byte) {
	if len(start) < headerAt+headerSize || string(start[headerAt:headerAt+2]) != "eh" {
		return
	}
	length := binary.LittleEndian.Uint32(start[headerAt+4:])
	s.base = int64(min(binary.LittleEndian.Uint64(start[headerAt+16:]), 1<<62))
	s.Parsed.Add(headerAt, min(int64(min(max(length, headerSize), headerSize+8)), s.size-headerAt))
	if s.base > scanners.LargestFile {
		s.found.Add("executorch/segment", headerAt, "segments begin at byte %d", s.base)
	}
}

// Unknown reports a slot that the schema does not have.
func (s *scan) Unknown(table string, slot int, at int64) {
	s.found.Add("executorch/operator", at, "%s has no slot, or no type, %d", table, slot)
}

func (s *scan) judgeOperators() {
	names := make([]string, 0, len(s.operators))
	for name := range s.operators {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(s.operators[a], s.operators[b]), cmp.Compare(a, b)) })
	for _, name := range names {
		namespace, _, _ := strings.Cut(name, "::")
		if !slices.Contains(namespaces, namespace) {
			s.found.Add("executorch/operator", s.operators[name], "%s", clip.Quote(name, shown))
		}
	}
}

// judgeSegments compares the segments with the file, and looks at what delegates
// are given.
func (s *scan) judgeSegments() error {
	opaque := make(map[int]bool) // segments of weights, and of XNNPACK
	for i := range s.segments {
		opaque[i] = true
	}
	for _, d := range s.delegates {
		xnnpack := d.id == "XnnpackBackend"
		if xnnpack {
			s.found.AddAs(scanners.Informational, "executorch/delegate", d.at, "%s: a graph and weights", clip.Quote(d.id, shown))
			continue
		}
		s.found.Add("executorch/delegate", d.at, "%s", clip.Quote(d.id, shown))
		if d.segment && d.index < uint64(len(s.segments)) {
			opaque[int(d.index)] = false
		}
		s.gap = &scanners.FormatError{Offset: d.at, Code: scanners.GapUnsupported, Err: errors.New("data for the delegate " + clip.Quote(d.id, shown) + " is not analysed")}
	}
	end := int64(0)
	for i, seg := range s.segments {
		if seg.Off < end || seg.Len > scanners.LargestFile || seg.Off > scanners.LargestFile {
			s.found.Add("executorch/segment", s.base, "segment %d has %d bytes at %d, the one before ends at %d", i, seg.Len, seg.Off, end)
			return nil
		}
		if end = seg.End(); s.base+end > s.size {
			return scanners.CutOff(s.size, s.base+end)
		}
		at := scanners.Span{Off: s.base + seg.Off, Len: seg.Len}
		if opaque[i] {
			s.Opaque.Add(at.Off, at.Len)
		}
		if err := s.judgeData(at); err != nil {
			return err
		}
	}
	for _, span := range s.inline {
		if err := s.judgeData(span); err != nil {
			return err
		}
	}
	return s.alignment(end)
}

// alignment accounts for the zeros between segments, which are pages apart.
func (s *scan) alignment(end int64) error {
	at := s.base
	for _, seg := range append(slices.Clone(s.segments), scanners.Span{Off: end}) {
		n := s.base + seg.Off - at
		if n > 0 && n < 64<<10 {
			p := make([]byte, n)
			if err := s.Read(at, p); err != nil {
				return err
			}
			if len(bytes.Trim(p, "\x00")) == 0 {
				s.Parsed.Add(at, n)
			}
		}
		at = s.base + seg.End()
	}
	return nil
}

func (s *scan) judgeData(span scanners.Span) error {
	p := make([]byte, min(span.Len, 4))
	if err := s.Read(span.Off, p); err != nil {
		return err
	}
	for _, magic := range natives {
		if strings.HasPrefix(string(p), magic) {
			s.found.Add("executorch/native-code", span.Off, "%d bytes that begin with %s", span.Len, clip.Quote(p, 4))
		}
	}
	return nil
}

func (s *scan) facts() []scanners.Fact {
	list := []scanners.Fact{{Key: "executorch/operators", Value: strconv.Itoa(len(s.operators))}, {Key: "executorch/segments", Value: strconv.Itoa(len(s.segments))}}
	for _, d := range s.delegates {
		f := scanners.Fact{Key: "executorch/delegate", Value: d.id}
		if !slices.Contains(list, f) && len(list) < 64 {
			list = append(list, f)
		}
	}
	return list
}
