package pickle

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"testing"
)

// asm assembles one opcode per line: its name and its argument. Text arguments of
// protocol 0 are written as they stand; names, payloads and raw bytes may be Go
// string literals. "RAW" puts bytes without an opcode. A line that begins with "!"
// is the one a finding is expected at; its offset is returned.
func asm(t testing.TB, lines ...string) (data []byte, mark int64) {
	t.Helper()
	mark = -1
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "!"); ok {
			mark, line = int64(len(data)), rest
		}
		name, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "RAW" {
			data = append(data, unquote(t, arg)...)
			continue
		}
		op, ok := mnemonics()[name]
		if !ok {
			t.Fatalf("no opcode %q", name)
		}
		data = append(append(data, op), operand(t, op, arg)...)
	}
	return data, mark
}

// program is asm without the mark.
func program(t testing.TB, lines ...string) []byte {
	t.Helper()
	data, _ := asm(t, lines...)
	return data
}

func mnemonics() map[string]byte {
	byName := make(map[string]byte)
	for i, info := range opcodes {
		if info.name != "" {
			byName[info.name] = byte(i)
		}
	}
	return byName
}

// operand encodes the argument of one opcode.
func operand(t testing.TB, op byte, arg string) []byte {
	t.Helper()
	switch op {
	case opGlobal, opInst:
		var out []byte
		for _, name := range splitNames(t, arg) {
			out = append(append(out, name...), '\n')
		}
		return out
	case opInt, opLong, opFloat, opString, opUnicode, opGet, opPut, opPersID:
		if strings.HasPrefix(arg, "`") {
			arg = unquote(t, arg)
		}
		return append([]byte(arg), '\n')
	case opBinFloat:
		f, err := strconv.ParseFloat(arg, 64)
		if err != nil {
			t.Fatal(err)
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(f))
	}
	n := int(opcodes[op].fixed)
	if n == 0 {
		return nil
	}
	if strings.HasPrefix(arg, `"`) || strings.HasPrefix(arg, "`") {
		payload := unquote(t, arg)
		return append(little(uint64(len(payload)), n), payload...)
	}
	i, err := strconv.ParseInt(arg, 0, 64)
	if err != nil {
		t.Fatalf("%s %q: %v", opcodes[op].name, arg, err)
	}
	return little(uint64(i), n)
}

func little(u uint64, n int) []byte {
	return binary.LittleEndian.AppendUint64(nil, u)[:n]
}

func splitNames(t testing.TB, arg string) []string {
	t.Helper()
	if !strings.HasPrefix(arg, `"`) {
		return strings.Fields(arg)
	}
	first, err := strconv.QuotedPrefix(arg)
	if err != nil {
		t.Fatal(err)
	}
	return []string{unquote(t, first), unquote(t, strings.TrimSpace(arg[len(first):]))}
}

func unquote(t testing.TB, s string) string {
	t.Helper()
	out, err := strconv.Unquote(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return out
}
