package ollama

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/prose"
)

// maxSource is the size of the largest file that is analysed, in bytes.
const maxSource = 64 << 10

// Scanner scans Modelfiles and the files they become.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "ollama", Title: "Ollama Modelfile or template", Version: 1, Rules: slices.Clone(rules)}
}

// kind is what a file is to Ollama.
type kind uint8

const (
	other kind = iota
	modelfile
	goTemplate
	system
)

// Match accepts the names, and layers, which have no telling name, by content.
func (Scanner) Match(h scanners.Head) bool { return kindOf(h.Name, h.Start) != other }

func kindOf(name string, start []byte) kind {
	base := strings.ToLower(path.Base(name))
	switch {
	case base == "modelfile", strings.HasPrefix(base, "modelfile."), path.Ext(base) == ".modelfile":
		return modelfile
	case base == "system":
		return system
	case path.Ext(base) != "" || bytes.IndexByte(start, 0) >= 0:
		return other
	case isTemplate(start):
		return goTemplate
	case isModelfile(start):
		return modelfile
	}
	return other
}

// fields are what a template of Ollama prints at least one of.
var fields = []string{".Prompt", ".System", ".Messages", ".Response", ".Content"}

func isTemplate(start []byte) bool {
	if !bytes.Contains(start, []byte("{{")) || bytes.Contains(start, []byte("{%")) || isModelfile(start) {
		return false
	}
	return slices.ContainsFunc(fields, func(f string) bool { return bytes.Contains(start, []byte(f)) })
}

// isModelfile demands FROM and one more instruction that a Dockerfile has not.
func isModelfile(start []byte) bool {
	from, more := false, false
	for line := range bytes.Lines(start) {
		word, _, _ := bytes.Cut(line, []byte(" "))
		from = from || bytes.EqualFold(word, []byte("FROM"))
		more = more || slices.Contains([]string{"TEMPLATE", "SYSTEM", "PARAMETER", "ADAPTER", "MESSAGE"}, strings.ToUpper(string(word)))
	}
	return from && more
}

// checker collects what is found in one file.
type checker struct {
	found *findings.List
	facts []scanners.Fact
	past  bool // the message of the user was printed
}

// Scan reads and checks the file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if err := ctx.Err(); err != nil {
		return scanners.Result{}, err
	}
	data, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, f.Size), maxSource+1))
	if err != nil {
		return scanners.Result{}, fmt.Errorf("read the file: %w", err)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	c := &checker{found: findings.New(rules)}
	if len(data) > maxSource {
		return scanners.Result{}, &scanners.FormatError{Offset: maxSource, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d bytes", maxSource)}
	}
	switch text := string(data); kindOf(f.Name, data) {
	case modelfile:
		err = c.modelfile(text)
	case goTemplate:
		err = c.template(text, 0)
	default:
		c.prompt(text, 0, true)
	}
	result := scanners.Result{Findings: c.found.All(), Facts: c.facts}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

var errSyntax = errors.New("not in the language of Ollama's templates")

// prompt looks at text that is put before the model. What its maker says in a
// system prompt is graded lower: there it is at least where one looks.
func (c *checker) prompt(text string, offset int, asMaker bool) {
	for _, s := range prose.Signs(text) {
		rule, severity := "ollama/hidden-text", scanners.High
		switch s.Kind {
		case prose.Address:
			rule = "ollama/address"
		case prose.Instruction:
			rule = "ollama/instruction"
		}
		if asMaker && s.Kind != prose.Hidden {
			severity = scanners.Medium
		}
		c.found.AddAs(severity, rule, int64(offset+s.Offset), "%s", s.What)
	}
}

func quote(text string) string { return clip.Quote(text, 80) }
