package repository_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/all"
	"assay/scanners/repository"
	"assay/scanners/scannertest"
)

// repo is the files of an artifact.
type repo map[string]string

// with is a copy with other files in it; "" removes one.
func (r repo) with(pairs ...string) repo {
	out := maps.Clone(r)
	for i := 0; i < len(pairs); i += 2 {
		if out[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(out, pairs[i])
		}
	}
	return out
}

type content struct{ *strings.Reader }

func (content) Close() error { return nil }

// cross scans every file and compares them, as the pipeline does.
func cross(t *testing.T, r repo) scanners.CrossResult {
	t.Helper()
	var files []scanners.CrossFile
	for _, name := range slices.Sorted(maps.Keys(r)) {
		data := r[name]
		files = append(files, scanners.CrossFile{
			Name: name, Size: int64(len(data)), Report: scannertest.Scan(all.Scanners(), name, []byte(data)),
			Open: func(context.Context) (scanners.CrossContent, error) { return content{strings.NewReader(data)}, nil },
		})
	}
	result, err := scanners.Cross(t.Context(), []scanners.Scanner{repository.New()}, files)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// tensors is a safetensors file. Each tensor is "name rows columns"; its numbers
// are those of seed.
func tensors(seed byte, list ...string) string {
	var header strings.Builder
	var data []byte
	for _, spec := range list {
		var name string
		var rows, columns int
		_, _ = fmt.Sscan(spec, &name, &rows, &columns)
		size := 4 * rows * columns
		if header.Len() > 0 {
			header.WriteByte(',')
		}
		fmt.Fprintf(&header, `%q:{"dtype":"F32","shape":[%d,%d],"data_offsets":[%d,%d]}`, name, rows, columns, len(data), len(data)+size)
		data = append(data, bytes.Repeat([]byte{seed, 0, 0, 63}, rows*columns)...)
	}
	text := "{" + header.String() + "}"
	text += strings.Repeat(" ", (8-len(text)%8)%8)
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text + string(data)
}

// torch is a file of torch.save with one matrix under a name.
func torch(seed byte, name string, rows, columns int) string {
	numel := rows * columns
	var p bytes.Buffer
	p.WriteString("\x80\x02}q\x00X")
	_ = binary.Write(&p, binary.LittleEndian, uint32(len(name)))
	p.WriteString(name + "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuM")
	_ = binary.Write(&p, binary.LittleEndian, uint16(numel))
	fmt.Fprintf(&p, "tQK\x00K%cK%c\x86K%cK\x01\x86\x89ccollections\nOrderedDict\n)RtRs.", rows, columns, columns)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for member, data := range map[string]string{"archive/data.pkl": p.String(), "archive/data/0": strings.Repeat(string([]byte{seed, 0, 0, 63}), numel), "archive/version": "3\n"} {
		f, _ := w.CreateHeader(&zip.FileHeader{Name: member, Method: zip.Store})
		_, _ = io.WriteString(f, data)
	}
	_ = w.Close()
	return b.String()
}

// gguf is a GGUF file of strings and one matrix of embeddings.
func gguf(pairs ...string) string {
	text := func(s string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, uint64(len(s))), s...)
	}
	b := []byte("GGUF\x03\x00\x00\x00")
	b = binary.LittleEndian.AppendUint64(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, text(pairs[i])...)
		if pairs[i] == "general.base_model.count" {
			b = append(b, 4, 0, 0, 0, 1, 0, 0, 0)
			continue
		}
		b = append(append(b, 8, 0, 0, 0), text(pairs[i+1])...)
	}
	return string(b) + strings.Repeat("\x00", (32-len(b)%32)%32)
}

func index(pairs ...string) string {
	weights := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		weights[pairs[i]] = pairs[i+1]
	}
	out, _ := json.Marshal(map[string]any{"metadata": map[string]int{"total_size": 1}, "weight_map": weights})
	return string(out)
}

const (
	one = "model-00001-of-00002.safetensors"
	two = "model-00002-of-00002.safetensors"
)

var (
	sharded = repo{
		one: tensors(1, "model.embed_tokens.weight 4 2"), two: tensors(2, "lm_head.weight 4 2"),
		"model.safetensors.index.json": index("model.embed_tokens.weight", one, "lm_head.weight", two),
		"config.json":                  `{"model_type": "llama", "vocab_size": 4}`,
		"tokenizer.json":               `{"added_tokens": [{"id": 0, "content": "<s>"}], "model": {"type": "BPE", "vocab": {"<s>": 0, "a": 1, "b": 2, "c": 3}}}`,
		"vocab.json":                   `{"<s>": 0, "a": 1, "b": 2, "c": 3}`,
		"tokenizer_config.json":        `{"added_tokens_decoder": {"0": {"content": "<s>"}}, "chat_template": "{{ messages[0].content }}"}`,
	}
	lora = repo{
		"adapter_config.json":       `{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "base_model_name_or_path": "org/base"}`,
		"adapter_model.safetensors": tensors(1, "base_model.model.model.layers.0.q_proj.lora_A.weight 2 4", "base_model.model.model.layers.0.q_proj.lora_B.weight 6 2"),
		"README.md":                 "---\nbase_model: org/base\n---\n",
	}
	converted = repo{"model.safetensors": tensors(1, "a.weight 2 3", "b 1 1"), "pytorch_model.bin": torch(1, "a.weight", 2, 3)}
	prompt    = "{{ messages[0].content }}"
)

func lowRank(a, b string, more ...string) string {
	const module = "base_model.model.model.layers.0.q_proj.lora_"
	return tensors(1, append([]string{module + "A.weight " + a, module + "B.weight " + b}, more...)...)
}

func crossRefs(t *testing.T, refs []scanners.Ref, data string) scanners.CrossResult {
	t.Helper()
	graph := scanners.CrossFile{Name: "onnx/model.onnx", Report: scanners.FileReport{Outline: scanners.Outline{Refs: refs}}}
	weights := scanners.CrossFile{Name: "onnx/model.onnx_data", Size: int64(len(data)), Report: scannertest.Scan(all.Scanners(), "onnx/model.onnx_data", []byte(data)),
		Open: func(context.Context) (scanners.CrossContent, error) { return content{strings.NewReader(data)}, nil }}
	result, err := scanners.Cross(t.Context(), []scanners.Scanner{repository.New()}, []scanners.CrossFile{graph, weights})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func data(name string, off, n int64) scanners.Ref {
	return scanners.Ref{Kind: scanners.RefData, Name: name, Key: "w", Span: scanners.Span{Off: off, Len: n}}
}

// samples are repositories in which a rule must fire, and others in which it must
// not.
var samples = []struct {
	rule      string
	hit, miss repo
	severity  scanners.Severity
}{
	{"index-missing-shard", sharded.with(two, ""), sharded, scanners.Medium},
	{"index-missing-shard", repo{"m-00001-of-00003.gguf": gguf(), "m-00003-of-00003.gguf": gguf()}, repo{"m-00001-of-00001.gguf": gguf()}, scanners.Medium},
	{"index-tensor", sharded.with("model.safetensors.index.json", index("model.embed_tokens.weight", two, "lm_head.weight", one)), sharded, scanners.High},
	{"index-tensor", sharded.with(two, tensors(2, "other 4 2")), sharded, scanners.Medium},
	{"index-format", sharded.with("model.safetensors.index.json", index("lm_head.weight", "pytorch_model.bin")), sharded, scanners.High},
	{"unlisted-tensor", sharded.with(two, tensors(2, "lm_head.weight 4 2", "extra 1 1")), sharded, scanners.Medium},
	{"unlisted-shard", sharded.with("model.safetensors.index.json", index("model.embed_tokens.weight", one)), sharded, scanners.Medium},
	{"duplicate-tensor", sharded.with(two, tensors(2, "lm_head.weight 4 2", "model.embed_tokens.weight 5 2")), sharded, scanners.High},
	{"duplicate-tensor", sharded.with(two, tensors(2, "lm_head.weight 4 2", "model.embed_tokens.weight 4 2")), sharded, scanners.Medium},
	{"missing-module", repo{"config.json": `{"auto_map": {"AutoModel": "modeling_x.X"}}`},
		repo{"config.json": `{"auto_map": {"AutoModel": "modeling_x.X"}}`, "modeling_x.py": "# nothing\n"}, scanners.Low},
	{"token-mismatch", sharded.with("vocab.json", `{"<s>": 0, "b": 1, "a": 2, "c": 3}`), sharded, scanners.High},
	{"token-mismatch", sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"0": {"content": "</s>"}}}`), sharded.with("added_tokens.json", `{"<s>": 0}`), scanners.High},
	{"vocabulary-size", sharded.with("config.json", `{"vocab_size": 5}`), sharded, scanners.Medium},
	{"vocabulary-size", sharded.with("tokenizer.json", strings.Replace(sharded["tokenizer.json"], `"c": 3`, `"c": 3, "d": 4`, 1), "vocab.json", ""), sharded, scanners.High},
	{"vocabulary-size", sharded.with("tokenizer.json", strings.Replace(sharded["tokenizer.json"], `"<s>"}`, `"<s>"}, {"id": 4, "content": "<pad>"}`, 1)), sharded, scanners.Medium},
	{"template-differs", repo{"tokenizer_config.json": sharded["tokenizer_config.json"], "m.gguf": gguf("tokenizer.chat_template", prompt+"x")},
		repo{"tokenizer_config.json": sharded["tokenizer_config.json"], "m.gguf": gguf("tokenizer.chat_template", prompt+"\n")}, scanners.High},
	{"template-differs", repo{"a.gguf": gguf("tokenizer.chat_template", prompt), "b.gguf": gguf("tokenizer.chat_template", prompt+"x")},
		repo{"a.gguf": gguf("tokenizer.chat_template", prompt), "b.gguf": gguf("tokenizer.chat_template", prompt)}, scanners.Medium},
	{"template-differs", sharded.with("chat_template.jinja", prompt+"x"), sharded.with("chat_template.jinja", prompt), scanners.Medium},
	{"adapter-tensor", lora.with("adapter_model.safetensors", lowRank("2 4", "6 2", "base_model.model.lm_head.weight 9 2")), lora, scanners.High},
	{"adapter-tensor", lora.with("adapter_model.safetensors", lowRank("2 4", "6 2", "base_model.model.score.weight 9 2")),
		lora.with("adapter_model.safetensors", lowRank("2 4", "6 2", "base_model.model.score.weight 9 2"), "adapter_config.json", `{"r": 2, "modules_to_save": ["score"]}`), scanners.Medium},
	{"adapter-pair", lora.with("adapter_model.safetensors", lowRank("2 4", "6 3")), lora, scanners.Medium},
	{"adapter-pair", lora.with("adapter_config.json", `{"r": 16}`), lora.with("adapter_config.json", `{"r": 2}`), scanners.Medium},
	{"adapter-pair", lora.with("adapter_model.safetensors", tensors(1, "base_model.model.q_proj.lora_A.weight 2 4")), lora, scanners.Medium},
	{"adapter-shape", lora.with("model.safetensors", tensors(1, "model.layers.0.q_proj.weight 6 5")), lora.with("model.safetensors", tensors(1, "model.layers.0.q_proj.weight 6 4")), scanners.High},
	{"adapter-scaling", lora.with("adapter_config.json", `{"r": 2, "lora_alpha": 512}`), lora, scanners.Low},
	{"adapter-base", lora.with("adapter_config.json", `{"r": 2, "base_model_name_or_path": "org/base", "revision": "main"}`),
		lora.with("adapter_config.json", `{"r": 2, "base_model_name_or_path": "org/base", "revision": "0123456789abcdef0123456789abcdef01234567"}`), scanners.Informational},
	{"several-formats", converted, converted.with("pytorch_model.bin", torch(1, "c.weight", 2, 3)), scanners.Informational},
	{"conversion", converted.with("pytorch_model.bin", torch(2, "a.weight", 2, 3)), converted, scanners.High},
	{"conversion", converted.with("pytorch_model.bin", torch(1, "a.weight", 3, 2)), converted, scanners.High},
	{"conversion", nil, repo{"epoch1.safetensors": tensors(1, "a.weight 2 3"), "epoch2.pt": torch(2, "a.weight", 2, 3)}, 0},
	{"conversion", repo{"epoch1.safetensors": tensors(1, "a.weight 2 3"), "epoch1.pt": torch(2, "a.weight", 2, 3)}, converted, scanners.High},
	{"token-mismatch", sharded.with("added_tokens.json", `{"</s>": 0}`), sharded, scanners.Medium},
	{"token-mismatch", sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"7": {"content": "<s>"}}}`),
		sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"0": {"content": "<s>"}, "9": {"content": "<new>"}}}`), scanners.High},
	{"token-mismatch", sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"5": {"content": "c"}}}`),
		sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"3": {"content": "c"}}}`), scanners.High},
	{"token-mismatch", sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"2": {"content": "<eos>"}}}`),
		sharded.with("tokenizer_config.json", `{"added_tokens_decoder": {"2": {"content": "Ġ b"}}}`), scanners.High},
	{"token-mismatch", sharded.with("added_tokens.json", `{"<s>": 7}`), sharded.with("added_tokens.json", `{"<new>": 7}`), scanners.Medium},
	{"token-mismatch", sharded.with("tokenizer_config.json", `{"eos_token": "a", "bos_token": "<s>"}`, "special_tokens_map.json", `{"eos_token": {"content": "<s>"}}`),
		sharded.with("tokenizer_config.json", `{"eos_token": "<s>", "bos_token": null}`, "special_tokens_map.json", `{"eos_token": {"content": "<s>"}, "bos_token": "<s>"}`), scanners.Medium},
	{"adapter-tensor", nil, lora.with("adapter_model.safetensors", tensors(1, "prompt_embeddings 8 4")), 0},
	{"claim", lora.with("README.md", "---\nbase_model: other/base\n---\n"), lora, scanners.Medium},
	{"claim", repo{"README.md": "---\nbase_model: org/base\n---\n", "m.gguf": gguf("general.base_model.count", "1", "general.base_model.0.repo_url", "https://huggingface.co/other/base")},
		repo{"README.md": "---\nbase_model: org/base\n---\n", "m.gguf": gguf("general.base_model.count", "1", "general.base_model.0.repo_url", "https://huggingface.co/org/base")}, scanners.Low},
	{"claim", nil, lora.with("adapter_config.json", `{"r": 2, "base_model_name_or_path": "/content/base"}`), 0},
	{"case-folded", repo{"model.safetensors": tensors(1, "a 1 1"), "Model.safetensors": tensors(2, "a 1 1")}, sharded, scanners.Medium},
	{"wrong-content", repo{"pytorch_model.bin": page}, repo{"index.html": page, "model.bin": torch(1, "a.weight", 2, 3)}, scanners.High},
	{"wrong-content", repo{"model.npy": "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"}, repo{"a.xml": "<?xml version=\"1.0\"?><a/>"}, scanners.High},
	{"wrong-content", repo{"model.onnx": "Access denied\n"}, repo{"model.txt": "Access denied\n", "m.model": "Access denied\n"}, scanners.High},
	{"wrong-content", repo{"a.h5": `{"error": "not found"}`},
		repo{"a.h5": "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 3\n"}, scanners.High},
	{"deceptive-name", repo{"weights\u202egnp.py": "# nothing\n"}, repo{"größe.txt": "x", "か.txt": "x"}, scanners.High},
}

// page is what a server sends instead of a file.
const page = "<!DOCTYPE html><html><body>404 Not Found</body></html>"

// TestWrongContent: no name of weights is left out.
func TestWrongContent(t *testing.T) {
	for _, name := range []string{"pytorch_model.bin", "m.pt", "m.pth", "m.ckpt", "m.pkl", "m.joblib", "m.h5", "m.keras", "m.npy", "m.npz", "m.pb", "m.tflite", "m.onnx", "a/M.PT"} {
		if worst, ok := found(cross(t, repo{name: page}), "repository/wrong-content"); !ok || worst != scanners.High {
			t.Errorf("%s: %v %s", name, ok, worst)
		}
	}
}

// TestRules: every rule has a repository in which it fires, and one in which it
// must not.
func TestRules(t *testing.T) {
	hits, misses := make(map[string]bool), make(map[string]bool)
	for i, s := range samples {
		id := "repository/" + s.rule
		if s.hit != nil {
			hits[id] = true
			if worst, ok := found(cross(t, s.hit), id); !ok || worst != s.severity {
				t.Errorf("%s, sample %d: fired: %v, %s; want %s", s.rule, i, ok, worst, s.severity)
			}
		}
		misses[id] = true
		if _, ok := found(cross(t, s.miss), id); ok {
			t.Errorf("%s, sample %d: fires where it must not: %+v", s.rule, i, cross(t, s.miss).Findings)
		}
	}
	for id := range map[string]bool{"repository/embedded-program": true, "repository/data-missing": true, "repository/data-range": true, "repository/data-unclaimed": true} {
		hits[id], misses[id] = true, true // TestData
	}
	for _, r := range repository.New().Info().Rules {
		if !hits[r.ID] || !misses[r.ID] {
			t.Errorf("%s: no sample for it, or none against", r.ID)
		}
	}
}

// found returns the worst severity with which a rule fired.
func found(r scanners.CrossResult, rule string) (scanners.Severity, bool) {
	worst, ok := scanners.Informational, false
	for _, f := range r.Findings {
		if f.Rule == rule {
			worst, ok = min(worst, f.Severity), true
		}
	}
	return worst, ok
}

// TestOrdinary: repositories that agree with themselves give no finding above info.
func TestOrdinary(t *testing.T) {
	for what, r := range map[string]repo{"sharded": sharded, "adapter": lora, "converted": converted, "nothing": {},
		"kohya": {"lora.safetensors": tensors(1, "lora_unet_down_blocks_0.lora_down.weight 2 4", "lora_unet_down_blocks_0.lora_up.weight 4 2", "lora_unet_down_blocks_0.alpha 1 1")}} {
		for _, f := range cross(t, r).Findings {
			if f.Severity.AtLeast(scanners.Low) {
				t.Errorf("%s: %+v", what, f)
			}
		}
	}
}

// TestAdapterNames: what peft and the trainers of image models write is no whole
// weight (peft/tuners; kohya-ss/sd-scripts, networks/lora.py).
func TestAdapterNames(t *testing.T) {
	const module = "base_model.model.model.layers.0.self_attn.q_proj."
	for _, name := range []string{
		module + "lora_embedding_A", module + "lora_magnitude_vector.weight", module + "lora_A.default.weight", module + "ia3_l", module + "hada_w1_a",
		module + "lokr_w2", module + "oft_r.default", module + "boft_R.default", module + "vera_lambda_b", module + "lora_E", module + "fourierft_spectrum",
		"unet.down_blocks.0.attentions.0.to_q.lora.down.weight", "lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha", "prompt_embeddings",
	} {
		if _, ok := found(cross(t, lora.with("adapter_model.safetensors", tensors(1, name+" 2 4"))), "repository/adapter-tensor"); ok {
			t.Errorf("%s passes for a whole weight", name)
		}
	}
}

// TestData: tensors that a graph keeps in another file.
func TestData(t *testing.T) {
	whole := strings.Repeat("\x01", 100)
	for what, c := range map[string]struct {
		refs  []scanners.Ref
		data  string
		rule  string
		plain bool
	}{
		"in order":          {[]scanners.Ref{data("model.onnx_data", 0, 40), data("model.onnx_data", 48, 52)}, whole, "", true},
		"the whole file":    {[]scanners.Ref{data("model.onnx_data", 0, 0)}, whole, "", true},
		"beyond the end":    {[]scanners.Ref{data("model.onnx_data", 50, 60)}, whole, "data-range", false},
		"before the start":  {[]scanners.Ref{data("model.onnx_data", -1, 60)}, whole, "data-range", false},
		"not there":         {[]scanners.Ref{data("other.bin", 0, 0)}, whole, "data-missing", false},
		"out of the folder": {[]scanners.Ref{data("../../etc/passwd", 0, 0)}, whole, "data-missing", false},
		"aligned":           {[]scanners.Ref{data("model.onnx_data", 0, 100), data("model.onnx_data", 4096, 100)}, whole + strings.Repeat("\x00", 3996) + whole + strings.Repeat("\x00", 28), "", true},
		"a script behind":   {[]scanners.Ref{data("model.onnx_data", 0, 100)}, whole + "#!/bin/sh\necho assay-test-marker\n", "data-unclaimed", false},
		"a text between":    {[]scanners.Ref{data("model.onnx_data", 0, 100), data("model.onnx_data", 4096, 100)}, whole + strings.Repeat("echo ", 799) + "\n" + whole, "data-unclaimed", false},
		"a hidden part":     {[]scanners.Ref{data("model.onnx_data", 0, 100)}, whole + strings.Repeat("\x02", 70_000), "data-unclaimed", false},
	} {
		r := crossRefs(t, c.refs, c.data)
		if _, ok := found(r, "repository/"+c.rule); ok != (c.rule != "") || len(r.Findings) > 1 {
			t.Errorf("%s: %+v", what, r.Findings)
		}
		plain := len(r.Plain) == 1 && r.Plain[0].Spans.Total(int64(len(c.data))) == int64(len(c.data))
		if plain != c.plain {
			t.Errorf("%s: plain %+v", what, r.Plain)
		}
	}
}

// TestUncompared: without the content, nothing is said about the numbers.
func TestUncompared(t *testing.T) {
	var files []scanners.CrossFile
	for _, name := range []string{"model.safetensors", "pytorch_model.bin"} {
		text := converted.with("pytorch_model.bin", torch(2, "a.weight", 2, 3))[name]
		files = append(files, scanners.CrossFile{Name: name, Size: int64(len(text)), Report: scannertest.Scan(all.Scanners(), name, []byte(text))})
	}
	r := repository.New().Cross(t.Context(), files)
	if _, ok := found(r, "repository/conversion"); ok || len(r.Findings) != 1 || !strings.Contains(r.Findings[0].What, "0 were compared") {
		t.Errorf("%+v", r.Findings)
	}
}

// TestUnlistedOnce: as many indexes as shards do not make a report of each pair.
func TestUnlistedOnce(t *testing.T) {
	count := func(n int) int {
		r := repo{}
		for i := range n {
			r[fmt.Sprintf("m%d.safetensors.index.json", i)] = `{"weight_map":{"w":"m-00001-of-00099.safetensors"}}`
			r[fmt.Sprintf("m-%05d-of-00099.safetensors", i+1)] = tensors(1, fmt.Sprintf("w%d 1 1", i))
		}
		unlisted := 0
		for _, f := range cross(t, r).Findings {
			if f.Rule == "repository/unlisted-shard" {
				unlisted++
			}
		}
		return unlisted
	}
	if a, b := count(4), count(8); a != 3 || b != 7 {
		t.Errorf("%d and %d findings", a, b)
	}
}

// TestSameBytesSameReport: what is kept of many findings does not depend on the
// order of a map.
func TestSameBytesSameReport(t *testing.T) {
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprintf("base_model.model.l%d.q.lora_A.weight 8 4", i))
	}
	r := repo{"adapter_model.safetensors": tensors(1, list...), "adapter_config.json": `{"peft_type":"LORA","r":8}`}
	first := fmt.Sprint(cross(t, r))
	if !strings.Contains(first, "adapter-pair") {
		t.Fatal("no halves were found")
	}
	for range 3 {
		if again := fmt.Sprint(cross(t, r)); again != first {
			t.Fatalf("%s\n\n%s", first, again)
		}
	}
}
