package sourcecode

import "testing"

func TestOf(t *testing.T) {
	for _, c := range []struct{ name, start, want string }{
		{"modeling_custom.py", "", "Python"},
		{"a/B/Setup.PY", "", "Python"},
		{"run.sh. ", "", "shell script"},
		{"Makefile", "", "build recipe"},
		{"explore.ipynb", "{}", "notebook"},
		{"noname", "#!/usr/bin/env python3\n", "script with an interpreter line"},
		{"noname", "\xef\xbb\xbf#! /bin/sh\n", "script with an interpreter line"},
		{"card.txt", "\n <!DOCTYPE html><html>", "HTML"},
		{"x", "<?php echo 1;", "PHP"},

		{"README.md", "---\nlicense: mit\n---\n<img src=\"x.png\">", ""},
		{"merges.txt", "#version: 0.2\nt h\n", ""},
		{"vocab.txt", "#!\n#\"\n##s\n", ""},
		{"config.json", "{}", ""},
		{"LICENSE", "Apache License", ""},
		{"weights.pyth", "", ""},
		{"py", "", ""},
	} {
		lang, ok := Of(c.name, []byte(c.start))
		if lang.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s %q: %q, %v", c.name, c.start, lang.Name, ok)
		}
	}
}

func TestIsTorchScript(t *testing.T) {
	const class = "class Net(Module):\n  __parameters__ = [\"weight\", ]\n"
	for _, c := range []struct {
		name, start string
		want        bool
	}{
		{"net/code/__torch__/torch/nn.py", "", true},
		{"code/__torch__.py", "", true},
		{"net/code/other.py", class, true},
		{"net/code/other.py", "import os\n", false},
		{"modeling.py", class, false},
		{"barcode/__torch__.py", class, false},
		{"net/code/__torch__.sh", class, false},
	} {
		if got := IsTorchScript(c.name, []byte(c.start)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
