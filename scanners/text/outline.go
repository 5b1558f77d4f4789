package text

import (
	"bytes"
	"slices"
	"strings"
)

// Bounds of an outline. A card in use has some dozens of entries.
const (
	maxOutlineDepth   = 12
	maxOutlineEntries = 2048
)

// node is one open key of an outline.
type node struct {
	indent int
	key    string
}

// outline reads the part of YAML that cards are written in: mappings, lists and
// scalars on one line. It calls yield with the keys that lead to each scalar;
// lists leave no trace in them. Everything else (block scalars, flow mappings,
// anchors, aliases, tags) is left out, never guessed: nothing is expanded, so the
// work is proportional to the text.
type outline struct {
	stack   []node
	block   int // indent of the key of an open block scalar, -1 for none
	entries int
	yield   func(path []string, value string)
}

func readOutline(text []byte, yield func(path []string, value string)) {
	o := &outline{block: -1, yield: yield}
	for line := range bytes.Lines(text) {
		if o.entries >= maxOutlineEntries {
			return
		}
		o.line(strings.TrimRight(string(line), " \t\r\n"))
	}
}

func (o *outline) line(line string) {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	if content == "" || content[0] == '#' || content[0] == '\t' {
		return
	}
	if o.block >= 0 && indent > o.block {
		return
	}
	o.block = -1
	for content == "-" || strings.HasPrefix(content, "- ") {
		o.closeTo(indent + 1) // an item may stand as far left as the key of its list
		rest := strings.TrimLeft(content[1:], " ")
		indent += len(content) - len(rest)
		content = rest
	}
	if content == "" {
		return
	}
	key, value, ok := cutKey(content)
	if !ok {
		o.scalar(content)
		return
	}
	o.closeTo(indent)
	if len(o.stack) >= maxOutlineDepth {
		return
	}
	o.stack = append(o.stack, node{indent, key})
	if strings.HasPrefix(value, "|") || strings.HasPrefix(value, ">") {
		o.block = indent
		return
	}
	o.scalar(value)
}

// closeTo closes the keys that stand at indent or further right.
func (o *outline) closeTo(indent int) {
	for len(o.stack) > 0 && o.stack[len(o.stack)-1].indent >= indent {
		o.stack = o.stack[:len(o.stack)-1]
	}
}

// scalar yields a value, or each of a list in brackets.
func (o *outline) scalar(value string) {
	if list, ok := strings.CutPrefix(value, "["); ok {
		list, _, _ = strings.Cut(list, "]")
		for item := range strings.SplitSeq(list, ",") {
			o.emit(item)
		}
		return
	}
	o.emit(value)
}

func (o *outline) emit(value string) {
	value, ok := plainScalar(strings.TrimSpace(value))
	if !ok || value == "" || len(o.stack) == 0 {
		return
	}
	o.entries++
	path := make([]string, len(o.stack))
	for i, n := range o.stack {
		path[i] = n.key
	}
	o.yield(path, value)
}

// cutKey splits "key: value" at the first colon that ends a plain or quoted key.
func cutKey(s string) (key, value string, ok bool) {
	if s[0] == '"' || s[0] == '\'' {
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 || !strings.HasPrefix(s[end+2:], ":") {
			return "", "", false
		}
		return s[1 : end+1], strings.TrimSpace(s[end+3:]), true
	}
	if strings.ContainsAny(s[:1], "[{&*!|>@`%") {
		return "", "", false
	}
	if key, ok := strings.CutSuffix(s, ":"); ok && !strings.Contains(key, ": ") {
		return key, "", true
	}
	key, value, ok = strings.Cut(s, ": ")
	return key, strings.TrimSpace(value), ok
}

// plainScalar takes quotes and a comment off, and refuses what is no scalar.
func plainScalar(s string) (string, bool) {
	if s == "" || strings.ContainsAny(s[:1], "[]{}&*!|>@`%#") {
		return "", false
	}
	if q := s[0]; q == '"' || q == '\'' {
		end := strings.IndexByte(s[1:], q)
		if end < 0 {
			return "", false
		}
		return s[1 : end+1], true
	}
	s, _, _ = strings.Cut(s, " #")
	s = strings.TrimSpace(s)
	return s, !slices.Contains([]string{"null", "~", "Null", "NULL"}, s)
}
