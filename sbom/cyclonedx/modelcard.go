package cyclonedx

import (
	"cmp"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"assay/sbom"
)

// modelCard holds what the publisher declares of task, architecture, use, limits
// and measurements; nil when nothing is declared.
func (b *builder) modelCard() *cdx.MLModelCard {
	p := cdx.MLModelParameters{
		Task:               b.texts("text/card/pipeline_tag"),
		ArchitectureFamily: b.texts("text/config/model_type"),
		ModelArchitecture:  b.texts("text/config/architectures", "gguf/architecture", "text/oci-config/config/architecture"),
		Inputs:             list(b.kinds("text/oci-config/config/capabilities/inputTypes")),
		Outputs:            list(b.kinds("text/oci-config/config/capabilities/outputTypes")),
		Datasets:           list(b.datasetRefs()),
	}
	c := cdx.MLModelCardConsiderations{
		UseCases:             list(b.values("text/card/section/uses")),
		TechnicalLimitations: list(b.values("text/card/section/limitations", "text/card/section/bias", "text/card/section/out-of-scope")),
	}
	metrics := b.metrics()
	out := &cdx.MLModelCard{}
	if p != (cdx.MLModelParameters{}) {
		out.ModelParameters = &p
	}
	if c != (cdx.MLModelCardConsiderations{}) {
		out.Considerations = &c
	}
	if len(metrics) > 0 {
		out.QuantitativeAnalysis = &cdx.MLQuantitativeAnalysis{PerformanceMetrics: &metrics}
	}
	if *out == (cdx.MLModelCard{}) {
		return nil
	}
	return out
}

// kinds are what a model takes or gives, in words.
func (b *builder) kinds(key string) []cdx.MLInputOutputParameters {
	var out []cdx.MLInputOutputParameters
	for _, text := range b.values(key) {
		out = append(out, cdx.MLInputOutputParameters{Format: text})
	}
	return out
}

// datasetCard describes the dataset that the BOM is about.
func (b *builder) datasetCard(name string) cdx.ComponentData {
	return cdx.ComponentData{
		Type: cdx.ComponentDataTypeDataset, Name: name,
		Description:   b.texts("text/card/section/description", "text/croissant/description"),
		SensitiveData: list(b.values("text/card/section/sensitive", "text/croissant/rai:personalSensitiveInformation")),
	}
}

// values are those of the facts with the given keys, in the order of the keys.
func (b *builder) values(keys ...string) []string {
	var out []string
	for _, key := range keys {
		for _, f := range b.doc.Facts {
			if f.Key == key {
				out = append(out, f.Value.Text)
			}
		}
	}
	return out
}

func (b *builder) texts(keys ...string) string { return strings.Join(b.values(keys...), ", ") }

// metrics are the measurements of the card: "dataset/metric=value".
func (b *builder) metrics() []cdx.MLPerformanceMetric {
	var out []cdx.MLPerformanceMetric
	for _, text := range b.values("text/card/metric") {
		name, value, _ := cutLast(text, "=")
		slice, kind, ok := cutLast(name, "/")
		if !ok {
			slice, kind = "", name
		}
		out = append(out, cdx.MLPerformanceMetric{Type: kind, Value: value, Slice: slice})
	}
	return out
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// datasetRefs refers to the data components of datasets.
func (b *builder) datasetRefs() []cdx.MLDatasetChoice {
	var out []cdx.MLDatasetChoice
	for i := range b.doc.Datasets {
		out = append(out, cdx.MLDatasetChoice{Ref: datasetRef(i)})
	}
	return out
}

func datasetRef(i int) string { return fmt.Sprintf("dataset-%d", i+1) }

// datasets are the ones that the publisher names; nothing else is known of them.
func (b *builder) datasets() []cdx.Component {
	var out []cdx.Component
	for i, d := range b.doc.Datasets {
		c := cdx.Component{
			BOMRef: datasetRef(i), Type: cdx.ComponentTypeData, Name: d.Text,
			Data:       &[]cdx.ComponentData{{Type: cdx.ComponentDataTypeDataset, Name: d.Text}},
			Properties: &[]cdx.Property{property("provenance:name", fmt.Sprintf("%s (%s)", d.Standing, d.Source))},
		}
		if part, ok := b.doc.Part(d.Text, ""); ok {
			describe(&c, part)
		}
		out = append(out, c)
	}
	return out
}

// describe adds what a bill of its own says of a component.
func describe(c *cdx.Component, part sbom.Document) {
	s := part.Subject
	c.Version, c.PackageURL = cmp.Or(c.Version, s.Version.Text), s.PURL.Text
	c.Licenses = licenses(part.License)
	if s.Supplier.Known() {
		c.Supplier = &cdx.OrganizationalEntity{Name: s.Supplier.Text}
	}
	more := []cdx.Property{property("described-by", cmp.Or(s.Name.Source, "a bill of its own"))}
	if s.ContentID.Known() {
		more = append(more, property("content-id", s.ContentID.Text))
	}
	if c.Properties != nil {
		more = append(*c.Properties, more...)
	}
	c.Properties = &more
}

// neighbours are what was merged in and is named by nobody.
func (b *builder) neighbours() []cdx.Component {
	var out []cdx.Component
	for i, part := range b.doc.Neighbours() {
		c := cdx.Component{BOMRef: fmt.Sprintf("part-%d", i+1), Type: cdx.ComponentTypeMachineLearningModel, Name: cmp.Or(part.Subject.Name.Text, unknownName)}
		if part.Subject.Kind == sbom.KindDataset {
			c.Type = cdx.ComponentTypeData
		}
		describe(&c, part)
		out = append(out, c)
	}
	return out
}

// licenses are the declared ones. An id must be on the SPDX list; anything else
// is a name with a text, and several are an expression.
func licenses(l sbom.License) *cdx.Licenses {
	if !l.Expression.Known() {
		return nil
	}
	declared := cdx.LicenseAcknowledgementDeclared
	if strings.Contains(l.Expression.Text, " ") {
		return &cdx.Licenses{{Expression: l.Expression.Text, Acknowledgement: &declared}}
	}
	out := &cdx.License{ID: l.Expression.Text, Acknowledgement: declared}
	if len(l.Texts) > 0 {
		out.ID, out.Name = "", l.Expression.Text
		out.Text = &cdx.AttachedText{Content: l.Texts[0].Text, ContentType: "text/plain"}
	}
	return &cdx.Licenses{{License: out}}
}
