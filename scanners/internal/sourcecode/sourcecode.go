// Package sourcecode tells program text from data, so that one scanner never
// counts as data what another one must report as code.
//
// # Security
//
// A name alone is enough to make something code: a loader, a shell or a person
// starts a file by its name, whatever it holds. Content alone is enough too (an
// interpreter line, a notebook's cells). Neither can make code into data.
package sourcecode

import (
	"bytes"
	"path"
	"strings"
)

// Language is a kind of program text.
type Language struct {
	Name string // "Python"
	Runs string // who runs it: a clause
}

// Of recognises program text by its name or by how it begins. start is the
// beginning of the content, at best some KiB.
func Of(name string, start []byte) (Language, bool) {
	if lang, ok := byName(name); ok {
		return lang, true
	}
	return byContent(start)
}

// byName uses the last extension, or the whole name of files that have none.
// Trailing dots and spaces do not count: Windows drops them.
func byName(name string) (Language, bool) {
	file := strings.ToLower(strings.TrimRight(path.Base(name), ". "))
	if lang, ok := names[file]; ok {
		return lang, true
	}
	lang, ok := extensions[path.Ext(file)]
	return lang, ok
}

func byContent(start []byte) (Language, bool) {
	start = bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
	if isInterpreterLine(start) {
		return script, true
	}
	lower := bytes.ToLower(bytes.TrimLeft(start[:min(len(start), 1<<10)], " \t\r\n\f"))
	for _, opening := range openings {
		if bytes.HasPrefix(lower, []byte(opening.text)) {
			return opening.lang, true
		}
	}
	return Language{}, false
}

// isInterpreterLine recognises "#!" with an interpreter after it, as the kernel
// does, and not a word list that happens to begin with the two signs.
func isInterpreterLine(start []byte) bool {
	rest, ok := bytes.CutPrefix(start, []byte("#!"))
	if !ok {
		return false
	}
	line, _, _ := bytes.Cut(rest[:min(len(rest), 256)], []byte("\n"))
	line = bytes.TrimLeft(line, " \t")
	return len(line) > 1 && (line[0] == '/' || line[0] == '.' || isLetter(line[0]))
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// IsTorchScript recognises the source text inside a TorchScript archive, which
// has its own scanner. It is written by the serializer in one fixed form (torch
// jit/serialization/python_print.cpp): a class begins with its parameter list.
func IsTorchScript(name string, start []byte) bool {
	if !strings.HasSuffix(name, ".py") || !strings.HasPrefix(name, "code/") && !strings.Contains(name, "/code/") {
		return false
	}
	if strings.HasPrefix(name, "code/__torch__") || strings.Contains(name, "/code/__torch__") {
		return true
	}
	return bytes.Contains(start[:min(len(start), 4<<10)], []byte("__parameters__ = ["))
}
