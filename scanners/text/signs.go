package text

import (
	"encoding/hex"
	"regexp"
	"strings"

	"assay/scanners/internal/clip"
)

// yamlTag matches a tag as written, a directive that renames tags, or the key by
// which Hydra calls a function.
var yamlTag = regexp.MustCompile(`%TAG[ \t]|!<[^>\n]{1,300}>|![!A-Za-z0-9%][^\s,\[\]{}"']{0,300}|\b_target_["']?[ \t]*:[^\n]{0,100}`)

var yamlHints = []string{"!", "%TAG", "_target_"}

// greps are the patterns to look for in this file.
func (s *scan) greps() []*grep {
	if s.profile.format == yaml {
		return []*grep{{pattern: yamlTag, hints: yamlHints, report: s.foundTag}}
	}
	return nil
}

// foundTag judges one YAML tag. Tags may be written with percent escapes, which
// parsers undo (YAML 1.2, section 6.8.2).
func (s *scan) foundTag(offset int64, match []byte) {
	tag := string(match)
	if strings.HasPrefix(tag, "%TAG") {
		s.add("text/call-target", offset, "a %%TAG directive gives tags another meaning")
		return
	}
	if strings.HasPrefix(tag, "_target_") {
		s.add("text/call-target", offset, "%s", clip.Quote(match, 120))
		return
	}
	tag = unescape(tag)
	for _, sign := range codeTags {
		if strings.Contains(tag, sign) {
			s.add("text/yaml-code-tag", offset, "the tag %s", clip.Quote(match, 120))
			return
		}
	}
	for _, sign := range callTags {
		if strings.HasPrefix(tag, sign) && len(tag) > len(sign) {
			s.add("text/call-target", offset, "the tag %s", clip.Quote(match, 120))
			return
		}
	}
}

// unescape undoes percent escapes.
func unescape(tag string) string {
	var out strings.Builder
	for i := 0; i < len(tag); i++ {
		if tag[i] == '%' && i+3 <= len(tag) {
			if c, err := hex.DecodeString(tag[i+1 : i+3]); err == nil {
				out.Write(c)
				i += 2
				continue
			}
		}
		out.WriteByte(tag[i])
	}
	return out.String()
}

// codeTags build objects or call functions: PyYAML (yaml.constructor), SnakeYAML
// (CVE-2022-1471), js-yaml before 4, Psych.
var codeTags = []string{"python/object", "python/name", "python/module", "js/function", "ruby/", "!javax.", "!java.", "!com.sun.", "!org."}

// callTags are those of HyperPyYAML, which every SpeechBrain model uses.
var callTags = []string{"!new:", "!apply:", "!applyref:", "!name:", "!module:", "!include:"}
