package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// record is the note that a document is restored from, together with the other
// notes: everything but the files, and but what has notes of its own.
func (d Document) record() Note {
	d.Files, d.Claims, d.Conflicts, d.Gaps = nil, nil, nil, nil
	return Note{NoteRecord, 1, "the same for programs: every field with its standing and source", d}
}

// record is the same for a file that is not plain.
func (f File) record() Note {
	f.Findings, f.Gaps, f.Facts = nil, nil, nil
	return Note{NoteRecord, 1, "the same for programs: what the format has no place for", f}
}

// plain reports whether Summary, the hashes and the notes of every format say all
// that is known of the file, so that it needs no record: of a hundred thousand
// files nearly all are plain.
func (f File) plain() bool {
	odd := func(s string) bool { return s == "" || strings.Trim(s, wordLetters) != "" }
	return f.Name != "" && f.MoreFacts == 0 && f.Members >= 0 &&
		!slices.ContainsFunc(f.Formats, odd) && !odd(f.Classification) && plainDigests(f.Digests)
}

const wordLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_."

// plainDigests reports computed digests in the order in which every format gives
// them back: hashes, then Git's.
func plainDigests(list []Digest) bool {
	git := func(d Digest) int {
		if d.Algorithm == "sha1-git" {
			return 1
		}
		return 0
	}
	odd := func(d Digest) bool { return d.Standing != Verified || d.Source != "" || d.Broken }
	return !slices.ContainsFunc(list, odd) && slices.IsSortedFunc(list, func(a, b Digest) int { return cmp.Compare(git(a), git(b)) })
}

// Summary tells in one line what formats have no property for: the size, what
// recognised the file, and how much of it was looked at.
func (f File) Summary() string {
	formats := "format not recognised"
	if len(f.Formats) > 0 {
		formats = "recognised as " + strings.Join(f.Formats, ", ")
	}
	hash := "no digest computed: the file was not read whole"
	if f.Hashed() {
		hash = "digest computed from all bytes"
	}
	out := fmt.Sprintf("%d bytes; %s; classification %s; %d parsed, %d opaque, %d hashed only, %d not looked at; %s",
		f.Size, formats, f.Classification, f.Coverage.Parsed, f.Coverage.Opaque, f.Coverage.Hashed, f.Coverage.Skipped, hash)
	if f.Members > 0 {
		out += fmt.Sprintf("; %d files inside", f.Members)
	}
	return out
}

// ParseSummary is the inverse of Summary for a plain file: it sets what Summary
// says, and reports false for a line that no plain file has. Digests and name are
// set before.
func (f *File) ParseSummary(line string) bool {
	parts := strings.Split(line, "; ")
	if len(parts) < 5 {
		return false
	}
	if list, ok := strings.CutPrefix(parts[1], "recognised as "); ok {
		f.Formats = strings.Split(list, ", ")
	}
	f.Classification = strings.TrimPrefix(parts[2], "classification ")
	_, errSize := fmt.Sscanf(parts[0], "%d bytes", &f.Size)
	_, errCoverage := fmt.Sscanf(parts[3], "%d parsed, %d opaque, %d hashed only, %d not looked at",
		&f.Coverage.Parsed, &f.Coverage.Opaque, &f.Coverage.Hashed, &f.Coverage.Skipped)
	if len(parts) > 5 {
		if _, err := fmt.Sscanf(parts[5], "%d files inside", &f.Members); err != nil {
			return false
		}
	}
	return errSize == nil && errCoverage == nil && f.Summary() == line
}

// Told reports whether the texts of a document can have been written by this
// package: standings that exist, digests that are some, addresses and times as
// formats want them. It is for documents that are restored instead of made.
func (d Document) Told() bool {
	values := []Value{d.License.Expression}
	s := d.Subject
	values = append(values, s.Name, s.Version, s.ContentID, s.Asked, s.Location, s.PURL, s.Repository, s.Supplier, s.Created)
	values = append(values, d.License.Found...)
	values = append(values, d.Datasets...)
	for _, b := range d.Bases {
		values = append(values, b.Name, b.Revision)
	}
	for _, f := range d.Facts {
		values = append(values, f.Value)
	}
	for _, c := range d.Conflicts {
		values = append(values, c.Values...)
	}
	for _, f := range d.Files {
		if !f.told() {
			return false
		}
	}
	for _, p := range d.Parts {
		if !p.Told() {
			return false
		}
	}
	isURI := func(v Value) bool { return !v.Known() || DeclaredURI(v.Text, "").Known() }
	return !slices.ContainsFunc(values, untold) && isURI(s.Location) && isURI(s.PURL) &&
		(!s.Created.Known() || utcSeconds(s.Created.Text) == s.Created.Text) && len(s.Version.Text) <= 4*maxVersion+maxMark
}

// maxMark is the mark of a cut that follows a text.
const maxMark = 64

func (f File) told() bool {
	for _, d := range f.Digests {
		if !d.Valid() || untold(Value{Text: d.Hex, Standing: d.Standing}) {
			return false
		}
	}
	return !slices.ContainsFunc(f.Facts, func(x Fact) bool { return untold(x.Value) })
}

// untold reports a value without a standing that exists. An absent one has no text.
func untold(v Value) bool {
	known := v.Standing == Verified || v.Standing == Declared || v.Standing == Inferred
	return !known && v != (Value{})
}

// Fit reports whether a text is as clean leaves it, so that it can stand in a
// document without another cleaning, which would change it.
func Fit(s string) bool { return len(s) <= 4*maxName+maxMark && !needsEscape(s) }
