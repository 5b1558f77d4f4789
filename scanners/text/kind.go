package text

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/scanners"
)

// kind is what a text is for. It decides what is worth a finding: a vocabulary
// may hold every character there is, a configuration may not.
type kind uint8

const (
	other      kind = iota
	document        // for people: README, licence, log
	config          // for loaders
	template        // for a template engine
	data            // tables, lines of JSON, plain text
	vocabulary      // tokens
)

// format is the syntax that the name promises.
type format uint8

const (
	plain format = iota
	json
	jsonLines
	yaml
)

// profile is what the name says about a text.
type profile struct {
	kind   kind
	format format
	named  bool // the name is one that only text has
}

// vocabularyNames are base names of tokenizer files.
var vocabularyNames = []string{
	"tokenizer.json", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json", "vocab.json", "vocab.txt", "vocabulary.txt",
	"merges.txt", "unigram.json", "bpe.codes", "dict.txt", "tokens.txt", "encoder.json", "normalizer.json", "char_dict.json",
}

var documentNames = []string{
	"readme", "license", "licence", "copying", "notice", "authors", "changelog", "citation", "contributing", "version", "use_policy", "disclaimer", "patents",
}

// configNames are files without a telling extension that loaders or tools read.
var configNames = []string{"mlmodel", ".gitattributes", ".gitignore", ".dockerignore", ".gitkeep", ".editorconfig", "modelfile"}

var extensions = map[string]profile{
	".md": {kind: document}, ".markdown": {kind: document}, ".rst": {kind: document}, ".log": {kind: document}, ".bib": {kind: document},
	".cff": {kind: document, format: yaml}, ".tex": {kind: document}, ".org": {kind: document}, ".adoc": {kind: document},
	".json": {kind: config, format: json}, ".jsonc": {kind: config, format: json}, ".geojson": {kind: data, format: json}, ".webmanifest": {kind: config, format: json},
	".jsonl": {kind: data, format: jsonLines}, ".ndjson": {kind: data, format: jsonLines},
	".yaml": {kind: config, format: yaml}, ".yml": {kind: config, format: yaml},
	".toml": {kind: config}, ".ini": {kind: config}, ".cfg": {kind: config}, ".conf": {kind: config}, ".properties": {kind: config}, ".env": {kind: config}, ".lock": {kind: config},
	".jinja": {kind: template}, ".jinja2": {kind: template}, ".j2": {kind: template}, ".gbnf": {kind: template}, ".prompt": {kind: template},
	".csv": {kind: data}, ".tsv": {kind: data}, ".txt": {kind: data}, ".srt": {kind: data}, ".vtt": {kind: data}, ".conll": {kind: data}, ".conllu": {kind: data},
	".sha256": {kind: data}, ".md5": {kind: data}, ".names": {kind: data}, ".labels": {kind: data}, ".css": {kind: document}, ".sql": {kind: data},
	".vocab": {kind: vocabulary}, ".merges": {kind: vocabulary}, ".codes": {kind: vocabulary}, ".tiktoken": {kind: vocabulary}, ".bpe": {kind: vocabulary}, ".dic": {kind: vocabulary},
}

func profileOf(name string) profile {
	base := strings.ToLower(path.Base(name))
	stem, _, _ := strings.Cut(base, ".")
	p, known := extensions[path.Ext(base)]
	p.named = known
	switch {
	case slices.Contains(vocabularyNames, base), known && p.format == plain && strings.Contains(stem, "vocab"):
		p.kind, p.named = vocabulary, true
	case slices.Contains(configNames, base):
		p.kind, p.named = config, true
	case !known && slices.Contains(documentNames, stem), p.kind == data && slices.Contains(documentNames, stem):
		p.kind, p.named = document, true
	}
	if base == "mlmodel" {
		p.format = yaml
	}
	return p
}

// interpreted are extensions of which a loader unpickles, or otherwise runs,
// what it gets, even when it looks like text: pickles of protocol 0 are ASCII,
// and so can be Torch7, R and TensorFlow graphs. Such a file is not data.
var interpreted = []string{
	".bin", ".ckpt", ".dill", ".joblib", ".npy", ".pdopt", ".pdparams", ".pickle", ".pkl", ".pt", ".pth", ".ptl",
	".caffemodel", ".pbtxt", ".prototxt", ".pmml", ".onnxtxt", ".mlir", ".hlo", ".param", ".rda", ".rdata", ".rds", ".t7", ".xml", ".xsl", ".xslt", ".svg",
}

// isInterpreted reports whether a text must not be counted as data.
func isInterpreted(name string, start []byte) bool {
	if slices.Contains(interpreted, strings.ToLower(path.Ext(name))) {
		return true
	}
	start = bytes.TrimLeft(start[:min(len(start), 256)], " \t\r\n")
	return bytes.HasPrefix(start, []byte("<?xml")) || bytes.HasPrefix(start, []byte("<svg"))
}

// looksLikeJSON decides for a name that promises nothing.
func (s *scan) looksLikeJSON() bool {
	start := bytes.TrimLeft(s.start, " \t\r\n")
	if dense, ok := scanners.TextStart(s.file, s.file.Size); ok && len(start) == 0 {
		start = dense
	}
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}
