package pickle

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// object makes an object of a class and sets its attributes, each a name and the lines
// that make its value.
func object(class string, attributes ...any) []string {
	lines := []string{"GLOBAL " + class, "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "MARK"}
	for i := 0; i+1 < len(attributes); i += 2 {
		lines = append(lines, fmt.Sprintf("BINUNICODE %q", attributes[i]))
		lines = append(lines, assemble(attributes[i+1])...)
	}
	return append(lines, "SETITEMS", "BUILD")
}

func namespace(attributes ...any) []string { return object("argparse Namespace", attributes...) }

// deferred makes a partial of a function with arguments.
func deferred(function string, args ...any) []string {
	return assemble("GLOBAL functools partial", "GLOBAL "+function, "TUPLE1", "REDUCE", "MARK", "GLOBAL "+function, "MARK",
		assemble(args...), "TUPLE", "EMPTY_DICT", "NONE", "TUPLE", "BUILD")
}

// parameter is what torch calls to make a parameter of a tensor.
func parameter(tensor ...string) []string {
	return assemble("GLOBAL torch._utils _rebuild_parameter", "MARK", tensor, "NONE", orderedDict, "TUPLE", "REDUCE")
}

var (
	orderedDict = []string{"GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE"}
	numpyText   = []string{"GLOBAL numpy str_", `BINUNICODE "__setstate__"`, "TUPLE1", "REDUCE"}
	template    = []string{"EMPTY_DICT", `BINUNICODE "_parse_arg_template"`, `BINUNICODE "print('assay-test-marker')"`, "SETITEM"}
	// laterNamespace is in memo 1, and armNow sets its attribute.
	laterNamespace = []string{"GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "BINPUT 1", "POP"}
	armNow         = []string{"BINGET 1", "EMPTY_DICT", `BINUNICODE "nbunch_iter"`, "GLOBAL numpy memmap", "SETITEM", "BUILD", "POP"}
	norm           = "scipy.stats._continuous_distns norm_gen"
)

func edgeView(viewer []string, nbunch string) []string {
	return object("networkx.classes.reportviews EdgeDataView", "viewer", viewer, "nbunch", nbunch)
}

// armedFiles hold a callable where a library looks for a method, or objects under a
// class that is not theirs. Every name is listed, but where the text says otherwise.
var armedFiles = []struct {
	name  string
	lines []string
}{
	{"newObj gives an object of any class", assemble("GLOBAL sklearn.neighbors._kd_tree newObj", "GLOBAL "+norm, "TUPLE1", "REDUCE", template, "BUILD")},
	{"newObj of the ball tree", assemble("GLOBAL sklearn.neighbors._ball_tree newObj", "GLOBAL "+norm, "TUPLE1", "REDUCE", template, "BUILD")},
	{"newObj of a metric", assemble("GLOBAL sklearn.metrics._dist_metrics newObj", "GLOBAL "+norm, "TUPLE1", "REDUCE", template, "BUILD")},
	{"newObj before 0.22", assemble("GLOBAL sklearn.neighbors.kd_tree newObj", "GLOBAL "+norm, "TUPLE1", "REDUCE", template, "BUILD")},
	{"pickle of Cython with another class", assemble("GLOBAL sklearn._loss._loss __pyx_unpickle_CyHuberLoss", "GLOBAL "+norm, "BININT1 1", "NONE", "TUPLE3", "REDUCE", template, "BUILD")},
	{"wrapper of another class", assemble("GLOBAL torch._utils _rebuild_wrapper_subclass", "GLOBAL "+norm, "TUPLE1", "REDUCE", template, "BUILD")},
	{"tensor that is a module", assemble("GLOBAL torch._tensor _rebuild_from_type_v2", "MARK", "GLOBAL torch._utils _rebuild_parameter", "GLOBAL torch.nn.modules.linear Linear", "NONE", "NONE", "NONE", "TUPLE3", "EMPTY_DICT", "TUPLE", "REDUCE")},
	{"tensor that is a namespace", parameter(namespace("detach", deferred("numpy squeeze", namespace("squeeze", "GLOBAL "+norm)))...)},
	{"tensor that is an empty namespace", parameter(namespace("a", "NONE")...)},
	{"tensor that is a module with a method", parameter(object("torch.nn.modules.linear Linear", "detach", "GLOBAL numpy squeeze")...)},
	{"tensor that is a Bunch", parameter("GLOBAL sklearn.utils._bunch Bunch", "EMPTY_TUPLE", "REDUCE", `BINUNICODE "detach"`, "GLOBAL numpy squeeze", "SETITEM")},
	{"function that calls its argument, in a partial", deferred("sklearn.metrics._scorer _passthrough_scorer", namespace("score", "GLOBAL numpy memmap"), `BINUNICODE "assay-test-marker"`)},
	{"armed argument of a partial", deferred("numpy squeeze", namespace("squeeze", "GLOBAL numpy memmap"))},
	{"armed argument of a partial, deep", deferred("numpy squeeze", "EMPTY_LIST", namespace("a", namespace("squeeze", "GLOBAL numpy memmap")), "APPEND")},
	{"view that calls memmap", edgeView(namespace("_graph", namespace("nbunch_iter", "GLOBAL numpy memmap"), "_adjdict", "EMPTY_DICT"), `BINUNICODE "assay-test-marker"`)},
	{"view that calls an unlisted name", edgeView(namespace("_graph", namespace("nbunch_iter", "GLOBAL mylib f"), "_adjdict", "EMPTY_DICT"), `BINUNICODE "assay-test-marker"`)},
	{"view that evaluates text", edgeView(namespace("_graph", namespace("nbunch_iter", "GLOBAL matplotlib.rcsetup validate_cycler"), "_adjdict", "EMPTY_DICT"), `BINUNICODE "assay-test-marker"`)},
	{"view of a graph with a method", edgeView(object("networkx.classes.graph Graph", "nbunch_iter", "GLOBAL numpy memmap"), `BINUNICODE "assay-test-marker"`)},
	{"view of a SimpleNamespace", edgeView(object("types SimpleNamespace", "_graph", namespace("nbunch_iter", "GLOBAL numpy memmap")), `BINUNICODE "assay-test-marker"`)},
	{"view of a Bunch", edgeView(assemble("GLOBAL sklearn.utils._bunch Bunch", "EMPTY_TUPLE", "REDUCE", `BINUNICODE "nbunch_iter"`, "GLOBAL numpy memmap", "SETITEM"), `BINUNICODE "x"`)},
	{"view of an object that is armed later", assemble("GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "BINPUT 1", "POP", namespace("_graph", "BINGET 1"), "BINPUT 2", "POP",
		"BINGET 1", "EMPTY_DICT", `BINUNICODE "nbunch_iter"`, "GLOBAL numpy memmap", "SETITEM", "BUILD", "POP", edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"view of an object in a list that is armed later", assemble("EMPTY_LIST", "BINPUT 1", "POP", namespace("_graph", "BINGET 1"), "BINPUT 2", "POP",
		"BINGET 1", "GLOBAL numpy memmap", "APPEND", "POP", edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"items of a reconstructed dictionary that are attributes", assemble("GLOBAL copyreg _reconstructor", "GLOBAL scipy.optimize._optimize OptimizeResult", "GLOBAL builtins dict",
		"EMPTY_DICT", `BINUNICODE "__setstate__"`, "GLOBAL numpy memmap", "SETITEM", "TUPLE3", "REDUCE", `BINUNICODE "assay-test-marker"`, "BUILD")},
	{"items of a reconstructed dictionary, the name as an object", assemble("GLOBAL copyreg _reconstructor", "GLOBAL lightning.fabric.utilities.data AttributeDict", "GLOBAL builtins dict",
		"EMPTY_DICT", numpyText, "GLOBAL numpy memmap", "SETITEM", "TUPLE3", "REDUCE", `BINUNICODE "assay-test-marker"`, "BUILD")},
	{"armed later, behind sixty-four others", assemble(laterNamespace, "EMPTY_LIST", "MARK", strings.Fields(strings.Repeat("NONE ", 70)), "BINGET 1", "APPENDS", "BINPUT 2", "POP", armNow,
		edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"armed later, in a container that is forgotten", assemble(laterNamespace, "BINGET 1", "TUPLE1", "BINPUT 2", "POP", strings.Split(strings.Repeat("EMPTY_LIST;POP;", 40000)+"NONE;POP", ";"), armNow,
		edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"armed later, doubled", assemble("GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "DUP", "TUPLE1", "BINPUT 2", "POP", "EMPTY_DICT", `BINUNICODE "nbunch_iter"`, "GLOBAL numpy memmap", "SETITEM", "BUILD", "POP",
		edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"armed later, in a slice", assemble(laterNamespace, "GLOBAL builtins slice", "BINGET 1", "NONE", "NONE", "TUPLE3", "REDUCE", "BINPUT 2", "POP", armNow,
		edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"armed later, in a mapping of containers", assemble(laterNamespace, orderedDict, `BINUNICODE "a"`, "EMPTY_LIST", "BINGET 1", "APPEND", "SETITEM", "BINPUT 2", "POP", armNow,
		edgeView([]string{"BINGET 2"}, `BINUNICODE "x"`))},
	{"array of joblib with a method", assemble(object("joblib.numpy_pickle NumpyArrayWrapper", "read", "GLOBAL numpy squeeze", "subclass", "GLOBAL numpy ndarray", "shape", []string{"BININT1 1", "TUPLE1"}, "order", `BINUNICODE "C"`,
		"dtype", []string{"GLOBAL numpy dtype", `BINUNICODE "u1"`, "TUPLE1", "REDUCE"}, "allow_mmap", "NEWTRUE"), `RAW "A"`)},
	{"text of a booster", object("lightgbm.basic Booster", "_handle", namespace("encode", "GLOBAL numpy squeeze"))},
	{"nodes of a tree", assemble("GLOBAL sklearn.tree._tree Tree", "BININT1 1", "NONE", "BININT1 1", "TUPLE3", "REDUCE", "EMPTY_DICT", `BINUNICODE "nodes"`, namespace("astype", "GLOBAL numpy squeeze"), "SETITEM", "BUILD")},
	{"state of a language model", object("flair.models.language_model LanguageModel", "state_dict", namespace("copy", "GLOBAL numpy squeeze"))},
	{"categories that are no index", object("pandas.core.arrays.categorical Categorical", "_categories", namespace("_typ", `BINUNICODE "index"`, "isna", "GLOBAL numpy squeeze"))},
	{"factory of a defaultdict", edgeView(assemble("GLOBAL collections defaultdict", "GLOBAL numpy memmap", "TUPLE1", "REDUCE"), "NONE")},
	{"exception with a method", parameter("GLOBAL builtins ValueError", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", `BINUNICODE "detach"`, "GLOBAL numpy squeeze", "SETITEM", "BUILD")},
	{"mapping with a method", parameter(assemble(orderedDict, "EMPTY_DICT", `BINUNICODE "detach"`, "GLOBAL numpy squeeze", "SETITEM", "BUILD")...)},
	{"optimizer whose defaults answer", object("torch.optim.sgd SGD", "defaults", namespace("setdefault", "GLOBAL numpy squeeze"))},
	{"optimizer whose groups answer", object("torch.optim.adam Adam", "param_groups", assemble("EMPTY_LIST", namespace("setdefault", "GLOBAL numpy squeeze"), "APPEND"))},
	{"isotonic regression over callables", object("sklearn.isotonic IsotonicRegression", "X_thresholds_", namespace("astype", "GLOBAL numpy squeeze"))},
	{"state that is an object with keys", assemble("GLOBAL torch.nn.modules.linear Linear", "EMPTY_TUPLE", "NEWOBJ", namespace("keys", "GLOBAL numpy squeeze"), "BUILD")},
	{"list that hides its method", assemble(object("collections UserList", "data", namespace("append", "GLOBAL numpy memmap")), `BINUNICODE "assay-test-marker"`, "APPEND")},
	{"configuration that hides its method", assemble(object("omegaconf.listconfig ListConfig", "append", "GLOBAL numpy memmap"), `BINUNICODE "assay-test-marker"`, "APPEND")},
	{"special item of a Bunch as numpy.str_", assemble("GLOBAL sklearn.utils._bunch Bunch", "EMPTY_TUPLE", "REDUCE", numpyText, "GLOBAL numpy memmap", "SETITEM", `BINUNICODE "x"`, "BUILD")},
	{"state that is a Bunch", assemble("GLOBAL sklearn.cluster._birch _CFSubcluster", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL sklearn.utils._bunch Bunch", "EMPTY_TUPLE", "REDUCE", "BUILD")},
	{"state that is an OptimizeResult", assemble("GLOBAL sklearn.cluster._birch _CFSubcluster", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL scipy.optimize._optimize OptimizeResult", "EMPTY_TUPLE", "NEWOBJ", "BUILD")},
	{"state that is an AttributeDict", assemble("GLOBAL sklearn.cluster._birch _CFSubcluster", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL lightning.fabric.utilities.data AttributeDict", "EMPTY_TUPLE", "NEWOBJ", "BUILD")},
	{"special name as numpy.str_", assemble("GLOBAL sklearn.cluster._birch _CFSubcluster", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", numpyText, "GLOBAL numpy memmap", "SETITEM", "BUILD")},
	{"special name in a dictionary set as __dict__", assemble("GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "NONE", "EMPTY_DICT", `BINUNICODE "__dict__"`,
		"EMPTY_DICT", `BINUNICODE "__setstate__"`, "GLOBAL numpy memmap", "SETITEM", "SETITEM", "TUPLE2", "BUILD")},
	{"time zone from a file", assemble("GLOBAL pandas.core.dtypes.dtypes DatetimeTZDtype", `BINUNICODE "ns"`, `BINUNICODE "dateutil//etc/localtime"`, "TUPLE2", "REDUCE")},
	{"time zone from a file, as a type", assemble("GLOBAL pandas.core.indexes.base _new_Index", "GLOBAL pandas.core.indexes.base Index", "EMPTY_DICT", `BINUNICODE "dtype"`, `BINUNICODE "datetime64[ns, dateutil//etc/localtime]"`, "SETITEM", "TUPLE2", "REDUCE")},
	{"time zone as an object", assemble("GLOBAL pandas.core.dtypes.dtypes DatetimeTZDtype", `BINUNICODE "ns"`, "GLOBAL numpy str_", `BINUNICODE "dateutil//etc/localtime"`, "TUPLE1", "REDUCE", "TUPLE2", "REDUCE")},
}

func TestArmed(t *testing.T) {
	for _, c := range armedFiles {
		for _, proto := range []string{"PROTO 2", "PROTO 4"} {
			r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, assemble(proto, c.lines, "STOP")...))
			if !hasGrave(r.Findings) || err != nil {
				t.Errorf("%s: %+v, %v", c.name, r.Findings, err)
			}
		}
	}
}

// TestNotArmed: what frameworks write with the same names.
func TestNotArmed(t *testing.T) {
	for name, lines := range map[string][]string{
		"tree":        assemble("GLOBAL sklearn.neighbors._kd_tree newObj", "GLOBAL sklearn.neighbors._kd_tree KDTree", "TUPLE1", "REDUCE", "NONE", "TUPLE1", "BUILD"),
		"loss":        {"GLOBAL sklearn._loss._loss __pyx_unpickle_CyHuberLoss", "GLOBAL sklearn._loss._loss CyHuberLoss", "BININT1 1", "NONE", "TUPLE3", "REDUCE"},
		"settings":    namespace("dtype", "GLOBAL torch float16", "func", "GLOBAL torch.nn.functional relu", "type", "GLOBAL builtins int"),
		"vectorizer":  object("sklearn.feature_extraction.text CountVectorizer", "dtype", "GLOBAL numpy int64", "tokenizer", "GLOBAL builtins str.split"),
		"activation":  object("torch.nn.modules.container Sequential", "_modules", assemble(orderedDict, `BINUNICODE "0"`, object("torch.nn.modules.linear Linear", "activation", "GLOBAL torch.nn.functional relu"), "SETITEM")),
		"norm layer":  object("torchvision.models.resnet ResNet", "norm", deferred("torch.nn.modules.normalization LayerNorm")),
		"scorer":      object("sklearn.model_selection._search GridSearchCV", "scorer_", "GLOBAL sklearn.metrics._scorer _passthrough_scorer"),
		"optimizer":   object("torch.optim.adam Adam", "defaults", assemble("EMPTY_DICT", `BINUNICODE "lr"`, "BINFLOAT 0.1", "SETITEM"), "param_groups", "EMPTY_LIST"),
		"schedule":    object("torch.optim.lr_scheduler LambdaLR", "lr_lambdas", assemble("EMPTY_LIST", "GLOBAL numpy exp", "APPEND")),
		"graph":       object("networkx.classes.graph Graph", "_adj", "EMPTY_DICT", "adjlist_outer_dict_factory", "GLOBAL builtins dict", "nodes", object("networkx.classes.reportviews NodeView", "_nodes", "EMPTY_DICT")),
		"edges":       edgeView(object("networkx.classes.reportviews EdgeView", "_graph", object("networkx.classes.graph Graph", "_adj", "EMPTY_DICT"), "_adjdict", "EMPTY_DICT"), "NONE"),
		"result":      assemble("GLOBAL scipy.optimize._optimize OptimizeResult", "EMPTY_TUPLE", "NEWOBJ", "MARK", `BINUNICODE "x"`, "NONE", `BINUNICODE "fun"`, "BINFLOAT 1.5", "SETITEMS"),
		"deque":       assemble("GLOBAL collections deque", "EMPTY_TUPLE", "REDUCE", "GLOBAL torch.nn.functional relu", "APPEND", "GLOBAL torch.nn.functional relu", "APPEND"),
		"zone":        {"GLOBAL pandas.core.dtypes.dtypes DatetimeTZDtype", `BINUNICODE "ns"`, `BINUNICODE "Europe/Berlin"`, "TUPLE2", "REDUCE"},
		"zone object": {"GLOBAL pandas.core.dtypes.dtypes DatetimeTZDtype", `BINUNICODE "ns"`, "GLOBAL pytz _UTC", "EMPTY_TUPLE", "REDUCE", "TUPLE2", "REDUCE"},
		"column": assemble("GLOBAL pandas.core.internals.blocks new_block", "GLOBAL numpy.core.multiarray _reconstruct", "GLOBAL numpy ndarray", "BININT1 0", "TUPLE1", `BINUNICODE "b"`, "TUPLE3", "REDUCE",
			"MARK", "BININT1 1", "BININT1 1", "TUPLE1", "GLOBAL numpy dtype", `BINUNICODE "O8"`, "NEWFALSE", "NEWTRUE", "TUPLE3", "REDUCE", "NEWFALSE", "EMPTY_LIST", "GLOBAL torch.nn.functional relu", "APPEND", "TUPLE", "BUILD",
			"GLOBAL builtins slice", "NONE", "NONE", "NONE", "TUPLE3", "REDUCE", "BININT1 1", "TUPLE3", "REDUCE"),
		"missing":      assemble("GLOBAL pandas.core.internals.blocks new_block", "EMPTY_LIST", "GLOBAL pandas._libs.missing NA", "APPEND", "GLOBAL builtins slice", "NONE", "NONE", "NONE", "TUPLE3", "REDUCE", "BININT1 1", "TUPLE3", "REDUCE"),
		"typed tensor": {"GLOBAL torch._tensor _rebuild_from_type_v2", "MARK", "GLOBAL torch._utils _rebuild_parameter", "GLOBAL torch.nn.parameter Parameter", "NONE", "NEWFALSE", "NONE", "TUPLE3", "EMPTY_DICT", "TUPLE", "REDUCE"},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, assemble("PROTO 2", lines, "STOP")...))
		for _, f := range r.Findings {
			if f.Severity.AtLeast(scanners.Low) {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
