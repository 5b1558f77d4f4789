// Package paddle checks PaddlePaddle's inference models: the program (.pdmodel,
// framework.proto) and its parameters (.pdiparams). The .pdparams and .pdopt of
// training are pickles and have their own scanner.
//
// A program is a list of operators by name. Some call Python, some read and write
// files, and a library can register more. Parameters are numbers, one tensor after
// another.
//
// # Security
//
// The program is walked by a schema; the parameters are read head by head, and
// every size is compared with the file. What neither accounts for stays uncovered.
package paddle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/protobuf"
)

const (
	shown        = 100
	maxOperators = 4096
	maxTensors   = 1 << 18
	maxDesc      = 4 << 10 // bytes of a TensorDesc
	maxLevels    = 16
)

var rules = []scanners.Rule{
	{
		ID: "paddle/python-operator", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An operator calls a Python function.",
		Help:    "The function is found by its number in the process that loads the model. A published model has no use for it. Do not load the model.",
		CWE:     []string{"CWE-94", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "paddle/file-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator reads or writes files, or talks to other machines.",
		Help:    "Its path stands in the program, and it runs whenever the model does. Export the model again without.",
		CWE:     []string{"CWE-73", "CWE-200"}, ATLAS: []string{"AML.T0037", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "paddle/compiled-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator holds a program for another engine.",
		Help:    "TensorRT and others run it without a look inside. Convert the model yourself.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "paddle/tensor", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A parameter states a shape or a size that no writer states.",
		Help:    "Loaders that trust it allocate without end or read foreign memory. Export the model again.",
		CWE:     []string{"CWE-190", "CWE-789"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "paddle/duplicate-field", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A field that is there once is there twice.",
		Help:    "Parsers take the last value, or merge the two; a reader that takes the first sees another model. Export the model again.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "paddle/unknown-field", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The program has a field that is not known.",
		Help:    "It is newer than this list, or something hides there. Export the model again from a source that you trust.",
		CWE:     []string{"CWE-1287"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	},
}

// operators are those that do more than compute. Source: paddle/fluid/operators of
// PaddlePaddle 2.6 (py_func_op.cc, load_op.cc, save_op.cc, load_combine_op.cc,
// save_combine_op.cc, tensorrt/tensorrt_engine_op.cc, lite/lite_engine_op.cc,
// pscore, distributed_ops, reader, collective/gen_nccl_id_op.cc).
var operators = map[string]string{
	"py_func": "paddle/python-operator", "py_layer": "paddle/python-operator", "pylayer": "paddle/python-operator",
	"load": "paddle/file-operator", "save": "paddle/file-operator", "load_combine": "paddle/file-operator", "save_combine": "paddle/file-operator",
	"checkpoint_notify": "paddle/file-operator", "create_py_reader": "paddle/file-operator", "create_custom_reader": "paddle/file-operator", "read_file": "paddle/file-operator",
	"listen_and_serv": "paddle/file-operator", "heter_listen_and_serv": "paddle/file-operator", "send": "paddle/file-operator", "recv": "paddle/file-operator",
	"send_and_recv": "paddle/file-operator", "fetch_barrier": "paddle/file-operator", "gen_nccl_id": "paddle/file-operator", "c_gen_nccl_id": "paddle/file-operator",
	"tensorrt_engine": "paddle/compiled-operator", "lite_engine": "paddle/compiled-operator", "dlnne_engine": "paddle/compiled-operator", "openvino_engine": "paddle/compiled-operator", "cinn_launch": "paddle/compiled-operator",
}

// Scanner scans PaddlePaddle's inference models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "paddle", Title: "PaddlePaddle model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts a program's first block, a parameter's head, and the names in use.
func (Scanner) Match(h scanners.Head) bool {
	return isProgram(h.Name) || beginsWithTensor(h.Start) || len(h.Start) > 8 && h.Start[0] == 0x0a
}

func isProgram(name string) bool { return strings.ToLower(path.Ext(name)) == ".pdmodel" }

// headSize is what comes before a TensorDesc: a version, a count of levels, another
// version, and the size of the message (phi/core/framework/dense_tensor_serialize.cc).
const headSize = 4 + 8 + 4 + 4

// beginsWithTensor reports a parameter without levels, whose TensorDesc begins with
// a type.
func beginsWithTensor(start []byte) bool {
	if len(start) < headSize+2 || strings.Trim(string(start[:16]), "\x00") != "" {
		return false
	}
	size := binary.LittleEndian.Uint32(start[16:])
	return size >= 2 && size < maxDesc && start[headSize] == 0x08 && start[headSize+1] < 64
}

// scan is the state of one file.
type scan struct {
	*protobuf.Walker[*scan]
	file   scanners.File
	found  *findings.List
	result scanners.Result

	used    map[string]int64
	op      operator
	blocks  int
	tensors int
}

// operator is the one that is read.
type operator struct {
	name  string
	texts []string
	at    int64
}

// Scan walks a program, or reads parameters.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules), used: make(map[string]int64)}
	s.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(ctx, f, f.Size), State: s, Parsed: &s.result.Parsed, Opaque: &s.result.Opaque}
	start := make([]byte, min(f.Size, headSize+2))
	if _, err := f.ReadAt(start, 0); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	read := s.program
	if beginsWithTensor(start) {
		read = s.parameters
	}
	err := read()
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	s.result.Findings = s.found.All()
	return s.result, err
}

// program walks a ProgramDesc. Its first block says what it is: a number, that of
// its parent, and variables with a name.
func (s *scan) program() error {
	all := scanners.Span{Len: s.file.Size}
	if !isProgram(s.file.Name) && !s.hasBlock(all) {
		return scanners.ErrNotRecognised
	}
	err := s.Walk(programSchema(), all)
	if s.blocks == 0 || len(s.used) == 0 && err == nil {
		return scanners.ErrNotRecognised
	}
	s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "paddle/operators", Value: strconv.Itoa(len(s.used))})
	return err
}

var errSeen = errors.New("seen")

// hasBlock looks at the first fields of the first block.
func (s *scan) hasBlock(span scanners.Span) (ok bool) {
	_ = s.Fields(span, func(block protobuf.Field) error {
		if block.Number != 1 || block.Type != protobuf.Bytes {
			return errSeen
		}
		n := uint64(0)
		_ = s.Fields(block.Data, func(f protobuf.Field) error {
			if n++; n <= 2 && (f.Number != n || f.Type != protobuf.Varint) || n == 3 && f.Type != protobuf.Bytes {
				return errSeen
			}
			if ok = n == 3; ok {
				return errSeen
			}
			return nil
		})
		return errSeen
	})
	return ok
}

// Unknown reports a field that the program does not have.
func (s *scan) Unknown(message string, f protobuf.Field) {
	s.found.Add("paddle/unknown-field", f.Head.Off, "%s has no field %d of the wire type %d; %d bytes", message, f.Number, f.Type, f.Data.Len)
}

// Twice reports a second value of a field that has one.
func (s *scan) Twice(message, field string, f protobuf.Field) {
	s.found.Add("paddle/duplicate-field", f.Head.Off, "%s has a second %s", message, field)
}

func (s *scan) beginOperator(span scanners.Span) error {
	s.op = operator{at: span.Off}
	return nil
}

func (s *scan) operatorType(_ protobuf.Field, p []byte) error {
	s.op.name = clip.Bytes(p, 2*shown)
	return nil
}

func (s *scan) attributeText(_ protobuf.Field, p []byte) error {
	if len(s.op.texts) < 8 && len(p) > 0 {
		s.op.texts = append(s.op.texts, clip.Bytes(p, shown))
	}
	return nil
}

var isPath = regexp.MustCompile(`[/\\]`)

func (s *scan) endOperator(scanners.Span) error {
	o := s.op
	if _, known := s.used[o.name]; !known {
		if len(s.used) >= maxOperators {
			return &scanners.FormatError{Offset: o.at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d different operators", maxOperators)}
		}
		s.used[o.name] = o.at
	}
	rule, special := operators[o.name]
	if !special {
		return nil
	}
	what := clip.Quote(o.name, shown)
	for _, text := range o.texts {
		if isPath.MatchString(text) || entryname.Escapes(text) {
			what += " with " + clip.Quote(text, shown)
		}
	}
	s.found.Add(rule, o.at, "%s", what)
	return nil
}

// elementSize is the size of one value by VarType.Type, in bytes. Source:
// framework.proto of PaddlePaddle 2.6.
var elementSize = map[uint64]uint64{0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16, 32: 1, 33: 1}

// desc is a TensorDesc.
type desc struct {
	kind, elements uint64
	bad            bool
	foreign        bool // a field that no TensorDesc has
}

func (d *desc) dim(v uint64) {
	hi, lo := bits.Mul64(d.elements, v)
	d.bad = d.bad || hi != 0 || lo > 1<<60
	d.elements = lo
}

// parameters reads tensor after tensor to the end of the file.
func (s *scan) parameters() error {
	for at := int64(0); at < s.file.Size; {
		next, err := s.parameter(at)
		if err != nil {
			return err
		}
		if s.tensors++; s.tensors > maxTensors {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d tensors", maxTensors)}
		}
		at = next
	}
	s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "paddle/tensors", Value: strconv.Itoa(s.tensors)})
	return nil
}

// parameter reads the tensor at an offset and says where the next one begins.
func (s *scan) parameter(at int64) (int64, error) {
	start := at
	version, err := s.number(&at, 4)
	if err != nil {
		return 0, err
	}
	levels, err := s.number(&at, 8)
	if err != nil {
		return 0, err
	}
	if version != 0 || levels > maxLevels {
		return 0, &scanners.FormatError{Offset: start, Err: fmt.Errorf("a tensor of version %d with %d levels", version, levels)}
	}
	for range levels {
		n, err := s.number(&at, 8)
		if err != nil {
			return 0, err
		}
		if at += int64(min(n, 1<<40)); at > s.file.Size {
			return 0, scanners.CutOff(s.file.Size, at)
		}
	}
	if version, err = s.number(&at, 4); err != nil {
		return 0, err
	}
	size, err := s.number(&at, 4)
	if err != nil {
		return 0, err
	}
	if version != 0 || size > maxDesc {
		return 0, &scanners.FormatError{Offset: at, Err: fmt.Errorf("a description of version %d with %d bytes", version, size)}
	}
	d, err := s.desc(scanners.Span{Off: at, Len: int64(size)})
	if err != nil {
		return 0, err
	}
	at += int64(size)
	s.result.Parsed.Add(start, at-start)
	hi, want := bits.Mul64(d.elements, elementSize[d.kind])
	if elementSize[d.kind] == 0 || d.bad || hi != 0 || want > scanners.LargestFile {
		s.found.Add("paddle/tensor", start, "a tensor of the type %d with %d values", d.kind, d.elements)
		return 0, &scanners.FormatError{Offset: start, Err: errors.New("the size of a tensor is not known")}
	}
	if int64(want) > s.file.Size-at {
		return 0, scanners.CutOff(s.file.Size, at+int64(want))
	}
	s.result.Opaque.Add(at, int64(want))
	return at + int64(want), nil
}

func (s *scan) number(at *int64, size int64) (uint64, error) {
	if *at > s.file.Size-size {
		return 0, scanners.CutOff(s.file.Size, *at+size)
	}
	p, err := s.Bytes(scanners.Span{Off: *at, Len: size})
	if err != nil {
		return 0, err
	}
	var whole [8]byte
	copy(whole[:], p)
	*at += size
	return binary.LittleEndian.Uint64(whole[:]), nil
}

func (s *scan) desc(span scanners.Span) (desc, error) {
	d := desc{elements: 1}
	if span.End() > s.file.Size {
		return d, scanners.CutOff(s.file.Size, span.End())
	}
	err := s.Fields(span, func(f protobuf.Field) error {
		switch {
		case f.Number == 1 && f.Type == protobuf.Varint:
			d.kind = f.Value
		case f.Number == 2 && f.Type == protobuf.Varint:
			d.dim(f.Value)
		default:
			d.foreign = true
		}
		return nil
	})
	if s.tensors == 0 && (err != nil || d.foreign) {
		return d, scanners.ErrNotRecognised
	}
	d.bad = d.bad || d.foreign
	return d, err
}
