package policy

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assay/verify"
)

// maxPattern bounds a pattern, in bytes.
const maxPattern = 1024

// Glob is a pattern: * stands for anything but a slash, ** for anything. It
// must match the whole text.
type Glob struct {
	text string
	re   *regexp.Regexp
}

// ParseGlob compiles a pattern. It fails on an empty one, which would match
// nothing, and on a lone * or ** where all is meant by leaving the list out.
func ParseGlob(text string) (Glob, error) {
	if text == "" || len(text) > maxPattern {
		return Glob{}, fmt.Errorf("pattern of %d bytes: 1 to %d are allowed", len(text), maxPattern)
	}
	parts := strings.Split(text, "**")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, `[^/]*`)
	}
	re, err := regexp.Compile(`(?s)\A` + strings.Join(parts, `.*`) + `\z`)
	if err != nil {
		return Glob{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	return Glob{text: text, re: re}, nil
}

// Match reports whether the pattern matches all of s. The zero Glob matches
// nothing.
func (g Glob) Match(s string) bool { return g.re != nil && g.re.MatchString(s) }

// mismatch says why the rule does not apply, "" when it does.
func (r Rule) mismatch(a verify.ArtifactInfo, environment string) string {
	kind := string(a.Kind)
	if kind == "" {
		kind = "unknown"
	}
	switch {
	case len(r.Environments) > 0 && !slices.Contains(r.Environments, environment):
		return fmt.Sprintf("it is for the environments %s", strings.Join(r.Environments, ", "))
	case len(r.Kinds) > 0 && !slices.Contains(r.Kinds, kind):
		return fmt.Sprintf("it is for %s, this is of kind %s", strings.Join(r.Kinds, ", "), kind)
	case len(r.Refs) > 0 && !matchesAny(r.Refs, names(a)):
		return "no pattern matches " + namesText(a)
	}
	return ""
}

func matchesAny(patterns []Glob, names []string) bool {
	return slices.ContainsFunc(patterns, func(g Glob) bool { return slices.ContainsFunc(names, g.Match) })
}

// names are the texts that a pattern may match. What a store was asked counts
// only as the store pinned it: a local folder called "hf:" must not pass for a
// repository of the Hub, and neither may a redirect for its origin.
func names(a verify.ArtifactInfo) []string {
	switch {
	case a.Pinned == "" && strings.Contains(a.Ref, "://"):
		return nil // no pattern at all: it is nobody's name until a store has pinned it
	case a.Pinned == "":
		return []string{"file:" + path.Clean(filepath.ToSlash(a.Ref))}
	}
	pinned, name, revision := splitPinned(a.Pinned)
	list := []string{pinned}
	if revision == "" {
		return list
	}
	list = append(list, name)
	if tag, ok := strings.CutPrefix(a.Ref, name); ok && (strings.HasPrefix(tag, "@") || strings.HasPrefix(tag, ":")) {
		list = append(list, a.Ref)
	}
	return list
}

func namesText(a verify.ArtifactInfo) string {
	if list := names(a); len(list) > 0 {
		return strings.Join(list, " or ")
	}
	return a.Ref + ", which no store has pinned"
}

// splitPinned takes a pinned reference apart. One that names the Hub it is about
// (hf://org/name@commit?endpoint=https://hub) is called by that Hub, because the
// same name there belongs to somebody else: https://hub/org/name@commit.
func splitPinned(pinned string) (whole, name, revision string) {
	whole = pinned
	if rest, endpoint, ok := strings.Cut(pinned, "?endpoint="); ok {
		_, path, _ := strings.Cut(rest, "://")
		whole = endpoint + "/" + path
	}
	i := strings.LastIndexByte(whole, '@')
	if i < 0 {
		return whole, whole, ""
	}
	return whole, whole[:i], whole[i+1:]
}

// movable is what was asked for by a name that can mean something else tomorrow.
func movable(e verify.Evidence, effect string) []verify.Reason {
	a := e.Artifact
	if _, _, revision := splitPinned(a.Pinned); a.Pinned == "" && a.ContentID != "" || revision != "" && strings.HasSuffix(a.Ref, "@"+revision) {
		return nil
	}
	reason := verify.Reason{Code: CodeUnpinned, Effect: verify.Deny, What: fmt.Sprintf("%s can move", a.Ref), Advice: "ask for it by commit or digest"}
	if a.Pinned != "" {
		reason.Advice = "ask for " + a.Pinned
	}
	if effect == "warn" {
		reason.Effect, reason.Excused = verify.Allow, "unpinned: warn"
	}
	return []verify.Reason{reason}
}
