// Package caffe checks Caffe models: the network in text (.prototxt) and with its
// weights (.caffemodel), both a NetParameter (caffe.proto of BVLC Caffe 1.0).
//
// A layer of the type Python imports a module and calls a class by name. Layers of
// data read files and databases where the network says.
//
// # Security
//
// The text is read word by word, at most 16 MiB, and no value of it is interpreted.
// The weights are walked by a schema; parameters of layers are taken for data, but
// for those that name code or a file.
package caffe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/protobuf"
	"assay/scanners/internal/textproto"
)

const (
	shown   = 100
	maxText = 16 << 20
)

var rules = []scanners.Rule{
	{
		ID: "caffe/python-layer", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A layer imports a Python module and calls a class of it.",
		Help:    "The module is found wherever Python looks, the folder of the model included, and runs with the user's rights. Do not load the model.",
		CWE:     []string{"CWE-94", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "caffe/path", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The network reads a file outside of its folder.",
		Help:    "Layers of data open the file when the network is set up. Most often it is a path of the machine that trained it: remove the layer, or set the path yourself.",
		CWE:     []string{"CWE-73", "CWE-22"}, ATLAS: []string{"AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "caffe/unknown-field", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The weights have a field that is not known, or one twice.",
		Help:    "A fork of Caffe wrote it, or something hides there. Convert the model from a source that you trust.",
		CWE:     []string{"CWE-1287", "CWE-436"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans Caffe networks.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "caffe", Title: "Caffe network", Version: 1, Rules: slices.Clone(rules)}
}

// layer is how a layer begins in text.
var layer = regexp.MustCompile(`(?m)(^|[\s}])layers?\s*:?\s*\{`)

// Match accepts the weights by name, and text with a layer in its beginning.
func (Scanner) Match(h scanners.Head) bool {
	return isNamed(h.Name, ".caffemodel") || isText(h.Start) && (isNamed(h.Name, ".prototxt") || layer.Match(h.Start[:min(len(h.Start), 8<<10)]) && kindOfLayer.Match(h.Start))
}

// kindOfLayer tells a network from other text with braces.
var kindOfLayer = regexp.MustCompile(`\btype\s*:\s*("[A-Za-z]+"|'[A-Za-z]+'|[A-Z_]+)\s`)

func isNamed(name, ext string) bool { return strings.ToLower(path.Ext(name)) == ext }

func isText(start []byte) bool { return bytes.IndexByte(start, 0) < 0 }

// Scan reads the text, or walks the weights.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{found: findings.New(rules)}
	if isNamed(f.Name, ".caffemodel") {
		err := s.weights(ctx, f)
		s.result.Findings = s.found.All()
		if s.layers == 0 && s.found.Len() == 0 {
			return scanners.Result{}, scanners.ErrNotRecognised
		}
		return s.result, err
	}
	if f.Size > maxText {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("a network of %d bytes", f.Size)}
	}
	text := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), text); err != nil {
		return scanners.Result{}, fmt.Errorf("read the network: %w", err)
	}
	err := s.text(ctx, text)
	s.result.Findings = s.found.All()
	return s.result, err
}

// scan is the state of one file.
type scan struct {
	*protobuf.Walker[*scan]
	found  *findings.List
	result scanners.Result
	layers int
}

// text reads the words of a network.
func (s *scan) text(ctx context.Context, p []byte) error {
	err := textproto.Read(ctx, p, textproto.Visitor{
		Name: func(at int64, name string) {
			if name == "python_param" {
				s.found.Add("caffe/python-layer", at, "python_param")
			}
		},
		Text: func(at int64, _ []string, name, text string) { s.value(at, name, text) },
	})
	if err == nil {
		s.result.Parsed.Add(0, int64(len(p)))
	}
	return err
}

// paths are the names of values that are opened. Source: caffe.proto, DataParameter
// and its like.
var paths = []string{"source", "mean_file", "root_folder", "file", "weights", "snapshot_prefix", "net", "train_net", "test_net"}

func (s *scan) value(at int64, name, text string) {
	switch {
	case name == "type" && text == "Python":
		s.found.Add("caffe/python-layer", at, "a layer of the type Python")
	case (name == "module" || name == "layer") && text != "":
		s.found.Add("caffe/python-layer", at, "%s is %s", clip.Quote(name, shown), clip.Quote(text, shown))
	case slices.Contains(paths, name) && entryname.Outside(text):
		s.found.Add("caffe/path", at, "%s is %s", clip.Quote(name, shown), clip.Quote(text, 2*shown))
	}
}
