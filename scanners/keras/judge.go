package keras

import (
	"encoding/base64"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/marshal"
	"assay/scanners/internal/pyjson"
)

// judge judges an object that has a class name.
func (s *scan) judge(f *pyjson.Object) {
	if !f.Has["config"] {
		return // read as a plain dictionary (deserialize_keras_object)
	}
	s.objects++
	class, at := f.Text("class_name"), f.Offset
	switch {
	case class == "__lambda__", class == "Lambda":
		s.lambda(f, class, at)
	case class == "function":
		s.reference(f, f.Text("config"), at, functions)
	case class == "__typespec__":
		s.reference(f, f.Text("spec_name"), at, classes)
	case special[class]:
		s.known = true
	case class == "TFOpLambda", class == "SlicingOpLambda", class == "ClassMethod", class == "InstanceMethod", class == "InstanceProperty":
		s.known = true
		s.tensorCall(f, class, at)
	case class == "TensorFlowOpLayer", class == "AddLoss", class == "AddMetric":
		s.known = true
		s.graphOp(f, at)
	default:
		s.reference(f, class, at, classes)
	}
	if config := f.Nested["config"]; config != nil {
		s.values(config, class, at)
	}
}

// reference judges a class or function with its module.
func (s *scan) reference(f *pyjson.Object, name string, at int64, list map[string]bool) {
	module := f.Text("module")
	registered := f.Text("registered_name")
	for _, n := range []string{name, registered} {
		last := n[strings.LastIndexAny(n, ".>")+1:]
		if why := dangerous[last]; why != "" && (module == "" || roots[root(module)] || module == "builtins") {
			s.known = true
			s.found.Add("keras/dangerous-reference", at, "%s %s", clip.Quote(n, maxWhat), why)
			return
		}
	}
	switch {
	case module == "", module == "__main__":
		s.withoutModule(name, registered, at, list)
	case module == "builtins":
		s.builtin(name, registered, at)
	case !roots[root(module)]:
		s.foreign(module, name, registered, at)
	default:
		s.known = true
		s.ofKeras(module, name, registered, at, list)
	}
}

// withoutModule judges a name of Keras 1 and 2, or one that must be registered.
func (s *scan) withoutModule(name, registered string, at int64, list map[string]bool) {
	// Keras 2.11 registered its own optimizers as if they were a user's.
	name, registered = strings.TrimPrefix(name, "Custom>"), strings.TrimPrefix(registered, "Custom>")
	if registered != "" && !list[registered] {
		name = registered
	}
	if list[name] || companion(name) {
		s.known = true
		return
	}
	s.unknown = append(s.unknown[:min(len(s.unknown), 64)], scanners.Finding{Rule: "keras/custom-object", Severity: scanners.Medium, Offset: at,
		What: "the model needs " + clip.Quote(name, maxWhat)})
}

// companion reports names that packages of the Keras team register: their code is
// not in the model, and comes with the package.
func companion(name string) bool {
	pkg, _, ok := strings.Cut(name, ">")
	return ok && slices.Contains([]string{"keras_hub", "keras_nlp", "keras_cv", "Keras_hub", "keras"}, pkg)
}

// builtin judges a name in the module builtins, which Keras takes for its own
// activations, losses and metrics first, and for those of Python after that.
func (s *scan) builtin(name, registered string, at int64) {
	switch {
	case functions[name], classes[name]:
		s.known = true
	case strings.Contains(registered, ">"):
		s.found.Add("keras/custom-object", at, "the model needs %s", clip.Quote(registered, maxWhat))
	default:
		s.found.Add("keras/foreign-module", at, "%s in the module builtins", clip.Quote(name, maxWhat))
	}
}

// foreign judges a name in a module that is not of Keras. A class that was
// registered under a name of its own is what a custom layer looks like; it is
// imported all the same.
func (s *scan) foreign(module, name, registered string, at int64) {
	severity := scanners.Critical
	if pkg, _, ok := strings.Cut(registered, ">"); ok && pkg != "" && className.MatchString(name) {
		severity = scanners.High
	}
	s.found.AddAs(severity, "keras/foreign-module", at, "%s in the module %s", clip.Quote(name, maxWhat), clip.Quote(module, maxWhat))
}

// ofKeras judges a name in a module of Keras or of a package beside it.
func (s *scan) ofKeras(module, name, registered string, at int64, list map[string]bool) {
	switch {
	case inside.MatchString(module) && list[name] && (registered == "" || registered == name || list[registered]):
	case strings.HasPrefix(registered, "Custom>") || strings.Contains(registered, ">") && !companion(registered):
		s.found.Add("keras/custom-object", at, "the model needs %s", clip.Quote(registered, maxWhat))
	case operation.MatchString(module) && (className.MatchString(name)):
	case component.MatchString(module) && className.MatchString(name):
		s.found.AddAs(scanners.Low, "keras/unlisted-reference", at, "%s in the module %s", clip.Quote(name, maxWhat), clip.Quote(module, maxWhat))
	default:
		s.found.Add("keras/unlisted-reference", at, "%s in the module %s", clip.Quote(name, maxWhat), clip.Quote(module, maxWhat))
	}
}

// lambda reports code. Byte code is in the object itself (Keras 3), or in the first
// element of the function (Keras 2).
func (s *scan) lambda(f *pyjson.Object, class string, at int64) {
	s.known = true
	inner := f.Nested["config"]
	for _, key := range []string{"code", "value", "function"} {
		text := inner.Text(key)
		if text == "" && class == "__lambda__" {
			text = f.Text(key)
		}
		if names, ok := codeNames(text); ok {
			s.found.Add("keras/lambda", at, "byte code that uses %s", clip.Quote(strings.Join(names, " "), 300))
			return
		}
	}
	if class == "__lambda__" {
		s.found.Add("keras/lambda", at, "byte code that cannot be read")
		return
	}
	s.found.AddAs(scanners.High, "keras/lambda", at, "a Lambda layer around the function %s", clip.Quote(inner.Text("function"), maxWhat))
}

// codeNames returns the names and texts in marshalled byte code in base64, and false
// for anything else. From code that does not decode the names are picked: texts of
// type Z and z, or with the bit that makes a text referable (CPython
// Python/marshal.c).
func codeNames(text string) ([]string, bool) {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \r\n\t", r) {
			return -1
		}
		return r
	}, text)
	data, err := base64.StdEncoding.DecodeString(clean[:len(clean)/4*4])
	if err != nil || len(data) < 16 || data[0]&0x7f != 'c' {
		return nil, false
	}
	if decoded, err := marshal.Decode(data); err == nil {
		return append(slices.Clone(decoded.Names), decoded.Texts...), true
	}
	var names []string
	for i := 0; i+2 < len(data) && len(names) < 64; i++ {
		kind, n := data[i]&0x7f, int(data[i+1])
		if kind != 'Z' && kind != 'z' || n == 0 || i+2+n > len(data) {
			continue
		}
		name := string(data[i+2 : i+2+n])
		if isName(name) && !slices.Contains(names, name) {
			names = append(names, name)
			i += 1 + n
		}
	}
	return names, true
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// tensorCall judges a layer that calls a function of TensorFlow by its name.
func (s *scan) tensorCall(f *pyjson.Object, class string, at int64) {
	config := f.Nested["config"]
	if config == nil {
		return
	}
	name := config.Text("function")
	if class == "SlicingOpLambda" && name == "__operators__.getitem" || name == "" && class != "TFOpLambda" {
		return
	}
	if !tensorFunction(name) {
		s.found.Add("keras/tensorflow-call", at, "%s calls %s", class, clip.Quote(name, maxWhat))
	}
}

// fileOps are operators that use files, the network or Python: see the rules of
// TensorFlow graphs for all of them.
var fileOps = []string{"ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "MatchingFiles", "RestoreV2", "SaveV2", "Save", "LoadLibrary", "DatasetFromGraph", "PrintV2", "DebugIdentity"}

// graphOp judges a layer that is a node of a TensorFlow graph in text.
func (s *scan) graphOp(f *pyjson.Object, at int64) {
	config := f.Nested["config"]
	if config == nil {
		return
	}
	node := config.Text("node_def")
	for _, op := range fileOps {
		if strings.Contains(node, `"`+op+`"`) {
			s.found.Add("keras/tensorflow-call", at, "a layer is the operator %s", op)
		}
	}
}

// lookups are the layers that read a vocabulary.
var lookups = []string{"StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"}

// values judges what a configuration says beside its class.
func (s *scan) values(config *pyjson.Object, class string, at int64) {
	for _, key := range []string{"vocabulary", "idf_weights"} {
		text := config.Text(key)
		if text != "" && (slices.Contains(lookups, class) || strings.ContainsAny(text, "/\\:")) {
			s.found.Add("keras/vocabulary-file", at, "the %s of %s is %s", key, clip.Quote(class, 40), clip.Quote(text, maxWhat))
		}
	}
	if name := config.Text("name"); leaves(name) {
		s.found.Add("keras/name-path", at, "%s is called %s", clip.Quote(class, 40), clip.Quote(name, maxWhat))
	}
}

// leaves reports a name that is no place below a folder. Names with a slash are
// ordinary in Keras 2.
func leaves(name string) bool {
	return entryname.Outside(name)
}
