package text

import (
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
