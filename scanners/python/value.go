package python

import (
	"slices"
	"strings"

	"assay/scanners/internal/pysource"
)

// taint says where data came from, at any distance.
type taint uint8

const (
	fromNet    taint = 1 << iota // downloaded
	fromCode                     // decoded, decompressed, decrypted or computed from numbers
	fromFile                     // read from a file
	fromEnv                      // the whole environment
	fromSecret                   // a file with credentials
	computed                     // a constant that is not written as such in the text
	incomplete                   // a text with unknown parts, shown as {}
)

// value is what is known about the result of an expression. The zero value means
// that nothing is known.
type value struct {
	refs  []string // full names of what it may be: "os.system", "requests.get()"
	texts []string // constants that it may be, text or bytes
	paths []string // of an open file
	items []value  // elements of a list or tuple, all of them, when they are known
	num   int64
	isNum bool
	list  bool // items holds all elements, in order
	funcs []*scope
	class []*class
	taint taint
}

// Bounds of what is kept of a value.
const (
	maxAlternatives = 4
	maxKept         = 64 // of functions, classes and names with an effect
	maxText         = 1 << 20
	maxItems        = 1 << 14
	maxRef          = 160
)

func ref(name string) value   { return value{refs: []string{name}} }
func constant(s string) value { return value{texts: []string{s}} }

// join is what a name may be after two assignments.
func join(a, b value) value {
	out := a
	out.refs = unionOfNames(a.refs, b.refs)
	out.texts = union(a.texts, b.texts)
	if len(out.texts) < len(b.texts) || len(out.texts) == maxAlternatives && slices.ContainsFunc(b.texts, func(t string) bool { return !slices.Contains(out.texts, t) }) {
		out.taint |= incomplete // it may be others too
	}
	out.paths = union(a.paths, b.paths)
	out.funcs = unionOf(a.funcs, b.funcs, maxKept)
	out.class = unionOf(a.class, b.class, maxKept)
	out.taint |= b.taint
	switch {
	case out.items == nil:
		out.items, out.list = b.items, b.list
	case b.items != nil && len(out.items)+len(b.items) <= 64:
		out.items = append(slices.Clone(out.items), b.items...)
		out.list = false
	}
	if !a.isNum {
		out.num, out.isNum = b.num, b.isNum
	} else if b.isNum && a.num != b.num {
		out.isNum = false
	}
	return out
}

func union[T comparable](a, b []T) []T { return unionOf(a, b, maxAlternatives) }

// unionOfNames drops no name that can be of use to an attack.
func unionOfNames(a, b []string) []string {
	out := unionOf(a, b, maxAlternatives)
	for _, x := range b {
		if len(out) >= maxAlternatives && len(out) < maxKept && !slices.Contains(out, x) && powerful(x) {
			out = append(out[:len(out):len(out)], x)
		}
	}
	return out
}

// powerful reports a dangerous module, or what has an effect.
func powerful(name string) bool {
	_, ok := effectOf(name)
	return ok || dangerousRoots[name] || strings.HasSuffix(name, ".*") || strings.HasSuffix(name, "getattr") || strings.HasSuffix(name, "import_module")
}

func unionOf[T comparable](a, b []T, limit int) []T {
	out := a
	for _, x := range b {
		if !slices.Contains(out, x) && len(out) < limit {
			out = append(out[:len(out):len(out)], x)
		}
	}
	return out
}

// attribute is the value of x.name.
func (v value) attribute(name string) value {
	out := value{taint: v.taint}
	for _, r := range v.refs {
		if r == "builtins" || r == "__builtin__" {
			r = "builtins"
		}
		if len(r)+len(name) < maxRef {
			out.refs = append(out.refs, canonical(r+"."+name))
		}
	}
	for _, c := range v.class {
		if f := c.methods[name]; f != nil {
			out.funcs = append(out.funcs, f)
		}
		if x, ok := c.fields[name]; ok {
			out = join(out, *x)
		}
		if m := c.methods["__getattr__"]; m != nil && c.methods[name] == nil {
			out = join(out, m.ret)
		}
	}
	for _, g := range v.funcs { // of a property
		for _, r := range g.ret.refs {
			if len(r)+len(name) < maxRef {
				out.refs = unionOfNames(out.refs, []string{canonical(r + "." + name)})
			}
		}
	}
	return out
}

// aliases are other names of the same modules and objects.
var aliases = []struct{ from, to string }{
	{"__builtin__.", "builtins."}, {"__builtins__.", "builtins."}, {"six.moves.urllib.", "urllib."}, {"six.moves.builtins.", "builtins."}, {"_io.open", "builtins.open"}, {"io.open", "builtins.open"},
	{"importlib.__import__", "builtins.__import__"}, {"importlib._bootstrap._gcd_import", "importlib.import_module"}, {"importlib._bootstrap.__import__", "builtins.__import__"},
	{"torch.utils.hipify.", "torch."}, {"subprocess.subprocess.", "subprocess."}, {"pip._vendor.requests.", "requests."}, {"torch.os.", "os."}, {"numpy.os.", "os."},
	{"transformers.utils.os.", "os."}, {"os.sys.", "sys."}, {"shutil.os.", "os."}, {"tempfile._os.", "os."}, {"random._os.", "os."}, {"glob.os.", "os."}, {"pathlib.os.", "os."}, {"logging.os.", "os."}, {"zipfile.os.", "os."}, {"inspect.os.", "os."},
	{"inspect.importlib.", "importlib."}, {"inspect.builtins.", "builtins."}, {"platform.os.", "os."}, {"platform.subprocess.", "subprocess."}, {"webbrowser.os.", "os."}, {"webbrowser.subprocess.", "subprocess."}, {"asyncio.subprocess.subprocess.", "subprocess."},
	{"codecs.builtins.", "builtins."}, {"datetime.sys.", "sys."}, {"importlib.util.sys.", "sys."}, {"warnings.sys.", "sys."}, {"typing.sys.", "sys."}, {"json.codecs.", "codecs."}, {"os.path.os.", "os."}, {"posixpath.os.", "os."}, {"subprocess.os.", "os."}, {"shutil.sys.", "sys."},
}

func canonical(name string) string {
	for _, a := range aliases {
		if strings.HasPrefix(name, a.from) {
			return a.to + name[len(a.from):]
		}
	}
	return innerModule(name)
}

// innerModules are modules of the standard library that other modules hold under
// their own name: what is reached through them is the same, wherever they stand.
var innerModules = map[string]bool{
	"os": true, "sys": true, "subprocess": true, "builtins": true, "__builtins__": true, "importlib": true, "shutil": true, "ctypes": true, "pty": true, "posix": true, "nt": true, "runpy": true, "socket": true,
	"_os": true, "_sys": true, "_subprocess": true,
}

// innerModule is the name without the modules through which it is reached:
// torch.hub.os.system is os.system. A module of the repository (a relative import)
// may have such a name itself.
func innerModule(name string) string {
	for end := len(name); end > 0; {
		start := strings.LastIndexByte(name[:end], '.') + 1
		part := name[start:end]
		class := strings.HasSuffix(name[:start], "socket.") && part == "socket" // of the module of that name
		if start > 1 && !class && strings.Trim(name[:start], ".") != "" && (innerModules[part] && !strings.HasPrefix(name, "asyncio.subprocess") || capability(name[start:])) {
			if part == "__builtins__" {
				return "builtins" + name[end:]
			}
			return strings.TrimPrefix(part, "_") + name[end:]
		}
		end = start - 1
	}
	return name
}

// capability reports a full name of something with a serious effect.
func capability(name string) bool {
	e, ok := effects().exact[name]
	return ok && strings.Count(name, ".") == 1 && (e.effect == process || e.effect == execute || e.effect == deserialise)
}

// entered is what with binds: the object, what its __enter__ gives, or what a
// generator does.
func (v value) entered() value {
	out := v
	for _, c := range v.class {
		for _, name := range []string{"__enter__", "__aenter__"} {
			if m := c.methods[name]; m != nil {
				out = join(out, m.ret)
			}
		}
	}
	if len(v.items) > 0 && len(v.texts) == 0 {
		out = join(out, v.element())
	}
	return out
}

// element is what an item of the value may be.
func (v value) element() value {
	out := value{taint: v.taint}
	for i, x := range v.items[:min(len(v.items), 1024)] {
		if i < 16 || len(x.refs)+len(x.funcs)+len(x.class) > 0 {
			out = join(out, x)
		}
	}
	if len(v.items) > 16 {
		out.taint |= incomplete
	}
	return out
}

// scope is a module, a function or a lambda: names, what happens when it runs, and
// what else it makes run.
type scope struct {
	name   string
	parent *scope // where names are looked up next
	vars   map[string]value
	global map[string]bool
	params []pysource.Param
	stmts  []*pysource.Stmt
	body   *pysource.Expr // of a lambda
	self   *class
	ret    value
	calls  map[*scope]bool
	events []event
	reach  reach
	off    int
	main   bool // runs only as a program; its names are those of the module
}

// class is a class of the file.
type class struct {
	name    string
	bases   []string
	methods map[string]*scope
	fields  map[string]*value // set on the class or on self
}

// reach says who makes a scope run. The zero value is nobody that was seen.
type reach uint8

const (
	idle     reach = iota
	asMain         // somebody who starts the file as a program
	atEntry        // a framework that uses what the file defines
	atImport       // whoever imports the file
)

// event is one effect at one place.
type event struct {
	effect effect
	off    int
	what   string
	grade  grade
}

// grade is what the arguments of a call say about it.
type grade uint8

const (
	usual    grade = iota
	harmless       // a program or library that only says something about the machine
	benign         // no reason for a finding
)
