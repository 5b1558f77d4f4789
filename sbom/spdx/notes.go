package spdx

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/sbom"
)

// note is something said about one element: an annotation, in both versions.
type note struct {
	id        string // local
	about     string // local id of the element
	summary   string // for people
	opinion   bool   // a review of the element, not only information
	statement any    // for programs: one struct with one member that names the kind
}

// json is the statement as it is written.
func (n note) json() (string, error) {
	out, err := encode(n.statement)
	if err != nil {
		return "", fmt.Errorf("write statement %s: %w", n.id, err)
	}
	return string(out), nil
}

// subjectNotes are what is said about the artifact as a whole.
func subjectNotes(doc sbom.Document) []note {
	out := []note{coverageNote(doc)}
	for i, c := range doc.Claims {
		out = append(out, claimNote(i, c))
	}
	return append(out, gapNotes("artifact", doc.Gaps)...)
}

// fileNotes are what is said about one file.
func fileNotes(about string, f sbom.File) []note {
	var out []note
	for i, x := range f.Findings {
		out = append(out, note{fmt.Sprintf("%s-finding-%d", about, i+1), about,
			"finding: " + x.Severity + ": " + x.Rule + ": " + x.What, true,
			struct {
				Finding sbom.Finding `json:"finding"`
			}{x}})
	}
	out = append(out, gapNotes(about, f.Gaps)...)
	out = append(out, brokenNotes(about, f)...)
	return append(out, factNotes(about, f)...)
}

func gapNotes(about string, list []sbom.Gap) []note {
	out := make([]note, len(list))
	for i, g := range list {
		out[i] = note{fmt.Sprintf("%s-gap-%d", about, i+1), about, "gap: " + g.Code + ": " + g.Reason, true,
			struct {
				Gap sbom.Gap `json:"gap"`
			}{g}}
	}
	return out
}

func claimNote(i int, c sbom.Claim) note {
	summary := fmt.Sprintf("signature: %s: %s, covers %d files", c.Scheme, c.Standing, c.Covers)
	if who := cmp.Or(c.Signer.Subject, c.Signer.KeyID); who != "" {
		summary += ", signer " + who
	}
	return note{fmt.Sprintf("claim-%d", i+1), "artifact", summary, true,
		struct {
			Claim sbom.Claim `json:"claim"`
		}{c}}
}

// brokenNotes tell each digest that the store promised and the bytes do not have.
func brokenNotes(about string, f sbom.File) []note {
	var out []note
	for i, d := range f.Digests {
		if d.Broken {
			out = append(out, note{fmt.Sprintf("%s-digest-%d", about, i+1), about,
				fmt.Sprintf("digest mismatch: %s declared %s %s", d.Source, d.Algorithm, d.Hex), true,
				struct {
					Digest sbom.Digest `json:"digestMismatch"`
				}{d}})
		}
	}
	return out
}

// factNotes keep every fact of a file with its standing: what has no property in
// SPDX is not lost, and what a publisher wrote is not taken for measured.
func factNotes(about string, f sbom.File) []note {
	if len(f.Facts) == 0 {
		return nil
	}
	summary := fmt.Sprintf("facts read from the file: %d", len(f.Facts))
	if f.MoreFacts > 0 {
		summary += fmt.Sprintf("; left out: %d", f.MoreFacts)
	}
	return []note{{about + "-facts", about, summary, false,
		struct {
			Facts []sbom.Fact `json:"facts"`
		}{f.Facts}}}
}

// coverage says of the whole artifact how much was looked at.
type coverage struct {
	Files      int            `json:"files"`
	Complete   int            `json:"completeFiles"`
	Bytes      sbom.Coverage  `json:"bytes"`
	Gaps       map[string]int `json:"gaps"` // by code
	Unhashed   int            `json:"unhashedFiles"`
	Ignored    []string       `json:"ignored,omitempty"` // by definition no part of the artifact
	Ruleset    string         `json:"ruleset"`
	Everything bool           `json:"everythingLookedAt"`
}

// coverageNote is written for every artifact: that nothing is missing is worth
// saying too.
func coverageNote(doc sbom.Document) note {
	c := coverage{Files: len(doc.Files), Bytes: doc.Coverage, Ignored: doc.Ignored,
		Ruleset: doc.Ruleset, Gaps: map[string]int{}}
	for _, f := range doc.Files {
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
	for _, g := range doc.Gaps {
		c.Gaps[g.Code]++
	}
	c.Everything = c.Complete == c.Files && len(c.Gaps) == 0
	return note{"coverage", "artifact", "what was not looked at: " + c.missing(), true,
		struct {
			Coverage coverage `json:"coverage"`
		}{c}}
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
