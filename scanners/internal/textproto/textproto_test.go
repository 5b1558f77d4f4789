package textproto

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func read(text string) string {
	var out []string
	err := Read(context.Background(), []byte(text), Visitor{Text: func(at int64, around []string, name, text string) {
		out = append(out, fmt.Sprintf("%d:%s.%s=%q", at, strings.Join(around, "."), name, text))
	}})
	if err != nil {
		out = append(out, err.Error())
	}
	return strings.Join(out, " ")
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		``: "",
		`a: "x" # "y"` + "\n" + `b { c: 'd' } e < f: "\x41\102\n" >`: `3:.a="x" 20:b.c="d" 33:e.f="AB\n"`,
		`a: ["x", "y"] b: [type/x] { }`:                              `4:.a="x" 9:.a="y"`,
		`}`:                                                          "at byte 0: a message ends that did not begin",
		`a {`:                                                        "at byte 3: the file is cut off: 3 of at least 4 bytes are there; fetch it again",
		`a: "x`:                                                      `at byte 3: no word: "\""`,
		"a: \x01":                                                    `at byte 3: no word: "\x01"`,
		strings.Repeat("a{", 101):                                    "at byte 201: messages nested deeper than 100",
	} {
		if got := read(text); got != want {
			t.Errorf("%.40q: %s\nwant %s", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`a: "x" b { c: 'd' } # e`)
	f.Fuzz(func(t *testing.T, text string) {
		if first, second := read(text), read(text); first != second {
			t.Error("two runs differ")
		}
	})
}
