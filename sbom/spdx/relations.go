package spdx

import (
	"cmp"
	"fmt"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// noAssertionLicense is the individual of the ExpandedLicensing profile.
const noAssertionLicense = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"

// relation is what the artifact has to do with files of one role.
type relation struct {
	name     string // of its id
	kind     v3_0.RelationshipType
	reversed string // the same from the file's side, in SPDX 2.3
}

// relations are by role, beside contains, in the order of writing.
var relations = []struct {
	role     sbom.Role
	relation relation
}{
	{sbom.RoleWeights, relation{"data-files", v3_0.RelationshipType_HasDataFile, "DATA_FILE_OF"}},
	{sbom.RoleConfiguration, relation{"metadata", v3_0.RelationshipType_HasMetadata, "METAFILE_OF"}},
	{sbom.RoleDocumentation, relation{"documentation", v3_0.RelationshipType_HasDocumentation, "DOCUMENTATION_OF"}},
	{sbom.RoleEvidence, relation{"evidence", v3_0.RelationshipType_HasEvidence, "OTHER"}},
}

// fileRelations writes what the artifact has to do with its files.
func (b *builder) fileRelations() {
	var all []string
	byRole := make(map[sbom.Role][]string)
	for i, f := range b.doc.Files {
		id := b.id(fileID(i))
		role, _ := b.doc.Role(f)
		all, byRole[role] = append(all, id), append(byRole[role], id)
	}
	complete := v3_0.RelationshipCompleteness_Incomplete
	if b.doc.Complete {
		complete = v3_0.RelationshipCompleteness_Complete
	}
	b.relate("contains", v3_0.RelationshipType_Contains, all, complete, "")
	for _, r := range relations {
		b.relate(r.relation.name, r.relation.kind, byRole[r.role], v3_0.RelationshipCompleteness_NoAssertion, "")
	}
}

// licenses writes the declared and the concluded license. A package has exactly
// one of each (AI and Dataset profile, conformance).
func (b *builder) licenses() {
	l := b.doc.License
	declared, comment := noAssertionLicense, l.Note
	if l.Expression.Known() {
		declared = b.id("license")
		comment = "declared by " + l.Expression.Source + ", not verified"
		if l.Note != "" {
			comment += ": " + l.Note
		}
		b.licenseExpression("license", l)
	}
	b.relate("declared-license", v3_0.RelationshipType_HasDeclaredLicense,
		[]string{declared}, v3_0.RelationshipCompleteness{}, comment)
	concluded, why := noAssertionLicense, "no license text was compared"
	if len(l.Found) > 0 {
		why = "the license text that was found is not that of the declared license"
	}
	if l.Confirmed() {
		concluded, why = declared, "the text in "+l.Found[0].Source+" has the sentences of the declared license"
	}
	b.relate("concluded-license", v3_0.RelationshipType_HasConcludedLicense,
		[]string{concluded}, v3_0.RelationshipCompleteness{}, why)
}

func (b *builder) licenseExpression(local string, l sbom.License) {
	e := &v3_0.LicenseExpression{ID: b.id(local), LicenseExpression: l.Expression.Text}
	for i, custom := range l.Texts {
		text := b.id(fmt.Sprintf("%s-text-%d", local, i+1))
		e.CustomIdToUris = append(e.CustomIdToUris, &v3_0.DictionaryEntry{Key: custom.ID, Value: text})
		b.graph.add(&v3_0.SimpleLicensingText{ID: text, LicenseText: custom.Text})
	}
	b.graph.add(e)
}

// bases writes the models that this one is made from. They are packages without
// a profile: nothing is known of them but a name.
func (b *builder) bases() {
	var origins, variants, needed []string
	for i, base := range b.doc.Bases {
		id := b.id(fmt.Sprintf("base-%d", i+1))
		p := &v3_0.Package{
			ID: id, Name: base.Name.Text, Version: base.Revision.Text, PrimaryPurpose: v3_0.SoftwarePurpose_Model,
			Comment: baseComment(base),
		}
		part, ok := b.doc.Part(base.Name.Text, base.Revision.Text)
		b.part(fmt.Sprintf("base-%d", i+1), p, part, ok)
		if base.Relation == sbom.RelationQuantized {
			variants = append(variants, id)
		} else {
			origins = append(origins, id)
		}
		if base.Needed {
			needed = append(needed, id)
		}
	}
	b.relate("origin", v3_0.RelationshipType_DescendantOf, origins, v3_0.RelationshipCompleteness_NoAssertion, "")
	for i, id := range variants {
		b.graph.add(&v3_0.Relationship{ID: b.id(fmt.Sprintf("relation-variant-%d", i+1)), Type: v3_0.RelationshipType_HasVariant,
			Completeness: v3_0.RelationshipCompleteness_NoAssertion, Comment: "the artifact is a quantised copy"},
			property{name: "from", one: id}, property{name: "to", many: []string{b.id("artifact")}})
	}
	b.relate("needs", v3_0.RelationshipType_DependsOn, needed, v3_0.RelationshipCompleteness_NoAssertion, "")
}

// baseComment says how a base is known and what became of it.
func baseComment(base sbom.Base) string {
	out := "Named by " + base.Name.Source + ", not verified and not looked at."
	if base.Relation != sbom.RelationUnknown {
		out += " Relation: " + string(base.Relation) + "."
	}
	if base.Needed && !base.Revision.Known() {
		out += " No revision is named: a loader takes whatever it finds."
	}
	return out
}

// datasets writes the datasets that the publisher names. They are packages
// without a profile: nothing is known of them but a name.
func (b *builder) datasets() {
	var ids []string
	for i, d := range b.doc.Datasets {
		id := b.id(fmt.Sprintf("dataset-%d", i+1))
		p := &v3_0.Package{ID: id, Name: d.Text, PrimaryPurpose: v3_0.SoftwarePurpose_Data,
			Comment: "Named by " + d.Source + ", not verified and not looked at."}
		part, ok := b.doc.Part(d.Text, "")
		b.part(fmt.Sprintf("dataset-%d", i+1), p, part, ok)
		ids = append(ids, id)
	}
	name, kind := "trained-on", v3_0.RelationshipType_TrainedOn
	if b.doc.Subject.Kind == sbom.KindDataset {
		name, kind = "made-from", v3_0.RelationshipType_DescendantOf
	}
	b.relate(name, kind, ids, v3_0.RelationshipCompleteness_NoAssertion, "")
}

// part writes the package of something that the artifact names, with what the
// bill of its own says of it.
func (b *builder) part(local string, p *v3_0.Package, part sbom.Document, described bool) {
	if !described {
		b.graph.add(p)
		return
	}
	s := part.Subject
	p.Version, p.PackageURL = cmp.Or(p.Version, s.Version.Text), v3_0.URI(s.PURL.Text)
	p.Comment += part.Described()
	addIdentifier(p, s.ContentID, contentIDComment)
	b.graph.add(p)
	if l := part.License; l.Expression.Known() {
		b.licenseExpression(local+"-license", l)
		b.graph.add(&v3_0.Relationship{ID: b.id("relation-" + local + "-license"), Type: v3_0.RelationshipType_HasDeclaredLicense},
			property{name: "from", one: b.id(local)}, property{name: "to", many: []string{b.id(local + "-license")}})
	}
}

// neighbours writes what was merged in and is named by nobody.
func (b *builder) neighbours() {
	var ids []string
	for i, part := range b.doc.Neighbours() {
		local := fmt.Sprintf("part-%d", i+1)
		b.part(local, &v3_0.Package{ID: b.id(local), Name: text(part.Subject.Name), PrimaryPurpose: v3_0.SoftwarePurpose_Other}, part, true)
		ids = append(ids, b.id(local))
	}
	b.relate("neighbours", v3_0.RelationshipType_Other, ids, v3_0.RelationshipCompleteness_NoAssertion, "described together with the artifact")
}

// relate writes a relationship of the artifact, if there is anything to relate
// it to.
func (b *builder) relate(name string, kind v3_0.RelationshipType, to []string, c v3_0.RelationshipCompleteness, comment string) {
	if len(to) == 0 {
		return
	}
	b.graph.add(&v3_0.Relationship{ID: b.id("relation-" + name), Type: kind, Completeness: c, Comment: comment},
		property{name: "from", one: b.id("artifact")}, property{name: "to", many: to})
}

// licenseText is the declared license for SPDX 2.3.
func licenseText(l sbom.License) string {
	if !l.Expression.Known() {
		return noAssertion
	}
	return l.Expression.Text
}
