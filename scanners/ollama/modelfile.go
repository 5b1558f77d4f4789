package ollama

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// modelfile reads the instructions: a word, and the rest of the line or a text
// between triple quotes (Ollama documentation, modelfile.md).
func (c *checker) modelfile(src string) error {
	for at := 0; at < len(src); {
		line, _, _ := strings.Cut(src[at:], "\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			at += len(line) + 1
			continue
		}
		start := at + strings.Index(line, trimmed)
		word, _, _ := strings.Cut(strings.ReplaceAll(trimmed, "\t", " "), " ")
		value, offset, next, ok := argument(src, start+len(word))
		if !ok {
			return &scanners.FormatError{Offset: int64(start), Code: scanners.GapUnsupported, Err: fmt.Errorf("a text of %.20q without its end", word)}
		}
		if err := c.instruction(strings.ToUpper(word), value, start, offset); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// argument reads what follows a word: up to the end of the line, or of the text
// in quotes. PARAMETER and MESSAGE have one more word before a text in quotes.
func argument(src string, at int) (value string, offset, next int, ok bool) {
	line, _, _ := strings.Cut(src[at:], "\n")
	next = min(at+len(line)+1, len(src))
	if i := strings.Index(line, `"""`); i >= 0 {
		begin := at + i + 3
		n := strings.Index(src[begin:], `"""`)
		if n < 0 {
			return "", 0, 0, false
		}
		rest, _, _ := strings.Cut(src[begin+n+3:], "\n")
		prefix := strings.TrimLeft(line[:i], " \t")
		return prefix + src[begin:begin+n], begin - len(prefix), min(begin+n+3+len(rest)+1, len(src)), true
	}
	value = strings.TrimSpace(line)
	offset = at + strings.Index(line, value)
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		value, offset = value[1:len(value)-1], offset+1
	}
	return value, offset, next, true
}

func (c *checker) instruction(word, value string, start, offset int) error {
	switch word {
	case "FROM", "ADAPTER":
		c.source(word, value, start)
	case "TEMPLATE":
		return c.template(value, offset)
	case "SYSTEM":
		c.prompt(value, offset, true)
	case "MESSAGE":
		c.prompt(value, offset, true)
	case "PARAMETER":
		name, setting, _ := strings.Cut(value, " ")
		c.parameter(name, strings.TrimSpace(setting), start)
	case "LICENSE", "RENDERER", "PARSER", "REQUIRES":
	default:
		return &scanners.FormatError{Offset: int64(start), Code: scanners.GapUnsupported, Err: fmt.Errorf("the instruction %.20q is not known", word)}
	}
	return nil
}

// source checks where weights come from: a path below the file, or a model of a
// registry.
func (c *checker) source(word, value string, start int) {
	if len(c.facts) < 16 && utf8.ValidString(value) {
		c.facts = append(c.facts, scanners.Fact{Key: "ollama/" + strings.ToLower(word), Value: clip.Bytes(value, 256)})
	}
	slashed := strings.ReplaceAll(value, `\`, "/")
	host, _, hasPath := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(slashed, "https://"), "http://"), "/")
	switch {
	case strings.HasPrefix(slashed, "/"), strings.HasPrefix(slashed, "~"), len(slashed) > 1 && slashed[1] == ':' && strings.Contains(slashed, ":/"),
		strings.HasPrefix(strings.ToLower(slashed), "file:"),
		slices.Contains(strings.Split(path.Clean(slashed), "/"), ".."):
		c.found.Add("ollama/path", int64(start), "%s %s", word, quote(value))
	case hasPath && host != "." && strings.Contains(host, "."):
		c.found.Add("ollama/foreign-registry", int64(start), "%s %s", word, quote(value))
	}
}

// most are the largest settings that a model in use has, with room to spare.
var most = map[string]float64{
	"num_ctx":     16 << 20, // tokens; the longest contexts have ten million
	"num_predict": 16 << 20,
	"num_batch":   1 << 20,
	"num_thread":  4096,
	"num_keep":    16 << 20,
}

func (c *checker) parameter(name, setting string, start int) {
	if n, err := strconv.ParseFloat(setting, 64); err == nil && most[name] > 0 && n > most[name] {
		c.found.Add("ollama/cost", int64(start), "the parameter %s is %s", quote(name), quote(setting))
	}
}
