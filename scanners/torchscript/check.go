package torchscript

import (
	"maps"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

// checker judges the names that a text uses.
type checker struct {
	found     *findings.List
	reached   int             // how far the text was parsed
	functions []string        // being defined
	defined   map[string]bool // names that the text defines anywhere
	methods   map[string]bool // names of functions among them
	unknown   map[string]int  // names that are not known yet, and where they stand first
	late      []use           // attributes that are operators, unless a method of that name is defined
	spaces    map[string]bool // namespaces of operators
}

// use is an operator used as a method.
type use struct {
	name   string
	at     int
	danger danger
	atLoad bool
}

func (c *checker) define(name string) { c.defined[name] = true }

func (c *checker) defineAll(names []string) {
	for _, n := range names {
		c.define(n)
	}
}

func (c *checker) enter(function string) { c.functions = append(c.functions, function) }

func (c *checker) leave() { c.functions = c.functions[:len(c.functions)-1] }

// atLoad reports that the text being read runs while the model is loaded.
func (c *checker) atLoad() bool { return slices.Contains(c.functions, "__setstate__") }

// reference judges a dotted name.
func (c *checker) reference(parts []string, at int) {
	rest := parts[1:]
	switch parts[0] {
	case "torch":
		rest = c.torch(parts, at)
	case "ops":
		if len(parts) < 3 {
			c.alias(parts, at)
			return
		}
		c.operator(parts[1], parts[2], at)
		rest = parts[3:]
	case "__torch__":
		if len(parts) == 1 {
			c.alias(parts, at)
		}
		if len(parts) >= 5 && parts[1] == "torch" && parts[2] == "classes" {
			c.class(parts[3], parts[4], at)
		}
		return // names of the model's own classes
	default:
		if _, seen := c.unknown[parts[0]]; !seen && !known[parts[0]] {
			c.unknown[parts[0]] = at
		}
	}
	for _, name := range rest {
		c.attribute(name, at)
	}
}

// torch judges "torch.name", which is the operator aten::name, and returns what
// follows it.
func (c *checker) torch(parts []string, at int) []string {
	switch {
	case len(parts) < 2:
		c.alias(parts, at)
		return nil
	case parts[1] == "ops" && len(parts) > 3:
		c.operator(parts[2], parts[3], at)
		return parts[4:]
	case parts[1] == "classes" && len(parts) > 3:
		c.class(parts[2], parts[3], at)
		return parts[4:]
	}
	c.operator("aten", parts[1], at)
	return parts[2:]
}

// alias reports the root of all operators in a place where it is a value: under
// another name it could no longer be followed.
func (c *checker) alias(parts []string, at int) {
	c.found.Add(ruleAlias.ID, int64(at), "%s is used as a value", clip.Quote(strings.Join(parts, "."), 100))
}

// operator judges one operator.
func (c *checker) operator(space, name string, at int) {
	if c.spaces == nil {
		c.spaces = make(map[string]bool)
	}
	c.spaces[space] = true
	full := space + "::" + name
	if d, ok := dangers[full]; ok {
		c.danger(d, d.severity, full, at, c.atLoad())
		return
	}
	ops, ok := namespaces[space]
	switch {
	case !ok && extensions[space] != "":
		c.found.AddAs(scanners.Low, ruleNamespace.ID, int64(at), "%s of %s", clip.Quote(full, 200), extensions[space])
	case !ok:
		c.found.Add(ruleNamespace.ID, int64(at), "%s", clip.Quote(full, 200))
	case !ops.has(name):
		c.found.Add(ruleOperator.ID, int64(at), "%s", clip.Quote(full, 200))
	}
}

func (c *checker) danger(d danger, severity scanners.Severity, what string, at int, atLoad bool) {
	when := "when the model is called"
	if atLoad {
		when = "while the model is loaded"
		severity = scanners.Severity(max(0, int(severity)-1))
	}
	c.found.AddAs(severity, d.rule, int64(at), "%s, %s: %s", clip.Quote(what, 200), when, d.reason)
}

// class judges a custom class, which is native code of an extension.
func (c *checker) class(space, name string, at int) {
	full := space + "." + name
	if d, ok := dangers["class "+space]; ok {
		c.danger(d, d.severity, full, at, c.atLoad())
		return
	}
	switch {
	case classSpaces[space]:
	case extensionClasses[space] != "":
		c.found.AddAs(scanners.Low, ruleClass.ID, int64(at), "%s of %s", clip.Quote(full, 200), extensionClasses[space])
	default:
		c.found.Add(ruleClass.ID, int64(at), "%s", clip.Quote(full, 200))
	}
}

func (c *checker) pythonOp(at int) {
	d := dangers["prim::PythonOp"]
	c.danger(d, d.severity, "^", at, c.atLoad())
}

// attribute judges ".name" behind any value: the compiler takes it for the
// operator of that name when the value has no such method.
func (c *checker) attribute(name string, at int) {
	if d, ok := dangers["aten::"+name]; ok {
		c.late = append(c.late, use{name, at, d, c.atLoad()})
	}
	if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && !dunders[name] {
		c.unknown["."+name] = at
	}
}

// conclude judges what needed the whole text. A name counts as unknown only in a
// text that is TorchScript otherwise; of any other text it says nothing.
func (c *checker) conclude(parsed bool) {
	for _, u := range c.late {
		severity := max(u.danger.severity, scanners.High) // it may be a method of a class in another file
		if c.methods[u.name] {
			severity = max(severity, scanners.Medium)
		}
		c.danger(u.danger, severity, "."+u.name, u.at, u.atLoad)
	}
	if !parsed {
		return
	}
	maps.DeleteFunc(c.unknown, func(name string, _ int) bool { return c.defined[name] })
	for _, name := range slices.Sorted(maps.Keys(c.unknown)) {
		severity, at := ruleName.Severity, c.unknown[name]
		if at+len(strings.TrimPrefix(name, ".")) == c.reached {
			severity = scanners.Low // the text ends in it, and torch ends a text with a line
		}
		c.found.AddAs(severity, ruleName.ID, int64(at), "%s", clip.Quote(name, 200))
	}
}

// facts lists the namespaces of the operators.
func (c *checker) facts() []scanners.Fact {
	var facts []scanners.Fact
	for _, space := range slices.Sorted(maps.Keys(c.spaces)) {
		facts = append(facts, scanners.Fact{Key: "torchscript/namespace", Value: clip.Bytes(space, 200)})
	}
	return facts
}

// sweep searches text that has not the grammar for operators all the same.
func sweep(text []byte, c *checker) {
	l := newLexer(text)
	offset := c.reached
	for t := l.next(); t.kind != tokEnd; {
		if t.kind != tokName || t.text != "torch" && t.text != "ops" {
			if t.is(".") {
				if t = l.next(); t.kind == tokName {
					c.attribute(t.text, offset+t.at)
				}
				continue
			}
			t = l.next()
			continue
		}
		parts, at := []string{t.text}, t.at
		for t = l.next(); t.is(".") && len(parts) < 4; {
			if t = l.next(); t.kind != tokName {
				break
			}
			parts = append(parts, t.text)
			t = l.next()
		}
		c.sweepDanger(parts, offset+at)
	}
}

// sweepDanger reports dangerous operators only: what else the text is, nobody
// knows.
func (c *checker) sweepDanger(parts []string, at int) {
	full := ""
	switch {
	case len(parts) >= 4 && parts[0] == "torch" && parts[1] == "ops":
		full = parts[2] + "::" + parts[3]
	case len(parts) >= 2 && parts[0] == "torch":
		full = "aten::" + parts[1]
	case len(parts) >= 3 && parts[0] == "ops":
		full = parts[1] + "::" + parts[2]
	}
	if d, ok := dangers[full]; ok {
		c.danger(d, d.severity, full, at, false)
	}
}
