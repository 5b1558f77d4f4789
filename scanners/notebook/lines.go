package notebook

import (
	"slices"
	"strings"

	"assay/scanners/internal/pysource"
)

// split takes apart what IPython reads in a Python cell: commands for a shell, and
// Python in which each of them left a statement that does nothing.
func split(source string) (python, commands string) {
	var code, shell strings.Builder
	lines := strings.Split(dedent(source), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\r")
		text := strings.TrimLeft(line, " \t")
		indent := line[:len(line)-len(text)]
		at := 0
		command, ok := command(text)
		if !ok {
			if at = assigned(text); at > 0 {
				command, ok = strings.TrimLeft(text[at:], "!% "), true
			}
		}
		switch {
		case ok:
			for strings.HasSuffix(command, `\`) && i+1 < len(lines) { // IPython: escaped commands go on after a backslash
				i++
				command = strings.TrimSuffix(command, `\`) + " " + strings.TrimSpace(lines[i])
			}
			shell.WriteString(command + "\n")
			if at > 0 {
				code.WriteString(indent + text[:at] + "None\n")
			} else {
				code.WriteString(indent + "pass\n")
			}
		case isQuestion(text):
			code.WriteString(indent + "pass\n")
		case indent == "" && isAutomagic(text):
			shell.WriteString(text + "\n")
			if len(pysource.Parse(text).Problems) > 0 {
				line = "pass"
			}
			code.WriteString(line + "\n")
		default:
			code.WriteString(line + "\n")
		}
	}
	return code.String(), shell.String()
}

// dedent takes the indentation of the first line from all that have it, as IPython
// does.
func dedent(source string) string {
	lines := strings.Split(source, "\n")
	first := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) != "" })
	if first < 0 {
		return source
	}
	indent := lines[first][:len(lines[first])-len(strings.TrimLeft(lines[first], " \t"))]
	if indent == "" {
		return source
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "\n")
}

// isQuestion reports name? and ?name, which show help.
func isQuestion(text string) bool {
	return strings.HasPrefix(text, "?") || strings.HasSuffix(strings.TrimRight(text, " "), "?") && !strings.ContainsAny(text, "#'\"")
}

// automagics are commands that IPython runs without a sign before them
// (%automagic; IPython/core/magics/packaging.py and osm.py).
var automagics = []string{
	"pip", "pip3", "conda", "mamba", "micromamba", "uv", "cd", "ls", "ll", "dir", "pwd", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "less", "more", "man",
	"env", "set_env", "run", "load", "load_ext", "reload_ext", "matplotlib", "pylab", "time", "timeit", "who", "whos", "autoreload", "sx", "system",
}

// isAutomagic reports a line that IPython takes for a command when no variable has
// its name.
func isAutomagic(text string) bool {
	name, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if !slices.Contains(automagics, name) || strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "(") {
		return false
	}
	word, _, _ := strings.Cut(rest, " ")
	return !slices.Contains([]string{"in", "is", "not", "and", "or", "if", "+=", "-=", ":="}, word)
}

// command recognises a line that IPython does not hand to Python.
func command(text string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "!") && !strings.HasPrefix(text, "!="):
		return strings.TrimLeft(text, "! "), true
	case len(text) > 1 && text[0] == '%' && (isLetter(text[1]) || text[1] == '%'):
		for _, shell := range []string{"%system ", "%sx ", "%sc "} {
			if rest, ok := strings.CutPrefix(text, shell); ok {
				return rest, true
			}
		}
		return strings.TrimLeft(text, "%"), true
	}
	return "", false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// assigned is where the command begins in name = !command, or -1.
func assigned(text string) int {
	name, rest, ok := strings.Cut(text, "=")
	if !ok {
		return -1
	}
	rest = strings.TrimLeft(rest, " \t")
	if strings.ContainsAny(name, "('\"[#") || !strings.HasPrefix(rest, "!") && !(len(rest) > 1 && rest[0] == '%' && isLetter(rest[1])) {
		return -1
	}
	return len(text) - len(rest)
}
