package gguf

import (
	"io"
	"math"
	"math/bits"
	"slices"
	"strings"

	"assay/scanners"
)

// layout is what is known of the tensors once all are read.
type layout struct {
	tensors  int64
	end      uint64 // of the tensors so far, padded; relative to the data
	last     uint64 // end of the last one without its padding
	unknown  bool   // a size was not known: nothing after it can be placed
	gaps     []scanners.Span
	misfits  []misfit
	elements map[string]uint64 // by type
	rows     int64             // of the token embeddings; 0 without
	foreign  int64             // tensors that no adapter has
	example  string            // one of them
	overflow bool              // of the number of elements
}

// misfit is a tensor that is not where the one before ends.
type misfit struct {
	name         string
	at           int64 // of its description
	offset, size uint64
	expected     uint64
}

// tensor reads the description of one tensor.
func (s *scan) tensor() error {
	at := s.at
	name, err := s.tensorName(at)
	if err != nil {
		return err
	}
	shape, err := s.shape(name)
	if err != nil {
		return err
	}
	kind, err := s.u32()
	if err != nil {
		return err
	}
	offset, err := s.u64()
	if err != nil {
		return err
	}
	s.note(name, shape)
	t, known := tensorTypes[kind]
	s.outline(name, t, shape)
	if !known {
		s.found.Add("gguf/unknown-type", at, "the tensor %s has the type %d", quote(name), kind)
		s.fail(scanners.GapUnsupported, at, "a tensor of the unknown type %d", kind)
		s.layout.unknown = true
		return nil
	}
	if size, ok := s.tensorSize(name, t, shape, at); ok {
		s.place(name, at, offset, size)
	}
	return nil
}

func (s *scan) tensorName(at int64) (string, error) {
	n, err := s.length()
	if err != nil {
		return "", err
	}
	if n >= nameSize {
		s.found.Add("gguf/limits", at, "the name of a tensor has %d bytes; loaders stop at %d", n, nameSize-1)
		if n > maxKeyName {
			return "", s.reader.broken("the name of a tensor has %d bytes", n)
		}
		s.fail("", at, "a name that loaders refuse")
	}
	p, err := s.bytes(n)
	if err != nil {
		return "", err
	}
	name := string(p)
	if !s.first("tensor", name) {
		s.found.Add("gguf/duplicate-name", at, "the tensor %s appears again", quote(name))
		s.fail("", at, "two readers see two different tensors")
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		s.found.Add("gguf/metadata", at, "the name of the tensor %s is not printable", quote(name))
	}
	return name, nil
}

// shape reads the dimensions: at most four.
func (s *scan) shape(name string) ([]uint64, error) {
	n, err := s.u32()
	if err != nil {
		return nil, err
	}
	if n > 4 {
		s.found.Add("gguf/limits", s.at-4, "the tensor %s has %d dimensions; loaders stop at 4", quote(name), n)
		return nil, s.reader.broken("a tensor of %d dimensions", n)
	}
	shape := make([]uint64, n)
	for i := range shape {
		if shape[i], err = s.u64(); err != nil {
			return nil, err
		}
	}
	return shape, nil
}

// note keeps what other checks need of a tensor.
func (s *scan) note(name string, shape []uint64) {
	if name == "token_embd.weight" && len(shape) == 2 {
		s.layout.rows = int64(min(shape[1], math.MaxInt64))
	}
	if !strings.HasSuffix(name, ".lora_a") && !strings.HasSuffix(name, ".lora_b") {
		if s.layout.foreign++; s.layout.foreign == 1 {
			s.layout.example = name
		}
	}
}

// outline keeps what other files must agree with. GGUF counts dimensions from the
// innermost outwards.
func (s *scan) outline(name string, t tensorType, shape []uint64) {
	rows := make([]int64, len(shape))
	for i, n := range shape {
		rows[len(shape)-1-i] = int64(min(n, math.MaxInt64))
	}
	s.result.Outline.AddTensor(scanners.Tensor{Name: name, Dtype: t.name, Shape: rows})
}

// tensorSize computes the size in bytes, as the loader does.
func (s *scan) tensorSize(name string, t tensorType, shape []uint64, at int64) (uint64, bool) {
	row, elements, overflow := uint64(1), uint64(1), false
	for i, n := range shape {
		if n > math.MaxInt64 {
			s.found.Add("gguf/tensor-shape", at, "the tensor %s has the size %d", quote(name), int64(n))
			s.unplaced(at)
			return 0, false
		}
		if i == 0 {
			row = n
		}
		high, low := bits.Mul64(elements, n)
		overflow = overflow || high > 0 || low > math.MaxInt64
		elements = low
	}
	high, size := bits.Mul64(elements/t.block, t.bytes)
	if overflow || high > 0 || size > math.MaxInt64 {
		s.found.Add("gguf/tensor-bounds", at, "the size of the tensor %s overflows: %v of %s", quote(name), shape, t.name)
		s.unplaced(at)
		return 0, false
	}
	if row%t.block != 0 {
		s.found.Add("gguf/tensor-shape", at, "the rows of the tensor %s have %d elements, no multiple of the %d of %s", quote(name), row, t.block, t.name)
		s.unplaced(at)
		return 0, false
	}
	s.addElements(t.name, elements)
	return size, true
}

func (s *scan) unplaced(at int64) {
	s.layout.unknown = true
	s.fail("", at, "a tensor without a size")
}

// addElements adds to the number of elements of a type.
func (s *scan) addElements(name string, n uint64) {
	if s.layout.elements == nil {
		s.layout.elements = make(map[string]uint64)
	}
	sum, carry := bits.Add64(s.layout.elements[name], n, 0)
	s.layout.elements[name] = sum
	s.layout.overflow = s.layout.overflow || carry > 0
}

// maxMisfits is how many are kept to be explained.
const maxMisfits = 16

// place demands that the tensor begins where the one before it ends, padded. All
// that comes before is in one piece then, so that only an end is kept.
func (s *scan) place(name string, at int64, offset, size uint64) {
	l := &s.layout
	if l.unknown {
		return
	}
	if offset%s.alignment != 0 {
		s.found.Add("gguf/alignment", at, "the tensor %s begins at %d, no multiple of %d", quote(name), offset, s.alignment)
		s.fail("", at, "a tensor that is not aligned")
	}
	if offset != l.end && len(l.misfits) < maxMisfits {
		l.misfits = append(l.misfits, misfit{name: name, at: at, offset: offset, size: size, expected: l.end})
	}
	l.last = l.end + size
	padded := l.last + (s.alignment-l.last%s.alignment)%s.alignment
	if l.last < l.end || padded < l.last || padded > math.MaxInt64 {
		s.found.Add("gguf/tensor-bounds", at, "the sizes of the tensors up to %s overflow", quote(name))
		s.unplaced(at)
		return
	}
	if padded > l.last {
		l.gaps = append(l.gaps, scanners.Span{Off: int64(l.last), Len: int64(padded - l.last)})
	}
	l.end = padded
}

// readAlignment takes the alignment over.
func (s *scan) readAlignment() {
	n, ok := s.values["general.alignment"]
	if !ok {
		return
	}
	if n <= 0 || n&(n-1) != 0 {
		s.found.Add("gguf/alignment", 0, "an alignment of %d", n)
		s.fail("", 0, "an alignment that loaders refuse")
		return
	}
	if n > 1<<20 {
		s.found.Add("gguf/alignment", 0, "an alignment of %d leaves room between tensors", n)
	}
	s.alignment = uint64(n)
}

// placeTensors compares the layout with the file, once it is known where the
// data begins.
func (s *scan) placeTensors() {
	l := &s.layout
	start := s.at + int64(s.alignment-uint64(s.at)%s.alignment)%int64(s.alignment)
	if start > s.size && l.tensors == 0 {
		start = s.size
	}
	s.zeros(s.at, min(start, s.size)-s.at)
	room := uint64(max(s.size-start, 0))
	for _, m := range l.misfits {
		s.explainMisfit(m, room)
	}
	if start > s.size || l.last > room {
		s.truncated(start, room)
	}
	if s.broken != nil || l.unknown {
		return
	}
	s.cover(start, room)
}

// truncated reports tensors beyond the end of the file. In a file that is in order
// else they have not arrived; among contradictions they are another one.
func (s *scan) truncated(start int64, room uint64) {
	const what = "the tensors end at byte %d of the data, which has %d"
	last := s.layout.last
	if s.broken != nil || last > scanners.LargestFile {
		s.found.Add("gguf/tensor-bounds", s.at, what, last, room)
		s.fail("", s.at, "tensors lie beyond the end of the file")
		return
	}
	s.found.Add("gguf/truncated", s.at, what, last, room)
	s.broken = scanners.CutOff(s.size, start+int64(last))
}

func (s *scan) explainMisfit(m misfit, room uint64) {
	what := "inside another, or out of order"
	switch {
	case m.offset > room || m.size > room-m.offset:
		what = "and so ends beyond the file"
	case m.offset > m.expected:
		what = "leaving bytes that belong to none"
	}
	s.found.Add("gguf/tensor-bounds", m.at, "the tensor %s begins at byte %d of the data instead of %d, %s", quote(m.name), m.offset, m.expected, what)
	s.fail("", m.at, "tensors do not follow one another")
}

// cover counts the tensors' bytes as data, and looks at those between them. The
// last one may go without its padding.
func (s *scan) cover(start int64, room uint64) {
	l := &s.layout
	at := int64(0)
	for _, gap := range l.gaps {
		s.result.Opaque.Add(start+at, gap.Off-at)
		at = min(gap.End(), int64(room))
		s.zeros(start+gap.Off, at-gap.Off)
	}
	s.result.Opaque.Add(start+at, int64(l.last)-at)
	if end := start + max(int64(l.last), min(int64(l.end), int64(room))); end < s.size {
		s.found.Add("gguf/trailing-data", end, "%d bytes after the last tensor", s.size-end)
	}
}

// maxPadding bounds the bytes between tensors that are read, in all.
const maxPadding = 64 << 20

// zeros demands that the bytes are zero.
func (s *scan) zeros(at, n int64) {
	buf := make([]byte, min(n, 32<<10))
	for n > 0 {
		p := buf[:min(n, int64(len(buf)))]
		if s.padding += int64(len(p)); s.padding > maxPadding {
			s.fail(scanners.GapLimit, at, "more than %d bytes between tensors", int64(maxPadding))
			return
		}
		if _, err := io.ReadFull(io.NewSectionReader(s.src, at, int64(len(p))), p); err != nil {
			s.fail(scanners.GapUnreadable, at, "read the bytes between tensors: %w", err)
			return
		}
		if i := slices.IndexFunc(p, func(c byte) bool { return c != 0 }); i >= 0 {
			s.found.Add("gguf/padding", at+int64(i), "%#02x between tensors", p[i])
		}
		s.result.Parsed.Add(at, int64(len(p)))
		at, n = at+int64(len(p)), n-int64(len(p))
	}
}
