package text

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

var anchorOrAlias = regexp.MustCompile(`(?:^|[\s,\[{:])([&*])([\w-]{1,64})`)

// maxExpansion is the number of nodes that aliases may stand for together.
const maxExpansion = 1 << 20

// aliases estimates what aliases expand to: an anchor stands for as much as the
// aliases behind it, up to the next anchor. A bomb is written in that order.
func (s *scan) aliases(text []byte) {
	weight := map[string]float64{}
	anchor, total := "", 0.0
	for _, m := range anchorOrAlias.FindAllSubmatchIndex(text, -1) {
		name := string(text[m[4]:m[5]])
		if text[m[2]] == '&' {
			anchor = name
			weight[name] = 1
			continue
		}
		w := max(1, weight[name])
		total += w
		if anchor != "" && anchor != name {
			weight[anchor] += w
		}
		if total > maxExpansion || w > maxExpansion {
			s.add("text/alias-bomb", int64(m[2]), "the alias %s, and others, stand for more than a million nodes", clip.Quote(name, 60))
			return
		}
	}
}

// download is the setting by which Ultralytics runs Python to get the data
// (ultralytics/data/utils.py, check_det_dataset).
var (
	download  = regexp.MustCompile(`(?m)^download:[ \t]*[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n((?:\r?\n)*[ \t]+[^\n]*\n?(?:[ \t]+[^\n]*\n?|\r?\n)*)`)
	ofDataset = regexp.MustCompile(`(?m)^(?:train|val|names|nc):`)
)

// dataScript hands on the program in the description of a dataset. Its name has a
// dot in it: it runs when somebody trains, and cannot be imported.
func (s *scan) dataScript(text []byte) {
	m := download.FindSubmatchIndex(text)
	if m == nil || s.wide || !ofDataset.Match(text) {
		return
	}
	body := string(text[m[2]:m[3]])
	s.addAs(scanners.Low, "text/code-in-config", int64(m[0]), "Python that Ultralytics runs to get the data")
	s.members = append(s.members, scanners.Member{Name: "download.yaml.py", Size: -1, Span: scanners.Span{Off: int64(m[2]), Len: int64(m[3] - m[2])},
		Open: func() (io.Reader, error) { return strings.NewReader("if True:\n" + body), nil }})
}

// mapping is an open block mapping of YAML.
type mapping struct {
	indent int
	keys   map[string]bool
}

// maxMappings bounds the depth of the outline.
const maxMappings = 64

// yamlKeys reports a key that stands twice in a block mapping. Flow mappings,
// block scalars and several documents are told apart by their form; what is in them
// is left out, never guessed.
func (s *scan) yamlKeys(text []byte) {
	var stack []mapping
	scalar, at, quoted := -1, 0, byte(0)
	for raw := range bytes.Lines(text) {
		offset := at
		at += len(raw)
		line := strings.TrimRight(string(raw), " \t\r\n")
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		if quoted != 0 {
			if strings.Count(content, string(quoted))%2 == 1 {
				quoted = 0
			}
			continue
		}
		switch {
		case content == "" || content[0] == '#' || content[0] == '\t', scalar >= 0 && indent > scalar:
			continue
		case strings.HasPrefix(line, "---") || strings.HasPrefix(line, "..."):
			stack, scalar = stack[:0], -1
			continue
		}
		scalar = -1
		for content == "-" || strings.HasPrefix(content, "- ") {
			stack = closeMappings(stack, indent)
			rest := strings.TrimLeft(content[1:], " ")
			indent += len(content) - len(rest)
			content = rest
			stack = closeMappings(stack, indent-1)
			if content == "" {
				break
			}
		}
		if content == "" {
			continue
		}
		key, value, ok := cutKey(content)
		if !ok || key == "<<" {
			continue
		}
		stack = closeMappings(stack, indent)
		if n := len(stack); n == 0 || stack[n-1].indent < indent {
			if n >= maxMappings {
				return
			}
			stack = append(stack, mapping{indent, map[string]bool{}})
		}
		top := stack[len(stack)-1]
		if top.keys[key] && !strings.ContainsAny(key, "{[") {
			s.add("text/duplicate-key", int64(offset+indent), "the key %s appears again in the same mapping", clip.Quote(key, 60))
		}
		top.keys[key] = true
		value, _, _ = strings.Cut(value, " #")
		switch {
		case strings.HasPrefix(value, "|") || strings.HasPrefix(value, ">") || strings.HasPrefix(value, "!") && strings.HasSuffix(value, "|"):
			scalar = indent
		case len(value) > 0 && (value[0] == '"' || value[0] == '\'') && strings.Count(value, value[:1])%2 == 1:
			quoted = value[0]
		}
	}
}

// closeMappings closes what is indented further than the line.
func closeMappings(stack []mapping, indent int) []mapping {
	for len(stack) > 0 && stack[len(stack)-1].indent > indent {
		stack = stack[:len(stack)-1]
	}
	return stack
}
