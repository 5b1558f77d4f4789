package profile

import "assay/sbom"

// datasetSelectors look at the subject when it is a dataset, and at nothing when
// it is a model: of its datasets a model's bill knows no more than the names.
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
		return sbom.Value{}, true
	}
	for _, place := range list {
		if v := s.value(place); v.Known() && !isPlaceholder(v.Text) {
			return v, true
		}
	}
	return sbom.Value{}, true
}
