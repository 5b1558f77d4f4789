package pyjson

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/scanners"
)

var opts = Options{Texts: []string{"a", "b", "code"}, Long: []string{"code"}, Nest: []string{"in"}, Lists: []string{"code"}}

func show(data []byte) string {
	var out []string
	doc, err := Walk(context.Background(), scanners.File{ReaderAt: bytes.NewReader(data), Size: int64(len(data))}, opts, func(o *Object) {
		out = append(out, fmt.Sprintf("%s:%s%s%s<%s>", o.Key, o.Text("a"), o.Text("b"), o.Text("code"), o.Nested["in"].Text("a")))
	})
	if doc.Again != "" {
		out = append(out, "twice "+doc.Again)
	}
	if doc.Wide() {
		out = append(out, doc.Encoding.Name)
	}
	if err != nil {
		out = append(out, "error")
	}
	return strings.Join(out, " ")
}

func wide(text string, order binary.AppendByteOrder, size int) []byte {
	var out []byte
	if size == 4 {
		for _, r := range text {
			out = order.AppendUint32(out, uint32(r))
		}
		return out
	}
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestWalk(t *testing.T) {
	const text = `{"a": "x😀", "in": {"a": "y"}, "c": 1}`
	const want = "in:y<> :x😀<y>"
	for _, c := range []struct{ data, want string }{
		{text, want},
		{"\xef\xbb\xbf" + text, want},
		{string(wide(text, binary.LittleEndian, 2)), want + " UTF-16"},
		{string(wide(text, binary.BigEndian, 2)), want + " UTF-16"},
		{string(wide("\ufeff"+text, binary.LittleEndian, 2)), want + " UTF-16"},
		{string(wide(text, binary.BigEndian, 4)), want + " UTF-32"},
		{string(wide("\ufeff"+text, binary.LittleEndian, 4)), want + " UTF-32"},
		{`[{"a": "1"}, {"code": ["x", "y"]}]`, ":1<> :x<>"},
		{`{"a": "1", "a": "2", "in": {"a": "3"}}`, "in:3<> :1<3> :2<3> twice a"},
		{`{"in": {"a": "3"}, "in": {"a": "4"}, "b": "5"}`, "in:3<> in:4<> :5<3> :5<4> twice in"},
		{`{"a": NaN, "b": "z"}`, ":z<>"},
		{`{"a": "1"`, "error"},
		{`"a"`, ""},
		{"", "error"},
	} {
		if got := show([]byte(c.data)); got != c.want && !(c.data == "" && got == "error") {
			t.Errorf("%q:\n got %s\nwant %s", c.data, got, c.want)
		}
	}
}

func TestIsContainer(t *testing.T) {
	for data, want := range map[string]bool{" {": true, "[]": true, "\xef\xbb\xbf{}": true, "{\x00}\x00": true, "": false, "x": false, "\xff\xfe": false, `"a"`: false, "\xef\xbb": false} {
		if got := IsContainer([]byte(data)); got != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte(`{"a": "1", "a": "2", "in": {"a": "3"}, "code": ["x"]}`))
	f.Add([]byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, b := show(data), show(data); a != b {
			t.Errorf("two runs differ: %s, %s", a, b)
		}
	})
}
