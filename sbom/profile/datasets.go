package profile

import "assay/sbom"

// datasetSelectors look at the subject when it is a dataset. When it is a model
// they look at the bills of its datasets, where they were merged in.
var datasetSelectors = map[string][]string{
	"dataset/description":  {factDescription, "text/croissant/description"},
	"dataset/content":      {"text/card/task_categories", "files/kinds", "files/size"},
	"dataset/identifier":   {"subject/location", "subject/content-id"},
	"dataset/hash":         {"files/sha256"},
	"dataset/provenance":   {"text/card/section/collection", "text/croissant/rai:dataCollection", "text/card/source_datasets", "subject/supplier"},
	"dataset/statistics":   {"text/card/dataset_info/splits/num_examples", "text/card/size_categories", "files/size"},
	"dataset/sensitivity":  {"text/card/section/sensitive", "text/croissant/rai:personalSensitiveInformation"},
	"dataset/license":      {"license/effective", "license/declared", "license/found"},
	"dataset/self":         {"relations"},
	"subject/dataset-name": {"subject/name"},
}

func (s selection) ofDataset(from string) (sbom.Value, bool) {
	list, ok := datasetSelectors[from]
	if !ok {
		return sbom.Value{}, false
	}
	if s.doc.Subject.Kind != sbom.KindDataset {
		return s.ofParts(from), true
	}
	for _, place := range list {
		if v := s.value(place); v.Known() && !isPlaceholder(v.Text) {
			return v, true
		}
	}
	return sbom.Value{}, true
}

// ofParts asks the bill of every dataset that the model names: one that nobody
// describes is enough to leave the element open.
func (s selection) ofParts(from string) sbom.Value {
	var out sbom.Value
	if from == "subject/dataset-name" || from == "dataset/self" {
		return out
	}
	for _, d := range s.doc.Datasets {
		part, ok := s.doc.Part(d.Text, "")
		if !ok {
			return sbom.Value{}
		}
		part.Subject.Kind = sbom.KindDataset
		v, _ := selection{doc: part}.ofDataset(from)
		if !v.Known() {
			return sbom.Value{}
		}
		if !out.Known() || v.Standing != sbom.Verified {
			out = v
		}
	}
	return out
}
