package python

import (
	"regexp"
	"slices"
	"strings"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/pysource"
)

// effect takes note of what a call of the name does, and of what its result
// carries.
func (f *flow) effect(r string, fn value, args []value, keywords map[string]value, off int, s *scope, out *value) {
	if r == anyModule+".*" {
		if len(args)+len(keywords) > 0 {
			f.note(anything, off, "calls whatever it is told by name, of whatever module", usual, s)
		}
		return
	}
	if strings.HasSuffix(r, ".*") {
		f.note(dynamic, off, "calls an attribute of "+clip.Quote(r[:len(r)-2], 40)+" that is computed", usual, s)
		return
	}
	e, ok := effectOf(r)
	if !ok {
		f.sink(r, args, keywords, off, s, out)
		return
	}
	what := r + ", which " + e.why
	given := append(slices.Clone(args), values(keywords)...)
	g := usual
	switch e.effect {
	case decode:
		f.decoded(r, args, keywords, out)
		return
	case process:
		g = f.started(r, given, off, s)
		what += argument(args, keywords)
	case fetch, send, network:
		out.taint |= fromNet
		f.leaks(given, off, s, r)
		f.contacts(given, off, s)
		if strings.HasSuffix(r, "urlretrieve") || strings.Contains(r, "download") {
			f.fetched(off, s, args, 1)
		}
		what += argument(args, keywords)
	case native:
		g = f.library(args)
		what += argument(args, keywords)
	case deserialise:
		f.rebuilds(r, given, off, s)
		if isSafe(r, args, keywords) {
			return
		}
	case remove:
		f.removes(r, args, off, s)
	case execute:
		f.runsData(given, off, s)
	case pipe:
		if slices.ContainsFunc(append(given, fn), func(v value) bool { return v.taint&fromNet != 0 }) {
			f.note(chain, off, "connects the input and output of a process to another machine", usual, s)
		}
		out.taint |= fromNet
		return
	}
	if fn.taint&computed != 0 && e.effect != deserialise {
		f.note(dynamic, off, "reaches "+r+" by a name that is put together", usual, s)
	}
	f.note(e.effect, off, what, g, s)
}

func values(m map[string]value) []value {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var out []value
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out
}

// argument shows the first constant that a call is given.
func argument(args []value, keywords map[string]value) string {
	arg := first(args, keywords, "args")
	if len(arg.texts) == 0 {
		arg.items = once(arg.items)
	}
	if t := commandText(arg); t != "" {
		return ": " + clip.Quote(t, 120)
	}
	return ""
}

// commandText is the command line that a constant, or a list of them, stands for.
func commandText(v value) string {
	if len(v.texts) > 0 {
		return v.texts[0]
	}
	var words []string
	for _, item := range v.items[:min(len(v.items), 64)] {
		if len(item.texts) == 0 {
			words = append(words, "{}")
			continue
		}
		words = append(words, item.texts[0])
	}
	return strings.Join(words, " ")
}

// decoded is the result of a decoder: the text, when it is a constant.
func (f *flow) decoded(r string, args []value, keywords map[string]value, out *value) {
	arg := first(args, keywords, "s")
	out.taint |= arg.taint | fromCode
	if f.charge(arg); f.exhausted() {
		return
	}
	for _, t := range arg.texts {
		if plain, ok := undo(r, t); ok && arg.taint&incomplete == 0 {
			out.texts = append(out.texts, plain)
			out.taint |= computed
		}
	}
}

// fetched remembers where a download goes.
func (f *flow) fetched(off int, s *scope, args []value, path int) {
	if !f.report {
		return
	}
	var texts []string
	if path < len(args) {
		texts = args[path].texts
	}
	for _, p := range texts {
		f.importsWritten(p, off, s)
	}
	f.saved = append(f.saved, savedDownload{s, off, texts})
}

// startsFile reports the start of a file that was fetched before, by its name.
func (f *flow) startsFile(text string, v value, off int, s *scope) {
	for _, d := range f.saved {
		for _, p := range d.path {
			if len(p) > 2 && p != "{}" && strings.Contains(text, p) {
				f.note(chain, off, "starts the file "+clip.Quote(p, 80)+" that it downloads", usual, s)
			}
		}
	}
}

// leaks reports secrets that go to another machine.
func (f *flow) leaks(given []value, off int, s *scope, r string) {
	for _, v := range given {
		switch {
		case v.taint&fromSecret != 0:
			f.note(leak, off, "sends credentials to another machine by "+clip.Quote(r, 60), usual, s)
		case v.taint&fromEnv != 0:
			f.note(leak, off, "sends the whole environment to another machine by "+clip.Quote(r, 60), usual, s)
		}
	}
}

// rebuilds reports the deserialisation of downloaded or decoded data.
func (f *flow) rebuilds(r string, given []value, off int, s *scope) {
	for _, v := range given {
		if v.taint&fromNet != 0 && strings.HasSuffix(r, "loads") {
			f.note(chain, off, r+" of what it downloads", usual, s)
		}
		if plainLoader(r) && slices.ContainsFunc(v.texts, buildsObjects) {
			f.note(chain, off, r+" of a text in the file", usual, s)
		}
		if v.taint&fromCode != 0 && (r == "pickle.loads" || r == "dill.loads" || r == "cloudpickle.loads") && len(v.texts) > 0 {
			f.note(chain, off, r+" of a text in the file", usual, s)
		}
	}
}

// plainLoader reports those that take their data as a text.
func plainLoader(r string) bool {
	return strings.HasSuffix(r, "loads") || strings.HasPrefix(r, "yaml.") || r == "jsonpickle.decode"
}

// buildsObjects reports serialised text that names what is to be called: the global
// opcodes of a pickle, the tags of YAML, the keys of jsonpickle.
func buildsObjects(t string) bool {
	return strings.Contains(t, "!!python/") || strings.Contains(t, "tag:yaml.org,2002:python/") || strings.Contains(t, "py/") || pickledGlobal.MatchString(t)
}

// pickledGlobal matches the opcodes GLOBAL, INST and STACK_GLOBAL (pickletools).
var pickledGlobal = regexp.MustCompile(`(?s)[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n|^\x80[\x00-\x05].*\x93|R\.`)

// runsData reports code that comes out of data.
func (f *flow) runsData(given []value, off int, s *scope) {
	for _, v := range given {
		switch {
		case v.taint&fromNet != 0:
			f.note(chain, off, "runs what it downloads", usual, s)
		case v.taint&fromCode != 0:
			f.note(chain, off, "runs what it decodes", usual, s)
		}
	}
}

// isSafe reports a loader that is told to build plain data only.
func isSafe(r string, args []value, keywords map[string]value) bool {
	if r == "torch.load" {
		only := keywords["weights_only"]
		return only.isNum && only.num != 0
	}
	if r != "yaml.load" {
		return false
	}
	for _, v := range append(slices.Clone(args), values(keywords)...) {
		for _, name := range v.refs {
			if strings.Contains(name, "SafeLoader") || strings.Contains(name, "BaseLoader") {
				return true
			}
		}
	}
	return false
}

// systemLibraries are parts of the system or of the GPU driver.
var systemLibrary = regexp.MustCompile(`(?i)^(?:.*/)?(?:lib)?(?:c|m|dl|pthread|gomp|iomp5md|cuda|cudart|cudnn|nvidia-ml|nvrtc|hsa-runtime64|amdhip64|gcc_s|stdc\+\+|X11|objc|System|msvcrt|kernel32|user32|ole32|shell32|advapi32|rt)(?:[-_.]?[0-9.]+)?(?:\.so|\.dylib|\.dll)?(?:\.[0-9.]+)?$`)

func (f *flow) library(args []value) grade {
	if len(args) == 0 || len(args[0].texts) == 0 {
		return usual
	}
	for _, t := range args[0].texts {
		if !systemLibrary.MatchString(t) {
			return usual
		}
	}
	return harmless
}

// sink looks at calls of methods on what came from elsewhere.
func (f *flow) sink(r string, args []value, keywords map[string]value, off int, s *scope, out *value) {
	origin, method, ok := cutLast(r)
	if !ok {
		return
	}
	if e, known := effectOf(strings.TrimSuffix(firstCall(origin), "()")); known && (e.effect == network || e.effect == send || e.effect == fetch) {
		out.taint |= fromNet
		f.leaks(append(slices.Clone(args), values(keywords)...), off, s, method)
		f.contacts(args, off, s)
	}
}

func cutLast(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// firstCall is the beginning of a name up to the first call in it.
func firstCall(name string) string {
	before, _, _ := strings.Cut(name, "()")
	return before + "()"
}

// shells are methods that mean the same on every object.
var shells = []string{"system", "popen", "check_output", "exec_command"}

// byMethod looks at a call by the name of the method alone, where the object is a
// constant or unknown.
func (f *flow) byMethod(base value, name string, args []value, keywords map[string]value, off int, s *scope) value {
	if name == "write" || name == "write_bytes" || name == "write_text" {
		f.writes(base, args, off, s)
	}
	if p, ok := pathOf(base, name, args); ok {
		return p
	}
	if len(base.texts) > 0 {
		f.ofPath(base, name, args, off, s)
		return f.method(base, name, args)
	}
	if slices.Contains([]string{"reverse", "sort", "insert", "pop", "remove", "clear", "rotate", "appendleft", "extendleft"}, name) && (len(base.items) > 0 || name == "reverse") {
		f.mutates = true
	}
	out := value{taint: base.taint}
	if (name == "query" || name == "eval") && len(args) > 0 && len(args[0].texts) > 0 && strings.Contains(args[0].texts[0], "@") {
		f.constantCode(strings.ReplaceAll(args[0].texts[0], "@", ""), off, false, s) // pandas: @ names a variable of Python
	}
	if slices.Contains(base.refs, "os.environ") && slices.Contains([]string{"get", "pop", "setdefault", "update"}, name) {
		out.taint &^= fromEnv // one setting, not all
	}
	switch {
	case name == "__getattribute__" && len(args) > 0:
		v := f.getattr("", []value{base, args[0]}, value{}, off, s)
		v.taint |= computed
		return v
	case name == "get" && len(args) > 0 && slices.ContainsFunc(base.refs, func(r string) bool { return dangerousRoots[r] }):
		v := f.getattr("", []value{base, args[0]}, value{}, off, s) // os.__dict__.get("x")
		v.taint |= computed
		return v
	case name == "read" && len(args) == 0 && len(keywords) == 0:
		out.paths = base.paths
	case name == "decode" || name == "encode" || name == "strip" || name == "read":
	case slices.Contains(shells, name) && !slices.ContainsFunc(base.refs, func(r string) bool { return !strings.Contains(r, "()") }) && len(base.class) == 0 && len(args) > 0 && len(args[0].texts) > 0:
		f.note(process, off, "a method named "+name+argument(args, keywords), f.started(name, args, off, s), s)
	}
	return out
}

// writes remembers a file into which a download is written.
func (f *flow) writes(base value, args []value, off int, s *scope) {
	for _, v := range args {
		if v.taint&fromNet != 0 {
			f.fetched(off, s, []value{{texts: append(slices.Clone(base.texts), base.paths...)}}, 0)
		}
	}
	for _, p := range append(slices.Clone(base.texts), base.paths...) {
		f.importsWritten(p, off, s)
	}
}

// servicesForTheft take what is posted to them without asking who posts, hand out
// programs without saying whose, or lead to a machine that has no address.
var servicesForTheft = regexp.MustCompile(`(?i)discord(?:app)?\.com/api/webhooks/|api\.telegram\.org/bot|pastebin\.com/raw/|paste\.ee/r/|hastebin\.com/raw|transfer\.sh/|webhook\.site|requestbin|pipedream\.net|interact\.sh|\.oast\.|burpcollaborator|oastify\.com|ngrok(?:-free)?\.(?:io|app|dev)|trycloudflare\.com|serveo\.net|localhost\.run|\.onion\b|anonfiles|gofile\.io/d|file\.io/|catbox\.moe|rentry\.co/[^\s]+/raw|jsonkeeper\.com/b/|jsonbin\.io|api\.npoint\.io|t\.me/[a-z0-9_]{5,}bot\b`)

// lookAt looks at a constant by itself.
func (f *flow) lookAt(e *pysource.Expr, s *scope) {
	if len(e.Text) > 8 && f.report {
		if m := servicesForTheft.FindString(e.Text[:min(len(e.Text), 4096)]); m != "" {
			f.note(address, e.Off, "an address that serves to take data or bring programs: "+clip.Quote(m, 80), usual, s)
		}
	}
}

var hostNumber = regexp.MustCompile(`(?:^|//|@)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b`)

// localAddress matches machines of one's own net, and what is no address
// (RFC 1918, RFC 6890).
var localAddress = regexp.MustCompile(`^(?:0|10|127|255|22[4-9]|23\d|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.`)

// contacts reports a machine that is named by its number.
func (f *flow) contacts(args []value, off int, s *scope) {
	for _, v := range args {
		for _, t := range append(slices.Clone(v.texts), commandText(v)) {
			m := hostNumber.FindStringSubmatch(t[:min(len(t), 1024)])
			if m == nil {
				continue
			}
			if !localAddress.MatchString(m[1]) {
				f.note(address, off, "a machine that is named by its number: "+clip.Quote(m[1], 40), usual, s)
			}
		}
	}
}
