package text

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/jsontok"
)

// checkCode looks at the keys by which loaders find code, beside auto_map.
func (w *walk) checkCode(key, text string, t jsontok.Token) {
	switch {
	case key == "custom_pipeline", w.above("custom_pipelines") && key == "impl", key == "custom_generate":
		severity := scanners.Medium
		if strings.ContainsAny(text, "/:") || strings.Contains(text, "--") {
			severity = scanners.High
		}
		w.addAs(severity, "text/remote-code", t.Offset, "%s names code that the loader runs: %s", key, clip.Quote(text, 120))
	case slices.Contains(activationKeys, key) && strings.Contains(text, ".") && !strings.HasPrefix(text, "torch.nn."):
		w.addAs(scanners.High, "text/remote-code", t.Offset, "%s imports %s", key, clip.Quote(text, 120))
	case w.above("quantization_config") && slices.Contains(quantizationKeys, key) && strings.Contains(text, "."):
		w.addAs(scanners.High, "text/remote-code", t.Offset, "quantization_config imports %s", clip.Quote(text, 120))
	case w.base == "model_index.json" && (len(w.stack) == 3 && w.first(t) || len(w.stack) == 3 && w.top().key == "_class_name"):
		w.pipelineLibrary(text, t)
	case strings.HasSuffix(key, "_file") && isTokenizerSettings(w.base):
		w.fileSetting(key, text, t)
	case slices.Contains(callKeys, key) && w.profile.kind == config:
		w.harmfulName(t.Offset, key, text)
	}
	if w.profile.kind == config && runsCommands(w.file.Name) {
		w.commands(text, t.Offset)
	}
}

// activationKeys of sentence-transformers name a callable: modules Dense and
// CrossEncoder (pull request 3714 restricts them to torch).
var activationKeys = []string{"activation_fn", "activation_function", "sbert_ce_default_activation_function"}

// quantizationKeys of a quantization_config would name an object to import.
var quantizationKeys = []string{"quantizer_class", "module", "hook", "import", "import_path", "class_path", "kernel_module", "custom_module"}

// above reports a key around the value.
func (w *walk) above(key string) bool {
	return slices.ContainsFunc(w.stack, func(l level) bool { return l.key == key })
}

// first reports the first element of a list.
func (w *walk) first(jsontok.Token) bool {
	w.top().elements++
	return w.top().elements == 1
}

// pipelineLibraries are those from which the pipelines of diffusers take their
// parts, and the folders of its own pipelines that old files name.
var pipelineLibraries = []string{
	"diffusers", "transformers", "onnxruntime", "optimum", "peft", "flax", "k_diffusion", "null", "stable_diffusion", "latent_diffusion", "paint_by_example", "versatile_diffusion",
	"unclip", "deepfloyd_if", "kandinsky", "audioldm", "alt_diffusion", "semantic_stable_diffusion", "stable_diffusion_safe", "wuerstchen", "stable_cascade", "shap_e", "musicldm", "audioldm2", "unidiffuser", "blip_diffusion", "consistency_models", "vq_diffusion", "stable_diffusion_xl", "hunyuan_image", "ltx", "ltx2",
}

// pipelineLibrary judges the library that a part of a pipeline is from, which
// DiffusionPipeline imports by that name.
func (w *walk) pipelineLibrary(text string, t jsontok.Token) {
	if slices.Contains(pipelineLibraries, root(text)) {
		return
	}
	severity := scanners.Medium
	if harmfulRoot(text+".x") || strings.ContainsAny(text, "/:") {
		severity = scanners.Critical
	}
	w.addAs(severity, "text/remote-code", t.Offset, "model_index.json takes a part from %s", clip.Quote(text, 80))
}

// isTokenizerSettings reports the files of settings that name other files.
func isTokenizerSettings(base string) bool {
	return slices.Contains([]string{"tokenizer_config.json", "preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json", "special_tokens_map.json", "feature_extractor_config.json"}, base)
}

// leftover is a path that an author's machine left in the settings; the loader
// replaces it by the file of the same name in the repository.
var leftover = regexp.MustCompile(`(?i)^(?:[a-z]:)?[/\\].*[/\\](?:special_tokens_map|tokenizer|vocab|added_tokens|merges|spiece|sentencepiece\.bpe|source|target|normalizer|preprocessor_config)[\w.-]*\.(?:json|txt|model|spm|vocab)$`)

// fileSetting judges a file that a tokenizer or processor would open.
func (w *walk) fileSetting(key, text string, t jsontok.Token) {
	switch {
	case !leavesFolder(text):
	case leftover.MatchString(text) && !strings.Contains(text, "..") && !strings.Contains(text, "://") && !strings.HasPrefix(text, "/etc") && !strings.HasPrefix(text, "/proc"):
		w.addAs(scanners.Low, "text/path-escape", t.Offset, "%s is a path of the author's machine: %s", clip.Quote(key, 40), clip.Quote(text, 120))
	default:
		w.add("text/path-escape", t.Offset, "%s names %s", clip.Quote(key, 40), clip.Quote(text, 120))
	}
}

// commandFiles hold command lines among other settings: by base name, or by folder.
var (
	commandFiles   = []string{"mlproject", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", ".pre-commit-config.yaml", ".gitlab-ci.yml", "azure-pipelines.yml", "cloudbuild.yaml", "action.yml", "action.yaml", "package.json", "tasks.json", "launch.json", "devcontainer.json", "procfile", "dvc.yaml", "skypilot.yaml", "mcp.json", ".mcp.json", "claude_desktop_config.json", "pyproject.toml", "setup.cfg", "tox.ini", ".travis.yml", "appveyor.yml", "netlify.toml", "render.yaml", "app.json", "pixi.toml", "cog.yaml", "truss.yaml", "hooks.json"}
	commandFolders = []string{".github/workflows/", ".vscode/", ".claude/", ".cursor/", ".devcontainer/", ".husky/", ".circleci/", ".gemini/", ".codex/", ".zed/", ".idea/"}
)

func runsCommands(name string) bool {
	if slices.Contains(commandFiles, strings.ToLower(path.Base(name))) {
		return true
	}
	return slices.ContainsFunc(commandFolders, func(f string) bool { return strings.HasPrefix(name, f) || strings.Contains(name, "/"+f) })
}

// commands judges a text that a tool may run.
func (s *scan) commands(text string, offset int64) {
	for _, sign := range commands.Judge(text) {
		s.addAs(sign.Severity, "text/command", offset+int64(sign.Offset), "%s", sign.What)
	}
}
