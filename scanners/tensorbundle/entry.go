package tensorbundle

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/protobuf"
)

// header is BundleHeaderProto, the value of the empty key.
type header struct{ shards, endianness uint64 }

// entry is BundleEntryProto with its key.
type entry struct {
	name         string
	kind         uint64
	elements     uint64
	overflow     bool
	sliced       bool
	shard        uint64
	offset, size int64
	at           int64
	odd          string // what is wrong with the message
}

// elementSize is the size of one value in a shard, in bytes, by DataType; texts and
// variants have none. Source: core/framework/types.proto of 2.18.
var elementSize = map[uint64]uint64{
	1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8, 24: 1, 25: 1,
}

// message is what is read of one value: the header or an entry.
type message struct {
	header header
	entry  entry
}

// Unknown and Twice keep the first thing that is odd.
func (m *message) Unknown(name string, f protobuf.Field) {
	m.odd(fmt.Sprintf("%s has a field %d", name, f.Number))
}

// Twice reports a second value of a field that has one.
func (m *message) Twice(name, field string, _ protobuf.Field) {
	m.odd(fmt.Sprintf("%s has a second %s", name, field))
}

func (m *message) odd(what string) {
	if m.entry.odd == "" {
		m.entry.odd = what
	}
}

type (
	schema = protobuf.Schema[*message]
	fields = map[uint64]protobuf.Def[*message]
	def    = protobuf.Def[*message]
)

func number(name string, set func(m *message, v uint64)) def {
	d := def{Name: name, Kind: protobuf.Number}
	if set != nil {
		d.Done = func(m *message, f protobuf.Field, _ []byte) error { set(m, f.Value); return nil }
	}
	return d
}

func headerSchema() *schema {
	version := &schema{Name: "VersionDef", Fields: fields{1: number("producer", nil), 2: number("min_consumer", nil), 3: {Name: "bad_consumers", Kind: protobuf.Number, Repeated: true}}}
	return &schema{Name: "BundleHeaderProto", Fields: fields{
		1: number("num_shards", func(m *message, v uint64) { m.header.shards = v }), 2: number("endianness", func(m *message, v uint64) { m.header.endianness = v }),
		3: {Name: "version", Kind: protobuf.Message, Message: version},
	}}
}

func entrySchema() *schema {
	dim := &schema{Name: "Dim", Fields: fields{1: number("size", (*message).dim), 2: {Name: "name", Kind: protobuf.Text}}}
	shape := &schema{Name: "TensorShapeProto", Fields: fields{2: {Name: "dim", Kind: protobuf.Message, Repeated: true, Message: dim}, 3: number("unknown_rank", nil)}}
	extent := &schema{Name: "Extent", Fields: fields{1: number("start", nil), 2: number("length", nil)}}
	slice := &schema{Name: "TensorSliceProto", Fields: fields{1: {Name: "extent", Kind: protobuf.Message, Repeated: true, Message: extent}}}
	return &schema{Name: "BundleEntryProto", Fields: fields{
		1: number("dtype", func(m *message, v uint64) { m.entry.kind = v }), 2: {Name: "shape", Kind: protobuf.Message, Message: shape},
		3: number("shard_id", func(m *message, v uint64) { m.entry.shard = v }),
		4: number("offset", func(m *message, v uint64) { m.entry.offset = signed(v) }), 5: number("size", func(m *message, v uint64) { m.entry.size = signed(v) }),
		6: {Name: "crc32c", Kind: protobuf.Float},
		7: {Name: "slices", Kind: protobuf.Message, Repeated: true, Message: slice, Done: func(m *message, _ protobuf.Field, _ []byte) error { m.entry.sliced = true; return nil }},
	}}
}

// signed is a size in bytes, or more than any file has.
func signed(v uint64) int64 { return int64(min(v, 1<<62)) }

func (m *message) dim(v uint64) {
	hi, lo := bits.Mul64(m.entry.elements, v)
	if m.entry.overflow = m.entry.overflow || hi != 0 || lo > 1<<60; !m.entry.overflow {
		m.entry.elements = lo
	}
}

func parse(ctx context.Context, m *schema, value []byte) (message, error) {
	out := message{entry: entry{elements: 1}}
	var parsed, opaque scanners.Spans
	w := &protobuf.Walker[*message]{Reader: protobuf.NewReader(ctx, bytes.NewReader(value), int64(len(value))), State: &out, Parsed: &parsed, Opaque: &opaque}
	err := w.Walk(m, scanners.Span{Len: int64(len(value))})
	return out, err
}

// entry takes one entry of the table: the header first, then the tensors by name.
func (s *scan) entry(at int64, key, value []byte) error {
	if s.first {
		s.first = false
		m, err := parse(s.ctx, headerSchema(), value)
		if len(key) > 0 || err != nil || m.header.shards == 0 || m.entry.odd != "" {
			return scanners.ErrNotRecognised // a table with other contents
		}
		s.header = m.header
		return nil
	}
	if bytes.Compare(key, s.last) <= 0 {
		s.found.Add("tensorbundle/order", at, "%s comes after %s", clip.Quote(key, shown), clip.Quote(s.last, shown))
	}
	s.last = append(s.last[:0], key...)
	if len(s.entries) >= maxTensors {
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d tensors", maxTensors)}
	}
	m, err := parse(s.ctx, entrySchema(), value)
	if err != nil {
		return broken(at, "the entry of %s: %w", clip.Quote(key, shown), err)
	}
	m.entry.name, m.entry.at = clip.Bytes(key, 512), at
	s.judgeEntry(m.entry)
	if !m.entry.sliced { // the parts of a tensor have entries of their own
		s.entries = append(s.entries, m.entry)
	}
	return nil
}

func (s *scan) judgeEntry(e entry) {
	quoted := clip.Quote(e.name, shown)
	size, known := elementSize[e.kind]
	hi, want := bits.Mul64(e.elements, size)
	switch {
	case e.odd != "":
		s.found.Add("tensorbundle/entry", e.at, "tensor %s: %s", quoted, e.odd)
	case e.offset > scanners.LargestFile || e.size > scanners.LargestFile || e.overflow:
		s.found.Add("tensorbundle/entry", e.at, "tensor %s has %d bytes at %d", quoted, e.size, e.offset)
	case known && !e.sliced && (hi != 0 || want != uint64(e.size)):
		s.found.Add("tensorbundle/entry", e.at, "tensor %s needs %d bytes and has %d", quoted, want, e.size)
	}
}
