package spdx

import (
	"slices"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// noAssertionLicense is the individual of the ExpandedLicensing profile.
const noAssertionLicense = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"

// role is what a file is to the artifact.
type role struct {
	media    string
	purpose  v3_0.SoftwarePurpose
	relation v3_0.RelationshipType // of the artifact to the file, beside contains
}

// roles are by what a scanner recognised, never by the name of the file. The
// first match wins, so that a file of several formats gets the weightiest role.
var roles = []struct {
	format string
	role   role
}{
	{"safetensors", role{"application/octet-stream", v3_0.SoftwarePurpose_Model, v3_0.RelationshipType_HasDataFile}},
	{"gguf", role{"application/octet-stream", v3_0.SoftwarePurpose_Model, v3_0.RelationshipType_HasDataFile}},
	{"pickle", role{"application/octet-stream", v3_0.SoftwarePurpose_Model, v3_0.RelationshipType_HasDataFile}},
	{"zip", role{media: "application/zip", purpose: v3_0.SoftwarePurpose_Archive}},
	{"tar", role{media: "application/x-tar", purpose: v3_0.SoftwarePurpose_Archive}},
	{"json", role{media: "application/json"}},
	{"yaml", role{media: "application/yaml"}},
	{"markdown", role{"text/markdown", v3_0.SoftwarePurpose_Documentation, v3_0.RelationshipType_HasDocumentation}},
	{"text", role{media: "text/plain"}},
}

func roleOf(f sbom.File) role {
	for _, r := range roles {
		if slices.Contains(f.Formats, r.format) {
			return r.role
		}
	}
	return role{}
}

// relations writes what the artifact has to do with its files and licenses.
func (b *builder) relations() {
	byType := make(map[v3_0.RelationshipType][]string)
	for i, f := range b.doc.Files {
		id := b.id(fileID(i))
		relation := relationOf(b.doc, f)
		byType[v3_0.RelationshipType_Contains] = append(byType[v3_0.RelationshipType_Contains], id)
		if relation != (v3_0.RelationshipType{}) {
			byType[relation] = append(byType[relation], id)
		}
	}
	for _, r := range relationOrder {
		b.relate(r.name, r.relation, byType[r.relation], b.completeness(r.relation))
	}
	b.relate("declared-license", v3_0.RelationshipType_HasDeclaredLicense,
		[]string{noAssertionLicense}, v3_0.RelationshipCompleteness{})
	b.relate("concluded-license", v3_0.RelationshipType_HasConcludedLicense,
		[]string{noAssertionLicense}, v3_0.RelationshipCompleteness{})
}

var relationOrder = []struct {
	name     string
	relation v3_0.RelationshipType
}{
	{"contains", v3_0.RelationshipType_Contains},
	{"data-files", v3_0.RelationshipType_HasDataFile},
	{"documentation", v3_0.RelationshipType_HasDocumentation},
	{"evidence", v3_0.RelationshipType_HasEvidence},
}

// relationOf is what the artifact has to do with a file, beside containing it:
// the zero value for nothing in particular.
func relationOf(doc sbom.Document, f sbom.File) v3_0.RelationshipType {
	if slices.ContainsFunc(doc.Claims, func(c sbom.Claim) bool { return c.Document == f.Name }) {
		return v3_0.RelationshipType_HasEvidence
	}
	return roleOf(f).relation
}

// completeness is claimed for the list of files alone, and only when nothing of
// the artifact was left out of it.
func (b *builder) completeness(r v3_0.RelationshipType) v3_0.RelationshipCompleteness {
	switch {
	case r != v3_0.RelationshipType_Contains:
		return v3_0.RelationshipCompleteness_NoAssertion
	case !b.doc.Complete:
		return v3_0.RelationshipCompleteness_Incomplete
	}
	return v3_0.RelationshipCompleteness_Complete
}

func (b *builder) relate(name string, kind v3_0.RelationshipType, to []string, c v3_0.RelationshipCompleteness) {
	if len(to) == 0 {
		return // a relationship has at least one target
	}
	b.graph.add(&v3_0.Relationship{ID: b.id("relation-" + name), Type: kind, Completeness: c},
		property{name: "from", one: b.id("artifact")}, property{name: "to", many: to})
}
