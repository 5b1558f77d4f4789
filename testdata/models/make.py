"""Writes the unsigned files of good/, a complete and very small model repository.

    make fixtures          in the root of the repository

Uses the standard library only. The weights are random and seeded: the model
answers nothing sensible, but its files agree with each other as those of a real
one do. The signature and the tampered copy are made from Go, see README.md.
"""

import json
import pathlib
import random
import struct
import sys

sys.path.insert(0, "../benign")
import safetensors_writer

HIDDEN, WORDS, CLASSES = 8, ["[PAD]", "[UNK]", "bad", "good", "is", "it", "not", "very"], 2

CONFIG = {
    "architectures": ["BowForSequenceClassification"],
    "hidden_size": HIDDEN, "id2label": {"0": "negative", "1": "positive"},
    "label2id": {"negative": 0, "positive": 1}, "model_type": "bow",
    "torch_dtype": "float32", "vocab_size": len(WORDS),
}

TOKENIZER = {
    "version": "1.0", "truncation": None, "padding": None,
    "added_tokens": [
        {"id": i, "content": WORDS[i], "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True} for i in (0, 1)],
    "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None, "decoder": None,
    "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "[UNK]"},
}

CARD = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-classification
---

# A very small sentiment model

A bag of words with eight words and random weights. It exists so that tests and
the demo have a complete, signed model repository to look at.
"""


def tensor(shape):
    n = 1
    for side in shape:
        n *= side
    return "F32", shape, struct.pack(f"<{n}f", *(random.gauss(0, 0.02) for _ in range(n)))


def main():
    random.seed(20240229)
    good = pathlib.Path("good")
    safetensors_writer.write(good / "model.safetensors", {
        "embeddings.weight": tensor([len(WORDS), HIDDEN]),
        "classifier.weight": tensor([CLASSES, HIDDEN]),
        "classifier.bias": tensor([CLASSES]),
    }, metadata={"format": "pt"})
    for name, value in (("config.json", CONFIG), ("tokenizer.json", TOKENIZER)):
        (good / name).write_text(json.dumps(value, indent=2) + "\n")
    (good / "README.md").write_text(CARD)
    (good / ".gitattributes").write_text("# no line ending conversion: the files are signed\n* -text\n*.safetensors binary\n")
    licence = pathlib.Path("../../LICENSE").read_text()
    (good / "LICENSE").write_text(licence)


main()
