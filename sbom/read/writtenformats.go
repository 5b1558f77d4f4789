package read

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/sbom"
)

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
