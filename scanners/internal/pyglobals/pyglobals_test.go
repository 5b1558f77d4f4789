package pyglobals

import (
	"strings"
	"testing"
)

// TestTables checks every entry: a reason, a source, a known shape, no wildcard.
func TestTables(t *testing.T) {
	set, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[Shape]bool{ShapeAny: true, ShapeTypeOf: true, ShapeGetattr: true, ShapeText: true,
		ShapeReconstructor: true, ShapeNewobj: true, ShapeCodec: true, ShapeTensor: true, ShapeApply: true,
		ShapeNested: true, ShapeUfunc: true, ShapeSubscript: true, ShapeNone: true, ShapePlain: true,
		ShapeContainer: true, ShapeDtype: true, ShapeOwn: true, ShapeArray: true, ShapeScalar: true, ShapePartial: true, ShapeCaller: true, ShapeDistribution: true, ShapeBuffer: true,
		ShapeAccessor: true, ShapeLater: true, ShapeScriptObject: true}
	for k, e := range set.allowed {
		if e.Uses == 0 || e.Reason == "" || e.Source == "" || !shapes[e.Shape] || strings.Contains(k, "*") {
			t.Errorf("%s: %+v", k, e)
		}
	}
	if len(set.allowed) < 1500 || len(set.danger) < 300 {
		t.Errorf("%d entries allowed, %d modules with capabilities: the data is not all there", len(set.allowed), len(set.danger))
	}
}

// TestExactNamesOnly: an entry for a class does not open its module, its
// attributes or a module of a similar name.
func TestExactNamesOnly(t *testing.T) {
	for _, pair := range [][2]string{
		{"numpy", "__builtins__"}, {"numpy", "load"}, {"collections", "OrderedDict.__init__"},
		{"collections", "ordereddict"}, {"numpy.core", "multiarray"}, {"torch", "load"}, {"os", "system"},
		{"torch.storage", "sys"}, {"pathlib", "Path.touch"}, {"", ""}, {"numpy ", "ndarray"},
	} {
		if e := Lookup(pair[0], pair[1]); e != nil {
			t.Errorf("%v is allowed by %+v", pair, e)
		}
	}
	if e := Lookup("torch.storage", "UntypedStorage"); e.ItemSize != 1 || e.Allows(Call) {
		t.Errorf("torch.storage.UntypedStorage: %+v", e)
	}
	if e := Lookup("numpy", "ndarray"); !e.Allows(Value) || e.Allows(New|Call) {
		t.Errorf("numpy.ndarray: %+v", e)
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		module, name string
		want         Capability
	}{
		{"os", "system", Process}, {"posix", "popen", Process}, {"builtins", "eval", Exec},
		{"builtins", "getattr", Attr}, {"importlib", "import_module", Import},
		{"pkgutil", "resolve_name", Import}, {"asyncio.unix_events", "_UnixSubprocessTransport._start", Process},
		{"random", "_os.system", Process}, {"torch.serialization", "os.system", Load},
		{"numpy", "__builtins__", Attr}, {"numpy", "__builtins__.eval", Attr}, {"random", "_os", Attr},
		{"pathlib", "Path.touch", Write}, {"logging", "FileHandler", Write}, {"sqlite3", "connect", Write},
		{"http.client", "HTTPSConnection", Net}, {"ctypes", "CDLL", Native}, {"pickle", "loads", Load},
		{"numpy.f2py.crackfortran", "getlincoef", Exec}, {"numpy.testing._private.utils", "runstring", Exec},
		{"torch.utils.collect_env", "run", Process}, {"picklescan", "scanner", Tamper},
		{"functools", "reduce", Proxy}, {"evil", "os.system", Process}, {"mypkg.shell", "system", Process},
		{"idlelib.run", "Executive.runcode", Exec}, {"scipy.stats._continuous_distns", "norm_gen", Exec},
		{"copyreg", "add_extension", Attr}, {"_pickle", "loads", Load}, {"uuid", "_popen", Process},
	} {
		d, ok := Classify(c.module, c.name)
		if !ok || d.Caps&c.want == 0 || d.Reason == "" || d.Source == "" {
			t.Errorf("%s.%s: %v %+v, want %v", c.module, c.name, ok, d, c.want)
		}
	}
	for _, pair := range [][2]string{{"mypkg.models", "Net"}, {"sklearn.svm._classes", "SVC"}, {"math", "sqrt"},
		{"mypkg", "Trainer.code"}, {"collections", "deque"}} {
		if d, ok := Classify(pair[0], pair[1]); ok {
			t.Errorf("%v: %+v, want nothing", pair, d)
		}
	}
}

func TestPython3(t *testing.T) {
	for _, c := range [][4]string{
		{"__builtin__", "eval", "builtins", "eval"}, {"__builtin__", "reduce", "functools", "reduce"},
		{"commands", "getoutput", "subprocess", "getoutput"}, {"copy_reg", "_reconstructor", "copyreg", "_reconstructor"},
		{"urllib", "urlopen", "urllib.request", "urlopen"}, {"exceptions", "ValueError", "builtins", "ValueError"},
		{"os", "system", "os", "system"},
	} {
		if m, n := Python3(c[0], c[1]); m != c[2] || n != c[3] {
			t.Errorf("%s.%s: %s.%s", c[0], c[1], m, n)
		}
	}
}

// TestNoAllowedNameIsDangerous lists what is allowed although a table says it can
// do something: each such name is here because its entry names the safe use.
func TestNoAllowedNameIsDangerous(t *testing.T) {
	for _, e := range tables().allowed {
		d, ok := Classify(e.Module, e.Name)
		if !ok || d.Caps.Indirect() {
			continue
		}
		if strings.HasSuffix(d.Via, ".*") || e.Shape != ShapeAny || d.Via == "__*__" {
			continue // the module can do more than this name, or the arguments are checked
		}
		t.Errorf("%s.%s is allowed and listed as %q by %s", e.Module, e.Name, d.Caps, d.Via)
	}
}

func BenchmarkTables(b *testing.B) {
	for b.Loop() {
		if _, err := parse(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBegins(t *testing.T) {
	if !Begins("copyreg", "_reconstru") || !Begins("torch.jit._p", "") || Begins("copyreg", "add_ext") || Begins("os", "") {
		t.Error("a name counts as the beginning of a listed one exactly when it is")
	}
}
