package jinja

import (
	"regexp"
	"strings"

	"assay/scanners/internal/template"
)

// maxTables bounds the names for which a list or a dictionary is remembered.
const maxTables = 1000

// table remembers a list or a dictionary that is written out, and what its entries
// hold of the input.
func (c *checker) table(name string, value template.Expr) {
	switch value := value.(type) {
	case *template.Dict:
		for i, k := range value.Keys {
			if v, ok := c.fold.Fold(k); ok && i < len(value.Values) && i < maxFlags {
				if h := c.held(value.Values[i]); h != nothing {
					c.holds[name+"."+v.S] = max(c.holds[name+"."+v.S], h)
				}
			}
		}
	case *template.List:
	default:
		return
	}
	if len(c.tables) < maxTables {
		c.tables[name] = value
	}
}

// entries notes what the variables of a loop over the entries of a dictionary go
// through, until leave is called.
func (c *checker) entries(s *template.For) (leave func()) {
	leave = func() {}
	targets, ok := s.Target.(*template.List)
	d := c.dictOf(s.Iter)
	if !ok || d == nil || len(targets.Items) != 2 {
		return leave
	}
	k, v := key(targets.Items[0]), key(targets.Items[1])
	choices, table := c.choices[k], c.tables[v]
	var texts []string
	for _, x := range d.Keys[:min(len(d.Keys), maxFlags)] {
		texts = append(texts, c.constants(x)...)
	}
	c.choices[k], c.tables[v] = texts, &template.List{Items: d.Values}
	return func() { c.choices[k], c.tables[v] = choices, table }
}

// dictOf is the dictionary of x.items(), x|items or x|dictsort.
func (c *checker) dictOf(e template.Expr) *template.Dict {
	switch x := e.(type) {
	case *template.Call:
		if method, ok := x.Func.(*template.Attr); ok && method.Name == "items" {
			return c.dictOf(method.X)
		}
	case *template.Filter:
		return c.dictOf(x.X)
	case *template.Dict:
		return x
	case *template.Name, *template.Attr:
		d, _ := c.tables[key(e)].(*template.Dict)
		return d
	}
	return nil
}

// printsInput reports whether a body prints anything that is not written in it.
func (c *checker) printsInput(body []template.Stmt) bool {
	found := false
	template.Visit(body, func(s template.Stmt) {
		if o, ok := s.(*template.Output); ok && !isConstant(o.X) {
			found = true
		}
	})
	return found
}

// substitution reports an expression that puts one text for another into what
// somebody wrote. Tokens of the model, markers and escapes are replaced by every
// template; words and addresses by none.
func (c *checker) substitution(e template.Expr) {
	x, from, to := c.replaced(e)
	if x == nil || c.held(x) != messageContent {
		return
	}
	for _, now := range c.constants(to) {
		old := strings.Join(c.constants(from), " ")
		if changes(old, now) {
			c.found.Add("jinja/content-condition", int64(to.Offset()), "%s in the content becomes %s", quote(old), quote(now))
		}
	}
}

// replaced takes apart replace, in its forms, and what is split and joined.
func (c *checker) replaced(e template.Expr) (x, from, to template.Expr) {
	switch e := e.(type) {
	case *template.Filter:
		switch {
		case e.Name == "replace" && len(e.Args) > 1:
			return e.X, e.Args[0].Value, e.Args[1].Value
		case e.Name == "join" && len(e.Args) > 0:
			return split(e.X, e.Args[0].Value)
		}
	case *template.Call:
		method, ok := e.Func.(*template.Attr)
		switch {
		case ok && method.Name == "replace" && len(e.Args) > 1:
			return method.X, e.Args[0].Value, e.Args[1].Value
		case ok && method.Name == "join" && len(e.Args) > 0:
			return split(e.Args[0].Value, method.X)
		}
	}
	return nil, nil, nil
}

// split is a text that was split, at what, and what stands there when it is joined.
func split(e, to template.Expr) (x, from, joined template.Expr) {
	if call, ok := e.(*template.Call); ok && len(call.Args) > 0 {
		if method, ok := call.Func.(*template.Attr); ok && strings.HasSuffix(method.Name, "split") {
			return method.X, call.Args[0].Value, to
		}
	}
	return nil, nil, nil
}

var (
	token   = regexp.MustCompile(`<[^<>]{0,80}>|\[[^\[\]]{0,80}\]|\{[^{}]{0,80}\}|</?\|?\w*\|?|\w*\|>|\\\w`)
	letters = regexp.MustCompile(`\p{L}{2,}`)
)

// changes reports a replacement that changes what is said.
func changes(old, now string) bool {
	if active(now) != "" {
		return true
	}
	from, to := token.ReplaceAllString(old, " "), token.ReplaceAllString(now, " ")
	if strings.EqualFold(strings.TrimSpace(from), strings.TrimSpace(to)) || !letters.MatchString(to) {
		return false
	}
	return letters.MatchString(from) || len(letters.FindAllString(to, 3)) == 3
}

// heldIn tells what a list or a dictionary written out holds: a message makes a
// list of messages.
func (c *checker) heldIn(items []template.Expr) holding {
	most := nothing
	for _, x := range items {
		if h := c.held(x); h == oneMessage {
			most = max(most, allMessages)
		} else {
			most = max(most, h)
		}
	}
	return most
}

// heldInDict takes a dictionary with a text under the key of one for a message.
func (c *checker) heldInDict(d *template.Dict) holding {
	most := nothing
	for i, x := range d.Values {
		h := c.held(x)
		if v, ok := c.fold.Fold(d.Keys[i]); ok && textKeys[v.S] {
			h = min(h, oneMessage)
		}
		most = max(most, h)
	}
	return most
}
