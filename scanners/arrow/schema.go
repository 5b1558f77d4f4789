package arrow

import (
	"encoding/binary"

	fb "assay/scanners/internal/flatbuffers"
)

type (
	field = fb.Field[*message]
	table = fb.Schema[*message]
)

// message is what is learnt from one FlatBuffer: a message, or the footer.
type message struct {
	body    int64
	batch   bool
	schema  bool
	far     int64 // how far its buffers reach into the body
	odd     bool  // a buffer that no body can have
	key     string
	pickled bool
	blocks  []byte // of the footer: 24 bytes each
	count   int64  // of blocks
	unknown string
}

// Unknown is told of fields that the tables here do not have.
func (m *message) Unknown(table string, _ int, _ int64) { m.unknown = table }

func number(name string, size int) field { return field{Name: name, Kind: fb.Scalar, Size: size} }

// pickled is the extension type that PyArrow wrote for a type of Python.
const pickled = "arrow.py_extension_type"

func keyValues() field {
	return field{Name: "custom_metadata", Kind: fb.Tables, Table: &table{Name: "KeyValue", Fields: []field{
		{Name: "key", Kind: fb.Text, Done: func(m *message, v fb.Value) { m.key = string(v.Bytes) }},
		{Name: "value", Kind: fb.Text, Done: func(m *message, v fb.Value) {
			m.pickled = m.pickled || m.key == "ARROW:extension:name" && string(v.Bytes) == pickled
		}},
	}}}
}

// types are the types of Schema.fbs, by their number in the union. Those that are nil
// hold numbers only.
func types() []*table {
	list := make([]*table, 27)
	list[10] = &table{Name: "Timestamp", Fields: []field{number("unit", 2), {Name: "timezone", Kind: fb.Text}}}
	list[14] = &table{Name: "Union", Fields: []field{number("mode", 2), {Name: "typeIds", Kind: fb.Numbers, Size: 4}}}
	return list
}

func schema() *table {
	f := &table{Name: "Field"}
	dictionary := &table{Name: "DictionaryEncoding", Fields: []field{
		number("id", 8), {Name: "indexType", Kind: fb.Table, Table: &table{Name: "Int", Fields: []field{number("bitWidth", 4), number("is_signed", 1)}}}, number("isOrdered", 1), number("dictionaryKind", 2)}}
	f.Fields = []field{
		{Name: "name", Kind: fb.Text}, number("nullable", 1), number("type_type", 1), {Name: "type", Kind: fb.Union, Types: types()},
		{Name: "dictionary", Kind: fb.Table, Table: dictionary}, {Name: "children", Kind: fb.Tables, Table: f}, keyValues(),
	}
	return &table{Name: "Schema", Fields: []field{number("endianness", 2),
		{Name: "fields", Kind: fb.Tables, Table: f, Done: nil}, keyValues(), {Name: "features", Kind: fb.Numbers, Size: 8}},
		Begin: func(m *message, _ int64) error { m.schema = true; return nil }}
}

func batch() *table {
	return &table{Name: "RecordBatch", Fields: []field{
		number("length", 8), {Name: "nodes", Kind: fb.Numbers, Size: 16}, {Name: "buffers", Kind: fb.Numbers, Size: 16, Done: (*message).buffers},
		{Name: "compression", Kind: fb.Table, Table: &table{Name: "BodyCompression", Fields: []field{number("codec", 1), number("method", 1)}}},
		{Name: "variadicBufferCounts", Kind: fb.Numbers, Size: 8},
	}, Begin: func(m *message, _ int64) error { m.batch = true; return nil }}
}

// buffers keeps how far the buffers reach: offset and length, 8 bytes each.
func (m *message) buffers(v fb.Value) {
	for p := v.Bytes; len(p) >= 16; p = p[16:] {
		offset, size := int64(binary.LittleEndian.Uint64(p)), int64(binary.LittleEndian.Uint64(p[8:]))
		if offset < 0 || size < 0 || offset+size < 0 {
			m.odd = true
			continue
		}
		m.far = max(m.far, offset+size)
	}
}

func messageTable() *table {
	dictionary := &table{Name: "DictionaryBatch", Fields: []field{number("id", 8), {Name: "data", Kind: fb.Table, Table: batch()}, number("isDelta", 1)}}
	return &table{Name: "Message", Fields: []field{
		number("version", 2), number("header_type", 1), {Name: "header", Kind: fb.Union, Types: []*table{nil, schema(), dictionary, batch()}},
		{Name: "bodyLength", Kind: fb.Scalar, Size: 8, Done: func(m *message, v fb.Value) { m.body = int64(v.Number) }}, keyValues(),
	}}
}

func footerTable() *table {
	blocks := func(m *message, v fb.Value) {
		m.blocks = append(m.blocks, v.Bytes[:len(v.Bytes)/blockSize*blockSize]...)
		m.count += v.Count
	}
	return &table{Name: "Footer", Fields: []field{
		number("version", 2), {Name: "schema", Kind: fb.Table, Table: schema()},
		{Name: "dictionaries", Kind: fb.Numbers, Size: blockSize, Done: blocks}, {Name: "recordBatches", Kind: fb.Numbers, Size: blockSize, Done: blocks}, keyValues(),
	}}
}

// blockSize is the size of a Block: offset, length of the metadata, length of the
// body.
const blockSize = 24
