package sentencepiece

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

const name = "tokenizer.model"

var list = []scanners.Scanner{Scanner{}}

var story = strings.Repeat("\u2581once\u2581upon\u2581a\u2581time\u2581there\u2581was\u2581a\u2581model", 6)

func with(parts ...[]byte) []byte { return append(specials(), slices.Concat(parts...)...) }

func TestRules(t *testing.T) {
	size := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	maps := func(table []byte) []byte { return with(normalizing(table)) }
	good := maps(charsmap(nil, "A\x00"))
	charsmapRule := func(hit []byte) scannertest.Sample {
		return scannertest.Sample{Rule: "sentencepiece/charsmap", Name: name, Hit: maps(hit), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		charsmapRule(charsmap(map[int]uint32{0: 0x3ffff << 10}, "A\x00")),
		charsmapRule(charsmap(map[int]uint32{0: 512 << 10}, "A\x00")),
		charsmapRule(charsmap(map[int]uint32{0: 1<<9 | 2<<10}, "A\x00")),
		charsmapRule(charsmap(map[int]uint32{9: 1<<31 | 2}, "A\x00")),
		charsmapRule(charsmap(nil, "A")),
		charsmapRule(charsmap(nil, "")),
		charsmapRule(slices.Concat(size(0), []byte("A\x00"))),
		charsmapRule(slices.Concat(size(3), []byte("abcA\x00"))),
		charsmapRule(slices.Concat(size(1<<32-1), []byte("A\x00"))),
		charsmapRule(slices.Concat(size(4), make([]byte, 4), []byte("A\x00"))),
		charsmapRule([]byte("abc")),
		{Rule: "sentencepiece/charsmap", Name: name, Hit: with(msg(5, msg(2, "abc"))), Miss: maps(nil)},
		{Rule: "sentencepiece/charsmap", Name: name, Miss: maps(charsmap(map[int]uint32{0: 1<<9 | 1<<10, 9: 1<<31 | 1}, "A\x00"))},
		{Rule: "sentencepiece/long-piece", Name: name, Hit: with(token(strings.Repeat("=", 8000), 0, 1)), Miss: with(token(strings.Repeat("=", 7999), 0, 1))},
		{Rule: "sentencepiece/long-piece", Name: name, Hit: with(token(strings.Repeat("=", 300<<10), 0, 1))},
		{Rule: "sentencepiece/duplicate-piece", Name: name, Hit: with(token("a", 0, 1), token("a", -1, 1)), Miss: with(token("a", 0, 1), token("A", 0, 1))},
		{Rule: "sentencepiece/duplicate-piece", Name: name, Hit: with(token("a", 0, 1), token("a", 0, 4)), Miss: with(token("<s>", 0, 4))},
		{Rule: "sentencepiece/duplicate-piece", Name: name, Hit: with(token("<s>", 0, 3))},
		{Rule: "sentencepiece/piece-text", Name: name, Hit: with(token(story, 0, 4)), Miss: with(token("\u2581once\u2581upon\u2581a\u2581time", 0, 4))},
		{Rule: "sentencepiece/piece-text", Name: name, Hit: with(token(strings.ReplaceAll(story, "\u2581", " "), 0, 3)), Miss: with(token(strings.Repeat("\u2581", 400), 0, 4))},
		{Rule: "sentencepiece/piece-text", Name: name, Hit: with(token(story, 0, 1)), Miss: with(token(strings.Repeat("<|a b|>", 60), 0, 4))},
	})
}

// What the trainer writes passes whole, whatever the file is called.
func TestOrdinary(t *testing.T) {
	data := ordinary()
	for _, n := range []string{name, "spiece.model", "blobs/sha256-3f9a0b", ""} {
		report := scannertest.Harmless(t, list, n, data)
		if report.Class != scanners.Clean {
			t.Errorf("%s: class %v", n, report.Class)
		}
		want := []scanners.Fact{{Key: "sentencepiece/model-type", Value: "bpe"}, {Key: "sentencepiece/normalizer", Value: "nmt_nfkc"}, {Key: "sentencepiece/pieces", Value: "274"}}
		if !slices.Equal(report.Facts, want) {
			t.Errorf("%s: facts %+v", n, report.Facts)
		}
		if table := int64(len(charsmap(nil, "A\x00"))); report.Coverage.Opaque != table {
			t.Errorf("%s: coverage %+v, table of %d bytes", n, report.Coverage, table)
		}
	}
	// Written by hand: scores may be missing, and the parts in any order.
	scannertest.Harmless(t, list, name, slices.Concat(training(1), msg(1, msg(1, "<unk>"), num(3, 2))))
	scannertest.Harmless(t, list, "x.spm", msg(1, msg(1, "<unk>"), num(3, 2), flt(2, 0)))
}

// What the schema does not name is not passed in silence.
func TestUncovered(t *testing.T) {
	for what, data := range map[string][]byte{
		"an extension":           with(msg(200, "assay-test-marker")),
		"an unknown number":      with(num(6, 1)),
		"in a piece":             with(msg(1, msg(1, "a"), flt(2, 0), msg(9, "x"))),
		"in the trainer":         with(msg(2, num(3, 1), num(63, 1))),
		"another wire type":      with(msg(2, msg(4, "32000"))),
		"a second text":          with(msg(1, msg(1, "a"), msg(1, "b"))),
		"a second trainer":       with(training(1), training(1)),
		"an unknown type":        with(token("a", 0, 7)),
		"type zero":              with(token("a", 0, 0)),
		"an unknown algorithm":   with(training(5)),
		"no UTF-8":               with(token("a\xff", 0, 1)),
		"a text too long":        with(msg(2, msg(1, strings.Repeat("x", 300<<10)))),
		"trailing bytes":         append(ordinary(), "PK\x03\x04"...),
		"trailing zeros":         append(ordinary(), 0, 0),
		"cut off":                ordinary()[:100],
		"a table that is broken": with(normalizing([]byte("abc"))),
	} {
		report := scannertest.Scan(list, name, data)
		if len(report.Formats) != 1 || len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: formats %v, class %v, gaps %+v", what, report.Formats, report.Class, report.Gaps)
		}
	}
}

// A name alone makes no model, and other formats are left to their scanners.
func TestNotRecognised(t *testing.T) {
	for _, data := range []string{"", "\n", "\n\n\n\n", "\ntext of a person", "PK\x03\x04", "IQ== 0\nIg== 1\n", "\x0a\x03abc", string(training(1)), "\x0a\x07\x0a\x05<unk>\x00"} {
		for _, n := range []string{name, "a.bin"} {
			if report := scannertest.Scan(list, n, []byte(data)); len(report.Formats) > 0 {
				t.Errorf("%s, %q: %v", n, data, report.Formats)
			}
		}
	}
}

// Junk behind a model hides nothing.
func TestKeepsFindings(t *testing.T) {
	data := with(token("a", 0, 1), token("a", 0, 1), token(story, 0, 4), normalizing([]byte("abc")))
	for _, junk := range []string{"\x0a\x02junk", "\x00", "PK\x05\x06", strings.Repeat("\xff", 99)} {
		scannertest.KeepsFindings(t, Scanner{}, name, data, []byte(junk))
	}
	if r, _ := scannertest.Run(Scanner{}, name, data); len(r.Findings) != 3 {
		t.Errorf("%d findings", len(r.Findings))
	}
}

func TestTooManyPieces(t *testing.T) {
	one := msg(1, msg(1, "a"))
	data := slices.Concat(specials(), slices.Repeat(one, maxPieces))
	report := scannertest.Scan(list, name, data)
	if !slices.ContainsFunc(report.Gaps, func(g scanners.Gap) bool { return g.Code == scanners.GapLimit }) {
		t.Errorf("gaps %+v", report.Gaps)
	}
}

// A vocabulary of the largest kind takes a moment, and is whole.
func TestLarge(t *testing.T) {
	data := specials()
	for i := range 250_000 {
		data = append(data, token(fmt.Sprintf("\u2581piece%d", i), -1, typeNormal)...)
	}
	scannertest.Harmless(t, list, name, append(data, training(1)...))
}

func FuzzScan(f *testing.F) {
	f.Add(name, ordinary())
	f.Add("x", with(token("a", 0, 1), token("a", 0, 1), normalizing(charsmap(map[int]uint32{0: 512 << 10}, "A"))))
	f.Add(name, with(token(story, 0, 4), msg(200, "x")))
	f.Add(name, []byte("\x0a\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
