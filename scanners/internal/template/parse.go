package template

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of a template. Real ones have some 20 KB, and nest some ten deep.
const (
	MaxSource = 1 << 20 // bytes
	maxDepth  = 100     // statements and expressions in one another
	maxChain  = 256     // operators, filters or attributes in a row
	maxNodes  = 200_000
	maxTokens = 100_000 // of one tag; a list of words in one has a few hundred
)

// Parse reads a template. An error is an *Error; what was read before it is
// returned as well.
func Parse(src string) ([]Stmt, error) {
	if len(src) > MaxSource {
		return nil, &Error{Offset: MaxSource, Limit: true, What: fmt.Sprintf("a template of more than %d bytes", MaxSource)}
	}
	p := &parser{src: src}
	body, err := p.body(nil)
	if err == nil && p.tag != nil {
		err = &Error{Offset: p.tag[0].at, What: fmt.Sprintf("%q without its beginning", p.tag[0].text)}
	}
	return body, err
}

// parser reads one template. tag is the tag that ended the last body: an else or
// an end, with the tokens after its word still to be read.
type parser struct {
	src   string
	at    int // after what was read of the source
	tag   []token
	toks  []token // of the tag that is being read
	depth int
	nodes int
}

func (p *parser) fail(format string, args ...any) error {
	at := p.at
	if len(p.toks) > 0 {
		at = p.toks[0].at
	}
	return &Error{Offset: at, What: fmt.Sprintf(format, args...)}
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return &Error{Offset: p.at, Limit: true, What: fmt.Sprintf("a template nested deeper than %d", maxDepth)}
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// count counts one more node.
func (p *parser) count() error {
	if p.nodes++; p.nodes > maxNodes {
		return &Error{Offset: p.at, Limit: true, What: fmt.Sprintf("a template of more than %d parts", maxNodes)}
	}
	return nil
}

// body reads statements until a tag whose word is in ends, or the end.
func (p *parser) body(ends []string) ([]Stmt, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var out []Stmt
	p.tag = nil
	for p.at < len(p.src) {
		if err := p.count(); err != nil {
			return out, err
		}
		s, err := p.next(ends)
		if s != nil {
			out = append(out, s)
		}
		if err != nil || p.tag != nil {
			return out, err
		}
	}
	if ends != nil {
		return out, &Error{Offset: len(p.src), What: fmt.Sprintf("the template ends before its %q", ends[len(ends)-1])}
	}
	return out, nil
}

// next reads one statement or one stretch of text. At an end it sets p.tag.
func (p *parser) next(ends []string) (Stmt, error) {
	start := p.at
	open := nextTag(p.src, start)
	if open > start {
		p.at = open
		return &Text{At(start), p.src[start:open]}, nil
	}
	inside := open + 2
	if inside < len(p.src) && (p.src[inside] == '-' || p.src[inside] == '+') {
		inside++
	}
	switch p.src[open+1] {
	case '#':
		end := strings.Index(p.src[open+2:], "#}")
		if end < 0 {
			return nil, &Error{Offset: open, What: "a comment without its end"}
		}
		p.at = open + 2 + end + 2
		return &Comment{At(open), p.src[open+2 : open+2+end]}, nil
	case '{':
		if err := p.lex(inside, "}}"); err != nil {
			return nil, err
		}
		x, err := p.tuple()
		if err != nil {
			return nil, err
		}
		return &Output{At(open), x}, p.done()
	}
	if err := p.lex(inside, "%}"); err != nil {
		return nil, err
	}
	return p.statement(open, ends)
}

// nextTag finds the next beginning of a tag, or the end of the source.
func nextTag(src string, from int) int {
	for at := from; ; at++ {
		i := strings.IndexByte(src[at:], '{')
		if i < 0 || at+i+1 >= len(src) {
			return len(src)
		}
		if at += i; strings.IndexByte("{%#", src[at+1]) >= 0 {
			return at
		}
	}
}

func (p *parser) lex(inside int, end string) error {
	toks, after, err := lexTag(p.src, inside, end)
	if err != nil {
		return err
	}
	p.toks, p.at = toks, after
	return nil
}

// statement reads the tag that begins at open.
func (p *parser) statement(open int, ends []string) (Stmt, error) {
	name := p.toks[0]
	if name.kind != word {
		return nil, p.fail("a statement begins with a word")
	}
	if slices.Contains(ends, name.text) {
		p.tag = p.toks
		return nil, nil
	}
	p.toks = p.toks[1:]
	at := At(open)
	switch name.text {
	case "if":
		return p.ifStmt(at)
	case "for":
		return p.forStmt(at)
	case "set":
		return p.setStmt(at)
	case "macro", "call":
		return p.macroStmt(at, name.text)
	case "raw":
		return p.raw(at)
	case "generation", "block", "with", "filter", "autoescape":
		return p.scope(at, name.text)
	case "break", "continue", "debug":
		return &Control{at, name.text}, p.done()
	case "include", "import", "from", "extends":
		return p.load(at, name.text)
	case "do":
		x, err := p.tuple()
		if err != nil {
			return nil, err
		}
		return &Do{at, x}, p.done()
	}
	return nil, &Error{Offset: name.at, What: fmt.Sprintf("the statement %.40q is not known", name.text)}
}

// raw keeps everything up to its end as text.
func (p *parser) raw(at At) (Stmt, error) {
	if err := p.done(); err != nil {
		return nil, err
	}
	start := p.at
	for from := start; ; {
		open := nextTag(p.src, from)
		if open >= len(p.src) {
			return nil, &Error{Offset: int(at), What: "raw text without its end"}
		}
		if p.src[open+1] == '%' {
			inside := strings.TrimLeft(p.src[open+2:], "-+ \t\r\n")
			if rest, ok := strings.CutPrefix(inside, "endraw"); ok {
				if rest, ok = tagEnd(strings.TrimLeft(rest, " \t\r\n"), "%}"); ok {
					p.at = len(p.src) - len(rest)
					return &Text{At(start), p.src[start:open]}, nil
				}
			}
		}
		from = open + 2
	}
}

// until reads a body and the tag that ends it, and returns the tag's word. The
// tokens after the word are then in p.toks.
func (p *parser) until(ends ...string) ([]Stmt, string, error) {
	body, err := p.body(ends)
	if err != nil {
		return body, "", err
	}
	end := p.tag[0].text
	p.toks, p.tag = p.tag[1:], nil
	return body, end, nil
}

// last reads a body and demands that its end has nothing after its word.
func (p *parser) last(end string) ([]Stmt, error) {
	body, _, err := p.until(end)
	if err == nil && end == "endblock" && p.toks[0].kind == word {
		p.toks = p.toks[1:] // the name may be repeated
	}
	if err == nil {
		err = p.done()
	}
	return body, err
}

// done demands the end of the tag.
func (p *parser) done() error {
	if p.toks[0].kind != endOfTag {
		return p.fail("%.40q where the tag should end", p.toks[0].text)
	}
	return nil
}
