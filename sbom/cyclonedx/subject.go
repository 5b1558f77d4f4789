package cyclonedx

import (
	"cmp"
	"fmt"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"assay/sbom"
)

const subjectRef = "artifact"

// unknownName is what stands where CycloneDX demands a name.
const unknownName = "unknown"

// subject is the component that the BOM is about. An unknown kind is described
// as a model.
func (b *builder) subject() *cdx.Component {
	s := b.doc.Subject
	c := &cdx.Component{
		BOMRef:     subjectRef,
		Type:       cdx.ComponentTypeMachineLearningModel,
		Name:       cmp.Or(s.Name.Text, unknownName),
		Version:    s.Version.Text,
		PackageURL: s.PURL.Text,
		Licenses:   licenses(b.doc.License),
		Properties: list(b.subjectProperties()),
	}
	if s.Supplier.Known() {
		c.Supplier = &cdx.OrganizationalEntity{Name: s.Supplier.Text}
	}
	if s.Location.Known() {
		c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeDistribution, URL: s.Location.Text}}
	}
	if s.Kind == sbom.KindDataset {
		c.Type = cdx.ComponentTypeData
		c.Data = &[]cdx.ComponentData{b.datasetCard(c.Name)}
		return c
	}
	c.Description = b.texts("text/card/section/description")
	c.ModelCard = b.modelCard()
	if origins := b.origins(); len(origins) > 0 {
		c.Pedigree = &cdx.Pedigree{Ancestors: &origins, Notes: "named by the publisher; not verified and not looked at"}
	}
	return c
}

func (b *builder) subjectProperties() []cdx.Property {
	s := b.doc.Subject
	out := []cdx.Property{
		property("kind", cmp.Or(string(s.Kind), "unknown")),
		property("ruleset", cmp.Or(b.doc.Ruleset, "unknown")),
	}
	if s.ContentID.Known() {
		out = append(out, property("content-id", s.ContentID.Text))
	}
	for _, v := range []struct {
		field string
		value sbom.Value
	}{
		{"name", s.Name}, {"version", s.Version}, {"purl", s.PURL}, {"externalReferences/distribution", s.Location},
		{"supplier", s.Supplier}, {"licenses", b.doc.License.Expression},
	} {
		if v.value.Known() {
			out = append(out, property("provenance:"+v.field, fmt.Sprintf("%s (%s)", v.value.Standing, v.value.Source)))
		}
	}
	for _, class := range b.doc.License.Classes {
		out = append(out, property("license-class", class))
	}
	for _, found := range b.doc.License.Found {
		out = append(out, property("license-found", fmt.Sprintf("%s (%s)", found.Text, found.Source)))
	}
	if b.doc.License.Note != "" {
		out = append(out, property("license-note", b.doc.License.Note))
	}
	if s.Created.Known() {
		out = append(out, property("repository-created:declared", s.Created.Text))
	}
	for _, f := range b.doc.Facts {
		out = append(out, property("fact:"+string(f.Value.Standing)+":"+f.Key, f.Value.Text))
	}
	return out
}

func property(name, value string) cdx.Property {
	return cdx.Property{Name: "assay:" + name, Value: value}
}

// origins are the ancestors for the pedigree. They carry no reference: those that
// are needed are components of their own.
func (b *builder) origins() []cdx.Component {
	var out []cdx.Component
	for _, base := range b.doc.Bases {
		c := cdx.Component{Type: cdx.ComponentTypeMachineLearningModel, Name: cmp.Or(base.Name.Text, unknownName), Version: base.Revision.Text}
		if base.Relation != sbom.RelationUnknown {
			c.Properties = &[]cdx.Property{property("relation", string(base.Relation))}
		}
		if part, ok := b.doc.Part(base.Name.Text, base.Revision.Text); ok {
			describe(&c, part)
		}
		out = append(out, c)
	}
	return out
}

// bases are the models without which this one does not work.
func (b *builder) bases() []cdx.Component {
	var out []cdx.Component
	for i, base := range b.doc.Bases {
		if base.Needed {
			out = append(out, cdx.Component{
				BOMRef: baseRef(i), Type: cdx.ComponentTypeMachineLearningModel, Name: cmp.Or(base.Name.Text, unknownName), Version: base.Revision.Text,
				Properties: &[]cdx.Property{property("provenance:name", fmt.Sprintf("%s (%s)", base.Name.Standing, base.Name.Source))},
			})
		}
	}
	return out
}

func (b *builder) needed() []string {
	var out []string
	for i, base := range b.doc.Bases {
		if base.Needed {
			out = append(out, baseRef(i))
		}
	}
	return out
}

func baseRef(i int) string { return fmt.Sprintf("base-%d", i+1) }
