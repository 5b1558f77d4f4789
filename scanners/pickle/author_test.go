package pickle

import (
	"context"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestOrdinaryObjects: what scripts and pipelines keep in a pickle, and beside each the
// use of the same names that is an attack.
func TestOrdinaryObjects(t *testing.T) {
	accessor := func(name string, args ...string) []string {
		return assemble([]string{"PROTO 4", "GLOBAL " + name, "MARK"}, args, []string{"TUPLE", "REDUCE"})
	}
	step := func(function []string) []string { // FunctionTransformer(function)
		return assemble("PROTO 4", "GLOBAL sklearn.preprocessing._function_transformer FunctionTransformer", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "func"`, function[1:], "SETITEM", "BUILD", "STOP")
	}
	pattern := []string{"PROTO 4", "GLOBAL builtins getattr", "GLOBAL re _compile", `BINUNICODE "a"`, "BININT1 32", "TUPLE2", "REDUCE"}
	method := func(name string, then ...string) []string {
		return assemble(pattern, `BINUNICODE "`+name+`"`, "TUPLE2", "REDUCE", then, "STOP")
	}
	packed := func(class string) []string {
		return []string{"PROTO 2", "GLOBAL torch ScriptObject", "EMPTY_TUPLE", "NEWOBJ", "BININT1 1", "NONE", "TUPLE2", `BINUNICODE "` + class + `"`, "TUPLE2", "BUILD", "STOP"}
	}
	memory := func(location ...string) []string {
		return assemble("PROTO 4", "GLOBAL joblib.memory Memory", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "location"`, location, "SETITEM", "BUILD", "STOP")
	}
	member := func(class, name string, then ...string) []string {
		return assemble("PROTO 4", "GLOBAL builtins getattr", "GLOBAL "+class, `BINUNICODE "`+name+`"`, "TUPLE2", "REDUCE", then, "STOP")
	}
	loader := []string{"GLOBAL torch.utils.data.dataloader DataLoader", "EMPTY_TUPLE"}
	x := `BINUNICODE "` + marker + `"`
	for name, c := range map[string]struct {
		lines []string
		want  scanners.Severity
	}{
		"itemgetter":                {step(accessor("operator itemgetter", `BINUNICODE "a"`)), scanners.Informational},
		"itemgetter of an object":   {step(accessor("operator itemgetter", "GLOBAL sklearn.svm._classes SVC", "EMPTY_TUPLE", "NEWOBJ")), scanners.Critical},
		"itemgetter called":         {assemble(accessor("operator itemgetter", `BINUNICODE "a"`), "EMPTY_DICT", "TUPLE1", "REDUCE", "STOP"), scanners.Critical},
		"attrgetter":                {step(accessor("operator attrgetter", `BINUNICODE "values"`)), scanners.Informational},
		"attrgetter of a module":    {step(accessor("operator attrgetter", `BINUNICODE "os.system"`)), scanners.Critical},
		"attrgetter of a method":    {step(accessor("operator attrgetter", `BINUNICODE "system"`)), scanners.Critical},
		"attrgetter of the class":   {step(accessor("operator attrgetter", `BINUNICODE "__class__"`)), scanners.Critical},
		"attrgetter called":         {assemble(accessor("operator attrgetter", `BINUNICODE "values"`), "GLOBAL mylib x", "TUPLE1", "REDUCE", "STOP"), scanners.Critical},
		"attrgetter for __array__":  {assemble("PROTO 4", "GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "__array__"`, accessor("operator attrgetter", `BINUNICODE "values"`)[1:], "SETITEM", "BUILD", "STOP"), scanners.High},
		"attrgetter to a call":      {assemble("PROTO 4", "GLOBAL pandas.core.frame DataFrame", accessor("operator attrgetter", `BINUNICODE "values"`)[1:], "TUPLE1", "REDUCE", "STOP"), scanners.High},
		"methodcaller":              {step(accessor("operator methodcaller", `BINUNICODE "astype"`, `BINUNICODE "f4"`)), scanners.Informational},
		"methodcaller of text":      {step(accessor("operator methodcaller", `BINUNICODE "eval"`, x)), scanners.Critical},
		"methodcaller to a file":    {step(accessor("operator methodcaller", `BINUNICODE "tofile"`, x)), scanners.Critical},
		"methodcaller with a name":  {step(accessor("operator methodcaller", `BINUNICODE "apply"`, "GLOBAL mylib f")), scanners.Critical},
		"method of a pattern":       {method("findall"), scanners.Informational},
		"class of a pattern":        {method("__class__"), scanners.Critical},
		"method of a pattern, call": {method("sub", x, "TUPLE1", "REDUCE"), scanners.Critical},
		"packed weights":            {packed("__torch__.torch.classes.quantized.LinearPackedParamsBase"), scanners.Informational},
		"another class of C++":      {packed("__torch__.torch.classes.dist_rpc.WorkerInfo"), scanners.High},
		"cache":                     {memory(x), scanners.Low},
		"cache in an object":        {memory("GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ"), scanners.High},
		"cache that is called":      {[]string{"PROTO 4", "GLOBAL joblib.memory Memory", x, "TUPLE1", "REDUCE", "STOP"}, scanners.High},
		"cached result":             {[]string{"PROTO 4", "GLOBAL joblib.memory MemorizedResult", "EMPTY_TUPLE", "NEWOBJ", "STOP"}, scanners.Critical},
		"loader of data":            {assemble("PROTO 2", loader, "NEWOBJ", "EMPTY_DICT", `BINUNICODE "collate_fn"`, "GLOBAL torch.utils.data._utils.collate default_collate", "SETITEM", "BUILD", "STOP"), scanners.Low},
		"loader that is called":     {assemble("PROTO 2", loader, "REDUCE", "STOP"), scanners.High},
		"worker of a loader":        {[]string{"PROTO 2", "GLOBAL torch.utils.data._utils.worker _worker_loop", "EMPTY_TUPLE", "REDUCE", "STOP"}, scanners.Critical},
		"member":                    {member("__main__ Col", "A"), scanners.Medium},
		"member that is called":     {member("__main__ Col", "A", "EMPTY_TUPLE", "REDUCE"), scanners.High},
		"member that is a word":     {member("__main__ os", "system", x, "TUPLE1", "REDUCE"), scanners.Critical},
		"class of a member":         {member("__main__ Col", "__class__"), scanners.Critical},
		"member of a module":        {member("os path", "join"), scanners.Critical},
		"state of a member":         {member("__main__ Col", "A", "EMPTY_DICT", `BINUNICODE "a"`, "NONE", "SETITEM", "BUILD"), scanners.Critical},
		"member by value":           {[]string{"PROTO 4", "GLOBAL __main__ Col", "BININT1 1", "TUPLE1", "REDUCE", "STOP"}, scanners.High},
		"class":                     {[]string{"PROTO 4", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "a"`, "NONE", "SETITEM", "BUILD", "STOP"}, scanners.Medium},
		"named tuple":               {[]string{"PROTO 4", "GLOBAL __main__ Point", "BININT1 1", "BININT1 2", "TUPLE2", "NEWOBJ", "STOP"}, scanners.Medium},
		"class of a package":        {[]string{"PROTO 4", "GLOBAL mylib Net", "EMPTY_TUPLE", "NEWOBJ", "STOP"}, scanners.High},
		"class beyond the script":   {[]string{"PROTO 4", "GLOBAL __main__ np.lib.X", "EMPTY_TUPLE", "NEWOBJ", "STOP"}, scanners.High},
		"class that opens a file":   {[]string{"PROTO 4", "GLOBAL __main__ memmap", x, "TUPLE1", "NEWOBJ", "STOP"}, scanners.High},
		"class with __array__":      {[]string{"PROTO 4", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "__array__"`, "NONE", "SETITEM", "BUILD", "STOP"}, scanners.High},
		"class with a loader":       {[]string{"PROTO 4", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "a"`, "GLOBAL torch.storage _load_from_bytes", "SETITEM", "BUILD", "STOP"}, scanners.High},
		"class with items":          {[]string{"PROTO 4", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "NONE", "APPEND", "STOP"}, scanners.High},
		"class in an optimizer":     {[]string{"PROTO 4", "GLOBAL torch.optim.adam Adam", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "defaults"`, "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "SETITEM", "BUILD", "STOP"}, scanners.High},
		"accessor in an optimizer":  {assemble("PROTO 4", "GLOBAL torch.optim.adam Adam", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", `BINUNICODE "defaults"`, accessor("operator attrgetter", `BINUNICODE "values"`)[1:], "SETITEM", "BUILD", "STOP"), scanners.High},
		"class in a call":           {[]string{"PROTO 4", "GLOBAL pandas.core.frame DataFrame", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "TUPLE1", "REDUCE", "STOP"}, scanners.High},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, c.lines...))
		got := scanners.Informational
		for _, f := range r.Findings {
			if f.Severity.AtLeast(got) {
				got = f.Severity
			}
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %v, want %v: %+v, %v", name, got, c.want, r.Findings, err)
		}
	}
}

// TestAdvice: what to do fits what was said before, and the kind of model.
func TestAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
		not   string
	}{
		"whole module": {[]string{"PROTO 2", "GLOBAL __main__ Net", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL torch float32", "TUPLE2", "STOP"}, "its definition of Net", "torch.load(path, weights_only=True)"},
		"weights":      {[]string{"PROTO 2", "GLOBAL torch float32", "STOP"}, "torch.load(path, weights_only=True)", "refuses"},
		"estimator":    {[]string{"PROTO 2", "GLOBAL sklearn.svm._classes SVC", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL os system", x0, "TUPLE1", "REDUCE", "TUPLE2", "STOP"}, "ONNX", "safetensors"},
	} {
		var b strings.Builder
		if err := Explain(context.Background(), scannertest.File("a.pkl", program(t, c.lines...)), scanners.Limits{}, false, &b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), c.not) {
			t.Errorf("%s: %s", name, b.String())
		}
	}
}

const x0 = `BINUNICODE "` + marker + `"`
