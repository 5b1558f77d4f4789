package text

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/pyglobals"
)

// knownRoots are packages whose classes the configurations of models are made of:
// Hydra and OmegaConf in NeMo, Lightning and uni2TS, HyperPyYAML in SpeechBrain,
// "target" in latent diffusion.
var knownRoots = []string{
	"torch", "torchvision", "torchaudio", "torchmetrics", "nemo", "lightning", "pytorch_lightning", "lightning_fabric", "transformers", "diffusers", "datasets", "speechbrain",
	"sklearn", "timm", "monai", "sentence_transformers", "peft", "accelerate", "ldm", "sgm", "taming", "open_clip", "fairseq", "mmdet", "mmcv", "uni2ts", "gluonts", "xformers", "pyannote",
	"keras", "tensorflow", "flax", "optax", "espnet", "espnet2", "allennlp", "trl", "tokenizers", "einops", "asteroid", "kornia", "segmentation_models_pytorch", "ultralytics", "detectron2",
}

// target is what a configuration names to be called: how bad, and why.
type target struct {
	severity scanners.Severity
	why      string
}

// gradeTarget judges the full name of an object that a framework imports and calls
// with arguments from the same file. Whole packages are never allowed: torch.hub.load
// and numpy.load are in packages that everybody uses. A class of a known package is
// what such files are for; what can run, read, write or fetch is not.
func gradeTarget(name string) target {
	module, last := splitName(name)
	danger, found := pyglobals.Classify(module, last)
	if found && danger.Caps&^(pyglobals.Proxy|pyglobals.DoS|pyglobals.Attr) != 0 && !isOrdinaryClass(module, last) {
		return target{scanners.Critical, ", which " + danger.Caps.String()}
	}
	if through(name) {
		return target{scanners.Critical, ", which reaches another module through this one"}
	}
	if strings.Contains(name, "${") {
		return target{scanners.High, ", a name that another place fills in"}
	}
	known := slices.Contains(knownRoots, root(name))
	class := last != "" && unicode.IsUpper(rune(last[0]))
	switch {
	case known && class:
		return target{scanners.Informational, ""}
	case known:
		return target{scanners.Low, ", a function"}
	case class || !strings.Contains(name, "."):
		return target{scanners.Medium, ", of no package that is known"}
	}
	return target{scanners.High, ", a function of no package that is known"}
}

// isOrdinaryClass reports classes in packages that are listed as dangerous as a
// whole: what is read through them is data of the user.
func isOrdinaryClass(module, name string) bool {
	return name != "" && unicode.IsUpper(rune(name[0])) && slices.Contains(knownRoots, root(module)) && !strings.Contains(name, "Unpickler") && !strings.Contains(module, "hub")
}

func splitName(name string) (module, last string) {
	name, _, _ = strings.Cut(name, ":")
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "builtins", name
	}
	return name[:i], name[i+1:]
}

// callTarget reports an object that is called.
func (s *scan) callTarget(offset int64, how, name string) {
	g := gradeTarget(strings.TrimSpace(name))
	s.addAs(g.severity, "text/call-target", offset, "%s %s%s", how, clip.Quote(name, 120), g.why)
}

// callKeys are keys by which some framework finds what to call: LightningCLI, the
// logging module of Python, latent diffusion, MLflow. They are ordinary words too, so
// that only a name that can do harm is a finding.
var callKeys = []string{"target", "class_path", "()", "class", "callable", "func", "function", "factory", "import_path", "fn", "cls", "loader_module", "entry_point", "hook", "type"}

// yamlCall matches such a key with a dotted name in YAML.
var yamlCall = regexp.MustCompile(`(?:^|[\s{,-])["']?(target|class_path|\(\)|class|callable|func|function|factory|import_path|fn|cls|loader_module|entry_point|hook|type|trust_remote_code|download|name)["']?[ \t]*:[ \t]*["']?([A-Za-z_$][^\s"',}\]#]{2,200})`)

var yamlCallHints = []string{"target", "class", "()", "call", "func", "factor", "import", "fn", "cls", "loader", "entry", "hook", "type", "trust_remote", "download", "name"}

// dottedName is an object in a module.
var dottedName = regexp.MustCompile(`^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$`)

// hiddenCall matches a key of targetKeys with a value that is not a plain name.
var hiddenCall = regexp.MustCompile(`(?:^|[\s{,-])["']?(?:target|class_path)["']?[ \t]*:[ \t]*(?:"[^"\n]{0,100}\\|[*!|>]|(?:#[^\n]{0,200})?\r?\n[ \t]+["']?\w+\.[\w.]+["']?[ \t]*(?:\r?\n|$))[^\n]{0,100}`)

func (s *scan) foundHidden(offset int64, match []byte) {
	s.addAs(scanners.High, "text/call-target", offset, "a name that cannot be read: %s", clip.Quote(bytes.TrimSpace(match), 120))
}

// foundCall judges a key with its value in a text that is not read as YAML.
func (s *scan) foundCall(offset int64, match []byte) {
	if m := yamlCall.FindSubmatch(match); m != nil {
		s.setting(offset, string(m[1]), string(m[2]))
	}
}

// setting judges a key of YAML with its value.
func (s *scan) setting(offset int64, key, value string) {
	switch {
	case key == "trust_remote_code":
		if v := strings.ToLower(value); v == "true" || v == "yes" || v == "on" {
			s.addAs(scanners.Medium, "text/trust-remote-code", offset, "%s: %s, which the program that reads the file may obey", key, clip.Quote(value, 20))
		}
	case key == "download":
		if strings.HasPrefix(value, "bash") {
			s.add("text/code-in-config", offset, "a command that Ultralytics runs to get the data: %s", clip.Quote(value, 120))
		}
	case key == "loader_module" && s.base == "mlmodel":
		if root(value) != "mlflow" {
			s.callTarget(offset, "loader_module is", value)
		}
	case key == "name", slices.Contains(callKeys, key):
		s.harmfulName(offset, key, value)
	}
}

// targetKeys are those of callKeys whose value is the name of an object to import
// wherever it is a name with dots.
var targetKeys = []string{"target", "class_path", "()", "callable", "factory", "import_path"}

// harmfulName reports a name that can do harm when it is called.
func (s *scan) harmfulName(offset int64, key, value string) {
	if !dottedName.MatchString(value) || gradeTarget(value).severity != scanners.Critical {
		return
	}
	known := slices.Contains(targetKeys, key) && slices.Contains(knownRoots, root(value))
	if known || harmfulRoot(value) || through(value) {
		s.callTarget(offset, key+" is", value)
	}
}

// harmfulRoots are modules of Python that run, load or fetch, where a key is an
// ordinary word.
var harmfulRoots = []string{"os", "posix", "nt", "subprocess", "builtins", "runpy", "importlib", "pickle", "marshal", "shutil", "socket", "ctypes", "pty", "dill", "cloudpickle", "joblib", "code", "urllib", "requests", "webbrowser", "asyncio", "multiprocessing"}

func harmfulRoot(name string) bool {
	return slices.Contains(harmfulRoots, root(name)) || strings.HasPrefix(name, "torch.hub.") || name == "torch.load" || name == "numpy.load"
}

// through reports a harmful module that another module imported, and that can be
// reached as its attribute: torch.serialization.os.system.
func through(name string) bool {
	parts := strings.Split(name, ".")
	for i := 1; i+1 < len(parts); i++ {
		bare := strings.TrimLeft(parts[i], "_")
		if bare != "code" && slices.Contains(harmfulRoots, bare) {
			if _, found := pyglobals.Classify(bare, strings.Join(parts[i+1:], ".")); found {
				return true
			}
		}
	}
	return false
}

// resolver matches what OmegaConf fills in from outside of the file.
var resolver = regexp.MustCompile(`\$\{\s*(?:oc\.env|env|oc\.create|oc\.decode|oc\.deprecated)\s*:[^}\n]{0,100}`)

func (s *scan) foundResolver(offset int64, match []byte) {
	s.addAs(scanners.Low, "text/call-target", offset, "a value from outside of the file: %s", clip.Quote(match, 100))
}

// codeText matches program text in a value.
var codeText = regexp.MustCompile(`__import__\s*\(|\bos\.(?:system|popen)\s*\(|\bsubprocess\.(?:run|call|Popen|check_\w+)\s*\(|\b(?:exec|eval)\s*\(\s*["'(\w]|\b__(?:subclasses|globals|builtins)__\b`)

var codeHints = []string{"__import__", "os.", "subprocess.", "exec", "eval", "__"}

func (s *scan) foundCode(offset int64, match []byte) {
	s.add("text/code-in-config", offset, "program text in a value: %s", clip.Quote(match, 80))
}
