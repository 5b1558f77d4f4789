package gguf

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// checkAll compares what the header says at different places.
func (s *scan) checkAll() {
	s.checkVocabulary()
	s.checkSplit()
	s.checkAdapter()
	if a := s.texts["general.architecture"]; a != "" && !slices.Contains(strings.Fields(architectures), a) {
		s.found.Add("gguf/unknown-architecture", 0, "%s", quote(a))
	}
}

// parallels are arrays with one element for each token.
var parallels = []string{"tokenizer.ggml.scores", "tokenizer.ggml.token_type"}

func (s *scan) checkVocabulary() {
	tokens, ok := s.arrays["tokenizer.ggml.tokens"]
	if !ok {
		return
	}
	if tokens.kind != typeString {
		s.found.Add("gguf/vocabulary", tokens.offset, "the tokens are an array of type %d", tokens.kind)
	}
	for _, key := range parallels {
		if a, ok := s.arrays[key]; ok && a.length != tokens.length {
			s.found.Add("gguf/vocabulary", a.offset, "%s has %d elements for %d tokens", key, a.length, tokens.length)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		// The largest number stands for none.
		if n := s.values[key]; isTokenID(key) && n != -1 && n != 1<<32-1 && (n < 0 || n >= tokens.length) {
			s.found.Add("gguf/vocabulary", tokens.offset, "%s is %d, of %d tokens", quote(key), n, tokens.length)
		}
	}
	if rows := s.layout.rows; rows > 0 && tokens.length > rows {
		s.found.Add("gguf/vocabulary", tokens.offset, "%d tokens, and embeddings for %d", tokens.length, rows)
	}
}

func isTokenID(key string) bool {
	return strings.HasPrefix(key, "tokenizer.ggml.") && strings.HasSuffix(key, "_token_id")
}

// splitName is how llama.cpp names the parts of a model.
var splitName = regexp.MustCompile(`-(\d{5})-of-(\d{5})\.gguf$`)

func (s *scan) checkSplit() {
	count, ok := s.values["split.count"]
	no := s.values["split.no"]
	part := splitName.FindStringSubmatch(strings.ToLower(path.Base(s.file.Name)))
	switch {
	case !ok && part != nil:
		s.found.Add("gguf/split", 0, "named as part %s of %s, and not written as a part", part[1], part[2])
	case !ok:
	case count < 1 || no < 0 || no >= count:
		s.found.Add("gguf/split", 0, "part %d of %d, counted from zero", no, count)
	case part != nil && (part[1] != fmt.Sprintf("%05d", no+1) || part[2] != fmt.Sprintf("%05d", count)):
		s.found.Add("gguf/split", 0, "named as part %s of %s, and is part %d of %d", part[1], part[2], no+1, count)
	}
	if all, ok := s.values["split.tensors.count"]; ok && (all < s.layout.tensors || count == 1 && all != s.layout.tensors) {
		s.found.Add("gguf/split", 0, "%d tensors in this part, %d in all parts", s.layout.tensors, all)
	}
}

// checkAdapter looks at LoRA adapters. Control vectors and the like are adapters
// of other types.
func (s *scan) checkAdapter() {
	if s.kind() == "adapter" && s.texts["adapter.type"] == "lora" && s.layout.foreign > 0 {
		s.found.Add("gguf/adapter", 0, "%d tensors that are no pair of low-rank matrices, %s among them", s.layout.foreign, quote(s.layout.example))
	}
}

// kind is what the file is a file of: model, adapter, mmproj, imatrix or
// controlvector.
func (s *scan) kind() string {
	if t := s.texts["general.type"]; t != "" {
		return t
	}
	switch a := s.texts["general.architecture"]; a {
	case "controlvector", "imatrix":
		return a
	case "clip":
		return "mmproj"
	}
	return "model"
}

// textFacts are the keys of texts that are worth a line in the bill of materials.
var textFacts = []struct{ key, fact string }{
	{"general.architecture", "gguf/architecture"}, {"general.name", "gguf/name"}, {"general.basename", "gguf/basename"}, {"general.finetune", "gguf/finetune"},
	{"general.author", "gguf/author"}, {"general.organization", "gguf/organization"}, {"general.version", "gguf/model-version"}, {"general.size_label", "gguf/size-label"},
	{"general.license", "gguf/license"}, {"general.license.name", "gguf/license-name"}, {"general.license.link", "gguf/license-link"},
	{"general.quantized_by", "gguf/quantized-by"}, {"general.url", "gguf/url"}, {"general.repo_url", "gguf/repository"}, {"general.source.url", "gguf/source"},
	{"general.source.repo_url", "gguf/source-repository"}, {"general.source.huggingface.repository", "gguf/source-repository"},
	{"general.tags", "gguf/tags"}, {"general.languages", "gguf/languages"}, {"general.datasets", "gguf/datasets"},
	{"adapter.type", "gguf/adapter-type"}, {"adapter.lora.task_name", "gguf/adapter-task"}, {"adapter.lora.prompt_prefix", "gguf/adapter-prompt"},
	{"tokenizer.ggml.model", "gguf/tokenizer"}, {"tokenizer.ggml.pre", "gguf/pre-tokenizer"},
}

// baseFields are what is said of each base model.
var baseFields = []string{"name", "author", "organization", "version", "repo_url"}

// facts are what the bill of materials says about the file.
func (s *scan) facts() []scanners.Fact {
	var out []scanners.Fact
	add := func(key, value string) {
		if value != "" {
			out = append(out, scanners.Fact{Key: key, Value: clip.Bytes(value, 1<<10)})
		}
	}
	add("gguf/version", strconv.FormatUint(uint64(s.version), 10))
	add("gguf/kind", valid(s.kind()))
	for _, f := range textFacts {
		add(f.fact, valid(s.texts[f.key]))
	}
	for i := range min(max(s.values["general.base_model.count"], 0), 16) {
		for _, field := range baseFields {
			add("gguf/base-model/"+field, valid(s.texts[fmt.Sprintf("general.base_model.%d.%s", i, field)]))
		}
	}
	if n, ok := s.values["general.file_type"]; ok {
		name := fileTypes[uint64(n)]
		add("gguf/file-type", strings.TrimSpace(fmt.Sprintf("%d %s", n, name)))
	}
	if n, ok := s.values[s.texts["general.architecture"]+".context_length"]; ok {
		add("gguf/context-length", strconv.FormatInt(n, 10))
	}
	if a, ok := s.arrays["tokenizer.ggml.tokens"]; ok {
		add("gguf/vocabulary", strconv.FormatInt(a.length, 10))
	}
	return append(out, s.counts()...)
}

// counts are left out where a size is not known: half a sum would be taken for
// the whole.
func (s *scan) counts() []scanners.Fact {
	if s.layout.unknown || s.layout.overflow {
		return nil
	}
	var all uint64
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.layout.elements)) {
		n := s.layout.elements[name]
		if all+n < all {
			return nil
		}
		all += n
		parts = append(parts, fmt.Sprintf("%s=%d", name, n))
	}
	out := []scanners.Fact{{Key: "gguf/tensors", Value: strconv.FormatInt(s.layout.tensors, 10)}}
	if len(parts) > 0 {
		out = append(out, scanners.Fact{Key: "gguf/parameters", Value: strconv.FormatUint(all, 10)},
			scanners.Fact{Key: "gguf/dtypes", Value: strings.Join(parts, ",")})
	}
	return out
}

func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\ufffd")
}
