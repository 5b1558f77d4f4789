// Package textproto reads the text format of Protocol Buffers word by word
// (protobuf.dev, "Text Format Language Specification"): names, the texts that are
// their values, and how messages nest.
//
// # Security
//
// The text is hostile. It is gone through once with a regular expression in linear
// time; nothing of it is kept. Numbers and names as values are not interpreted.
package textproto

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// word is a comment, a text, a name, a number or punctuation; or one byte of
// something else.
var word = regexp.MustCompile(`#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_][A-Za-z0-9_.]*|[-+0-9][-+0-9A-Za-z.]*|[{}<>\[\]:;,/]|\S`)

// Visitor is told what is read. Either may be nil.
type Visitor struct {
	// Name is a field, or the name of a value of an enumeration.
	Name func(at int64, name string)
	// Text is a text, with the field before it and the fields of the messages
	// around it, the outermost first. Around is valid until it returns.
	Text func(at int64, around []string, name, text string)
}

const maxDepth = 100

// Read goes through the whole text. The error is the context's or a
// *scanners.FormatError.
func Read(ctx context.Context, p []byte, v Visitor) error {
	name, at := "", 0
	var around []string
	for rest := p; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := word.FindIndex(rest)
		if m == nil {
			break
		}
		w, here := string(rest[m[0]:m[1]]), int64(at+m[0])
		rest, at = rest[m[1]:], at+m[1]
		switch c := w[0]; {
		case c == '#' || strings.ContainsRune(":;,[]/", rune(c)):
		case c == '{' || c == '<':
			if around = append(around, name); len(around) > maxDepth {
				return &scanners.FormatError{Offset: here, Code: scanners.GapLimit, Err: fmt.Errorf("messages nested deeper than %d", maxDepth)}
			}
			name = ""
		case c == '}' || c == '>':
			if len(around) == 0 {
				return &scanners.FormatError{Offset: here, Err: errors.New("a message ends that did not begin")}
			}
			around = around[:len(around)-1]
		case (c == '"' || c == '\'') && len(w) > 1:
			if v.Text != nil {
				v.Text(here, around, name, Unescape(w[1:len(w)-1]))
			}
		case isLetter(c):
			if name = w; v.Name != nil {
				v.Name(here, w)
			}
		case !strings.ContainsRune("+-0123456789", rune(c)):
			return &scanners.FormatError{Offset: here, Err: fmt.Errorf("no word: %s", clip.Quote(w, 8))}
		}
	}
	if len(around) > 0 {
		return scanners.CutOff(int64(len(p)), int64(len(p))+1)
	}
	return nil
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

var escape = regexp.MustCompile(`\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)`)

// Unescape decodes the octal and hexadecimal escapes of a text, and those of quotes.
func Unescape(text string) string {
	return escape.ReplaceAllStringFunc(text, func(e string) string {
		var c int
		switch {
		case e[1] == 'x' && len(e) > 2:
			_, _ = fmt.Sscanf(e[2:], "%x", &c)
		case '0' <= e[1] && e[1] <= '7':
			_, _ = fmt.Sscanf(e[1:], "%o", &c)
		case e[1] == 'n':
			return "\n"
		default:
			return e[1:]
		}
		return string([]byte{byte(c)})
	})
}
