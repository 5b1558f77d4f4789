package sourcecode

import (
	"bytes"
	"path"
	"strings"
)

// Analyst is the scanner that analyses a kind of program text. The zero value is
// none: such text is reported and not covered.
type Analyst string

// The scanners of program text.
const (
	NoAnalyst Analyst = ""
	Python    Analyst = "python"
	Shell     Analyst = "shell"
	Notebook  Analyst = "notebook"
	HTML      Analyst = "html"
)

// analysts by extension. Of build recipes and Windows scripts only those that are
// lists of commands have one.
var analysts = map[string]Analyst{
	".py": Python, ".pyw": Python, ".pyi": Python, ".ipynb": Notebook,
	".html": HTML, ".htm": HTML, ".xhtml": HTML,
	".sh": Shell, ".bash": Shell, ".zsh": Shell, ".fish": Shell, ".ksh": Shell, ".csh": Shell, ".command": Shell, ".bashrc": Shell, ".profile": Shell, ".zshrc": Shell, ".envrc": Shell,
	".bat": Shell, ".cmd": Shell, ".ps1": Shell, ".psm1": Shell, ".psd1": Shell, ".mk": Shell, ".dockerfile": Shell, ".service": Shell, ".desktop": Shell,
}

// analystNames are whole file names, in lower case.
var analystNames = map[string]Analyst{
	"makefile": Shell, "gnumakefile": Shell, "dockerfile": Shell, "containerfile": Shell, "justfile": Shell, "procfile": Shell, "configure": Shell,
}

// AnalystOf returns the scanner that analyses a file, by its name first, as Of
// does.
func AnalystOf(name string, start []byte) Analyst {
	if IsTorchScript(name, start) {
		return NoAnalyst
	}
	file := strings.ToLower(strings.TrimRight(path.Base(name), ". "))
	if a, ok := analystNames[file]; ok {
		return a
	}
	if strings.HasPrefix(file, "dockerfile.") {
		return Shell
	}
	if _, ok := byName(name); ok {
		return analysts[path.Ext(file)]
	}
	return byOpening(start)
}

// byOpening decides for a name that says nothing.
func byOpening(start []byte) Analyst {
	lang, ok := byContent(start)
	if !ok {
		return NoAnalyst
	}
	if lang.Name == page.Name {
		return HTML
	}
	if !isInterpreterLine(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))) {
		return NoAnalyst
	}
	line, _, _ := bytes.Cut(start[:min(len(start), 256)], []byte("\n"))
	switch {
	case bytes.Contains(line, []byte("python")):
		return Python
	case bytes.Contains(line, []byte("sh")) && !bytes.Contains(line, []byte("php")):
		return Shell
	}
	return NoAnalyst
}
