// Package mxnet checks MXNet models: the graph (NAME-symbol.json) and the arrays
// beside it (NAME-0000.params). MXNet is no longer maintained. Its operator Custom
// calls a Python class by the name in its attribute op_type; all else computes in
// the library, or in one that the user loads.
//
// # Security
//
// JSON is read token by token with the bounds of package jsontok; keys that are
// there twice are a finding. Arrays are read head by head, every size compared with
// the file; old and sparse ones stay uncovered.
package mxnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

const shown = 100

var rules = []scanners.Rule{
	{
		ID: "mxnet/python-operator", Severity: scanners.Critical, Class: scanners.Suspicious,
		Summary: "The graph calls a Python class.",
		Help:    "The class has to come with the model, and runs with the user's rights. Use a model without custom operators.",
		CWE:     []string{"CWE-94", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "mxnet/library", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The graph names a native library.",
		Help:    "MXNet's extensions are loaded from a path and run with the user's rights. Do not load the model.",
		CWE:     []string{"CWE-829", "CWE-426"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "mxnet/duplicate-key", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An object of the graph has a key twice.",
		Help:    "Readers disagree on which one counts: the model that was reviewed is not the one that runs.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans the graphs of MXNet.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "mxnet", Title: "MXNet model", Version: 1, Rules: slices.Clone(rules)}
}

// nodes and heads are keys that every graph has at the top, at either end.
var (
	nodes = regexp.MustCompile(`"(nodes|arg_nodes|node_row_ptr)"\s*:`)
	heads = regexp.MustCompile(`"(heads|arg_nodes)"\s*:`)
)

// Match accepts the mark of a list of arrays, and an object that begins with nodes
// and ends with heads.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(magicList)) || bytes.HasPrefix(bytes.TrimLeft(h.Start, "\xef\xbb\xbf \t\r\n"), []byte("{")) && nodes.Match(h.Start) && heads.Match(h.End)
}

// library is a path of something that is loaded as a library.
var library = regexp.MustCompile(`(?i)\.(so|dll|dylib)(\.[0-9.]+)?$`)

// scan is the state of one file.
type scan struct {
	found     *findings.List
	top       map[string]bool
	operators int
}

// Scan reads the whole graph, or the head of every array.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, int64(len(magicList))))
	if _, err := f.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return scanners.Result{}, err
	}
	if string(start) == magicList {
		p := &params{ctx: ctx, file: f}
		err := p.read()
		return p.result, err
	}
	s := &scan{found: findings.New(rules), top: make(map[string]bool)}
	err := s.read(ctx, jsontok.New(io.NewSectionReader(f, 0, f.Size), jsontok.Options{}))
	if !s.top["nodes"] || err == nil && !(s.top["heads"] && s.top["arg_nodes"]) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	result := scanners.Result{Findings: s.found.All(), Facts: []scanners.Fact{{Key: "mxnet/nodes", Value: strconv.Itoa(s.operators)}}}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

func (s *scan) read(ctx context.Context, tokens *jsontok.Decoder) error {
	key := ""
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := tokens.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Duplicate {
			s.found.Add("mxnet/duplicate-key", t.Offset, "%s", clip.Quote(t.Text, shown))
		}
		if t.Kind == jsontok.Key && t.Depth == 1 && len(s.top) < 64 {
			s.top[clip.Bytes(t.Text, shown)] = true
		}
		if t.Kind == jsontok.String {
			s.value(key, t)
		}
		if key = ""; t.Kind == jsontok.Key {
			key = clip.Bytes(t.Text, shown)
		}
	}
}

func (s *scan) value(key string, t jsontok.Token) {
	switch {
	case key == "op":
		if s.operators++; string(t.Text) == "Custom" || string(t.Text) == "_Native" || string(t.Text) == "_NDArray" {
			s.found.Add("mxnet/python-operator", t.Offset, "%s", clip.Quote(t.Text, shown))
		}
	case key != "" && library.Match(t.Text):
		s.found.Add("mxnet/library", t.Offset, "%s is %s", clip.Quote(key, shown), clip.Quote(t.Text, shown))
	}
}
