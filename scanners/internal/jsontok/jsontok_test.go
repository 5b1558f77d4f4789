package jsontok

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"assay/scanners"
)

// show writes the tokens of a text, one word each, and the error at the end.
func show(r io.Reader, opts Options) string {
	var b strings.Builder
	d := New(r, opts)
	for {
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return strings.TrimSpace(b.String())
		}
		if err != nil {
			return strings.TrimSpace(b.String() + "! " + err.Error())
		}
		switch t.Kind {
		case ObjectStart, ObjectEnd, ArrayStart, ArrayEnd:
			b.WriteString([]string{"{", "}", "[", "]"}[t.Kind-ObjectStart])
		case Key:
			fmt.Fprintf(&b, "%q:", t.Text)
			if t.Duplicate {
				b.WriteString("(again)")
			}
		case String:
			fmt.Fprintf(&b, "%q", t.Text)
		default:
			b.Write(t.Text)
		}
		if t.Cut() {
			fmt.Fprintf(&b, "(of %d)", t.Size)
		}
		b.WriteByte(' ')
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		in   string
		opts Options
		want string
	}{
		{in: ` {"a": [1, -0.5e+3, true], "b" : {}} `, want: `{ "a": [ 1 -0.5e+3 true ] "b": { } }`},
		{in: `"\u00e9\ud83d\ude00\n\/"`, want: `"é😀\n/"`},
		{in: `{"a":1,"b":{"a":1},"\u0061":2}`, want: `{ "a": 1 "b": { "a": 1 } "a":(again) 2 }`},
		{in: `"abcdef"`, opts: Options{MaxText: 3}, want: `"abc"(of 6)`},
		{in: "1 2\n[]", opts: Options{Many: true}, want: `1 2 [ ]`},
		{in: `[NaN,-Infinity,Infinity,"\ud800"]`, opts: Options{Python: true}, want: `[ NaN -Infinity Infinity "\xed\xa0\x80" ]`},

		{in: ``, want: `! at byte 0: not JSON: the text ends inside a value`},
		{in: `{} {}`, want: `{ } ! at byte 3: not JSON: '{' after the end of the value`},
		{in: `{"a" 1}`, want: `{ ! at byte 5: not JSON: '1' where a colon belongs`},
		{in: `{"a":1,}`, want: `{ "a": 1 ! at byte 7: not JSON: '}' where a key belongs`},
		{in: `[1,]`, want: `[ 1 ! at byte 3: not JSON: ']' where a value belongs`},
		{in: `[1}`, want: `[ 1 ! at byte 2: not JSON: '}' where a comma or the end of the container belongs`},
		{in: `[01]`, want: `[ 0 ! at byte 2: not JSON: '1' where a comma or the end of the container belongs`},
		{in: `[-]`, want: `[ ! at byte 2: not JSON: a number without digits`},
		{in: `[1.]`, want: `[ ! at byte 3: not JSON: a number without digits`},
		{in: `1e`, want: `! at byte 2: not JSON: the text ends inside a value`},
		{in: `[NaN]`, want: `[ ! at byte 1: not JSON: 'N' where a value belongs`},
		{in: `"\ud800"`, want: `! at byte 1: not JSON: lone surrogate \ud800`},
		{in: "\"a\nb\"", want: `! at byte 2: not JSON: control character 0x0a in a string`},
		{in: "\"\xff\"", want: `! at byte 1: not JSON: a string is not UTF-8`},
		{in: `"\x"`, want: `! at byte 1: not JSON: escape \'x'`},
		{in: `"\u12g4"`, want: `! at byte 1: not JSON: escape \u without four hexadecimal digits`},
		{in: `"abc`, want: `! at byte 4: not JSON: the text ends inside a value`},
		{in: `[[[]]]`, opts: Options{MaxDepth: 2}, want: `[ [ ! at byte 2: JSON nested deeper than 2`},
		{in: `{"a":1,"b":2,"c":3}`, opts: Options{MaxKeys: 2}, want: `{ "a": 1 "b": 2 ! at byte 16: JSON more than 2 keys in open objects`},
	} {
		if got := show(strings.NewReader(c.in), c.opts); got != strings.TrimSpace(c.want) {
			t.Errorf("%q:\n got %s\nwant %s", c.in, got, c.want)
		}
		if got := show(iotest.OneByteReader(strings.NewReader(c.in)), c.opts); got != strings.TrimSpace(c.want) {
			t.Errorf("%q byte by byte:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// Limits are gaps, not broken formats.
func TestLimitCode(t *testing.T) {
	d := New(strings.NewReader(`[[`), Options{MaxDepth: 1, Base: 100})
	_, _ = d.Next()
	_, err := d.Next()
	var format *scanners.FormatError
	if !errors.As(err, &format) || format.Code != scanners.GapLimit || format.Offset != 101 {
		t.Errorf("error %#v", err)
	}
}

func TestReaderError(t *testing.T) {
	d := New(io.MultiReader(strings.NewReader(`{"a": 12`), iotest.ErrReader(iotest.ErrTimeout)), Options{})
	for range 10 {
		if _, err := d.Next(); err != nil {
			if !errors.Is(err, iotest.ErrTimeout) {
				t.Errorf("error %v", err)
			}
			return
		}
	}
	t.Error("the error of the reader was lost")
}

// A duplicate is found in an object of any size, and closing an object forgets
// its keys.
func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString(`[{"x":{`)
	for i := range 5000 {
		fmt.Fprintf(&b, `"%d":0,`, i)
	}
	b.WriteString(`"4999":0,"0":0},"y":0,"x":0},{"x":0}]`)
	d := New(strings.NewReader(b.String()), Options{MaxKeys: 5003})
	var again []string
	for {
		tok, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if tok.Duplicate {
			again = append(again, string(tok.Text))
		}
	}
	if got := strings.Join(again, " "); got != "4999 0 x" {
		t.Errorf("duplicates: %s", got)
	}
	if d.keys.count != 0 || len(d.keys.stack) != 0 {
		t.Errorf("keys left: %+v", d.keys)
	}
}

// FuzzDecoder compares the grammar with the standard library's.
func FuzzDecoder(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"x\u00e9"],"a":null}`, `[[[[]]]]`, `"\ud83d\ude00"`, `-0`, `tru`, ` 1 `, `{`, "\"\x00\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := string(data)
		whole := show(strings.NewReader(text), Options{MaxDepth: 5000})
		if pieces := show(iotest.HalfReader(strings.NewReader(text)), Options{MaxDepth: 5000}); pieces != whole {
			t.Fatalf("in pieces: %s\nwhole: %s", pieces, whole)
		}
		ok := !strings.Contains(whole, "! at byte ")
		surrogate := strings.Contains(whole, "lone surrogate")
		if utf8.Valid(data) && !surrogate && !strings.Contains(text, "!") && ok != json.Valid(data) {
			t.Fatalf("accepted %v, the standard library %v: %q", ok, json.Valid(data), text)
		}
	})
}
