package sbom

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Relation is how an artifact came from its base. The words are those of the
// Hub (base_model_relation).
type Relation string

// The relations. The zero value is an origin that nobody describes.
const (
	RelationUnknown   Relation = ""
	RelationAdapter   Relation = "adapter"
	RelationFinetune  Relation = "finetune"
	RelationQuantized Relation = "quantized"
	RelationMerge     Relation = "merge"
)

// baseKeys are the facts that name a base model, with what naming it there means.
var baseKeys = map[string]struct {
	relation Relation
	needed   bool
}{
	keyCardBase:             {},
	keyAdapterBase:          {RelationAdapter, true},
	"text/merge/base_model": {relation: RelationMerge},
	"text/merge/model":      {relation: RelationMerge},
	keyGGUFBase:             {},
	keyGGUFBaseURL:          {},
	keyMLflowSource:         {},
}

// keyMLflowSource is the model that MLflow saved: a repository of the Hub, or a
// path that says nothing to anybody else.
const keyMLflowSource = "text/mlmodel/source_model"

// A GGUF header names its base models in words, and most say where they are.
const (
	keyGGUFBase    = "gguf/base-model/name"
	keyGGUFBaseURL = "gguf/base-model/repo_url"
)

// hubPage begins the address of a repository on the Hub; its rest is the name
// that everything else uses.
const hubPage = "https://huggingface.co/"

// bases are the models that card, adapter and merge configuration name, one for
// each name.
func bases(facts []Fact) []Base {
	byName := make(map[string]Base)
	for _, f := range facts {
		kind, ok := baseKeys[f.Key]
		if !ok || f.Key == keyGGUFBase && find(facts, keyGGUFBaseURL).Known() ||
			f.Key == keyMLflowSource && (strings.Count(f.Value.Text, "/") != 1 || strings.HasPrefix(f.Value.Text, "/") || strings.HasPrefix(f.Value.Text, ".")) {
			continue
		}
		f.Value.Text = strings.TrimPrefix(f.Value.Text, hubPage)
		name, revision := splitPin(f.Value)
		b, ok := byName[name.Text]
		if !ok {
			b.Name = name
		}
		b.Needed = b.Needed || kind.needed
		b.Relation = cmp.Or(b.Relation, kind.relation)
		if !b.Revision.Known() {
			b.Revision = revision
		}
		if kind.needed && !b.Revision.Known() {
			b.Revision = find(facts, configPrefix+"revision")
		}
		byName[name.Text] = b
	}
	said := cardRelation(facts, len(byName))
	var out []Base
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		b := byName[name]
		b.Relation = cmp.Or(b.Relation, said)
		out = append(out, b)
	}
	return out
}

// splitPin splits "name@revision".
func splitPin(v Value) (name, revision Value) {
	base, pin, _ := strings.Cut(v.Text, "@")
	name = v
	if base == "" || pin == "" {
		return name, Value{}
	}
	name.Text = base
	return name, Value{Text: pin, Standing: v.Standing, Source: v.Source}
}

// cardRelation is what the card says of its bases; without a word of it, several
// bases are a merge, as the Hub infers (docs/hub/model-cards, "Specifying a base
// model"), and a quantisation configuration says that this is a quantised copy.
func cardRelation(facts []Fact, bases int) Relation {
	said := Relation(find(facts, cardPrefix+"base_model_relation").Text)
	switch {
	case slices.Contains([]Relation{RelationAdapter, RelationFinetune, RelationQuantized, RelationMerge}, said):
		return said
	case find(facts, configPrefix+"quantization_config/quant_method").Known(), find(facts, "text/quantize/bits").Known(), quantizedGGUF(facts):
		return RelationQuantized
	case find(facts, "gguf/kind").Text == "adapter":
		return RelationAdapter
	case bases > 1:
		return RelationMerge
	}
	return RelationUnknown
}

// plainTypes are the file types of GGUF that are not quantised (ggml.h,
// ggml_ftype): all F32, mostly F16, mostly BF16.
var plainTypes = []string{"0", "1", "32"}

func quantizedGGUF(facts []Fact) bool {
	number, _, _ := strings.Cut(find(facts, "gguf/file-type").Text, " ")
	return number != "" && !slices.Contains(plainTypes, number)
}

// datasets are what the card says the model was trained on, or the dataset was
// made from.
func datasets(facts []Fact) []Value {
	byName := make(map[string]Value)
	for _, f := range facts {
		if f.Key == cardPrefix+"datasets" || f.Key == "text/kitfile/dataset" || f.Key == packagingPrefix+"datasets/name" || f.Key == cardPrefix+"source_datasets" && strings.Contains(f.Value.Text, "/") {
			byName[f.Value.Text] = f.Value
		}
	}
	var out []Value
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}
