package torchexport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

// Scanner reads the JSON of exported programs.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "torchexport", Title: "torch.export program", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts JSON that lies where an archive of torch.export has it, or that has
// the keys of a program.
func (Scanner) Match(h scanners.Head) bool {
	if !bytes.HasPrefix(bytes.TrimLeft(h.Start, " \t\r\n"), []byte("{")) {
		return false
	}
	return payloadRoot(h.Name) != "-" || bytes.Contains(h.Start, []byte(`"graph_module"`)) ||
		path.Base(h.Name) == "serialized_exported_program.json" || path.Base(path.Dir(h.Name)) == "models"
}

// payloadRoot is the root of the archive around a description of weights, "-" for
// any other name.
func payloadRoot(name string) string {
	dir := path.Dir(name)
	if path.Ext(name) != ".json" || path.Base(path.Dir(dir)) != "data" || path.Base(dir) != "weights" && path.Base(dir) != "constants" {
		return "-"
	}
	return path.Dir(path.Dir(dir))
}

// scan is the work on one file.
type scan struct {
	file   scanners.File
	root   string // of the archive, for a description of weights
	found  *findings.List
	result scanners.Result

	keys    []string // the key of each open container
	program bool     // it has the keys of a program
	entry   payload
	inEntry bool
}

// maxText is how much of a string is looked at: expressions and names are short.
const maxText = 64 << 10

// Scan walks the whole file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, root: payloadRoot(f.Name), found: findings.New(rules)}
	d := jsontok.New(io.NewSectionReader(f, 0, f.Size), jsontok.Options{MaxText: maxText, Python: true})
	key := ""
	for {
		t, err := d.Next()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return s.end(err)
		}
		switch t.Kind {
		case jsontok.Key:
			key = string(t.Text)
			s.key(key, t)
			continue
		case jsontok.ObjectStart, jsontok.ArrayStart:
			s.keys = append(s.keys, key)
			s.opens(t)
			key = ""
			continue
		case jsontok.ObjectEnd, jsontok.ArrayEnd:
			s.closes()
			s.keys, key = s.keys[:len(s.keys)-1], ""
		default:
			s.value(key, t)
		}
	}
}

// end makes the result. A text that breaks off is the text scanner's to report.
func (s *scan) end(err error) (scanners.Result, error) {
	s.result.Findings = s.found.All()
	switch {
	case !errors.Is(err, io.EOF) && (s.found.Len() > 0 || s.program):
		return s.result, err
	case s.found.Len() == 0 && len(s.result.Uses) == 0 && !s.program:
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	return s.result, nil
}

// within reports whether the innermost containers have these keys, outermost first.
func (s *scan) within(keys ...string) bool {
	return len(s.keys) >= len(keys) && slices.Equal(s.keys[len(s.keys)-len(keys):], keys)
}

func (s *scan) key(key string, t jsontok.Token) {
	if key == "graph_module" {
		s.program = true
	}
	if s.within("range_constraints") {
		s.expression(t)
	}
}

// opens notes the beginning of a description: {"config": {"<name>": {...}}}.
func (s *scan) opens(t jsontok.Token) {
	if s.root != "-" && t.Kind == jsontok.ObjectStart && len(s.keys) >= 2 && s.keys[len(s.keys)-2] == "config" && !s.inEntry {
		s.entry, s.inEntry = payload{off: t.Offset, dtype: -1}, true
	}
}

func (s *scan) closes() {
	if s.inEntry && s.keys[len(s.keys)-2] == "config" {
		s.inEntry = false
		s.conclude(s.entry)
	}
}

func (s *scan) value(key string, t jsontok.Token) {
	text := string(t.Text)
	switch {
	case t.Kind == jsontok.String && key == "target" && s.within("nodes", ""):
		s.target(text, t.Offset)
	case t.Kind == jsontok.String && key == "expr_str":
		s.expression(t)
	case t.Kind == jsontok.String && s.within("guards_code"):
		s.guard(t)
	case s.inEntry:
		s.describe(key, text)
	}
}

// expression judges the text of a symbolic size.
func (s *scan) expression(t jsontok.Token) {
	if t.Cut() || !isArithmetic(string(t.Text)) {
		s.found.Add(ruleExpression, t.Offset, "evaluates %s", clip.Quote(string(t.Text), 200))
	}
}

// operand is how a guard names a size of an input.
var operand = regexp.MustCompile(`L(\['[A-Za-z0-9_]+'\]|\.[A-Za-z0-9_]+)|\.(size|stride|storage_offset|dim|numel)\(\)|\.shape|\[[0-9]+\]`)

// guard judges a condition on the sizes of inputs, which newer loaders compile.
func (s *scan) guard(t jsontok.Token) {
	if text := operand.ReplaceAllString(string(t.Text), "x"); t.Cut() || !isArithmetic(text) {
		s.found.AddAs(scanners.High, ruleExpression, t.Offset, "the guard %s", clip.Quote(string(t.Text), 200))
	}
}

// describe takes one value of a description. Sizes are {"as_int": 3} in a list.
func (s *scan) describe(key, text string) {
	p := &s.entry
	switch key {
	case "path_name":
		p.member = text
		return
	case "use_pickle":
		p.pickle = text != "false"
		return
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		p.odd = p.odd || strings.HasPrefix(key, "as_")
		return
	}
	switch {
	case key == "dtype":
		p.dtype = n
	case key != "as_int":
	case s.within("sizes", ""):
		p.sizes = append(p.sizes, n)
	case s.within("strides", ""):
		p.stride = append(p.stride, n)
	case s.within("storage_offset"):
		p.offset = n
	}
}
