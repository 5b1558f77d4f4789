package text

import (
	"bytes"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// Bounds of what is kept for the bill of materials.
const (
	maxCard     = 256 << 10 // bytes of a card that are looked at
	maxPerKey   = 64        // values of one key
	maxValue    = 256       // bytes of a setting
	maxProse    = 1 << 10   // bytes of a section
	maxCardFact = 1024      // facts of one card
)

// cardKeys of the front matter go to the bill of materials
// (huggingface.co/docs/hub/model-cards and /datasets-cards, "metadata").
var cardKeys = []string{
	"license", "license_name", "license_link", "base_model", "base_model_relation", "datasets", "metrics",
	"pipeline_tag", "library_name", "language", "tags", "model_name", "inference", "new_version",
	"co2_eq_emissions", "co2_eq_emissions/emissions", "co2_eq_emissions/source", "co2_eq_emissions/training_type",
	"co2_eq_emissions/geographical_location", "co2_eq_emissions/hardware_used",
	"pretty_name", "task_categories", "size_categories", "source_datasets", "annotations_creators", "language_creators",
	"dataset_info/dataset_size", "dataset_info/download_size", "dataset_info/splits/num_examples",
	"dataset_info/splits/num_bytes", "extra_gated_prompt",
}

// mergeKeys of a mergekit configuration name what a merge is made of.
var mergeKeys = map[string]string{
	"merge_method": "text/merge/method", "base_model": "text/merge/base_model",
	"models/model": "text/merge/model", "slices/sources/model": "text/merge/model", "models/model/model/path": "text/merge/model",
}

// outlineKeys are, by base name, the keys of YAML files that describe a model,
// with the facts that they become.
var outlineKeys = map[string]map[string]string{
	"mergekit_config.yml":  mergeKeys,
	"mergekit_config.yaml": mergeKeys,
	// KitOps, Kitfile manifest 1.0.
	"kitfile": {
		"package/name": "text/kitfile/name", "package/version": "text/kitfile/version", "package/description": "text/kitfile/description",
		"package/license": "text/kitfile/license", "package/authors": "text/kitfile/author", "model/name": "text/kitfile/model",
		"model/license": "text/kitfile/model-license", "model/framework": "text/kitfile/framework", "model/version": "text/kitfile/model-version",
		"datasets/name": "text/kitfile/dataset",
	},
	// MLflow, "The MLmodel file".
	"mlmodel": {
		"mlflow_version": "text/mlmodel/mlflow_version", "model_uuid": "text/mlmodel/uuid", "run_id": "text/mlmodel/run_id",
		"utc_time_created": "text/mlmodel/created", "flavors/python_function/loader_module": "text/mlmodel/loader_module",
		"flavors/python_function/python_version": "text/mlmodel/python_version", "flavors/transformers/task": "text/mlmodel/task",
		"flavors/transformers/source_model_name": "text/mlmodel/source_model", "flavors/sklearn/sklearn_version": "text/mlmodel/sklearn_version",
	},
}

// head is a writer that keeps the beginning of what passes through it.
type head struct {
	text []byte
	max  int
}

func (h *head) Write(p []byte) (int, error) {
	if room := h.max - len(h.text); room > 0 {
		h.text = append(h.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// describes reports a text from which facts are read after it has passed.
func (s *scan) describes() bool {
	return !s.wide && (s.isCard() || outlineKeys[s.base] != nil || isLicenseName(s.base))
}

func (s *scan) isCard() bool { return s.base == "readme.md" }

// describe turns the beginning of a card, merge configuration or license into
// facts. They are what somebody wrote, and no more.
func (s *scan) describe(text []byte) {
	text = bytes.ReplaceAll(bytes.ToValidUTF8(text, nil), []byte("\r\n"), []byte("\n"))
	switch {
	case s.isCard():
		s.card(text)
	case outlineKeys[s.base] != nil:
		readOutline(text, func(path []string, value string) {
			if key, ok := outlineKeys[s.base][strings.Join(path, "/")]; ok {
				s.fact(key, value, maxValue)
			}
		})
	default:
		s.licenseText(text)
	}
}

func (s *scan) card(text []byte) {
	if matter, ok := bytes.CutPrefix(text, []byte("---\n")); ok {
		if matter, rest, ok := bytes.Cut(matter, []byte("\n---")); ok {
			s.frontMatter(matter)
			text = rest
		}
	}
	s.sections(text)
}

// frontMatter keeps the known keys, and each metric with the dataset before it.
func (s *scan) frontMatter(matter []byte) {
	var dataset, metric string
	readOutline(matter, func(path []string, value string) {
		key := strings.Join(path, "/")
		switch key {
		case "model-index/results/dataset/name":
			dataset = value
		case "model-index/results/metrics/type":
			metric = value
		case "model-index/results/metrics/value":
			s.fact("text/card/metric", clip.Bytes(dataset+"/"+metric+"="+value, maxValue), maxValue)
		default:
			if slices.Contains(cardKeys, key) {
				s.fact("text/card/"+key, value, maxValue)
			}
		}
	})
}

// fact keeps a value, unless there are too many of its key or of all.
func (s *scan) fact(key, value string, limit int) {
	value = clip.Bytes(value, limit)
	same := 0
	for _, f := range s.facts {
		if f.Key == key {
			same++
			if f.Value == value {
				return
			}
		}
	}
	if value != "" && same < maxPerKey && len(s.facts) < maxCardFact {
		s.facts = append(s.facts, scanners.Fact{Key: key, Value: value})
	}
}
