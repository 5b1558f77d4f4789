package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/verify"
)

// maxReasons is how many reasons the text form prints before it counts the rest.
const maxReasons = 20

// Text writes the verdict for a person: the word first, then why, then what was
// looked at and what was not, then who signed.
func Text(w io.Writer, r verify.Report, o Options) error {
	t := &text{style: style{o.Color}}
	t.headline(r)
	if !o.Quiet {
		t.reasons(r, o)
		t.coverage(r)
		if !unscanned(r) {
			t.findings(r, o)
		}
		t.claims(r, o)
		t.policy(r, o)
		t.identity(r)
	}
	if o.Verbose {
		t.files(r)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type text struct {
	b     strings.Builder
	style style
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(&t.b, format+"\n", args...) }

// field prints a labelled line.
func (t *text) field(label, format string, args ...any) {
	t.line("  %-11s %s", label, fmt.Sprintf(format, args...))
}

func (t *text) headline(r verify.Report) {
	var size int64
	for _, f := range r.Files {
		size += f.Size
	}
	word := strings.ToUpper(string(r.Outcome()))
	t.line("%s  %s  (%s, %s)", t.style.outcome(r.Outcome(), word), Safe(r.Artifact.Ref), Plural(len(r.Files), "file"), Bytes(size))
}

func (t *text) reasons(r verify.Report, o Options) {
	limit := maxReasons
	if o.Verbose {
		limit = len(r.Verdict.Reasons)
	}
	t.blankIf(len(r.Verdict.Reasons) > 0)
	advised := ""
	for i, reason := range r.Verdict.Reasons {
		if i == limit {
			t.line("  ... and %d more reasons (-v shows all, --format json has all)", len(r.Verdict.Reasons)-limit)
			break
		}
		subject := ""
		if reason.File != "" {
			subject = Safe(reason.File) + ": "
		}
		what := Safe(reason.What)
		if reason.Excused != "" {
			what += " (" + Safe(reason.Excused) + ")"
		}
		t.line("  %s  %s%s", t.style.effect(reason.Effect), subject, what)
		if o.Verbose && reason.Why != "" {
			t.line("              why: %s", Safe(reason.Why))
		}
		if reason.Advice != "" && reason.Advice != advised {
			t.line("              -> %s", Safe(reason.Advice))
			advised = reason.Advice
		}
	}
	t.line("")
}

func (t *text) blankIf(cond bool) {
	if cond {
		t.line("")
	}
}

// coverage sums the bytes of all files. What was not looked at is said even
// when it is nothing.
func (t *text) coverage(r verify.Report) {
	if unscanned(r) {
		t.field("looked at", "%s", namesOnly)
		return
	}
	var c scanners.Coverage
	for _, f := range r.Files {
		c.Parsed += f.Coverage.Parsed
		c.Opaque += f.Coverage.Opaque
		c.Hashed += f.Coverage.Hashed
		c.Skipped += f.Coverage.Skipped
	}
	t.field("looked at", "%s parsed, %s plain data, %s not understood, %s not read",
		Bytes(c.Parsed), Bytes(c.Opaque), Bytes(c.Hashed), Bytes(c.Skipped))
	if c.Opaque > 0 && r.Outcome() == verify.Pass && !vouched(r) {
		t.field("not visible", "what the weights were trained or changed to do: ask for a signature and attestations")
	}
}

// vouched reports that somebody answers for the weights. No look at the numbers
// tells a poisoned model from another one.
func vouched(r verify.Report) bool {
	return slices.ContainsFunc(r.Claims, func(c verify.Claim) bool { return c.Standing == verify.Verified })
}

// namesOnly is what was looked at where nothing was scanned.
const namesOnly = "nothing but names and digests: the content was not scanned"

// unscanned reports whether no file was given to a scanner, as for 'verify'. A
// scanner that was asked leaves a format, bytes that it read, or a gap.
func unscanned(r verify.Report) bool {
	var size, hashed int64
	for _, f := range r.Files {
		if len(f.Formats) > 0 || len(f.Findings) > 0 {
			return false
		}
		size, hashed = size+f.Size, hashed+f.Coverage.Hashed
	}
	byScanner := func(g verify.Gap) bool {
		return g.Code == scanners.GapUnrecognised || g.Code == scanners.GapUncovered || g.Code == scanners.GapLimit ||
			g.Code == scanners.GapBroken || g.Code == scanners.GapInternal
	}
	return size > 0 && hashed == size && !slices.ContainsFunc(r.Gaps, byScanner)
}

// findings counts those that are no reason to deny, or lists them when asked.
func (t *text) findings(r verify.Report, o Options) {
	counts := make(map[scanners.Severity]int)
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			counts[finding.Severity]++
			if o.Verbose {
				t.field("finding", "%s %s %s: %s [%s]", finding.Severity, finding.Rule,
					Safe(strings.Join(append([]string{f.Name}, finding.Path...), " > ")), Safe(finding.What), Fingerprint(finding))
			}
		}
	}
	var parts []string
	for s := scanners.Critical; s <= scanners.Informational; s++ {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	t.field("findings", "%s", strings.Join(parts, ", "))
}

func (t *text) claims(r verify.Report, o Options) {
	if len(r.Claims) == 0 {
		t.field("signature", "none found")
	}
	for _, c := range r.Claims {
		label, what := "signature", claimText(c)
		if c.Attestation != nil {
			label, what = "attestation", attestationText(c)
		}
		t.field(label, "%s: %s", Safe(c.Document), Safe(what))
		if o.Verbose {
			for _, note := range c.Notes {
				t.field("", "note: %s", Safe(note))
			}
		}
	}
}

func claimText(c verify.Claim) string {
	who := signerText(c.Identity)
	switch c.Standing {
	case verify.Verified:
		return fmt.Sprintf("verified, %s, covers %s%s", who, Plural(len(c.Covers), "file"), uncovered(c))
	case verify.Unchecked:
		return fmt.Sprintf("not checked (%s): name the signer with --public-key or --certificate-chain", who)
	}
	return "FAILED, " + who
}

// attestationText names what the signer says only when the signer is trusted.
func attestationText(c verify.Claim) string {
	a := c.Attestation
	about := Plural(len(a.Files), "file")
	if a.Whole {
		about = "the whole"
	}
	switch c.Standing {
	case verify.Verified:
		text := fmt.Sprintf("verified, %s about %s, %s", cmp.Or(a.Kind, c.PredicateType), about, signerText(c.Identity))
		for _, said := range []string{a.Builder, a.Source, a.Verifier, a.Result} {
			if said != "" {
				text += ", " + said
			}
		}
		return text
	case verify.Unchecked:
		if n := len(c.Notes); n > 0 {
			return "not checked: " + Safe(c.Notes[n-1])
		}
		return "not checked: its signer is nobody whom you named"
	}
	return "FAILED, " + cmp.Or(a.Kind, c.PredicateType, c.Scheme)
}

// uncovered says which files a good signature leaves out, beside itself.
func uncovered(c verify.Claim) string {
	var names []string
	for _, name := range c.Exempt {
		if name != c.Document {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " and leaves out " + strings.Join(names, ", ")
}

func signerText(s verify.Signer) string {
	switch {
	case s.Subject != "" && s.Issuer != "":
		return fmt.Sprintf("%s %s, issued by %s", s.Method, s.Subject, s.Issuer)
	case s.Subject != "":
		return s.Method + " " + s.Subject
	case len(s.KeyID) > 16:
		return s.Method + " " + s.KeyID[:16]
	case s.KeyID != "":
		return s.Method + " " + s.KeyID
	case s.Method != "":
		return "method " + s.Method
	}
	return "unknown signer"
}

// policy tells what the policy did beside deciding: who must know that a mode or
// a waiver let something through.
func (t *text) policy(r verify.Report, o Options) {
	v := r.Verdict
	if v.Rule != "" || v.Mode != "" {
		t.field("policy", "%s", Safe(strings.TrimSpace(cmp.Or(v.Rule, "every reference")+", mode "+cmp.Or(v.Mode, "enforce"))))
	}
	if text := excusedText(v); text != "" {
		t.field("excused", "%s", text)
	}
	for _, w := range v.Waivers {
		if o.Verbose || w.Status != "unused" {
			t.field("waiver", "%s", Safe(waiverText(w)))
		}
	}
}

// excusedText counts what did not count.
func excusedText(v verify.Verdict) string {
	var waived, known int
	for _, x := range v.Excused {
		if x.By == "baseline" {
			known++
		} else {
			waived++
		}
	}
	status := make(map[string]int)
	for _, w := range v.Waivers {
		status[w.Status]++
	}
	var parts []string
	for _, part := range []struct {
		n    int
		text string
	}{
		{waived, "by waivers"}, {known, "by the baseline"}, {status["applied"], "waivers applied"}, {status["expired"], "expired"},
		{status["not yet valid"], "not yet valid"}, {status["not approved"], "not approved"}, {status["unused"], "unused"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.text))
		}
	}
	return strings.Join(parts, ", ")
}

func waiverText(w verify.WaiverUse) string {
	if w.Missing != "" {
		return fmt.Sprintf("%s %s: %s (%s, %s)", w.ID, w.Status, w.Missing, w.Owner, w.Ticket)
	}
	return fmt.Sprintf("%s %s: %d excused until %s, %s (%s, %s)", w.ID, w.Status, w.Count, w.Expires, w.Reason, w.Owner, w.Ticket)
}

func (t *text) identity(r verify.Report) {
	if r.Artifact.Pinned != "" {
		t.field("pinned", "%s", Safe(r.Artifact.Pinned))
	}
	if r.Artifact.Recorded != "" {
		t.field("remembered", "the files as they were read at %s, and not now (--reuse)", r.Artifact.Recorded)
	}
	if len(r.Artifact.Ignored) > 0 {
		t.field("left out", "%s: no part of the artifact", Safe(strings.Join(r.Artifact.Ignored, ", ")))
	}
	if r.Artifact.ContentID != "" {
		t.field("content", "%s", r.Artifact.ContentID)
	} else {
		t.field("content", "not hashed whole: this outcome is bound to no content")
	}
}

func (t *text) files(r verify.Report) {
	t.line("")
	for _, f := range r.Files {
		formats := strings.Join(f.Formats, "+")
		if formats == "" {
			formats = "-"
		}
		t.line("  %-10s %9s  %-16s %s", f.Classification, Bytes(f.Size), formats, Safe(f.Name))
	}
}

// Plural writes a number with its noun.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// style adds ANSI colours when they are wanted. Words carry the meaning alone.
type style struct{ on bool }

func (s style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) outcome(o verify.Outcome, word string) string {
	switch o {
	case verify.Pass:
		return s.paint("1;32", word)
	case verify.Fail:
		return s.paint("1;31", word)
	}
	return s.paint("1;33", word)
}

func (s style) effect(d verify.Decision) string {
	switch d {
	case verify.Deny:
		return s.paint("31", "deny      ")
	case verify.Allow:
		return s.paint("32", "excused   ")
	}
	return s.paint("33", "incomplete")
}
