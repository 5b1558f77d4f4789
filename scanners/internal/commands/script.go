package commands

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

var (
	savedAs   = regexp.MustCompile(`(?i)\b(?:curl|wget)\b[^|;&\n]{0,600}?(?:\s-[a-z]*[oO]\s*|\s--output(?:-document)?[= ]|>\s*)["']?([\w./~-]*[\w-])`)
	fetchedAs = regexp.MustCompile(`(?i)\b(?:wget|curl\s[^|;&\n]{0,200}-[a-z]*O)\b[^|;&\n]{0,600}?https?://[^\s"'|;&?]*/([\w.-]*[\w-])`)
	started   = regexp.MustCompile(`(?:^|[;&|]|\b(?:then|do|sudo|nohup|exec)\s)\s*(?:(?:ba|z|da)?sh\s+(?:-\w+\s+)*|source\s+|\.\s+|python[0-9.]*\s+)?["']?([\w./~-]+)`)
	foreign   = regexp.MustCompile("(?i)\\b([A-Za-z_]\\w*)=[\"']?(?:\\$\\(|`)[^)`\\n]{0,400}(?:\\bcurl\\b|\\bwget\\b|base64\\s+(?:-d|--decode)|xxd\\s+-r|printf\\s+['\"]?(?:\\\\[0-7x]))")
	evaluated = regexp.MustCompile(`(?:\beval\s+|\b(?:ba|z|da)?sh\s+-c\s+|(?:^|[;&|])\s*)["']?\$\{?([A-Za-z_]\w*)`)
)

// publicInstallers serve the installers of Python distributions, which scripts that
// set up a machine for training fetch and start (docs.anaconda.com, conda-forge.org,
// pip.pypa.io).
var publicInstallers = []string{
	"https://repo.anaconda.com/", "https://repo.continuum.io/", "https://github.com/conda-forge/miniforge/", "https://bootstrap.pypa.io/",
}

// maxSaved is how many files and variables of a script are followed.
const maxSaved = 64

// Script judges a whole script: each line as Judge does, and what one line
// downloads and a later one starts.
func Script(text string) []Sign {
	out := Judge(text)
	var saved, tainted []string
	for line := range lines(text) {
		if i := strings.IndexFunc(line.text, func(r rune) bool { return r != ' ' && r != '\t' }); i >= 0 && line.text[i] == '#' {
			continue
		}
		if m := foreign.FindStringSubmatch(line.text); m != nil && len(tainted) < maxSaved {
			tainted = append(tainted, m[1])
		}
		if len(saved) < maxSaved {
			saved = append(saved, savedBy(line.text)...)
		}
		for _, m := range evaluated.FindAllStringSubmatch(line.text, -1) {
			if slices.Contains(tainted, m[1]) {
				return append(out, Sign{scanners.High, line.offset, "runs what it downloads or decodes: " + clip.Quote(strings.TrimSpace(m[0]), 160)})
			}
		}
		for _, m := range started.FindAllStringSubmatch(line.text, -1) {
			if slices.Contains(saved, path.Base(m[1])) {
				return append(out, Sign{scanners.High, line.offset, "downloads a file and starts it: " + clip.Quote(strings.TrimSpace(m[0]), 160)})
			}
		}
	}
	return out
}

// savedBy are the names of the files that a line downloads.
func savedBy(text string) (names []string) {
	if slices.ContainsFunc(publicInstallers, func(p string) bool { return strings.Contains(text, p) }) {
		return nil
	}
	for _, pattern := range [...]*regexp.Regexp{savedAs, fetchedAs} {
		if m := pattern.FindStringSubmatch(text); m != nil {
			names = append(names, path.Base(m[1]))
		}
	}
	return names
}
