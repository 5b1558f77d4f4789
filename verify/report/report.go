// Package report renders a verify.Report. Every output comes from the report
// and from nothing else, so that a saved report can be rendered again.
//
// # Security
//
// A report is full of hostile text: file names, pickle arguments, metadata. It
// is escaped for its medium: control and invisible characters never reach a
// terminal as they are. Output is a function of the report: no clock, no
// environment, byte-identical on every run.
package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	strict "github.com/go-json-experiment/json"

	"assay/verify"
)

// Schema is the JSON Schema (draft 2020-12) of the JSON form.
//
//go:embed schema.json
var Schema []byte

// Options change how a report looks, never what it says.
type Options struct {
	Color   bool // ANSI colours, for a terminal
	Quiet   bool // the verdict line only
	Verbose bool // every file, every finding, every note
}

// Renderer writes a report in one format.
type Renderer func(w io.Writer, r verify.Report, o Options) error

// Formats maps the names of -o and --format to their renderers.
func Formats() map[string]Renderer {
	return map[string]Renderer{
		"text": Text, "json": JSON, "jsonl": JSONL, "sarif": SARIF, "junit": JUnit,
		"markdown": Markdown, "html": HTML, "github": GitHub, "gitlab": GitLab, "gitlab-sast": GitLabSAST, "tekton": Tekton,
	}
}

// Names are the known formats, sorted.
func Names() []string {
	var names []string
	for name := range Formats() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Lookup finds a renderer; the error lists what there is.
func Lookup(name string) (Renderer, error) {
	if r, ok := Formats()[name]; ok {
		return r, nil
	}
	return nil, fmt.Errorf("unknown format %q: one of %s", name, strings.Join(Names(), ", "))
}

// JSON writes the public contract: two-space indent, fields in a fixed order,
// one newline at the end.
func JSON(w io.Writer, r verify.Report, _ Options) error {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(withEmptyLists(r)); err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// withEmptyLists writes an absent list as [], because a reader of the contract
// must not have to tell null from nothing.
func withEmptyLists(r verify.Report) verify.Report {
	fill(&r.Verdict.Reasons)
	fill(&r.Files)
	fill(&r.Claims)
	fill(&r.Gaps)
	fill(&r.Rules)
	r.Rules = slices.Clone(r.Rules)
	for i := range r.Rules {
		fill(&r.Rules[i].CWE)
		fill(&r.Rules[i].ATLAS)
		fill(&r.Rules[i].OWASP)
	}
	r.Files = slices.Clone(r.Files)
	for i := range r.Files {
		fill(&r.Files[i].Formats)
		r.Files[i].Findings = withPaths(r.Files[i].Findings)
	}
	r.Claims = slices.Clone(r.Claims)
	for i := range r.Claims {
		fill(&r.Claims[i].Covers)
		fill(&r.Claims[i].Problems)
	}
	return r
}

func withPaths(findings []verify.Finding) []verify.Finding {
	findings = append([]verify.Finding{}, findings...)
	for i := range findings {
		fill(&findings[i].Path)
	}
	return findings
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// maxReport bounds a saved report that is read back, in bytes.
const maxReport = 1 << 30

// Read reads a saved report. Duplicate keys and another major version of the
// schema are errors: both could make a reader believe something else than the
// writer said.
func Read(src io.Reader) (verify.Report, error) {
	data, err := io.ReadAll(io.LimitReader(src, maxReport+1))
	if err != nil {
		return verify.Report{}, fmt.Errorf("read the report: %w", err)
	}
	if len(data) > maxReport {
		return verify.Report{}, fmt.Errorf("read the report: larger than %d bytes", maxReport)
	}
	var r verify.Report
	if err := strict.Unmarshal(data, &r); err != nil {
		return verify.Report{}, fmt.Errorf("read the report: %w", err)
	}
	major, _, _ := strings.Cut(r.SchemaVersion, ".")
	if own, _, _ := strings.Cut(verify.SchemaVersion, "."); major != own {
		return verify.Report{}, fmt.Errorf("read the report: schema version %q, this assay reads %s", r.SchemaVersion, verify.SchemaVersion)
	}
	if r.Policy == "" { // another document with a version of its own, like a lock file
		return verify.Report{}, errors.New("read the report: it names no policy, so it is no report: write one with assay gate --format json")
	}
	return r, nil
}
