package text

import (
	"bytes"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// cardKeys of a model card's front matter go to the bill of materials.
var cardKeys = []string{"license", "license_name", "base_model", "pipeline_tag", "library_name", "language", "model_name", "inference"}

// card reads simple "key: value" lines from the front matter of a README. It is
// no YAML parser: a list or a nested value is left out, never guessed.
func (s *scan) card() {
	if s.base != "readme.md" || s.wide {
		return
	}
	text, ok := bytes.CutPrefix(bytes.ReplaceAll(s.start, []byte("\r\n"), []byte("\n")), []byte("---\n"))
	if !ok {
		return
	}
	matter, _, ok := bytes.Cut(text, []byte("\n---"))
	if !ok {
		return
	}
	for line := range bytes.Lines(matter) {
		key, value, ok := bytes.Cut(bytes.TrimRight(line, " \r\n"), []byte(": "))
		value = bytes.Trim(value, " \"'")
		if ok && len(value) > 0 && slices.Contains(cardKeys, string(key)) && value[0] != '[' && value[0] != '{' && value[0] != '|' && value[0] != '>' {
			s.facts = append(s.facts, scanners.Fact{Key: "text/card/" + string(key), Value: clip.Bytes(bytes.ToValidUTF8(value, nil), 256)})
		}
	}
}
