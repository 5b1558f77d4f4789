package jinja

import (
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/template"
)

// expression checks one expression with everything in it.
func (c *checker) expression(e template.Expr) {
	called := make(map[template.Expr]bool)
	template.Walk(e, func(x template.Expr) bool {
		if call, ok := x.(*template.Call); ok {
			called[call.Func] = true
			c.call(call)
		}
		switch x := x.(type) {
		case *template.Attr:
			c.attribute(x, called[x])
		case *template.Index:
			c.subscript(x)
		case *template.Filter:
			c.filter(x)
		case *template.Test:
			if !tests[x.Name] {
				c.unknown("test", x.Name, x)
			}
		case *template.Name:
			c.name(x)
		case *template.Binary:
			c.operator(x)
		}
		c.joined(x)
		c.substitution(x)
		return true
	})
	c.texts(e)
}

// isInternal reports a name that leads out of the engine.
func isInternal(name string) bool {
	return strings.HasPrefix(name, "__") || len(name) > 2 && strings.HasSuffix(name, "__") || internals[name]
}

func (c *checker) escape(e template.Expr, format string, args ...any) {
	c.found.Add("jinja/sandbox-escape", int64(e.Offset()), format, args...)
}

func (c *checker) suspect(e template.Expr, format string, args ...any) {
	c.found.Add("jinja/internal-name", int64(e.Offset()), format, args...)
}

// unknown reports a word outside of the vocabulary, once.
func (c *checker) unknown(sort, name string, e template.Expr) {
	if c.once(sort + " " + name) {
		c.found.Add("jinja/vocabulary", int64(e.Offset()), "the %s %s", sort, quote(name))
	}
}

func (c *checker) attribute(e *template.Attr, called bool) {
	n, isName := e.X.(*template.Name)
	switch {
	case isInternal(e.Name):
		c.escape(e, "the attribute %s", quote(e.Name))
	case e.Name == "format" && !called:
		// A method that is passed on instead of called hid from the sandbox: CVE-2024-56326.
		c.escape(e, "a reference to the method format")
	case isName && globals[n.Name] && !c.defined[n.Name]:
		c.suspect(e, "an attribute of the object %s of the engine", n.Name)
	}
}

// subscript checks x['name'], where the name may be put together.
func (c *checker) subscript(e *template.Index) {
	for _, text := range c.keyTexts(e.Key) {
		if isInternal(text) {
			c.escape(e, "the key %s", quote(text))
			return
		}
	}
	switch _, known := c.fold.Fold(e.Key); {
	case known:
	case !c.dependsOnInput(e.Key):
		c.suspect(e, "a key that is put together in a way that cannot be followed")
	case c.usesBuilt(e.Key): // a macro may also return which entry of a table is meant
		c.found.AddAs(scanners.Medium, "jinja/internal-name", int64(e.Offset()), "a key that a loop, a block or a macro puts together")
	}
	if call, ok := e.Key.(*template.Filter); ok && call.Name == "attr" {
		c.suspect(e, "a key that is looked up")
	}
}

// dependsOnInput reports names in an expression. One without any has one value,
// and a template that hides which has its reasons.
func (c *checker) dependsOnInput(e template.Expr) bool {
	if _, ok := e.(*template.Slice); ok {
		return true
	}
	found := false
	template.Walk(e, func(x template.Expr) bool {
		n, ok := x.(*template.Name)
		found = found || ok && (n.Name == "loop" || !functions[n.Name])
		return !found
	})
	return found
}

// keyTexts are the constant texts in a name that is looked up: all of it, or
// those that are joined with what is not known.
func (c *checker) keyTexts(e template.Expr) []string {
	if v, ok := c.fold.Fold(e); ok {
		return v.Strings()
	}
	var out []string
	if b, ok := e.(*template.Binary); ok && (b.Op == "~" || b.Op == "+" || b.Op == "%") {
		out = append(c.keyTexts(b.X), c.keyTexts(b.Y)...)
	}
	if n, ok := e.(*template.Name); ok {
		out = append(out, c.choices[n.Name]...)
	}
	return out
}

// attributeFilters look attributes up, in the argument "attribute" or the first.
var attributeFilters = words("map selectattr rejectattr groupby sort unique sum min max join")

func (c *checker) filter(e *template.Filter) {
	if e.Name == "attr" {
		c.attrFilter(e)
		return
	}
	if !filters[e.Name] {
		c.unknown("filter", e.Name, e)
	}
	if !attributeFilters[e.Name] {
		return
	}
	for i, a := range e.Args {
		for _, text := range c.keyTexts(a.Value) {
			switch {
			case slices.ContainsFunc(strings.Split(text, "."), isInternal):
				c.escape(e, "the filter %s looks up %s", e.Name, quote(text))
			case i == 0 && text == "attr":
				c.suspect(e, "the filter %s applies attr", e.Name)
			}
		}
	}
}

// attrFilter checks x|attr(name), which goes past the subscript's checks
// (CVE-2025-27516).
func (c *checker) attrFilter(e *template.Filter) {
	if len(e.Args) == 0 {
		return
	}
	v, known := c.fold.Fold(e.Args[0].Value)
	for _, text := range c.keyTexts(e.Args[0].Value) {
		if isInternal(text) || text == "format" {
			c.escape(e, "the filter attr looks up %s", quote(text))
			return
		}
	}
	if !known {
		c.suspect(e, "the filter attr looks up a name that is computed")
		return
	}
	c.unknown("filter", "attr for "+strings.Join(v.Strings(), " "), e)
}

func (c *checker) call(e *template.Call) {
	switch f := e.Func.(type) {
	case *template.Name:
		if !functions[f.Name] && !c.macros[f.Name] {
			c.unknown("function", f.Name, e)
		}
	case *template.Attr:
		switch {
		case f.Name == "format":
			c.format(e, f.X)
		case !methods[f.Name] && !c.isMacroOf(f):
			c.unknown("method", f.Name, e)
		}
	default:
		c.unknown("call", "of a computed value", e)
	}
	c.repeats(e)
}

// isMacroOf recognises the methods of a loop and of a cycler.
func (c *checker) isMacroOf(f *template.Attr) bool {
	n := key(f.X)
	return n == "loop" && (f.Name == "cycle" || f.Name == "changed") || f.Name == "next" || f.Name == "reset"
}

// field is a field of str.format that goes into its argument.
var field = regexp.MustCompile(`\{[^{}]*?[.\[][^{}]*\}`)

// format checks 'text'.format(...), whose fields reach attributes on their own.
func (c *checker) format(e *template.Call, layout template.Expr) {
	v, ok := c.fold.Fold(layout)
	if !ok {
		c.suspect(e, "a format that is computed")
		return
	}
	c.width(wideBraces, e, v.S)
	for _, f := range field.FindAllString(v.S, 8) {
		names := strings.FieldsFunc(f, func(r rune) bool { return strings.ContainsRune(".[]{}!:'\" 0123456789", r) })
		if slices.ContainsFunc(names, isInternal) {
			c.escape(e, "the format field %s", quote(f))
			return
		}
		c.suspect(e, "the format field %s", quote(f))
	}
}

func (c *checker) name(e *template.Name) {
	switch {
	case isInternal(e.Name):
		c.escape(e, "the name %s", quote(e.Name))
	case c.defined[e.Name] || functions[e.Name] || variables[e.Name]:
	case leaks[e.Name]:
		c.suspect(e, "the object %s of the engine", e.Name)
	case c.once("variable " + e.Name):
		c.found.Add("jinja/unknown-variable", int64(e.Offset()), "%s", quote(e.Name))
	}
}

var (
	internalWord = regexp.MustCompile(`__[a-zA-Z]\w*__|\b(func_globals|gi_frame|cr_frame|f_back|f_globals|tb_frame)\b`)
	fragment     = regexp.MustCompile(`^(__[a-z]*|[a-z]*__)$`)
)

// texts looks for names of internals, and halves of them, in the largest
// constants of an expression.
func (c *checker) texts(e template.Expr) {
	template.Walk(e, func(x template.Expr) bool {
		if _, isName := x.(*template.Name); isName {
			return false
		}
		v, ok := c.fold.Fold(x)
		if !ok {
			return true
		}
		for _, text := range v.Strings() {
			if m := internalWord.FindString(text); m != "" {
				c.suspect(x, "%s in a text", quote(m))
			} else if fragment.MatchString(text) || isMasked(text) {
				c.suspect(x, "%s, half of a name of Python's internals", quote(text))
			}
			c.width(widePercent, x, text)
		}
		return false
	})
}
