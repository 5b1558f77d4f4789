package keras

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/pyjson"
)

const maxWhat = 120 // bytes of a text from the file in a finding

// Scanner scans configurations of Keras models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "keras", Title: "Keras configuration", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins as an object or a list of JSON in any encoding of
// Python. Where the references stand is only known at the end.
func (Scanner) Match(h scanners.Head) bool {
	return pyjson.IsContainer(h.Start) || isYAML(h.Start, h.Size)
}

// parts are what Keras finds a class or function by, and what may be code, or lead
// elsewhere. Keras 2 saves a function as a list of byte code, defaults and closure.
var parts = pyjson.Options{
	Texts: []string{
		"class_name", "module", "registered_name", "spec_name", "config", "function", "value", "code", "vocabulary", "idf_weights",
		"name", "node_def", "keras_version",
	},
	Long: []string{"function", "value", "code", "node_def"}, Nest: []string{"config"}, Lists: []string{"function"},
}

// scan is the state of one document.
type scan struct {
	found   *findings.List
	known   bool // a class or module of Keras was seen
	unknown []scanners.Finding
	objects int
	version string
	partly  bool // only the beginning is a configuration
}

// Scan reads the whole document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{found: findings.New(rules)}
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	read := func() (pyjson.Document, error) { return pyjson.Walk(ctx, f, parts, s.object) }
	if !pyjson.IsContainer(start) {
		read = func() (pyjson.Document, error) { return s.readYAML(ctx, f) }
	}
	doc, err := read()
	if s.objects == 0 && s.version == "" {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.finish(doc)
	result := scanners.Result{Findings: s.found.All(), Facts: s.facts()}
	if err == nil && !s.partly {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

func (s *scan) object(o *pyjson.Object) {
	if o.Depth == 0 && o.Text("keras_version") != "" {
		s.version = clip.Bytes(o.Text("keras_version"), 40)
	}
	if o.Text("class_name") != "" {
		s.judge(o)
	}
}

// finish reports what only counts in a document of Keras: names that nobody can
// resolve, and what deceives other readers.
func (s *scan) finish(doc pyjson.Document) {
	if s.known {
		for _, f := range s.unknown {
			s.found.AddAs(f.Severity, f.Rule, f.Offset, "%s", f.What)
		}
	}
	if doc.Again != "" {
		s.found.Add("keras/duplicate-key", doc.AgainAt, "the key %s stands twice in an object", clip.Quote(doc.Again, maxWhat))
	}
	if doc.Wide() {
		s.found.Add("keras/encoding", 0, "the text is in %s", doc.Encoding.Name)
	}
}

func (s *scan) facts() []scanners.Fact {
	list := []scanners.Fact{{Key: "keras/objects", Value: strconv.Itoa(s.objects)}}
	if s.version != "" {
		list = append(list, scanners.Fact{Key: "keras/version", Value: s.version})
	}
	return list
}
