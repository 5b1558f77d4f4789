package text

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	parser "go.yaml.in/yaml/v3"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// maxTree is the size up to which YAML is read by a parser, in bytes: it keeps the
// whole document. In what is longer only the forms that files in use have are known,
// and a target in another form is a finding.
const maxTree = 1 << 20

const (
	maxTreeDepth = 200
	maxTreeNodes = 1 << 20
)

func (s *scan) hasTree() bool { return s.profile.format == yaml && s.file.Size <= maxTree }

// tree is what a parser of YAML makes of a text. It is judged instead of how the
// text is written: aliases, tags, escapes and block scalars are resolved in it.
type tree struct {
	*scan
	lines []int // where each line begins
	size  int
	top   *parser.Node
	nodes int
	left  bool // something was too deep, or too much
}

// readTree judges the keys of a text by which objects are called, and those that
// stand twice. What the parser refuses is looked at as text.
func (s *scan) readTree(text []byte) {
	if !s.hasTree() {
		return
	}
	t := &tree{scan: s, lines: lineStarts(text), size: len(text)}
	d := parser.NewDecoder(bytes.NewReader(text))
	for {
		var doc parser.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) && !t.left {
			return
		}
		if err != nil || t.left {
			s.grepTargets(text)
			return
		}
		t.top = &doc
		t.walk(&doc, 0)
	}
}

// grepTargets is what is left for a text that no parser reads.
func (s *scan) grepTargets(text []byte) {
	for _, m := range yamlTag.FindAllIndex(text, -1) {
		if c := text[m[0]]; c != '!' && c != '%' {
			s.hydraTarget(int64(m[0]), text[m[0]:m[1]])
		}
	}
	for _, m := range yamlCall.FindAllIndex(text, -1) {
		s.foundCall(int64(m[0]), text[m[0]:m[1]])
	}
	for _, m := range hiddenCall.FindAllIndex(text, -1) {
		s.foundHidden(int64(m[0]), text[m[0]:m[1]])
	}
}

// lineStarts are the places after the line breaks of YAML 1.1 (section 4.1.4),
// which the parser counts.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for _, m := range lineBreak.FindAllIndex(text, -1) {
		starts = append(starts, m[1])
	}
	return starts
}

var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// offset is where a node stands: columns are counted in characters, so that in a
// line of others than ASCII it is near.
func (t *tree) offset(n *parser.Node) int64 {
	if n.Line < 1 || n.Line > len(t.lines) {
		return 0
	}
	return int64(min(t.lines[n.Line-1]+max(n.Column-1, 0), max(t.size-1, 0)))
}

// walk looks at every node once. What an alias stands for is looked at where it is
// written.
func (t *tree) walk(n *parser.Node, depth int) {
	if t.nodes++; depth > maxTreeDepth || t.nodes > maxTreeNodes {
		t.left = true
		return
	}
	if n.Kind == parser.MappingNode {
		t.mapping(n)
	}
	for _, child := range n.Content {
		t.walk(child, depth+1)
	}
}

func (t *tree) mapping(n *parser.Node) {
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := resolved(n.Content[i]), n.Content[i+1]
		if k.Kind != parser.ScalarNode {
			continue
		}
		at := t.offset(n.Content[i])
		id := k.ShortTag() + k.Value
		if seen[id] && k.Value != "<<" {
			t.add("text/duplicate-key", at, "the key %s appears again in the same mapping", clip.Quote(k.Value, 60))
		}
		seen[id] = true
		t.value(at, k.Value, value, hasKey(n, "params"))
	}
}

// value judges what stands under a key. Under a key that only loaders of objects
// have, everything that is not a name is one that is hidden.
func (t *tree) value(at int64, key string, n *parser.Node, params bool) {
	text, ok := t.text(n)
	switch {
	case key == "_target_":
		switch {
		case ok && dottedName.MatchString(text):
			t.callTarget(at, "_target_ is", text)
		case ok && isPlainWord.MatchString(text), resolved(n).ShortTag() == "!!null":
			t.add("text/call-target", at, "_target_ is %s", clip.Quote(text, 120))
		default:
			t.hidden(at, key, n, text)
		}
	case ok:
		t.setting(at, key, text)
	case key == "class_path", key == "target" && params:
		if resolved(n).Kind == parser.ScalarNode {
			t.hidden(at, key, n, text)
		}
	}
}

// isPlainWord matches a name without a module, and the mark of OmegaConf for a value
// that has to be given.
var isPlainWord = regexp.MustCompile(`^(?:[A-Za-z_]\w*|\?\?\?)$`)

func (t *tree) hidden(at int64, key string, n *parser.Node, text string) {
	if text == "" {
		text = resolved(n).Value
	}
	t.addAs(scanners.High, "text/call-target", at, "%s is not a name that can be read: %s", key, clip.Quote(text, 120))
}

// resolved follows an alias.
func resolved(n *parser.Node) *parser.Node {
	for range 8 {
		if n.Kind != parser.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

// maxRounds bounds how often values are filled in that are to be filled in.
const maxRounds = 8

// interpolation is a value that OmegaConf takes from another key.
var interpolation = regexp.MustCompile(`\$\{([^${}]{1,200})\}`)

// text is the text of a scalar with the values of other keys filled in, and false
// when there is none or not all of them are in the document.
func (t *tree) text(n *parser.Node) (string, bool) {
	n = resolved(n)
	if n.Kind != parser.ScalarNode {
		return "", false
	}
	text := strings.TrimSpace(n.Value)
	for range maxRounds {
		if !strings.Contains(text, "${") {
			return text, true
		}
		if len(text) > 4096 {
			break
		}
		before := text
		text = interpolation.ReplaceAllStringFunc(text, func(ref string) string {
			if found := t.find(strings.TrimSpace(ref[2 : len(ref)-1])); found != nil {
				return strings.TrimSpace(found.Value)
			}
			return ref
		})
		if text == before {
			break
		}
	}
	return text, false
}

// find returns the scalar at a path from the top of the document.
func (t *tree) find(keys string) *parser.Node {
	n := t.top
	if n.Kind == parser.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	path := strings.FieldsFunc(keys, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for _, name := range path[:min(len(path), 32)] {
		if n = valueOf(resolved(n), name); n == nil {
			return nil
		}
	}
	if n = resolved(n); n.Kind != parser.ScalarNode {
		return nil
	}
	return n
}

// valueOf is the last value of a key: the one that PyYAML keeps.
func valueOf(n *parser.Node, name string) *parser.Node {
	if n.Kind != parser.MappingNode {
		return nil
	}
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		if k := resolved(n.Content[i]); k.Kind == parser.ScalarNode && k.Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

func hasKey(n *parser.Node, name string) bool {
	return slices.ContainsFunc(n.Content, func(c *parser.Node) bool { return c.Kind == parser.ScalarNode && c.Value == name })
}
