package python

import (
	"slices"
	"strings"
)

// ownSource reports the text of Python files beside this one, whose names are
// constants: exec(open("x/version.py").read()) in a setup.py. They are scanned as
// files of the repository, if they are there.
func ownSource(v value) bool {
	opened := func(r string) bool { return strings.HasPrefix(r, "builtins.open()") || r == "builtins.compile()" }
	if slices.ContainsFunc(v.refs, func(r string) bool { return !opened(r) }) {
		return false
	}
	return len(v.paths) > 0 && len(v.texts) == 0 && len(v.funcs) == 0 && v.taint&^fromFile == 0 && !slices.ContainsFunc(v.paths, func(p string) bool {
		return !strings.HasSuffix(p, ".py") || strings.HasPrefix(p, "/") || strings.ContainsAny(p, "\\:~{$\x00") || slices.Contains(strings.Split(p, "/"), "..")
	})
}

// once is a list without repetitions of the whole: of a parameter that several
// callers give the same list, all of them are kept.
func once(items []value) []value {
	same := func(a, b value) bool { return slices.Equal(a.texts, b.texts) }
	for n := 1; n <= len(items)/2 && n <= 64; n++ {
		if len(items)%n == 0 && slices.EqualFunc(items[n:], items[:len(items)-n], same) {
			return items[:n]
		}
	}
	return items
}
