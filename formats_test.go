package assay_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	formats "assay/scanners/all"
)

// check is one check of the list of checks that the project is held to, and what
// became of it: the rules that make it, or why it is left.
type check struct {
	id    string
	what  string
	rules string // separated by blanks
	left  string // why there is no rule, or what the rules leave out
}

const (
	allScanned = "every member of an archive is scanned by every scanner; what none recognises is a gap"
)

// checks are all of them, by section. An id without a rule says why.
var checks = []check{
	{"ST-01", "header length", "safetensors/header-size safetensors/truncated", ""},
	{"ST-02", "first byte", "safetensors/header-start", ""},
	{"ST-03", "padding bytes", "safetensors/padding-bytes safetensors/header-json", ""},
	{"ST-04", "duplicate keys", "safetensors/duplicate-key", ""},
	{"ST-05", "tensor entries", "safetensors/tensor-entry", ""},
	{"ST-06", "unknown type", "safetensors/unknown-dtype", ""},
	{"ST-07", "overlap", "safetensors/overlap", ""},
	{"ST-08", "hole", "safetensors/hole", ""},
	{"ST-09", "size against shape and type", "safetensors/size-mismatch", ""},
	{"ST-10", "overflow", "safetensors/overflow", ""},
	{"ST-11", "trailing bytes, truncation", "safetensors/trailing-data safetensors/truncated", ""},
	{"ST-12", "metadata", "safetensors/metadata-type safetensors/metadata-size safetensors/metadata-content", ""},
	{"ST-13", "large padding", "safetensors/padding-size", ""},
	{"ST-14", "extension against content", "safetensors/wrong-content", ""},
	{"ST-15", "tensor names", "safetensors/tensor-name", ""},
	{"ST-16", "JSON depth", "safetensors/depth", ""},

	{"TS-01", "operators outside of the allow-list", "torchscript/unknown-operator torchscript/file-access torchscript/memory torchscript/network torchscript/unknown-name", ""},
	{"TS-02", "operators reached from __setstate__", "torchscript/file-access torchscript/memory", "severity does not depend on the method: code of a module runs at load or at the first call"},
	{"TS-03", "foreign namespaces and classes", "torchscript/custom-operator torchscript/custom-class", ""},
	{"TS-04", "TorchScript under the name of weights", "", "the format is recognised by content and its code is judged whatever the name; a policy may deny the format torchscript"},
	{"TS-05", "PythonOp", "torchscript/python-call", ""},
	{"TS-06", "pickle members", "pickle/dangerous-call pickle/unknown-call", ""},

	{"PE2-01", "members of a .pt2", "script/native-code pickle/dangerous-call", allScanned},
	{"PE2-02", "targets of the graph", "torchexport/target", ""},
	{"PE2-03", "symbolic expressions", "torchexport/expression", ""},
	{"ET-01", "segments of a .pte", "executorch/segment", ""},
	{"ET-02", "operators", "executorch/operator", ""},
	{"ET-03", "delegates", "executorch/delegate executorch/native-code", ""},

	{"SK-01", "OperatorFuncNode (CVE-2025-54412)", "skops/operator-module", ""},
	{"SK-02", "MethodNode (CVE-2025-54413)", "skops/method-type", ""},
	{"SK-03", "functions and types outside of the trusted packages", "skops/foreign-function skops/dangerous-type", ""},
	{"SK-04", "objects of foreign modules", "skops/unlisted-type", ""},
	{"SK-05", "files that are missing, object arrays", "skops/missing-file numpy/object-array", ""},
	{"SK-06", "old protocol", "skops/old-protocol", ""},
	{"SK-07", "members without a reference, traversal", "skops/member-path", allScanned},
	{"SK-08", ".skops that is no zip (CVE-2025-54886)", "skops/not-an-archive", ""},
	{"XG-01", "trees of XGBoost", "xgboost/tree-structure", ""},
	{"LG-01", "sizes of the trees of LightGBM", "lightgbm/tree-sizes", ""},

	{"KR-01", "references outside of the allow-list", "keras/foreign-module keras/unlisted-reference", ""},
	{"KR-02", "Lambda", "keras/lambda", ""},
	{"KR-03", "custom objects", "keras/custom-object", ""},
	{"KR-04", "duplicate keys and members", "keras/duplicate-key zip/duplicate-name", ""},
	{"KR-05", "extra members", "script/native-code pickle/dangerous-call", allScanned},
	{"KR-06", "get_file and the like", "keras/dangerous-reference", ""},
	{"KR-07", "vocabulary as path or URL", "keras/vocabulary-file", ""},
	{"KR-08", "nested models, compile_config", "keras/lambda keras/foreign-module", ""},

	{"H5-01", "external link", "hdf5/external-link", ""},
	{"H5-02", "external storage", "hdf5/external-storage", ""},
	{"H5-03", "virtual dataset", "hdf5/virtual-dataset", ""},
	{"H5-04", "unknown filter", "hdf5/filter-plugin", ""},
	{"H5-05", "size claims", "hdf5/size-claim", ""},
	{"H5-06", "user block", "hdf5/user-block", ""},
	{"H5-07", "pickles in attributes", "hdf5/pickled-value", ""},
	{"H5-08", "model_config", "keras/foreign-module keras/lambda", ""},
	{"H5-09", "cycles", "hdf5/link-cycle", ""},
	{"H5-10", "data past the end", "hdf5/trailing-data", ""},

	{"TF-01", "operators that run code", "tensorflow/code-operator", ""},
	{"TF-02", "operators that read and write", "tensorflow/file-read tensorflow/file-write", ""},
	{"TF-03", "addresses", "tensorflow/remote-address tensorflow/network-operator", ""},
	{"TF-04", "graphs in constants", "tensorflow/nested-graph", ""},
	{"TF-05", "operators outside of the registry", "tensorflow/unknown-operator", ""},
	{"TF-06", "Lambda in keras_metadata", "tensorflow/keras-code", ""},
	{"TF-07", "asset traversal", "tensorflow/asset-path", ""},
	{"TL-01", "offsets", "tflite/malformed", ""},
	{"TL-02", "indices", "tflite/index", ""},
	{"TL-03", "options of custom operators", "tflite/flex-operator tflite/custom-operator", ""},
	{"TL-04", "custom calls and delegates", "tflite/custom-call tflite/compiled-operator", ""},
	{"TL-05", "extreme normalisation options", "", "no primary source describes an attack, and a large number harms nobody but the model"},

	{"OX-01", "external paths", "onnx/external-path", ""},
	{"OX-02", "ranges of external data", "onnx/external-range repository/data-range", ""},
	{"OX-03", "bytes of a sibling without a tensor", "repository/data-unclaimed", ""},
	{"OX-04", "Python operators", "onnx/python-operator", ""},
	{"OX-05", "unknown domain", "onnx/unknown-domain", ""},
	{"OX-06", "EPContext, TensorRT", "onnx/native-blob", ""},
	{"OX-07", "functions that shadow operators", "onnx/shadowed-operator", ""},
	{"OX-08", "hints of a backdoor", "onnx/conditional-output", ""},

	{"GG-01", "limits", "gguf/limits gguf/tensor-shape gguf/version", ""},
	{"GG-02", "offsets, overlap, bounds", "gguf/tensor-bounds gguf/truncated", "a file that only ends too early is low: an interrupted download"},
	{"GG-03", "duplicate keys and names", "gguf/duplicate-name", ""},
	{"GG-04", "alignment", "gguf/alignment gguf/padding", ""},
	{"GG-05", "trailing data", "gguf/trailing-data", ""},
	{"GG-06", "token arrays", "gguf/vocabulary", ""},
	{"GG-07", "templates", "jinja/sandbox-escape jinja/content-condition", ""},
	{"GG-08", "template against the repository's", "repository/template-differs", "the base model's is compared by the fact jinja/sha256 of two reports"},
	{"GG-09", "sampler override", "gguf/sampler", ""},

	{"JT-01", "reaching for the interpreter", "jinja/sandbox-escape jinja/internal-name", ""},
	{"JT-02", "include and import", "jinja/load", ""},
	{"JT-03", "conditions on content", "jinja/content-condition jinja/appended-text ollama/content-condition", ""},
	{"JT-04", "hidden text, addresses", "jinja/hidden-text jinja/address jinja/instruction", ""},
	{"JT-05", "denial of service", "jinja/cost ollama/cost", ""},
	{"JT-06", "differs from the base", "repository/template-differs", "copies in one repository are compared; the base model's by the fact jinja/sha256 of two reports"},
	{"JT-07", "vocabulary", "jinja/vocabulary jinja/unknown-variable ollama/vocabulary", ""},

	{"PY-01", "code at load", "python/code python/remote-code text/remote-code", ""},
	{"PY-02", "dangerous chains", "python/dangerous-chain python/exfiltration python/persistence", ""},
	{"PY-03", "obfuscation", "python/obfuscation", ""},
	{"PY-04", "encodings and look-alike names", "python/encoding python/deceptive-name python/null-byte", ""},

	{"YM-01", "tags that run code", "text/yaml-code-tag", ""},
	{"YM-02", "_target_ outside of the allow-list", "text/call-target", ""},
	{"YM-03", "HyperPyYAML tags that call", "text/call-target", ""},
	{"YM-04", "alias bomb", "text/alias-bomb", ""},
	{"YM-05", "duplicate keys and members", "text/duplicate-key tar/duplicate-name zip/duplicate-name", ""},

	{"AR-01", "escape", "zip/path-escape tar/path-escape sevenzip/path-escape rar/path-escape", ""},
	{"AR-02", "headers that contradict each other", "zip/header-mismatch zip/name-mismatch tar/name-mismatch tar/size-mismatch", ""},
	{"AR-03", "duplicate and case-folded names", "zip/duplicate-name zip/case-duplicate tar/duplicate-name sevenzip/duplicate-name rar/duplicate-name repository/case-folded", ""},
	{"AR-04", "checksums and flag bits", "zip/bad-crc zip/flags", "a wrong checksum in a 7z, gzip or xz stream is a gap, after its content was scanned"},
	{"AR-05", "prefix, suffix, several directories", "zip/prefix zip/trailing zip/ambiguous-directory zip/gap tar/data-after-end sevenzip/trailing-data rar/trailing-data compress/hidden-data", ""},
	{"AR-06", "bombs", "zip/overlap", "ratio, total, number and depth are limits of the core: reaching one is a gap of the kind limit, and the gate fails"},
	{"AR-07", "nesting, unsupported methods", "", "a gap of the kind limit or unsupported, and the gate fails"},
	{"AR-08", "encrypted members", "zip/encrypted", "and a gap; in 7z and rar a gap alone"},
	{"NA-01", "native code", "script/native-code script/bytecode repository/embedded-program", "weights are searched when every byte is read: by gate, not by scan"},

	{"AD-01", "names of the tensors of an adapter", "repository/adapter-tensor gguf/adapter", ""},
	{"AD-02", "pairs and rank", "repository/adapter-pair", ""},
	{"AD-03", "dimensions of the base", "repository/adapter-shape", "when the base is in the same repository"},
	{"AD-04", "whole weights", "repository/adapter-tensor", ""},
	{"AD-05", "scaling, NaN", "repository/adapter-scaling", "weights are not searched for NaN: they break a model and steer none"},
	{"AD-06", "size against the base, extra files", "repository/adapter-tensor", "without the base there is nothing to compare the size with; extra files are scanned like all others"},
	{"AD-07", ".bin is a pickle", "pickle/dangerous-call pickle/unknown-call", ""},

	{"TK-01", "ids unique and contiguous", "tokenizer/duplicate-id tokenizer/hole sentencepiece/duplicate-piece", ""},
	{"TK-02", "vocabulary and embeddings", "repository/vocabulary-size gguf/vocabulary", ""},
	{"TK-03", "special tokens everywhere the same", "repository/token-mismatch tokenizer/token-mismatch", "ids by text and texts by id; eos_token and bos_token by their names"},
	{"TK-04", "odd added tokens", "tokenizer/odd-token sentencepiece/piece-text", ""},
	{"TK-05", "replacing text", "tokenizer/rewrite sentencepiece/charsmap", ""},
	{"TK-06", "inserted tokens", "tokenizer/inserted-tokens", ""},
	{"TK-07", "expensive expressions", "tokenizer/regex", ""},
	{"TK-08", "differs from the base", "", "two repositories are not compared here; the fact tokenizer/sha256 of two reports tells"},

	{"CX-01", "index, shards, headers", "repository/index-missing-shard repository/index-tensor repository/index-format repository/unlisted-tensor repository/unlisted-shard repository/duplicate-tensor", ""},
	{"CX-02", "tokenizer, embeddings, configuration", "repository/vocabulary-size repository/token-mismatch", ""},
	{"CX-03", "adapter and base", "repository/adapter-shape repository/adapter-pair repository/adapter-tensor", ""},
	{"CX-04", "templates", "repository/template-differs", ""},
	{"CX-05", "pointers and bytes", "text/lfs-pointer", "a digest that a store declares is compared with the bytes; a difference is a gap of the kind digest"},
	{"CX-06", "members without a reference", "zip/unlisted-entry", allScanned},
	{"CX-07", "two formats of the same weights", "repository/several-formats repository/conversion", "bytes are compared when every byte is read: by gate, not by scan"},
	{"CX-08", "modules that a configuration names", "repository/missing-module", ""},
	{"CX-09", "claims of the card", "repository/claim", "the base model; a licence that contradicts the file's is told by the BOM"},
	{"CX-10", "base of a GGUF", "repository/claim", ""},
	{"CX-11", "programs beside weights", "script/native-code python/dangerous-chain shell/dangerous-command", ""},
	{"CX-12", "persistent ids and members", "pickle/storage-missing pickle/storage-size", ""},
	{"CX-13", "external data and siblings", "repository/data-missing repository/data-range repository/data-unclaimed", ""},
}

// counts is how many checks each prefix has: none may be dropped.
var counts = map[string]int{"ST": 16, "TS": 6, "PE2": 3, "ET": 3, "SK": 8, "XG": 1, "LG": 1, "KR": 8, "H5": 10, "TF": 7, "TL": 5, "OX": 8, "GG": 9, "JT": 7,
	"PY": 4, "YM": 5, "AR": 8, "NA": 1, "AD": 7, "TK": 8, "CX": 13}

// identified are formats that are recognised and not analysed: each is a gap, so
// that its repository does not pass by itself.
var identified = [][2]string{
	{"GGML, GGMF, GGJT", "gguf/legacy: convert the model to GGUF"},
	{"programs and libraries of every platform, llamafile", "script/native-code"},
	{"source of C, C++, CUDA, JavaScript, TypeScript, R, Rust, Cython and other languages; notebook cells in them", "script/source-code, or a gap: only Python and shells are analysed"},
	{"bytecode of Python, Java, WebAssembly, Lua, Dalvik", "script/bytecode"},
	{"7z members in PPMd, with filters for machine code, or encrypted", "a gap that says so"},
	{"compressed and encrypted members of rar archives", "a gap that says so; stored members are scanned"},
}

// TestFormats: every check of the list is made by a rule that exists, or says why
// not; and docs/formats.md says so.
func TestFormats(t *testing.T) {
	rules := make(map[string]bool)
	for _, s := range formats.Scanners() {
		for _, r := range s.Info().Rules {
			rules[r.ID] = true
		}
	}
	seen := make(map[string]int)
	ids := make(map[string]bool)
	id := regexp.MustCompile(`^([A-Z]+[0-9]?)-([0-9]{2})$`)
	for _, c := range checks {
		m := id.FindStringSubmatch(c.id)
		if m == nil || ids[c.id] {
			t.Errorf("%q is no id, or there twice", c.id)
			continue
		}
		ids[c.id] = true
		seen[m[1]]++
		if m[2] != fmt.Sprintf("%02d", seen[m[1]]) {
			t.Errorf("%s stands where %s-%02d belongs", c.id, m[1], seen[m[1]])
		}
		for rule := range strings.FieldsSeq(c.rules) {
			if !rules[rule] {
				t.Errorf("%s: there is no rule %s", c.id, rule)
			}
		}
		if c.rules == "" && c.left == "" {
			t.Errorf("%s: no rule, and no reason", c.id)
		}
	}
	for prefix, n := range counts {
		if seen[prefix] != n {
			t.Errorf("%d checks %s, want %d", seen[prefix], prefix, n)
		}
	}
	if *update {
		write(t, "docs/formats.md", formatsPage())
	}
	have, err := os.ReadFile("docs/formats.md")
	for _, c := range checks { // that the rest is current is for `make generate` and CI
		if !bytes.Contains(have, []byte("| "+c.id+" | "+c.what+" |")) {
			t.Errorf("docs/formats.md does not have %s as it is here: make generate (%v)", c.id, err)
		}
	}
}

// formatsPage is docs/formats.md.
func formatsPage() []byte {
	var b bytes.Buffer
	b.WriteString("# Formats\n\nGenerated by `make generate` from the list of scanners and from the list of checks in `formats_test.go`.\n\n")
	b.WriteString("A file is recognised by its content; a name may add a scanner and never removes one, and every scanner that matches runs.\n")
	b.WriteString("A file that no scanner knows, or of which bytes are left over, is incomplete, and the gate fails.\n\n")
	b.WriteString("## What is parsed\n\n| Scanner | Format | Rules |\n|---|---|---:|\n")
	for _, s := range formats.Scanners() {
		info := s.Info()
		fmt.Fprintf(&b, "| `%s` | %s | %d |\n", info.Name, info.Title, len(info.Rules))
	}
	b.WriteString("\n## What is only identified\n\n| Format | What is said of it |\n|---|---|\n")
	for _, f := range identified {
		fmt.Fprintf(&b, "| %s | %s |\n", f[0], f[1])
	}
	b.Write(runnersTable())
	b.WriteString("\n## What is checked\n\nThe identifiers of checks (`ST-01`) are stable, so that a review can cite them; the letters stand for the format. They are not those of rules, which a finding names. The rules are described in [rules.md](rules.md).\n\n| Check | What | Rules | Left out, or made elsewhere |\n|---|---|---|---|\n")
	for _, c := range checks {
		names := strings.Fields(c.rules)
		for i, n := range names {
			names[i] = "`" + n + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.id, c.what, strings.Join(names, ", "), c.left)
	}
	return b.Bytes()
}

// TestScannerTitles: two scanners of the same title could not be told apart there.
func TestScannerTitles(t *testing.T) {
	var titles []string
	for _, s := range formats.Scanners() {
		if slices.Contains(titles, s.Info().Title) {
			t.Errorf("%q twice", s.Info().Title)
		}
		titles = append(titles, s.Info().Title)
	}
}
