package sbom

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NoteKind is the stable word for what a Note says.
type NoteKind string

// The kinds of notes.
const (
	NoteCoverage NoteKind = "coverage"       // what was and what was not looked at
	NoteClaim    NoteKind = "claim"          // a signature
	NoteGap      NoteKind = "gap"            // a question that could not be answered
	NoteFinding  NoteKind = "finding"        // something found in a file
	NoteMismatch NoteKind = "digestMismatch" // a promised digest that the bytes do not have
	NoteFacts    NoteKind = "facts"          // metadata of a file
	NoteConflict NoteKind = "conflict"       // two sources contradict each other
	NoteRecord   NoteKind = "record"         // what the format has no other place for
)

// Note is something said about the artifact or about one file, for formats that
// have annotations. All formats say the same.
type Note struct {
	Kind      NoteKind
	Number    int    // from 1, among the notes of its kind on its element
	Summary   string // one line for people
	statement any
}

// ID is unique among the notes on one element, and made of letters, digits and
// dashes.
func (n Note) ID() string { return fmt.Sprintf("%s-%d", strings.ToLower(string(n.Kind)), n.Number) }

// Review reports whether the note assesses its element, instead of only
// describing it.
func (n Note) Review() bool { return n.Kind != NoteFacts && n.Kind != NoteRecord }

// Statement is the note for programs: a JSON object with one member, named after
// the kind, on one line.
func (n Note) Statement() (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[NoteKind]any{n.Kind: n.statement}); err != nil {
		return "", fmt.Errorf("write statement %s: %w", n.ID(), err)
	}
	return strings.TrimSuffix(buf.String(), "\n"), nil
}

// Notes are what is said about the artifact as a whole.
func (d Document) Notes() []Note {
	out := []Note{d.coverageNote()}
	for i, c := range d.Claims {
		out = append(out, Note{NoteClaim, i + 1, c.summary(), c})
	}
	for i, c := range d.Conflicts {
		out = append(out, Note{NoteConflict, i + 1, c.summary(), c})
	}
	return append(append(out, gapNotes(d.Gaps)...), d.record())
}

func (c Conflict) summary() string {
	var said []string
	for _, v := range c.Values {
		said = append(said, v.Source+": "+v.Text)
	}
	return "conflict: " + c.Field + ": " + c.Why + " (" + strings.Join(said, "; ") + ")"
}

// Notes are what is said about the file.
func (f File) Notes() []Note {
	var out []Note
	for i, x := range f.Findings {
		out = append(out, Note{NoteFinding, i + 1, "finding: " + x.Severity + ": " + x.Rule + ": " + inside(x.Path) + x.What, x})
	}
	out = append(out, gapNotes(f.Gaps)...)
	for i, d := range f.Digests {
		if d.Broken {
			out = append(out, Note{NoteMismatch, i + 1,
				fmt.Sprintf("digest mismatch: %s declared %s %s", d.Source, d.Algorithm, d.Hex), d})
		}
	}
	if len(f.Facts) > 0 {
		out = append(out, Note{NoteFacts, 1, f.factSummary(), f.Facts})
	}
	if !f.plain() {
		out = append(out, f.record())
	}
	return out
}

func gapNotes(list []Gap) []Note {
	out := make([]Note, len(list))
	for i, g := range list {
		out[i] = Note{NoteGap, i + 1, "gap: " + g.Code + ": " + inside(g.Path) + g.Reason, g}
	}
	return out
}

// inside names the innermost member that a note is about.
func inside(members []string) string {
	if len(members) == 0 {
		return ""
	}
	return "in " + members[len(members)-1] + ": "
}

func (c Claim) summary() string {
	out := fmt.Sprintf("signature: %s: %s, covers %d files", c.Scheme, c.Standing, c.Covers)
	if c.Scheme == "in-toto" {
		out = fmt.Sprintf("attestation: %s, of the type %s", c.Standing, cmp.Or(c.PredicateType, "unknown"))
	}
	if who := cmp.Or(c.Signer.Subject, c.Signer.KeyID); who != "" {
		out += ", signer " + who
	}
	return out
}

func (f File) factSummary() string {
	out := fmt.Sprintf("facts read from the file: %d", len(f.Facts))
	if f.MoreFacts > 0 {
		out += fmt.Sprintf("; left out: %d", f.MoreFacts)
	}
	return out
}

// coverage says of the whole artifact how much was looked at.
type coverage struct {
	Files      int            `json:"files"`
	Complete   int            `json:"completeFiles"`
	Bytes      Coverage       `json:"bytes"`
	Gaps       map[string]int `json:"gaps"` // by code
	Unhashed   int            `json:"unhashedFiles"`
	Ignored    []string       `json:"ignored,omitempty"` // by definition no part of the artifact
	Ruleset    string         `json:"ruleset"`
	Everything bool           `json:"everythingLookedAt"`
}

// coverageNote is written for every artifact: that nothing is missing is worth
// saying too.
func (d Document) coverageNote() Note {
	c := coverage{Files: len(d.Files), Bytes: d.Coverage, Ignored: d.Ignored, Ruleset: d.Ruleset, Gaps: map[string]int{}}
	for _, f := range d.Files {
		if f.Complete() {
			c.Complete++
		}
		if !f.Hashed() {
			c.Unhashed++
		}
		for _, g := range f.Gaps {
			c.Gaps[g.Code]++
		}
	}
	for _, g := range d.Gaps {
		c.Gaps[g.Code]++
	}
	c.Everything = c.Complete == c.Files && len(c.Gaps) == 0
	return Note{NoteCoverage, 1, "what was not looked at: " + c.missing(), c}
}

func (c coverage) missing() string {
	var out string
	switch {
	case c.Files == 0 && len(c.Gaps) == 0:
		out = "there are no files"
	case c.Everything:
		out = fmt.Sprintf("nothing; all %d files were read whole and understood", c.Files)
	default:
		out = fmt.Sprintf("%d of %d files are not complete; %d bytes skipped, %d only hashed; gaps: %s",
			c.Files-c.Complete, c.Files, c.Bytes.Skipped, c.Bytes.Hashed, gapCounts(c.Gaps))
	}
	if n := len(c.Ignored); n > 0 {
		out += fmt.Sprintf("; ignored, being by definition no part of the artifact: %d", n)
	}
	return out
}

func gapCounts(gaps map[string]int) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(gaps)) {
		parts = append(parts, fmt.Sprintf("%d %s", gaps[code], code))
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}
