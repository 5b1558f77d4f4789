package text

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// settings are the files whose values go to the bill of materials: which keys
// (joined by slashes; lists leave no trace), and under which prefix.
type settings struct {
	prefix string
	keys   []string
}

var modelSettings = []string{
	"architectures", "model_type", "torch_dtype", "dtype", "transformers_version", "vocab_size", "hidden_size", "num_hidden_layers",
	"num_attention_heads", "num_key_value_heads", "intermediate_size", "max_position_embeddings", "n_positions", "d_model",
	"_class_name", "_diffusers_version", "quantization_config/quant_method", "quantization_config/bits",
	"quantization_config/load_in_4bit", "quantization_config/load_in_8bit", "quantization_config/group_size",
	"text_config/model_type", "vision_config/model_type", "audio_config/model_type", "num_labels", "problem_type",
}

var adapterSettings = []string{
	"base_model_name_or_path", "revision", "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save",
}

// croissantKeys are of MLCommons Croissant 1.0 and its RAI vocabulary.
var croissantKeys = []string{
	"conformsTo", "name", "description", "license", "version", "url", "datePublished", "creator/name", "publisher/name", "citeAs",
	"rai:dataCollection", "rai:dataCollectionType", "rai:dataBiases", "rai:personalSensitiveInformation", "rai:dataLimitations",
	"rai:dataUseCases", "rai:dataPreprocessingProtocol", "rai:dataReleaseMaintenancePlan", "rai:dataSocialImpact",
}

// packagingKeys are of the configurations that packagings put beside the layers of
// an OCI artifact: the model configuration of CNCF ModelPack (model-spec,
// docs/config.md), the Kitfile in JSON of KitOps, and that of Docker Model Runner.
// Where there is one, package registry/oci calls it by this name.
var packagingKeys = []string{
	"descriptor/createdAt", "descriptor/authors", "descriptor/vendor", "descriptor/family", "descriptor/name", "descriptor/version",
	"descriptor/title", "descriptor/description", "descriptor/docURL", "descriptor/sourceURL", "descriptor/datasetsURL",
	"descriptor/revision", "descriptor/licenses",
	"config/architecture", "config/format", "config/paramSize", "config/precision", "config/quantization",
	"config/parameters", "config/size", "config/context_size",
	"config/capabilities/inputTypes", "config/capabilities/outputTypes", "config/capabilities/knowledgeCutoff",
	"config/capabilities/reasoning", "config/capabilities/toolUsage", "config/capabilities/reward", "config/capabilities/languages",
	"package/name", "package/version", "package/description", "package/license", "package/authors",
	"model/name", "model/license", "model/framework", "model/version", "model/description", "datasets/name",
}

// settingsOf returns what is kept of the file with the lower-case base name.
func settingsOf(base string) settings {
	switch {
	case base == "config.json", base == "model_index.json":
		return settings{"text/config/", modelSettings}
	case base == "adapter_config.json":
		return settings{"text/config/", adapterSettings}
	case base == "generation_config.json":
		return settings{"text/generation/", []string{"temperature", "top_p", "top_k", "max_length", "max_new_tokens", "do_sample"}}
	case base == "tokenizer_config.json":
		return settings{"text/tokenizer/", []string{"tokenizer_class", "model_max_length", "chat_template"}}
	case base == "quantize_config.json":
		return settings{"text/quantize/", []string{"bits", "group_size", "quant_method"}}
	case strings.HasSuffix(base, ".index.json"):
		return settings{"text/index/", []string{"metadata/total_size", "metadata/total_parameters"}}
	case base == "oci-config.json":
		return settings{"text/oci-config/", packagingKeys}
	case isCroissant(base):
		return settings{"text/croissant/", croissantKeys}
	}
	return settings{}
}

func isCroissant(base string) bool {
	return strings.HasSuffix(base, ".json") && (strings.Contains(base, "croissant") || base == "metadata.json")
}

// maxSettings bounds the facts of one file of settings.
const maxSettings = 512

// path joins the keys that lead to the current value. A list has the key of what
// holds it, and does not count twice.
func (w *walk) path() string {
	keys := make([]string, 0, len(w.stack))
	for _, l := range w.stack[1:] {
		if len(keys) == 0 || keys[len(keys)-1] != l.key {
			keys = append(keys, l.key)
		}
	}
	return strings.Join(keys, "/")
}

// settingFact keeps a value of a file of settings.
func (w *walk) settingFact(t jsontok.Token) {
	if w.settings.prefix == "" || len(w.stack) > 6 || len(w.facts) >= maxSettings || t.Kind == jsontok.Literal && string(t.Text) == "null" || !utf8.Valid(t.Text) {
		return
	}
	w.croissantField(t)
	w.component(t)
	path := w.path()
	if !slices.Contains(w.settings.keys, path) {
		return
	}
	text := string(t.Text)
	if path == "chat_template" && !t.Cut() { // its text is in the file; the bill tells it from another
		sum := sha256.Sum256(t.Text)
		text = "sha256:" + hex.EncodeToString(sum[:])
	}
	w.fact(w.settings.prefix+path, text, limitOf(w.settings.prefix))
}

// limitOf is how much of a value is kept: Croissant has prose.
func limitOf(prefix string) int {
	if prefix == "text/croissant/" {
		return maxProse
	}
	return maxValue
}

// component keeps a part of a pipeline: model_index.json gives for each the
// library and the class (diffusers, DiffusionPipeline.from_pretrained).
func (w *walk) component(t jsontok.Token) {
	if w.base != "model_index.json" || len(w.stack) != 3 || t.Kind != jsontok.String {
		return
	}
	o := &w.top().object
	if o.url == "" {
		o.url = clip.Bytes(t.Text, maxValue)
		return
	}
	w.fact("text/component", w.top().key+": "+o.url+"."+clip.Bytes(t.Text, maxValue), maxValue)
}

// croissantField remembers what a FileObject says until its object closes.
func (w *walk) croissantField(t jsontok.Token) {
	if !isCroissant(w.base) || t.Kind != jsontok.String {
		return
	}
	switch o := &w.top().object; w.top().key {
	case "contentUrl":
		o.url = clip.Bytes(t.Text, maxValue)
	case "sha256":
		o.sha256 = clip.Bytes(t.Text, 64)
	}
}

// croissantFile keeps the promise that a FileObject makes.
func (w *walk) croissantFile(o object) {
	if o.url != "" && o.sha256 != "" {
		w.fact("text/croissant/file", "sha256:"+o.sha256+" "+o.url, maxProse)
	}
}
