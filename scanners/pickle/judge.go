package pickle

import (
	"fmt"
	"iter"
	"path"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

// judge decides about what the machine meets: allow lists first, and everything
// else is reported.
type judge struct {
	names      names
	sink       *sink
	listen     func(event)                     // may be nil
	sibling    func(name string) (int64, bool) // may be nil
	siblings   iter.Seq[string]                // may be nil
	partial    bool                            // siblings may be missing
	file       string                          // name of the file, for its siblings
	where      string                          // "" or what the pickle is inside of
	at         func(off int64) int64           // offset in the file; nil when the same
	storages   storages
	proto      uint8             // highest seen
	calls      int               // of anything
	effects    int               // calls and the like: what a loader acts on
	extensions map[string]string // extension modules beside the file; nil until asked for
	armed      bool              // some object holds a callable
	aside      bool              // events are of a reader that hardly anybody uses
}

func (j *judge) emit(e event) {
	if j.listen != nil {
		e.aside = j.aside
		j.listen(e)
	}
}

func (j *judge) protocol(version uint8) { j.proto = max(j.proto, version) }

// find reports a rule with its own severity. After some findings with the same
// text they are only counted.
func (j *judge) find(rule ruleID, off int64, what string) {
	j.report(rule, ruleTable[rule].Severity, off, what, func() string { return what })
}

// about reports a rule that concerns one name. After some findings for the same
// name they are only counted.
func (j *judge) about(g *global, rule ruleID, severity scanners.Severity, off int64, what func() string) {
	g.used = true
	j.report(rule, severity, off, g.module+":"+g.name, what)
}

func (j *judge) report(rule ruleID, severity scanners.Severity, off int64, group string, what func() string) {
	if j.at != nil {
		off = j.at(off)
	}
	j.sink.add(rule, severity, off, group, func() string { return j.where + what() })
}

// limit reports that something was not looked at because of a limit.
func (j *judge) limit(off int64, what string) {
	j.find(ruleLimit, off, what)
	j.sink.limit = what
}

// imported looks at a name when it is first met.
func (j *judge) imported(g *global) {
	if file, ok := j.localModule(g.module); ok {
		j.find(ruleLocalModule, g.off, fmt.Sprintf("imports %s, which %q beside it may define", g, file))
	}
	if strings.HasPrefix(g.module, "__torch__") && g.entry == nil && j.torchScript(g.module) {
		g.entry, g.passable, g.dangerous = &torchScriptClass, true, false
	}
}

// torchScriptClass is what a name below __torch__ is when the archive holds the
// source of that module: the C++ loader resolves it there, and Python has no such
// package.
var torchScriptClass = pyglobals.Entry{
	Module: "__torch__", Name: "*", Profile: "torch_script",
	Uses:   pyglobals.Value | pyglobals.New | pyglobals.Build | pyglobals.Call,
	Reason: "a class of the archive's own code, which the TorchScript loader resolves and Python cannot",
	Source: "PyTorch 2.8, torch/csrc/jit/serialization/import.cpp",
}

// torchScript reports whether the archive around the file has the code of a
// module.
func (j *judge) torchScript(module string) bool {
	if j.sibling == nil {
		return false
	}
	_, ok := j.sibling(path.Join(path.Dir(j.file), "code", strings.ReplaceAll(module, ".", "/")+".py"))
	return ok || j.partial
}

// localModule looks for a source file in the same container that an import could
// find instead of, or as, the module.
func (j *judge) localModule(module string) (string, bool) {
	if j.sibling == nil {
		return "", false
	}
	root, _, _ := strings.Cut(j.file, "/") // where torch.package keeps its modules
	for _, dir := range [...]string{path.Dir(j.file), ".", root} {
		file, ok := moduleFile(module,
			func(name string) bool { _, ok := j.sibling(path.Join(dir, name)); return ok },
			func(prefix string) (string, bool) { return j.extension(under(dir, prefix)) })
		if ok {
			return path.Join(dir, file), true
		}
	}
	return "", false
}

// extension finds a member that is an extension module by the beginning of its name.
func (j *judge) extension(prefix string) (string, bool) {
	if j.siblings == nil {
		return "", false
	}
	if j.extensions == nil {
		j.extensions = make(map[string]string)
		for name := range j.siblings {
			if isExtension(name) {
				dir, base := path.Split(name)
				stem, _, _ := strings.Cut(base, ".")
				j.extensions[dir+stem+"."] = base
			}
		}
	}
	name, ok := j.extensions[prefix]
	return name, ok
}

// call judges a call of a name.
func (j *judge) call(m *machine, kind callKind, id uint32, args, named value) {
	g := j.names.list[id]
	j.effects++
	j.calls++
	_, n, _ := m.nodes.items(args)
	if m.takesAttribute(g, kind, args) {
		return
	}
	allowed := g.entry.Allows(kind.use(n)) && m.fitsArguments(g, args, named) && m.fits(g, args) && m.fitsQuestions(g, kind, args, named)
	if j.listen != nil {
		j.emit(event{kind: eventCall, off: m.opOff, global: g, ok: allowed,
			text: m.callText(g, kind, args, named), why: whyCall(g, allowed)})
	}
	if allowed {
		g.used = true
		j.later(m, g)
	} else {
		rule, severity := gradeCall(g)
		if rule == ruleUnknownCall && kind == callNew && ofScript(g) {
			rule, severity = ruleUnknownImport, ruleTable[ruleUnknownImport].Severity
		}
		j.about(g, rule, severity, m.opOff, func() string {
			if rule == ruleUnknownImport {
				return fmt.Sprintf("makes an object of %s: %s", g, whyCall(g, false))
			}
			if code := m.codeTouches(g, args); code != "" {
				return fmt.Sprintf("calls %s(...) by %s: %s%s", g, kind, whyCall(g, false), code)
			}
			return fmt.Sprintf("calls %s by %s: %s", m.callText(g, kind, args, named), kind, whyCall(g, false))
		})
	}
	if allowed && g.entry.Shape == pyglobals.ShapeApply {
		return // the inner call was judged with its arguments
	}
	for _, v := range [...]value{args, named} {
		if other, ok := m.carries(v); ok {
			j.passed(m, other, g.String())
		}
	}
}

// gradeCall is the rule and severity for a call that no entry allows.
func gradeCall(g *global) (ruleID, scanners.Severity) {
	danger, dangerous := g.danger, g.dangerous
	if g.entry != nil {
		danger, dangerous = pyglobals.Classify(g.module, g.name)
		dangerous = dangerous && !strings.HasSuffix(danger.Via, ".*")
	}
	switch {
	case dangerous && danger.Caps.Indirect():
		return ruleDangerousCall, scanners.High
	case dangerous:
		return ruleDangerousCall, scanners.Critical
	case g.entry != nil:
		return ruleUnlistedUse, scanners.High
	}
	return ruleUnknownCall, scanners.High
}

// whyCall explains a decision in words.
func whyCall(g *global, allowed bool) string {
	switch {
	case allowed:
		return fmt.Sprintf("allowed by %s: %s", g.entry.Profile, g.entry.Reason)
	case g.dangerous:
		return fmt.Sprintf("%s (%s)", g.danger.Caps, g.danger.Reason)
	case g.entry != nil:
		return fmt.Sprintf("the name is allowed for one use only (%s), and this is another", g.entry.Reason)
	case g.module == scriptModule:
		return "__main__ is the script that saved the file, whose names no allow list can have"
	}
	return "no allow list has this name"
}

// passed reports a name that is handed to a call, which may call it.
func (j *judge) passed(m *machine, id uint32, to string) {
	g := j.names.list[id]
	severity := scanners.High
	if g.dangerous && !g.danger.Caps.Indirect() {
		severity = scanners.Critical
	}
	j.about(g, ruleProxyCall, severity, m.opOff, func() string {
		return fmt.Sprintf("passes %s to %s: %s", g, to, whyCall(g, false))
	})
}

// state judges BUILD on an object.
func (j *judge) state(m *machine, target, state value) {
	g := j.names.list[target.middle()]
	allowed := g.entry.Allows(pyglobals.Build) && m.fitsState(g, state) && m.fitsSetState(g, state)
	m.arm(target, []value{state})
	m.keepParts(target, state)
	if items, n, _ := m.nodes.items(state); n >= 4 && len(items) >= 4 && items[0].tag() == tagStorage {
		m.fitsTensor(g, items) // torch.Tensor.__setstate__: set_(storage, offset, size, stride)
	}
	if j.listen != nil {
		j.emit(event{kind: eventState, off: m.opOff, global: g,
			text: m.repr(target, 0) + ".__setstate__(" + m.repr(state, 0) + ")", why: whyCall(g, allowed), ok: allowed})
	}
	if allowed || g.entry == nil && g.used && (!ofScript(g) || m.fitsState(g, state)) {
		return // an unlisted class was reported when it was called
	}
	j.effects++
	j.about(g, ruleUnlistedUse, scanners.High, m.opOff, func() string {
		return fmt.Sprintf("sets the state of an object of %s: %s", g, whyCall(g, false))
	})
}

// buildOnImport reports BUILD on a name itself.
func (j *judge) buildOnImport(m *machine, target, state value) {
	g := j.names.list[target.middle()]
	if _, n, _ := m.nodes.items(state); state.tag() == tagDict || state.tag() == tagTuple && n == 2 {
		j.calls++ // any other state is an error
	}
	j.effects++
	if j.listen != nil {
		j.emit(event{kind: eventState, off: m.opOff, global: g,
			text: m.repr(target, 0) + ".__setstate__(" + m.repr(state, 0) + ")", why: "no pickler does that"})
	}
	j.about(g, ruleBuildOnImport, scanners.Critical, m.opOff, func() string {
		return fmt.Sprintf("sets attributes of %s itself to %s", g, m.repr(state, 0))
	})
}

// method reports a method call on an object whose class is not listed for it.
func (j *judge) method(m *machine, target value, method string, args value) {
	j.effects++
	text := func() string {
		return fmt.Sprintf("calls %s.%s with %s", m.repr(target, 0), method, m.repr(args, 0))
	}
	if j.listen != nil {
		j.emit(event{kind: eventMethod, off: m.opOff, global: j.named(target), text: m.methodText(target, method, itemsOf(m, args)), why: "no allow list permits it"})
	}
	switch target.tag() {
	case tagGlobal:
		j.about(j.names.list[target.middle()], ruleMethodCall, scanners.Critical, m.opOff, text)
	case tagObject:
		j.about(j.names.list[target.middle()], ruleMethodCall, scanners.High, m.opOff, text)
	default:
		j.report(ruleMethodCall, scanners.High, m.opOff, "", text)
	}
	if id, ok := m.carries(args); ok {
		j.passed(m, id, method)
	}
}

// named is the name that a value is, or is an object of; nil when there is none.
func (j *judge) named(v value) *global {
	if v.tag() == tagGlobal || v.tag() == tagObject {
		return j.names.list[v.middle()]
	}
	return nil
}

// dynamicCall reports a call of something that is no name: the result of another
// call, a persistent or extension object.
func (j *judge) dynamicCall(m *machine, kind callKind, callee, args value) {
	j.calls++
	j.effects++
	text := func() string {
		return fmt.Sprintf("calls %s with %s by %s: what runs is decided while loading", m.repr(callee, 0), m.repr(args, 0), kind)
	}
	if j.listen != nil {
		j.emit(event{kind: eventCall, off: m.opOff, text: m.repr(callee, 0) + "(" + argumentsText(m, args) + ")", why: "what runs is decided while loading"})
	}
	j.report(ruleDynamicCall, scanners.Critical, m.opOff, "", text)
	if id, ok := m.carries(args); ok {
		j.passed(m, id, "a computed callable")
	}
}

// dynamicImport reports STACK_GLOBAL with an operand that is computed.
func (j *judge) dynamicImport(m *machine, module, name value) {
	j.effects++
	j.report(ruleDynamicImport, scanners.Critical, m.opOff, "", func() string {
		return fmt.Sprintf("imports a name that is computed while loading: %s . %s", m.repr(module, 0), m.repr(name, 0))
	})
}

func (j *judge) unknownExtension(off, code int64) {
	j.effects++
	if j.listen != nil {
		j.emit(event{kind: eventExtension, off: off, text: fmt.Sprintf("copyreg.extension(%d)", code), why: "only the loading process knows it"})
	}
	j.find(ruleExtension, off, fmt.Sprintf("takes extension code %d from the registry of the loading process", code))
}

// persistent reports a persistent id that is no torch storage.
func (j *judge) persistent(m *machine, id value) {
	severity := ruleTable[rulePersistentID].Severity
	note := ""
	if items, _, _ := m.nodes.items(id); len(items) > 0 && m.isString(items[0], "module") {
		severity, note = scanners.High, "; torch.load compares, and may write, the source code in it"
	}
	text := func() string {
		return fmt.Sprintf("asks the loader for the object with the id %s%s", m.repr(id, 0), note)
	}
	if j.listen != nil {
		j.emit(event{kind: eventPersistent, off: m.opOff, text: "persistent_load(" + m.repr(id, 0) + ")", why: "only the loader knows it" + note})
	}
	j.report(rulePersistentID, severity, m.opOff, note, text)
}

// finish reports the names that were imported and neither called nor passed on.
// A listed name that may only be called and is not is kept for somebody else to
// call; in a stream that breaks off (err) the call may just be missing.
func (j *judge) finish(err error) {
	for _, g := range j.names.list {
		if g.entry != nil && !g.passable && !g.used && err == nil {
			j.about(g, ruleUnlistedUse, scanners.High, g.off, func() string {
				return fmt.Sprintf("imports %s and does not call it: %s", g, whyCall(g, false))
			})
		}
		if g.used || g.entry != nil {
			continue
		}
		what := fmt.Sprintf("imports %s: %s", g, whyCall(g, false))
		switch {
		case g.cut && (!g.dangerous || pyglobals.Begins(g.module, g.name)):
			j.report(ruleUnknownImport, scanners.Low, g.off, what, func() string { return what + "; the name may go on" })
		case !g.dangerous:
			j.find(ruleUnknownImport, g.off, what)
		case g.danger.Caps.Indirect():
			j.report(ruleDangerousImport, scanners.Medium, g.off, what, func() string { return what })
		default:
			j.find(ruleDangerousImport, g.off, what)
		}
	}
}
