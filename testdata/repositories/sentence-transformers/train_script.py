"""Train script for a single file."""
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
