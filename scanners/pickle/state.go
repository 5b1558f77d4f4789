package pickle

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"assay/scanners/internal/pyglobals"
)

const (
	minMagic = 5  // bytes of the shortest name such as "__a__"
	maxMagic = 64 // bytes of the longest
	maxPlain = 4  // levels of containers in plain arguments

	// maxOddKeys bounds the dictionaries with a key that may be a special name.
	maxOddKeys = 1 << 18
)

// inertMagic are the names with two underscores on both sides that genuine
// instances keep in their state: none of them is called. The state of a pydantic
// model is a dictionary of such parts.
var inertMagic = []string{"__dict__", "__doc__", "__module__", "__name__", "__qualname__", "__version__", "__orig_class__",
	"__objclass__", "__fields_set__", "__overloads__", "__private_attribute_values__", "__annotations__", "__weakref__"}

// isMagic reports a name that Python or a library looks up on an object to call it
// or to read memory through it: "__array__", "__array_interface__", "__deepcopy__".
func isMagic(text []byte) bool {
	return len(text) >= minMagic && len(text) <= maxMagic && bytes.HasPrefix(text, []byte("__")) && bytes.HasSuffix(text, []byte("__")) &&
		!bytes.HasPrefix(text, []byte("__pydantic_")) && !slices.Contains(inertMagic, string(text))
}

// noteDunder remembers a text that would be such a name.
func (m *machine) noteDunder(v value, text []byte) {
	if !isMagic(text) {
		return
	}
	if m.dunders == nil {
		m.dunders = make(map[int64]bool)
	}
	if len(m.dunders) >= maxSparse {
		m.judge.limit(m.opOff, "more special names than the scanner keeps")
		return
	}
	m.dunders[v.low()] = true
}

// noteMagic remembers a dictionary that gets such a key. One that is already the
// state of an object may be its attributes: there it is a change of state.
func (m *machine) noteMagic(dict value, items []value) {
	for i := 0; i < len(items); i += 2 {
		if key := items[i]; key.tag() != tagObject && (!key.isText() || !m.dunders[key.low()]) {
			continue // an object may be a text too: numpy.str_, collections.UserString
		}
		if m.magic == nil {
			m.magic = make(map[int64]bool)
		}
		if len(m.magic) >= maxOddKeys {
			m.judge.limit(m.opOff, "more dictionaries with special names than the scanner keeps")
			return
		}
		m.magic[dict.low()] = true
		if n := m.nodes.get(dict); n != nil && n.state {
			m.judge.find(ruleUnlistedUse, m.opOff, "adds the attribute "+m.repr(items[i], 0)+" to an object through the dictionary of its state")
		}
	}
}

// holdsMagic reports a dictionary of attributes with a special name, alone or as a
// part of a state: (attributes, slots), or the parts of a pydantic model.
func (m *machine) holdsMagic(state value, depth int) bool {
	if state.tag() == tagDict {
		if m.magic[state.low()] {
			return true
		}
		if n := m.nodes.get(state); n != nil {
			n.state = true
		}
	}
	if g := m.judge.named(state); g != nil && state.tag() == tagObject && (g.module == "builtins" || g.module == "collections" || isBag(g)) {
		return true // a dictionary whose keys are not known
	}
	if depth == 0 || state.tag() != tagTuple && state.tag() != tagDict {
		return false
	}
	items, n, _ := m.nodes.items(state)
	if state.tag() == tagDict {
		i := slices.IndexFunc(items, func(v value) bool { return m.isString(v, "__dict__") })
		return i >= 0 && i+1 < len(items) && m.holdsMagic(items[i+1], 0)
	}
	return slices.ContainsFunc(items, func(v value) bool {
		return (n == 2 || v.tag() == tagDict) && m.holdsMagic(v, depth-1)
	})
}

// fitsState applies the rules for the state of an object: no name that may only be
// called, no special attribute, and for a partial what its pickler writes.
func (m *machine) fitsState(g *global, state value) bool {
	if id, ok := m.carries(state); ok {
		if other := m.judge.names.list[id]; other.entry != nil || g.entry != nil && g.entry.Shape == pyglobals.ShapePartial {
			m.judge.passed(m, id, "the state of "+g.String())
		}
	}
	if m.holdsMagic(state, 2) {
		return false
	}
	if g.entry == nil {
		return true
	}
	switch g.entry.Shape {
	case pyglobals.ShapeDistribution:
		return m.fitsDistribution(state)
	case pyglobals.ShapeScriptObject:
		return m.fitsScriptObject(g, state)
	case pyglobals.ShapeLater:
		return m.fitsLater(state)
	case pyglobals.ShapePartial:
	default:
		return true
	}
	items, n, all := m.nodes.items(state)
	return all && n == 4 && state.tag() == tagTuple && m.deferrable(items[0]) && !m.armedBelow(items[1:]) &&
		items[1].tag() == tagTuple && items[2].tag() == tagDict && (items[3].tag() == tagNone || items[3].tag() == tagDict)
}

// argumentTemplate is the text that SciPy fills in for each distribution and executes
// when one is unpickled: scipy/stats/_distn_infrastructure.py, parse_arg_template.
// The gaps hold the names of the shape parameters, which are the same in all places.
var argumentTemplate = regexp.MustCompile(`^\ndef _parse_args\(self, ((?:[A-Za-z_][A-Za-z0-9_]*, ?)*) ?(loc=0(?:, scale=1)?)\):\n` +
	`    return \(([A-Za-z0-9_, ]*)\), ((?:loc, scale)|(?:loc, 1))\n\n` +
	`def _parse_args_rvs\(self, ([A-Za-z0-9_, ]*) ?(loc=0(?:, scale=1)?), size=None\):\n` +
	`    return self\._argcheck_rvs\(([A-Za-z0-9_, ]*) ?((?:loc, scale)|(?:loc, 1)), size=size\)\n\n` +
	`def _parse_args_stats\(self, ([A-Za-z0-9_, ]*) ?(loc=0(?:, scale=1)?), moments='mv'\):\n` +
	`    return \(([A-Za-z0-9_, ]*)\), ((?:loc, scale)|(?:loc, 1)), moments\n\s*$`)

// maxTemplate is more than the template of any distribution has, in bytes.
const maxTemplate = 4 << 10

// fitsDistribution checks the state of a distribution of SciPy: constants and objects
// under constant names, and a template that does nothing but pass arguments on.
func (m *machine) fitsDistribution(state value) bool {
	items, _, all := m.nodes.items(state)
	if state.tag() != tagDict || !all {
		return false
	}
	for i := 0; i+1 < len(items); i += 2 {
		key, whole, ok := m.string(items[i], maxMagic)
		if !ok || !whole || items[i+1].tag() == tagGlobal || strings.HasPrefix(key, "_attach") {
			return false
		}
		if key != "_parse_arg_template" {
			continue
		}
		text, whole, ok := m.string(items[i+1], maxTemplate)
		if !ok || !whole || !items[i+1].isText() || !argumentTemplate.MatchString(text) {
			return false
		}
	}
	return true
}

// deferrable reports a name that a partial may wrap: some __setstate__ calls what it
// finds in the state (torch.optim.Optimizer: defaults.setdefault), so that the name
// must be harmless to call with any arguments. A class that opens files or fetches
// models when it is made is not: numpy.memmap, embeddings, boosters.
func (m *machine) deferrable(v value) bool {
	if !m.listed(v, pyglobals.Value) {
		return false
	}
	switch e := m.judge.names.list[v.middle()].entry; {
	case e.Shape == pyglobals.ShapeCaller:
		return false // it calls what it is given
	case e.Uses == pyglobals.Value:
		return true // a function
	case e.Profile == "stdlib", e.Profile == "torch_module", e.Profile == "torch_weights", e.Profile == "vision":
		return true
	default:
		return e.Profile == "numpy" && e.Allows(pyglobals.Call)
	}
}

// isUfunc reports the name of a universal function of the lists: any other
// attribute of the module could be taken by _ufunc_reconstruct.
func (m *machine) isUfunc(v value) bool {
	name, all, ok := m.string(v, maxMagic)
	return ok && all && v.isText() && slices.ContainsFunc([]string{"numpy.core._multiarray_umath", "scipy.special._ufuncs"},
		func(module string) bool { return pyglobals.Lookup(module, name) != nil })
}

// magicItem reports item assignment of a special name on a dictionary that is an
// object of its own kind: sklearn's Bunch and others give items as attributes.
func (m *machine) magicItem(target value, items []value) bool {
	g := m.judge.named(target)
	if g == nil || g.module == "builtins" || g.module == "collections" {
		return false
	}
	for i := 0; i < len(items); i += 2 {
		if key := items[i]; key.isText() && m.dunders[key.low()] || !key.isData() && !key.isContainer() && key.tag() != tagGlobal {
			return true // an object may be a text: numpy.str_ and every other subclass
		}
	}
	return false
}

// fitsItems: the base value of _reconstructor gives a dictionary its items, which are
// attributes of some classes.
func (m *machine) fitsItems(items []value) bool {
	return !isBag(m.judge.names.list[items[0].middle()]) || items[2].tag() != tagObject && !m.holdsMagic(items[2], 0)
}

// fitsArguments: what picklers write. A computed tuple could hold anything, and the
// rules for arguments see those without a name.
func (m *machine) fitsArguments(g *global, args, named value) bool {
	if args.tag() != tagTuple {
		return false
	}
	_, n, _ := m.nodes.items(named)
	return named == 0 || named.tag() == tagDict && (n == 0 || g.entry.Shape == pyglobals.ShapeAny)
}

// restricted reports listed names that may only be called and are kept instead.
func (m *machine) restricted(items []value, to string) {
	for _, v := range items {
		if id, ok := m.carries(v); ok && m.judge.names.list[id].entry != nil {
			m.judge.passed(m, id, to)
			return
		}
	}
}

func containerName(kind tag) string {
	switch kind {
	case tagDict:
		return "dict"
	case tagSet:
		return "set"
	}
	return "list"
}

// areData reports constants, and containers of constants that are all known.
func (m *machine) areData(items []value, depth int) bool {
	for _, v := range items {
		if v.isData() {
			continue
		}
		inside, _, all := m.nodes.items(v)
		if !all || depth == 0 || !m.areData(inside, depth-1) {
			return false
		}
	}
	return true
}

// fitsContainer: what a container is made of. An object would be asked for its
// items or its keys, by methods that its state may hold.
func (m *machine) fitsContainer(g *global, items []value) bool {
	if g.name == "defaultdict" && len(items) > 0 && m.isObjectOf(items[0], "functools") {
		items = items[1:] // a partial is a factory, which loading does not call
	}
	return !slices.ContainsFunc(items, func(v value) bool {
		return !v.isData() && !v.isContainer() && v.tag() != tagUnknown && !m.listed(v, pyglobals.Value|pyglobals.New)
	})
}

// fitsOwn: a function that calls one of its arguments gets names and objects of
// its own package only.
func (m *machine) fitsOwn(g *global, items []value) bool {
	own := packageOf(g.module)
	for _, v := range items {
		switch other := m.judge.named(v); {
		case v.isData() || v.isContainer():
		case other == nil || packageOf(other.module) != own:
			return false
		}
	}
	return true
}

// relatives are the profiles whose objects the calls of a profile take, beside its own
// and those of the standard library and NumPy.
var relatives = map[string][]string{
	"torch_weights": {"torch_module"}, "torch_module": {"torch_weights"}, "torch_script": {"torch_weights", "torch_module"},
	"vision": {"torch_weights", "torch_module"}, "trainers": {"torch_weights", "torch_module", "huggingface"},
	"huggingface": {"torch_weights", "torch_module", "trainers"}, "sklearn": {"scipy", "joblib", "pandas"}, "joblib": {"sklearn"},
	"boosting": {"sklearn", "scipy", "pandas"}, "pandas": {"scipy"}, "numpy": {"scipy"},
}

// fitsFamily: constants, containers, and names and objects of the same profile or of
// one that its library builds on. Nothing that a pickler writes is called with others;
// an object of a foreign class would have its methods called.
func (m *machine) fitsFamily(g *global, items []value) bool {
	for _, v := range items {
		other := m.judge.named(v)
		if other == nil {
			continue // data, a container, a storage
		}
		if other.entry == nil {
			return false
		}
		p := other.entry.Profile
		if p != "stdlib" && p != "numpy" && p != g.entry.Profile && !slices.Contains(relatives[g.entry.Profile], p) {
			return false
		}
	}
	return true
}

// packageOf is the first two parts of a module's name.
func packageOf(module string) string {
	first, rest, _ := strings.Cut(module, ".")
	second, _, _ := strings.Cut(rest, ".")
	return first + "." + second
}

// fitsArray: classes of numpy, then the shape of an empty array and a type code.
func (m *machine) fitsArray(items []value) bool {
	n := len(items)
	sizes, ok := m.integersOf(items[n-2])
	if !ok || len(sizes) > 1 || len(sizes) == 1 && sizes[0] != 0 {
		return false
	}
	return items[n-1].isData() && !slices.ContainsFunc(items[:n-2], func(v value) bool {
		return !m.listed(v, pyglobals.Value) || !inPackage(m.judge.names.list[v.middle()].module, "numpy")
	})
}

// isObjectOf reports what a call of a name in a package gave.
func (m *machine) isObjectOf(v value, name string) bool {
	return v.tag() == tagObject && inPackage(m.judge.names.list[v.middle()].module, name)
}

func inPackage(module, name string) bool {
	return module == name || strings.HasPrefix(module, name+".")
}
