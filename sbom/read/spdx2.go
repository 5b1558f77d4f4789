package read

import (
	"strings"

	"github.com/go-json-experiment/json"

	"assay/sbom"
)

type document2 struct {
	Version   text `json:"spdxVersion"`
	Namespace text `json:"documentNamespace"`
	Creation  struct {
		Created  text       `json:"created"`
		Creators list[text] `json:"creators"`
	} `json:"creationInfo"`
	Describes     list[text]          `json:"documentDescribes"`
	Packages      list[package2]      `json:"packages"`
	Files         list[file2]         `json:"files"`
	Relationships list[relationship2] `json:"relationships"`
}

type checksum2 struct {
	Algorithm text `json:"algorithm"`
	Value     text `json:"checksumValue"`
}

type package2 struct {
	ID        text            `json:"SPDXID"`
	Name      text            `json:"name"`
	Version   text            `json:"versionInfo"`
	FileName  text            `json:"packageFileName"`
	Location  text            `json:"downloadLocation"`
	Supplier  text            `json:"supplier"`
	Released  text            `json:"releaseDate"`
	Declared  text            `json:"licenseDeclared"`
	Purpose   text            `json:"primaryPackagePurpose"`
	Summary   text            `json:"description"`
	Checksums list[checksum2] `json:"checksums"`
	Refs      list[struct {
		Type    text `json:"referenceType"`
		Locator text `json:"referenceLocator"`
	}] `json:"externalRefs"`
}

type file2 struct {
	Name      text            `json:"fileName"`
	Checksums list[checksum2] `json:"checksums"`
}

type relationship2 struct {
	From text `json:"spdxElementId"`
	Kind text `json:"relationshipType"`
	To   text `json:"relatedSpdxElement"`
	Note text `json:"comment"`
}

func (b *builder) spdx2(data []byte) error {
	var d document2
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	m := &b.bill.Making
	m.Format, m.FormatVersion = b.said("SPDX"), b.said(text(strings.TrimPrefix(string(d.Version), "SPDX-")))
	m.Created, m.URI = b.time(d.Creation.Created), b.uri(d.Namespace)
	for _, c := range d.Creation.Creators {
		kind, name, _ := strings.Cut(string(c), ": ")
		if kind == "Tool" {
			m.Tool = b.said(text(name))
		} else {
			m.Author = b.said(text(name))
		}
	}
	subject := d.subject()
	byID := make(map[text]package2, len(d.Packages))
	for _, p := range d.Packages {
		byID[p.ID] = p
		if p.Purpose == "FILE" || p.ID != subject && p.FileName != "" {
			name := p.FileName
			if name == "" {
				name = p.Name
			}
			b.file(name, b.checksums(p.Checksums))
		}
	}
	for _, f := range d.Files {
		b.file(f.Name, b.checksums(f.Checksums))
	}
	b.subject2(byID[subject])
	for _, r := range d.Relationships {
		b.relationship2(r, subject, byID)
	}
	return nil
}

// subject is the package that the document describes, else the first one.
func (d document2) subject() text {
	for _, r := range d.Relationships {
		if r.Kind == "DESCRIBES" {
			return r.To
		}
	}
	if len(d.Describes) > 0 {
		return d.Describes[0]
	}
	if len(d.Packages) > 0 {
		return d.Packages[0].ID
	}
	return ""
}

func (b *builder) checksums(sums []checksum2) []sbom.Digest {
	var out []sbom.Digest
	for _, s := range sums {
		if d, ok := b.digest(s.Algorithm, s.Value); ok {
			out = append(out, d)
		}
	}
	return out
}

func (b *builder) subject2(p package2) {
	s := &b.bill.Document.Subject
	s.Name, s.Version, s.Created = b.said(p.Name), b.version(p.Version), b.time(p.Released)
	s.Location = b.uri(p.Location)
	_, supplier, _ := strings.Cut(string(p.Supplier), ": ")
	s.Supplier = b.said(text(supplier))
	for _, r := range p.Refs {
		if r.Type == "purl" {
			s.PURL = b.uri(r.Locator)
		}
	}
	b.license(p.Declared)
	b.fact("text/card/section/description", p.Summary)
}

func (b *builder) relationship2(r relationship2, subject text, byID map[text]package2) {
	if r.From != subject {
		return
	}
	switch to := byID[r.To]; r.Kind {
	case "DESCENDANT_OF":
		b.base(to.Name, to.Version, sbom.RelationUnknown, false)
	case "VARIANT_OF":
		b.base(to.Name, to.Version, sbom.RelationQuantized, false)
	case "DEPENDS_ON":
		b.base(to.Name, to.Version, sbom.RelationUnknown, true)
	case "OTHER":
		if strings.HasPrefix(string(r.Note), "trained on") {
			b.dataset(to.Name)
		}
	}
}
