package dependencies

import "slices"

// popular packages of machine learning and what they stand on (PyPI download
// statistics, pypistats.org), and others that people confuse them with.
var popular = []string{
	"torch", "torchvision", "torchaudio", "transformers", "diffusers", "datasets", "accelerate", "tokenizers", "safetensors", "huggingface-hub", "sentencepiece", "sentence-transformers",
	"tensorflow", "keras", "numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "pillow", "opencv-python", "requests", "urllib3", "tqdm", "pyyaml", "protobuf", "onnx", "onnxruntime", "xgboost", "lightgbm", "catboost",
	"bitsandbytes", "langchain", "openai", "anthropic", "tiktoken", "gradio", "streamlit", "fastapi", "uvicorn", "pydantic", "flask", "django", "jupyter", "notebook", "ipython", "pytest", "cryptography", "aiohttp", "boto3", "botocore",
	"ultralytics", "deepspeed", "triton", "vllm", "flash-attn", "xformers", "einops", "librosa", "soundfile", "wandb", "mlflow", "joblib", "regex", "setuptools", "litellm", "guardrails-ai", "mistralai", "timm", "peft",
}

// alike are honest packages one letter away from a popular one.
var alike = []string{
	"scapy", "dataset", "trition", "pandas", "kera", "flax", "flask", "torchx", "vlm", "regexp", "tokenizer", "pytest5", "boto", "boto3", "boto2", "openapi", "onnxruntime", "request", "times", "time", "tim", "team", "pest", "left", "pefs", "jupyterx", "torch2", "rich", "onnx2", "onnxmltools", "pydantic2", "numba", "notebook6", "skops",
}

// looksLike returns the popular package that a name is one slip away from: a letter
// too many, too few, wrong, or two exchanged.
func looksLike(name string) (string, bool) {
	if len(name) < 4 || len(name) > 40 || slices.Contains(popular, name) || slices.Contains(alike, name) {
		return "", false
	}
	for _, p := range popular {
		if len(p) >= 5 && oneSlip(name, p) {
			return p, true
		}
	}
	return "", false
}

// oneSlip reports a distance of one by Damerau and Levenshtein.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i >= len(a)-1 {
		return i == len(a)-1
	}
	return a[i+1:] == b[i+1:] || a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
