package jinja

import (
	"slices"
	"strings"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/prose"
	"assay/scanners/internal/template"
)

// checker walks one template in the order of its text.
type checker struct {
	src   string
	found *findings.List
	fold  template.Folder

	defined  map[string]bool // names that the template sets itself
	macros   map[string]bool
	params   map[string][]string // of macros, in order
	given    map[string]holding  // what macros are called with, by "macro(parameter"
	reported map[string]bool     // unknown variables and words, once each

	holds    map[string]holding    // what names hold of the input
	built    map[string]bool       // names of texts that loops, macros or blocks put together
	choices  map[string][]string   // the texts that a loop variable goes through
	flags    map[string][]*trigger // names whose truth depends on content
	triggers []*trigger
	tables   map[string]template.Expr // lists and dictionaries that names stand for
	open     bool                     // look into tables for what is printed

	past      bool // a loop over the messages has printed them
	doubling  int  // assignments that double a text
	steps     int
	exhausted bool // not everything could be followed
}

func newChecker(src string, found *findings.List) *checker {
	return &checker{src: src, found: found, fold: template.Folder{Names: make(map[string]template.Value)},
		defined: make(map[string]bool), macros: make(map[string]bool), params: make(map[string][]string), given: make(map[string]holding), reported: make(map[string]bool),
		holds: map[string]holding{"messages": allMessages}, built: make(map[string]bool), choices: make(map[string][]string), flags: make(map[string][]*trigger), tables: make(map[string]template.Expr)}
}

// maxSteps bounds the work for one template. Ordinary ones need some thousand.
const maxSteps = 4_000_000

// spent counts a step, and reports that there are none left.
func (c *checker) spent() bool {
	c.steps++
	c.exhausted = c.exhausted || c.steps > maxSteps
	return c.steps > maxSteps
}

// place is where in the template a statement stands.
type place struct {
	conds    []*trigger // under which content conditions
	explains bool       // under a condition about tools, the system prompt or the like
	messages bool       // inside a loop over the messages
	loops    int        // loops around it
	rounds   int64      // how often constant loops around it run
}

// template checks a whole template.
func (c *checker) template(body []template.Stmt) {
	template.Visit(body, c.define)
	template.Visit(body, c.passed)
	c.body(body, place{rounds: 1})
	for _, t := range c.triggers {
		t.report(c)
	}
}

// leaves reports a branch that ends the round of a loop: what follows it depends
// on the condition too.
func leaves(s *template.If) bool {
	return slices.ContainsFunc(s.Branches, func(b template.Branch) bool {
		return slices.ContainsFunc(b.Body, func(s template.Stmt) bool { _, ok := s.(*template.Control); return ok })
	})
}

// body walks statements. What they print one after another is looked at as one
// text, for a text can be printed in pieces.
func (c *checker) body(list []template.Stmt, at place) {
	var printed flow
	for _, s := range list {
		for _, e := range template.Exprs(s) {
			c.expression(e)
		}
		switch s := s.(type) {
		case *template.Text:
			printed.add(s.Text, s.Offset())
			if m := dunder.FindStringIndex(s.Text); m != nil {
				c.found.Add("jinja/internal-name", int64(s.Offset()+m[0]), "%s in a text", quote(s.Text[m[0]:m[1]]))
			}
			depend(at.conds, piece{s.Text, s.Offset()})
		case *template.Comment:
			c.comment(s)
		case *template.Output:
			c.output(s.X, at, &printed)
		case *template.Do:
			c.dependent(s.X, at)
		case *template.Load:
			c.found.Add("jinja/load", int64(s.Offset()), "the statement %s", s.Word)
		case *template.For: // what follows a loop over the messages stands elsewhere
			c.printed(printed, at)
			printed = nil
			c.forStmt(s, at)
		default:
			c.block(s, at)
			if i, ok := s.(*template.If); ok && leaves(i) {
				c.printed(printed, at)
				printed = nil
				at.conds = slices.Clone(at.conds)
				for _, b := range i.Branches {
					if b.Cond != nil {
						at.conds = append(at.conds, c.conditions(b.Cond, false)...)
					}
				}
			}
		}
	}
	c.printed(printed, at)
}

// block walks a statement that has statements in it.
func (c *checker) block(s template.Stmt, at place) {
	switch s := s.(type) {
	case *template.If:
		c.ifStmt(s, at)
	case *template.Set:
		c.set(s, at)
	case *template.Macro:
		c.macro(s, at)
	case *template.Scope:
		for _, a := range s.Args {
			c.assign(a.Name, a.Value, at)
		}
		c.body(s.Body, at)
	}
}

func (c *checker) ifStmt(s *template.If, at place) {
	var before []*trigger // what the conditions above looked at
	for _, b := range s.Branches {
		inner := at
		inner.conds = slices.Clone(at.conds)
		if len(inner.conds) > maxConds {
			c.exhausted = true
			inner.conds = nil
		}
		for _, t := range before {
			if t.phrase || t.negated {
				inner.conds = append(inner.conds, t)
			}
		}
		if b.Cond != nil {
			here := c.conditions(b.Cond, false)
			for _, t := range here {
				if t.phrase || !t.negated {
					inner.conds = append(inner.conds, t)
				}
			}
			before = append(before, here...)
			inner.explains = at.explains || explains(b.Cond)
		}
		c.body(b.Body, inner)
	}
}

// maxConds bounds the content conditions around a statement.
const maxConds = 256

// explains reports a condition under which a template speaks as its maker.
func explains(cond template.Expr) bool {
	found := false
	template.Walk(cond, func(e template.Expr) bool {
		text := ""
		switch e := e.(type) {
		case *template.Name:
			text = e.Name
		case *template.Attr:
			text = e.Name
		case *template.Const:
			text = e.Value.S
		}
		text = strings.ToLower(text)
		found = found || text != "" && slices.ContainsFunc(topics, func(t string) bool { return strings.Contains(text, t) })
		return !found
	})
	return found
}

func (c *checker) forStmt(s *template.For, at place) {
	inner := at
	inner.loops++
	inner.rounds = c.rounds(s, at)
	held := c.held(s.Iter)
	over := held == allMessages || c.counts(s.Iter)
	inner.messages = at.messages || over
	leave := c.bind(s.Target, held.item())
	if n, ok := s.Target.(*template.Name); ok {
		v, _ := c.fold.Fold(s.Iter)
		delete(c.fold.Names, n.Name)
		outer := c.choices[n.Name]
		c.choices[n.Name] = v.Strings()
		defer func() { c.choices[n.Name] = outer }()
	}
	defer c.entries(s)()
	inner.conds = append(slices.Clone(at.conds), c.conditions(s.Iter, false)...)
	if s.Cond != nil {
		inner.conds = append(inner.conds, c.conditions(s.Cond, false)...)
	}
	c.body(s.Body, inner)
	leave()
	c.body(s.Else, at)
	c.past = c.past || over && c.printsContent(s.Body)
}

// counts reports a loop over the numbers of the messages.
func (c *checker) counts(iter template.Expr) bool {
	call, ok := iter.(*template.Call)
	found := false
	template.Walk(iter, func(e template.Expr) bool {
		found = found || c.held(e) == allMessages
		return ok && key(call.Func) == "range" && !found
	})
	return found
}

// printsContent reports whether what the users wrote is printed in the body.
func (c *checker) printsContent(body []template.Stmt) bool {
	found := false
	template.Visit(body, func(s template.Stmt) {
		if o, ok := s.(*template.Output); ok && !found {
			template.Walk(o.X, func(e template.Expr) bool {
				found = found || c.held(e) == messageContent
				return !found
			})
		}
	})
	return found
}

func (c *checker) set(s *template.Set, at place) {
	if s.Value == nil {
		c.capture(s)
		inner := at
		inner.explains = true // what is done with the text is judged where it is printed
		before := len(c.triggers)
		c.body(s.Body, inner)
		c.flag(key(s.Target), c.triggers[before:])
		return
	}
	if targets, ok := s.Target.(*template.List); ok {
		if values, ok := s.Value.(*template.List); ok && len(values.Items) == len(targets.Items) {
			for i, t := range targets.Items {
				c.assign(key(t), values.Items[i], at)
			}
		}
		return
	}
	c.assign(key(s.Target), s.Value, at)
}

// key is the name by which an assigned variable is remembered.
func key(e template.Expr) string {
	switch e := e.(type) {
	case *template.Name:
		return e.Name
	case *template.Attr:
		if n, ok := e.X.(*template.Name); ok {
			return n.Name + "." + e.Name
		}
	}
	return ""
}

// assign remembers what a name is set to. A name never becomes less tainted: in
// a loop, what stands further down comes first.
func (c *checker) assign(name string, value template.Expr, at place) {
	if name == "" {
		return
	}
	c.dependent(value, at)
	c.checkDoubling(name, value, at)
	c.flag(name, c.conditions(value, false))
	c.flag(name, slices.DeleteFunc(slices.Clone(at.conds), func(t *trigger) bool { return !t.phrase }))
	c.holds[name] = max(c.holds[name], c.held(value))
	c.table(name, value)
	if call, ok := value.(*template.Call); ok && key(call.Func) == "namespace" {
		for _, a := range call.Args {
			c.assign(name+"."+a.Name, a.Value, at)
		}
		return
	}
	delete(c.fold.Names, name)
	if c.isBuilt(name, value, at) {
		c.built[name] = true
	} else if v, ok := c.fold.Fold(value); ok {
		c.fold.Names[name] = v
	}
}

// flag notes that the truth of a name depends on the triggers.
func (c *checker) flag(name string, on []*trigger) {
	for _, t := range on {
		if slices.Contains(c.flags[name], t) {
			continue
		}
		if len(c.flags[name]) >= maxFlags {
			c.exhausted = true
			return
		}
		c.flags[name] = append(c.flags[name], t)
	}
}

// maxFlags bounds what is remembered for one name.
const maxFlags = 64

// comment looks into a comment only for what makes a reader see another text.
func (c *checker) comment(s *template.Comment) {
	for _, sign := range prose.Signs(s.Text) {
		if sign.Kind == prose.Hidden && !strings.HasPrefix(s.Text[sign.Offset:], "<!--") {
			c.found.Add("jinja/hidden-text", int64(s.Offset()+sign.Offset), "%s in a comment", sign.What)
		}
	}
}

// once reports whether a word was not yet reported.
func (c *checker) once(word string) bool {
	if c.reported[word] || len(c.reported) > 1000 {
		return false
	}
	c.reported[word] = true
	return true
}

func quote(text string) string { return clip.Quote(text, 80) }
