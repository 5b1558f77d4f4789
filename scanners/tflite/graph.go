package tflite

import (
	"encoding/binary"
	"math/bits"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/flatbuffers"
)

// elementBits is the size of one value by TensorType, in bits; texts, resources and
// variants have none. Source: schema.fbs of TensorFlow 2.18.
var elementBits = map[uint64]uint64{
	0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32, 16: 16, 17: 4, 18: 16,
}

// Unknown reports a slot that the schema does not have.
func (s *scan) Unknown(table string, slot int, at int64) {
	s.found.Add("tflite/unknown-operator", at, "%s has no slot, or no type, %d", table, slot)
}

func (s *scan) beginCode(at int64) error {
	s.code = code{at: at}
	return nil
}

// codeNumber takes the number in a byte of old models, or the wide one: runtimes
// take the larger.
func (s *scan) codeNumber(v flatbuffers.Value) { s.code.number = max(s.code.number, v.Number) }

func (s *scan) codeName(v flatbuffers.Value) { s.code.name = clip.Bytes(v.Bytes, maxFact) }

func (s *scan) endCode(int64) error {
	s.codes = append(s.codes, s.code)
	return nil
}

func (s *scan) describe(v flatbuffers.Value) { s.says = clip.Bytes(v.Bytes, maxFact) }

func (s *scan) beginSubgraph(int64) error {
	s.graphs++
	s.here, s.ends = 0, nil
	return nil
}

// endSubgraph compares the indices with the tensors of the subgraph, which may come
// after the operators.
func (s *scan) endSubgraph(int64) error {
	for _, r := range s.ends {
		if r.index >= uint64(s.here) {
			s.found.Add("tflite/index", r.at, "tensor %d of a subgraph with %d", r.index, s.here)
		}
	}
	s.ends = nil
	return nil
}

// operands are indices of tensors; -1 is one that is left out.
func (s *scan) operands(v flatbuffers.Value) {
	for p := v.Bytes; len(p) >= 4; p = p[4:] {
		index := binary.LittleEndian.Uint32(p)
		if index != 1<<32-1 && len(s.ends) < maxItems {
			s.ends = append(s.ends, ref{index: uint64(index), at: v.Offset})
		}
	}
}

// operator is the one that is read.
type operator struct {
	code    uint64
	options scanners.Span
	at      int64
}

func (s *scan) beginOperator(at int64) error {
	s.nodes++
	s.operator, s.far = operator{at: at}, scanners.Span{}
	return nil
}

func (s *scan) opcode(v flatbuffers.Value) { s.operator.code = v.Number }

func (s *scan) customOptions(v flatbuffers.Value) { s.operator.options = v.Span }

func (s *scan) endOperator(at int64) error {
	if len(s.opcodes) < maxItems {
		s.opcodes = append(s.opcodes, ref{index: s.operator.code, at: at})
	}
	s.takeFar(at)
	if s.far.Len > 0 {
		s.operator.options = s.far
	}
	if s.operator.options.Len > 0 && len(s.flex) < maxItems {
		s.flex = append(s.flex, s.operator)
	}
	return nil
}

// farOffset and farSize are what lies behind the tables in files of more than
// 2 GiB; 0 and 1 mean that nothing does.
func (s *scan) farOffset(v flatbuffers.Value) { s.far.Off = signed(v.Number) }

func (s *scan) farSize(v flatbuffers.Value) { s.far.Len = signed(v.Number) }

// signed is a size in bytes, or more than any file has.
func signed(n uint64) int64 { return int64(min(n, 1<<62)) }

func (s *scan) takeFar(at int64) {
	if s.far.Off <= 1 || s.far.Len == 0 {
		s.far = scanners.Span{}
		return
	}
	if s.far.Off > s.size-min(s.far.Len, s.size) || s.far.Len > s.size {
		s.found.Add("tflite/index", at, "%d bytes at %d of a file that has %d", s.far.Len, s.far.Off, s.size)
		s.far = scanners.Span{}
		return
	}
	s.Opaque.Add(s.far.Off, s.far.Len)
}

func (s *scan) beginBuffer(int64) error {
	s.buffer, s.far = 0, scanners.Span{}
	return nil
}

func (s *scan) bufferData(v flatbuffers.Value) { s.buffer = v.Span.Len }

func (s *scan) endBuffer(at int64) error {
	s.takeFar(at)
	s.buffers = append(s.buffers, max(s.buffer, s.far.Len))
	return nil
}

func (s *scan) bufferIndex(v flatbuffers.Value) {
	if len(s.refs) < maxItems {
		s.refs = append(s.refs, ref{what: "metadata", index: v.Number, at: v.Offset})
	}
}

func (s *scan) beginTensor(at int64) error {
	s.here++
	s.tensor = tensor{at: at}
	return nil
}

func (s *scan) tensorShape(v flatbuffers.Value) { s.tensor.shape, s.tensor.rank = v.Bytes, v.Count }

func (s *scan) tensorType(v flatbuffers.Value) { s.tensor.kind = v.Number }

func (s *scan) tensorBuffer(v flatbuffers.Value) { s.tensor.buffer = v.Number }

func (s *scan) tensorName(v flatbuffers.Value) { s.tensor.name = clip.Bytes(v.Bytes, shown) }

func (s *scan) tensorSparse(int64) error {
	s.tensor.sparse = true
	return nil
}

func (s *scan) endTensor(int64) error {
	if len(s.tensors) < maxItems {
		s.tensor.want, s.tensor.known = s.tensor.size()
		s.tensor.shape = nil
		s.tensors = append(s.tensors, s.tensor)
	}
	return nil
}

// size is how many bytes the shape asks for; not known for texts, for tensors whose
// values are sparse, and for more dimensions than any runtime has.
func (t *tensor) size() (uint64, bool) {
	per, ok := elementBits[t.kind]
	if !ok || t.sparse || t.rank > 64 {
		return 0, false
	}
	n := per
	for p := t.shape; len(p) >= 4; p = p[4:] {
		hi, lo := bits.Mul64(n, uint64(binary.LittleEndian.Uint32(p)))
		if n = lo; hi != 0 || lo > 1<<62 {
			return 1 << 62, true
		}
	}
	return (n + 7) / 8, true
}
