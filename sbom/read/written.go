package read

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/sbom"
)

// ErrNoRecord says that a bill has no record of a document of ours in it.
var ErrNoRecord = errors.New("the bill was not written by this program, or by a version that kept no record: read it as a declaration")

// AsWritten restores the document that one of our own writers wrote, with the
// standings that the bill states: writing it again gives the same bytes. It
// believes the bill: whoever may have changed it since can have made anything
// "verified". It fails with ErrFormat or ErrNoRecord.
func AsWritten(data []byte, name string) (Bill, error) {
	bill, err := Parse(data, name) // for its making
	if err != nil {
		return bill, err
	}
	r := &restorer{index: make(map[string]int)}
	switch format := bill.Making.Format.Text; {
	case format == "CycloneDX":
		err = r.cyclonedx(data)
	case strings.HasPrefix(bill.Making.FormatVersion.Text, "2."):
		err = r.spdx2(data)
	default:
		err = r.spdx3(data)
	}
	if err == nil {
		bill.Document, err = r.finish()
	}
	if err != nil && !errors.Is(err, ErrNoRecord) {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	}
	bill.Skipped = 0
	return bill, err
}

// restorer collects a document from its notes and from what the format says of
// plain files.
type restorer struct {
	doc      sbom.Document
	recorded bool
	index    map[string]int // of files by local id
	files    []restored
}

type restored struct {
	sbom.File
	summary  string // "" where the format has properties instead
	recorded bool
}

// file begins a file. Its notes follow.
func (r *restorer) file(id string, f sbom.File, summary string) error {
	if _, twice := r.index[id]; twice || len(r.files) >= maxItems {
		return fmt.Errorf("the file %q is listed twice, or is one of more than %d", id, maxItems)
	}
	r.index[id] = len(r.files)
	r.files = append(r.files, restored{File: f, summary: summary})
	return nil
}

// statement checks that no text of a note deceives, and returns its kind and
// what it says.
func statement(text string) (kind sbom.NoteKind, said jsontext.Value, err error) {
	d := jsontext.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, err
		}
		if token.Kind() == '"' && !sbom.Fit(token.String()) {
			return "", nil, fmt.Errorf("a text before byte %d of a note has characters that no bill has", d.InputOffset())
		}
	}
	var members map[sbom.NoteKind]jsontext.Value
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return "", nil, err
	}
	for kind, said = range members {
	}
	if len(members) != 1 {
		return "", nil, fmt.Errorf("a note says %d things", len(members))
	}
	return kind, said, nil
}

// note takes over one note on the element with the local id.
func (r *restorer) note(id, text string) error {
	kind, said, err := statement(text)
	if err != nil {
		return err
	}
	if i, ok := r.index[id]; ok {
		return r.files[i].note(kind, said)
	}
	d := &r.doc
	switch kind {
	case sbom.NoteClaim:
		return add(&d.Claims, said)
	case sbom.NoteConflict:
		return add(&d.Conflicts, said)
	case sbom.NoteGap:
		return add(&d.Gaps, said)
	case sbom.NoteRecord:
		r.recorded = true
		return whole(d, said, func(now *sbom.Document, before sbom.Document) {
			now.Files, now.Claims, now.Conflicts, now.Gaps = nil, before.Claims, before.Conflicts, before.Gaps
		})
	}
	return nil
}

func (f *restored) note(kind sbom.NoteKind, said jsontext.Value) error {
	switch kind {
	case sbom.NoteFinding:
		return add(&f.Findings, said)
	case sbom.NoteGap:
		return add(&f.Gaps, said)
	case sbom.NoteFacts:
		return json.Unmarshal(said, &f.Facts)
	case sbom.NoteRecord:
		f.recorded = true
		return whole(&f.File, said, func(now *sbom.File, before sbom.File) {
			now.Findings, now.Gaps, now.Facts = before.Findings, before.Gaps, before.Facts
		})
	}
	return nil
}

// whole replaces a value by a record of it, except what keep takes over.
func whole[T any](to *T, said jsontext.Value, keep func(now *T, before T)) error {
	var now T
	if err := json.Unmarshal(said, &now); err != nil {
		return err
	}
	keep(&now, *to)
	*to = now
	return nil
}

func add[T any](to *[]T, said jsontext.Value) error {
	var item T
	if err := json.Unmarshal(said, &item); err != nil {
		return err
	}
	*to = append(*to, item)
	return nil
}

func (r *restorer) finish() (sbom.Document, error) {
	if !r.recorded {
		return sbom.Document{}, ErrNoRecord
	}
	for _, f := range r.files {
		if !f.recorded && f.summary != "" && !f.ParseSummary(f.summary) {
			return sbom.Document{}, fmt.Errorf("what the bill says of %q is not what this program writes", f.Name)
		}
		if !sbom.Fit(f.Name) {
			return sbom.Document{}, errors.New("a file has a name that no bill has")
		}
		r.doc.Files = append(r.doc.Files, f.File)
	}
	if !r.doc.Told() {
		return sbom.Document{}, errors.New("the record has standings, digests, addresses or times that are none")
	}
	return r.doc, nil
}

// computed is a digest that the bill says was computed.
func computed(algorithm, hex text) sbom.Digest {
	name := algorithms[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(string(algorithm)))]
	return sbom.Digest{Algorithm: name, Hex: string(hex), Standing: sbom.Verified}
}

func gitoid(id text) (sbom.Digest, bool) {
	hex, ok := strings.CutPrefix(string(id), "gitoid:blob:sha1:")
	return sbom.Digest{Algorithm: "sha1-git", Hex: hex, Standing: sbom.Verified}, ok
}

// written3 is what is read of an element of our own.
type written3 struct {
	Type    text `json:"type"`
	ID      text `json:"spdxId"`
	Name    text `json:"name"`
	Comment text `json:"comment"`
	Hashes  list[struct {
		Algorithm text `json:"algorithm"`
		Value     text `json:"hashValue"`
	}] `json:"verifiedUsing"`
	Git list[struct {
		Value text `json:"software_contentIdentifierValue"`
	}] `json:"software_contentIdentifier"`
	Subject   text `json:"subject"`
	Statement text `json:"statement"`
}

// each passes the items of a list to a function, one after another.
type each func(jsontext.Value) error

// UnmarshalJSONFrom reads the list.
func (do each) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return err
		}
		if err := do(raw); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (r *restorer) spdx3(data []byte) error {
	local := func(id text) string { return string(id[strings.LastIndexByte(string(id), '#')+1:]) }
	d := struct {
		Graph each `json:"@graph"`
	}{func(raw jsontext.Value) error {
		var e written3
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		switch e.Type {
		case "Annotation":
			return r.note(local(e.Subject), string(e.Statement))
		case "software_File":
			f := sbom.File{Name: string(e.Name)}
			for _, h := range e.Hashes {
				f.Digests = append(f.Digests, computed(h.Algorithm, h.Value))
			}
			for _, g := range e.Git {
				if d, ok := gitoid(g.Value); ok {
					f.Digests = append(f.Digests, d)
				}
			}
			return r.file(local(e.ID), f, string(e.Comment))
		}
		return nil
	}}
	return json.Unmarshal(data, &d)
}

// written2 is what is read of a package of our own.
type written2 struct {
	ID      text `json:"SPDXID"`
	Name    text `json:"name"`
	Comment text `json:"comment"`
	Purpose text `json:"primaryPackagePurpose"`
	Refs    list[struct {
		Type    text `json:"referenceType"`
		Locator text `json:"referenceLocator"`
	}] `json:"externalRefs"`
	Checksums list[checksum2] `json:"checksums"`
	Notes     list[struct {
		Comment text `json:"comment"`
	}] `json:"annotations"`
}

func (r *restorer) spdx2(data []byte) error {
	d := struct {
		Packages each `json:"packages"`
	}{func(raw jsontext.Value) error {
		var p written2
		if err := json.Unmarshal(raw, &p); err != nil {
			return err
		}
		id := strings.TrimPrefix(string(p.ID), "SPDXRef-")
		if p.Purpose == "FILE" {
			f := sbom.File{Name: string(p.Name)}
			for _, sum := range p.Checksums {
				f.Digests = append(f.Digests, computed(sum.Algorithm, sum.Value))
			}
			for _, ref := range p.Refs {
				if d, ok := gitoid(ref.Locator); ok {
					f.Digests = append(f.Digests, d)
				}
			}
			if err := r.file(id, f, string(p.Comment)); err != nil {
				return err
			}
		}
		for _, n := range p.Notes {
			if err := r.prose(id, n.Comment); err != nil {
				return err
			}
		}
		return nil
	}}
	return json.Unmarshal(data, &d)
}

// prose is a note in one text: the summary, a blank line, the statement.
func (r *restorer) prose(id string, comment text) error {
	_, statement, ok := strings.Cut(string(comment), "\n\n")
	if !ok {
		return nil // somebody else's
	}
	return r.note(id, statement)
}

func (r *restorer) cyclonedx(data []byte) error {
	d := struct {
		Components each `json:"components"`
	}{func(raw jsontext.Value) error {
		if !bytes.Contains(raw, []byte(`"file"`)) {
			return nil
		}
		var c writtenFile
		if err := json.Unmarshal(raw, &c); err != nil || c.Type != "file" {
			return err
		}
		f, err := c.file()
		if err != nil {
			return err
		}
		return r.file(string(c.Ref), f, "")
	}}
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	notes := struct {
		Findings each `json:"vulnerabilities"`
		Notes    each `json:"annotations"`
	}{r.finding, func(raw jsontext.Value) error {
		var n struct {
			Subjects list[text] `json:"subjects"`
			Text     text       `json:"text"`
		}
		if err := json.Unmarshal(raw, &n); err != nil || len(n.Subjects) != 1 {
			return err
		}
		return r.prose(string(n.Subjects[0]), n.Text)
	}}
	return json.Unmarshal(data, &notes)
}

type writtenFile struct {
	Type       text           `json:"type"`
	Ref        text           `json:"bom-ref"`
	Name       text           `json:"name"`
	Hashes     list[cdxHash]  `json:"hashes"`
	Git        list[text]     `json:"omniborId"`
	Properties list[property] `json:"properties"`
}

func (c writtenFile) file() (sbom.File, error) {
	f := sbom.File{Name: string(c.Name)}
	for _, h := range c.Hashes {
		f.Digests = append(f.Digests, computed(h.Algorithm, h.Content))
	}
	for _, g := range c.Git {
		if d, ok := gitoid(g); ok {
			f.Digests = append(f.Digests, d)
		}
	}
	members := int64(0)
	numbers := map[string]*int64{"size": &f.Size, "members": &members, "bytes:parsed": &f.Coverage.Parsed, "bytes:opaque": &f.Coverage.Opaque,
		"bytes:hashed": &f.Coverage.Hashed, "bytes:skipped": &f.Coverage.Skipped}
	for _, p := range c.Properties {
		name, value := strings.TrimPrefix(string(p.Name), "assay:"), string(p.Value)
		switch number := numbers[name]; {
		case number != nil:
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return f, err
			}
			*number = n
		case name == "classification":
			f.Classification = value
		case name == "format":
			f.Formats = append(f.Formats, value)
		}
	}
	f.Members = int(members)
	if !sbom.Fit(f.Classification) || slices.ContainsFunc(f.Formats, func(s string) bool { return !sbom.Fit(s) }) {
		return f, errors.New("a property of a file has characters that no bill has")
	}
	return f, nil
}

// finding takes over what CycloneDX has a place of its own for.
func (r *restorer) finding(raw jsontext.Value) error {
	var v struct {
		ID      text `json:"id"`
		What    text `json:"description"`
		Ratings list[struct {
			Severity text `json:"severity"`
		}] `json:"ratings"`
		Affects list[struct {
			Ref text `json:"ref"`
		}] `json:"affects"`
		Properties list[property] `json:"properties"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if len(v.Ratings) != 1 || len(v.Affects) != 1 {
		return nil // somebody else's
	}
	i, ok := r.index[string(v.Affects[0].Ref)]
	if !ok {
		return errors.New("a finding is about no file")
	}
	f := sbom.Finding{Rule: string(v.ID), Severity: string(v.Ratings[0].Severity), What: string(v.What)}
	for _, p := range v.Properties {
		switch p.Name {
		case "assay:offset":
			n, err := strconv.ParseInt(string(p.Value), 10, 64)
			if err != nil {
				return err
			}
			f.Offset = n
		case "assay:path":
			f.Path = append(f.Path, string(p.Value))
		}
	}
	if slices.ContainsFunc(append([]string{f.Rule, f.Severity, f.What}, f.Path...), func(s string) bool { return !sbom.Fit(s) }) {
		return errors.New("a finding has characters that no bill has")
	}
	r.files[i].Findings = append(r.files[i].Findings, f)
	return nil
}
