package text

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/markup"
	"assay/scanners/internal/prose"
)

// maxWhole is how much of a text that is looked at as a whole is kept, in bytes.
const maxWhole = 256 << 10

// isWhole reports a text that is looked at after it has passed.
func (s *scan) isWhole() bool {
	return s.profile.kind == document || s.profile.format == yaml || runsCommands(s.file.Name) || isGitSetting(s.base) || s.isForAgents()
}

func (s *scan) isForAgents() bool {
	if s.profile.format == json {
		return false
	}
	return isAgentFolder(s.file.Name) || slices.Contains(agentFiles, s.base) || strings.HasSuffix(s.base, ".mdc")
}

// whole looks at the text as one.
func (s *scan) whole(text []byte) {
	s.agents()
	switch {
	case s.profile.kind == document || s.isForAgents():
		s.instructions(string(text))
	case runsCommands(s.file.Name) && s.profile.format != json:
		s.commands(string(text), 0)
	}
	if s.profile.format == yaml {
		s.aliases(text)
		s.readTree(text)
		s.dataScript(text)
	}
	if isGitSetting(s.base) {
		s.gitSettings(text)
	}
}

// instructions looks at what a card asks people, browsers and models to do. What
// only runs a published installer is medium here: nothing happens until a person
// types it.
func (s *scan) instructions(text string) {
	for _, sign := range commands.Judge(text) {
		severity := sign.Severity
		switch severity {
		case scanners.High:
			severity = scanners.Medium
		case scanners.Medium:
			severity = scanners.Low
		}
		s.addAs(severity, "text/command", int64(sign.Offset), "%s", sign.What)
	}
	signs, _ := markup.Find(strings.NewReader(withoutCode(text))) // a longer token is text
	for _, sign := range signs {
		switch sign.Kind {
		case markup.Hidden:
			s.add("text/hidden-instruction", sign.Offset, "%s", sign.What)
		case markup.Launch:
			s.addAs(scanners.High, "text/active-content", sign.Offset, "%s", sign.What)
		case markup.Frame:
			s.addAs(scanners.Low, "text/active-content", sign.Offset, "%s", sign.What)
		default:
			s.add("text/active-content", sign.Offset, "%s", sign.What)
		}
	}
	if !s.isForAgents() {
		return
	}
	for _, sign := range prose.Signs(text) {
		if sign.Kind == prose.Instruction {
			s.add("text/hidden-instruction", int64(sign.Offset), "%s", sign.What)
		}
	}
}

var (
	fence = regexp.MustCompile("(?ms)^[ \t]*(```|~~~).*?^[ \t]*(?:```|~~~)[ \t]*$")
	span  = regexp.MustCompile("`[^`\n]*`")
)

// withoutCode blanks out code in Markdown, which is shown and not rendered. The
// offsets stay.
func withoutCode(text string) string {
	blank := func(m string) string { return strings.Repeat(" ", len(m)) }
	return span.ReplaceAllStringFunc(fence.ReplaceAllStringFunc(text, blank), blank)
}

func isGitSetting(base string) bool {
	return base == ".gitattributes" || base == ".gitmodules" || base == ".lfsconfig" || base == ".gitconfig"
}

// gitSettings looks at what Git obeys (gitattributes(5), gitmodules(5),
// git-lfs-config(5); CVE-2018-17456).
func (s *scan) gitSettings(text []byte) {
	at := 0
	for raw := range bytes.Lines(text) {
		line := strings.TrimSpace(string(raw))
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case s.base == ".gitattributes":
			for word := range strings.FieldsSeq(line) {
				if filter, ok := strings.CutPrefix(word, "filter="); ok && filter != "lfs" && filter != "xet" && filter != "annex" {
					s.add("text/git-setting", int64(at), "the filter %s", clip.Quote(filter, 60))
				}
			}
		case strings.HasPrefix(value, "-") || strings.HasPrefix(value, "ext::") || strings.HasPrefix(value, "!"):
			s.addAs(scanners.High, "text/git-setting", int64(at), "%s", clip.Quote(line, 120))
		case key == "url" || strings.HasSuffix(key, ".url") || key == "lfsurl" || key == "sshCommand" || key == "fsmonitor" || key == "hooksPath" || key == "path" && strings.Contains(value, ".."):
			s.add("text/git-setting", int64(at), "%s", clip.Quote(line, 120))
		}
		at += len(raw)
	}
}
