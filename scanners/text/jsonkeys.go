package text

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/jsontok"
)

// object is what is remembered of an object until it closes: the fields by which
// Keras and skops find the class to build.
type object struct {
	module, class, dunderModule, loader string
	url, sha256                         string // of a file that Croissant lists
}

// checkString looks at a string by its key.
func (w *walk) checkString(key string, t jsontok.Token) {
	o := &w.top().object
	text := clip.Bytes(t.Text, 200)
	switch key {
	case "module":
		o.module = text
	case "class_name":
		o.class = text
	case "__module__":
		o.dunderModule = text
	case "__loader__":
		o.loader = text
	case "_target_":
		w.callTarget(t.Offset, "_target_ is", text)
	}
	if w.base == "modules.json" {
		w.sbertModule(key, text, t)
	}
	w.checkCode(key, text, t)
	if why, severity := autoRun(w, key, text); why != "" {
		w.addAs(severity, "text/auto-run", t.Offset, "%s: %s", why, clip.Quote(text, 120))
	}
	if slices.Contains(kernelKeys, key) && strings.ContainsAny(text, "/:@") {
		w.add("text/kernel-download", t.Offset, "%s is %s", key, clip.Quote(text, 120))
	}
	if slices.Contains(unsafeFunctions, text) && (key == "config" || key == "registered_name") && o.class != "" {
		w.add("text/code-in-config", t.Offset, "a serialised call of %s", clip.Quote(text, 60))
	}
}

// parent is the key that holds the innermost container.
func (w *walk) parent() string {
	if len(w.stack) < 2 {
		return ""
	}
	return w.stack[len(w.stack)-2].key
}

// kernelKeys choose the attention or expert implementation; a value that is a
// repository makes transformers fetch a kernel from it (CVE-2026-4372).
var kernelKeys = []string{
	"_attn_implementation_internal", "_attn_implementation", "attn_implementation",
	"_experts_implementation_internal", "_experts_implementation", "experts_implementation",
}

// unsafeFunctions of keras reach the network, the disk or switch safe mode off
// (CVE-2025-8747, CVE-2025-9906).
var unsafeFunctions = []string{"get_file", "enable_unsafe_deserialization"}

// codeClasses of Keras bring code or load another model: CVE-2024-3660,
// CVE-2025-49655, CVE-2026-1462.
var codeClasses = []string{"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer"}

// kerasModules and skopsModules are the roots from which the two build objects
// by themselves; "builtins" serves Keras for function references only.
var (
	kerasModules = []string{"keras", "keras_hub", "keras_cv", "keras_nlp", "tf_keras", "tensorflow", "builtins"}
	skopsModules = []string{"builtins", "collections", "datetime", "numpy", "scipy", "sklearn", "operator", "functools", "xgboost", "lightgbm", "catboost", "quantile_forest"}
)

// checkObject judges an object once its fields are known.
func (w *walk) checkObject(offset int64) {
	o := w.top().object
	w.croissantFile(o)
	switch {
	case slices.Contains(codeClasses, o.class):
		w.add("text/code-in-config", offset, "an object of class %s", o.class)
	case o.class != "" && o.module != "" && !slices.Contains(kerasModules, root(o.module)):
		w.add("text/code-in-config", offset, "an object of %s in the module %s", clip.Quote(o.class, 60), clip.Quote(o.module, 80))
	case o.loader != "" && o.dunderModule != "" && !slices.Contains(skopsModules, root(o.dunderModule)):
		w.add("text/code-in-config", offset, "%s loads from the module %s", clip.Quote(o.loader, 60), clip.Quote(o.dunderModule, 80))
	case o.loader == "OperatorFuncNode" && o.dunderModule != "operator": // CVE-2025-54412
		w.add("text/code-in-config", offset, "an operator from the module %s", clip.Quote(o.dunderModule, 80))
	}
}

func root(module string) string {
	first, _, _ := strings.Cut(module, ".")
	return first
}

// checkAutoMap reports the code that trust_remote_code would run. Two dashes
// separate a repository from the module in it.
func (w *walk) checkAutoMap(t jsontok.Token) {
	if bytes.Contains(t.Text, []byte("--")) {
		w.addAs(scanners.High, "text/remote-code", t.Offset, "auto_map names code in another repository: %s", clip.Quote(t.Text, 120))
		return
	}
	w.add("text/remote-code", t.Offset, "auto_map names %s", clip.Quote(t.Text, 120))
	if module, class, ok := strings.Cut(string(t.Text), "."); ok && !strings.Contains(module, "/") {
		w.outline.AddRef(scanners.Ref{Kind: scanners.RefModule, Name: module + ".py", Key: class})
	}
}

// knownLibraries are those that peft itself allows as parent of a base model.
var knownLibraries = []string{"transformers", "diffusers", "timm", "sentence_transformers", "torch"}

func isKnownLibrary(name []byte) bool { return slices.Contains(knownLibraries, root(string(name))) }

// leavesFolder reports whether a file name of an index points elsewhere.
func leavesFolder(name string) bool {
	return entryname.Outside(path.Clean(name)) || strings.Contains(name, ":")
}
