package cyclonedx

import (
	"fmt"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"assay/sbom"
)

// toolRef is the program that made the BOM.
const toolRef = "tool"

// citations say, field by field, who vouches for it: the program for what it
// computed or derived, the file for what its author declared in it. CycloneDX
// has them since 1.7; before, the properties "assay:provenance:" say the same.
func (b *builder) citations(component *cdx.Component) []cdx.Citation {
	s := b.doc.Subject
	fields := []struct {
		pointer string
		value   sbom.Value
		written bool
	}{
		{"/name", s.Name, true}, {"/version", s.Version, true}, {"/purl", s.PURL, true}, {"/supplier", s.Supplier, true},
		{"/externalReferences/0", s.Location, true}, {"/licenses", b.doc.License.Expression, true},
		{"/description", b.first("text/card/section/description"), component.Description != ""},
	}
	if card := component.ModelCard; card != nil && card.ModelParameters != nil {
		p := card.ModelParameters
		for _, f := range []struct{ field, key, text string }{
			{"task", "text/card/pipeline_tag", p.Task}, {"architectureFamily", "text/config/model_type", p.ArchitectureFamily},
			{"modelArchitecture", "text/config/architectures", p.ModelArchitecture}, {"modelArchitecture", "gguf/architecture", p.ModelArchitecture},
			{"modelArchitecture", "text/oci-config/config/architecture", p.ModelArchitecture},
		} {
			fields = append(fields, struct {
				pointer string
				value   sbom.Value
				written bool
			}{"/modelCard/modelParameters/" + f.field, b.first(f.key), f.text != ""})
		}
	}
	var out []cdx.Citation
	for _, f := range fields {
		if f.value.Known() && f.written {
			out = append(out, b.citation([]string{"/metadata/component" + f.pointer}, f.value))
		}
	}
	return out
}

func (b *builder) citation(pointers []string, v sbom.Value) cdx.Citation {
	by := cdx.BOMReference(toolRef)
	if i := slices.IndexFunc(b.doc.Files, func(f sbom.File) bool { return f.Name == v.Source }); i >= 0 && v.Standing == sbom.Declared {
		by = cdx.BOMReference(fileRef(i))
	}
	return cdx.Citation{Pointers: &pointers, Timestamp: b.created, AttributedTo: &by, Note: fmt.Sprintf("%s (%s)", v.Standing, v.Source)}
}

func (b *builder) first(key string) sbom.Value {
	for _, f := range b.doc.Facts {
		if f.Key == key {
			return f.Value
		}
	}
	return sbom.Value{}
}
