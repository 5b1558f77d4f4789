package flatbuffers_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/scanners/internal/flatbuffers"
	. "assay/scanners/internal/flatbuffers/fbtest"
)

type log struct{ lines []string }

func (l *log) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) Unknown(table string, slot int, _ int64) { l.add("unknown %s.%d", table, slot) }

func node() *flatbuffers.Schema[*log] {
	m := &flatbuffers.Schema[*log]{Name: "Node"}
	say := func(l *log, v flatbuffers.Value) { l.add("%d*%d%q", v.Number, v.Count, v.Bytes) }
	m.End = func(l *log, _ int64) error { l.add("end"); return nil }
	m.Fields = []flatbuffers.Field[*log]{
		{Name: "number", Size: 4, Done: say}, {Name: "text", Kind: flatbuffers.Text, Done: say}, {Name: "raw", Kind: flatbuffers.Raw, Done: say},
		{Name: "children", Kind: flatbuffers.Tables, Table: m}, {Name: "type", Size: 1}, {Name: "union", Kind: flatbuffers.Union, Types: []*flatbuffers.Schema[*log]{nil, m, nil}},
		{Name: "numbers", Kind: flatbuffers.Numbers, Size: 4, Done: say}, {Name: "texts", Kind: flatbuffers.Texts, Done: say},
	}
	return m
}

func walk(data []byte) (string, int64) {
	l := &log{}
	w := flatbuffers.New(context.Background(), bytes.NewReader(data), int64(len(data)), l)
	err := w.Root(node())
	if err == nil {
		err = w.Padding(int64(len(data)))
	}
	if err != nil {
		l.add("%v", err)
	}
	all := w.Parsed
	all.AddAll(w.Opaque, 0)
	return strings.Join(l.lines, " "), int64(len(data)) - all.Total(int64(len(data)))
}

func TestWalk(t *testing.T) {
	leaf := Table{uint32(7)}
	for _, c := range []struct {
		root Table
		want string
	}{
		{Table{}, "end"},
		{Table{uint32(3), "hi", []byte("raw")}, `3*0"" 0*2"hi" 0*3"" end`},
		{Table{nil, nil, nil, []Table{leaf, leaf}}, `7*0"" end 7*0"" end end`},
		{Table{nil, nil, nil, nil, uint8(1), leaf}, `7*0"" end end`},
		{Table{nil, nil, nil, nil, uint8(2), leaf}, `end`},
		{Table{nil, nil, nil, nil, uint8(9), leaf}, `unknown Node.5 end`},
		{Table{nil, nil, nil, nil, nil, nil, []uint32{1, 2}, []string{"a", "b"}}, "0*2\"\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00\" 0*1\"a\" 0*1\"b\" end"},
		{Table{nil, nil, nil, nil, nil, nil, nil, nil, uint32(1)}, `unknown Node.8 end`},
	} {
		if got, _ := walk(Build("TEST", c.root)); got != c.want {
			t.Errorf("%v:\n%s\nwant\n%s", c.root, got, c.want)
		}
	}
	if got, rest := walk(Build("TEST", Table{uint32(3), "hi", []byte("raw"), []Table{leaf}})); rest != 0 {
		t.Errorf("%d bytes are left: %s", rest, got)
	}
}

func TestMalformed(t *testing.T) {
	good := Build("TEST", Table{uint32(3), "hi", nil, []Table{{}}})
	at := binary.LittleEndian.Uint32(good)
	vtable := at - binary.LittleEndian.Uint32(good[at:])
	edit := func(place, value uint32, size int) []byte {
		b := slices.Clone(good)
		if size == 2 {
			binary.LittleEndian.PutUint16(b[place:], uint16(value))
		} else {
			binary.LittleEndian.PutUint32(b[place:], value)
		}
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"root beyond the file": {edit(0, 1<<31, 4), "cut off"},
		"vtable before it":     {edit(at, 1<<30, 4), "malformed"},
		"vtable beyond":        {edit(at, 1<<31, 4), "cut off"},
		"odd vtable":           {edit(vtable, 5, 2), "malformed"},
		"table too small":      {edit(vtable+2, 3, 2), "malformed"},
		"slot outside":         {edit(vtable+4, 100, 2), "malformed"},
		"vector beyond":        {edit(at+16, 1<<31, 4), "cut off"},
		"nothing":              {nil, "cut off"},
		"table is its own child": {func() []byte {
			b := slices.Clone(good)
			place := at + 24 // the offset of the vector of tables
			vector := place + binary.LittleEndian.Uint32(b[place:])
			binary.LittleEndian.PutUint32(b[vector+4:], at-(vector+4))
			return b
		}(), ""},
	} {
		got, _ := walk(c.data)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// One table that thousands refer to does not cost a multiple of the file.
func TestAmplification(t *testing.T) {
	root := Table{nil, nil, nil, []Table{}}
	for range 64 {
		root[3] = append(root[3].([]Table), Table{nil, strings.Repeat("x", 1000)})
	}
	data := Build("TEST", root)
	if got, rest := walk(data); strings.Contains(got, "over and over") || rest > 0 {
		t.Errorf("%d bytes left", rest)
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(Build("TEST", Table{uint32(3), "hi", []byte("raw"), []Table{{uint32(1)}}, uint8(1), Table{nil, "x"}, []uint32{1}, []string{"a"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, rest := walk(data); rest < 0 {
			t.Errorf("%d bytes too many", -rest)
		}
	})
}
