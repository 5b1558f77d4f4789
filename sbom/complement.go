package sbom

import (
	"cmp"
	"slices"
	"strings"
)

// Complement fills what d lacks with what another bill of the same artifact
// declares, and adds a Conflict for everything in which the two contradict each
// other. What d knows itself is never replaced: a bill cannot talk bytes away.
func (d Document) Complement(other Document) Document {
	if !d.hasLicense() {
		d.License = License{Expression: other.License.Expression, Note: other.License.Note, Texts: other.License.Texts,
			Classes: other.License.Classes, Found: d.License.Found}
	} else if theirs := other.License.Expression; theirs.Known() && theirs.Text != d.License.Expression.Text {
		d.Conflicts = append(slices.Clip(d.Conflicts), Conflict{"license", []Value{d.License.Expression, theirs}, "the bill declares another license"})
	}
	s, o := &d.Subject, other.Subject
	if s.Kind == KindUnknown {
		s.Kind, s.KindInferred = o.Kind, o.Kind != KindUnknown
	}
	for _, f := range []struct {
		ours   *Value
		theirs Value
	}{
		{&s.Supplier, o.Supplier}, {&s.Created, o.Created}, {&s.Location, o.Location}, {&s.PURL, o.PURL},
	} {
		if !f.ours.Known() {
			*f.ours = f.theirs
		}
	}
	if s.Name.Standing != Declared && o.Name.Known() {
		s.Name = o.Name
	}
	d.Facts = moreFacts(d.Facts, other.Facts)
	d.Bases = moreBases(d.Bases, other.Bases)
	d.Datasets = moreDatasets(d.Datasets, other.Datasets)
	d.Conflicts = append(slices.Clip(d.Conflicts), fileConflicts(d.Files, other.Files)...)
	return d
}

func (d Document) hasLicense() bool { return d.License.Expression.Known() }

// moreFacts adds the facts of keys that nobody here speaks about.
func moreFacts(ours, theirs []Fact) []Fact {
	known := make(map[string]bool)
	for _, f := range ours {
		known[f.Key] = true
	}
	out := slices.Clip(ours)
	for _, f := range theirs {
		if !known[f.Key] && len(out) < maxArtifactFacts {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Fact) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func moreBases(ours, theirs []Base) []Base {
	out := slices.Clip(ours)
	for _, b := range theirs {
		if !slices.ContainsFunc(out, func(x Base) bool { return x.Name.Text == b.Name.Text }) {
			out = append(out, b)
		}
	}
	slices.SortStableFunc(out, func(a, b Base) int { return cmp.Compare(a.Name.Text, b.Name.Text) })
	return out
}

func moreDatasets(ours, theirs []Value) []Value {
	out := slices.Clip(ours)
	for _, v := range theirs {
		if !slices.ContainsFunc(out, func(x Value) bool { return x.Text == v.Text }) {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b Value) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// FieldFile begins the field of a Conflict about a file.
const FieldFile = "file "

// fileConflicts compares the files that a bill lists with those that are there.
// A file that the bill does not list is a conflict only when it lists any.
func fileConflicts(ours, theirs []File) []Conflict {
	if len(theirs) == 0 {
		return nil
	}
	listed := make(map[string]bool, len(theirs))
	here := make(map[string]File, len(ours))
	for _, f := range ours {
		here[f.Name] = f
	}
	var out []Conflict
	for _, f := range theirs {
		listed[f.Name] = true
		mine, ok := here[f.Name]
		if !ok {
			out = append(out, Conflict{Field: FieldFile + f.Name, Values: f.promises(), Why: "the bill lists a file that is not there"})
			continue
		}
		if c, ok := digestConflict(mine, f); ok {
			out = append(out, c)
		}
	}
	for _, f := range ours {
		if !listed[f.Name] {
			out = append(out, Conflict{Field: FieldFile + f.Name, Values: f.promises(), Why: "the bill does not list a file that is there"})
		}
	}
	return out
}

// promises are the digests of a file as values.
func (f File) promises() []Value {
	var out []Value
	for _, d := range f.Digests {
		out = append(out, Value{Text: d.Algorithm + ":" + d.Hex, Standing: d.Standing, Source: cmp.Or(d.Source, f.Name)})
	}
	return out
}

// digestConflict compares every promised digest with the computed one of its
// algorithm. A file of which nothing can be compared is a conflict too: the bill
// does not bind it.
func digestConflict(mine, theirs File) (Conflict, bool) {
	compared := false
	for _, promised := range theirs.Digests {
		for _, computed := range mine.Digests {
			if computed.Algorithm != promised.Algorithm || computed.Standing != Verified {
				continue
			}
			compared = true
			if !strings.EqualFold(computed.Hex, promised.Hex) {
				return Conflict{Field: FieldFile + mine.Name, Why: "the bill promises another digest", Values: []Value{
					{Text: promised.Algorithm + ":" + promised.Hex, Standing: Declared, Source: promised.Source},
					{Text: computed.Algorithm + ":" + computed.Hex, Standing: Verified, Source: mine.Name}}}, true
			}
		}
	}
	if compared {
		return Conflict{}, false
	}
	return Conflict{Field: FieldFile + mine.Name, Values: mine.promises(), Why: "the bill has no digest of the file that could be compared"}, true
}
