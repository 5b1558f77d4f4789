package sbom

import (
	"cmp"
	"slices"
	"strings"
)

// maxParts bounds the bills that one document unites.
const maxParts = 256

// Merge adds another bill. One of the same artifact complements d; any other is
// that of a dataset, a base model or a neighbour, and is kept beside d as a part.
func (d Document) Merge(other Document) Document {
	if d.sameArtifact(other) {
		return d.Complement(other)
	}
	if len(d.Parts) < maxParts {
		d.Parts = append(slices.Clip(d.Parts), other)
		slices.SortStableFunc(d.Parts, func(a, b Document) int {
			return cmp.Or(cmp.Compare(a.Subject.Name.Text, b.Subject.Name.Text), cmp.Compare(a.Subject.Version.Text, b.Subject.Version.Text))
		})
	}
	return d
}

// sameArtifact compares package URLs where both have one, else names and versions.
func (d Document) sameArtifact(o Document) bool {
	a, b := d.Subject, o.Subject
	if a.PURL.Known() && b.PURL.Known() {
		return a.PURL.Text == b.PURL.Text
	}
	return a.Name.Known() && a.Name.Text == b.Name.Text && a.Version.Text == b.Version.Text
}

// Part is the bill of the artifact that d names, as base or dataset. A revision
// that d asks for must be the one that the bill describes; "" asks for none.
func (d Document) Part(name, revision string) (Document, bool) {
	i := slices.IndexFunc(d.Parts, func(p Document) bool {
		return p.Subject.Name.Text == name && (revision == "" || revision == p.Subject.Version.Text)
	})
	if i < 0 || name == "" {
		return Document{}, false
	}
	return d.Parts[i], true
}

// Neighbours are the parts that d names neither as base nor as dataset.
func (d Document) Neighbours() []Document {
	var out []Document
	for _, p := range d.Parts {
		name, version := p.Subject.Name.Text, p.Subject.Version.Text
		base := slices.ContainsFunc(d.Bases, func(b Base) bool {
			return b.Name.Text == name && (!b.Revision.Known() || b.Revision.Text == version)
		})
		if !base && !slices.ContainsFunc(d.Datasets, func(v Value) bool { return v.Text == name }) {
			out = append(out, p)
		}
	}
	return out
}

// Described says in one line what the bill of a part adds to its name.
func (d Document) Described() string {
	var parts []string
	for _, v := range []struct {
		what  string
		value Value
	}{{"supplier", d.Subject.Supplier}, {"license", d.License.Expression}, {"content id", d.Subject.ContentID}, {"location", d.Subject.Location}} {
		if v.value.Known() {
			parts = append(parts, v.what+" "+v.value.Text)
		}
	}
	return " Described by a bill of its own (" + d.Subject.Name.Source + "): " + cmp.Or(strings.Join(parts, ", "), "no more than the name") + "."
}
