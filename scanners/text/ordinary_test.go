package text

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// The shapes of files that popular repositories have, written here from scratch.
var ordinary = map[string]string{
	"config.json": `{
  "_name_or_path": "./out", "architectures": ["LlamaForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1,
  "hidden_act": "silu", "hidden_size": 64, "initializer_range": 0.02, "model_type": "llama", "rope_scaling": null,
  "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.45.0", "use_cache": true,
  "_attn_implementation_autoset": true, "vocab_size": 512, "id2label": {"0": "NEG", "1": "POS"}
}
`,
	"generation_config.json":  `{"bos_token_id": 1, "eos_token_id": [2, 3], "temperature": 0.6, "top_p": 9.5e-1, "_from_model_config": true}`,
	"special_tokens_map.json": `{"bos_token": {"content": "<s>", "lstrip": false, "normalized": false}, "additional_special_tokens": ["<|im_start|>"]}`,
	"tokenizer_config.json": `{"added_tokens_decoder": {"0": {"content": "<unk>", "special": true}}, "model_max_length": 1000000000000000019884624838656,
  "chat_template": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  "tokenizer_class": "LlamaTokenizer", "use_default_system_prompt": false}`,
	"model.safetensors.index.json": `{"metadata": {"total_size": 14483464192}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}}`,
	"model_index.json":             `{"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.21.4", "unet": ["diffusers", "UNet2DConditionModel"]}`,
	"modules.json":                 `[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]`,
	"adapter_config.json":          `{"auto_mapping": null, "base_model_name_or_path": "org/base", "peft_type": "LORA", "r": 8, "target_modules": ["q_proj"]}`,
	"trainer_state.json":           `{"best_metric": null, "log_history": [{"loss": NaN, "step": 10}, {"grad_norm": Infinity}]}`,
	"README.md": "---\nlicense: apache-2.0\nlanguage:\n- en\nbase_model: org/base\ntags:\n- text-generation\n---\n# Model\n" +
		"<p align=\"center\"><img src=\"https://example.org/x.png\" width=\"100\"/></p>\n\n```python\nfrom transformers import AutoModel\n```\n| a | b |\n|---|---|\n😀 ünïcödé — “quotes” ‍\n",
	".gitattributes":                 "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
	"LICENSE":                        "                                 Apache License\n                           Version 2.0, January 2004\n\f\nTERMS\n",
	"LICENSE.txt":                    "Copyright © 2026\r\nPermission is hereby granted, free of charge\r\n",
	"vocab.txt":                      "[PAD]\n[UNK]\n!\n\"\n#\n##s\n#!\nthe\nか\n\u200b\n\u202e\n",
	"merges.txt":                     "#version: 0.2\nĠ t\nh e\nĠt he\n",
	"vocab.json":                     `{"!": 0, "\"": 1, "Ġthe": 262, "<|endoftext|>": 50256, "auto_map": 7, "\ud83d": 8}`,
	"train.csv":                      "text,label\n\"a, \"\"quoted\"\" one\",1\n=SUM(A1),0\n",
	"train.jsonl":                    "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\\u202e\", \"label\": 0}\n",
	"rows.json":                      `[{"type": "x", "class_name": "math 101"}, {"module": "intro"}]`,
	"empty.jsonl":                    "\n\n",
	"requirements.txt":               "torch>=2.0\ntransformers==4.45.0\n",
	"hparams.yaml":                   "lr: 1e-4\nnote: 'stop!'\nanchors: &a [1, 2]\nuse: *a\npair: !!python/tuple [1, 2]\n",
	"environment.yml":                "name: x\ndependencies:\n  - python=3.11\n  - pip:\n      - numpy\n",
	"pyproject.toml":                 "[project]\nname = \"x\"\n",
	"chat_template.jinja":            "{%- set ns = namespace(found=false) %}\n{%- for message in messages | reverse %}\n{{- message.content | tojson }}\n{%- endfor %}\n",
	"archive/version":                "3\n",
	"archive/byteorder":              "little",
	"archive/.data/serialization_id": "1234567890123456789012345678901234567890",
	"sentencepiece.vocab":            "<unk>\t0\n<0x00>\t0\n▁the\t-3.2\n",
	"train.log":                      "\x1b[32mINFO\x1b[0m step 1\r\x1b[K step 2\n",
	"CITATION.cff":                   "cff-version: 1.2.0\nauthors:\n  - family-names: Doe\n",
	"legacy.csv":                     "name\nJos\xe9\n",
}

func TestOrdinary(t *testing.T) {
	for name, text := range ordinary {
		scannertest.Harmless(t, list, name, []byte(text))
		scannertest.Harmless(t, list, "deep/folder/"+name, []byte(text))
	}
}

// A tokenizer lists every character there is.
func TestTokenizerWithAllCharacters(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "special": true}], "model": {"type": "BPE", "vocab": {"<s>": 0`)
	id := 1
	for r := rune(0x20); r < 0xe0200; r++ {
		if r == '"' || r == '\\' || r >= 0xd800 && r < 0xe000 || r >= 0x3000 && r < 0xd000 && r%16 != 0 || r >= 0x20000 && r < 0xe0000 {
			continue
		}
		fmt.Fprintf(&b, ",\n\"%c\": %d", r, id)
		id++
	}
	b.WriteString(`}, "merges": ["a b", ["c", "d"]]}}`)
	scannertest.Harmless(t, list, "tokenizer.json", []byte(b.String()))
}

func TestFacts(t *testing.T) {
	for name, want := range map[string]string{
		"config.json": "[{text/config/architectures LlamaForCausalLM} {text/config/hidden_size 64} {text/config/model_type llama} " +
			"{text/config/torch_dtype bfloat16} {text/config/transformers_version 4.45.0} {text/config/vocab_size 512}]",
		"README.md": "[{text/card/base_model org/base} {text/card/language en} {text/card/license apache-2.0} {text/card/tags text-generation}]",
	} {
		if got := fmt.Sprint(scannertest.Scan(list, name, []byte(ordinary[name])).Facts); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
