package jinja

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/template"
)

// Scanner scans chat templates.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "jinja", Title: "Jinja chat template", Version: 1, Rules: slices.Clone(rules)}
}

// Analyses marks the scanner as an Analyst.
func (Scanner) Analyses() {}

// Match accepts the extensions of templates, and text that begins with a tag.
func (Scanner) Match(h scanners.Head) bool {
	if isNamed(h.Name) {
		return true
	}
	if slices.Contains(foreign, strings.ToLower(path.Ext(h.Name))) {
		return false
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(h.Start, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(start) > 2 && start[0] == '{' && strings.IndexByte("{%#", start[1]) >= 0
}

var extensions = []string{".jinja", ".jinja2", ".j2"}

// foreign are extensions of texts that other engines with the same signs fill in:
// static pages, charts, papers.
var foreign = []string{".md", ".markdown", ".rst", ".html", ".htm", ".xml", ".tex", ".yaml", ".yml", ".hbs", ".mustache", ".tpl"}

func isNamed(name string) bool { return slices.Contains(extensions, strings.ToLower(path.Ext(name))) }

// usual is the largest size of a template that anybody needs, in bytes.
const usual = 128 << 10

// Scan reads and checks the template. Content without the name of a template
// that does not parse as one is left to others.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if err := ctx.Err(); err != nil {
		return scanners.Result{}, err
	}
	src, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, f.Size), template.MaxSource+1))
	if err != nil {
		return scanners.Result{}, fmt.Errorf("read the template: %w", err)
	}
	body, err := template.Parse(string(src))
	if err != nil && !isNamed(f.Name) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	c := newChecker(string(src), findings.New(rules))
	c.template(body)
	if f.Size > usual {
		c.found.Add("jinja/cost", 0, "a template of %d bytes", f.Size)
	}
	if err != nil {
		c.unparsed()
		return scanners.Result{Findings: c.found.All()}, gapOf(err)
	}
	if c.exhausted || c.fold.Spent() {
		return scanners.Result{Findings: c.found.All()}, &scanners.FormatError{Code: scanners.GapLimit, Err: errTangled}
	}
	result := scanners.Result{Findings: c.found.All(), Facts: []scanners.Fact{{Key: "jinja/sha256", Value: Digest(src)}}}
	result.Outline.AddMark(scanners.MarkTemplate, Digest(src))
	result.Parsed.Add(0, f.Size)
	return result, nil
}

var errTangled = errors.New("a template too tangled to be followed to its end")

// Digest names a template: two that differ in white space only have the same.
func Digest(src []byte) string {
	sum := sha256.Sum256(bytes.Join(bytes.Fields(src), []byte(" ")))
	return hex.EncodeToString(sum[:])
}

// gapOf tells what is not known from what is too large.
func gapOf(err error) error {
	var syntax *template.Error
	if !errors.As(err, &syntax) {
		return err
	}
	gap := &scanners.FormatError{Offset: int64(syntax.Offset), Code: scanners.GapUnsupported, Err: err}
	if syntax.Limit {
		gap.Code = scanners.GapLimit
	}
	return gap
}

var dunder = regexp.MustCompile(`__[a-zA-Z]\w{0,60}__`)

// unparsed searches the source of a template that does not parse.
func (c *checker) unparsed() {
	if m := dunder.FindStringIndex(c.src); m != nil {
		c.found.Add("jinja/internal-name", int64(m[0]), "%s in a template that does not parse", clip.Quote(c.src[m[0]:m[1]], 60))
	}
}
