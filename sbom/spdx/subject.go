package spdx

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// subject writes the package of the artifact, who supplied it, and what is said
// about it as a whole.
func (b *builder) subject() {
	s := b.doc.Subject
	p := b.newPackage()
	p.SetID(b.id("artifact"))
	for _, f := range fields {
		f.set(p, f.from(s))
	}
	p.SetSummary(summary(s.Kind))
	p.SetSourceInfo(sourceInfo(s))
	p.SetComment(provenance(b.doc))
	b.graph.add(b.supplier())
	b.graph.add(p, b.supply()...)
	b.annotate("artifact", b.doc.Notes())
	b.licenses()
	b.bases()
	b.datasets()
	b.neighbours()
}

// newPackage chooses the class: an unknown kind is an AI package, because that
// is the class with more to say.
func (b *builder) newPackage() v3_0.AnyPackage {
	if b.doc.Subject.Kind == sbom.KindDataset {
		return b.newDataset()
	}
	p := &v3_0.AIPackage{
		PrimaryPurpose:                  v3_0.SoftwarePurpose_Model,
		AutonomyType:                    v3_0.PresenceType_NoAssertion,
		UseSensitivePersonalInformation: v3_0.PresenceType_NoAssertion,
	}
	for _, f := range b.doc.Facts {
		if t, ok := factTargets[f.Key]; ok {
			t.add(p, f)
		}
	}
	return p
}

// summaries say what the store takes the artifact for.
var summaries = map[sbom.Kind]string{
	sbom.KindModel:   "Machine-learning model.",
	sbom.KindAdapter: "Adapter to a machine-learning model. The base model is not determined.",
	sbom.KindDataset: "Dataset.",
	sbom.KindUnknown: "The store does not say what kind of artifact this is; it is described as a model.",
}

func summary(k sbom.Kind) string { return cmp.Or(summaries[k], summaries[sbom.KindUnknown]) }

func (b *builder) totalSize() int64 {
	var n int64
	for _, f := range b.doc.Files {
		n += max(0, f.Size)
	}
	return n
}

// field maps one value of the subject to a property of the package. unknown is
// what is written when the value is absent, "" for nothing.
type field struct {
	name    string // as in SPDX
	from    func(sbom.Subject) sbom.Value
	set     func(v3_0.AnyPackage, sbom.Value)
	unknown string
}

// fields are all properties of the package that come from one value each.
var fields = []field{
	{"name", func(s sbom.Subject) sbom.Value { return s.Name },
		func(p v3_0.AnyPackage, v sbom.Value) { p.SetName(text(v)) }, noAssertion},
	{"software_packageVersion", func(s sbom.Subject) sbom.Value { return s.Version },
		func(p v3_0.AnyPackage, v sbom.Value) { p.SetVersion(text(v)) }, noAssertion},
	{"software_downloadLocation", func(s sbom.Subject) sbom.Value { return s.Location },
		func(p v3_0.AnyPackage, v sbom.Value) { p.SetDownloadLocation(v3_0.URI(text(v))) }, noAssertion},
	{"software_packageUrl", func(s sbom.Subject) sbom.Value { return s.PURL },
		func(p v3_0.AnyPackage, v sbom.Value) { p.SetPackageURL(v3_0.URI(v.Text)) }, ""},
	{"releaseTime", func(s sbom.Subject) sbom.Value { return s.Created },
		func(p v3_0.AnyPackage, v sbom.Value) { p.SetReleaseTime(parseTime(v.Text)) }, ""},
	{"externalIdentifier (content id)", func(s sbom.Subject) sbom.Value { return s.ContentID }, setContentID, ""},
	{"externalIdentifier (repository)", func(s sbom.Subject) sbom.Value { return s.Repository }, setRepository, ""},
	{"suppliedBy", func(s sbom.Subject) sbom.Value { return s.Supplier },
		func(v3_0.AnyPackage, sbom.Value) {}, noAssertion}, // written as a reference, see supply
}

// parseTime reads what package sbom normalised; the zero time writes nothing.
func parseTime(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

const contentIDComment = "digest over the names, sizes and SHA-256 of all files"

func setContentID(p v3_0.AnyPackage, v sbom.Value) {
	addIdentifier(p, v, contentIDComment)
}

func setRepository(p v3_0.AnyPackage, v sbom.Value) {
	addIdentifier(p, v, "the store's own id of the repository, as the store declares it")
}

func addIdentifier(p v3_0.AnyPackage, v sbom.Value, comment string) {
	if !v.Known() {
		return
	}
	p.SetExternalIdentifiers(append(p.GetExternalIdentifiers(), &v3_0.ExternalIdentifier{
		Type: v3_0.ExternalIdentifierType_Other, Identifier: v.Text, Comment: comment}))
}

func sourceInfo(s sbom.Subject) string {
	if !s.Asked.Known() || !s.Location.Known() {
		return ""
	}
	return "asked for as " + s.Asked.Text + ", pinned to " + s.Location.Text
}

// supplier is the agent that the store names as the owner. SPDX has no
// individual for an unknown agent, so one is named NOASSERTION.
func (b *builder) supplier() v3_0.AnyElement {
	v := b.doc.Subject.Supplier
	comment := "It is not known who supplied the artifact."
	if v.Known() {
		comment = "Owner of the repository, as the store declares it; not verified."
	}
	return &v3_0.Agent{ID: b.id("supplier"), Name: text(v), Comment: comment}
}

// supply refers to the supplier. A dataset also has exactly one originator
// (Dataset profile, external property restrictions); nobody but the owner is known.
func (b *builder) supply() []property {
	out := []property{{name: "suppliedBy", one: b.id("supplier")}}
	if b.doc.Subject.Kind == sbom.KindDataset {
		out = append(out, property{name: "originatedBy", many: []string{b.id("supplier")}})
	}
	return out
}

// provenance says for each property where it comes from, and what is missing.
func provenance(doc sbom.Document) string {
	var parts []string
	for _, f := range fields {
		v := f.from(doc.Subject)
		switch {
		case v.Known():
			parts = append(parts, fmt.Sprintf("%s: %s (%s)", f.name, v.Standing, v.Source))
		case f.unknown != "":
			parts = append(parts, f.name+": not known, written "+f.unknown)
		default:
			parts = append(parts, f.name+": not known")
		}
	}
	for _, f := range doc.Facts {
		if t, ok := factTargets[f.Key]; ok && doc.Subject.Kind != sbom.KindDataset {
			parts = append(parts, fmt.Sprintf("%s %s: %s (%s)", t.property, f.Key, f.Value.Standing, f.Value.Source))
		}
	}
	for _, missing := range missingFor(doc) {
		parts = append(parts, "conformance with the "+missing.profile+" profile is not claimed: "+missing.property+" is not known")
	}
	return strings.Join(parts, "; ")
}
