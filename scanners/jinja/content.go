package jinja

import (
	"maps"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/prose"
	"assay/scanners/internal/template"
)

// holding is what of the input a value holds, the more telling the larger.
type holding uint8

const (
	nothing        holding = iota
	allMessages            // a list of messages
	oneMessage             // a message, or a part of one
	messageContent         // text that somebody wrote, or the date
)

// item is what a loop over the value sees.
func (h holding) item() holding {
	if h == allMessages {
		return oneMessage
	}
	return h
}

// bind notes what the variables of a loop hold, until leave is called. Of several,
// a content may be in any.
func (c *checker) bind(target template.Expr, h holding) (leave func()) {
	targets := []template.Expr{target}
	if several, ok := target.(*template.List); ok {
		targets = several.Items
		if h != messageContent {
			h = nothing
		}
	}
	before := make(map[string]holding, len(targets))
	for _, t := range targets {
		n := key(t)
		before[n] = c.holds[n]
		c.holds[n] = h
	}
	return func() { maps.Copy(c.holds, before) }
}

// textKeys are the keys of a message and of its parts under which text stands.
var textKeys = words("content text reasoning_content")

// held tells what an expression holds of the input.
func (c *checker) held(e template.Expr) holding {
	if c.spent() {
		return nothing
	}
	switch e := e.(type) {
	case *template.Name:
		return c.holds[e.Name]
	case *template.Attr:
		if h := c.holds[key(e)]; h != nothing {
			return h
		}
		if d, ok := e.X.(*template.Dict); ok {
			return c.held(d)
		}
		return c.member(e.X, e.Name)
	case *template.List:
		return c.heldIn(e.Items)
	case *template.Dict:
		return c.heldInDict(e)
	case *template.Index:
		return c.indexed(e)
	case *template.Call:
		return c.called(e)
	case *template.Filter:
		return c.filtered(e)
	case *template.Cond:
		return max(c.held(e.Then), c.heldOrNothing(e.Else))
	case *template.Binary:
		if e.Op == "+" || e.Op == "~" || e.Op == "or" || e.Op == "and" || e.Op == "%" {
			return max(c.held(e.X), c.held(e.Y))
		}
	}
	return nothing
}

func (c *checker) heldOrNothing(e template.Expr) holding {
	if e == nil {
		return nothing
	}
	return c.held(e)
}

// member is what lies under a key.
func (c *checker) member(x template.Expr, name string) holding {
	if textKeys[name] {
		return messageContent
	}
	return nothing
}

func (c *checker) indexed(e *template.Index) holding {
	h := c.held(e.X)
	if _, ok := e.Key.(*template.Slice); ok {
		return h
	}
	if v, ok := c.fold.Fold(e.Key); ok && v.Kind == template.StringValue {
		if h := c.holds[key(e.X)+"."+v.S]; h != nothing {
			return h
		}
		if d, ok := e.X.(*template.Dict); ok {
			return c.held(d)
		}
		return c.member(e.X, v.S)
	}
	return h.item()
}

// called follows methods: what they make of a content is content, but for
// lookups by a key.
func (c *checker) called(e *template.Call) holding {
	if n := key(e.Func); n == "strftime_now" {
		return messageContent // a condition on the date is one that a test does not meet
	}
	method, ok := e.Func.(*template.Attr)
	if !ok {
		if key(e.Func) == "caller" {
			return c.holds["caller()"]
		}
		return c.returned(e)
	}
	if method.Name == "get" && len(e.Args) > 0 {
		if v, ok := c.fold.Fold(e.Args[0].Value); ok && v.Kind == template.StringValue {
			return c.member(method.X, v.S)
		}
	}
	h := c.held(method.X)
	if h == oneMessage && (method.Name == "values" || method.Name == "items") {
		return messageContent
	}
	return h
}

// returned is what a macro makes of its arguments: a text with all of them in it.
func (c *checker) returned(e *template.Call) holding {
	if c.macros[key(e.Func)] {
		for _, a := range e.Args {
			if c.held(a.Value) == messageContent {
				return messageContent
			}
		}
	}
	return nothing
}

// printers are filters that make one text of whatever they get.
var printers = words("string tojson pprint urlencode join")

func (c *checker) filtered(e *template.Filter) holding {
	if e.X == nil {
		return nothing
	}
	h := c.held(e.X)
	switch {
	case h == nothing || h == messageContent:
		return h
	case printers[e.Name], h == oneMessage && (e.Name == "dictsort" || e.Name == "items"):
		return messageContent
	case e.Name == "groupby":
		for _, a := range e.Args {
			if v, ok := c.fold.Fold(a.Value); ok && textKeys[v.S] {
				return messageContent
			}
		}
		return h
	case e.Name == "attr":
		if len(e.Args) > 0 {
			if v, ok := c.fold.Fold(e.Args[0].Value); ok {
				return c.member(e.X, v.S)
			}
		}
		return nothing
	case e.Name == "map":
		for _, a := range e.Args {
			if v, ok := c.fold.Fold(a.Value); ok && textKeys[v.S] {
				return messageContent
			}
		}
		return nothing
	case e.Name == "first" || e.Name == "last" || e.Name == "random":
		return h.item()
	}
	return h
}

// trigger is a comparison of content with a constant.
type trigger struct {
	offset  int
	literal string
	phrase  bool // plain words, as a user writes them
	negated bool

	words   int    // of natural language that depend on it
	emitted int    // offset of the first of them
	acts    string // what depends on it and acts: markup, an address, a command
}

// enough is how many words in a branch are a message to the model. After what a
// person would write, two are an order.
const (
	enough           = 6
	enoughAfterWords = 2
)

func (t *trigger) report(c *checker) {
	asked := t.phrase && !contentKinds[t.literal]
	switch {
	case t.acts != "":
		c.found.Add("jinja/content-condition", int64(t.emitted), "%s depends on %s in the content or date (compared at byte %d)", t.acts, quote(t.literal), t.offset)
	case t.words >= enough, asked && t.words >= enoughAfterWords:
		c.found.Add("jinja/content-condition", int64(t.emitted), "%d words that depend on %s in the content or date (compared at byte %d)",
			t.words, quote(t.literal), t.offset)
	case asked:
		c.found.AddAs(scanners.Medium, "jinja/content-condition", int64(t.offset), "content is compared with %s", quote(t.literal))
	}
}

// conditions collects what an expression compares content with.
func (c *checker) conditions(e template.Expr, negated bool) []*trigger {
	var out []*trigger
	if c.spent() {
		return nil
	}
	switch e := e.(type) {
	case *template.Unary:
		return c.conditions(e.X, negated != (e.Op == "not"))
	case *template.Binary:
		if isComparison(e.Op) {
			not := negated != (e.Op == "!=" || e.Op == "not in")
			out = append(c.compared(e.X, not, e.Y), c.compared(e.Y, not, e.X)...)
		}
	case *template.Test:
		out = c.compared(e.X, negated != e.Not, values(e.Args)...)
	case *template.Filter:
		switch {
		case e.X != nil && comparing[e.Name]:
			out = c.compared(e.X, negated, values(e.Args)...)
		case (e.Name == "selectattr" || e.Name == "rejectattr") && len(e.Args) > 2:
			// selectattr('content', 'equalto', 'x') compares message.content.
			if v, ok := c.fold.Fold(e.Args[0].Value); ok {
				out = c.compared(&template.Attr{X: e.X, Name: v.S}, negated, values(e.Args[2:])...)
			}
		}
	case *template.Call:
		method, ok := e.Func.(*template.Attr)
		switch {
		case ok && method.Name == "get" && len(e.Args) > 0:
			out = c.lookedUp(method.X, e.Args[0].Value)
		case ok && !storing[method.Name]:
			out = c.compared(method.X, negated, values(e.Args)...)
		case key(e.Func) == "range":
			for _, a := range e.Args {
				if c.held(a.Value) == messageContent {
					out = append(out, c.trigger(e.Offset(), number, false))
				}
			}
		}
	case *template.Index:
		if _, slice := e.Key.(*template.Slice); !slice {
			out = c.lookedUp(e.X, e.Key)
		}
	}
	if n := key(e); n != "" {
		out = append(out, c.flags[n]...)
	}
	for _, child := range template.Children(e) {
		if len(out) > maxFlags {
			c.exhausted = true
			break
		}
		out = append(out, c.conditions(child, negated)...)
	}
	return out
}

var (
	// comparing are the filters that look for something in a text.
	comparing = words("replace select reject regex_search regex_match regex_findall regex_replace contains test")
	// storing are the methods whose arguments are keys or values, not texts to
	// look for.
	storing = words("get append extend pop update join format items keys values strftime")
)

func isComparison(op string) bool {
	return slices.Contains([]string{"==", "!=", "in", "not in", "<", ">", "<=", ">="}, op)
}

func values(args []template.Arg) []template.Expr {
	out := make([]template.Expr, len(args))
	for i, a := range args {
		out[i] = a.Value
	}
	return out
}

// compared returns a trigger for each constant that a content is compared with.
func (c *checker) compared(content template.Expr, negated bool, with ...template.Expr) []*trigger {
	if c.held(content) != messageContent {
		return nil
	}
	var out []*trigger
	for _, e := range with {
		for _, text := range c.constants(e) {
			out = append(out, c.trigger(e.Offset(), text, negated))
		}
	}
	return out
}

// number stands for what is counted.
const number = "a number"

// lookedUp returns the triggers of a table in which a content, or a number that
// depends on it, finds the entry.
func (c *checker) lookedUp(table, by template.Expr) []*trigger {
	if c.held(by) != messageContent {
		return nil
	}
	if n := key(table); c.tables[n] != nil {
		table = c.tables[n]
	}
	out := []*trigger{c.trigger(by.Offset(), number, false)}
	if d, ok := table.(*template.Dict); ok {
		for _, k := range d.Keys[:min(len(d.Keys), maxFlags)] {
			for _, text := range c.constants(k) {
				out = append(out, c.trigger(k.Offset(), text, false))
			}
		}
	}
	return out
}

// constants are the texts that an expression may have: those of a constant, of
// the items of a list, of a variable that goes through constants. A number counts
// when it is not one that says empty or single.
func (c *checker) constants(e template.Expr) []string {
	if n, ok := e.(*template.Name); ok && len(c.choices[n.Name]) > 0 {
		return c.choices[n.Name]
	}
	v, ok := c.fold.Fold(e)
	if ok {
		if v.Kind == template.IntValue && (v.I > 2 || v.I < -1) {
			return []string{number}
		}
		return slices.DeleteFunc(v.Strings(), func(s string) bool { return s == "" })
	}
	if list, isList := e.(*template.List); isList {
		var out []string
		for _, x := range list.Items {
			out = append(out, c.constants(x)...)
		}
		return out
	}
	return nil
}

// trigger returns the one for the literal at the place: a condition may be looked
// at several times.
func (c *checker) trigger(offset int, literal string, negated bool) *trigger {
	for _, t := range c.triggers {
		if t.offset == offset && t.literal == literal {
			return t
		}
	}
	t := &trigger{offset: offset, literal: literal, negated: negated, phrase: prose.IsPhrase(literal) && literal != number}
	if len(c.triggers) >= 1000 {
		c.exhausted = true
		return t
	}
	c.triggers = append(c.triggers, t)
	return t
}
