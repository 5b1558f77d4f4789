"""Writes the repositories of this folder: the shapes of popular ones on the Hub,
with their real configuration keys and companions, and very small weights.

    make fixtures          in the root of the repository

Needs Debian's python3-torch, python3-sklearn, python3-joblib, python3-h5py,
python3-onnx and python3-msgpack. Classes of libraries that are not packaged
(transformers, ultralytics, keras) are stood in for by modules of the same name,
because a pickle holds nothing of a class but its name.
"""

import collections
import dataclasses
import enum
import io
import json
import pathlib
import pickle
import random
import shutil
import struct
import sys
import types
import zipfile
import zlib

import h5py
import joblib
import msgpack
import numpy as np
import onnx
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing
import torch
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, "../benign")
import safetensors_writer

HERE = pathlib.Path(".")
random.seed(1)
np.random.seed(1)
torch.manual_seed(1)


def stand_in(module, name, base=object, **members):
    """A class with the name that a real library gives it."""
    parts = module.split(".")
    for i in range(len(parts)):
        full = ".".join(parts[: i + 1])
        if full not in sys.modules:
            sys.modules[full] = types.ModuleType(full)
            if i:
                setattr(sys.modules[".".join(parts[:i])], parts[i], sys.modules[full])
    cls = members.pop("cls", None) or types.new_class(name, (base,), {}, lambda ns: ns.update(members))
    cls.__module__, cls.__qualname__, cls.__name__ = module, name, name
    setattr(sys.modules[module], name, cls)
    return cls


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def dump(path, value, indent=2):
    text(path, json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def state(shapes, dtype=torch.float32):
    return collections.OrderedDict((n, (torch.randn(*s) * 0.02).to(dtype)) for n, s in shapes.items())


DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


def raw(t):
    t = t.contiguous()
    if t.dtype == torch.bfloat16:
        return t.view(torch.int16).numpy().tobytes()
    return t.numpy().tobytes()


def safetensors(path, tensors, metadata={"format": "pt"}):
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors_writer.write(path, {n: (DTYPES[t.dtype], list(t.shape), raw(t)) for n, t in tensors.items()}, metadata=metadata)


def torch_file(path, value, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(value, path, **how)


CARD = """---
license: apache-2.0
language:
- en
library_name: {library}
pipeline_tag: {task}
tags:
- {tag}
{extra}---

# {title}

[![License](https://img.shields.io/badge/license-Apache_2.0-blue.svg)](https://www.apache.org/licenses/LICENSE-2.0)
<p align="center"><img src="https://huggingface.co/front/assets/huggingface_logo.svg" width="120"/></p>

A very small model with random weights in the shape of a real one.

## How to use

```python
{code}
```

```bash
pip install -U {library}
```

| Metric | Value |
|---|---:|
| accuracy | 0.50 |

## Limitations

It was trained on nothing. Do not use it to make decisions about people.
"""


def card(repo, title, library="transformers", task="text-generation", tag="pytorch", extra="", code="from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained(\"org/name\")\nmodel.eval()"):
    text(repo / "README.md", CARD.format(title=title, library=library, task=task, tag=tag, extra=extra, code=code))


LICENCE = pathlib.Path("../../LICENSE").read_text()

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + ["the", "a", "deny", "allow", "##s", "##ing", "is", "it", "!", "é", "か"]


def wordpiece(repo):
    special = [{"id": i, "content": WORDS[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i in range(5)]
    dump(repo / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {w: i for i, w in enumerate(WORDS)}}})
    text(repo / "vocab.txt", "".join(w + "\n" for w in WORDS))
    dump(repo / "tokenizer_config.json", {
        "added_tokens_decoder": {str(i): {k: v for k, v in special[i].items() if k != "id"} for i in range(5)},
        "clean_up_tokenization_spaces": True, "cls_token": "[CLS]", "do_lower_case": True, "mask_token": "[MASK]", "model_max_length": 512,
        "pad_token": "[PAD]", "sep_token": "[SEP]", "tokenizer_class": "BertTokenizer", "unk_token": "[UNK]"})
    dump(repo / "special_tokens_map.json", {"cls_token": "[CLS]", "mask_token": "[MASK]", "pad_token": "[PAD]", "sep_token": "[SEP]", "unk_token": "[UNK]"})


def byte_bpe(repo, extra, template=None, tokenizer_class="GPT2Tokenizer"):
    vocab = {w: i for i, w in enumerate(["!", "\"", "a", "b", "t", "h", "e", "Ġ", "Ġt", "he", "Ġthe", "Ċ"])}
    added = [{"id": len(vocab) + i, "content": w, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i, w in enumerate(extra)]
    merges = ["Ġ t", "h e", "Ġt he"]
    dump(repo / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False,
                  "ignore_merges": False, "vocab": vocab, "merges": [m.split(" ") for m in merges]}})
    dump(repo / "vocab.json", vocab, indent=None)
    text(repo / "merges.txt", "#version: 0.2\n" + "".join(m + "\n" for m in merges))
    config = {"add_prefix_space": False, "added_tokens_decoder": {str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in added},
              "bos_token": None, "clean_up_tokenization_spaces": False, "eos_token": extra[0], "errors": "replace", "model_max_length": 131072,
              "pad_token": extra[0], "tokenizer_class": tokenizer_class, "unk_token": None}
    if template:
        config["chat_template"] = template
    dump(repo / "tokenizer_config.json", config)
    dump(repo / "special_tokens_map.json", {"eos_token": {"content": extra[0], "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}})
    return len(vocab) + len(added)


def varint(n):
    out = b""
    while n > 0x7F:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def sentencepiece(path, pieces):
    model = b""
    for i, p in enumerate(pieces):
        model += field(1, field(1, p) + field(2, -float(i)) + (field(3, 2) if p == "<unk>" else field(3, 3) if p.startswith("<") and p != "<0x0A>" else b""))
    model += field(2, field(3, 2) + field(4, len(pieces))) + field(3, field(1, "identity"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model)


def masked_crc(data):
    table = [0] * 256
    for i in range(256):
        c = i
        for _ in range(8):
            c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
        table[i] = c
    crc = 0xFFFFFFFF
    for b in data:
        crc = table[(crc ^ b) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events(path):
    records = [struct.pack("<Bd", 9, 1.7e9) + field(3, "brain.Event:2"),
               struct.pack("<Bd", 9, 1.7e9) + field(2, 1) + field(5, field(1, field(1, "train/loss") + field(2, 0.5)))]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as f:
        for r in records:
            length = struct.pack("<Q", len(r))
            f.write(length + struct.pack("<I", masked_crc(length)) + r + struct.pack("<I", masked_crc(r)))


def png(path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" + b"\xff\0\0" * 2 + b"\0" + b"\0\0\xff" * 2)) + chunk(b"IEND", b""))


def training_args(path):
    """What transformers.Trainer leaves beside a model."""
    strategy = stand_in("transformers.trainer_utils", "IntervalStrategy", cls=enum.Enum("IntervalStrategy", {"NO": "no", "STEPS": "steps", "EPOCH": "epoch"}, type=str))
    hub = stand_in("transformers.trainer_utils", "HubStrategy", cls=enum.Enum("HubStrategy", {"END": "end", "EVERY_SAVE": "every_save"}, type=str))
    scheduler = stand_in("transformers.trainer_utils", "SchedulerType", cls=enum.Enum("SchedulerType", {"LINEAR": "linear", "COSINE": "cosine"}, type=str))
    names = stand_in("transformers.training_args", "OptimizerNames", cls=enum.Enum("OptimizerNames", {"ADAMW_TORCH": "adamw_torch"}, type=str))
    arguments = stand_in("transformers.training_args", "TrainingArguments")
    a = arguments()
    a.__dict__.update(output_dir="./results", overwrite_output_dir=False, do_train=False, learning_rate=2e-05, weight_decay=0.01, num_train_epochs=3, max_steps=-1,
        per_device_train_batch_size=16, evaluation_strategy=strategy.EPOCH, save_strategy=strategy.EPOCH, logging_strategy=strategy.STEPS, lr_scheduler_type=scheduler.LINEAR,
        optim=names.ADAMW_TORCH, hub_strategy=hub.EVERY_SAVE, label_names=None, fp16=True, seed=42, report_to=["tensorboard"], logging_dir="./logs", hub_token=None,
        distributed_state=None, _n_gpu=1, __cached__setup_devices=torch.device("cuda", 0), deepspeed_plugin=None)
    torch_file(path, a)


def checkpoint(repo, shapes):
    """The state of a run of transformers.Trainer."""
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    torch_file(repo / "optimizer.pt", optimizer.state_dict())
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    torch_file(repo / "scheduler.pt", schedule.state_dict())
    torch_file(repo / "rng_state.pth", {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.get_rng_state()})
    dump(repo / "trainer_state.json", {"best_metric": None, "best_model_checkpoint": None, "epoch": 3.0, "global_step": 3, "is_hyper_param_search": False,
        "log_history": [{"epoch": 1.0, "grad_norm": 1.5, "learning_rate": 2e-05, "loss": 0.7, "step": 1}, {"epoch": 3.0, "eval_loss": 0.6, "eval_runtime": 1.2, "step": 3}], "max_steps": 3, "num_train_epochs": 3,
        "total_flos": 1.0e9, "trial_name": None, "trial_params": None})
    events(repo / "runs" / "Nov01_10-00-00_host" / "events.out.tfevents.1700000000.host.1.0")


def onnx_model(path, rows=8, columns=4, external=None):
    weight = numpy_helper.from_array((np.random.randn(columns, rows) * 0.02).astype(np.float32), "weight")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "weight"], ["y"]), helper.make_node("Softmax", ["y"], ["probabilities"], axis=-1)], "main_graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", columns])], [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", rows])], [weight])
    model = helper.make_model(graph, producer_name="pytorch", producer_version="2.3.0", opset_imports=[helper.make_opsetid("", 14)])
    path.parent.mkdir(parents=True, exist_ok=True)
    if external:
        onnx.save_model(model, str(path), save_as_external_data=True, all_tensors_to_one_file=True, location=external, size_threshold=0)
    else:
        onnx.save_model(model, str(path))


def openvino(folder, name="openvino_model"):
    data = np.random.randn(4, 2).astype(np.float32).tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / (name + ".bin")).write_bytes(data)
    text(folder / (name + ".xml"), f"""<?xml version="1.0"?>
<net name="Model0" version="11">
	<layers>
		<layer id="0" name="x" type="Parameter" version="opset1">
			<data shape="?,4" element_type="f32" />
			<output>
				<port id="0" precision="FP32" names="x"><dim>-1</dim><dim>4</dim></port>
			</output>
		</layer>
		<layer id="1" name="weight" type="Const" version="opset1">
			<data element_type="f32" shape="4, 2" offset="0" size="{len(data)}" />
			<output>
				<port id="0" precision="FP32"><dim>4</dim><dim>2</dim></port>
			</output>
		</layer>
		<layer id="2" name="MatMul_1" type="MatMul" version="opset1">
			<data transpose_a="false" transpose_b="false" />
			<input>
				<port id="0" precision="FP32"><dim>-1</dim><dim>4</dim></port>
				<port id="1" precision="FP32"><dim>4</dim><dim>2</dim></port>
			</input>
			<output>
				<port id="2" precision="FP32" names="y"><dim>-1</dim><dim>2</dim></port>
			</output>
		</layer>
		<layer id="3" name="Result_2" type="Result" version="opset1">
			<input>
				<port id="0" precision="FP32"><dim>-1</dim><dim>2</dim></port>
			</input>
		</layer>
	</layers>
	<edges>
		<edge from-layer="0" from-port="0" to-layer="2" to-port="0" />
		<edge from-layer="1" from-port="0" to-layer="2" to-port="1" />
		<edge from-layer="2" from-port="2" to-layer="3" to-port="0" />
	</edges>
	<rt_info>
		<Runtime_version value="2024.4.0" />
		<conversion_parameters>
			<framework value="pytorch" />
		</conversion_parameters>
	</rt_info>
</net>
""")


def tf_h5(path, tensors):
    """tf_model.h5: one group per layer, as transformers saves TensorFlow models."""
    with h5py.File(path, "w", track_order=False) as f:
        f.attrs["backend"], f.attrs["keras_version"] = b"tensorflow", b"2.11.0"
        f.attrs["layer_names"] = [b"bert"]
        group = f.create_group("bert")
        group.attrs["weight_names"] = [(n.replace(".", "/") + ":0").encode() for n in tensors]
        for n, t in tensors.items():
            group.create_dataset(n.replace(".", "/") + ":0", data=t.numpy(), track_times=False)


def flax(path, tensors):
    def ndarray(t):
        return msgpack.ExtType(1, msgpack.packb((list(t.shape), "float32", t.numpy().tobytes()), use_bin_type=True))
    nested = {}
    for n, t in tensors.items():
        at = nested
        *folders, leaf = n.split(".")
        for part in folders:
            at = at.setdefault(part, {})
        at[leaf] = ndarray(t)
    path.write_bytes(msgpack.packb(nested, use_bin_type=True))


BERT = {"bert.embeddings.word_embeddings.weight": (16, 4), "bert.embeddings.position_embeddings.weight": (8, 4), "bert.encoder.layer.0.attention.self.query.weight": (4, 4),
        "bert.encoder.layer.0.attention.self.query.bias": (4,), "bert.pooler.dense.weight": (4, 4), "cls.predictions.bias": (16,)}


def bert():
    repo = HERE / "bert"
    dump(repo / "config.json", {"architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": False, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
        "hidden_size": 4, "initializer_range": 0.02, "intermediate_size": 8, "layer_norm_eps": 1e-12, "max_position_embeddings": 8, "model_type": "bert", "num_attention_heads": 1,
        "num_hidden_layers": 1, "pad_token_id": 0, "position_embedding_type": "absolute", "transformers_version": "4.6.0.dev0", "type_vocab_size": 2, "use_cache": True, "vocab_size": 16})
    wordpiece(repo)
    tensors = state(BERT)
    safetensors(repo / "model.safetensors", tensors)
    torch_file(repo / "pytorch_model.bin", tensors)
    tf_h5(repo / "tf_model.h5", tensors)
    flax(repo / "flax_model.msgpack", tensors)
    module = torch.nn.Module()
    for n, t in tensors.items():
        module.register_buffer(n.replace(".", "|"), t)
    torch.jit.save(torch.jit.script(module), str(repo / "rust_model.ot"))
    onnx_model(repo / "onnx" / "model.onnx")
    openvino(repo / "openvino")
    card(repo, "BERT", task="fill-mask", extra="datasets:\n- bookcorpus\n- wikipedia\n", code="from transformers import pipeline\n\nunmasker = pipeline('fill-mask', model='bert-base-uncased')\nunmasker(\"Hello I'm a [MASK] model.\")")
    text(repo / "LICENSE", LICENCE)


CHATML = ("{%- for message in messages %}\n    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n{%- endfor %}\n"
          "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n")


def llama():
    repo = HERE / "llama"
    words = byte_bpe(repo, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], CHATML, "PreTrainedTokenizerFast")
    dump(repo / "config.json", {"architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 12, "eos_token_id": [12, 14], "head_dim": 4,
        "hidden_act": "silu", "hidden_size": 8, "initializer_range": 0.02, "intermediate_size": 16, "max_position_embeddings": 131072, "mlp_bias": False, "model_type": "llama",
        "num_attention_heads": 2, "num_hidden_layers": 2, "num_key_value_heads": 1, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
        "rope_scaling": {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16", "transformers_version": "4.45.0.dev0", "use_cache": True, "vocab_size": words})
    dump(repo / "generation_config.json", {"bos_token_id": 12, "do_sample": True, "eos_token_id": [12, 14], "temperature": 0.6, "top_p": 0.9, "transformers_version": "4.45.0.dev0"})
    text(repo / "chat_template.jinja", CHATML)
    shards = [{"model.embed_tokens.weight": (words, 8), "model.layers.0.self_attn.q_proj.weight": (8, 8), "model.layers.0.mlp.gate_proj.weight": (16, 8)},
              {"model.layers.1.self_attn.q_proj.weight": (8, 8), "model.norm.weight": (8,), "lm_head.weight": (words, 8)}]
    weight_map, total = {}, 0
    for i, shapes in enumerate(shards):
        name = f"model-{i + 1:05}-of-{len(shards):05}.safetensors"
        tensors = state(shapes, torch.bfloat16)
        safetensors(repo / name, tensors)
        for n, t in tensors.items():
            weight_map[n], total = name, total + t.numel() * 2
    dump(repo / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})
    dump(repo / "original" / "params.json", {"dim": 8, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "vocab_size": words, "multiple_of": 8, "norm_eps": 1e-05, "rope_theta": 500000.0, "use_scaled_rope": True})
    torch_file(repo / "original" / "consolidated.00.pth", state({"tok_embeddings.weight": (words, 8), "output.weight": (words, 8)}, torch.bfloat16))
    sentencepiece(repo / "tokenizer.model", ["<unk>", "<s>", "</s>", "<0x0A>", "▁the", "s"])
    card(repo, "Llama", tag="llama-3", extra="base_model: org/llama-base\n", code="import transformers\nimport torch\n\npipeline = transformers.pipeline(\"text-generation\", model=\"org/name\", model_kwargs={\"torch_dtype\": torch.bfloat16}, device_map=\"auto\")")
    text(repo / "LICENSE.txt", LICENCE)
    text(repo / "USE_POLICY.md", "# Acceptable use\n\nUse it for good.\n")


def sentence_transformers():
    repo = HERE / "sentence-transformers"
    wordpiece(repo)
    dump(repo / "config.json", {"_name_or_path": "nreimers/MiniLM-L6-H384-uncased", "architectures": ["BertModel"], "hidden_size": 4, "model_type": "bert", "vocab_size": 16, "transformers_version": "4.8.2"})
    dump(repo / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
    dump(repo / "1_Pooling" / "config.json", {"word_embedding_dimension": 4, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    dump(repo / "config_sentence_transformers.json", {"__version__": {"sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}, "prompts": {"query": "query: "}, "default_prompt_name": None, "similarity_fn_name": "cosine"})
    dump(repo / "sentence_bert_config.json", {"max_seq_length": 256, "do_lower_case": False})
    dump(repo / "data_config.json", [{"name": "stackexchange_title_body.jsonl.gz", "lines": 25316456, "weight": 364}])
    tensors = state({"embeddings.word_embeddings.weight": (16, 4), "encoder.layer.0.output.dense.weight": (4, 4)})
    safetensors(repo / "model.safetensors", tensors)
    torch_file(repo / "pytorch_model.bin", tensors)
    for name in ("model.onnx", "model_O3.onnx", "model_qint8_avx512.onnx"):
        onnx_model(repo / "onnx" / name)
    openvino(repo / "openvino")
    openvino(repo / "openvino", "openvino_model_qint8_quantized")
    card(repo, "all-MiniLM", "sentence-transformers", "sentence-similarity", "feature-extraction", code="from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer('sentence-transformers/all-MiniLM-L6-v2')\nprint(model.encode(['a sentence']))")
    text(repo / "train_script.py", '''"""Train script for a single file."""
import argparse
import gzip
import json
import logging
import os

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer


class AutoModelForSentenceEmbedding(nn.Module):
    def __init__(self, model_name, tokenizer, normalize=True):
        super().__init__()
        self.model = AutoModel.from_pretrained(model_name)
        self.normalize = normalize
        self.tokenizer = tokenizer

    def forward(self, **kwargs):
        output = self.model(**kwargs)
        embeddings = self.mean_pooling(output, kwargs["attention_mask"])
        if self.normalize:
            embeddings = nn.functional.normalize(embeddings, p=2, dim=1)
        return embeddings

    def mean_pooling(self, output, attention_mask):
        tokens = output[0]
        mask = attention_mask.unsqueeze(-1).expand(tokens.size()).float()
        return torch.sum(tokens * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)


def load(path):
    with gzip.open(path, "rt", encoding="utf8") as lines:
        for line in lines:
            yield json.loads(line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="nreimers/MiniLM-L6-H384-uncased")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("output")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    os.makedirs(args.output, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForSentenceEmbedding(args.model, tokenizer)
    logging.info("training %s for %d steps", args.model, args.steps)
    torch.save(model.state_dict(), os.path.join(args.output, "pytorch_model.bin"))
''')


def stable_diffusion():
    repo = HERE / "stable-diffusion"
    dump(repo / "model_index.json", {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.6.0", "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "scheduler": ["diffusers", "PNDMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]})
    for part, config, shapes in (
        ("unet", {"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.6.0", "act_fn": "silu", "attention_head_dim": 8, "block_out_channels": [320, 640], "cross_attention_dim": 768,
                  "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "flip_sin_to_cos": True, "in_channels": 4, "sample_size": 64}, {"conv_in.weight": (4, 4, 3, 3), "conv_in.bias": (4,)}),
        ("vae", {"_class_name": "AutoencoderKL", "_diffusers_version": "0.6.0", "block_out_channels": [128, 256], "in_channels": 3, "latent_channels": 4, "scaling_factor": 0.18215}, {"encoder.conv_in.weight": (4, 3, 3, 3)})):
        dump(repo / part / "config.json", config)
        tensors = state(shapes)
        safetensors(repo / part / "diffusion_pytorch_model.safetensors", tensors)
        torch_file(repo / part / "diffusion_pytorch_model.bin", tensors)
        safetensors(repo / part / "diffusion_pytorch_model.fp16.safetensors", {n: t.half() for n, t in tensors.items()})
    words = byte_bpe(repo / "tokenizer", ["<|endoftext|>", "<|startoftext|>"], tokenizer_class="CLIPTokenizer")
    tensors = state({"text_model.embeddings.token_embedding.weight": (words, 4)})
    for part, name in (("text_encoder", "CLIPTextModel"), ("safety_checker", "StableDiffusionSafetyChecker")):
        dump(repo / part / "config.json", {"_name_or_path": "openai/clip-vit-large-patch14", "architectures": [name], "hidden_size": 4, "model_type": "clip_text_model", "vocab_size": words})
        safetensors(repo / part / "model.safetensors", tensors)
        torch_file(repo / part / "pytorch_model.bin", tensors)
    dump(repo / "scheduler" / "scheduler_config.json", {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
        "num_train_timesteps": 1000, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None, "clip_sample": False})
    dump(repo / "feature_extractor" / "preprocessor_config.json", {"crop_size": 224, "do_center_crop": True, "do_normalize": True, "feature_extractor_type": "CLIPFeatureExtractor",
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 224})
    whole = state({"model.diffusion_model.input_blocks.0.0.weight": (4, 4, 3, 3), "first_stage_model.encoder.conv_in.weight": (4, 3, 3, 3)})
    safetensors(repo / "v1-5-pruned-emaonly.safetensors", whole)
    torch_file(repo / "v1-5-pruned-emaonly.ckpt", {"epoch": 0, "global_step": 470000, "pytorch-lightning_version": "1.4.2", "state_dict": whole, "callbacks": {}, "lr_schedulers": []})
    text(repo / "v1-inference.yaml", """model:
  base_learning_rate: 1.0e-04
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    linear_start: 0.00085
    linear_end: 0.0120
    timesteps: 1000
    first_stage_key: "jpg"
    scale_factor: 0.18215
    unet_config:
      target: ldm.modules.diffusionmodules.openaimodel.UNetModel
      params:
        image_size: 32
        in_channels: 4
""")
    card(repo, "Stable Diffusion", "diffusers", "text-to-image", "stable-diffusion", code="from diffusers import StableDiffusionPipeline\nimport torch\n\npipe = StableDiffusionPipeline.from_pretrained(\"org/name\", torch_dtype=torch.float16)\npipe = pipe.to(\"cuda\")\nimage = pipe(\"a photo of an astronaut\").images[0]")
    png(repo / "images" / "example.png")


def yolo():
    repo = HERE / "yolo"
    detection = stand_in("ultralytics.nn.tasks", "DetectionModel", torch.nn.Module)
    conv = stand_in("ultralytics.nn.modules.conv", "Conv", torch.nn.Module)
    namespace = stand_in("ultralytics.utils", "IterableSimpleNamespace", types.SimpleNamespace)
    layer = conv()
    layer.conv, layer.bn, layer.act = torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.SiLU()
    model = detection()
    model.model = torch.nn.Sequential(layer)
    model.yaml, model.names, model.stride, model.args = {"nc": 80, "depth_multiple": 0.33, "backbone": [[-1, 1, "Conv", [64, 3, 2]]]}, {0: "person", 1: "bicycle"}, torch.tensor([8.0, 16.0, 32.0]), namespace(box=7.5, cls=0.5)
    torch_file(repo / "yolov8n.pt", {"epoch": -1, "best_fitness": None, "model": model.half(), "ema": None, "updates": None, "optimizer": None, "train_args": {"task": "detect", "data": "coco.yaml", "imgsz": 640},
        "date": "2023-07-04T15:36:04.000000", "version": "8.0.126"})
    onnx_model(repo / "yolov8n.onnx")
    text(repo / "data.yaml", "# Classes\npath: ../datasets/coco\ntrain: train2017.txt\nval: val2017.txt\nnames:\n  0: person\n  1: bicycle\n")
    text(repo / "args.yaml", "task: detect\nmode: train\nmodel: yolov8n.yaml\nepochs: 100\nimgsz: 640\nlr0: 0.01\n")
    text(repo / "results.csv", "epoch,train/box_loss,metrics/mAP50(B)\n0,1.5,0.1\n1,1.2,0.2\n")
    png(repo / "confusion_matrix.png")
    card(repo, "YOLOv8n", "ultralytics", "object-detection", "yolov8", code="from ultralytics import YOLO\n\nmodel = YOLO(\"yolov8n.pt\")\nresults = model(\"bus.jpg\")")


def whisper():
    repo = HERE / "whisper"
    words = byte_bpe(repo, ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"], tokenizer_class="WhisperTokenizer")
    dump(repo / "added_tokens.json", {"<|endoftext|>": words - 6, "<|startoftranscript|>": words - 5, "<|en|>": words - 4, "<|translate|>": words - 3, "<|transcribe|>": words - 2, "<|notimestamps|>": words - 1})
    dump(repo / "normalizer.json", {"accessorise": "accessorize", "colour": "color"})
    dump(repo / "config.json", {"_name_or_path": "openai/whisper-tiny", "activation_function": "gelu", "architectures": ["WhisperForConditionalGeneration"], "begin_suppress_tokens": [7, 12], "bos_token_id": 12,
        "d_model": 8, "decoder_layers": 1, "decoder_start_token_id": 13, "encoder_layers": 1, "eos_token_id": 12, "forced_decoder_ids": [[1, 14], [2, 16], [3, 17]], "is_encoder_decoder": True,
        "model_type": "whisper", "num_mel_bins": 80, "pad_token_id": 12, "suppress_tokens": [1, 2], "torch_dtype": "float32", "transformers_version": "4.27.0.dev0", "use_cache": True, "vocab_size": words})
    dump(repo / "generation_config.json", {"alignment_heads": [[2, 2], [3, 0]], "begin_suppress_tokens": [7, 12], "forced_decoder_ids": [[1, None], [2, 16]], "is_multilingual": True, "lang_to_id": {"<|en|>": 14},
        "max_initial_timestamp_index": 1, "no_timestamps_token_id": 17, "return_timestamps": False, "suppress_tokens": [1, 2], "task_to_id": {"transcribe": 16, "translate": 15}, "transformers_version": "4.31.0.dev0"})
    dump(repo / "preprocessor_config.json", {"chunk_length": 30, "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "hop_length": 160, "n_fft": 400, "mel_filters": [[0.0, 0.02486], [0.1, -1e-05]],
        "padding_side": "right", "processor_class": "WhisperProcessor", "sampling_rate": 16000})
    tensors = state({"model.decoder.embed_tokens.weight": (words, 8), "model.encoder.conv1.weight": (8, 4, 3)})
    safetensors(repo / "model.safetensors", tensors)
    torch_file(repo / "pytorch_model.bin", tensors)
    flax(repo / "flax_model.msgpack", tensors)
    for name in ("encoder_model.onnx", "decoder_model_merged.onnx", "decoder_model_merged_quantized.onnx"):
        onnx_model(repo / "onnx" / name)
    onnx_model(repo / "onnx" / "encoder_model_fp16.onnx", external="encoder_model_fp16.onnx_data")
    training_args(repo / "training_args.bin")
    checkpoint(repo / "checkpoint-3", {})
    card(repo, "Whisper", task="automatic-speech-recognition", tag="audio")
    text(repo / "fine-tune-whisper.ipynb", json.dumps({"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Fine-tune\n"]},
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [{"name": "stdout", "output_type": "stream", "text": ["ok\n"]}],
         "source": ["from datasets import load_dataset\n", "from transformers import WhisperProcessor\n", "\n", "processor = WhisperProcessor.from_pretrained(\"openai/whisper-tiny\")\n"]}],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python", "version": "3.10.12"}}, "nbformat": 4, "nbformat_minor": 5}, indent=1))


def lora():
    repo = HERE / "lora"
    dump(repo / "adapter_config.json", {"alpha_pattern": {}, "auto_mapping": None, "base_model_name_or_path": "org/llama-base", "bias": "none", "fan_in_fan_out": False, "inference_mode": True,
        "init_lora_weights": True, "layers_pattern": None, "layers_to_transform": None, "lora_alpha": 16, "lora_dropout": 0.05, "modules_to_save": None, "peft_type": "LORA", "r": 2, "rank_pattern": {},
        "revision": None, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", "use_dora": False, "use_rslora": False})
    tensors = state({f"base_model.model.model.layers.0.self_attn.{m}.lora_{s}.weight": shape for m in ("q_proj", "v_proj") for s, shape in (("A", (2, 8)), ("B", (8, 2)))})
    safetensors(repo / "adapter_model.safetensors", tensors)
    torch_file(repo / "adapter_model.bin", tensors)
    training_args(repo / "training_args.bin")
    checkpoint(repo, {})
    byte_bpe(repo, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], CHATML)
    card(repo, "LoRA", "peft", extra="base_model: org/llama-base\n", code="from peft import PeftModel\nfrom transformers import AutoModelForCausalLM\n\nmodel = AutoModelForCausalLM.from_pretrained(\"org/llama-base\")\nmodel = PeftModel.from_pretrained(model, \"org/name\")")
    dump(repo / "all_results.json", {"epoch": 3.0, "train_loss": 0.5, "train_runtime": 12.3})
    text(repo / "requirements.txt", "torch==2.3.1\ntransformers==4.45.0\npeft==0.12.0\n")
    (repo / ".DS_Store").write_bytes(struct.pack(">I4sIII", 1, b"Bud1", 0x1000, 0x800, 0x1000) + bytes(6148 - 20))


def gguf_repository():
    repo = HERE / "gguf"

    def string(s):
        s = s.encode()
        return struct.pack("<Q", len(s)) + s

    def value(v):
        if isinstance(v, bool):
            return struct.pack("<IB", 7, v)
        if isinstance(v, int):
            return struct.pack("<II", 4, v)
        if isinstance(v, float):
            return struct.pack("<If", 6, v)
        if isinstance(v, str):
            return struct.pack("<I", 8) + string(v)
        if isinstance(v[0], str):
            return struct.pack("<IIQ", 9, 8, len(v)) + b"".join(string(x) for x in v)
        return struct.pack("<IIQ", 9, 5 if isinstance(v[0], int) else 6, len(v)) + b"".join(struct.pack("<i" if isinstance(x, int) else "<f", x) for x in v)

    tokens = ["<unk>", "<s>", "</s>", "<0x0A>", "▁the", "▁a", "s", "<|im_start|>", "<|im_end|>", "b"]
    for name, kind, block, size, file_type in (("Q4_K_M", 12, 256, 144, 15), ("Q8_0", 8, 32, 34, 7), ("F16", 1, 1, 2, 1)):
        kv = {"general.architecture": "llama", "general.type": "model", "general.name": "Tiny Llama", "general.basename": "tiny-llama", "general.size_label": "1K", "general.license": "apache-2.0",
              "general.base_model.count": 1, "general.base_model.0.name": "Llama Base", "general.base_model.0.repo_url": "https://huggingface.co/org/llama-base", "general.tags": ["llama", "text-generation"],
              "llama.block_count": 1, "llama.context_length": 2048, "llama.embedding_length": 256, "llama.feed_forward_length": 256, "llama.attention.head_count": 4, "llama.attention.head_count_kv": 2,
              "llama.attention.layer_norm_rms_epsilon": 1e-05, "llama.rope.freq_base": 10000.0, "general.file_type": file_type, "general.quantization_version": 2,
              "tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.scores": [-float(i) for i in range(len(tokens))],
              "tokenizer.ggml.token_type": [2, 3, 3, 6, 1, 1, 1, 3, 3, 1], "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.add_bos_token": True,
              "tokenizer.chat_template": CHATML}
        info, data = b"", b""
        for tensor, shape, quantised in (("token_embd.weight", (256, len(tokens)), True), ("blk.0.attn_norm.weight", (256,), False), ("output_norm.weight", (256,), False)):
            n = int(np.prod(shape))
            payload = np.random.randn(n).astype(np.float32).tobytes() if not quantised else np.random.randn(n).astype(np.float16).tobytes() if kind == 1 else np.random.bytes(n // block * size)
            info += string(tensor) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", d) for d in shape) + struct.pack("<IQ", kind if quantised else 0, len(data))
            data += payload + bytes(-len(payload) % 32)
        head = b"GGUF" + struct.pack("<IQQ", 3, 3, len(kv)) + b"".join(string(k) + value(v) for k, v in kv.items()) + info
        path = repo / f"tiny-llama.{name}.gguf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(head + bytes(-len(head) % 32) + data)
    dump(repo / "config.json", {"model_type": "llama"})
    text(repo / "Modelfile", 'FROM ./tiny-llama.Q4_K_M.gguf\nTEMPLATE """{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n"""\nPARAMETER stop "<|im_end|>"\nPARAMETER temperature 0.7\nSYSTEM You are a helpful assistant.\n')
    card(repo, "Tiny Llama GGUF", "gguf", tag="gguf", extra="base_model: org/llama-base\nquantized_by: somebody\n", code="llama-cli -m tiny-llama.Q4_K_M.gguf -p \"Hello\"")


def keras():
    repo = HERE / "keras"
    repo.mkdir(parents=True, exist_ok=True)

    def obj(name, config, module="keras.layers", **more):
        return {"module": module, "class_name": name, "config": config, "registered_name": None, **more}

    dtype = obj("DTypePolicy", {"name": "float32"}, "keras")
    config = obj("Sequential", {"name": "sequential", "trainable": True, "dtype": dtype, "layers": [
        obj("InputLayer", {"batch_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "input_layer"}),
        obj("Dense", {"name": "dense", "trainable": True, "dtype": dtype, "units": 2, "activation": "softmax", "use_bias": True,
            "kernel_initializer": obj("GlorotUniform", {"seed": None}, "keras.initializers"), "bias_initializer": obj("Zeros", {}, "keras.initializers"),
            "kernel_regularizer": None, "bias_regularizer": None, "kernel_constraint": None, "bias_constraint": None}, build_config={"input_shape": [None, 4]})],
        "build_input_shape": [None, 4]}, "keras", build_config={"input_shape": [None, 4]},
        compile_config={"optimizer": obj("Adam", {"name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}, "keras.optimizers"),
                        "loss": "sparse_categorical_crossentropy", "loss_weights": None, "metrics": ["accuracy"], "weighted_metrics": None, "run_eagerly": False, "steps_per_execution": 1, "jit_compile": True})
    weights = io.BytesIO()
    with h5py.File(weights, "w") as f:
        group = f.create_group("layers/dense/vars")
        group.create_dataset("0", data=np.random.randn(4, 2).astype(np.float32), track_times=False)
        group.create_dataset("1", data=np.zeros(2, np.float32), track_times=False)
        f.create_group("vars")
    with zipfile.ZipFile(repo / "model.keras", "w") as z:
        for name, data in (("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2024-11-01@10:00:00"})), ("config.json", json.dumps(config)), ("model.weights.h5", weights.getvalue())):
            z.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    with h5py.File(repo / "model.h5", "w") as f:
        f.attrs["keras_version"], f.attrs["backend"] = "2.11.0", "tensorflow"
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "sequential", "layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "dense_input"}},
            {"class_name": "Dense", "config": {"name": "dense", "trainable": True, "dtype": "float32", "units": 2, "activation": "softmax", "use_bias": True,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}, "bias_initializer": {"class_name": "Zeros", "config": {}}}}]}})
        group = f.create_group("model_weights")
        group.attrs["layer_names"], group.attrs["backend"], group.attrs["keras_version"] = [b"dense"], "tensorflow", "2.11.0"
        dense = group.create_group("dense")
        dense.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        dense.create_dataset("dense/kernel:0", data=np.random.randn(4, 2).astype(np.float32), track_times=False)
        dense.create_dataset("dense/bias:0", data=np.zeros(2, np.float32), track_times=False)
    dump(repo / "metadata.json", {"keras_version": "3.5.0", "date_saved": "2024-11-01@10:00:00"})
    card(repo, "Keras", "keras", "tabular-classification", "keras", code="import keras\n\nmodel = keras.saving.load_model(\"hf://org/name\")")


def onnx_repository():
    repo = HERE / "onnx"
    onnx_model(repo / "model.onnx")
    onnx_model(repo / "large" / "model.onnx", 64, 32, "model.onnx.data")
    dump(repo / "config.json", {"model_type": "bert", "hidden_size": 4})
    dump(repo / "ort_config.json", {"one_external_file": True, "opset": None, "optimization": {}, "quantization": {"activations_dtype": "QUInt8", "format": "QOperator", "is_static": False, "operators_to_quantize": ["MatMul"]}})
    dump(repo / "quantize_config.json", {"per_channel": True, "reduce_range": True, "per_model_config": {"model": {"op_types": ["MatMul", "Softmax"], "weight_type": "QInt8"}}})
    text(repo / "labels.txt", "cat\ndog\n")
    card(repo, "ONNX", "onnxruntime", "image-classification", "onnx", code="import onnxruntime\n\nsession = onnxruntime.InferenceSession(\"model.onnx\")")


def scikit_learn():
    repo = HERE / "scikit-learn"
    repo.mkdir(parents=True, exist_ok=True)
    x, y = np.random.randn(40, 4), np.random.randint(0, 2, 40)
    pipe = sklearn.pipeline.Pipeline([("scale", sklearn.preprocessing.StandardScaler()), ("model", sklearn.linear_model.LogisticRegression())]).fit(x, y)
    joblib.dump(pipe, repo / "sklearn_model.joblib")
    (repo / "model.pkl").write_bytes(pickle.dumps(pipe, protocol=4))
    dump(repo / "config.json", {"sklearn": {"columns": ["a", "b", "c", "d"], "environment": ["scikit-learn=1.2.1"], "example_input": {"a": [0.1, 0.2]}, "model": {"file": "sklearn_model.joblib"}, "model_format": "pickle", "task": "tabular-classification"}})
    text(repo / "requirements.txt", "scikit-learn==1.2.1\nnumpy==1.24.2\njoblib==1.2.0\n")
    text(repo / "train.py", "import joblib\nimport numpy as np\nfrom sklearn.linear_model import LogisticRegression\n\nx = np.random.randn(40, 4)\ny = np.random.randint(0, 2, 40)\nmodel = LogisticRegression().fit(x, y)\njoblib.dump(model, \"sklearn_model.joblib\")\nprint(\"accuracy\", model.score(x, y))\n")
    card(repo, "scikit-learn", "sklearn", "tabular-classification", "sklearn", code="import joblib\n\nmodel = joblib.load(\"sklearn_model.joblib\")")


def main():
    for build in (bert, llama, sentence_transformers, stable_diffusion, yolo, whisper, lora, gguf_repository, keras, onnx_repository, scikit_learn):
        build()


main()
