package text

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// A loader of YAML does not ask for the name: hparams.txt and settings.cfg are
// YAML when a program reads them so. Only the tags that run code are looked for
// in them, and only as complete calls.
const foreign = `!<[^>\s]{1,300}>|!![A-Za-z0-9%][^\s,\[\]{}"']{0,300}`

var (
	foreignTag = regexp.MustCompile(tagDirective + `|` + foreign)
	// placedTag stands where a value begins, not in the middle of a sentence.
	placedTag    = regexp.MustCompile(`(?:\A|[\r\n])` + tagDirective + `|(?:\A|[\r\n:?,\[{-])[ \t]*(?:&[\w-]{1,100}[ \t]+)?(?:` + foreign + `)`)
	foreignHints = []string{"!!", "!<", "%TAG"}
	pythonCall   = regexp.MustCompile(`^!.*?python/(?:object(?:/apply|/new)?|name|module):[\pL_]`)
)

// foreignGreps are those for a text without a name of YAML. People write about
// such tags, tables quote them, and vocabularies list every word: these are not
// looked at.
func (s *scan) foreignGreps() []*grep {
	pattern := placedTag
	switch {
	case s.profile.format == json:
		return []*grep{{pattern: foreignTag, hints: foreignHints, report: s.keepTag}}
	case s.profile.kind == config:
		pattern = foreignTag
	case s.profile.kind == other, s.profile.kind == template, s.profile.kind == data && path.Ext(s.base) == ".txt":
		if !s.beginsAsYAML() {
			return nil
		}
	default:
		return nil
	}
	return []*grep{{pattern: pattern, hints: foreignHints, report: s.foundForeign}}
}

// isForeignCode judges a match of foreignTag.
func isForeignCode(tag []byte) bool {
	return renamesCode(string(tag)) || pythonCall.MatchString(unescape(string(tag)))
}

func (s *scan) foundForeign(offset int64, match []byte) {
	before := 0
	if !bytes.Contains(match, []byte("%TAG")) {
		before = bytes.LastIndexAny(match, " \t\r\n") + 1 // a tag has no white space
	}
	tag := bytes.TrimLeft(match[before:], "\r\n:?,[{-")
	if isForeignCode(tag) {
		s.add("text/yaml-code-tag", offset+int64(len(match)-len(tag)), "the tag %s, for a program that reads the file as YAML", clip.Quote(tag, 120))
	}
}

// keptTag is the last tag in a file of JSON.
type keptTag struct {
	offset int64
	text   []byte
}

func (s *scan) keepTag(offset int64, match []byte) {
	if isForeignCode(match) {
		s.lastTag = keptTag{offset, bytes.Clone(match)}
	}
}

// judgeTag reports the kept tag when it stands where the file is no longer JSON.
// In JSON it can only be part of a string, and is no tag.
func (s *scan) judgeTag() {
	if s.lastTag.text == nil {
		return
	}
	for _, f := range s.found.All() {
		if f.Rule == "text/not-json" && f.Severity != scanners.Informational && f.Offset <= s.lastTag.offset+1 {
			s.add("text/yaml-code-tag", s.lastTag.offset, "the tag %s, for a program that reads the file as YAML", clip.Quote(s.lastTag.text, 120))
			return
		}
	}
}

// beginsAsYAML reports whether the first line that says something can be one of
// YAML with more than one word in it.
func (s *scan) beginsAsYAML() bool {
	start := s.start
	if order := byteOrder(start); order != nil {
		start, _ = io.ReadAll(io.LimitReader(newUTF16Reader(bytes.NewReader(start[2:]), order), 2*scanners.HeadSize)) // as much as decodes
	}
	for line := range bytes.Lines(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return strings.ContainsRune("-?{[&!*\"'%|>", rune(line[0])) || bytes.Contains(line, []byte(": ")) ||
			bytes.Contains(line, []byte(":\t")) || bytes.HasSuffix(line, []byte(":"))
	}
	return true // comments only, so far
}
