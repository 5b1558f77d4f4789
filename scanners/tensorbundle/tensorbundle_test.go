package tensorbundle

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/protobuf/prototest"
	"assay/scanners/scannertest"

	"github.com/klauspost/compress/snappy"
)

var list = []scanners.Scanner{Scanner{}}

type pair struct {
	key   string
	value []byte
}

// tensor is an entry of floats.
func tensor(name string, count, offset, size uint64, rest ...[]byte) pair {
	shape := Msg(2, Msg(2, Num(1, count)))
	return pair{name, slices.Concat(Num(1, 1), shape, Num(4, offset), Num(5, size), Flt(6, 0), slices.Concat(rest...))}
}

var head = pair{"", slices.Concat(Num(1, 1), Msg(3, Num(1, 1)))}

// block writes entries whose keys share nothing, and one place to begin.
func block(entries ...pair) []byte {
	var p []byte
	for _, e := range entries {
		p = binary.AppendUvarint(p, 0)
		p = binary.AppendUvarint(p, uint64(len(e.key)))
		p = binary.AppendUvarint(p, uint64(len(e.value)))
		p = append(append(p, e.key...), e.value...)
	}
	return append(p, 0, 0, 0, 0, 1, 0, 0, 0)
}

// sealed is a block with its trailer.
func sealed(p []byte, kind byte) []byte {
	p = append(slices.Clone(p), kind)
	sum := crc32.Checksum(p, castagnoli)
	return binary.LittleEndian.AppendUint32(p, (sum>>15|sum<<17)+maskDelta)
}

func at(offset, size int) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(offset)), uint64(size))
}

// file is a table with one block of entries.
func file(kind byte, entries ...pair) []byte {
	data := block(entries...)
	if kind == 1 {
		data = snappy.Encode(nil, data)
	}
	out := sealed(data, kind)
	meta := len(out)
	out = append(out, sealed(block(), 0)...)
	index := len(out)
	p := block(pair{"zzz", at(0, len(data))})
	out = append(out, sealed(p, 0)...)
	footer := append(at(meta, 8), at(index, len(p))...)
	footer = append(footer, make([]byte, footerSize-len(magic)-len(footer))...)
	return append(append(out, footer...), magic...)
}

func index(entries ...pair) []byte { return file(0, append([]pair{head}, entries...)...) }

const name = "variables/variables.index"

func TestRules(t *testing.T) {
	good := index(tensor("a", 2, 0, 8), tensor("b", 1, 8, 4))
	changed := slices.Clone(good)
	changed[12]++
	entry := func(p ...pair) scannertest.Sample {
		return scannertest.Sample{Rule: "tensorbundle/entry", Name: name, Hit: index(p...), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "tensorbundle/checksum", Name: name, Hit: changed, Miss: good},
		{Rule: "tensorbundle/order", Name: name, Hit: index(tensor("b", 2, 0, 8), tensor("a", 1, 8, 4)), Miss: good},
		{Rule: "tensorbundle/order", Name: name, Hit: index(tensor("a", 2, 0, 8), tensor("a", 1, 8, 4))},
		entry(tensor("a", 2, 0, 4)), entry(tensor("a", 2, 0, 8), tensor("b", 1, 4, 4)), entry(tensor("a", 2, 0, 8, Num(3, 1))),
		entry(tensor("a", 1<<62, 0, 8)), entry(tensor("a", 2, 1<<60, 8)), entry(tensor("a", 2, 0, 8, Num(5, 8))), entry(tensor("a", 2, 0, 8, Msg(9, "x"))),
		{Rule: "tensorbundle/name", Name: name, Hit: index(tensor("../../x", 2, 0, 8)), Miss: index(tensor("layer/kernel/.ATTRIBUTES/VARIABLE_VALUE", 2, 0, 8))},
	})
}

func TestHarmless(t *testing.T) {
	entries := []pair{tensor("a", 2, 0, 8), tensor("b", 1, 8, 4), {"c", slices.Concat(Num(1, 7), Msg(2, ""), Num(4, 12), Num(5, 30))}, tensor("d", 10, 0, 0, Msg(7, Msg(1, Num(2, 5))))}
	report := scannertest.Harmless(t, list, name, index(entries...))
	scannertest.Harmless(t, list, name, file(1, append([]pair{head}, entries...)...))
	want := []scanners.Ref{
		{Kind: "data", Name: "variables.data-00000-of-00001", Key: "a", Span: scanners.Span{Len: 8}},
		{Kind: "data", Name: "variables.data-00000-of-00001", Key: "b", Span: scanners.Span{Off: 8, Len: 4}},
		{Kind: "data", Name: "variables.data-00000-of-00001", Key: "c", Span: scanners.Span{Off: 12, Len: 30}},
	}
	if !slices.Equal(report.Outline.Refs, want) {
		t.Errorf("%+v", report.Outline.Refs)
	}
	f := scannertest.File(name, index(entries...))
	f.Sibling = func(n string) (int64, bool) { return 42, n == "variables/variables.data-00000-of-00001" }
	result, err := scannertest.RunFile(Scanner{}, f, scannertest.Head(name, index(entries...)))
	if err != nil || len(result.Uses) != 1 || result.Uses[0].Size != 42 {
		t.Errorf("%+v, %v", result.Uses, err)
	}
}

func TestDeclines(t *testing.T) {
	for what, data := range map[string][]byte{
		"another table": file(0, pair{"a", []byte("b")}), "only the end": []byte(magic), "no places": append(make([]byte, 0, 48), slices.Concat(make([]byte, 0), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), []byte(magic))...),
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(name, index(tensor("a", 2, 0, 8), tensor("b", 1, 8, 4)))
	f.Add("x", file(1, head, tensor("a", 2, 0, 8)))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
