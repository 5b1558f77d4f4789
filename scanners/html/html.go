// Package html reads web pages: reports, demonstrations, outputs that were saved.
//
// A page without scripts is text and is covered. JavaScript is not analysed, so
// that a page with some is reported and left incomplete, as a file of JavaScript
// is.
//
// # Security
//
// The page goes once through a tokenizer that never fails; nothing is rendered,
// loaded or run.
package html

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/markup"
	"assay/scanners/internal/sourcecode"
	"assay/scanners/internal/wholetext"
)

// Scanner knows HTML.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "html", Title: "HTML", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts pages by their name or beginning.
func (Scanner) Match(h scanners.Head) bool {
	return sourcecode.AnalystOf(h.Name, h.Start) == sourcecode.HTML
}

// maxPage is the size up to which a page is read, in bytes.
const maxPage = 32 << 20

var rules = []scanners.Rule{
	{
		ID: "html/script", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The page holds JavaScript, which is not analysed.",
		Help:    "A browser runs it when somebody opens the page, with the rights of a local file. Do not open it outside of a sandbox; a model needs no page.",
		CWE:     []string{"CWE-79", "CWE-829"}, ATLAS: []string{"AML.T0011.001", "AML.T0011.003"}, OWASP: []string{"LLM05", "LLM03"},
	}, {
		ID: "html/active-content", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The page loads another document or runs script from an attribute.",
		Help:    "Frames, objects and event handlers act as soon as the page is shown. Do not open it outside of a sandbox.",
		CWE:     []string{"CWE-79", "CWE-829"}, ATLAS: []string{"AML.T0011.001", "AML.T0011.003"}, OWASP: []string{"LLM05", "LLM03"},
	}, {
		ID: "html/launch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An address in the page starts a program or a script.",
		Help:    "Schemes like javascript:, ms-msdt: and file: act on the machine of whoever follows them (CVE-2022-30190). Do not open the page.",
		CWE:     []string{"CWE-79", "CWE-610"}, ATLAS: []string{"AML.T0011.003"}, OWASP: []string{"LLM05", "LLM03"},
	}, {
		ID: "html/hidden-instruction", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Text that the page does not show gives instructions to a language model.",
		Help:    "People do not see it, an assistant that reads the page does. Look at the source of the page.",
		CWE:     []string{"CWE-1427", "CWE-451"}, ATLAS: []string{"AML.T0051.001", "AML.T0068"}, OWASP: []string{"LLM01"},
	},
}

var ruleOf = map[markup.Kind]string{
	markup.Script: "html/script", markup.Handler: "html/active-content", markup.Frame: "html/active-content", markup.Launch: "html/launch", markup.Hidden: "html/hidden-instruction",
}

// Scan reads the page.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	text, long := wholetext.Read(f, maxPage)
	if text.String == "" && long != nil {
		return scanners.Result{}, long
	}
	found := findings.New(rules)
	signs, err := markup.Find(text.Reader(ctx))
	script := false
	for _, s := range signs {
		found.Add(ruleOf[s.Kind], text.At(int(s.Offset)), "%s", s.What)
		script = script || s.Kind == markup.Script
	}
	result := scanners.Result{Findings: found.All()}
	switch {
	case errors.Is(err, markup.ErrLong):
		return result, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("the page has %w", err)}
	case err != nil && !errors.Is(err, io.EOF):
		return result, fmt.Errorf("read the page: %w", err)
	case long != nil:
		return result, long
	case script:
		return result, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("JavaScript is not analysed; a browser runs it")}
	}
	result.Parsed.Add(0, f.Size)
	return result, nil
}
