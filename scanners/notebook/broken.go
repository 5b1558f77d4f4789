package notebook

import (
	"fmt"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/pysource"
)

// maxMended is how many lines are taken out of a cell before it counts as not read.
const maxMended = 16

// maxMendedText is the size of a cell beyond which none are, in bytes: each takes
// another reading.
const maxMendedText = 256 << 10

// acting are names that Python needs to do something to the machine. A line with
// one of them is not waved through because this reader took it for no Python.
var acting = regexp.MustCompile(`\b(?:exec|eval|compile|system|popen|subprocess|spawn\w*|getattr|setattr|globals|builtins|pickle|marshal|ctypes|socket|base64|codecs|urlopen|urllib|requests|importlib|runpy|pty|decode|fromhex)\b|__\w+__`)

// cellLines hands a cell on: its commands, and its Python without the lines that
// are none.
func (s *scan) cellLines(c cell, source string) {
	python, shell := split(source)
	s.commands.add(shell)
	mended, out, ok := mend(python)
	s.python.add(mended)
	if len(out) == 0 && ok {
		return
	}
	left := strings.Join(out, "\n")
	if !ok {
		left = python
	}
	for _, sign := range commands.Judge(left) {
		s.found.AddAs(sign.Severity, "notebook/broken-cell", c.offset, "cell %d is not Python; %s", c.number, sign.What)
	}
	if word := acting.FindString(left); word != "" && s.unread == nil {
		s.unread = fmt.Errorf("cell %d is not Python that can be read, and has %s in it: correct the cell, or remove it", c.number, clip.Quote(word, 20))
		return
	}
	if len(out) > 0 {
		s.found.AddAs(scanners.Low, "notebook/broken-cell", c.offset, "cell %d is not Python: %s", c.number, clip.Quote(strings.TrimSpace(out[0]), 80))
	}
}

// mend takes lines that are no Python out of a cell until the rest can be read. It
// is not ok when nothing is left of the cell. A text beyond the bounds of the reader
// is handed on as it is: the scanner of Python reports that.
func mend(python string) (mended string, out []string, ok bool) {
	lines := strings.SplitAfter(python, "\n")
	for range maxMended {
		text := strings.Join(lines, "")
		problems := pysource.Parse(text).Problems
		if len(problems) == 0 || problems[0].IsBound() || len(text) > maxMendedText {
			return text, out, true
		}
		at := lineOf(lines, problems[0].Off)
		if body := openBlock(lines, at); body >= 0 {
			line := strings.TrimRight(lines[body], "\r\n")
			code, _, _ := strings.Cut(line, " #")
			lines[body] = strings.TrimRight(code, " \t") + " pass\n"
			out = append(out, line)
			continue
		}
		line := strings.TrimRight(lines[at], "\r\n")
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if strings.TrimSpace(line) == "pass" {
			break
		}
		lines[at] = indent + "pass\n"
		out = append(out, line)
	}
	return "pass\n", append(out[:0:0], strings.SplitN(strings.TrimSpace(python), "\n", 2)[0]), false
}

// lineOf is the line of an offset; of the end of the text, the last with anything
// in it.
func lineOf(lines []string, offset int) int {
	last := 0
	for i, l := range lines {
		if strings.TrimSpace(l) != "" {
			last = i
		}
		if offset < len(l) && strings.TrimSpace(l) != "" {
			return i
		}
		offset -= min(offset, len(l))
	}
	return last
}

// openBlock is the line before at that opens a block without a body (a loop with
// only a comment in it), or -1.
func openBlock(lines []string, at int) int {
	for i := at; i >= 0 && i >= at-32; i-- {
		text := strings.TrimLeft(lines[i], " \t")
		code, _, _ := strings.Cut(text, " #")
		code = strings.TrimSpace(code)
		if code == "" || code[0] == '#' || i == at && !strings.HasSuffix(code, ":") {
			continue
		}
		if !strings.HasSuffix(code, ":") {
			return -1
		}
		if i < at && indentOf(lines[at]) > indentOf(lines[i]) && !strings.HasPrefix(strings.TrimSpace(lines[at]), "#") {
			return -1 // it has a body
		}
		return i
	}
	return -1
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
