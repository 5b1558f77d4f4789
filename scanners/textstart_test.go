package scanners

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// Documents that differ in white space alone begin alike.
func TestTextStart(t *testing.T) {
	wide := func(order binary.ByteOrder, mark, text string) string {
		var b bytes.Buffer
		b.WriteString(mark)
		for _, u := range utf16.Encode([]rune(text)) {
			_ = binary.Write(&b, order, u)
		}
		return b.String()
	}
	blanks := strings.Repeat(" \t\r\n", 40<<10)
	for in, want := range map[string]string{
		blanks + `{"a": 1}`:                                     `{"a": 1}`,
		"\xef\xbb\xbf" + blanks + `[1]`:                         `[1]`,
		"{" + blanks + `"a":` + blanks + `1}`:                   "{ \"a\": 1}",
		blanks + "<net>":                                        "<net>",
		wide(binary.LittleEndian, "\xff\xfe", blanks+`{"a":1}`): wide(binary.LittleEndian, "", `{"a":1}`),
		wide(binary.BigEndian, "", blanks+`{"a":1}`):            wide(binary.BigEndian, "", `{"a":1}`),
		`{"a": 1}`:                "",
		blanks + "plain text":     "",
		blanks:                    "",
		"":                        "",
		"PK\x03\x04" + blanks:     "",
		"\x80\x02}q\x00" + blanks: "",
	} {
		got, ok := TextStart(strings.NewReader(in), int64(len(in)))
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%.20q: %.40q %v, want %.40q", in[:min(len(in), 20)], got, ok, want)
		}
	}
}
