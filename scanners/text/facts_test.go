package text

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
)

func factsOf(t testing.TB, name, text string) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	r, err := New().Scan(context.Background(), scanners.File{Name: name, Size: int64(len(text)), ReaderAt: strings.NewReader(text)}, scanners.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Facts {
		out[f.Key] = append(out[f.Key], f.Value)
	}
	return out
}

func wantFacts(t *testing.T, got map[string][]string, want map[string]string) {
	t.Helper()
	for key, text := range want {
		if s := strings.Join(got[key], "|"); s != text {
			t.Errorf("%s: %q, want %q", key, s, text)
		}
	}
}

func TestCardFacts(t *testing.T) {
	got := factsOf(t, "README.md", `---
license: "llama3.1" # ours
base_model:
- org/base
- 'org/other'
datasets: [org/one, "org/two"]
language:
  - en
  - de
co2_eq_emissions:
  emissions: 12.5
  source: code carbon
extra: &a [*a, *a]
note: |
  license: mit
dataset_info:
- config_name: x
  splits:
  - name: train
    num_bytes: 100
    num_examples: 7
model-index:
- name: m
  results:
  - task:
      type: text-generation
    dataset:
      name: IFEval
    metrics:
    - type: acc
      value: 12.5
    - type: f1
      value: 3
---
# Title
<!-- # Limitations
hidden -->
## Model Description
What it is.
- **Developed by:** Example Lab
- **Model type:** [More Information Needed]
### Bias, Risks, and Limitations
[More Information Needed]
## Intended Use
For tests.

`+"```"+`
# Limitations
code
`+"```"+`
`)
	wantFacts(t, got, map[string]string{
		"text/card/license": "llama3.1", "text/card/base_model": "org/base|org/other", "text/card/datasets": "org/one|org/two",
		"text/card/language": "en|de", "text/card/co2_eq_emissions/emissions": "12.5", "text/card/dataset_info/splits/num_examples": "7",
		"text/card/metric": "IFEval/acc=12.5|IFEval/f1=3", "text/card/section/description": "What it is. - **Developed by:** Example Lab",
		"text/card/label/developer": "Example Lab", "text/card/label/model-type": "", "text/card/section/limitations": "",
		"text/card/section/uses": "For tests.",
	})
}

func TestSettingFacts(t *testing.T) {
	got := factsOf(t, "adapter_config.json", `{"base_model_name_or_path": "org/b", "revision": null, "r": 8, "target_modules": ["q", "v"]}`)
	wantFacts(t, got, map[string]string{"text/config/base_model_name_or_path": "org/b", "text/config/revision": "", "text/config/r": "8", "text/config/target_modules": "q|v"})
	got = factsOf(t, "config.json", `{"quantization_config": {"quant_method": "gptq", "bits": 4}, "x": {"architectures": ["no"]}}`)
	wantFacts(t, got, map[string]string{"text/config/quantization_config/quant_method": "gptq", "text/config/quantization_config/bits": "4", "text/config/architectures": ""})
	got = factsOf(t, "model_index.json", `{"_class_name": "P", "unet": ["diffusers", "UNet"], "safety_checker": [null, null], "vae": ["diffusers", "VAE"]}`)
	wantFacts(t, got, map[string]string{"text/component": "unet: diffusers.UNet|vae: diffusers.VAE"})
	got = factsOf(t, "model.safetensors.index.json", `{"metadata": {"total_size": 12}, "weight_map": {"total_size": "x"}}`)
	wantFacts(t, got, map[string]string{"text/index/metadata/total_size": "12"})
	got = factsOf(t, "oci-config.json", `{"descriptor": {"name": "m", "licenses": ["MIT", "Apache-2.0"]}, "config": {"paramSize": "8b", "capabilities": {"inputTypes": ["text"], "toolUsage": true}}, "modelfs": {"type": "layers", "diffIds": []}}`)
	wantFacts(t, got, map[string]string{"text/oci-config/descriptor/licenses": "MIT|Apache-2.0", "text/oci-config/config/paramSize": "8b",
		"text/oci-config/config/capabilities/inputTypes": "text", "text/oci-config/config/capabilities/toolUsage": "true"})
	got = factsOf(t, "oci-config.json", `{"manifestVersion": "1.0", "package": {"name": "k", "authors": ["a"]}, "model": {"license": "gemma"}, "datasets": [{"name": "rows"}]}`)
	wantFacts(t, got, map[string]string{"text/oci-config/package/authors": "a", "text/oci-config/model/license": "gemma", "text/oci-config/datasets/name": "rows"})
	got = factsOf(t, "croissant.json", `{"name": "d", "creator": {"name": "c"}, "distribution": [{"contentUrl": "a.csv", "sha256": "00"}, {"contentUrl": "b.csv"}]}`)
	wantFacts(t, got, map[string]string{"text/croissant/name": "d", "text/croissant/creator/name": "c", "text/croissant/file": "sha256:00 a.csv"})
	got = factsOf(t, "mergekit_config.yml", "merge_method: ties\nbase_model: org/base\nmodels:\n  - model: org/a\n    parameters:\n      weight: 1\n  - model: org/b\n")
	wantFacts(t, got, map[string]string{"text/merge/method": "ties", "text/merge/base_model": "org/base", "text/merge/model": "org/a|org/b"})
}

func TestManifestFacts(t *testing.T) {
	got := factsOf(t, "Kitfile", "manifestVersion: 1.0.0\npackage:\n  name: k\n  license: MIT\n  authors: [Jo, Al]\nmodel:\n  name: m\n  framework: pytorch\ndatasets:\n- name: d\n  path: ./d\n")
	wantFacts(t, got, map[string]string{"text/kitfile/name": "k", "text/kitfile/license": "MIT", "text/kitfile/author": "Jo|Al",
		"text/kitfile/framework": "pytorch", "text/kitfile/dataset": "d"})
	got = factsOf(t, "MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    sklearn_version: 1.5.0\nmlflow_version: 2.1\n")
	wantFacts(t, got, map[string]string{"text/mlmodel/loader_module": "mlflow.sklearn", "text/mlmodel/sklearn_version": "1.5.0", "text/mlmodel/mlflow_version": "2.1"})
}

func TestLicenseFacts(t *testing.T) {
	mit := "MIT License\n\nPermission is hereby granted, free of charge, to any person\nobtaining a copy of this software ... and/or sell\ncopies. THE SOFTWARE IS PROVIDED \"AS IS\""
	for name, c := range map[string]struct{ text, want string }{
		"LICENSE":        {mit, "MIT"},
		"LICENSE.txt":    {"LLAMA 3.1 COMMUNITY LICENSE AGREEMENT", "LicenseRef-hf-llama3.1"},
		"licenses.txt":   {mit, ""},
		"docs/COPYING":   {"GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0-only"},
		"LICENSE-MODEL":  {"ask us", ""},
		"notlicense.txt": {mit, ""},
	} {
		wantFacts(t, factsOf(t, name, c.text), map[string]string{"text/license": c.want})
	}
}

// A card is hostile: its facts stay few, short, and known by key.
func FuzzCard(f *testing.F) {
	f.Add([]byte("---\na: &a [*a]\nlicense: mit\n---\n# Uses\nx"))
	f.Add([]byte("---\n" + strings.Repeat("- ", 1000) + "a: b\n" + strings.Repeat(" a:\n", 100)))
	f.Add([]byte("---\nlicense: [\"x, y\n'\": {\n---\n<!--" + strings.Repeat("```\n# Uses\n", 10)))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts := func() []scanners.Fact {
			s := &scan{base: "readme.md"}
			s.describe(bytes.Clone(text))
			return s.facts
		}
		got := facts()
		if fmt.Sprint(got) != fmt.Sprint(facts()) {
			t.Error("two runs differ")
		}
		if len(got) > maxCardFact {
			t.Errorf("%d facts", len(got))
		}
		for _, fact := range got {
			if len(fact.Value) > maxProse || !strings.HasPrefix(fact.Key, "text/card/") {
				t.Errorf("%q = %d bytes", fact.Key, len(fact.Value))
			}
		}
	})
}
