package protobuf_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/internal/protobuf"
	. "assay/scanners/internal/protobuf/prototest"
)

// log is a state that writes down what it is told.
type log struct{ lines []string }

func (l *log) Unknown(message string, f protobuf.Field) { l.add("unknown %s.%d", message, f.Number) }
func (l *log) Twice(message, field string, _ protobuf.Field) {
	l.add("twice %s.%s", message, field)
}
func (l *log) add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func node() *protobuf.Schema[*log] {
	m := &protobuf.Schema[*log]{Name: "Node"}
	m.End = func(l *log, span scanners.Span) error { l.add("end %d+%d", span.Off, span.Len); return nil }
	value := func(l *log, f protobuf.Field, text []byte) error {
		l.add("%d=%d%q", f.Number, f.Value, text)
		return nil
	}
	m.Fields = map[uint64]protobuf.Def[*log]{
		1: {Name: "text", Kind: protobuf.Text, Done: value}, 2: {Name: "child", Kind: protobuf.Message, Repeated: true, Message: m},
		3: {Name: "raw", Kind: protobuf.Raw}, 4: {Name: "numbers", Kind: protobuf.Number, Repeated: true, Done: value},
		5: {Name: "float", Kind: protobuf.Float}, 6: {Name: "floats", Kind: protobuf.Float, Repeated: true},
		100: {Name: "high", Kind: protobuf.Number},
	}
	return m
}

func walkSchema(data []byte) (log, scanners.Spans, scanners.Spans, error) {
	var l log
	var parsed, opaque scanners.Spans
	w := protobuf.Walker[*log]{Reader: protobuf.NewReader(context.Background(), bytes.NewReader(data), int64(len(data))), State: &l, Parsed: &parsed, Opaque: &opaque}
	err := w.Walk(node(), scanners.Span{Len: int64(len(data))})
	return l, parsed, opaque, err
}

func TestWalk(t *testing.T) {
	big := make([]byte, 10_000)
	for _, c := range []struct {
		data []byte
		want string
	}{
		{slices.Concat(Msg(1, "hi"), Num(100, 1)), `1=0"hi" end 0+7 | 7 0`},
		{Msg(2, Msg(1, "a"), Msg(2, "")), `1=0"a" end 7+0 end 2+5 end 0+7 | 7 0`},
		{slices.Concat(Num(4, 7), Packed(4, 8, 300)), `4=7"" 4=8"" 4=300"" end 0+7 | 7 0`},
		{Msg(3, big), `end 0+10003 | 3 10000`},
		{Msg(1, "\xff"), `1=0"\xff" end 0+3 | 2 0`},
		{slices.Concat(Num(9, 1), Num(1, 1), Num(100, 1), Num(100, 2)), `unknown Node.9 unknown Node.1 twice Node.high end 0+10 | 6 0`},
		{slices.Concat(Flt(5, 1), Msg(6, "abcdabcd"), Msg(5, "abcd")), `unknown Node.5 end 0+21 | 15 0`},
		{Msg(6, "abc"), `at byte 0: 3 bytes of numbers with 4 bytes each | 2 0`},
		{Msg(4, "\x80"), `at byte 2: a number does not end | 3 0`},
	} {
		l, parsed, opaque, err := walkSchema(c.data)
		if err != nil {
			l.add("%v", err)
		}
		size := int64(len(c.data))
		if got := fmt.Sprintf("%s | %d %d", strings.Join(l.lines, " "), parsed.Total(size), opaque.Total(size)); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.data[:min(len(c.data), 30)], got, c.want)
		}
	}
}

// Text is read in pieces that end between two characters.
func TestLongText(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", protobuf.MaxBytes), "a" + strings.Repeat("日本", protobuf.MaxBytes/3)} {
		data := Msg(1, text)
		if _, parsed, _, err := walkSchema(data); err != nil || parsed.Total(int64(len(data))) != int64(len(data)) {
			t.Errorf("%d of %d bytes, %v", parsed.Total(int64(len(data))), len(data), err)
		}
	}
}

func TestBounds(t *testing.T) {
	deep := []byte{}
	for range 101 {
		deep = Msg(2, deep)
	}
	for _, data := range [][]byte{deep, bytes.Repeat(Num(9, 1), 10_001)} {
		if _, _, _, err := walkSchema(data); err == nil || !strings.Contains(err.Error(), " than ") {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add(Msg(2, Msg(1, "a"), Packed(4, 1, 2), Msg(3, "x"), Flt(5, 2)))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, parsed, opaque, _ := walkSchema(data)
		for _, s := range append(parsed.Normal(1<<60), opaque.Normal(1<<60)...) {
			if s.End() > int64(len(data)) {
				t.Errorf("%+v of %d bytes", s, len(data))
			}
		}
	})
}
