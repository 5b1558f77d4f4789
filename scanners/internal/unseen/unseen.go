// Package unseen finds characters that deceive whoever reads a program: those
// without a glyph, those that reorder text, and letters that look like others.
//
// Sources: Trojan Source (CVE-2021-42574, CVE-2021-42694), Unicode 16 and UTS 39;
// the byte smuggling in variation selectors of 2025.
//
// # Security
//
// The text is gone through once. Of each kind the first place is reported, with a
// count.
package unseen

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Kind is what a character does. The zero value is no kind.
type Kind uint8

// The kinds.
const (
	_       Kind = iota
	Bidi         // reorders text
	Tag          // invisible tag characters, a hidden alphabet
	Smuggle      // three or more variation selectors in a row, which hold bytes
	Filler       // a blank that counts as a letter
	Joiner       // a single character of no width
	Mark         // a byte order mark inside of the text
	Mixed        // a word of Latin and Cyrillic letters
)

// Sign is the first character of a kind.
type Sign struct {
	Kind   Kind
	Offset int // in bytes
	What   string
}

var names = map[Kind]string{
	Bidi: "characters that change the direction of text", Tag: "invisible tag characters", Smuggle: "runs of invisible variation selectors, which can hold data",
	Filler: "blanks that count as letters", Joiner: "characters of no width", Mark: "byte order marks inside of the text", Mixed: "words of Latin and Cyrillic letters",
}

// Find returns one sign of each kind, in order of kind.
func Find(text string) []Sign {
	var first, count [Mixed + 1]int
	note := func(k Kind, at int) {
		if count[k]++; count[k] == 1 {
			first[k] = at
		}
	}
	selectors, latin, cyrillic, flag := 0, false, false, false
	before := rune(0)
	for i, r := range text {
		if r < utf8.RuneSelf {
			letter := r|0x20 >= 'a' && r|0x20 <= 'z'
			cyrillic = cyrillic && letter
			latin = letter
			if letter && cyrillic {
				note(Mixed, i)
			}
			selectors, flag, before = 0, false, r
			continue
		}
		isCyrillic := unicode.Is(unicode.Cyrillic, r)
		if isCyrillic && latin {
			note(Mixed, i)
		}
		cyrillic, latin = isCyrillic, false
		if r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef {
			if selectors++; selectors == 3 {
				note(Smuggle, i)
			}
		} else {
			selectors = 0
		}
		if k := kindOf(r); k != 0 && !(k == Tag && flag) && !(k == Joiner && before >= 0x300) && !(k == Mark && i == 0) {
			note(k, i)
		}
		flag = r == 0x1f3f4 || flag && r >= 0xe0000 && r <= 0xe007f
		before = r
	}
	var out []Sign
	for k := Bidi; k <= Mixed; k++ {
		if count[k] > 0 {
			out = append(out, Sign{k, first[k], fmt.Sprintf("%d %s, the first of them here", count[k], names[k])})
		}
	}
	return out
}

func kindOf(r rune) Kind {
	switch {
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return Bidi
	case r >= 0xe0000 && r <= 0xe007f:
		return Tag
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
		return Filler
	case r >= 0x200b && r <= 0x200f, r >= 0x2060 && r <= 0x2064, r == 0x00ad, r == 0x180e, r == 0x034f:
		return Joiner
	case r == 0xfeff:
		return Mark
	}
	return 0
}
