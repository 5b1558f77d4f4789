package protobuf

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
)

// walk writes the fields of a message, and the error at the end.
func walk(data []byte) string {
	var out []string
	r := NewReader(context.Background(), bytes.NewReader(data), int64(len(data)))
	err := r.Fields(scanners.Span{Len: int64(len(data))}, func(f Field) error {
		p, err := r.Bytes(f.Data)
		out = append(out, fmt.Sprintf("%d:%d=%d%q@%d+%d", f.Number, f.Type, f.Value, p, f.Head.Off, f.Head.Len))
		return err
	})
	if err != nil {
		out = append(out, err.Error())
	}
	return strings.Join(out, " ")
}

func TestFields(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"", ""},
		{"\x08\x96\x01", `1:0=150""@0+3`},
		{"\x0a\x02hi\x15\x01\x00\x00\x00", `1:2=0"hi"@0+2 2:5=1""@4+5`},
		{"\x09\x01\x00\x00\x00\x00\x00\x00\x00", `1:1=1""@0+9`},
		{"\xc2\x0c\x00", `200:2=0""@0+3`},
		{"\x0a\x03hi", "at byte 0: a field of 3 bytes where 2 are left"},
		{"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "at byte 0: a field of 18446744073709551615 bytes where 0 are left"},
		{"\x15\x01", "at byte 1: a number of 4 bytes where 1 are left"},
		{"\x08\x80", "at byte 1: a number does not end"},
		{"\x08" + strings.Repeat("\xff", 11), "at byte 1: a number does not end"},
		{"\x08", "at byte 1: a number does not end"},
		{"\x00\x00", "at byte 0: a field has the number 0"},
		{"\x0b\x0c", "at byte 0: a field has the wire type 3"},
	} {
		if got := walk([]byte(c.data)); got != c.want {
			t.Errorf("%q: %s\nwant %s", c.data, got, c.want)
		}
	}
}

// What is longer than the window is refused, and what lies behind it is read.
func TestWindow(t *testing.T) {
	data := append([]byte{0x0a, 0x81, 0x80, 0x10}, make([]byte, MaxBytes+1)...)
	data = append(data, 0x10, 7)
	r := NewReader(context.Background(), bytes.NewReader(data), int64(len(data)))
	var values []uint64
	err := r.Fields(scanners.Span{Len: int64(len(data))}, func(f Field) error {
		if _, err := r.Bytes(f.Data); (err == nil) != (f.Data.Len <= MaxBytes) {
			t.Errorf("%d bytes: %v", f.Data.Len, err)
		}
		values = append(values, f.Value)
		return nil
	})
	if err != nil || len(values) != 2 || values[1] != 7 {
		t.Errorf("%v, %v", values, err)
	}
}

func FuzzFields(f *testing.F) {
	f.Add([]byte("\x0a\x02hi\x15\x01\x00\x00\x00\x08\x96\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(context.Background(), bytes.NewReader(data), int64(len(data)))
		var at int64
		_ = r.Fields(scanners.Span{Len: int64(len(data))}, func(f Field) error {
			if f.Head.Off != at || f.Head.Len < 2 || f.Data.Off != f.Head.End() || f.Data.End() > int64(len(data)) {
				t.Errorf("field %+v at %d of %d bytes", f, at, len(data))
			}
			at = f.Data.End()
			return nil
		})
	})
}
