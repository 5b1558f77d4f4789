package sbom

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"model.bin":              "model.bin",
		"\u6a21é \U0001f600":     "\u6a21é \U0001f600",
		"\u0645\u200c\u06cc":     "\u0645\u200c\u06cc", // a joiner that Persian needs
		"a\x00b\x1b[31m\n":       `a\u0000b\u001b[31m\u000a`,
		"a\xffb":                 `a\xffb`,
		"\ufffd":                 "\ufffd", // a replacement character is ordinary text
		"gnp\u202e.exe":          `gnp\u202e.exe`,
		"a\u2028\u0085":          `a\u2028\u0085`,
		"\uffff":                 `\uffff`,
		strings.Repeat("x", 12):  strings.Repeat("x", 10) + "[2 more bytes]",
		"123456789é":             "123456789[2 more bytes]",
		"12345678é":              "12345678é",
		"123456789\xff\xff\xff":  `123456789\xff[2 more bytes]`,
		"\xff\xff\xff\xff":       `\xff\xff\xff\xff`,
		strings.Repeat("é", 100): "ééééé[190 more bytes]",
	} {
		if got := clean(in, 10); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\xff\u202e", 3)
	f.Add("é", 1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 1 + (limit&0x7fffffff)%100
		got := clean(s, limit)
		if !utf8.ValidString(got) || needsEscape(got) {
			t.Errorf("clean(%q, %d) = %q is not clean", s, limit, got)
		}
		if len(got) > 6*limit+40 {
			t.Errorf("clean(%q, %d) has %d bytes", s, limit, len(got))
		}
		if len(s) <= limit && !needsEscape(s) && got != s {
			t.Errorf("clean(%q) = %q changes clean text", s, got)
		}
	})
}
