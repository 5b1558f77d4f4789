package skops

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/pyglobals"
	"assay/scanners/internal/pyjson"
)

const maxWhat = 120 // bytes of a text from the file in a finding

// Scanner scans the schema of skops archives.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "skops", Title: "skops schema", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins as JSON, and what is called .skops without being an
// archive.
func (Scanner) Match(h scanners.Head) bool {
	return pyjson.IsContainer(h.Start) || misnamed(h.Name, h.Start)
}

func misnamed(name string, start []byte) bool {
	return strings.EqualFold(path.Ext(name), ".skops") && !bytes.HasPrefix(start, []byte("PK"))
}

// parts are what a loader goes by.
var parts = pyjson.Options{
	Texts:   []string{"__class__", "__module__", "__loader__", "file", "type", "func", "function", "module_path", "_skops_version", "protocol"},
	Numbers: []string{"protocol"}, Nest: []string{"content", "obj"},
}

// scan is the state of one document.
type scan struct {
	file     scanners.File
	found    *findings.List
	nodes    int
	version  string
	old      []string // loaders that have an old form
	protocol string
}

// Scan reads the whole document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules)}
	start := make([]byte, min(f.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if misnamed(f.Name, start) {
		s.found.Add("skops/not-an-archive", 0, "the file begins with %s", clip.Quote(start[:min(len(start), 16)], 16))
	}
	if !pyjson.IsContainer(start) {
		return scanners.Result{Findings: s.found.All()}, nil
	}
	doc, err := pyjson.Walk(ctx, f, parts, s.node)
	if s.nodes == 0 {
		if s.found.Len() > 0 {
			return scanners.Result{Findings: s.found.All()}, nil
		}
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.finish(doc)
	result := scanners.Result{Findings: s.found.All(), Facts: []scanners.Fact{{Key: "skops/nodes", Value: strconv.Itoa(s.nodes)}}}
	if s.version != "" {
		result.Facts = append(result.Facts, scanners.Fact{Key: "skops/version", Value: s.version})
	}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

func (s *scan) finish(doc pyjson.Document) {
	if doc.Again != "" {
		s.found.Add("skops/duplicate-key", doc.AgainAt, "the key %s stands twice in an object", clip.Quote(doc.Again, maxWhat))
	}
	if doc.Wide() {
		s.found.Add("skops/duplicate-key", 0, "the text is in %s", doc.Encoding.Name)
	}
	if len(s.old) > 0 && (s.protocol == "0" || s.protocol == "1") {
		s.found.Add("skops/old-protocol", 0, "protocol %s for %s", s.protocol, strings.Join(s.old, " and "))
	}
}

// node judges one node of the tree.
func (s *scan) node(o *pyjson.Object) {
	loader := o.Text("__loader__")
	if o.Depth == 0 && (loader != "" || o.Text("_skops_version") != "") {
		s.version = clip.Bytes(o.Text("_skops_version"), 40)
		s.protocol = o.Text("protocol")
	}
	if loader == "" || !o.Has["__class__"] && !o.Has["__module__"] && loader != "CachedNode" {
		return
	}
	s.nodes++
	s.member(o)
	judge, known := loaders[loader]
	switch {
	case !known:
		s.found.Add("skops/unknown-loader", o.Offset, "the loader %s for %s", clip.Quote(loader, maxWhat), name(o))
	case judge != nil:
		judge(s, o)
	}
}

// loaders are the loaders of skops 0.5 to 0.13 (NODE_TYPE_MAPPING), with what their
// node names: nil for plain values.
var loaders = map[string]func(*scan, *pyjson.Object){
	"JsonNode": nil, "BytesNode": nil, "BytearrayNode": nil, "SliceNode": nil, "CachedNode": nil,
	"DictNode": (*scan).object, "DefaultDictNode": (*scan).object, "OrderedDictNode": (*scan).object, "ListNode": (*scan).object,
	"SetNode": (*scan).object, "TupleNode": (*scan).object,
	"ObjectNode": (*scan).object, "ReduceNode": (*scan).object, "TreeNode": (*scan).object, "LossNode": (*scan).object,
	"QuantileForestNode": (*scan).object, "_DictWithDeprecatedKeysNode": (*scan).object, "DatetimeNode": (*scan).object,
	"ConstructorFromReduceNode": (*scan).object, "SGDNode": (*scan).object,
	"NdArrayNode": (*scan).object, "MaskedArrayNode": (*scan).object, "RandomStateNode": (*scan).object, "RandomGeneratorNode": (*scan).generator,
	"DTypeNode": (*scan).object, "SparseMatrixNode": (*scan).object,
	"FunctionNode": (*scan).function, "PartialNode": (*scan).function, "TypeNode": (*scan).function,
	"MethodNode": (*scan).method, "OperatorFuncNode": (*scan).operator,
}

func name(o *pyjson.Object) string {
	return clip.Quote(o.Text("__module__")+"."+o.Text("__class__"), maxWhat)
}

// object judges a node whose type is built.
func (s *scan) object(o *pyjson.Object) {
	s.named(o, o.Text("__module__"), o.Text("__class__"), "skops/unlisted-type")
}

func (s *scan) generator(o *pyjson.Object) {
	s.old = append(s.old[:min(len(s.old), 4)], "RandomGeneratorNode")
	s.object(o)
}

// function judges a node whose function or type is imported: old versions name it
// in the content.
func (s *scan) function(o *pyjson.Object) {
	if o.Text("__loader__") == "FunctionNode" {
		s.old = append(s.old[:min(len(s.old), 4)], "FunctionNode")
	}
	content := o.In("content")
	if module, function := content.Text("module_path"), content.Text("function"); function != "" {
		s.named(o, module, function, "skops/foreign-function")
		return
	}
	s.named(o, o.Text("__module__"), o.Text("__class__"), "skops/foreign-function")
}

// method judges a node that takes a method of an object: the type that is shown
// must be that of the object (CVE-2025-54413).
func (s *scan) method(o *pyjson.Object) {
	s.object(o)
	content := o.In("content")
	owner := content.In("obj")
	if owner == nil {
		return
	}
	if owner.Text("__class__") != o.Text("__class__") || owner.Text("__module__") != o.Text("__module__") {
		s.found.Add("skops/method-type", o.Offset, "the method %s of %s, shown as %s", clip.Quote(content.Text("func"), 40), name(owner), name(o))
	}
	if strings.HasPrefix(content.Text("func"), "__") {
		s.found.Add("skops/dangerous-type", o.Offset, "the method %s of %s", clip.Quote(content.Text("func"), 40), name(owner))
	}
}

// operator judges a node that calls a function of the module operator.
func (s *scan) operator(o *pyjson.Object) {
	module, class := o.Text("__module__"), o.Text("__class__")
	if module != "operator" && module != "_operator" {
		s.found.Add("skops/operator-module", o.Offset, "%s", name(o))
		return
	}
	if !slices.Contains([]string{"attrgetter", "itemgetter", "methodcaller"}, class) {
		s.found.Add("skops/dangerous-type", o.Offset, "%s", name(o))
	}
}

// plain are types of Python that hold data.
var plain = map[string][]string{
	"builtins": {
		"int", "float", "complex", "str", "bytes", "bytearray", "bool", "dict", "list", "tuple", "set", "frozenset", "slice", "range", "NoneType", "type", "map",
		"object", "Ellipsis",
	},
	"collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
	"datetime":    {"date", "datetime", "time", "timedelta", "timezone"},
	"functools":   {"partial"},
	"numpy":       {"ndarray", "dtype", "ufunc", "generic"},
}

var (
	// typeName is how classes of the three libraries are called, private ones too.
	typeName = regexp.MustCompile(`^_?[A-Z][A-Za-z0-9_]*$`)
	// scalarName are the scalar types of NumPy.
	scalarName = regexp.MustCompile(`^(?:u?int(?:8|16|32|64|c|p)?|float(?:16|32|64|128)?|complex(?:64|128|256)?|bool_?|str_|bytes_|object_|datetime64|timedelta64|longlong|ulonglong|double|single|half)$`)
)

// sciences are the libraries whose types skops is made for.
var sciences = []string{"sklearn", "numpy", "scipy"}

// named judges a module and a name. rule is the one for a name that nobody knows.
func (s *scan) named(o *pyjson.Object, module, class, rule string) {
	shown := clip.Quote(module+"."+class, maxWhat)
	if slices.Contains(plain[module], class) || module == "numpy" && scalarName.MatchString(class) {
		return
	}
	if pyglobals.Lookup(module, class) != nil {
		return
	}
	root, _, _ := strings.Cut(module, ".")
	science := slices.Contains(sciences, root)
	danger, bad := pyglobals.Classify(module, class)
	switch {
	case bad && !(science && danger.Caps.Indirect()):
		s.found.Add("skops/dangerous-type", o.Offset, "%s: %s", shown, danger.Caps)
	case science && typeName.MatchString(class):
	case science && ufunc(module, class):
	case science:
		s.found.Add("skops/unlisted-type", o.Offset, "the function %s", shown)
	case strings.HasPrefix(module, "quantile_forest"), boosting(root) && typeName.MatchString(class):
	default:
		s.found.Add(rule, o.Offset, "%s", shown)
	}
}

// boosting are libraries whose estimators skops saves as well.
func boosting(root string) bool {
	return slices.Contains([]string{"xgboost", "lightgbm", "catboost"}, root)
}

// ufunc reports a function of NumPy or SciPy that works element by element, as a
// FunctionTransformer has it.
func ufunc(module, function string) bool {
	return (module == "numpy" || module == "numpy.core._multiarray_umath" || module == "numpy._core._multiarray_umath" || module == "scipy.special" || module == "scipy.special._ufuncs") &&
		!strings.HasPrefix(function, "_") && ufuncs[function]
}

// member checks the reference to a member of the archive.
func (s *scan) member(o *pyjson.Object) {
	file := o.Text("file")
	if file == "" {
		return
	}
	if entryname.Outside(file) || strings.Contains(file, ":") {
		s.found.Add("skops/member-path", o.Offset, "%s", clip.Quote(file, maxWhat))
		return
	}
	if s.file.Sibling == nil || s.file.Partial {
		return
	}
	if _, ok := s.file.Sibling(path.Join(path.Dir(s.file.Name), file)); !ok {
		s.found.Add("skops/missing-file", o.Offset, "%s", clip.Quote(file, maxWhat))
	}
}

// ufuncs are the element-wise functions of NumPy and SciPy (numpy.ufunc, scipy.special).
var ufuncs = func() map[string]bool {
	out := make(map[string]bool)
	for word := range strings.FieldsSeq(`
		abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh cbrt ceil conj conjugate copysign cos cosh deg2rad degrees divide
		equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod greater greater_equal heaviside hypot invert isfinite isinf isnan
		less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum mod multiply
		negative nextafter not_equal positive power rad2deg radians reciprocal remainder rint sign signbit sin sinh sqrt square subtract tan tanh
		true_divide trunc matmul modf frexp ldexp gcd lcm bitwise_and bitwise_or bitwise_xor left_shift right_shift
		erf erfc erfinv erfcinv expit logit gamma gammaln loggamma digamma psi beta betaln boxcox boxcox1p inv_boxcox inv_boxcox1p ndtr ndtri log_ndtr
		xlogy xlog1py entr rel_entr kl_div softplus log_expit exp10 i0 i1 j0 j1 jv kv iv zeta sinc`) {
		out[word] = true
	}
	return out
}()
