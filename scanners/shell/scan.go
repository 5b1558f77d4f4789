package shell

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/secrets"
	"assay/scanners/internal/sourcecode"
	"assay/scanners/internal/unseen"
	"assay/scanners/internal/wholetext"
)

// Scanner knows lists of commands.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "shell", Title: "Commands", Version: 1, Rules: slices.Clone(rules)}
}

// Analyses marks the scanner as an Analyst.
func (Scanner) Analyses() {}

// Match accepts scripts and build recipes by name or interpreter line.
func (Scanner) Match(h scanners.Head) bool {
	return sourcecode.AnalystOf(h.Name, h.Start) == sourcecode.Shell
}

// maxScript is the size up to which a script is analysed, in bytes.
const maxScript = 1 << 20

// Scan judges every line of f.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	text, long := wholetext.Read(f, maxScript)
	if text.String == "" && long != nil {
		return scanners.Result{}, long
	}
	found := findings.New(rules)
	recipe := isRecipe(f.Name)
	for _, sign := range commands.Script(text.String) {
		found.AddAs(grade(sign.Severity, recipe), "shell/dangerous-command", text.At(sign.Offset), "%s", sign.What)
	}
	for _, o := range obfuscations {
		if err := ctx.Err(); err != nil {
			return scanners.Result{Findings: found.All()}, err
		}
		if m := o.pattern.FindStringIndex(text.String); m != nil {
			found.Add("shell/obfuscation", text.At(m[0]), "%s: %s", o.what, clip.Quote(text.String[m[0]:m[1]], 120))
		}
	}
	for _, sign := range secrets.Find(text.String) {
		found.Add("shell/secret", text.At(sign.Offset), "%s", sign.What)
	}
	for _, sign := range unseen.Find(text.String) {
		if sign.Kind != unseen.Joiner && sign.Kind != unseen.Mark && sign.Kind != unseen.Mixed {
			found.Add("shell/hidden-characters", text.At(sign.Offset), "%s", sign.What)
		}
	}
	if recipe {
		containerfile(text, found)
	}
	if hasCommand(text.String) {
		found.Add("shell/code", 0, "a list of commands")
	}
	result := scanners.Result{Findings: found.All()}
	if long != nil {
		return result, long
	}
	result.Parsed.Add(0, f.Size)
	return result, nil
}

// isRecipe reports the recipe of a container image.
func isRecipe(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasPrefix(base, "dockerfile") || base == "containerfile" || strings.HasSuffix(base, ".dockerfile")
}

// grade lowers a published installer by one in the recipe of an image: it runs
// inside of the image, when a person builds that.
func grade(s scanners.Severity, recipe bool) scanners.Severity {
	if recipe && s == scanners.High {
		return scanners.Medium
	}
	return s
}

// obfuscations are ways to write a word so that nobody reads it.
var obfuscations = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"words in escapes", regexp.MustCompile(`(?:\$'|printf\s+['"]?|echo\s+-e\s+['"]?)(?:\\x?[0-9a-fA-F]{2,3}){6,}`)},
	{"a word split by carets", regexp.MustCompile(`(?i)(?:[a-z]\^){3,}[a-z]`)},
	{"a command that is reversed", regexp.MustCompile(`(?:\|\s*rev\s*\||<<<\s*\S+\s*\|\s*rev\b|\$\(\s*rev\b)`)},
	{"words put together from numbers", regexp.MustCompile(`(?i)(?:\[char\]\s*(?:0x[0-9a-f]+|\d+)\s*[+,]\s*){3,}|\[char\[\]\]\s*\(\s*\d`)},
	{"words put together from pieces of variables", regexp.MustCompile(`(?:\$\{\w+:\d+:1\}){4,}|(?:%\w+:~\d+,1%){4,}`)},
	{"a word split by quotes", regexp.MustCompile(`\b(?:[a-z](?:''|"")){3,}[a-z]`)},
	{"a long text that is evaluated", regexp.MustCompile(`(?i)\b(?:eval|iex|invoke-expression)\b[^\n]{0,40}["'(][A-Za-z0-9+/=]{200,}`)},
}

// instruction matches one instruction of a Dockerfile.
var instruction = regexp.MustCompile(`(?im)^[ \t]*(FROM|ADD)[ \t]+([^\r\n]+)`)

// containerfile looks at where an image and its files come from.
func containerfile(text wholetext.Text, found *findings.List) {
	stages := map[string]bool{"scratch": true}
	for _, m := range instruction.FindAllStringSubmatchIndex(text.String, -1) {
		words := strings.Fields(text.String[m[4]:m[5]])
		for len(words) > 0 && strings.HasPrefix(words[0], "--") {
			if strings.HasPrefix(words[0], "--checksum=sha256:") {
				words = nil
				break
			}
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		switch strings.ToUpper(text.String[m[2]:m[3]]) {
		case "FROM":
			if !stages[words[0]] && !strings.Contains(words[0], "@sha256:") && !strings.HasPrefix(words[0], "$") {
				found.Add("shell/unpinned-image", text.At(m[0]), "the image %s", clip.Quote(words[0], 120))
			}
			if len(words) == 3 && strings.EqualFold(words[1], "as") {
				stages[words[2]] = true
			}
		case "ADD":
			if strings.Contains(words[0], "://") || strings.HasPrefix(words[0], "git@") {
				found.Add("shell/remote-add", text.At(m[0]), "%s", clip.Quote(words[0], 160))
			}
		}
	}
}

// hasCommand reports a line that is no comment.
func hasCommand(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return true
		}
	}
	return false
}
