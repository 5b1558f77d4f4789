package spdx

import (
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
		b.licenseExpression(declared, l)
	}
	b.relate("declared-license", v3_0.RelationshipType_HasDeclaredLicense,
		[]string{declared}, v3_0.RelationshipCompleteness{}, comment)
	b.relate("concluded-license", v3_0.RelationshipType_HasConcludedLicense,
		[]string{noAssertionLicense}, v3_0.RelationshipCompleteness{}, "no license text was compared")
}

func (b *builder) licenseExpression(id string, l sbom.License) {
	e := &v3_0.LicenseExpression{ID: id, LicenseExpression: l.Expression.Text}
	if l.Text != "" {
		e.CustomIdToUris = v3_0.DictionaryEntryList{
			&v3_0.DictionaryEntry{Key: l.Expression.Text, Value: b.id("license-text")}}
		b.graph.add(&v3_0.SimpleLicensingText{ID: b.id("license-text"), LicenseText: l.Text})
	}
	b.graph.add(e)
}

// bases writes the models that this one is made from. They are packages without
// a profile: nothing is known of them but a name.
func (b *builder) bases() {
	var origins, needed []string
	for i, base := range b.doc.Bases {
		id := b.id(fmt.Sprintf("base-%d", i+1))
		b.graph.add(&v3_0.Package{
			ID: id, Name: base.Name.Text, PrimaryPurpose: v3_0.SoftwarePurpose_Model,
			Comment: "Named by " + base.Name.Source + ", not verified and not looked at.",
		})
		origins = append(origins, id)
		if base.Needed {
			needed = append(needed, id)
		}
	}
	b.relate("origin", v3_0.RelationshipType_DescendantOf, origins, v3_0.RelationshipCompleteness_NoAssertion, "")
	b.relate("needs", v3_0.RelationshipType_DependsOn, needed, v3_0.RelationshipCompleteness_NoAssertion, "")
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
