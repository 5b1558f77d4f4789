package pickle

import (
	"slices"
	"strings"

	"assay/scanners/internal/pyglobals"
)

const (
	// maxArmed bounds the objects and the containers that hold a callable, and
	// maxParts the objects whose state is remembered.
	maxArmed = 1 << 18
	maxParts = 1 << 18
	// maxWalk bounds what is looked at below the arguments of one call.
	maxWalk = 4096
)

// armed follows callables into objects. A library asks its arguments for methods by
// their names, and the state of an object can hold a callable under such a name: what
// looks like data is then a program. An object is armed when a class, a function or a
// partial is in its state, its items or the arguments that made it, at any depth.
//
// Armed objects are ordinary (a module keeps its activation); they do nothing until
// somebody calls a method of theirs. So no call that asks its arguments gets one, and
// no state that is executed.
type armed struct {
	objects    map[int64]bool    // by the offset that made them
	containers map[int64]bool    // by node
	parts      map[int64][]value // states and items of objects, by the offset that made them
	recalled   map[int64]bool    // objects and containers that were taken from the memo, or doubled
	late       bool              // one of them was armed afterwards
	cut        bool              // some parts are not remembered
	nested     bool              // the pickle in the last constant that was loaded holds a callable
}

// isPlainName reports a class that only makes data when it is called, or a constant:
// what states of ordinary files are full of (dtype=numpy.float32).
func isPlainName(g *global) bool {
	if g.entry == nil {
		return false
	}
	switch g.entry.Shape {
	case pyglobals.ShapePlain, pyglobals.ShapeText, pyglobals.ShapeDtype:
		return true
	}
	return g.module == "builtins" && g.name != "getattr" || g.module == "pandas._libs.missing" || g.module == "numpy" && g.name == "ndarray" ||
		g.module == "torch" && g.entry.Profile == "torch_weights" || g.entry.ItemSize > 0 || g.module == "typing"
}

// isArmed reports what is a callable, or is known to hold one. It does not look into
// what is not noted: see armedBelow.
func (m *machine) isArmed(v value) bool {
	switch {
	case v.tag() == tagGlobal:
		return !isPlainName(m.judge.names.list[v.middle()])
	case v.tag() == tagObject:
		return m.armed.objects[v.low()] || isCallable(m.judge.names.list[v.middle()])
	case v.isContainer():
		return m.armed.containers[v.low()]
	}
	return false
}

// arm notes that a container or an object got these values.
func (m *machine) arm(v value, items []value) {
	if slices.ContainsFunc(items, m.isArmed) {
		m.noteArmed(v)
	}
}

func (m *machine) noteArmed(v value) {
	m.armed.late = m.armed.late || m.armed.recalled[int64(v)]
	into := &m.armed.containers
	switch {
	case v.tag() == tagObject:
		into = &m.armed.objects
	case !v.isContainer() || v.low() == 0:
		return
	}
	if *into == nil {
		*into = make(map[int64]bool)
	}
	if len(*into) >= maxArmed {
		m.judge.limit(m.opOff, "more objects that hold callables than the scanner follows")
		return
	}
	(*into)[v.low()] = true
	m.judge.armed = true
}

// noteRecalled notes an object that may be in two places from here on.
func (m *machine) noteRecalled(v value) {
	if !v.isContainer() && v.tag() != tagObject || v.low() == 0 {
		return
	}
	if len(m.armed.recalled) >= maxParts {
		m.armed.late = true
		return
	}
	if m.armed.recalled == nil {
		m.armed.recalled = make(map[int64]bool)
	}
	m.armed.recalled[int64(v)] = true
}

// keepParts remembers what was put into an object, which may be armed later.
func (m *machine) keepParts(v value, items ...value) {
	items = slices.DeleteFunc(slices.Clone(items), func(item value) bool { return !item.isContainer() && item.tag() != tagObject })
	if v.tag() != tagObject || len(items) == 0 {
		return
	}
	if len(m.armed.parts) >= maxParts || len(m.armed.parts[v.low()]) >= keepKids {
		m.armed.cut = true
		return
	}
	if m.armed.parts == nil {
		m.armed.parts = make(map[int64][]value)
	}
	m.armed.parts[v.low()] = append(m.armed.parts[v.low()], items...)
}

// armedBelow reports a callable in what the values hold by now, at any depth. Names
// among the values themselves are left to the rules for arguments.
func (m *machine) armedBelow(values []value) bool { return m.holdsCallable(values, false) }

// holdsCallable is armedBelow, which may leave out the elements of arrays: pandas keeps
// those as they are.
func (m *machine) holdsCallable(values []value, skipArrays bool) bool {
	if !m.judge.armed && !m.tainted {
		return false
	}
	var queue []value
	for _, v := range values {
		if v.tag() != tagGlobal {
			queue = append(queue, v)
		}
	}
	seen := make(map[value]bool)
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if skipArrays && m.isArray(v) {
			continue
		}
		if m.isArmed(v) {
			return true
		}
		if seen[v] || !v.isContainer() && v.tag() != tagObject || v.low() == 0 {
			continue
		}
		if seen[v] = true; len(seen) > maxWalk {
			return true // nothing that a pickler writes is as large
		}
		items, all := m.armed.parts[v.low()], !m.armed.cut
		if v.tag() != tagObject {
			items, _, all = m.nodes.items(v)
		}
		if !all && m.armed.late {
			return true // one that is not remembered may have been armed since
		}
		queue = append(queue, items...)
	}
	return false
}

// asksArguments reports a call that may call methods of its arguments. What builds
// containers, constants and exceptions keeps them as they are, and so does __new__ of
// a Python class; that of an index or a time of pandas does not.
func asksArguments(g *global, kind callKind) bool {
	if g.entry == nil {
		return false
	}
	switch g.entry.Shape {
	case pyglobals.ShapeAny, pyglobals.ShapeOwn, pyglobals.ShapeApply, pyglobals.ShapeTensor, pyglobals.ShapeScalar, pyglobals.ShapeBuffer, pyglobals.ShapeNewobj:
		return g.entry.Profile != "stdlib" && (kind != callNew || g.entry.Profile == "pandas" || g.entry.Profile == "numpy")
	}
	return false
}

// fitsQuestions refuses armed arguments where they could be called.
func (m *machine) fitsQuestions(g *global, kind callKind, args, named value) bool {
	if !asksArguments(g, kind) {
		return true
	}
	items, _, all := m.nodes.items(args)
	if !all && m.isArmed(args) || inPackage(g.module, "torch._utils") && !m.areTensorParts(items) {
		return false
	}
	return !m.holdsCallable(append(slices.Clone(items), named), g.entry.Profile == "pandas")
}

// isArray reports an array of NumPy.
func (m *machine) isArray(v value) bool {
	g := m.judge.named(v)
	return g != nil && v.tag() == tagObject && (g.entry.Holds(pyglobals.ShapeArray) || m.isArrayWrapper(v))
}

func (m *machine) areTensorParts(items []value) bool {
	return !slices.ContainsFunc(items, func(v value) bool { return !m.isTensorPart(v) })
}

// fitsSetState: a state that is an object is asked for its keys by some __setstate__,
// and a class that calls what its state holds gets no callable in it.
func (m *machine) fitsSetState(g *global, state value) bool {
	if g.entry.Quiet && m.holdsCallable([]value{state}, g.entry.Profile == "pandas") {
		return false
	}
	if g.entry.Profile == "joblib" && !m.fitsWrapper(state) {
		return false
	}
	if state.tag() != tagObject {
		return true
	}
	return !m.armedBelow([]value{state}) && !isBag(m.judge.names.list[state.middle()])
}

// fitsWrapper: joblib calls the method read of a wrapper once its state is set. The only
// name in it is the class of the array.
func (m *machine) fitsWrapper(state value) bool {
	items, _, all := m.nodes.items(state)
	for i := 0; i+1 < len(items); i += 2 {
		if m.isArmed(items[i+1]) && !m.isString(items[i], "subclass") {
			return false
		}
	}
	return all
}

// hidesMethod reports an object that APPEND, SETITEM or ADDITEMS asks for a method which
// its state may hide, or which asks its state for one. The classes that are written in
// C, and dictionaries that only give their items as attributes, do not.
func (m *machine) hidesMethod(target value) bool {
	g := m.judge.names.list[target.middle()]
	switch g.name {
	case "OrderedDict", "defaultdict", "Counter", "deque", "Bunch", "OptimizeResult", "AttributeDict":
		return false
	}
	return g.module != "builtins" && m.armedBelow([]value{target})
}

// fitsZones refuses the name of a time zone that dateutil reads from a file of that
// name: pandas/_libs/tslibs/timezones.pyx maybe_get_tz. pandas writes the zones of
// dateutil as objects.
func (m *machine) fitsZones(g *global, items []value) bool {
	return g.entry.Profile != "pandas" || !m.namesZoneFile(items, maxPlain)
}

func (m *machine) namesZoneFile(items []value, depth int) bool {
	return slices.ContainsFunc(items, func(v value) bool {
		if v.isText() {
			text, _, ok := m.string(v, 4*maxName)
			return !ok || strings.Contains(text, "dateutil/")
		}
		if v.tag() == tagObject && m.isTextObject(v) {
			return true
		}
		inside, _, _ := m.nodes.items(v)
		return depth > 0 && len(inside) > 0 && m.namesZoneFile(inside, depth-1)
	})
}

// isTextObject reports a text whose characters are not known.
func (m *machine) isTextObject(v value) bool {
	g := m.judge.names.list[v.middle()]
	return g.module == "builtins" && g.name == "str" || g.module == "numpy" && g.name == "str_" || g.module == "collections" && g.name == "UserString"
}

// isTensorClass reports a class of tensors: as_subclass of a genuine tensor takes no other.
func (m *machine) isTensorClass(v value) bool {
	g := m.judge.named(v)
	return g != nil && g.entry != nil && (g.entry.Profile == "torch_weights" || g.module == "torch.nn.parameter" || strings.Contains(g.name, "Tensor"))
}

// isTensorPart reports an object that a function of torch._utils is given: of torch,
// NumPy, or a plain container. Any other could answer for a tensor.
func (m *machine) isTensorPart(v value) bool {
	g := m.judge.named(v)
	if g == nil || v.tag() == tagGlobal {
		return true
	}
	if g.entry == nil {
		return false
	}
	switch g.entry.Profile {
	case "torch_weights", "torch_script", "numpy":
		return true
	}
	return g.module == "collections" && (g.name == "OrderedDict" || g.name == "defaultdict") || g.module == "builtins" || g.module == "datetime"
}

// isBag reports a class that is a dictionary with attributes of the file's choice, or
// gives its items as attributes. As a state its keys are not known.
func isBag(g *global) bool {
	return g.entry.Allows(pyglobals.Items) || g.module == "argparse" || g.module == "types" || strings.HasSuffix(g.name, "SimpleNamespace")
}
