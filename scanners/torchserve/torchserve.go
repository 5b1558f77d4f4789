// Package torchserve reads the manifest of a model archive of TorchServe (.mar, a zip
// or tar with MAR-INF/MANIFEST.json): which file of it the server runs as handler,
// which it imports as model, and which packages it installs. Format: TorchServe 0.12,
// model-archiver/README.md and frontend/archive Manifest.java.
//
// # Security
//
// The manifest is untrusted JSON, read token by token; the text scanner accounts for
// its bytes. Whether a named file is in the archive is looked up, never opened: files
// of an archive have scanners of their own.
package torchserve

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

const (
	ruleHandler      = "torchserve/handler"
	ruleRequirements = "torchserve/requirements"
)

var rules = []scanners.Rule{
	{
		ID: ruleHandler, Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The server runs a Python file of the archive.",
		Help: "TorchServe imports the handler, and the model file, from the archive with all rights of the server. " +
			"Review the file, or use one of the built-in handlers with weights in safetensors.",
		CWE: []string{"CWE-829", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: ruleRequirements, Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The server installs packages that the archive names.",
		Help:    "With install_py_dep_per_model, TorchServe runs pip on this file when the model is loaded; the installation of a package may run code. Install reviewed packages beforehand instead.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.001", "AML.T0011.001"}, OWASP: []string{"LLM03"},
	},
}

// builtin are the handlers that the server brings along: ts/torch_handler of
// TorchServe 0.12.
var builtin = []string{"image_classifier", "image_segmenter", "object_detector", "text_classifier", "text_generator", "text_handler", "vision_handler", "base_handler", "dali_image_classifier"}

// Scanner reads manifests of TorchServe.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "torchserve", Title: "TorchServe manifest", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the manifest by its place in an archive.
func (Scanner) Match(h scanners.Head) bool {
	return strings.EqualFold(path.Base(h.Name), "MANIFEST.json") && strings.EqualFold(path.Base(path.Dir(h.Name)), "MAR-INF")
}

// Scan looks at the fields of the object "model".
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	d := jsontok.New(io.NewSectionReader(f, 0, f.Size), jsontok.Options{Python: true})
	found, key := findings.New(rules), ""
	for {
		t, err := d.Next()
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case errors.Is(err, io.EOF):
			return scanners.Result{Findings: found.All()}, nil
		case err != nil && found.Len() == 0:
			return scanners.Result{}, scanners.ErrNotRecognised // the text scanner says why
		case err != nil:
			return scanners.Result{Findings: found.All()}, err
		case t.Kind == jsontok.Key:
			key = string(t.Text)
		case t.Kind == jsontok.String && len(t.Text) > 0:
			judge(found, key, string(t.Text), t.Offset)
		}
	}
}

func judge(found *findings.List, key, value string, off int64) {
	switch key {
	case "handler":
		file, _, _ := strings.Cut(value, ":") // module:function
		if !slices.Contains(builtin, file) {
			found.Add(ruleHandler, off, "runs the handler %s", clip.Quote(value, 200))
		}
	case "modelFile":
		found.Add(ruleHandler, off, "imports the model file %s", clip.Quote(value, 200))
	case "requirementsFile":
		found.Add(ruleRequirements, off, "installs what %s lists", clip.Quote(value, 200))
	}
}
