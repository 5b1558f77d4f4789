package engine

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// elf is the header of a library for x86-64, and nothing behind it.
func elf() []byte {
	h := make([]byte, 128)
	copy(h, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(h[16:], 3)  // ET_DYN
	binary.LittleEndian.PutUint16(h[18:], 62) // EM_X86_64
	binary.LittleEndian.PutUint32(h[20:], 1)
	binary.LittleEndian.PutUint64(h[32:], 64) // program headers
	binary.LittleEndian.PutUint16(h[52:], 64)
	binary.LittleEndian.PutUint16(h[54:], 56)
	binary.LittleEndian.PutUint16(h[56:], 1)
	binary.LittleEndian.PutUint16(h[58:], 64)
	return h
}

func plan(inside ...[]byte) []byte {
	return slices.Concat([]byte("ftrt\x00\x00\x00\x00"), make([]byte, 512), slices.Concat(inside...), make([]byte, 512))
}

const torch7 = "\x04\x00\x00\x00\x01\x00\x00\x00\x03\x00\x00\x00V 1\x10\x00\x00\x00torch.FloatTensor"

func TestRules(t *testing.T) {
	far := append(plan(), make([]byte, piece-len(plan())-2)...) // a signature in two pieces
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "engine/compiled", Hit: plan(), Miss: []byte(torch7)},
		{Rule: "engine/compiled", Name: "model.rknn", Hit: []byte("RKNN\x00\x00"), Miss: []byte("\x00\x00\x00\x00ORTM")},
		{Rule: "engine/compiled", Name: "model.engine", Hit: []byte("\x00\x01\x02\x03")},
		{Rule: "engine/native-code", Hit: plan(elf()), Miss: plan([]byte("\x7fELF and no more"))},
		{Rule: "engine/native-code", Hit: plan([]byte("odd"), elf())},
		{Rule: "engine/bytecode", Hit: []byte(torch7 + "\x1bLJ\x02\x02"), Miss: []byte(torch7 + "\x1bLJ")},
		{Rule: "engine/bytecode", Hit: slices.Concat(far, []byte("\x1bLuaQ"))},
	})
}

// None of it is covered, whatever the name says.
func TestNotCovered(t *testing.T) {
	for name, data := range map[string]string{
		"model.plan": "ftrt\x00", "a": "ptrt\x00", "model.mnn": "\x18\x00\x00\x00", "net.t7": torch7, "a.dnn": "B\x00C\x00N\x00\x00\x00",
	} {
		report := scannertest.Scan([]scanners.Scanner{Scanner{}}, name, []byte(data))
		if len(report.Gaps) != 1 || report.Gaps[0].Code != scanners.GapUnsupported || report.Coverage.Skipped != int64(len(data)) {
			t.Errorf("%s: %v, %+v", name, report.Gaps, report.Coverage)
		}
	}
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string]string{"release.plan": "1. train\n2. ship\n", "model.dlc": "PK\x03\x04\x00", "a.bin": strings.Repeat("\x00", 100), "ft": "ftr"} {
		if _, err := scannertest.Run(Scanner{}, name, []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSources(t *testing.T) {
	for _, f := range formats {
		if f.source == "" || f.magic == "" && len(f.extensions) == 0 {
			t.Errorf("%s: no source, or nothing to recognise it by", f.title)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.plan", plan(elf()))
	f.Add("m", []byte(torch7+"\x1bLuaQ"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
