package tflite

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/flatbuffers"
	"assay/scanners/internal/tensorops"
)

// judge compares what refers with what there is, and names the operators.
func (s *scan) judge() {
	for _, r := range s.opcodes {
		if r.index >= uint64(len(s.codes)) {
			s.found.Add("tflite/index", r.at, "operator code %d of %d", r.index, len(s.codes))
		}
	}
	for _, r := range s.refs {
		if r.index >= uint64(len(s.buffers)) {
			s.found.Add("tflite/index", r.at, "%s: buffer %d of %d", r.what, r.index, len(s.buffers))
		}
	}
	for _, t := range s.tensors {
		s.judgeTensor(t)
	}
	for _, c := range s.codes {
		s.judgeCode(c)
	}
	for _, o := range s.flex {
		s.judgeOptions(o)
	}
}

// judgeTensor: buffer 0 is the empty one of all tensors that are computed.
func (s *scan) judgeTensor(t tensor) {
	if t.buffer >= uint64(len(s.buffers)) {
		if t.buffer > 0 {
			s.found.Add("tflite/index", t.at, "tensor %s: buffer %d of %d", clip.Quote(t.name, shown), t.buffer, len(s.buffers))
		}
		return
	}
	if have := s.buffers[t.buffer]; t.known && have > 0 && uint64(have) != t.want {
		s.found.Add("tflite/tensor-size", t.at, "tensor %s needs %d bytes and has %d", clip.Quote(t.name, shown), t.want, have)
	}
}

// libraryOperators are custom operators that runtimes and MediaPipe bring along.
// Source: tensorflow/lite/kernels/custom_ops_register.h, perception and
// detection_postprocess.cc of 2.18; mediapipe/util/tflite/operations of 0.10.
var libraryOperators = []string{
	"TFLite_Detection_PostProcess", "AudioSpectrogram", "Mfcc", "NumericVerify", "RandomUniform", "RandomStandardNormal", "Multinomial", "HashtableV2",
	"LookupTableFindV2", "LookupTableImportV2", "LookupTableSizeV2", "Cumsum", "Rfft", "Irfft2d", "MaxPoolWithArgmax", "MaxPoolingWithArgmax2D", "MaxUnpooling2D",
	"Convolution2DTransposeBias", "TransformTensorBilinear", "TransformLandmarks", "Landmarks2TransformMatrix", "Resampler", "DenseImageWarp", "Roll", "UnsortedSegmentProd",
	"AvgPool3D", "MaxPool3D", "Sign", "Atan2", "ExtractImagePatches", "odml.update_kv_cache", "odml.update_external_kv_cache", "odml.scaled_dot_product_attention", "KV_Cache", "SDPA", "External_KV_Cache",
}

// compiledOperators hold a program. Source: the compilers of Coral, Arm, Qualcomm
// and Google, by the name that each writes.
var compiledOperators = []string{"edgetpu-custom-op", "ethos-u", "DISPATCH_OP", "QNN", "qnn", "darwinn", "vx-custom-op", "neuron", "MTKEXT", "samsung"}

func (s *scan) judgeCode(c code) {
	quoted := clip.Quote(c.name, shown)
	flex, isFlex := strings.CutPrefix(c.name, "Flex")
	switch {
	case c.number == delegate:
		s.found.Add("tflite/custom-call", c.at, "a delegate is part of the model")
	case c.number > newest:
		s.found.Add("tflite/unknown-operator", c.at, "built-in operator %d", c.number)
	case c.number != custom:
	case isFlex:
		s.judgeFlex(flex, c.at)
	case slices.Contains(libraryOperators, c.name):
		s.found.AddAs(scanners.Informational, "tflite/custom-operator", c.at, "%s, which runtimes bring along", quoted)
	case slices.ContainsFunc(compiledOperators, func(p string) bool { return strings.HasPrefix(c.name, p) }):
		s.found.Add("tflite/compiled-operator", c.at, "%s", quoted)
		s.gap = &scanners.FormatError{Offset: c.at, Code: scanners.GapUnsupported, Err: errors.New("the program for an accelerator is not analysed")}
	default:
		s.found.Add("tflite/custom-operator", c.at, "%s", quoted)
	}
}

// judgeFlex judges an operator of TensorFlow.
func (s *scan) judgeFlex(name string, at int64) {
	quoted := clip.Quote("Flex"+name, shown)
	switch tensorops.Of(name) {
	case tensorops.Computes:
		s.found.AddAs(scanners.Informational, "tflite/custom-operator", at, "%s, of TensorFlow", quoted)
	case tensorops.Library, tensorops.Compiled, tensorops.Unknown:
		s.found.Add("tflite/custom-operator", at, "%s", quoted)
	case tensorops.Reads, tensorops.Table, tensorops.Restores, tensorops.Network, tensorops.Stops, tensorops.Prints, tensorops.NestsGraph:
		s.found.AddAs(scanners.High, "tflite/flex-operator", at, "%s", quoted)
	default:
		s.found.Add("tflite/flex-operator", at, "%s", quoted)
	}
}

// nodeOperator finds the field op of a NodeDef.
var nodeOperator = regexp.MustCompile(`\x12[\x01-\x7f]([A-Z_][A-Za-z0-9_]{2,80})`)

// judgeOptions looks for the operator in the options of a Flex operator: they hold a
// serialised NodeDef, and the runtime runs what that says.
func (s *scan) judgeOptions(o operator) {
	if o.code >= uint64(len(s.codes)) || s.codes[o.code].number != custom {
		return
	}
	p := make([]byte, min(o.options.Len, flatbuffers.MaxText))
	if err := s.Read(o.options.Off, p); err != nil {
		return
	}
	for _, m := range nodeOperator.FindAllSubmatchIndex(p, 64) {
		length := int(p[m[0]+1])
		if m[2]+length > len(p) || m[3]-m[2] < length {
			continue
		}
		name := string(p[m[2] : m[2]+length])
		if c := tensorops.Of(name); c != tensorops.Unknown && c != tensorops.Computes && c != tensorops.Library && !s.isNamed(o.code, name) {
			s.judgeFlex(name, o.options.Off+int64(m[0]))
		}
	}
}

func (s *scan) isNamed(code uint64, name string) bool { return s.codes[code].name == "Flex"+name }

func (s *scan) customCall(v flatbuffers.Value) {
	s.found.Add("tflite/custom-call", v.Offset, "%s", clip.Quote(v.Bytes, shown))
}

// maxTail is how much may follow the last table, in bytes, for alignment.
const maxTail = 64

// cover accounts for the alignment between the tables.
func (s *scan) cover() error {
	var end int64
	for _, list := range []scanners.Spans{s.Parsed, s.Opaque} {
		for _, span := range list.Normal(math.MaxInt64) {
			end = max(end, span.End())
		}
	}
	if s.size-end < maxTail {
		end = s.size
	}
	return s.Padding(end)
}

func (s *scan) facts() []scanners.Fact {
	list := []scanners.Fact{
		{Key: "tflite/operators", Value: strconv.Itoa(s.nodes)}, {Key: "tflite/subgraphs", Value: strconv.Itoa(s.graphs)}, {Key: "tflite/tensors", Value: strconv.Itoa(len(s.tensors))},
	}
	if s.says != "" {
		list = append(list, scanners.Fact{Key: "tflite/description", Value: s.says})
	}
	return list
}
