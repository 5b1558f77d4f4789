package pickle

import (
	"slices"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

// callKind is how a pickle calls something.
type callKind uint8

const (
	callReduce callKind = iota // callable(*args)
	callNew                    // cls.__new__(cls, *args, **kwargs)
	callObj                    // callable(*args), or cls.__new__(cls) without any
	callInst                   // the same, named in the opcode
)

func (k callKind) String() string {
	return [...]string{"REDUCE", "NEWOBJ", "OBJ", "INST"}[k]
}

// use is what an entry must permit for such a call.
func (k callKind) use(args int) pyglobals.Use {
	switch {
	case k == callNew:
		return pyglobals.New
	case k != callReduce && args == 0:
		return pyglobals.New | pyglobals.Call
	}
	return pyglobals.Call
}

// event is one thing that a loader would do.
type event struct {
	kind   eventKind
	off    int64
	global *global // imported or called; nil when the callee is no name
	text   string  // the statement, filled in when somebody listens
	why    string  // allowed by what, or why not
	ok     bool    // allowed
	aside  bool    // of a reader that hardly anybody uses
}

type eventKind uint8

const (
	eventImport eventKind = iota
	eventCall
	eventState
	eventMethod
	eventPersistent
	eventExtension
	eventArray
	eventStop
)

// invoke is a call of anything. What it gives is pushed.
func (m *machine) invoke(kind callKind, callee, args, named value) error {
	if callee.isData() || callee.isContainer() || m.isArrayWrapper(callee) {
		return errType
	}
	if callee.tag() != tagGlobal {
		m.judge.dynamicCall(m, kind, callee, args)
		m.push(pair(tagUnknown, 0, m.opOff))
		return nil
	}
	m.judge.call(m, kind, callee.middle(), args, named)
	v, err := m.effect(callee, args)
	if err == nil {
		m.made(v, args, named)
		m.push(v)
	}
	return err
}

// fits applies the rule of an entry for its arguments.
func (m *machine) fits(g *global, args value) bool {
	items, n, all := m.nodes.items(args)
	if g.entry.Shape == pyglobals.ShapeAny {
		// Some of torch._utils set their last argument as attributes.
		return m.fitsFamily(g, items) && m.fitsZones(g, items) && (g.module != "torch._utils" || !slices.ContainsFunc(items, func(v value) bool { return v.tag() == tagDict && m.holdsMagic(v, 0) }))
	}
	if !all {
		return false
	}
	switch g.entry.Shape {
	case pyglobals.ShapeTypeOf:
		return n == 1
	case pyglobals.ShapeText:
		for _, v := range items {
			if !v.isText() {
				return false
			}
		}
		return true
	case pyglobals.ShapeCodec:
		return n == 2 && items[0].isText() && m.isString(items[1], "latin1", "latin-1", "iso-8859-1")
	case pyglobals.ShapeGetattr:
		return n == 2 && m.fitsGetattr(items)
	case pyglobals.ShapeReconstructor:
		return n == 3 && m.listed(items[0], pyglobals.New) && m.isBuiltin(items[1]) && m.inert(items[2]) && m.fitsItems(items)
	case pyglobals.ShapeNewobj:
		return n >= 1 && m.listed(items[0], pyglobals.New)
	case pyglobals.ShapeTensor:
		return n >= 4 && m.fitsTensor(g, items)
	case pyglobals.ShapeApply:
		return n >= 3 && m.fitsApply(items)
	case pyglobals.ShapeNested:
		return n == 1 && m.fitsNested(items[0])
	case pyglobals.ShapeSubscript:
		return n == 2 && m.listed(items[0], pyglobals.Value) && m.judge.names.list[items[0].middle()].module == "typing" && !m.anyCarries(items)
	case pyglobals.ShapeDtype:
		// A data type made of another one may be the same object, which has a second name then.
		return n >= 1 && (items[0].isText() || m.listed(items[0], pyglobals.Value))
	case pyglobals.ShapeNone, pyglobals.ShapeDistribution, pyglobals.ShapeLater, pyglobals.ShapeScriptObject:
		return n == 0
	case pyglobals.ShapePlain, pyglobals.ShapeAccessor:
		return m.areData(items, maxPlain) && m.fitsAccessor(g, items)
	case pyglobals.ShapeContainer:
		return m.fitsContainer(g, items)
	case pyglobals.ShapeOwn:
		return m.fitsOwn(g, items) && m.fitsZones(g, items)
	case pyglobals.ShapeArray:
		return n >= 3 && m.fitsArray(items)
	case pyglobals.ShapeScalar:
		return n >= 1 && n <= 2 && m.isObjectOf(items[0], "numpy") && (n == 1 || items[1].isData() || m.isObjectOf(items[1], "numpy"))
	case pyglobals.ShapeBuffer:
		return n == 4 && (items[0].isData() || items[0].tag() == tagBuffer) && m.isObjectOf(items[1], "numpy") && m.areData(items[2:], 1)
	case pyglobals.ShapePartial:
		return n == 1 && m.deferrable(items[0])
	case pyglobals.ShapeUfunc:
		return n == 2 && m.isUfunc(items[1]) && m.isString(items[0], "numpy", "numpy.core", "numpy._core", "numpy.core.umath",
			"numpy._core.umath", "scipy.special", "scipy.special._ufuncs")
	}
	return false
}

func (m *machine) anyCarries(items []value) bool {
	return slices.ContainsFunc(items, func(v value) bool { _, ok := m.carries(v); return ok })
}

// fitsGetattr: a class of the lists or an object of one, and an attribute that its
// entry names.
func (m *machine) fitsGetattr(items []value) bool {
	g := m.judge.named(items[0])
	if g == nil {
		return false
	}
	e := g.entry
	attr, all, ok := m.string(items[1], maxName)
	if e == nil || !ok || !all {
		return false
	}
	if isMember(e, attr) {
		return true
	}
	for _, a := range e.Attrs {
		if a == attr && a != pyglobals.EnumAttrs {
			return true
		}
	}
	return false
}

// fitsApply: the inner call, func(*args), is judged like any other. It is one of
// torch: another could give an object of any class under the name of this call.
func (m *machine) fitsApply(items []value) bool {
	if items[0].tag() != tagGlobal || !m.listed(items[1], pyglobals.Value|pyglobals.New|pyglobals.Call) {
		return false
	}
	if m.applying {
		return false // no framework nests this
	}
	m.applying = true
	m.judge.call(m, callReduce, items[0].middle(), items[2], 0)
	m.applying = false
	if !inPackage(m.judge.names.list[items[0].middle()].module, "torch") || !m.isTensorClass(items[1]) {
		return false
	}
	if len(items) < 4 {
		return true
	}
	if _, carries := m.carries(items[3]); carries {
		return false
	}
	return m.fitsState(m.judge.names.list[items[1].middle()], items[3])
}

// listed reports whether v is a name whose entry permits the use.
func (m *machine) listed(v value, use pyglobals.Use) bool {
	return v.tag() == tagGlobal && m.judge.names.list[v.middle()].entry.Allows(use)
}

// isBuiltin reports a listed name of builtins: the base that _reconstructor calls
// __init__ of is the first that is not a Python class.
func (m *machine) isBuiltin(v value) bool {
	return m.listed(v, pyglobals.New) && m.judge.names.list[v.middle()].module == "builtins"
}

// inert reports whether v is data or a container that holds no name which may not
// be passed on.
func (m *machine) inert(v value) bool {
	if v.isData() {
		return true
	}
	_, carries := m.carries(v)
	return !carries && (v.isContainer() || v.tag() == tagObject)
}

// isString reports whether v is one of the strings.
func (m *machine) isString(v value, want ...string) bool {
	if !v.isText() {
		return false
	}
	text, all, ok := m.string(v, 2*maxMagic)
	for _, w := range want {
		if ok && all && text == w {
			return true
		}
	}
	return false
}

// setState is BUILD: __setstate__ if there is one, else the attribute dictionary.
// On an imported name it sets attributes of a class, function or module.
func (m *machine) setState(target, state value) {
	switch target.tag() {
	case tagGlobal:
		m.judge.buildOnImport(m, target, state)
	case tagObject:
		m.judge.state(m, target, state)
	case tagUnknown, tagExtension, tagPersistent:
		m.judge.method(m, target, "__setstate__", state)
	}
}

// methodCall is APPEND(S), SETITEM(S) or ADDITEMS on something that is no builtin
// container of that kind.
func (m *machine) methodCall(target value, items []value, kind tag) {
	method, use := "append", pyglobals.Extend
	switch kind {
	case tagDict:
		method, use = "__setitem__", pyglobals.Items
	case tagSet:
		method, use = "add", pyglobals.Add
	}
	if target.tag() == tagObject && m.judge.names.list[target.middle()].entry.Allows(use) && !m.hidesMethod(target) && !(kind == tagDict && m.magicItem(target, items)) {
		if m.judge.listen != nil {
			g := m.judge.names.list[target.middle()]
			m.judge.emit(event{kind: eventMethod, off: m.opOff, global: g,
				text: m.methodText(target, method, items), why: whyCall(g, true), ok: true})
		}
		to := m.judge.names.list[target.middle()].String() + "." + method
		for _, v := range items {
			if id, ok := m.carries(v); ok && kind != tagDict {
				m.judge.passed(m, id, to)
				return
			}
		}
		m.restricted(items, to)
		return
	}
	m.judge.method(m, target, method, m.nodes.add(tagTuple, items))
}

// persistent is PERSID and BINPERSID: an object that only the loader knows. The
// one that torch writes names a storage.
func (m *machine) persistent(op byte) error {
	if op == opPersID {
		at := m.offset()
		text, cut, err := m.nameLine(0, true)
		if err != nil {
			return err
		}
		m.judge.persistent(m, pair(tagText, uint32(len(text)), at))
		m.push(pair(tagPersistent, 0, m.opOff))
		if cut {
			return errTruncated
		}
		return nil
	}
	id, err := m.pop()
	if err != nil {
		return err
	}
	if v, ok := m.storage(id); ok {
		if m.judge.listen != nil {
			m.judge.emit(event{kind: eventPersistent, off: m.opOff, text: "persistent_load" + m.repr(id, 0), why: "a torch storage", ok: true})
		}
		m.push(v)
		return nil
	}
	if class, ok := m.sourceID(id); ok {
		m.push(class)
		return nil
	}
	m.judge.persistent(m, id)
	m.push(pair(tagPersistent, 0, m.opOff))
	return nil
}

// sourceID recognises ('module', class, file, source) of the legacy format: it
// stands for the class. The loader compares the source with its own and, when the
// class asks for it, writes the difference to the working directory; the classes
// of the lists do not.
func (m *machine) sourceID(id value) (value, bool) {
	items, n, all := m.nodes.items(id)
	if !all || n != 4 || !m.isString(items[0], "module") || !m.listed(items[1], pyglobals.New) ||
		!items[2].isText() || !items[3].isText() {
		return 0, false
	}
	m.judge.report(rulePersistentID, scanners.Informational, m.opOff, "module", func() string {
		return "carries the source code of " + m.repr(items[1], 0) + ", which torch.load compares with its own"
	})
	return items[1], true
}
