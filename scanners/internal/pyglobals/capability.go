package pyglobals

import "strings"

// Capability is a set of things that a call can do.
type Capability uint16

// The capabilities.
const (
	Exec    Capability = 1 << iota // run text or code
	Process                        // start or end processes and threads
	Import                         // import modules, resolve names
	Attr                           // walk to any attribute
	Code                           // make code objects
	Read                           // read files
	Write                          // write, move or delete files
	Net                            // network
	Native                         // native code
	Load                           // deserialise something else
	Env                            // the interpreter's or the system's state
	Tamper                         // interfere with a scanner
	Proxy                          // call what it is given
	DoS                            // waste time or memory
)

var capabilityWords = []struct {
	cap         Capability
	word, title string
}{
	{Exec, "exec", "runs code"},
	{Process, "process", "starts or ends processes"},
	{Import, "import", "imports by name"},
	{Attr, "attr", "walks attributes"},
	{Code, "code", "makes code objects"},
	{Read, "fsread", "reads files"},
	{Write, "fswrite", "writes files"},
	{Net, "net", "uses the network"},
	{Native, "native", "runs native code"},
	{Load, "load", "deserialises"},
	{Env, "env", "changes the environment"},
	{Tamper, "tamper", "interferes with a scanner"},
	{Proxy, "proxy", "calls what it is given"},
	{DoS, "dos", "wastes time or memory"},
}

// String names the capabilities in words, worst first.
func (c Capability) String() string {
	var words []string
	for _, w := range capabilityWords {
		if c&w.cap != 0 {
			words = append(words, w.title)
		}
	}
	return strings.Join(words, ", ")
}

// Indirect reports whether calling or wasting is all it can do: then what it is
// given decides.
func (c Capability) Indirect() bool { return c&^(Proxy|DoS) == 0 }

// dangerousWords are names that mean the same in every library that has them.
var dangerousWords = map[string]Capability{
	"eval": Exec, "exec": Exec, "execfile": Exec, "exec_module": Exec, "run_code": Exec, "runstring": Exec,
	"system": Process, "popen": Process, "Popen": Process, "check_output": Process, "spawn": Process,
	"import_module": Import, "load_module": Import, "subimport": Import, "resolve_name": Import,
	"unpickle": Load, "read_pickle": Load, "load_pickle": Load, "unsafe_load": Load,
	"load_library": Native, "LoadLibrary": Native, "CDLL": Native,
	"b_exec": Exec, "urlopen": Net, "urlretrieve": Net,
}

// Classify says what a global can do, and false when no table says anything. A
// module's entry holds for its submodules; a dotted name is judged by every part
// of it, so that a module reached through another one is still that module.
func Classify(module, qualname string) (Danger, bool) {
	if d, ok := direct(module, qualname); ok {
		return d, true
	}
	parts := strings.Split(qualname, ".")
	for i, part := range parts {
		if strings.HasPrefix(part, "__") && (i > 0 || len(parts) > 1 || strings.HasSuffix(part, "__")) {
			return Danger{Caps: Attr, Reason: "reaches into the object model by " + clipName(part),
				Source: "pickle.md 6.1 rule 1", Via: "__*__"}, true
		}
		bare := strings.TrimLeft(part, "_")
		if d, ok := reaches(bare, parts[i+1:]); ok {
			return d, true
		}
	}
	last := parts[len(parts)-1]
	if caps, ok := dangerousWords[last]; ok {
		return Danger{Caps: caps, Reason: "a name that means this in every library",
			Source: "advisories listed in pickle.md 9", Via: last}, true
	}
	return Danger{}, false
}

// direct looks a module and its parents up in the table.
func direct(module, qualname string) (Danger, bool) {
	t := tables()
	for m := module; m != ""; m = parent(m) {
		names := t.danger[m]
		if names == nil {
			continue
		}
		if m == module {
			if d := names.match(qualname); d != nil {
				return *d, true
			}
		}
		if names.all != nil {
			return *names.all, true
		}
	}
	return Danger{}, false
}

// reaches judges the rest of a dotted name after a component that is the name of
// a dangerous module: random:_os.system is os:system.
func reaches(module string, rest []string) (Danger, bool) {
	names := tables().danger[module]
	if names == nil || names.all == nil || names.all.Caps.Indirect() || shortWord[module] {
		return Danger{}, false
	}
	name := strings.Join(rest, ".")
	if name == "" {
		d := *names.all
		d.Caps |= Attr
		return d, true
	}
	return direct(module, name)
}

// shortWord are modules whose names are ordinary words for attributes and
// functions too.
var shortWord = map[string]bool{
	"code": true, "test": true, "new": true, "select": true, "copy": true, "trace": true, "cmd": true,
	"profile": true, "resource": true, "signal": true, "queue": true, "parser": true, "py": true, "sh": true,
	"io": true, "operator": true, "locale": true, "dis": true, "site": true, "http": true,
	"ce": true, "tables": true, "invoke": true, "glob": true, "dask": true,
	"ray": true, "dns": true, "compiler": true, "logging": true, "datasets": true, "triton": true,
	"platform": true, "types": true, "warnings": true, "distributed": true, "hydra": true, "gin": true,
	"weave": true, "java": true, "concurrent": true, "threading": true, "difflib": true, "patsy": true,
}

func clipName(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}
