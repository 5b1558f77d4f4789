package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// The builder writes the compact protocol.

func zig(v int64) []byte { return binary.AppendUvarint(nil, uint64(v<<1)^uint64(v>>63)) }

// field is one field, 15 behind the one before at most.
func field(delta int, kind byte, parts ...[]byte) []byte {
	return append([]byte{byte(delta<<4) | kind}, slices.Concat(parts...)...)
}

func str(s string) []byte { return append(binary.AppendUvarint(nil, uint64(len(s))), s...) }

func structs(list ...[]byte) []byte {
	out := []byte{byte(min(len(list), 15)<<4) | tStruct}
	if len(list) >= 15 {
		out = binary.AppendUvarint(out, uint64(len(list)))
	}
	return append(out, slices.Concat(list...)...)
}

func record(fields ...[]byte) []byte { return append(slices.Concat(fields...), tStop) }

// meta is ColumnMetaData.
func meta(size, data, dict int64) []byte {
	return record(field(1, tI32, zig(1)), field(1, tList, []byte{0x15}, zig(0)), field(1, tList, []byte{0x18}, str("a")), field(1, tI32, zig(1)), field(1, tI64, zig(3)),
		field(1, tI64, zig(size)), field(1, tI64, zig(size)), field(2, tI64, zig(data)), field(2, tI64, zig(dict)), field(1, tStruct, record(field(5, tBinary, str("max")))))
}

// column is ColumnChunk.
func column(path string, copied int64, meta []byte, more ...[]byte) []byte {
	var out [][]byte
	if path != "" {
		out = append(out, field(1, tBinary, str(path)), field(1, tI64, zig(copied)))
	} else {
		out = append(out, field(2, tI64, zig(copied)))
	}
	out = append(out, field(1, tStruct, meta))
	return record(append(out, more...)...)
}

// file is a file with a body behind the mark, columns, and metadata.
func file(body string, columns [][]byte, keyValues ...string) []byte {
	var texts [][]byte
	for i := 0; i+1 < len(keyValues); i += 2 {
		texts = append(texts, record(field(1, tBinary, str(keyValues[i])), field(1, tBinary, str(keyValues[i+1]))))
	}
	group := record(field(1, tList, structs(columns...)), field(1, tI64, zig(10)), field(1, tI64, zig(3)))
	foot := record(field(1, tI32, zig(2)), field(1, tList, structs(record(field(4, tBinary, str("schema"))), record(field(1, tI32, zig(1)), field(3, tBinary, str("a"))))),
		field(1, tI64, zig(3)), field(1, tList, structs(group)), field(1, tList, structs(texts...)), field(1, tBinary, str("parquet-cpp-arrow version 14.0.1")))
	out := append([]byte(magic+body), foot...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(foot))), magic...)
}

const pages = "0123456789"

func ordinary() []byte {
	columnMeta := meta(10, 8, 4)
	index := column("", 14, columnMeta, field(1, tI64, zig(18+int64(len(columnMeta)))), field(1, tI32, zig(2)))
	return file(pages+string(columnMeta)+"\x00\x00\x00\x00xy", [][]byte{index}, "pandas", `{"columns": []}`, "ARROW:schema", base64.StdEncoding.EncodeToString([]byte("schema")))
}

func TestOrdinary(t *testing.T) {
	report := scannertest.Harmless(t, list, "train-00000-of-00001.parquet", ordinary())
	if report.Coverage.Opaque != 12 || report.Class != scanners.Clean {
		t.Errorf("coverage %+v, class %v, facts %v", report.Coverage, report.Class, report.Facts)
	}
	scannertest.Harmless(t, list, "x", file(pages, [][]byte{column("", 0, meta(10, 4, 0))}))
	scannertest.Harmless(t, list, "empty.parquet", file("", nil))
}

func TestRules(t *testing.T) {
	good := ordinary()
	one := func(c []byte) []byte { return file(pages, [][]byte{c}) }
	schema := base64.StdEncoding.EncodeToString([]byte("\x10\x00ARROW:extension:name\x00" + pickled + "\x00cassay\nmarker\n)R."))
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "parquet/external-column", Hit: one(column("../other.parquet", 4, meta(10, 4, 0))), Miss: good},
		{Rule: "parquet/external-column", Name: "_metadata", Hit: one(column("part-0.parquet", 4, meta(10, 4, 0)))},
		{Rule: "parquet/pickled-type", Hit: file("", nil, "ARROW:schema", schema), Miss: good}, // CVE-2023-47248
		{Rule: "parquet/pickled-type", Hit: file("", nil, "ARROW:schema", "AAAA", "ARROW:schema", schema)},
		{Rule: "parquet/pickled-type", Hit: file("", nil, "x", pickled)},
		{Rule: "parquet/range", Hit: one(column("", 0, meta(1<<40, 4, 0))), Miss: good},
		{Rule: "parquet/range", Hit: one(column("", 0, meta(-5, 4, 0)))},
		{Rule: "parquet/range", Hit: file(pages, [][]byte{column("", 0, meta(10, 4, 0)), column("", 0, meta(5, 6, 0))})},
	})
	if r, _ := scannertest.Run(Scanner{}, "_metadata", one(column("part-0.parquet", 4, meta(10, 4, 0)))); r.Findings[0].Severity != scanners.Low {
		t.Errorf("a summary file: %+v", r.Findings)
	}
}

func TestGaps(t *testing.T) {
	good := ordinary()
	for what, data := range map[string][]byte{
		"cut off":            good[:len(good)-9],
		"only the mark":      []byte("PAR1"),
		"encrypted":          []byte("PARE"),
		"between columns":    file("secret"+pages, [][]byte{column("", 0, meta(10, 10, 0))}),
		"behind the footer":  append(slices.Clone(good[:len(good)-8]), "xxxx\xff\xff\x00\x00PAR1"...),
		"nested too deep":    file("", nil, strings.Repeat("x", 10), "y")[:20],
		"a footer of zeros":  []byte("PAR1\xf0\xf0\x02\x00\x00\x00PAR1"),
		"an encrypted chunk": file(pages, [][]byte{column("", 0, meta(10, 4, 0), field(5, tStruct, record()))}),
	} {
		if report := scannertest.Scan(list, "x.parquet", data); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("x.parquet", ordinary())
	f.Add("x.parquet", file(pages, [][]byte{column("../x", 4, meta(10, 4, 0))}, "x", pickled))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
