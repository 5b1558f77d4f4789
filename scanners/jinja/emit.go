package jinja

import (
	"cmp"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/prose"
	"assay/scanners/internal/template"
)

// piece is a constant text that is printed, and where it stands in the source.
type piece struct {
	text   string
	offset int
}

// flow is what a body prints, one piece after another.
type flow []piece

func (f *flow) add(text string, offset int) { *f = append(*f, piece{text, offset}) }

func (f flow) text() string {
	var b strings.Builder
	for _, p := range f {
		b.WriteString(p.text)
	}
	return b.String()
}

// source is the offset in the source of a byte of the text.
func (f flow) source(at int) int64 {
	out := 0
	for _, p := range f {
		if at < 0 {
			break
		}
		out = p.offset
		at -= len(p.text)
	}
	return int64(out)
}

// output looks at a printed expression. Its constants that depend on a condition
// in it, in whatever way, count for that condition.
func (c *checker) output(e template.Expr, at place, printed *flow) {
	pieces := c.pieces(e)
	for _, p := range pieces {
		printed.add(p.text, p.offset)
	}
	if !isConstant(e) {
		printed.add("\x00", e.Offset())
	}
	c.dependent(e, at)
}

func isConstant(e template.Expr) bool {
	_, ok := e.(*template.Const)
	return ok
}

// dependent notes the texts of an expression that depend on conditions, around
// it or in it.
func (c *checker) dependent(e template.Expr, at place) {
	conds := at.conds[:len(at.conds):len(at.conds)]
	for _, t := range c.conditions(e, false) {
		if t.phrase || !t.negated {
			conds = append(conds, t)
		}
	}
	if len(conds) == 0 {
		return
	}
	c.open = true
	for _, p := range c.pieces(e) {
		depend(conds, p)
	}
	c.open = false
}

// depend notes natural language that is printed under conditions.
func depend(conds []*trigger, p piece) {
	n, acts := 0, ""
	if len(conds) > 0 {
		n, acts = prose.Words(p.text), active(p.text)
	}
	for _, t := range conds {
		if acts != "" && p.text != t.literal && t.acts == "" {
			t.acts, t.emitted = acts, p.offset
		}
		if n > 0 && p.text != t.literal {
			t.words += n
			t.emitted = cmp.Or(t.emitted, p.offset)
		}
	}
}

// markup is what a page runs or fetches.
var markup = regexp.MustCompile(`(?i)<(?:script|iframe|img|object|embed|form|svg|link|meta|base)\b[^<>]{0,200}?(?:=|>)|\bjavascript:|!\[[^\]\n]{0,100}\]\(`)

// active tells what in a text acts in what reads the answer, or nothing.
func active(text string) string {
	if m := markup.FindString(text); strings.Contains(m, "=") || strings.HasPrefix(strings.ToLower(m), "<script") || strings.HasPrefix(m, "!") || strings.HasSuffix(m, ":") {
		return "the markup " + quote(m)
	}
	for _, s := range prose.Signs(text) {
		if s.Kind == prose.Address {
			return "the address " + s.What
		}
	}
	for _, s := range commands.Judge(text) {
		if s.Severity <= scanners.Medium {
			return s.What
		}
	}
	return ""
}

// silent are functions whose arguments are not printed.
var silent = words("raise_exception strftime_now namespace range")

// printing are filters whose arguments become part of the text.
var printing = words("default d replace join format")

// pieces returns the constant texts that an expression prints.
func (c *checker) pieces(e template.Expr) []piece {
	if e == nil {
		return nil
	}
	if n := key(e); strings.Contains(n, "system") {
		return nil // printed as what it is called
	}
	if n := key(e); c.open && c.tables[n] != nil {
		table := c.tables[n]
		delete(c.tables, n) // one that holds itself ends here
		defer func() { c.tables[n] = table }()
		return c.pieces(table)
	}
	if v, ok := c.fold.Fold(e); ok {
		_, isCond := e.(*template.Cond)
		_, isDict := e.(*template.Dict) // of which the fold has the keys
		if !isCond && !isDict {
			return []piece{{strings.Join(v.Strings(), " "), e.Offset()}}
		}
	}
	var parts []template.Expr
	switch e := e.(type) {
	case *template.Binary:
		if !isComparison(e.Op) {
			parts = []template.Expr{e.X, e.Y}
		}
	case *template.Cond:
		parts = []template.Expr{e.Then, e.Else}
	case *template.List:
		parts = e.Items
	case *template.Dict:
		parts = e.Values
	case *template.Index:
		parts = []template.Expr{e.X}
	case *template.Filter:
		parts = []template.Expr{e.X}
		if printing[e.Name] {
			parts = append(parts, values(e.Args)...)
		}
	case *template.Call:
		if silent[key(e.Func)] {
			return nil
		}
		if method, ok := e.Func.(*template.Attr); ok {
			parts = append(parts, method.X)
		}
		parts = append(parts, values(e.Args)...)
	}
	var out []piece
	for _, x := range parts {
		if x != nil {
			out = append(out, c.pieces(x)...)
		}
	}
	return out
}

// systemTurn is a marker that announces a system message.
var systemTurn = regexp.MustCompile(`(?i)<[^<>]{0,30}system[^<>]{0,30}>|\|>system\b`)

// manyWords is how many words between messages are more than a label.
const manyWords = 8

// printed judges the text that a body prints.
func (c *checker) printed(f flow, at place) {
	text := f.text()
	if text == "" {
		return
	}
	asMaker := at.explains || !at.messages && !c.past || systemTurn.MatchString(text)
	for _, s := range prose.Signs(text) {
		rule, severity := "jinja/hidden-text", scanners.High
		switch s.Kind {
		case prose.Address:
			rule = "jinja/address"
		case prose.Instruction:
			rule = "jinja/instruction"
		}
		if asMaker && s.Kind != prose.Hidden {
			severity = scanners.Medium
		}
		c.found.AddAs(severity, rule, f.source(s.Offset), "%s", s.What)
	}
	if n := prose.Words(text); n >= manyWords && !asMaker && len(at.conds) == 0 {
		c.found.Add("jinja/appended-text", f.source(0), "%d words: %s", n, quote(strings.Trim(text, "\x00 \n")))
	}
}
