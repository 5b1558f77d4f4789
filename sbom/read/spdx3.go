package read

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/sbom"
)

// element has every property that is read of any class. The graph is not
// expanded: the context of SPDX fixes the names.
type element struct {
	Type        text       `json:"type"`
	AtType      text       `json:"@type"`
	ID          text       `json:"spdxId"`
	Blank       text       `json:"@id"`
	Name        text       `json:"name"`
	Description text       `json:"description"`
	Roots       list[ref]  `json:"rootElement"`
	SpecVersion text       `json:"specVersion"`
	Created     text       `json:"created"`
	CreatedBy   list[ref]  `json:"createdBy"`
	CreatedWith list[ref]  `json:"createdUsing"`
	SBOMTypes   list[text] `json:"software_sbomType"`

	SuppliedBy   ref        `json:"suppliedBy"`
	OriginatedBy list[ref]  `json:"originatedBy"`
	Released     text       `json:"releaseTime"`
	Built        text       `json:"builtTime"`
	Version      text       `json:"software_packageVersion"`
	Location     text       `json:"software_downloadLocation"`
	PURL         text       `json:"software_packageUrl"`
	VerifiedBy   list[hash] `json:"verifiedUsing"`

	Domain         list[text]  `json:"ai_domain"`
	ModelType      list[text]  `json:"ai_typeOfModel"`
	Limitation     text        `json:"ai_limitation"`
	Training       text        `json:"ai_informationAboutTraining"`
	Application    text        `json:"ai_informationAboutApplication"`
	Preprocessing  list[text]  `json:"ai_modelDataPreprocessing"`
	Explainability list[text]  `json:"ai_modelExplainability"`
	Hyper          list[entry] `json:"ai_hyperparameter"`
	Metric         list[entry] `json:"ai_metric"`
	Energy         *struct {
		Training list[struct {
			Quantity text `json:"ai_energyQuantity"`
			Unit     text `json:"ai_energyUnit"`
		}] `json:"ai_trainingEnergyConsumption"`
	} `json:"ai_energyConsumption"`

	Collection text       `json:"dataset_dataCollectionProcess"`
	Intended   text       `json:"dataset_intendedUse"`
	Bias       list[text] `json:"dataset_knownBias"`

	Expression text      `json:"simplelicensing_licenseExpression"`
	Relation   text      `json:"relationshipType"`
	From       ref       `json:"from"`
	To         list[ref] `json:"to"`
}

type hash struct {
	Algorithm text `json:"algorithm"`
	Value     text `json:"hashValue"`
}

type entry struct {
	Key   text `json:"key"`
	Value text `json:"value"`
}

func (e element) class() text { return e.Type + e.AtType }

func (e element) id() text { return e.ID + e.Blank }

// elements reads a graph one element after another. Files, of which there are
// many, and annotations, which nothing here reads, are not kept.
type elements struct {
	file    func(element)
	list    []element
	skipped int
}

// UnmarshalJSONFrom reads the list, and skips what is none.
func (l *elements) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return err
		}
		var e element
		if json.Unmarshal(raw, &e) != nil || len(l.list) >= maxItems {
			l.skipped++
			continue
		}
		switch e.class() {
		case "software_File":
			l.file(e)
		case "Annotation":
		default:
			l.list = append(l.list, e)
		}
	}
	_, err := d.ReadToken()
	return err
}

// graph3 is a graph by id.
type graph3 struct {
	elements []element
	byID     map[text]int
}

func (g graph3) at(id ref) element {
	if i, ok := g.byID[text(id)]; ok {
		return g.elements[i]
	}
	return element{}
}

func (b *builder) spdx3(data []byte) error {
	d := struct {
		Graph elements `json:"@graph"`
	}{Graph: elements{file: func(e element) { b.file(e.Name, b.hashes3(e.VerifiedBy)) }}}
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	if len(d.Graph.list) == 0 {
		var one element
		if err := json.Unmarshal(data, &one); err != nil {
			return err
		}
		d.Graph.list = []element{one}
	}
	b.skipped += d.Graph.skipped
	g := graph3{elements: d.Graph.list, byID: make(map[text]int, len(d.Graph.list))}
	for i, e := range g.elements {
		g.byID[e.id()] = i
	}
	b.making3(g)
	subject := g.subject()
	if subject.class() == "" {
		return ErrFormat
	}
	b.subject3(g, subject)
	for _, e := range g.elements {
		b.relation3(g, subject.id(), e)
	}
	return nil
}

func (b *builder) making3(g graph3) {
	m := &b.bill.Making
	m.Format = b.said("SPDX")
	for _, e := range g.elements {
		switch e.class() {
		case "CreationInfo":
			m.FormatVersion, m.Created = b.said(e.SpecVersion), b.time(e.Created)
			for _, by := range e.CreatedBy {
				m.Author = b.said(g.at(by).Name)
			}
			for _, with := range e.CreatedWith {
				m.Tool = b.said(g.at(with).Name)
			}
		case "SpdxDocument":
			m.URI = b.uri(e.ID)
		case "software_Sbom":
			m.Context = b.said(join(e.SBOMTypes))
		}
	}
}

// subject is the package that the document leads to. A model or dataset comes
// before the application that it is a part of, and a model before its dataset.
func (g graph3) subject() element {
	var roots []element
	for _, e := range g.elements {
		if e.class() != "SpdxDocument" && e.class() != "software_Sbom" {
			continue
		}
		for _, r := range e.Roots {
			roots = append(roots, g.at(r))
		}
	}
	for _, choice := range []struct {
		from  []element
		class text
	}{
		{roots, "ai_AIPackage"}, {roots, "dataset_DatasetPackage"}, {g.elements, "ai_AIPackage"}, {g.elements, "dataset_DatasetPackage"},
		{roots, "software_Package"}, {g.elements, "software_Package"},
	} {
		if i := slices.IndexFunc(choice.from, func(e element) bool { return e.class() == choice.class }); i >= 0 {
			return choice.from[i]
		}
	}
	return element{}
}

func (b *builder) hashes3(hashes []hash) []sbom.Digest {
	var out []sbom.Digest
	for _, h := range hashes {
		if d, ok := b.digest(h.Algorithm, h.Value); ok {
			out = append(out, d)
		}
	}
	return out
}

func (b *builder) subject3(g graph3, e element) {
	s := &b.bill.Document.Subject
	s.Kind = map[text]sbom.Kind{"ai_AIPackage": sbom.KindModel, "dataset_DatasetPackage": sbom.KindDataset}[e.class()]
	s.Name, s.Version, s.Location, s.PURL = b.said(e.Name), b.version(e.Version), b.uri(e.Location), b.uri(e.PURL)
	s.Created = b.time(e.Released)
	if !s.Created.Known() {
		s.Created = b.time(e.Built)
	}
	s.Supplier = b.said(g.at(e.SuppliedBy).Name)
	for _, by := range e.OriginatedBy {
		b.fact("text/card/label/developer", g.at(by).Name)
	}
	for _, f := range []struct {
		key   string
		texts []text
	}{
		{"text/card/section/description", []text{e.Description}}, {"text/card/pipeline_tag", e.Domain},
		{"text/config/model_type", e.ModelType}, {"text/card/section/limitations", append([]text{e.Limitation}, e.Bias...)},
		{"text/card/section/training", []text{e.Training}}, {"text/card/section/uses", []text{e.Application, e.Intended}},
		{"text/card/section/preprocessing", e.Preprocessing}, {"text/card/section/explainability", e.Explainability},
		{"text/card/section/collection", []text{e.Collection}},
	} {
		for _, t := range f.texts {
			b.fact(f.key, t)
		}
	}
	for _, h := range e.Hyper {
		b.fact(hyperKey(h.Key), h.Value)
	}
	for _, m := range e.Metric {
		b.fact("text/card/metric", m.Key+"="+m.Value)
	}
	if e.Energy != nil {
		for _, t := range e.Energy.Training {
			b.fact("text/card/section/environment", "training: "+t.Quantity+" "+t.Unit)
		}
	}
}

// hyperKey is the key of a fact for a hyperparameter: that of our own writer is
// one already. What it claims stays declared, whatever its key.
func hyperKey(key text) string {
	if _, ok := ownKeys[key]; ok {
		return string(key)
	}
	return "bill/hyperparameter/" + string(key)
}

// ownKeys are those under which our own writer says what profiles ask for.
var ownKeys = map[text]struct{}{
	"safetensors/parameters": {}, "safetensors/tensors": {}, "safetensors/dtypes": {},
	"text/config/hidden_size": {}, "text/config/max_position_embeddings": {}, "text/config/peft_type": {}, "text/config/r": {},
	"text/config/torch_dtype": {}, "text/config/dtype": {}, "text/config/vocab_size": {}, "text/config/num_hidden_layers": {},
	"gguf/parameters": {}, "gguf/dtypes": {}, "gguf/file-type": {}, "gguf/context-length": {}, "gguf/vocabulary": {}, "gguf/tokenizer": {},
	"text/component": {}, "text/merge/method": {},
}

func (b *builder) relation3(g graph3, subject text, e element) {
	if e.Relation == "" {
		return
	}
	if e.Relation == "hasVariant" {
		for _, to := range e.To {
			if text(to) == subject {
				b.base(g.at(e.From).Name, g.at(e.From).Version, sbom.RelationQuantized, false)
			}
		}
		return
	}
	if text(e.From) != subject {
		return
	}
	for _, id := range e.To {
		switch to := g.at(id); e.Relation {
		case "hasDeclaredLicense":
			b.license(to.Expression)
		case "descendantOf":
			b.base(to.Name, to.Version, sbom.RelationUnknown, false)
		case "dependsOn":
			if to.class() == "ai_AIPackage" || to.class() == "software_Package" {
				b.base(to.Name, to.Version, sbom.RelationUnknown, true)
			}
		case "trainedOn", "testedOn":
			b.dataset(to.Name)
		}
	}
}
