package read

import (
	"strings"

	"github.com/go-json-experiment/json"

	"assay/sbom"
)

type bom struct {
	SpecVersion text `json:"specVersion"`
	Serial      text `json:"serialNumber"`
	Metadata    struct {
		Timestamp  text          `json:"timestamp"`
		Tools      tools         `json:"tools"`
		Authors    list[contact] `json:"authors"`
		Lifecycles list[phase]   `json:"lifecycles"`
		Component  *component    `json:"component"`
	} `json:"metadata"`
	Components list[component] `json:"components"`
}

type phase struct {
	Phase text `json:"phase"`
}

type contact struct {
	Name  text `json:"name"`
	Email text `json:"email"`
}

// tools is a list of tools before 1.5, and an object of components since.
type tools struct{ Names []text }

// UnmarshalJSON takes both forms.
func (t *tools) UnmarshalJSON(data []byte) error {
	var tools struct {
		Components list[component] `json:"components"`
	}
	var all list[component]
	if len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &tools); err != nil {
			return err
		}
		all = tools.Components
	} else if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, c := range all {
		t.Names = append(t.Names, text(strings.TrimSpace(string(c.Name+" "+c.Version))))
	}
	return nil
}

type component struct {
	Ref         text             `json:"bom-ref"`
	Type        text             `json:"type"`
	Group       text             `json:"group"`
	Name        text             `json:"name"`
	Version     text             `json:"version"`
	Description text             `json:"description"`
	PURL        text             `json:"purl"`
	Supplier    contact          `json:"supplier"`
	Publisher   text             `json:"publisher"`
	Hashes      list[cdxHash]    `json:"hashes"`
	Licenses    list[cdxLicense] `json:"licenses"`
	Pedigree    struct {
		Ancestors list[component] `json:"ancestors"`
	} `json:"pedigree"`
	References list[struct {
		Type text `json:"type"`
		URL  text `json:"url"`
	}] `json:"externalReferences"`
	ModelCard  *card           `json:"modelCard"`
	Properties list[property]  `json:"properties"`
	Components list[component] `json:"components"`
}

type property struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

type cdxHash struct {
	Algorithm text `json:"alg"`
	Content   text `json:"content"`
}

type cdxLicense struct {
	Expression text `json:"expression"`
	License    struct {
		ID   text `json:"id"`
		Name text `json:"name"`
	} `json:"license"`
}

type card struct {
	Parameters struct {
		Task         text `json:"task"`
		Family       text `json:"architectureFamily"`
		Architecture text `json:"modelArchitecture"`
		Datasets     list[struct {
			Ref  text `json:"ref"`
			Name text `json:"name"`
		}] `json:"datasets"`
	} `json:"modelParameters"`
	Analysis struct {
		Metrics list[struct {
			Type  text `json:"type"`
			Value text `json:"value"`
			Slice text `json:"slice"`
		}] `json:"performanceMetrics"`
	} `json:"quantitativeAnalysis"`
	Considerations struct {
		UseCases    list[text] `json:"useCases"`
		Limitations list[text] `json:"technicalLimitations"`
		Fairness    list[struct {
			Group text `json:"groupAtRisk"`
			Harms text `json:"harms"`
		}] `json:"fairnessAssessments"`
		Environment struct {
			Energy list[struct {
				Activity text `json:"activity"`
				Cost     struct {
					Value text `json:"value"`
					Unit  text `json:"unit"`
				} `json:"activityEnergyCost"`
			}] `json:"energyConsumptions"`
		} `json:"environmentalConsiderations"`
	} `json:"considerations"`
}

func (b *builder) cyclonedx(data []byte) error {
	var d bom
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	m := &b.bill.Making
	m.Format, m.FormatVersion, m.URI = b.said("CycloneDX"), b.said(d.SpecVersion), b.uri(d.Serial)
	m.Created, m.Tool = b.time(d.Metadata.Timestamp), b.said(join(d.Metadata.Tools.Names))
	for _, a := range d.Metadata.Authors {
		m.Author = b.said(join([]text{a.Name, a.Email}))
		m.AuthorContact = b.said(a.Email)
	}
	for _, l := range d.Metadata.Lifecycles {
		m.Context = b.said(l.Phase)
	}
	names := make(map[text]text)
	b.components(d.Components, names, 0)
	subject := d.subject()
	if subject == nil {
		return ErrFormat
	}
	b.components(subject.Components, names, 0)
	b.subjectCDX(*subject, names)
	return nil
}

// subject is the component that the BOM is about, unless that is an application
// and a model is among its parts.
func (d bom) subject() *component {
	main := d.Metadata.Component
	if main != nil && (main.Type == "machine-learning-model" || main.Type == "data") {
		return main
	}
	for _, kind := range []text{"machine-learning-model", "data"} {
		for i, c := range d.Components {
			if c.Type == kind {
				return &d.Components[i]
			}
		}
	}
	if main == nil && len(d.Components) > 0 {
		main = &d.Components[0]
	}
	return main
}

// components takes the files over and remembers the names of the others.
func (b *builder) components(list []component, names map[text]text, depth int) {
	if depth > maxNesting {
		b.skipped += len(list)
		return
	}
	for _, c := range list {
		if c.Type == "file" {
			b.file(c.Name, b.hashesCDX(c.Hashes))
		} else if c.Ref != "" {
			names[c.Ref] = c.Name
		}
		b.components(c.Components, names, depth+1)
	}
}

func (b *builder) hashesCDX(hashes []cdxHash) []sbom.Digest {
	var out []sbom.Digest
	for _, h := range hashes {
		if d, ok := b.digest(h.Algorithm, h.Content); ok {
			out = append(out, d)
		}
	}
	return out
}

func (b *builder) subjectCDX(c component, names map[text]text) {
	s := &b.bill.Document.Subject
	s.Kind = map[text]sbom.Kind{"machine-learning-model": sbom.KindModel, "data": sbom.KindDataset}[c.Type]
	name := c.Name
	if c.Group != "" {
		name = c.Group + "/" + c.Name
	}
	s.Name, s.Version, s.PURL = b.said(name), b.version(c.Version), b.uri(c.PURL)
	s.Supplier = b.said(c.Supplier.Name)
	if !s.Supplier.Known() {
		s.Supplier = b.said(c.Publisher)
	}
	for _, r := range c.References {
		if r.Type == "distribution" && !s.Location.Known() {
			s.Location = b.uri(r.URL)
		}
	}
	for _, l := range c.Licenses {
		b.license(l.Expression + l.License.ID)
		b.license(l.License.Name)
	}
	for _, a := range c.Pedigree.Ancestors {
		relation := sbom.RelationUnknown
		for _, p := range a.Properties {
			if p.Name == "assay:relation" {
				relation = sbom.Relation(p.Value)
			}
		}
		b.base(a.Name, a.Version, relation, relation == sbom.RelationAdapter)
	}
	b.fact("text/card/section/description", c.Description)
	for _, p := range c.Properties {
		b.property(p)
	}
	if c.ModelCard != nil {
		b.card(*c.ModelCard, names)
	}
}

// property takes over what our own writer wrote, as what it is: a claim.
func (b *builder) property(p property) {
	name := string(p.Name)
	switch {
	case name == "assay:kind" && p.Value == "adapter":
		b.bill.Document.Subject.Kind = sbom.KindAdapter
	case name == "assay:repository-created:declared":
		b.bill.Document.Subject.Created = b.time(p.Value)
	case name == "assay:content-id":
		b.bill.Document.Subject.ContentID = b.said(p.Value)
	case strings.HasPrefix(name, "assay:fact:"):
		_, key, ok := strings.Cut(strings.TrimPrefix(name, "assay:fact:"), ":")
		if ok {
			b.fact(sbom.Clean(key), p.Value)
		}
	}
}

func (b *builder) card(c card, names map[text]text) {
	own := func(key string) bool {
		for _, f := range b.bill.Document.Facts {
			if f.Key == key {
				return true
			}
		}
		return false
	}
	add := func(key string, texts ...text) {
		if own(key) {
			return // our own writer said the same in a property, item by item
		}
		for _, t := range texts {
			b.fact(key, t)
		}
	}
	p := c.Parameters
	add("text/card/pipeline_tag", p.Task)
	add("text/config/model_type", p.Family)
	add("text/config/architectures", p.Architecture)
	add("text/card/section/uses", c.Considerations.UseCases...)
	add("text/card/section/limitations", c.Considerations.Limitations...)
	for _, x := range c.Considerations.Fairness {
		add("text/card/section/bias", join([]text{x.Group, x.Harms}))
	}
	for _, x := range c.Considerations.Environment.Energy {
		add("text/card/section/environment", x.Activity+": "+x.Cost.Value+" "+x.Cost.Unit)
	}
	for _, d := range p.Datasets {
		b.dataset(names[d.Ref] + d.Name)
	}
	var metrics []text
	for _, m := range c.Analysis.Metrics {
		metrics = append(metrics, m.Slice+"/"+m.Type+"="+m.Value)
	}
	add("text/card/metric", metrics...)
}
