package report

import (
	"fmt"
	"io"
	"strings"

	"assay/scanners"
	"assay/verify"
)

// maxRows bounds the tables of the Markdown form, which has to fit a job summary
// of 1 MiB.
const maxRows = 100

// Markdown writes a summary for a pull request or a job page: verdict, reasons,
// coverage, files.
func Markdown(w io.Writer, r verify.Report, _ Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## assay: %s\n\n%s\n\n", strings.ToUpper(string(r.Outcome())), code(r.Artifact.Ref))
	markdownReasons(&b, r)
	if unscanned(r) {
		fmt.Fprintf(&b, "Looked at %s.\n\n", namesOnly)
	} else {
		markdownFiles(&b, r)
	}
	if len(r.Claims) == 0 {
		b.WriteString("Signature: none found.\n")
	}
	for _, c := range r.Claims {
		fmt.Fprintf(&b, "Signature %s: %s.\n", code(c.Document), plain(claimText(c)))
	}
	if text := excusedText(r.Verdict); text != "" {
		fmt.Fprintf(&b, "Excused: %s.\n", text)
	}
	for i, w := range r.Verdict.Waivers {
		if i == maxRows {
			break
		}
		fmt.Fprintf(&b, "\nWaiver %s\n", plain(waiverText(w)))
	}
	if r.Artifact.Recorded != "" {
		fmt.Fprintf(&b, "\nThe files were read at %s and not for this report (%s)\n", code(r.Artifact.Recorded), code("--reuse"))
	}
	if r.Artifact.ContentID != "" {
		fmt.Fprintf(&b, "\nContent %s\n", code(r.Artifact.ContentID))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownReasons(b *strings.Builder, r verify.Report) {
	if len(r.Verdict.Reasons) == 0 {
		return
	}
	b.WriteString("| | file | what | why it matters | what to do |\n|---|---|---|---|---|\n")
	for i, reason := range r.Verdict.Reasons {
		if i == maxRows {
			fmt.Fprintf(b, "| | | %d more reasons are in the report | | |\n", len(r.Verdict.Reasons)-i)
			break
		}
		effect, _ := reason.Effect.MarshalText()
		if reason.Excused != "" {
			effect = []byte("excused: " + plain(reason.Excused))
		}
		advice := plain(reason.Advice)
		if strings.HasPrefix(reason.Advice, "assay ") {
			advice = code(reason.Advice) // a command
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", effect, code(about(r, reason.File)), plain(reason.What), plain(reason.Why), advice)
	}
	b.WriteByte('\n')
}

func markdownFiles(b *strings.Builder, r verify.Report) {
	b.WriteString("| file | size | parsed | plain data | not understood | not read | class | findings |\n|---|--:|--:|--:|--:|--:|---|--:|\n")
	for i, f := range r.Files {
		if i == maxRows {
			fmt.Fprintf(b, "| %d more files are in the report | | | | | | | |\n", len(r.Files)-i)
			break
		}
		notable := 0
		for _, finding := range f.Findings {
			if finding.Severity.AtLeast(scanners.Low) {
				notable++
			}
		}
		c := f.Coverage
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %d |\n", code(f.Name), Bytes(f.Size),
			Bytes(c.Parsed), Bytes(c.Opaque), Bytes(c.Hashed), Bytes(c.Skipped), f.Classification, notable)
	}
	b.WriteByte('\n')
}

// plain escapes hostile text for a Markdown table: no markup, no HTML, no cell
// border.
func plain(s string) string {
	var b strings.Builder
	for _, r := range Safe(s) {
		if strings.ContainsRune("\\`*_{}[]()<>#+!|~&@:", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// code is plain in a fixed-width font. A code span cannot be escaped, so it is
// HTML.
func code(s string) string { return "<code>" + plain(s) + "</code>" }
