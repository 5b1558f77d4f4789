package zip

import (
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/entryname"
)

// checkNames looks at what the entries are called, each by itself and together.
func (a *archive) checkNames() {
	first := make(map[string]*entry, len(a.entries))
	for i := range a.entries {
		e := &a.entries[i]
		h := e.said()
		for _, name := range e.allNames() {
			a.checkName(h.at, name)
		}
		a.checkSpecial(e)
		key := entryname.Key(h.name) // miniz ignores the case of ASCII letters
		other, taken := first[key]
		switch {
		case !taken:
			first[key] = e
		case sameEntry(e, other): // listed by two directories
		case other.said().name == h.name:
			a.report(ruleDuplicate, h.at, "%s: entries at %d and %d", quote(h.name), other.said().at, h.at)
		default:
			a.report(ruleCaseDuplicate, h.at, "%s and %s", quote(other.said().name), quote(h.name))
		}
	}
}

// sameEntry reports that two headers list one local header under one name.
func sameEntry(a, b *entry) bool {
	return a.local != nil && b.local != nil && a.local.at == b.local.at && a.said().name == b.said().name &&
		a.central != nil && b.central != nil && a.central.at == b.central.at
}

func (a *archive) checkName(at int64, name string) {
	switch {
	case entryname.Escapes(name):
		a.report(rulePathEscape, at, "%s", quote(name))
	case strings.Contains(name, "\x00"):
		a.reportAs(scanners.High, ruleAmbiguousName, at, "%s: ends at the zero byte for some readers", quote(name))
	case strings.Contains(name, `\`):
		a.report(ruleAmbiguousName, at, "%s: a path on Windows, a file name elsewhere", quote(name))
	case name == "" || entryname.HasControl(name):
		a.report(ruleAmbiguousName, at, "%s: empty or with control characters", quote(name))
	case len(name) == maxName:
		a.report(ruleAmbiguousName, at, "%s: longer than any path may be", quote(name))
	}
}

// allNames are the names under which readers know the entry, each once: of the
// directory, of the local header, of the extra fields, and up to a zero byte.
func (e *entry) allNames() []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, h := range []*header{e.central, e.local} {
		if h == nil {
			continue
		}
		add(h.name)
		if h.alias != "" {
			add(h.alias)
		}
		if short, _, ok := strings.Cut(h.name, "\x00"); ok {
			add(short)
		}
	}
	return names
}

// checkSpecial reports links and devices, and where a link leads.
func (a *archive) checkSpecial(e *entry) {
	if e.central == nil || e.central.special() == "" {
		return
	}
	c := e.central
	target, severity := "", scanners.High
	if c.method == methodStored && c.packed <= maxName {
		target = string(a.bytesAt(e.data, c.packed))
	}
	if entryname.LinkEscapes(c.name, target) {
		severity = scanners.Critical
	}
	a.reportAs(severity, ruleLink, c.at, "%s: %s to %s", quote(c.name), c.special(), quote(target))
}
