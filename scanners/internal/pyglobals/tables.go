package pyglobals

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// tableSet is all the data, indexed.
type tableSet struct {
	allowed  map[string]*Entry    // "module:qualname"
	modules  map[string]bool      // modules with an entry
	danger   map[string]*dangerOf // by module
	names2   map[string][2]string // Python 2 pair to Python 3 pair
	modules2 map[string]string    // Python 2 module to Python 3 module
	profiles []string
}

// dangerOf is what the names of one module can do.
type dangerOf struct {
	exact  map[string]*Danger
	prefix []prefixDanger
	all    *Danger
}

type prefixDanger struct {
	prefix string
	danger *Danger
}

// match finds the entry for a name, by itself, not by the module's wildcard.
func (n *dangerOf) match(name string) *Danger {
	for part := name; part != ""; part = parent(part) {
		if d := n.exact[part]; d != nil {
			return d
		}
	}
	for _, p := range n.prefix {
		if strings.HasPrefix(name, p.prefix) {
			return p.danger
		}
	}
	return nil
}

func parse() (*tableSet, error) {
	t := &tableSet{
		allowed: make(map[string]*Entry, 4096), modules: make(map[string]bool, 1024),
		danger: make(map[string]*dangerOf, 512),
		names2: make(map[string][2]string, 128), modules2: make(map[string]string, 64),
	}
	list, err := files.ReadDir("allow")
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		profile := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		t.profiles = append(t.profiles, profile)
		err := eachLine("allow/"+f.Name(), func(d directive, module string, names []string) error {
			return t.allow(profile, d, module, names)
		})
		if err != nil {
			return nil, err
		}
	}
	if err := eachLine("danger.txt", t.forbid); err != nil {
		return nil, err
	}
	return t, t.python2()
}

// directive is the "@" line above a group: options, reason and source.
type directive struct {
	options        map[string]string
	reason, source string
}

// eachLine reads a table: "@ key=value ... | reason | source", then lines of
// "module: name name ..." that share it.
func eachLine(file string, entry func(directive, string, []string) error) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	var d directive
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "@ "); ok {
			if d, err = parseDirective(rest); err != nil {
				return fmt.Errorf("%s:%d: %w", file, number, err)
			}
			continue
		}
		module, names, ok := strings.Cut(line, ": ")
		if !ok || d.options == nil {
			return fmt.Errorf("%s:%d: want \"module: names\" below a directive", file, number)
		}
		if err := entry(d, module, strings.Fields(names)); err != nil {
			return fmt.Errorf("%s:%d: %w", file, number, err)
		}
	}
	return nil
}

func parseDirective(line string) (directive, error) {
	parts := strings.Split(line, " | ")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return directive{}, fmt.Errorf("a directive has options, a reason and a source")
	}
	d := directive{options: make(map[string]string), reason: parts[1], source: parts[2]}
	for option := range strings.FieldsSeq(parts[0]) {
		k, v, _ := strings.Cut(option, "=")
		d.options[k] = v
	}
	return d, nil
}

var useWords = map[string]Use{
	"value": Value, "call": Call, "new": New, "build": Build, "extend": Extend, "items": Items, "add": Add,
}

func (t *tableSet) allow(profile string, d directive, module string, names []string) error {
	e := Entry{Module: module, Profile: profile, Reason: d.reason, Source: d.source}
	for k, v := range d.options {
		switch k {
		case "kinds":
			for word := range strings.SplitSeq(v, ",") {
				use, ok := useWords[word]
				if !ok {
					return fmt.Errorf("unknown kind %q", word)
				}
				e.Uses |= use
			}
		case "shape":
			e.Shape = Shape(v)
		case "state":
			if v != "quiet" {
				return fmt.Errorf("unknown rule %q for a state", v)
			}
			e.Quiet = true
		case "attrs":
			e.Attrs = strings.Split(v, ",")
		case "itemsize":
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return err
			}
			e.ItemSize = n
		default:
			return fmt.Errorf("unknown option %q", k)
		}
	}
	t.modules[module] = true
	for _, name := range names {
		if err := t.addEntry(e, name); err != nil {
			return err
		}
	}
	return nil
}

// addEntry keeps the first entry of a name and adds what a later one permits, which
// must have the same shape.
func (t *tableSet) addEntry(e Entry, name string) error {
	e.Name = name
	old := t.allowed[key(e.Module, name)]
	switch {
	case old == nil:
		t.allowed[key(e.Module, name)] = &e
	case old.Shape != e.Shape:
		return fmt.Errorf("%s.%s has the shape %q in %s", e.Module, name, old.Shape, old.Profile)
	default:
		old.Uses |= e.Uses
		old.Quiet = old.Quiet || e.Quiet
		old.ItemSize = max(old.ItemSize, e.ItemSize)
		old.Attrs = append(old.Attrs, e.Attrs...)
	}
	return nil
}

func (t *tableSet) forbid(d directive, module string, names []string) error {
	danger := &Danger{Reason: d.reason, Source: d.source}
	for word := range strings.SplitSeq(d.options["caps"], ",") {
		c, ok := capabilityOf(word)
		if !ok {
			return fmt.Errorf("unknown capability %q", word)
		}
		danger.Caps |= c
	}
	of := t.danger[module]
	if of == nil {
		of = &dangerOf{exact: make(map[string]*Danger)}
		t.danger[module] = of
	}
	for _, name := range names {
		of.add(module, name, *danger)
	}
	return nil
}

func (n *dangerOf) add(module, name string, d Danger) {
	d.Via = module + "." + name
	prefix, wild := strings.CutSuffix(name, "*")
	switch {
	case !wild:
		n.exact[name] = &d
	case prefix == "":
		n.all = &d
	default:
		n.prefix = append(n.prefix, prefixDanger{prefix, &d})
	}
}

func capabilityOf(word string) (Capability, bool) {
	for _, w := range capabilityWords {
		if w.word == word {
			return w.cap, true
		}
	}
	return 0, false
}

// python2 reads "module name = module name" and "module = module".
func (t *tableSet) python2() error {
	text, err := files.ReadFile("python2.txt")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case len(fields) == 5 && fields[2] == "=":
			t.names2[key(fields[0], fields[1])] = [2]string{fields[3], fields[4]}
		case len(fields) == 3 && fields[1] == "=":
			t.modules2[fields[0]] = fields[2]
		default:
			return fmt.Errorf("python2.txt: %q", line)
		}
	}
	return nil
}
