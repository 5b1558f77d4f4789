package python

import (
	"maps"
	"slices"
	"strings"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/pysource"
)

// anyModule stands for a module whose name comes from data.
const anyModule = "(any module)"

// unknownText reports a text of which not even the beginning is known.
func unknownText(v value) bool {
	if len(v.texts) == 0 {
		return true
	}
	return v.taint&incomplete != 0 && slices.ContainsFunc(v.texts, func(t string) bool { return strings.HasPrefix(t, "{}") && !strings.HasPrefix(t, "{}.") })
}

// imported is a module that is imported by the text of its name.
func (f *flow) imported(arg, fn value, off int, s *scope) value {
	out := value{taint: arg.taint & computed}
	for _, t := range arg.texts {
		if arg.taint&incomplete == 0 && len(t) < maxRef {
			out.refs = append(out.refs, canonical(t))
			f.imports[t] = true
		}
	}
	if unknownText(arg) && len(arg.refs) == 0 {
		out.refs = append(out.refs, anyModule)
	}
	out.refs = append(out.refs, arg.refs...) // importlib.reload(os)
	return out
}

// getattr reaches an attribute by the text of its name.
func (f *flow) getattr(r string, args []value, fn value, off int, s *scope) value {
	if r == "operator.attrgetter()" && len(args) > 0 {
		args = []value{args[0], {texts: fn.texts, taint: fn.taint}}
	}
	if len(args) < 2 {
		return value{}
	}
	out := value{taint: (args[0].taint | args[1].taint) & (computed | fromEnv)}
	for _, t := range args[1].texts {
		if args[1].taint&incomplete == 0 {
			v := args[0].attribute(t)
			out = join(out, v)
		}
	}
	if len(args[1].texts) == 0 || args[1].taint&incomplete != 0 {
		for _, c := range args[0].class {
			for _, m := range c.methods {
				s.calls[m] = true
			}
		}
		for _, base := range args[0].refs {
			if base == anyModule || dangerousRoots[base] && base != "sys" && base != "torch" && base != "platform" {
				out.refs = append(out.refs, base+".*")
			}
		}
	}
	if len(args) > 2 {
		out = join(out, args[2])
	}
	return out
}

// dotted is what the full names in a text stand for.
func dotted(v value) value {
	out := value{taint: v.taint, refs: v.refs, funcs: v.funcs, class: v.class}
	for _, t := range v.texts {
		t = strings.ReplaceAll(strings.TrimPrefix(t, "ext://"), ":", ".")
		if len(t) < maxRef && v.taint&incomplete == 0 {
			out.refs = append(out.refs[:len(out.refs):len(out.refs)], canonical(t))
		}
	}
	return out
}

// lookup calls what gives out modules, functions and objects that it is told, or is
// given.
func (f *flow) lookup(r string, fn, out value, args []value, keywords map[string]value, off int, s *scope) (value, bool) {
	arg := first(args, keywords, "")
	switch r {
	case "sys.modules.get", "sys.modules.pop", "sys.modules.setdefault", "sys.modules.__getitem__":
		return f.imported(arg, fn, off, s), true
	case "pydoc.locate", "pydoc.resolve", "pkgutil.resolve_name", "hydra.utils.get_method", "hydra.utils.get_class", "hydra.utils.get_object", "hydra._internal.utils._locate", "hydra.utils._locate", "django.utils.module_loading.import_string", "werkzeug.utils.import_string", "logging.config._resolve", "unittest.mock._importer":
		return f.located(arg), true
	case "functools.reduce", "builtins.reduce":
		return f.reduced(args, off, s), true
	case "operator.methodcaller()":
		got := f.getattr("operator.attrgetter()", args, fn, off, s)
		return f.apply(got, fn.items, nil, off, s), true
	case "builtins.next", "builtins.min", "builtins.max":
		v := arg.element()
		v.refs = unionOfNames(v.refs, arg.refs)
		return v, true
	case "builtins.zip":
		return zipped(args), true
	case "builtins.enumerate":
		return zipped([]value{{}, arg}), true
	case "importlib.util.spec_from_file_location", "importlib.machinery.SourceFileLoader", "importlib._bootstrap_external.SourceFileLoader":
		f.loadsFile(r, args, keywords, off, s)
		return out, true
	case "typing.ForwardRef":
		if len(arg.texts) > 0 {
			f.constantCode(arg.texts[0], off, false, s)
		}
		return out, true
	case "builtins.dict":
		out.items = values(keywords)
		for _, v := range args {
			out.items = append(out.items, v.items...)
		}
		return out, true
	case "site.getusersitepackages", "site.getsitepackages", "sysconfig.get_path", "sysconfig.get_paths", "distutils.sysconfig.get_python_lib":
		folder := constant("{}/site-packages")
		folder.items = []value{constant("{}/site-packages")}
		return folder, true
	case "jinja2.Template", "jinja2.Environment().from_string", "jinja2.nativetypes.NativeEnvironment().from_string":
		f.template(r, arg, off, s)
		return out, true
	case "types.SimpleNamespace", "argparse.Namespace":
		return f.namespace(keywords, off), true
	}
	return value{}, false
}

// ofEscaped judges a method of an object that is not known by its name: a module
// that the file uses as a value may be that object.
func (f *flow) ofEscaped(base, fn value, name string, args []value, off int, s *scope) {
	if len(base.texts)+len(base.class) > 0 || len(args) == 0 || slices.ContainsFunc(fn.refs, func(r string) bool { _, ok := effectOf(r); return ok || !strings.Contains(r, "()") }) {
		return
	}
	for _, module := range slices.Sorted(maps.Keys(f.escaped)) {
		if e, ok := effectOf(module + "." + name); ok && (e.effect == process || e.effect == execute) {
			f.note(e.effect, off, "a method that may be "+module+"."+name+", which "+e.why+", of a module that is used as a value", f.started(module, args, off, s), s)
		}
	}
}

// located is what pydoc.locate and its like give for a name.
func (f *flow) located(arg value) value {
	if unknownText(arg) {
		return ref(anyModule + ".*")
	}
	return dotted(value{texts: arg.texts, taint: arg.taint})
}

// reduced is functools.reduce: the function is called with each element in turn.
func (f *flow) reduced(args []value, off int, s *scope) value {
	if len(args) < 2 {
		return value{}
	}
	items, out := f.elements(args[1]), value{}
	if items == nil {
		items = []value{args[1].each()}
	}
	switch {
	case len(args) > 2:
		out = args[2]
	case len(items) > 0:
		out, items = items[0], items[1:]
	}
	for _, item := range items[:min(len(items), 64)] {
		out = f.apply(args[0], []value{out, item}, nil, off, s)
	}
	return out
}

// zipped is zip of lists: what stands at one place of each belongs together.
func zipped(args []value) value {
	row := value{list: true}
	var out value
	for _, a := range args {
		row.items = append(row.items, a.each())
		out.taint |= a.taint
	}
	out.items = []value{row}
	return out
}

// namespace is an object with the fields that it is given.
func (f *flow) namespace(keywords map[string]value, off int) value {
	c := f.objects[off]
	if c == nil {
		c = &class{methods: map[string]*scope{}, fields: map[string]*value{}}
		f.objects[off] = c
	}
	for name, v := range keywords {
		c.fields[name] = &v
	}
	return value{class: []*class{c}}
}

// carried adds to the result of a call what it is given, when that is a module or a
// function with an effect: copy.copy(os) and next(iter([os])) are os.
func carried(out value, args []value, keywords map[string]value) value {
	add := func(v value) {
		for _, r := range v.refs {
			if dangerousRoots[r] || r == "builtins.getattr" || r == "builtins.exec" || r == "builtins.eval" {
				out.refs = unionOfNames(out.refs[:len(out.refs):len(out.refs)], []string{r})
			}
		}
	}
	for _, v := range append(slices.Clone(args), values(keywords)...) {
		add(v)
		for _, item := range v.items[:min(len(v.items), 64)] {
			add(item)
		}
	}
	return out
}

// annotation reads a text that stands for a type: typing.get_type_hints evaluates
// it.
func (f *flow) annotation(e *pysource.Expr, s *scope) {
	if e.Kind == pysource.Text && strings.Contains(e.Text, "(") && len(e.Text) < maxText {
		f.constantCode(e.Text, e.Off, false, s)
	}
}

// loadsFile judges the import of a file by its path: one that is named as Python
// was looked at like this one.
func (f *flow) loadsFile(r string, args []value, keywords map[string]value, off int, s *scope) {
	path := keywords["path"]
	if len(args) > 1 {
		path = args[1]
	} else if v, ok := keywords["location"]; ok {
		path = v
	}
	switch {
	case slices.ContainsFunc(path.texts, func(t string) bool { return !strings.HasSuffix(t, ".py") && !strings.HasSuffix(t, "{}") }):
		f.note(anything, off, r+" of a file that is not named as Python: "+clip.Quote(path.texts[0], 80), usual, s)
	case len(path.texts) == 0 || path.taint&incomplete != 0 && !strings.HasSuffix(path.texts[0], ".py"):
		f.note(execute, off, r+" of a file that is not known", harmless, s)
	}
}
