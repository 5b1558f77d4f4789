package commands

import (
	"regexp"
	"strconv"
	"strings"
)

// Spellings that a shell takes for a plain word, and that nobody types. Those of
// PowerShell and cmd count inside of a word only: between words a backquote is
// Markdown, and a caret a power.
var (
	emptyQuotes = regexp.MustCompile(`(\w)(?:''|"")+(\w|$)`)
	escapes     = regexp.MustCompile("([A-Za-z])[\\\\^`]+([A-Za-z])")
	ansiQuoted  = regexp.MustCompile(`\$'((?:[^'\\]|\\.)*)'`)
	ansiEscape  = regexp.MustCompile(`\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3})`)
	assignment  = regexp.MustCompile(`(?:^|[;&\s])(?:export\s+|set\s+"?)?([A-Za-z_]\w{0,40})=["']?([\w./:-]{1,200})["']?(?:$|[;&\s])`)
	variable    = regexp.MustCompile(`\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)|%([A-Za-z_]\w*)%`)
)

// maxVariables is how many simple variables of a text are followed.
const maxVariables = 64

// speller rewrites lines as a shell reads them.
type speller struct{ values map[string]string }

// plain returns the line with its words unquoted and its simple variables replaced
// where two stand together: one alone is an ordinary argument.
func (s *speller) plain(text string) string {
	s.assign(text)
	if strings.ContainsAny(text, "$%") && len(s.values) > 0 {
		text = s.joined(text)
	}
	if strings.Contains(text, "$'") {
		text = ansiQuoted.ReplaceAllStringFunc(text, func(q string) string { return ansiEscape.ReplaceAllStringFunc(q[2:len(q)-1], char) })
	}
	for range 4 { // a match uses up the letter that the next one begins with
		next := escapes.ReplaceAllString(emptyQuotes.ReplaceAllString(text, "$1$2"), "$1$2")
		if next == text {
			break
		}
		text = next
	}
	return text
}

// assign notes the simple variables that a line sets.
func (s *speller) assign(text string) {
	if !strings.Contains(text, "=") {
		return
	}
	for at := 0; at < len(text) && len(s.values) < maxVariables; {
		m := assignment.FindStringSubmatchIndex(text[at:])
		if m == nil {
			return
		}
		if s.values == nil {
			s.values = make(map[string]string)
		}
		s.values[text[at+m[2]:at+m[3]]] = text[at+m[4] : at+m[5]]
		at += m[5]
	}
}

// joined replaces variables that touch each other: a word put together from pieces.
func (s *speller) joined(text string) string {
	all := variable.FindAllStringSubmatchIndex(text, -1)
	var b strings.Builder
	at := 0
	for i, m := range all {
		touches := i > 0 && all[i-1][1] == m[0] || i+1 < len(all) && all[i+1][0] == m[1]
		value, ok := s.values[text[max(m[2], m[4], m[6]):max(m[3], m[5], m[7])]]
		if !touches || !ok || b.Len() > maxLine {
			continue
		}
		b.WriteString(text[at:m[0]])
		b.WriteString(value)
		at = m[1]
	}
	b.WriteString(text[at:])
	return b.String()
}

// char is the character that an escape of $'...' stands for.
func char(escape string) string {
	digits, base := escape[1:], 8
	if escape[1] == 'x' {
		digits, base = escape[2:], 16
	}
	n, _ := strconv.ParseUint(digits, base, 16)
	return string([]byte{byte(n)})
}
