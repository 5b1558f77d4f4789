// Package license turns the license ids of model and dataset cards into SPDX
// license expressions.
//
// A card's license is a claim of its publisher, in the vocabulary of the Hub: it
// spells SPDX ids in lower case, has names that SPDX does not list, and some that
// say too little to name a text. Each is translated to what it certainly means.
//
// # Security
//
// The input is hostile text. The result is always a valid SPDX license
// expression made of letters, digits, dots and dashes, or NoAssertion.
package license

import (
	_ "embed" // the SPDX license list
	"fmt"
	"slices"
	"strings"
	"sync"
)

// NoAssertion is the expression for a license that is not known.
const NoAssertion = "NOASSERTION"

// License is a declared license in terms of SPDX.
type License struct {
	// Expression is an SPDX license expression. It is NoAssertion, an id of the
	// SPDX license list, or a LicenseRef.
	Expression string
	// Note says what the translation could not keep, "" when it is exact.
	Note string
}

// Custom reports whether the license is not on the SPDX list, so that its
// LicenseRef must be explained in the document.
func (l License) Custom() bool { return strings.HasPrefix(l.Expression, "LicenseRef-") }

// FromCard translates the license id of a card. name is the card's license_name,
// which says what the id "other" means.
func FromCard(id, name string) License {
	lower := strings.ToLower(strings.TrimSpace(id))
	if l, ok := special[lower]; ok {
		return l
	}
	if i := slices.IndexFunc(listed, func(s string) bool { return strings.EqualFold(s, lower) }); i >= 0 {
		return License{Expression: listed[i]}
	}
	switch lower {
	case "", "unknown":
		return License{Expression: NoAssertion, Note: "the publisher names no license"}
	case "other":
		if ref := reference(name); ref != "" {
			return License{Expression: "LicenseRef-" + ref, Note: "a license of the publisher's own"}
		}
		return License{Expression: NoAssertion, Note: "the publisher says that there is a license, and not which"}
	}
	if ref := reference(lower); ref != "" {
		return License{Expression: "LicenseRef-hf-" + ref, Note: "not on the SPDX license list"}
	}
	return License{Expression: NoAssertion, Note: "the publisher's license id cannot be written in SPDX"}
}

// maxReference bounds a LicenseRef, in bytes.
const maxReference = 64

// reference makes an idstring (SPDX license expressions, Annex D): letters,
// digits, dots and dashes. A plus, which Hub ids use, is spelt out; any other
// character becomes a dash.
func reference(s string) string {
	s = strings.ReplaceAll(s, "+", "-plus")
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.') {
			return r
		}
		return '-'
	}, s)
	s = strings.Trim(s, "-.")
	return strings.Trim(s[:min(len(s), maxReference)], "-.")
}

// Text stands in for the text of a custom license, which SPDX wants to have.
func Text(id, name string) string {
	if name != "" {
		return fmt.Sprintf("The publisher names the license %q (%q). Its text is not in this document.", id, name)
	}
	return fmt.Sprintf("The publisher names the license %q. Its text is not in this document.", id)
}

// FromURL turns the page of a listed license into its id, as Croissant writes
// licenses; any other text is returned as it is.
func FromURL(text string) string {
	for _, prefix := range []string{"https://spdx.org/licenses/", "http://spdx.org/licenses/"} {
		if id, ok := strings.CutPrefix(text, prefix); ok {
			return strings.TrimSuffix(strings.TrimSuffix(id, "/"), ".html")
		}
	}
	for _, prefix := range []string{"https://creativecommons.org/licenses/", "http://creativecommons.org/licenses/"} {
		if kind, ok := strings.CutPrefix(text, prefix); ok {
			return "cc-" + strings.ReplaceAll(strings.Trim(strings.TrimSuffix(kind, "deed.en"), "/"), "/", "-")
		}
	}
	return text
}

// FromExpression reads a license expression that somebody else wrote. A single
// word is translated as the id of a card is; an expression keeps its operators,
// and each word of it that is no known id becomes a LicenseRef. What is no
// expression at all is NoAssertion.
func FromExpression(text string) License {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	if len(words) > maxWords {
		return License{Expression: NoAssertion, Note: "the license expression is too long"}
	}
	var out []string
	depth, operand := 0, true
	for _, word := range words {
		switch upper := strings.ToUpper(word); {
		case word == "(" && operand:
			depth++
		case word == ")" && !operand && depth > 0:
			depth--
		case slices.Contains([]string{"AND", "OR", "WITH"}, upper) && !operand:
			word, operand = upper, true
		case operand && !slices.Contains([]string{"(", ")"}, word):
			word, operand = operandOf(word), false
		default:
			return FromCard("other", text)
		}
		if word == NoAssertion {
			return License{Expression: NoAssertion, Note: "the license id cannot be written in SPDX"}
		}
		out = append(out, word)
	}
	if operand || depth != 0 {
		return License{Expression: NoAssertion, Note: "no license expression"}
	}
	joined := strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(out, " "))
	if slices.Contains(out, "WITH") { // an exception is no license: nothing here knows the list of them
		return FromCard("other", text)
	}
	return License{Expression: joined}
}

const maxWords = 64

// operandOf is one id of an expression.
func operandOf(word string) string {
	if rest, ok := strings.CutPrefix(word, "LicenseRef-"); ok {
		if clean := reference(rest); clean == rest && rest != "" {
			return word
		}
		word = rest
	}
	if _, ok := slices.BinarySearch(ids(), word); ok {
		return word
	}
	return FromCard(word, "").Expression
}

//go:embed ids.txt
var idList string

// ids are those of the SPDX license list, sorted. Those that the list marks as
// deprecated for a plus sign or a "with" in them are left out.
var ids = sync.OnceValue(func() []string { return strings.Fields(idList) })

// References are the LicenseRefs of the expression, each once.
func (l License) References() []string {
	var out []string
	for word := range strings.FieldsSeq(strings.NewReplacer("(", " ", ")", " ").Replace(l.Expression)) {
		if strings.HasPrefix(word, "LicenseRef-") && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}
