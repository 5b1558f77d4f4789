// Package profile measures how complete a bill of materials is against published
// lists of minimum elements. A profile is data: for each element what it asks
// for, where in a document it can come from, and what would fill it.
//
//	sbom.Document + Making -> Check(profile) -> Report
//
// What was computed from bytes and what a publisher declares count apart: a bill
// full of claims is complete and proves nothing.
//
// # Security
//
// Trusted: the tables. Not trusted: every text of the document, which is bounded
// (see package sbom) and only ever printed. A placeholder counts as nothing: a
// publisher cannot fill an element with NOASSERTION or an unfilled template.
package profile

import (
	"math"
	"slices"
	"strings"

	"assay/sbom"
)

// State is what became of one element. The zero value is Missing: what nobody
// looked for is not there.
type State string

// The states.
const (
	Missing       State = "missing"
	Verified      State = "verified" // computed from the bytes, or made by this program
	Declared      State = "declared" // said by the publisher or the store
	Inferred      State = "inferred" // derived from the reference or from other values
	NotApplicable State = "not-applicable"
)

// Scope is the kind of subject that an element is about.
type Scope string

// The scopes.
const (
	Any     Scope = ""
	Model   Scope = "model"   // models and adapters
	Dataset Scope = "dataset" // datasets
	System  Scope = "system"  // the system that uses them: never the subject of a bill made here
)

// Element is one thing that a profile asks for.
type Element struct {
	ID    string // as the source numbers it
	Name  string
	Scope Scope
	// From are selectors (see selectors.go) or keys of facts; the first that has
	// a value counts.
	From []string
	// Fill says what would fill the element.
	Fill string
	// Optional elements do not keep a bill from being complete.
	Optional bool
}

// Profile is a published list of elements.
type Profile struct {
	ID       string // for command lines
	Title    string
	Source   string // the document, its version and date
	Elements []Element
}

// Result is what became of one element.
type Result struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	State    State  `json:"state"`
	Value    string `json:"value,omitempty"`
	Source   string `json:"source,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Note     string `json:"note,omitempty"` // what would fill it, or why it does not apply
}

// Report is how complete one document is against one profile.
type Report struct {
	SchemaVersion string        `json:"schemaVersion"`
	Profile       string        `json:"profile"`
	Title         string        `json:"title"`
	ProfileSource string        `json:"source"`
	Subject       string        `json:"subject"`
	Elements      []Result      `json:"elements"` // in the order of the profile
	Counts        map[State]int `json:"counts"`
	// Percentages are of the elements that apply, rounded down.
	Present  int `json:"presentPercent"`
	Verified int `json:"verifiedPercent"`
	Declared int `json:"declaredPercent"`
	// Complete: every element that applies and is not optional is there, and some
	// element applies: what was not measured is not complete.
	Complete bool `json:"complete"`
}

// All are the profiles, in the order in which they are listed.
func All() []Profile { return []Profile{g7, ntia, cisa2025, bsi, annexXI, spdx301} }

// Find returns the profile with the id.
func Find(id string) (Profile, bool) {
	i := slices.IndexFunc(All(), func(p Profile) bool { return p.ID == id })
	if i < 0 {
		return Profile{}, false
	}
	return All()[i], true
}

// IDs are the ids of all profiles.
func IDs() []string {
	var out []string
	for _, p := range All() {
		out = append(out, p.ID)
	}
	return out
}

// Check looks for every element of p. It is pure.
func Check(p Profile, doc sbom.Document, m Making) Report {
	r := Report{SchemaVersion: "1", Profile: p.ID, Title: p.Title, ProfileSource: p.Source, Subject: doc.Subject.Name.Text,
		Counts: map[State]int{Verified: 0, Declared: 0, Inferred: 0, NotApplicable: 0, Missing: 0}, Complete: true}
	s := selection{doc: doc, making: m}
	for _, e := range p.Elements {
		result := s.check(e)
		r.Elements = append(r.Elements, result)
		r.Counts[result.State]++
		r.Complete = r.Complete && (result.State != Missing || e.Optional)
	}
	r.Complete = r.Complete && r.Counts[NotApplicable] < len(p.Elements)
	applicable := len(p.Elements) - r.Counts[NotApplicable]
	r.Present = percent(applicable-r.Counts[Missing], applicable)
	r.Verified = percent(r.Counts[Verified], applicable)
	r.Declared = percent(r.Counts[Declared], applicable)
	return r
}

func percent(n, of int) int {
	if of == 0 {
		return 0
	}
	return int(math.Floor(100 * float64(n) / float64(of)))
}

func (s selection) check(e Element) Result {
	out := Result{ID: e.ID, Name: e.Name, State: Missing, Optional: e.Optional, Note: e.Fill}
	if why := s.outside(e.Scope); why != "" {
		out.State, out.Note = NotApplicable, why
		return out
	}
	for _, from := range e.From {
		v := s.value(from)
		if !v.Known() || isPlaceholder(v.Text) {
			continue
		}
		out.State, out.Value, out.Source, out.Note = states[v.Standing], v.Text, v.Source, ""
		return out
	}
	return out
}

// states are by standing.
var states = map[sbom.Standing]State{sbom.Verified: Verified, sbom.Declared: Declared, sbom.Inferred: Inferred}

// outside says why an element does not apply to the subject, and "" when it does.
func (s selection) outside(scope Scope) string {
	dataset := s.doc.Subject.Kind == sbom.KindDataset
	switch {
	case scope == System:
		return "about the system that uses the artifact; it belongs to the bill of that system"
	case scope == Model && dataset:
		return "about models; the subject is a dataset"
	case scope == Dataset && !dataset:
		return "about datasets; the subject is a model"
	}
	return ""
}

// placeholders are what stands where nobody wrote anything.
var placeholders = []string{"", "noassertion", "none", "unknown", "n/a", "tbd", "[more information needed]", "more information needed"}

func isPlaceholder(text string) bool {
	return slices.Contains(placeholders, strings.ToLower(strings.TrimSpace(text)))
}
