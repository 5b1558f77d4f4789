package text

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/secrets"
)

// yamlTag matches a tag as written, a directive that renames tags, or the key by
// which Hydra calls a function. What follows a key is shown, but ends before a tag,
// which is a match of its own.
var yamlTag = regexp.MustCompile(tagDirective + `|!<[^>\n]{1,300}>|![!A-Za-z0-9%][^\s,\[\]{}"']{0,300}` +
	`|(?:\b_target_["']?|` + escaped("_target_") + `)` + keyEnd + `:[^\n!]{0,100}|&[\w-]{1,100}[ \t]+["']?_target_\b`)

var yamlHints = []string{"!", "%TAG", "_target_", `\`}

// tagDirective ends with the line; YAML 1.1 (section 4.1.4) has three line breaks
// more than ASCII.
const tagDirective = `%TAG[ \t][^\r\n\x{85}\x{2028}\x{2029}]{0,400}`

// keyEnd is what may stand between a key and its colon: for a complex key (`? key`,
// YAML 1.2, section 8.2.2) also comments and line breaks.
const keyEnd = `(?:[ \t\r\n]|#[^\r\n]*)*`

// escaped matches word in double quotes, each letter plain or escaped, also with
// escaped line breaks inside (YAML 1.2, sections 5.7 and 7.3.1).
func escaped(word string) string {
	letters := make([]string, len(word))
	for i := range len(word) {
		letters[i] = fmt.Sprintf(`(?:%c|(?i:\\x%02[2]x|\\u00%02[2]x|\\U000000%02[2]x))`, word[i], word[i])
	}
	return `"` + strings.Join(letters, `(?:\\\r?\n[ \t]*)?`) + `"`
}

// greps are the patterns to look for in this file.
func (s *scan) greps() []*grep {
	list := s.foreignGreps()
	if s.profile.format == yaml {
		list = []*grep{{pattern: yamlTag, hints: yamlHints, report: s.foundTag}, {pattern: resolver, hints: []string{"${"}, report: s.foundResolver}}
		if !s.hasTree() {
			list = append(list, &grep{pattern: yamlCall, hints: yamlCallHints, report: s.foundCall}, &grep{pattern: hiddenCall, hints: yamlCallHints, report: s.foundHidden})
		}
	}
	if s.profile.kind != vocabulary {
		list = append(list, &grep{pattern: secrets.Pattern, hints: secrets.Hints, report: s.foundSecret})
	}
	if ext := path.Ext(s.base); ext == ".csv" || ext == ".tsv" {
		list = append(list, &grep{pattern: formula, hints: formulaHints, report: s.foundFormula})
	}
	if s.profile.kind == config {
		list = append(list, &grep{pattern: codeText, hints: codeHints, report: s.foundCode})
	}
	return list
}

func (s *scan) foundSecret(offset int64, match []byte) {
	if what, ok := secrets.Describe(string(match)); ok {
		s.add("text/secret", offset, "%s", what)
	}
}

// foundTag judges one YAML tag. Tags may be written with percent escapes, which
// parsers undo (YAML 1.2, section 6.8.2).
func (s *scan) foundTag(offset int64, match []byte) {
	tag := string(match)
	switch {
	case renamesCode(tag):
		s.add("text/yaml-code-tag", offset, "the directive %s gives a tag that runs code another name", clip.Quote(match, 120))
		return
	case strings.HasPrefix(tag, "%TAG"):
		s.add("text/call-target", offset, "a %%TAG directive gives tags another meaning")
		return
	case tag[0] != '!':
		if !s.hasTree() {
			s.hydraTarget(offset, match)
		}
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
			s.hyperTag(offset, sign, tag[len(sign):])
			return
		}
	}
}

// hydraTarget judges what follows the key in a text that is not read as YAML. A key
// without a plain name behind it is one that hides it.
func (s *scan) hydraTarget(offset int64, match []byte) {
	_, value, _ := bytes.Cut(match, []byte(":"))
	name := strings.Trim(strings.TrimSpace(string(value)), `"'`)
	name, _, _ = strings.Cut(name, " ")
	name = strings.TrimRight(name, `"',}]`)
	if name == "" || !dottedName.MatchString(name) {
		s.addAs(scanners.High, "text/call-target", offset, "a name that cannot be read: %s", clip.Quote(match, 120))
		return
	}
	s.callTarget(offset, "_target_ is", name)
}

// hyperTag judges a call of HyperPyYAML.
func (s *scan) hyperTag(offset int64, sign, name string) {
	switch sign {
	case "!include:":
		severity := scanners.Low
		if leavesFolder(name) {
			severity = scanners.High
		}
		s.addAs(severity, "text/call-target", offset, "the tag %s of another file: %s", sign, clip.Quote(name, 120))
	case "!module:":
		s.callTarget(offset, "the tag "+sign, name+".x")
	default:
		s.callTarget(offset, "the tag "+sign, name)
	}
}

// standard begins the tags of the YAML repository, those of PyYAML among them.
const standard = "tag:yaml.org,"

// longestDirective is the length from which a match of tagDirective may be cut.
const longestDirective = 400

var tagHandle = regexp.MustCompile(`^!([\w-]*!)?$`)

// renamesCode reports a %TAG directive that can hide one of codeTags: its prefix
// is the beginning of such a tag, whose name the handle then leaves out, or it
// gives !! another meaning. One that is padded out of sight is no better.
func renamesCode(directive string) bool {
	rest, found := strings.CutPrefix(directive, "%TAG")
	if !found {
		return false
	}
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return len(directive) >= longestDirective
	}
	if !tagHandle.MatchString(fields[0]) {
		return false
	}
	prefix := strings.ToLower(unescape(fields[1]))
	return fields[0] == "!!" || strings.HasPrefix(prefix, standard) || strings.HasPrefix(standard, prefix) || strings.Contains(prefix, "python")
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

// formula is a cell that a spreadsheet computes with something from outside: a
// program by DDE, or an address (OWASP, CSV injection).
var (
	formula      = regexp.MustCompile(`(?i)(?:^|[,;\t\n\r])[ "']{0,4}[=+@-][^,;\t\n]{0,60}?(?:\|[^,\n]{0,80}!|\b(?:HYPERLINK|WEBSERVICE|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|IMAGE|DDE|EXEC|CALL|REGISTER|RTD|FILES)\s*\()`)
	formulaHints = []string{"=", "+", "@", "-"}
)

func (s *scan) foundFormula(offset int64, match []byte) {
	severity := scanners.Low
	if bytes.ContainsAny(match, "|") {
		severity = scanners.Medium
	}
	s.addAs(severity, "text/formula", offset, "%s", clip.Quote(bytes.TrimSpace(match), 80))
}
