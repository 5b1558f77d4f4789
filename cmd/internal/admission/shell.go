package admission

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxScripts bounds scripts within scripts.
const maxScripts = 4

var shells = []string{"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"}

// isShell reports `sh` and its like, by any path.
func isShell(w word) bool { return slices.Contains(shells, path.Base(w.text)) }

// isScriptFlag reports -c, alone or with others (-lc, -euxc).
func isScriptFlag(w word) bool {
	return strings.HasPrefix(w.text, "-") && !strings.HasPrefix(w.text, "--") && strings.HasSuffix(w.text, "c")
}

var (
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	shellName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`)
)

// script reads the commands of a shell script: words, quotes, assignments and
// the variables that the object tells. It runs nothing, follows no condition and
// takes every branch. What only the shell could know makes a word unknown.
func script(w word, env *environment) [][]word {
	l := lexer{src: w.text, path: w.path, known: w.known, env: env}
	for l.pos < len(l.src) {
		l.step()
	}
	l.endCommand()
	return l.commands
}

type lexer struct {
	src   string
	pos   int
	path  string
	known bool // of the script itself
	env   *environment

	commands [][]word
	command  []word
	text     strings.Builder
	inWord   bool
	unknown  bool // something in the current word
}

func (l *lexer) step() {
	c := l.src[l.pos]
	l.pos++
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '<' || c == '>':
		l.endWord()
	case c == '\n' || strings.IndexByte(";&|()", c) >= 0:
		l.endCommand()
	case c == '#' && !l.inWord:
		l.skipTo('\n')
	case c == '\'':
		l.inWord = true
		start := l.pos
		l.skipTo('\'')
		l.add(l.src[start:l.pos])
		l.pos = min(l.pos+1, len(l.src))
	case c == '"':
		l.inWord = true
		for l.pos < len(l.src) && l.src[l.pos] != '"' {
			l.char(l.src[l.pos], true)
		}
		l.pos = min(l.pos+1, len(l.src))
	default:
		l.pos--
		l.char(c, false)
	}
}

// skipTo moves to the next c, or the end.
func (l *lexer) skipTo(c byte) {
	if n := strings.IndexByte(l.src[l.pos:], c); n >= 0 {
		l.pos += n
	} else {
		l.pos = len(l.src)
	}
}

// char reads a character of a word: escapes and expansions mean the same inside
// double quotes, as far as it matters here.
func (l *lexer) char(c byte, quoted bool) {
	l.pos++
	switch c {
	case '\\':
		if l.pos >= len(l.src) {
			return
		}
		next := l.src[l.pos]
		l.pos++
		if next == '\n' {
			return // a continued line; it begins no word
		}
		if quoted && strings.IndexByte("$`\"\\", next) < 0 {
			l.add("\\")
		}
		l.inWord = true
		l.add(string(next))
	case '$':
		l.inWord = true
		l.expansion()
	case '`':
		l.inWord, l.unknown = true, true
	default:
		l.inWord = true
		l.text.WriteByte(c)
	}
}

// expansion reads what follows a dollar.
func (l *lexer) expansion() {
	rest := l.src[l.pos:]
	brace := strings.HasPrefix(rest, "{")
	if brace {
		rest = rest[1:]
	}
	name := shellName.FindString(rest)
	switch end := rest[len(name):]; {
	case name == "" && !brace && !strings.HasPrefix(rest, "("):
		// $1, $@, $?, or a dollar alone.
		l.unknown = true
		l.add("$")
		return
	case name == "" || brace && !strings.HasPrefix(end, "}"):
		l.unknown = true // $(command), ${name:-default}
		if brace {
			l.skipTo('}')
			l.pos = min(l.pos+1, len(l.src))
		}
		return
	}
	// A variable that the object does not set may be set by the image.
	value, told := l.env.get(name)
	l.unknown = l.unknown || !told || len(l.env.vars[name]) == 0
	if l.env.spend(len(value)) {
		l.add(value)
	} else {
		l.unknown = true
	}
	l.pos += len(name)
	if brace {
		l.pos += 2
	}
}

func (l *lexer) add(s string) { l.text.WriteString(s) }

func (l *lexer) endWord() {
	if l.inWord {
		l.command = append(l.command, word{l.text.String(), l.path, l.known && !l.unknown})
	}
	l.text.Reset()
	l.inWord, l.unknown = false, false
}

func (l *lexer) endCommand() {
	l.endWord()
	if len(l.command) == 0 {
		return
	}
	l.assign()
	l.commands = append(l.commands, l.command)
	l.command = nil
}

// assign remembers NAME=value before a command, and after export and env.
func (l *lexer) assign() {
	for _, w := range l.command {
		name, value, ok := strings.Cut(w.text, "=")
		switch {
		case ok && assignment.MatchString(w.text):
			l.env.set(name, word{value, w.path, w.known})
		case w.text != "export" && path.Base(w.text) != "env" && w.text != "exec":
			return
		}
	}
}
