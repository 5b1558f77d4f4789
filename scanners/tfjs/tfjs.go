// Package tfjs checks TensorFlow.js models: model.json with a topology and the
// manifest of the files that hold its weights.
//
// The manifest's paths are joined to the place of the model and fetched. The
// topology is a graph of TensorFlow's operators, of which those that the converter
// leaves compute, or the layers of Keras, which name classes that JavaScript
// registers.
//
// # Security
//
// JSON is read token by token with the bounds of package jsontok; keys that are
// there twice are a finding. Paths are judged as the least careful system reads
// them.
package tfjs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
	"assay/scanners/internal/tensorops"
)

const (
	shown    = 100
	maxNames = 4096
	maxPaths = 1 << 16
)

var rules = []scanners.Rule{
	{
		ID: "tfjs/weights-path", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Weights are fetched from another place than the model's folder.",
		Help:    "A page that loads the model fetches the address with the user's rights, and a program on a server opens the file. Do not load the model.",
		CWE:     []string{"CWE-22", "CWE-918"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tfjs/operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The graph has an operator that does more than compute, or that TensorFlow does not have.",
		Help:    "TensorFlow.js runs the ones that the page registered; on a server with the native library they do what they do there. Convert the model again.",
		CWE:     []string{"CWE-829", "CWE-73"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tfjs/lambda", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The model has a layer whose class is code.",
		Help:    "JavaScript does not run a Lambda layer of Python; a page that loads the model registered a class of its own for it.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tfjs/duplicate-key", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An object of the model has a key twice.",
		Help:    "JavaScript takes the last value, other readers the first: the model that was reviewed is not the one that runs.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans TensorFlow.js models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tfjs", Title: "TensorFlow.js model", Version: 1, Rules: slices.Clone(rules)}
}

// model finds a key that every model has at the top, and most in the head.
var model = regexp.MustCompile(`"(weightsManifest|modelTopology)"\s*:`)

// Match accepts an object with a key of a model at either end.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(bytes.TrimLeft(h.Start, "\xef\xbb\xbf \t\r\n"), []byte("{")) && (model.Match(h.Start) || model.Match(h.End))
}

// scan is the state of one file.
type scan struct {
	found  *findings.List
	result scanners.Result
	keys   []string // of the containers around a token; "" in an array
	isIt   bool
	known  map[string]bool
	paths  int
}

// Scan reads the whole model.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{found: findings.New(rules), known: make(map[string]bool)}
	tokens := jsontok.New(io.NewSectionReader(f, 0, f.Size), jsontok.Options{})
	err := s.read(ctx, tokens)
	if !s.isIt {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if err == nil {
		s.result.Parsed.Add(0, f.Size)
	}
	s.result.Findings = s.found.All()
	s.result.Facts = []scanners.Fact{{Key: "tfjs/weight-files", Value: strconv.Itoa(s.paths)}}
	return s.result, err
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
		switch t.Kind {
		case jsontok.Key:
			key = clip.Bytes(t.Text, shown)
			s.key(t)
		case jsontok.ObjectStart, jsontok.ArrayStart:
			s.keys, key = append(s.keys, key), ""
		case jsontok.ObjectEnd, jsontok.ArrayEnd:
			s.keys = s.keys[:len(s.keys)-1]
		case jsontok.String:
			s.text(key, t)
		}
	}
}

func (s *scan) key(t jsontok.Token) {
	if t.Depth == 1 && (string(t.Text) == "weightsManifest" || string(t.Text) == "modelTopology") {
		s.isIt = true
	}
	if t.Duplicate {
		s.found.Add("tfjs/duplicate-key", t.Offset, "%s", clip.Quote(t.Text, shown))
	}
}

// text judges a string by where it stands.
func (s *scan) text(key string, t jsontok.Token) {
	switch {
	case slices.Contains(s.keys, "weightsManifest") && len(s.keys) > 0 && s.keys[len(s.keys)-1] == "paths":
		s.path(t)
	case key == "op" && s.inNode():
		s.operator(t)
	case key == "class_name" && slices.Contains([]string{"Lambda", "TorchModuleWrapper", "TFSMLayer"}, string(t.Text)):
		s.found.Add("tfjs/lambda", t.Offset, "a layer of the class %s", clip.Quote(t.Text, shown))
	}
}

// inNode reports an object of a graph's list of nodes, or of a function's.
func (s *scan) inNode() bool {
	n := len(s.keys)
	return n >= 2 && s.keys[n-1] == "" && (s.keys[n-2] == "node" || s.keys[n-2] == "nodeDef") && slices.Contains(s.keys, "modelTopology")
}

func (s *scan) path(t jsontok.Token) {
	name := string(t.Text)
	if s.paths++; entryname.Escapes(name) || strings.Contains(name, ":") || entryname.HasControl(name) || name == "" {
		s.found.Add("tfjs/weights-path", t.Offset, "%s", clip.Quote(name, 2*shown))
		return
	}
	if s.paths <= maxPaths {
		s.result.Outline.AddRef(scanners.Ref{Kind: scanners.RefData, Name: name, Key: fmt.Sprintf("weights %d", s.paths)})
	}
}

// operator judges an operator of the graph once. Functions of the graph's library
// are called by their names, which TensorFlow gives them.
func (s *scan) operator(t jsontok.Token) {
	name := clip.Bytes(t.Text, shown)
	if s.known[name] || len(s.known) >= maxNames {
		return
	}
	s.known[name] = true
	switch tensorops.Of(name) {
	case tensorops.Computes, tensorops.Table, tensorops.Restores, tensorops.Saves:
	case tensorops.Unknown:
		if !strings.HasPrefix(name, "_Fused") && !strings.HasPrefix(name, "__inference") {
			s.found.AddAs(scanners.Medium, "tfjs/operator", t.Offset, "%s, which TensorFlow does not have", clip.Quote(name, shown))
		}
	default:
		s.found.Add("tfjs/operator", t.Offset, "%s", clip.Quote(name, shown))
	}
}
