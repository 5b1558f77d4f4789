// Package clip makes text from a hostile file fit for one line of a report.
//
// # Security
//
// What it returns is printable, on one line and bounded: no control character,
// no bidirectional override and no invalid UTF-8 reaches a terminal or a page.
package clip

import (
	"strconv"
	"unicode/utf8"
)

// Quote returns text in double quotes, with everything unprintable escaped, cut
// after n bytes of text. A cut shows as three dots after the quotes.
func Quote[T string | []byte](text T, n int) string {
	cut := Bytes(text, n)
	if len(cut) < len(text) {
		return strconv.Quote(cut) + "..."
	}
	return strconv.Quote(cut)
}

// Bytes returns the first n bytes of text at most, and does not cut a rune of
// valid UTF-8 in two.
func Bytes[T string | []byte](text T, n int) string {
	if len(text) <= n {
		return string(text)
	}
	for back := 0; back < utf8.UTFMax && n-back > 0; back++ {
		if utf8.RuneStart(text[n-back]) {
			return string(text[:n-back])
		}
	}
	return string(text[:n])
}
