package onnx

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/prose"
	"assay/scanners/internal/protobuf"
)

// function is a model-local function that is being read.
type function struct {
	open bool
	operator
	overload string
}

func (s *scan) beginFunction(scanners.Span) error {
	s.function = function{open: true, operator: operator{domain: standard}}
	return nil
}

func (s *scan) functionName(_ protobuf.Field, p []byte) error {
	s.function.name = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) functionDomain(_ protobuf.Field, p []byte) error {
	s.function.domain = domainName(p)
	return nil
}

func (s *scan) functionOverload(_ protobuf.Field, p []byte) error {
	s.function.overload = clip.Bytes(p, maxFact)
	return nil
}

// endFunction compares a function with the operators it could be taken for, and
// with the functions before it. Overloads of one name are told apart.
func (s *scan) endFunction(span scanners.Span) error {
	f := s.function
	s.function = function{}
	full := operator{f.domain, f.name}
	if s.domains[f.domain].operators[f.name] != unknown {
		s.found.Add("onnx/shadowed-operator", span.Off, "a function is called %v, as an operator", full)
	}
	key := operator{f.domain, f.name + "\x00" + f.overload}
	if _, twice := s.local[key]; twice {
		s.found.Add("onnx/shadowed-operator", span.Off, "a second function is called %v", full)
	}
	if len(s.local) < 4*maxOperators {
		s.local[key], s.local[full] = span.Off, span.Off
	}
	return nil
}

// judge looks at the operators once all functions are known. They stand at the end
// of the file: when that is missing, an unknown operator may be one of them.
func (s *scan) judge(whole bool) {
	type called struct {
		operator
		use
	}
	var list []called
	for o, u := range s.used {
		list = append(list, called{o, u})
	}
	slices.SortFunc(list, func(a, b called) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.domain, b.domain), cmp.Compare(a.name, b.name))
	})
	for _, c := range list {
		s.judgeOperator(c.operator, c.use, whole)
	}
	if h := s.hints; h.inputs > 0 && h.outputs > 0 {
		s.found.Add("onnx/conditional-output", 0, "%d comparisons of an input, %d outputs chosen by a condition", h.inputs, h.outputs)
	}
}

func (s *scan) judgeOperator(o operator, u use, whole bool) {
	d, known := s.domains[o.domain]
	_, isLocal := s.local[o]
	if what, ok := nativeDomains[o.domain]; ok {
		s.found.Add("onnx/native-blob", u.offset, "%v is %s; %d calls", o, what, u.count)
		return
	}
	switch d.operators[o.name] {
	case computes:
	case library:
		s.found.Add("onnx/library-operator", u.offset, "%v; %d calls", o, u.count)
	case python:
		s.found.Add("onnx/python-operator", u.offset, "%v calls Python; %d calls", o, u.count)
	case native:
		s.found.Add("onnx/native-blob", u.offset, "%v holds compiled code; %d calls", o, u.count)
	case fallback:
		s.found.Add("onnx/fallback-operator", u.offset, "%v calls a function by name; %d calls", o, u.count)
	case unknown:
		s.judgeUnknown(o, u, known, isLocal || !whole)
	}
}

// judgeUnknown judges an operator that no table has. A function of the model
// provides it, or a library, or nothing. TensorRT's exporters name plug-ins so.
func (s *scan) judgeUnknown(o operator, u use, known, provided bool) {
	switch {
	case provided:
	case strings.HasPrefix(o.name, "TRTEngineOp"), strings.Contains(o.name, "TensorRT"):
		s.found.Add("onnx/native-blob", u.offset, "%v holds a TensorRT engine; %d calls", o, u.count)
	case known:
		s.found.Add("onnx/unknown-operator", u.offset, "%v; %d calls", o, u.count)
	default:
		s.found.Add("onnx/unknown-domain", u.offset, "%v; %d calls", o, u.count)
	}
}

// active is text that some program executes when it shows or reads metadata.
var active = regexp.MustCompile(`(?i)<script|javascript:|\bonerror\s*=|"?_target_"?\s*:`)

// metadata judges one pair about the model. URLs are ordinary there.
func (s *scan) metadata() error {
	e := s.entry
	if e.key == "ort_config" {
		s.found.AddAs(scanners.Low, "onnx/metadata", e.offset, "options for ONNX Runtime: %s", clip.Quote(e.value, shown))
	}
	s.judgeText(e.offset, "the metadata "+clip.Quote(e.key, shown), e.value)
	return nil
}

func (s *scan) graphText(f protobuf.Field, p []byte) error {
	s.judgeText(f.Head.Off, "a description", clip.Bytes(p, maxValue))
	return nil
}

func (s *scan) judgeText(offset int64, what, text string) {
	if found := active.FindString(text); found != "" {
		s.found.Add("onnx/metadata", offset, "%s has %s", what, clip.Quote(found, shown))
	}
	for _, sign := range prose.Signs(text) {
		if sign.Kind == prose.Instruction || sign.Kind == prose.Hidden {
			s.found.Add("onnx/metadata", offset, "%s has %s", what, sign.What)
		}
	}
}
