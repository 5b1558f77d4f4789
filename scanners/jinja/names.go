package jinja

import (
	"maps"

	"assay/scanners/internal/template"
)

// define collects the names that the template sets, wherever it does.
func (c *checker) define(s template.Stmt) {
	add := func(e template.Expr) {
		template.Walk(e, func(x template.Expr) bool {
			if n, ok := x.(*template.Name); ok {
				c.defined[n.Name] = true
			}
			_, list := x.(*template.List)
			return list
		})
	}
	switch s := s.(type) {
	case *template.Set:
		add(s.Target)
	case *template.For:
		add(s.Target)
	case *template.Macro:
		c.macros[s.Name] = true
		c.defined[s.Name] = true
		for _, p := range s.Params {
			name := p.Name
			if n, ok := p.Value.(*template.Name); ok && name == "" {
				name = n.Name
			}
			c.defined[name] = true
			c.params[s.Name] = append(c.params[s.Name], name)
		}
	case *template.Scope:
		for _, a := range s.Args {
			c.defined[a.Name] = true
		}
	}
}

// passed notes which parameters of macros are given what a user wrote.
func (c *checker) passed(s template.Stmt) {
	if block, ok := s.(*template.Macro); ok && block.Call != nil {
		if call, ok := block.Call.(*template.Call); ok && c.printsInput(block.Body) {
			c.given[key(call.Func)+"(caller()"] = messageContent
		}
	}
	for _, e := range template.Exprs(s) {
		template.Walk(e, func(x template.Expr) bool {
			if call, ok := x.(*template.Call); ok && c.macros[key(call.Func)] {
				c.give(key(call.Func), call.Args)
			}
			return true
		})
	}
}

// give notes the arguments of one call.
func (c *checker) give(macro string, args []template.Arg) {
	for i, a := range args {
		name := a.Name
		if params := c.params[macro]; name == "" && i < len(params) {
			name = params[i]
		}
		if h := c.held(a.Value); h != nothing && name != "" {
			c.given[macro+"("+name] = max(c.given[macro+"("+name], h)
		}
	}
}

// macro walks a macro, whose names are its own, with what its calls pass.
func (c *checker) macro(s *template.Macro, at place) {
	outer := c.holds
	if len(outer) < maxScope {
		c.holds = maps.Clone(outer)
	}
	for _, name := range c.params[s.Name] {
		delete(c.fold.Names, name)
		c.holds[name] = c.given[s.Name+"("+name]
		if textKeys[name] {
			c.holds[name] = messageContent
		}
	}
	c.holds["caller()"] = c.given[s.Name+"(caller()"]
	inner := at
	inner.messages, inner.explains = true, explains(&template.Name{Name: s.Name})
	before := len(c.triggers)
	c.body(s.Body, inner)
	c.flag(s.Name, c.triggers[before:]) // what it returns depends on them
	c.holds = outer
}

// maxScope is how many names a scope may have to be one of its own: beyond, names
// are shared, which can only find more.
const maxScope = 1000
