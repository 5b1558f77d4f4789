package jinja

import (
	"slices"
	"strings"

	"assay/scanners/internal/template"
)

// capture remembers what a block assigns: the text of its parts, with the filter
// applied, when all of them are constant.
func (c *checker) capture(s *template.Set) {
	name := key(s.Target)
	if name == "" {
		return
	}
	delete(c.fold.Names, name)
	var text strings.Builder
	for _, part := range s.Body {
		switch part := part.(type) {
		case *template.Text:
			text.WriteString(part.Text)
		case *template.Output:
			c.holds[name] = max(c.holds[name], c.held(part.X))
			v, ok := c.fold.Fold(part.X)
			if !ok {
				c.built[name] = true
				return
			}
			text.WriteString(strings.Join(v.Strings(), ""))
		case *template.Comment:
		default:
			c.built[name] = true
			return
		}
	}
	var value template.Expr = &template.Const{At: s.At, Value: template.String(text.String())}
	if s.Filter != nil {
		value = applied(s.Filter, value)
	}
	if v, ok := c.fold.Fold(value); ok {
		c.fold.Names[name] = v
		c.texts(value)
	}
}

// applied puts a value into the innermost filter of a chain.
func applied(chain, value template.Expr) template.Expr {
	for f, ok := chain.(*template.Filter); ok; f, ok = f.X.(*template.Filter) {
		if f.X == nil {
			f.X = value
			return chain
		}
	}
	return value
}

// isBuilt reports a text that is not computed in one expression: it grows round
// by round, or a macro returns it. Counters are not meant.
func (c *checker) isBuilt(name string, value template.Expr, at place) bool {
	if at.loops > 0 {
		parts := chain(value)
		grows := slices.ContainsFunc(parts, func(e template.Expr) bool { return key(e) == name })
		number := slices.ContainsFunc(parts, func(e template.Expr) bool {
			v, ok := c.fold.Fold(e)
			return ok && v.Kind == template.IntValue && key(e) != name
		})
		if len(parts) > 1 && grows && !number {
			return true
		}
	}
	return c.usesBuilt(value)
}

// usesBuilt reports a name of a built text, or a call of a macro, in a value.
func (c *checker) usesBuilt(e template.Expr) bool {
	found := false
	template.Walk(e, func(x template.Expr) bool {
		if call, ok := x.(*template.Call); ok && c.macros[key(call.Func)] {
			found = true
		}
		found = found || c.built[key(x)]
		return !found
	})
	return found
}

// chain is the operands of + and ~, and the items of a list that is joined.
func chain(e template.Expr) []template.Expr {
	switch x := e.(type) {
	case *template.Binary:
		if x.Op == "~" || x.Op == "+" {
			return append(chain(x.X), chain(x.Y)...)
		}
	case *template.Filter:
		if items, ok := x.X.(*template.List); ok && (x.Name == "join" || x.Name == "sum") {
			return items.Items
		}
	}
	return []template.Expr{e}
}

// reserved are the names of Python's internals without their underscores.
var reserved = words("class mro init globals builtins subclasses import getattribute getitem bases")

// joined looks at a text that is put together of constants and of what is not
// known: a name of an internal between two unknowns is there for what the unknowns
// become, as underscores taken out of a token.
func (c *checker) joined(e template.Expr) {
	parts := chain(e)
	if len(parts) < 3 || len(parts) > 512 {
		return
	}
	run, unknown := "", false
	for i, p := range parts {
		v, ok := c.fold.Fold(p)
		if ok {
			run += strings.Join(v.Strings(), "")
			continue
		}
		if i > 0 && unknown && reserved[run] && c.once("joined "+run) {
			c.suspect(e, "%s between texts that are not known", quote(run))
			return
		}
		run, unknown = "", true
	}
}

// isMasked recognises a name of an internal with something repeated around it
// that is to be replaced: --class--, %s%sinit%s%s.
func isMasked(text string) bool {
	if len(text) > 80 {
		return false
	}
	for word := range reserved {
		before, after, ok := strings.Cut(text, word)
		half := len(before) / 2
		if ok && half > 0 && before == after && before[:half] == before[half:] && strings.TrimSpace(before) != "" {
			return true
		}
	}
	return false
}
