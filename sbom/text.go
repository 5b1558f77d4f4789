package sbom

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds on texts, in bytes before escaping. A file name keeps the limit that
// registry.CheckName sets.
const (
	maxName    = 4096
	maxText    = 1024
	maxShort   = 256
	maxVersion = 128
)

// clean returns s as valid UTF-8 of at most limit bytes plus escapes. Invalid
// bytes, control characters, line separators and bidirectional controls (which
// show a reader another text than a parser sees, CVE-2021-42574) are written as
// escapes. A cut is marked, never silent.
func clean(s string, limit int) string {
	cut := ""
	if kept := prefix(s, limit); len(kept) < len(s) {
		cut = fmt.Sprintf("[%d more bytes]", len(s)-len(kept))
		s = kept
	}
	if !needsEscape(s) {
		return s + cut
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case hidden(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String() + cut
}

// prefix is at most limit bytes of s, without half a character at the end.
func prefix(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for end := limit; end > limit-utf8.UTFMax && end > 0; end-- {
		if utf8.RuneStart(s[end]) {
			return s[:end]
		}
	}
	return s[:limit]
}

func needsEscape(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, hidden)
}

// hidden reports the characters that a text must not carry: controls (C0, DEL,
// C1), line and paragraph separators, noncharacters, and bidirectional controls.
// Joiners stay: ordinary names in several scripts need them.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

func cleanAll(list []string, limit int) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clean(s, limit)
	}
	return out
}
