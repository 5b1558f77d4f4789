package ollama

import (
	"slices"
	"strings"
	"text/template/parse"

	"assay/scanners"
	"assay/scanners/internal/prose"
)

// functions are those that Ollama offers to templates: the builtins of
// text/template that make sense there, and its own (template/template.go).
var functions = strings.Fields("and or not eq ne lt le gt ge len index slice print printf println html js urlquery json currentDate yesterday toTypeScriptType break continue")

// place is where in a template a node stands.
type place struct {
	conds    []*trigger
	explains bool // under a condition on the tools or the system prompt
	loops    int
}

// trigger is a comparison of content with a constant.
type trigger struct {
	offset  int
	literal string
	words   int
}

const (
	enough    = 6      // words in a branch are a message to the model
	manyWords = 8      // words between messages are more than a label
	maxRounds = 10_000 // of a loop over a constant
)

// template checks a text/template that begins at base.
func (c *checker) template(src string, base int) error {
	t := parse.New("template")
	t.Mode = parse.SkipFuncCheck
	set := make(map[string]*parse.Tree)
	if _, err := t.Parse(src, "{{", "}}", set); err != nil {
		return &scanners.FormatError{Offset: int64(base), Code: scanners.GapUnsupported, Err: errSyntax}
	}
	w := &walker{checker: c, base: base}
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if tree := set[name]; tree.Root != nil {
			w.past = false
			w.list(tree.Root, place{explains: name != "template" && w.isExplaining(name)})
		}
	}
	for _, tr := range w.triggers {
		switch {
		case tr.words >= enough:
			c.found.Add("ollama/content-condition", int64(tr.offset), "%d words that depend on %s in the content", tr.words, quote(tr.literal))
		case prose.IsPhrase(tr.literal):
			c.found.AddAs(scanners.Medium, "ollama/content-condition", int64(tr.offset), "content is compared with %s", quote(tr.literal))
		}
	}
	return nil
}

// walker goes through one template.
type walker struct {
	*checker
	base     int
	triggers []*trigger
}

func (w *walker) offset(n parse.Node) int { return w.base + int(n.Position()) }

func (w *walker) list(l *parse.ListNode, at place) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			w.text(string(n.Text), w.offset(n), at)
		case *parse.ActionNode:
			w.pipe(n.Pipe, at)
		case *parse.TemplateNode:
			w.pipe(n.Pipe, at)
		case *parse.IfNode:
			w.branch(&n.BranchNode, at)
		case *parse.WithNode:
			w.branch(&n.BranchNode, at)
		case *parse.RangeNode:
			w.loop(n, at)
		}
	}
}

// branch walks both arms of a condition. Both depend on what it compares.
func (w *walker) branch(b *parse.BranchNode, at place) {
	w.pipe(b.Pipe, at)
	inner := at
	inner.conds = append(slices.Clone(at.conds), w.conditions(b.Pipe)...)
	outer := inner
	inner.explains = at.explains || w.isExplaining(b.Pipe.String())
	w.list(b.List, inner)
	w.list(b.ElseList, outer)
}

func (w *walker) loop(n *parse.RangeNode, at place) {
	w.pipe(n.Pipe, at)
	w.walk(n.Pipe, func(x parse.Node) {
		if k, ok := x.(*parse.NumberNode); ok && k.IsInt && k.Int64 > maxRounds {
			w.found.Add("ollama/cost", int64(w.offset(x)), "a loop of %d rounds", k.Int64)
		}
	})
	inner := at
	inner.loops++
	inner.explains = at.explains || w.isExplaining(n.Pipe.String())
	w.list(n.List, inner)
	w.list(n.ElseList, at)
}

// topics are parts of conditions under which a template explains something.
var topics = []string{"tool", "system", "function", "first", "index", "think", "document", "suffix", "image", "typescript"}

func (w *walker) isExplaining(cond string) bool {
	cond = strings.ToLower(cond)
	return slices.ContainsFunc(topics, func(t string) bool { return strings.Contains(cond, t) })
}

// pipe checks the functions of a pipeline, and the texts that it prints.
func (w *walker) pipe(p *parse.PipeNode, at place) {
	if p == nil {
		return
	}
	w.walk(p, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.IdentifierNode:
			if !slices.Contains(functions, n.Ident) {
				w.found.Add("ollama/vocabulary", int64(w.offset(n)), "the function %s", quote(n.Ident))
			}
		case *parse.StringNode:
			if i := strings.IndexByte(n.Text, '%'); i >= 0 && hasWidth(n.Text[i+1:]) {
				w.found.Add("ollama/cost", int64(w.offset(n)), "the format %s", quote(n.Text))
			}
			w.text(n.Text, w.offset(n), at)
		}
		w.past = w.past || isContent(n)
	})
}

// hasWidth reports a width of six digits or more.
func hasWidth(format string) bool {
	digits := strings.TrimLeft(format, "-+ #0")
	return len(digits)-len(strings.TrimLeft(digits, "0123456789")) > 5
}

// text judges a constant text.
func (w *walker) text(text string, offset int, at place) {
	asMaker := at.explains || !w.past
	w.prompt(text, offset, asMaker)
	n := prose.Words(text)
	for _, t := range at.conds {
		if text != t.literal {
			t.words += n
		}
	}
	if n >= manyWords && !asMaker && len(at.conds) == 0 {
		w.found.Add("ollama/appended-text", int64(offset), "%d words: %s", n, quote(strings.TrimSpace(text)))
	}
}

// conditions collects the constants that a pipeline compares content with: those
// in the same command or in the commands before and after it.
func (w *walker) conditions(p *parse.PipeNode) []*trigger {
	content := false
	var out []*trigger
	w.walk(p, func(n parse.Node) {
		content = content || isContent(n)
		if s, ok := n.(*parse.StringNode); ok && strings.TrimSpace(s.Text) != "" && !isRole(s.Text) {
			out = append(out, &trigger{offset: w.offset(n), literal: s.Text})
		}
	})
	if !content {
		return nil
	}
	w.triggers = append(w.triggers, out...)
	return out
}

// isRole recognises the roles, with which a condition on the content is often
// joined.
func isRole(text string) bool {
	return slices.Contains([]string{"user", "assistant", "system", "tool", "developer", "model"}, text)
}

// isContent recognises what a user wrote: .Prompt, .Content, $m.Content, and the
// current date, on which a test does not fall.
func isContent(n parse.Node) bool {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident
	case *parse.ChainNode:
		names = n.Field
	case *parse.IdentifierNode:
		return n.Ident == "currentDate" || n.Ident == "yesterday"
	}
	return len(names) > 0 && slices.Contains([]string{"Prompt", "Content", "Response"}, names[len(names)-1])
}

// walk calls visit for every node of a pipeline.
func (w *walker) walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			w.walk(c, visit)
		}
	case *parse.CommandNode:
		for _, a := range n.Args {
			w.walk(a, visit)
		}
	case *parse.ChainNode:
		w.walk(n.Node, visit)
	}
}
