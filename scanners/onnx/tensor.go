package onnx

import (
	"math/bits"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
)

// elementBits is the size of one value by TensorProto.DataType, in bits; a string
// has none. Source: onnx.proto as of 1.20.
var elementBits = map[uint64]uint64{
	1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
	17: 8, 18: 8, 19: 8, 20: 8, // FLOAT8
	21: 4, 22: 4, 23: 4, // UINT4, INT4, FLOAT4E2M1
	24: 8, 25: 2, 26: 2, // FLOAT8E8M0, UINT2, INT2
}

// stringType is the type of texts, which have no size.
const stringType = 8

// tensor is the one that is being read. Tensors do not nest.
type tensor struct {
	name     string
	kind     uint64
	elements uint64
	overflow bool
	raw      int64 // bytes of raw_data, -1 without
	external bool
	where    location
	offset   int64
}

func (s *scan) beginTensor(span scanners.Span) error {
	s.tensor = tensor{elements: 1, raw: -1, offset: span.Off, where: location{length: -1}}
	return nil
}

func (s *scan) tensorDim(f protobuf.Field, _ []byte) error {
	t := &s.tensor
	hi, lo := bits.Mul64(t.elements, f.Value)
	if t.overflow = t.overflow || hi != 0 || f.Value > 1<<62; !t.overflow {
		t.elements = lo
	}
	return nil
}

func (s *scan) tensorType(f protobuf.Field, _ []byte) error {
	s.tensor.kind = f.Value
	return nil
}

func (s *scan) tensorName(_ protobuf.Field, p []byte) error {
	s.tensor.name = clip.Bytes(p, maxFact)
	return nil
}

func (s *scan) tensorRaw(f protobuf.Field, _ []byte) error {
	s.tensor.raw = f.Data.Len
	return nil
}

func (s *scan) tensorLocation(f protobuf.Field, _ []byte) error {
	s.tensor.external = s.tensor.external || f.Value == 1
	return nil
}

// size is how many bytes the shape asks for; false when it is not known.
func (t *tensor) size() (int64, bool) {
	per, ok := elementBits[t.kind]
	hi, lo := bits.Mul64(t.elements, per)
	if !ok || t.overflow || hi != 0 || lo > 1<<62 {
		return 0, false
	}
	return int64((lo + 7) / 8), true
}

func (s *scan) endTensor(scanners.Span) error {
	t := &s.tensor
	want, known := t.size()
	_, typed := elementBits[t.kind]
	switch {
	case t.overflow, typed && !known:
		s.found.Add("onnx/tensor-size", t.offset, "the shape of tensor %s overflows", clip.Quote(t.name, shown))
	case known && t.raw >= 0 && t.raw != want && !t.external:
		s.found.Add("onnx/tensor-size", t.offset, "tensor %s needs %d bytes and has %d", clip.Quote(t.name, shown), want, t.raw)
	}
	s.sane = s.sane || typed || t.kind == stringType
	if t.external || len(t.where.keys) > 0 {
		s.endExternal(want, known)
	}
	return nil
}
