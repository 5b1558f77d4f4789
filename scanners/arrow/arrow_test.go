package arrow

import (
	"encoding/binary"
	"slices"
	"testing"

	"assay/scanners"
	"assay/scanners/internal/flatbuffers/fbtest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// pad fills up to a multiple of 8.
func pad(p []byte) []byte { return append(p, make([]byte, -len(p)&7)...) }

// encode is a message with its mark, its length and its body.
func encode(header uint8, table fbtest.Table, body []byte) []byte {
	meta := pad(fbtest.Build("\x00\x00\x00\x00", fbtest.Table{uint32(4), header, table, uint64(len(body)), nil}))
	out := binary.LittleEndian.AppendUint32([]byte("\xff\xff\xff\xff"), uint32(len(meta)))
	return slices.Concat(out, meta, body)
}

func schemaOf(name, value string) fbtest.Table {
	column := func(kind uint8, table fbtest.Table, children []fbtest.Table) fbtest.Table {
		f := fbtest.Table{"a", uint8(1), kind, table, nil, nil, []fbtest.Table{{name, value}}}
		if children != nil {
			f[5] = children
		}
		return f
	}
	fields := []fbtest.Table{
		column(2, fbtest.Table{uint32(32), uint8(1)}, nil), column(10, fbtest.Table{uint32(1), "UTC"}, nil),
		column(12, fbtest.Table{}, []fbtest.Table{column(5, fbtest.Table{}, nil)}),
	}
	return fbtest.Table{uint32(0), fields, []fbtest.Table{{"huggingface", "{}"}}}
}

func numbers(list ...uint64) []byte {
	var out []byte
	for _, n := range list {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	return out
}

func batchOf(buffers ...uint64) fbtest.Table {
	return fbtest.Table{uint64(2), fbtest.Structs{Count: 1, Data: numbers(2, 0)}, fbtest.Structs{Count: len(buffers) / 2, Data: numbers(buffers...)}}
}

var (
	plain = encode(1, schemaOf("x", "y"), nil)
	body  = make([]byte, 64)
	end   = []byte("\xff\xff\xff\xff\x00\x00\x00\x00")
)

func stream(messages ...[]byte) []byte { return slices.Concat(slices.Concat(messages...), end) }

// file is a file of one batch, with what the footer says of it.
func file(offset, size uint64) []byte {
	batch := encode(3, batchOf(0, 0, 0, 64), body)
	block := numbers(offset, uint64(len(batch)-len(body)), size)
	footer := fbtest.Build("\x00\x00\x00\x00", fbtest.Table{uint32(4), schemaOf("x", "y"), fbtest.Structs{}, fbtest.Structs{Count: 1, Data: block}})
	out := slices.Concat([]byte(magic+"\x00\x00"), plain, batch, end, footer)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(footer))), magic...)
}

func ordinary() []byte { return file(uint64(8+len(plain)), 64) }

func TestOrdinary(t *testing.T) {
	scannertest.Harmless(t, list, "model.feather", ordinary())
	dictionary := encode(2, fbtest.Table{uint64(0), batchOf(0, 8), uint32(0)}, body[:8])
	report := scannertest.Harmless(t, list, "data-00000-of-00001.arrow", stream(plain, dictionary, encode(3, batchOf(0, 64), body)))
	if report.Coverage.Opaque != 72 || report.Facts[0].Value != "2" {
		t.Errorf("coverage %+v, facts %v", report.Coverage, report.Facts)
	}
}

func TestRules(t *testing.T) {
	good := ordinary()
	at := uint64(8 + len(plain))
	bad := slices.Clone(plain)
	binary.LittleEndian.PutUint32(bad[8+8+8:], 1<<31)
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "arrow/pickled-type", Hit: stream(encode(1, schemaOf("ARROW:extension:name", pickled), nil)), Miss: stream(plain)}, // CVE-2023-47248
		{Rule: "arrow/pickled-type", Miss: stream(encode(1, schemaOf("ARROW:extension:name", "datasets.features.Array2DExtensionType"), nil))},
		{Rule: "arrow/range", Hit: stream(plain, encode(3, batchOf(8, 64), body)), Miss: good},
		{Rule: "arrow/range", Hit: stream(plain, encode(3, batchOf(1<<63, 8), body))},
		{Rule: "arrow/footer-differs", Hit: file(at+8, 64), Miss: good},
		{Rule: "arrow/footer-differs", Hit: file(at, 63)},
		{Rule: "arrow/malformed", Hit: slices.Concat([]byte(magic+"\x00\x00"), bad, end, good[len(good)-10-int(binary.LittleEndian.Uint32(good[len(good)-10:])):]), Miss: good},
	})
}

func TestGaps(t *testing.T) {
	good := ordinary()
	for what, data := range map[string][]byte{
		"cut off":       good[:len(good)-20],
		"a cut stream":  stream(plain, encode(3, batchOf(0, 64), body))[:len(plain)+40],
		"trailing":      append(stream(plain), "PK\x03\x04"...),
		"version 1":     []byte("FEA1\x00\x00\x00\x00"),
		"a new message": stream(plain, encode(9, fbtest.Table{}, nil)),
	} {
		if report := scannertest.Scan(list, "x.arrow", data); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for _, data := range []string{"\xff\xff\xff\xff\x00\x00\x00\x00", "\xff\xff\xff\xff\x10\x00\x00\x00\x04\x00\x00\x00 text and more", "ARROW"} {
		if report := scannertest.Scan(list, "x.bin", []byte(data)); len(report.Formats) > 0 {
			t.Errorf("%q: %+v", data, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("x.arrow", ordinary())
	f.Add("x.arrow", stream(plain, encode(3, batchOf(8, 64), body)))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
