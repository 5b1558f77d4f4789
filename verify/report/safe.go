package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine bounds one piece of hostile text in the text form, in characters. The
// JSON form has all of it.
const maxLine = 300

// Safe makes hostile text fit for a terminal: one line, no control or invisible
// character (a bidirectional override could make a file name read as another,
// CVE-2021-42574), at most maxLine characters.
func Safe(s string) string { return clipped(s, maxLine) }

// clipped is Safe with another length.
func clipped(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			b.WriteString("...")
			break
		}
		switch {
		case r == unicode.ReplacementChar:
			b.WriteString(`\ufffd`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// Clip cuts a text to a number of bytes, at a rune, and says that it did.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "..."
}

// Bytes writes a size for people: 0 B, 12.3 kB, 4.1 GB (powers of 1000).
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for value >= 999.95 && unit < 5 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %sB", value, []string{"", "k", "M", "G", "T", "P"}[unit])
}
