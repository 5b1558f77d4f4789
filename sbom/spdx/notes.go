package spdx

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// annotate writes an annotation on the element with the local id about: the
// statement as JSON for programs, the summary for people.
func (b *builder) annotate(id, about, summary string, kind v3_0.AnnotationType, statement any) {
	text, err := encode(statement)
	if err != nil {
		b.graph.err = cmp.Or(b.graph.err, fmt.Errorf("write statement %s: %w", id, err))
		return
	}
	b.graph.add(&v3_0.Annotation{
		ID: b.id(id), Type: kind, Summary: summary, ContentType: "application/json", Statement: string(text),
	}, property{name: "subject", one: b.id(about)})
}

func (b *builder) finding(id, about string, f sbom.Finding) {
	b.annotate(id, about, "finding: "+f.Severity+": "+f.Rule+": "+f.What, v3_0.AnnotationType_Review,
		struct {
			Finding sbom.Finding `json:"finding"`
		}{f})
}

func (b *builder) gaps(about string, list []sbom.Gap) {
	for n, g := range list {
		b.annotate(fmt.Sprintf("%s-gap-%d", about, n+1), about, "gap: "+g.Code+": "+g.Reason,
			v3_0.AnnotationType_Review, struct {
				Gap sbom.Gap `json:"gap"`
			}{g})
	}
}

func (b *builder) claim(i int, c sbom.Claim) {
	summary := fmt.Sprintf("signature: %s: %s, covers %d files", c.Scheme, c.Standing, c.Covers)
	if who := cmp.Or(c.Signer.Subject, c.Signer.KeyID); who != "" {
		summary += ", signer " + who
	}
	b.annotate(fmt.Sprintf("claim-%d", i+1), "artifact", summary, v3_0.AnnotationType_Review,
		struct {
			Claim sbom.Claim `json:"claim"`
		}{c})
}

// facts keeps every fact of a file with its standing: what has no property in
// SPDX is not lost, and what a publisher wrote is not taken for measured.
func (b *builder) facts(about string, f sbom.File) {
	if len(f.Facts) == 0 {
		return
	}
	summary := fmt.Sprintf("%d facts read from the file", len(f.Facts))
	if f.MoreFacts > 0 {
		summary += fmt.Sprintf("; %d more are left out", f.MoreFacts)
	}
	b.annotate(about+"-facts", about, summary, v3_0.AnnotationType_Other, struct {
		Facts []sbom.Fact `json:"facts"`
	}{f.Facts})
}

// broken tells each digest that the store promised and the bytes do not have.
func (b *builder) broken(about string, f sbom.File) {
	for n, d := range f.Digests {
		if !d.Broken {
			continue
		}
		b.annotate(fmt.Sprintf("%s-digest-%d", about, n+1), about,
			fmt.Sprintf("digest mismatch: %s declared %s %s", d.Source, d.Algorithm, d.Hex),
			v3_0.AnnotationType_Review, struct {
				Digest sbom.Digest `json:"digestMismatch"`
			}{d})
	}
}

// coverageStatement says of the whole artifact how much was looked at.
type coverageStatement struct {
	Files      int            `json:"files"`
	Complete   int            `json:"completeFiles"`
	Bytes      sbom.Coverage  `json:"bytes"`
	Gaps       map[string]int `json:"gaps"` // by code
	Unhashed   int            `json:"unhashedFiles"`
	Ignored    []string       `json:"ignored,omitempty"` // by definition no part of the artifact
	Ruleset    string         `json:"ruleset"`
	Everything bool           `json:"everythingLookedAt"`
}

// coverage is written for every artifact: that nothing is missing is worth
// saying too.
func (b *builder) coverage() {
	s := coverageStatement{Files: len(b.doc.Files), Bytes: b.doc.Coverage, Ignored: b.doc.Ignored,
		Ruleset: b.doc.Ruleset, Gaps: map[string]int{}}
	for _, f := range b.doc.Files {
		if f.Complete() {
			s.Complete++
		}
		if len(f.Digests) == 0 || f.Digests[0].Standing != sbom.Verified {
			s.Unhashed++
		}
		for _, g := range f.Gaps {
			s.Gaps[g.Code]++
		}
	}
	for _, g := range b.doc.Gaps {
		s.Gaps[g.Code]++
	}
	s.Everything = s.Complete == s.Files && len(s.Gaps) == 0
	b.annotate("coverage", "artifact", coverageSummary(s), v3_0.AnnotationType_Review, struct {
		Coverage coverageStatement `json:"coverage"`
	}{s})
}

// coverageSummary says in one line what was not looked at.

func coverageSummary(s coverageStatement) string {
	text := notLookedAt(s)
	if len(s.Ignored) > 0 {
		text += fmt.Sprintf("; %d ignored entries are by definition no part of the artifact", len(s.Ignored))
	}
	return text
}

func notLookedAt(s coverageStatement) string {
	if s.Files == 0 && len(s.Gaps) == 0 {
		return "what was not looked at: there are no files"
	}
	if s.Everything {
		return fmt.Sprintf("what was not looked at: nothing; all %d files were read whole and understood", s.Files)
	}
	var gaps []string
	for _, code := range slices.Sorted(maps.Keys(s.Gaps)) {
		gaps = append(gaps, fmt.Sprintf("%d %s", s.Gaps[code], code))
	}
	return fmt.Sprintf("what was not looked at: %d of %d files are not complete; %d bytes skipped, %d only hashed; gaps: %s",
		s.Files-s.Complete, s.Files, s.Bytes.Skipped, s.Bytes.Hashed, cmp.Or(strings.Join(gaps, ", "), "none"))
}
