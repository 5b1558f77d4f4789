// Package notebook reads Jupyter notebooks (nbformat 3 and 4): it hands their code
// to the scanners of Python and of commands, and looks at outputs that act.
//
// All Python cells become one member, in order, because names go from cell to
// cell; the commands in them (!command, %pip, %%bash) become another one. What is
// found is told with the number of the cell, counted from 1. Cells in other
// languages are not analysed, and leave the notebook incomplete.
//
// Jupyter sorts the keys of what it writes, so that the cells come before the
// metadata that name their language: cells are kept, and judged at the end.
//
// A cell that is no Python (an exercise that is not filled in) does not run at all.
// Its unreadable lines are taken out and looked at as text, the others are analysed.
//
// # Security
//
// The notebook is read as a stream of tokens. At most 2 MiB of source are kept; of a
// longer one the rest is not looked at. Outputs are looked at by their beginning, 256 KiB each:
// Jupyter does not run them unless a person trusts the notebook.
package notebook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
	"assay/scanners/internal/sourcecode"
)

// Scanner knows notebooks.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "notebook", Title: "Jupyter notebook", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts notebooks by name.
func (Scanner) Match(h scanners.Head) bool {
	return sourcecode.AnalystOf(h.Name, h.Start) == sourcecode.Notebook
}

var rules = []scanners.Rule{
	{
		ID: "notebook/code", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The notebook has cells with code.",
		Help:    "Somebody who opens the notebook may run them one by one. What they do has findings of its own, under the number of the cell.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0011.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "notebook/broken-cell", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A cell with code is not Python, so that it does not run.",
		Help: "An exercise that is not filled in, or a command without its !. Its lines that are no Python were looked at as text only. " +
			"Whoever corrects the cell runs what is in it then.",
		CWE: []string{"CWE-829"}, ATLAS: []string{"AML.T0011.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "notebook/active-output", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "An output of the notebook holds JavaScript or a frame.",
		Help:    "Plotting libraries leave such outputs. Jupyter runs them only in a trusted notebook; clear the outputs before you trust it.",
		CWE:     []string{"CWE-79"}, ATLAS: []string{"AML.T0011.001"}, OWASP: []string{"LLM05"},
	}, {
		ID: "notebook/launch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An output or a text cell has an address that starts a program or a script.",
		Help:    "Do not follow the links of the notebook; clear its outputs.",
		CWE:     []string{"CWE-79", "CWE-610"}, ATLAS: []string{"AML.T0011.003"}, OWASP: []string{"LLM05"},
	}, {
		ID: "notebook/duplicate-key", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "An object of the notebook has the same key twice.",
		Help:    "Viewers and kernels may use different values: what is shown is not what runs. Save the notebook again with Jupyter and compare.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}

// Bounds.
const (
	maxSource = 2 << 20   // bytes of code kept
	maxOutput = 256 << 10 // bytes of an output that are looked at
	maxString = maxSource
)

// cell is what is known of a cell until it ends.
type cell struct {
	kind, language string
	source         strings.Builder
	text           string // the source, once the cell is read
	offset         int64
	number         int
}

type scan struct {
	file  scanners.File
	found *findings.List
	keys  []string // of the containers around, "" for a list
	key   string

	cell     cell
	open     int      // depth of the current cell, 0 for none
	number   int      // of the current cell, from 1
	claims   []string // what the metadata say about the language
	codes    []cell   // with code, until the language is known
	kept     int      // bytes of source in them
	python   parts
	commands parts
	others   []string // languages that are not analysed
	unread   error    // a cell that is neither read nor harmless
	cut      bool
	cells    int
	html     strings.Builder
	htmlAt   int64
}

// Scan reads f.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules)}
	err := s.read(ctx)
	if s.open > 0 {
		s.endCell() // broken off in the middle
	}
	var format *scanners.FormatError
	if err != nil && !errors.As(err, &format) {
		return scanners.Result{Findings: s.found.All()}, err
	}
	s.judge()
	if s.cells > 0 {
		s.found.Add("notebook/code", 0, "%d cells of code", s.cells)
	}
	result := scanners.Result{Findings: s.found.All(), Members: s.members()}
	switch {
	case err != nil:
		return result, err
	case s.cut:
		return result, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("more than %d MiB of source", maxSource>>20)}
	case s.unread != nil:
		return result, &scanners.FormatError{Code: scanners.GapUnsupported, Err: s.unread}
	case len(s.others) > 0:
		return result, &scanners.FormatError{Code: scanners.GapUnsupported, Err: fmt.Errorf("cells in %s are not analysed", clip.Quote(s.others[0], 40))}
	}
	result.Parsed.Add(0, f.Size)
	return result, nil
}

func (s *scan) members() []scanners.Member {
	var out []scanners.Member
	for _, m := range []struct {
		name string
		text *parts
	}{{"cells.ipynb.py", &s.python}, {"commands.sh", &s.commands}} {
		if text := m.text.text.String(); strings.TrimSpace(text) != "" {
			out = append(out, scanners.Member{Name: m.name, Size: int64(len(text)), Span: scanners.Span{Len: s.file.Size}, Place: m.text.place,
				Open: func() (io.Reader, error) { return strings.NewReader(text), nil }})
		}
	}
	return out
}

func (s *scan) read(ctx context.Context) error {
	d := jsontok.New(io.NewSectionReader(s.file, 0, s.file.Size), jsontok.Options{MaxText: maxString, Python: true})
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.token(t)
	}
}

func (s *scan) token(t jsontok.Token) {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		s.keys = append(s.keys, s.key)
		if t.Kind == jsontok.ObjectStart && s.open == 0 && s.key == "cells" {
			s.open = len(s.keys)
			s.number++
			s.cell = cell{offset: t.Offset, number: s.number}
		}
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		s.endHTML()
		if s.open == len(s.keys) && s.open > 0 {
			s.endCell()
			s.open = 0
		}
		s.key = s.keys[len(s.keys)-1]
		s.keys = s.keys[:len(s.keys)-1]
	case jsontok.Key:
		s.endHTML()
		s.key = clip.Bytes(t.Text, 80)
		if t.Duplicate {
			s.found.Add("notebook/duplicate-key", t.Offset, "the key %s again", clip.Quote(t.Text, 60))
		}
	case jsontok.String:
		s.text(t)
	}
}

// text takes a string by where it stands. nbformat 3 calls the source input, and
// puts outputs beside it.
func (s *scan) text(t jsontok.Token) {
	inCell := s.open > 0
	depth := len(s.keys) - s.open
	switch {
	case !inCell && (s.key == "language" || s.key == "name" && len(s.keys) > 1):
		s.claim(s.keys[len(s.keys)-1], strings.ToLower(clip.Bytes(t.Text, 40)))
	case inCell && depth == 0 && s.key == "cell_type":
		s.cell.kind = clip.Bytes(t.Text, 20)
	case inCell && depth == 0 && s.key == "language":
		s.cell.language = clip.Bytes(t.Text, 40)
	case inCell && depth <= 1 && (s.key == "source" || s.key == "input"):
		room := max(0, maxSource-s.kept-s.cell.source.Len())
		s.cut = s.cut || t.Cut() || len(t.Text) > room
		s.cell.source.Write(t.Text[:min(len(t.Text), room)])
	case inCell && isMarkup(s.key):
		if s.html.Len() == 0 {
			s.htmlAt = t.Offset
		}
		if room := maxOutput - s.html.Len(); room > 0 {
			s.html.Write(t.Text[:min(len(t.Text), room)])
		}
	}
}

// isMarkup reports the types of outputs that a page would run.
func isMarkup(key string) bool {
	return slices.Contains([]string{"text/html", "application/javascript", "image/svg+xml", "html", "javascript", "svg"}, key)
}

// endHTML looks at an output once it is there.
func (s *scan) endHTML() {
	if s.html.Len() == 0 {
		return
	}
	text := s.html.String()
	s.html.Reset()
	if strings.Contains(s.key, "javascript") {
		s.found.Add("notebook/active-output", s.htmlAt, "JavaScript: %s", clip.Quote(text, 80))
		return
	}
	s.markup(text, s.htmlAt)
}

func (s *scan) endCell() {
	source := s.cell.source.String()
	switch s.cell.kind {
	case "code":
		s.cells++
		s.kept += len(source)
		s.cell.text = source
		s.cell.source = strings.Builder{}
		if source != "" {
			s.codes = append(s.codes, s.cell)
		}
	case "markdown", "heading", "raw", "":
		s.markup(source, s.cell.offset)
	}
}
