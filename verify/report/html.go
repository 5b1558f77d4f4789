package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/verify"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// Bounds of the page, so that a browser opens it whatever was scanned. What is
// cut off is counted on the page.
const (
	maxPageReasons  = 200
	maxPageFindings = 2000
	maxPageFiles    = 20_000
)

// maxLong bounds a paragraph of the page, in characters.
const maxLong = 2000

// HTML writes one file that needs nothing else: no script, no font, no image, no
// request. Its content policy forbids all but its own style, by digest, so that
// hostile text that came through escaping could still not load or run anything.
func HTML(w io.Writer, r verify.Report, _ Options) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"safe": Safe, "long": func(s string) string { return clipped(s, maxLong) },
		"bytes": Bytes, "plural": Plural, "claim": saysClaim, "effect": effectWord, "percent": percent,
		"command": func(s string) bool { return strings.HasPrefix(s, "assay ") },
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	var buf bytes.Buffer
	if err := page.Execute(&buf, newPage(r)); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err = w.Write(buf.Bytes())
	return err
}

// page is what the template shows.
type page struct {
	verify.Report
	Style     template.CSS
	StyleHash string
	Word      string
	Sentence  string
	Excuses   string
	Total     scanners.Coverage
	Unscanned bool
	Bars      []bar
	Reasons   []verify.Reason
	Found     []foundRow
	Shown     []verify.FileEvidence
	Licenses  []string
	Bases     []string
	Datasets  []string

	MoreReasons, MoreFound, MoreFiles int
}

type bar struct {
	Class, Label, Meaning string
	Bytes                 int64
	From, Width           int // of 1000
}

type foundRow struct {
	verify.Finding
	File, Fingerprint, Excused string
}

func newPage(r verify.Report) page {
	sum := sha256.Sum256([]byte(pageStyle))
	p := page{
		Report: r, Style: template.CSS(pageStyle), StyleHash: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), //nolint:gosec // our own file
		Word: strings.ToUpper(string(r.Outcome())), Sentence: sentence(r.Outcome()), Excuses: excusedText(r.Verdict),
		Unscanned: unscanned(r), Licenses: facts(r, "text/card/license"), Bases: facts(r, "text/card/base_model"), Datasets: facts(r, "text/card/datasets"),
	}
	for _, f := range r.Files {
		p.Total.Parsed += f.Coverage.Parsed
		p.Total.Opaque += f.Coverage.Opaque
		p.Total.Hashed += f.Coverage.Hashed
		p.Total.Skipped += f.Coverage.Skipped
	}
	p.Bars = bars(p.Total)
	p.Reasons, p.MoreReasons = firstOf(r.Verdict.Reasons, maxPageReasons)
	p.Found, p.MoreFound = firstOf(foundRows(r), maxPageFindings)
	p.Shown, p.MoreFiles = firstOf(r.Files, maxPageFiles)
	return p
}

func firstOf[T any](list []T, n int) (shown []T, more int) {
	if len(list) <= n {
		return list, 0
	}
	return list[:n], len(list) - n
}

// sentence says the outcome to somebody who reads nothing else.
func sentence(o verify.Outcome) string {
	switch o {
	case verify.Pass:
		return "The policy allows it."
	case verify.Fail:
		return "The policy refuses it. Do not load it."
	case verify.Nothing:
		return "There was nothing to verify. That is not a pass."
	}
	return "It could not be verified. That is not a pass."
}

func effectWord(r verify.Reason) string {
	if r.Excused != "" {
		return "excused"
	}
	text, _ := r.Effect.MarshalText()
	if string(text) == "undecided" {
		return "incomplete"
	}
	return string(text)
}

func saysClaim(c verify.Claim) string {
	if c.Attestation != nil {
		return attestationText(c)
	}
	return claimText(c)
}

// percent of a file that was parsed or is known to be plain data, rounded down:
// 100 means all of it.
func percent(f verify.FileEvidence) int64 {
	if f.Size <= 0 {
		return 100
	}
	return int64(float64(f.Coverage.Parsed+f.Coverage.Opaque) / float64(f.Size) * 100)
}

// bars share 1000 units; a kind that has a byte has at least eight, because the
// smallest gap is the one that must be seen.
func bars(c scanners.Coverage) []bar {
	list := []bar{
		{Class: "parsed", Label: "Parsed", Bytes: c.Parsed, Meaning: "read and understood"},
		{Class: "opaque", Label: "Plain data", Bytes: c.Opaque, Meaning: "values such as weights, which no loader interprets"},
		{Class: "hashed", Label: "Not understood", Bytes: c.Hashed, Meaning: "only the digest is known"},
		{Class: "skipped", Label: "Not read", Bytes: c.Skipped, Meaning: "nobody looked at them"},
	}
	from := 0
	for i := len(list) - 1; i >= 0; i-- {
		b := &list[i]
		if b.Bytes > 0 {
			b.Width = min(1000-from, max(8, int(float64(b.Bytes)/float64(max(1, c.Size()))*1000)))
		}
		from += b.Width
		b.From = 1000 - from
	}
	return list
}

func foundRows(r verify.Report) []foundRow {
	excused := excuses(r)
	var rows []foundRow
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			mark := Fingerprint(finding)
			rows = append(rows, foundRow{Finding: finding, File: f.Name, Fingerprint: mark, Excused: excused.of(f.Name, mark)})
		}
	}
	slices.SortStableFunc(rows, func(a, b foundRow) int { return cmp.Compare(a.Severity, b.Severity) })
	return rows
}

// facts are the values under a key, each once, in the order of the files.
func facts(r verify.Report, key string) []string {
	var list []string
	for _, f := range r.Files {
		for _, fact := range f.Facts {
			if fact.Key == key && !slices.Contains(list, fact.Value) {
				list = append(list, fact.Value)
			}
		}
	}
	return list
}
