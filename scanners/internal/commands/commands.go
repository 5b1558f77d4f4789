// Package commands judges the text of a command line, whoever would run it: a
// shell, a batch file, a Dockerfile, a notebook cell, a hook of an editor, a call
// of os.system, or a person who follows a README.
//
// It looks for shapes that have one purpose: to run what was just downloaded or
// decoded, to open a shell to somebody, to stay on the machine, to read
// credentials, or to switch a defence off. An ordinary installation is not among
// them. The shapes are data: shapes.go.
//
// # Security
//
// The text is hostile. It is matched with regular expressions in linear time, one
// logical line at a time; nothing is run. Quotes and escapes inside of words and
// simple variables that touch each other are resolved; what is spelt with other
// tricks of a shell is not found: not finding anything is no proof.
package commands

import (
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// Sign is one shape found in a text.
type Sign struct {
	Severity scanners.Severity
	Offset   int    // in the text, in bytes
	What     string // a clause, with what comes from the text quoted
}

// shape is a pattern with what it means.
type shape struct {
	severity scanners.Severity
	what     string
	pattern  *regexp.Regexp
	hints    []string // in lower case; each match contains one of them
}

// maxLine is how much of a logical line is looked at, in bytes.
const maxLine = 64 << 10

// Judge returns the first sign of each shape in the text, which may have several
// lines.
func Judge(text string) []Sign {
	var out []Sign
	seen := make(map[string]bool)
	judge := func(text string, line line, spelt bool) {
		folded := strings.ToLower(text)
		for _, s := range shapes {
			if seen[s.what] || !hinted(folded, s.hints) {
				continue
			}
			m := s.pattern.FindStringIndex(text)
			if m == nil || s.what == foreignIndex && onlyPublic(text[m[0]:m[1]]) {
				continue
			}
			seen[s.what] = true
			what, at := s.what+": ", line.offset
			if spelt {
				what += "(spelt otherwise) "
			} else {
				at += m[0]
			}
			out = append(out, Sign{s.severity, at, what + clip.Quote(text[m[0]:m[1]], 160)})
		}
	}
	var words speller
	for line := range lines(text) {
		judge(line.text, line, false)
		if plain := words.plain(line.text); plain != line.text {
			judge(plain, line, true)
		}
	}
	return out
}

func hinted(folded string, hints []string) bool {
	for _, h := range hints {
		if strings.Contains(folded, h) {
			return true
		}
	}
	return len(hints) == 0
}

// line is a logical line: continued ones are joined, so that their offsets are
// those of the first.
type line struct {
	text   string
	offset int
}

// lines yields logical lines. A backslash continues a line in sh and Dockerfiles,
// a caret in batch files, a backquote in PowerShell.
func lines(text string) func(yield func(line) bool) {
	return func(yield func(line) bool) {
		at := 0
		var b strings.Builder
		start := 0
		for raw := range strings.Lines(text) {
			if b.Len() == 0 {
				start = at
			}
			at += len(raw)
			one := strings.TrimRight(raw, "\r\n")
			if n := len(one); n > 0 && b.Len()+n < maxLine && (one[n-1] == '\\' || one[n-1] == '^' || strings.HasSuffix(one, " `")) {
				b.WriteString(one[:n-1])
				b.WriteByte(' ')
				continue
			}
			if room := maxLine - b.Len(); len(one) > room {
				one = one[:max(0, room)]
			}
			b.WriteString(one)
			if !yield(line{b.String(), start}) {
				return
			}
			b.Reset()
		}
		if b.Len() > 0 {
			yield(line{b.String(), start})
		}
	}
}
