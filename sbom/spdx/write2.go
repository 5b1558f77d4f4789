package spdx

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"assay/sbom"
	"assay/sbom/internal/splice"
)

// write2 writes SPDX 2.3 JSON for readers that know no newer version. It has no
// classes for models and datasets, so much is in comments and annotations.
//
// Files are packages of the purpose FILE: SPDX 2.3 demands a SHA-1 of everything
// in its list of files (section 8.4), which nobody should compute any more, and
// forbids that list where no verification code over those SHA-1 values is given
// (section 7.8). A package may have any checksum.
func write2(w io.Writer, doc sbom.Document, base string, opts Options) error {
	b := &builder2{doc: doc, date: opts.Created.Format(time.RFC3339), tool: strings.ReplaceAll(opts.Tool, " ", "-")}
	out := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: documentName(doc), DocumentNamespace: base,
		DocumentComment: sbomComment(doc),
		CreationInfo: &v2_3.CreationInfo{
			Created:  b.date,
			Creators: creators2(b.tool, opts.Author),
		},
	}
	b.relate("DOCUMENT", common.TypeRelationshipDescribe, "artifact", "")
	out.Packages = append(out.Packages, b.artifact())
	out.Packages = append(out.Packages, b.bases()...)
	out.Packages = append(out.Packages, b.datasets()...)
	out.Packages = append(out.Packages, b.neighbours()...)
	out.OtherLicenses = otherLicenses(doc)
	out.Relationships = b.relations
	var lists []splice.List
	if len(doc.Files) > 0 {
		out.Packages = append(out.Packages, packagesMarker)
		out.Relationships = append(out.Relationships, relationsMarker)
		lists = []splice.List{{Marker: packagesMarker, Items: b.files}, {Marker: relationsMarker, Items: b.fileRelations}}
	}
	var frame bytes.Buffer
	if err := json.Write(out, &frame, json.EscapeHTML(false)); err != nil {
		return err
	}
	if err := splice.Write(w, frame.Bytes(), lists...); err != nil {
		return err
	}
	return b.err
}

// The markers stand for what is written of each file, which is too much to hold
// at once.
var (
	packagesMarker  = &v2_3.Package{PackageSPDXIdentifier: "files"}
	relationsMarker = relation2("files", "OTHER", "files", "")
)

func (b *builder2) files(yield func(any) bool) {
	for i, f := range b.doc.Files {
		if !yield(b.file(i, f)) {
			return
		}
	}
}

// fileRelations are of each file in turn.
func (b *builder2) fileRelations(yield func(any) bool) {
	for i, f := range b.doc.Files {
		id := fileID(i)
		if !yield(relation2("artifact", common.TypeRelationshipContains, id, "")) {
			return
		}
		role, _ := b.doc.Role(f)
		for _, r := range relations {
			if r.role == role && !yield(relation2(id, r.relation.reversed, "artifact", r.relation.name)) {
				return
			}
		}
	}
}

// creators2 names who made the document. 2.3 wants to know whether an author is a
// person or an organization; it is written as an organization.
func creators2(tool, author string) []common.Creator {
	out := []common.Creator{{CreatorType: "Tool", Creator: tool}}
	if author != "" {
		out = append(out, common.Creator{CreatorType: "Organization", Creator: author})
	}
	return out
}

type builder2 struct {
	doc        sbom.Document
	date, tool string
	relations  []*v2_3.Relationship
	err        error
}

func (b *builder2) artifact() *v2_3.Package {
	s := b.doc.Subject
	p := &v2_3.Package{
		PackageName:               text(s.Name),
		PackageSPDXIdentifier:     "artifact",
		PackageVersion:            text(s.Version),
		PackageSupplier:           supplier2(s.Supplier),
		PackageDownloadLocation:   text(s.Location),
		PackageSourceInfo:         sourceInfo(s),
		PackageSummary:            summary(s.Kind),
		PackageComment:            provenance2(b.doc),
		PackageExternalReferences: references2(s),
		PrimaryPackagePurpose:     "OTHER", // 2.3 has no purpose for models or data
		ReleaseDate:               s.Created.Text,
		Annotations:               b.annotations(b.doc.Notes()),
		PackageLicenseConcluded:   noAssertion,
		PackageLicenseDeclared:    licenseText(b.doc.License),
		PackageLicenseComments:    b.doc.License.Note,
		PackageCopyrightText:      noAssertion,
	}
	return p
}

// bases are packages of which only the name is known.
func (b *builder2) bases() []*v2_3.Package {
	var out []*v2_3.Package
	for i, base := range b.doc.Bases {
		id := fmt.Sprintf("base-%d", i+1)
		p := &v2_3.Package{
			PackageName: base.Name.Text, PackageVersion: base.Revision.Text, PackageSPDXIdentifier: common.ElementID(id),
			PackageDownloadLocation: noAssertion, PrimaryPackagePurpose: "OTHER",
			PackageComment: baseComment(base),
		}
		noLicense(p)
		part, ok := b.doc.Part(base.Name.Text, base.Revision.Text)
		describe2(p, part, ok)
		out = append(out, p)
		kind := "DESCENDANT_OF"
		if base.Relation == sbom.RelationQuantized {
			kind = "VARIANT_OF"
		}
		b.relate("artifact", kind, id, "")
		if base.Needed {
			b.relate("artifact", "DEPENDS_ON", id, "")
		}
	}
	return out
}

// datasets are packages of which only the name is known. 2.3 has no relationship
// for what a model was trained on.
func (b *builder2) datasets() []*v2_3.Package {
	kind, comment := "OTHER", "trained on, as the publisher says"
	if b.doc.Subject.Kind == sbom.KindDataset {
		kind, comment = "DESCENDANT_OF", ""
	}
	var out []*v2_3.Package
	for i, d := range b.doc.Datasets {
		id := fmt.Sprintf("dataset-%d", i+1)
		p := &v2_3.Package{
			PackageName: d.Text, PackageSPDXIdentifier: common.ElementID(id),
			PackageDownloadLocation: noAssertion, PrimaryPackagePurpose: "OTHER",
			PackageComment: "Named by " + d.Source + ", not verified and not looked at.",
		}
		noLicense(p)
		part, ok := b.doc.Part(d.Text, "")
		describe2(p, part, ok)
		out = append(out, p)
		b.relate("artifact", kind, id, comment)
	}
	return out
}

// describe2 adds what a bill of its own says of a package.
func describe2(p *v2_3.Package, part sbom.Document, described bool) {
	if !described {
		return
	}
	p.PackageVersion = cmp.Or(p.PackageVersion, part.Subject.Version.Text)
	p.PackageExternalReferences = references2(part.Subject)
	p.PackageLicenseDeclared = licenseText(part.License)
	p.PackageComment += part.Described()
}

// neighbours are what was merged in and is named by nobody.
func (b *builder2) neighbours() []*v2_3.Package {
	var out []*v2_3.Package
	for i, part := range b.doc.Neighbours() {
		id := fmt.Sprintf("part-%d", i+1)
		p := &v2_3.Package{PackageName: text(part.Subject.Name), PackageSPDXIdentifier: common.ElementID(id),
			PackageDownloadLocation: noAssertion, PrimaryPackagePurpose: "OTHER"}
		noLicense(p)
		describe2(p, part, true)
		out = append(out, p)
		b.relate("artifact", "OTHER", id, "described together with the artifact")
	}
	return out
}

// otherLicenses explain a LicenseRef, as section 10 demands.
func otherLicenses(doc sbom.Document) []*v2_3.OtherLicense {
	var out []*v2_3.OtherLicense
	texts := slices.Clone(doc.License.Texts)
	for _, part := range doc.Parts {
		for _, custom := range part.License.Texts {
			if !slices.ContainsFunc(texts, func(t sbom.LicenseText) bool { return t.ID == custom.ID }) {
				texts = append(texts, custom)
			}
		}
	}
	for _, custom := range texts {
		out = append(out, &v2_3.OtherLicense{LicenseIdentifier: custom.ID, ExtractedText: custom.Text, LicenseName: noAssertion})
	}
	return out
}

// noLicense says that licenses and copyright were not looked for.
func noLicense(p *v2_3.Package) {
	p.PackageLicenseConcluded, p.PackageLicenseDeclared, p.PackageCopyrightText = noAssertion, noAssertion, noAssertion
}

// supplier2 names the owner. 2.3 wants to know whether that is a person or an
// organization, which stores do not tell; it is written as an organization.
func supplier2(v sbom.Value) *common.Supplier {
	if !v.Known() {
		return &common.Supplier{Supplier: noAssertion}
	}
	return &common.Supplier{SupplierType: "Organization", Supplier: v.Text}
}

func references2(s sbom.Subject) []*v2_3.PackageExternalReference {
	var out []*v2_3.PackageExternalReference
	if s.PURL.Known() {
		out = append(out, &v2_3.PackageExternalReference{
			Category: "PACKAGE-MANAGER", RefType: "purl", Locator: s.PURL.Text})
	}
	if s.ContentID.Known() && !strings.Contains(s.ContentID.Text, " ") {
		out = append(out, &v2_3.PackageExternalReference{
			Category: "OTHER", RefType: "content-id", Locator: s.ContentID.Text, ExternalRefComment: contentIDComment})
	}
	return out
}

// provenance2 is provenance with the names of 2.3, and with the counts that have
// no property there.
func provenance2(doc sbom.Document) string {
	s := doc.Subject
	var parts []string
	for _, v := range []struct {
		name  string
		value sbom.Value
	}{
		{"name", s.Name}, {"versionInfo", s.Version}, {"downloadLocation", s.Location}, {"purl", s.PURL},
		{"releaseDate", s.Created}, {"content-id", s.ContentID}, {"supplier", s.Supplier},
	} {
		if v.value.Known() {
			parts = append(parts, fmt.Sprintf("%s: %s (%s)", v.name, v.value.Standing, v.value.Source))
			continue
		}
		parts = append(parts, v.name+": not known")
	}
	for _, f := range doc.Facts {
		parts = append(parts, fmt.Sprintf("%s: %s, %s (%s)", f.Key, f.Value.Text, f.Value.Standing, f.Value.Source))
	}
	return strings.Join(parts, "; ")
}

func (b *builder2) file(i int, f sbom.File) *v2_3.Package {
	id := fileID(i)
	p := &v2_3.Package{
		PackageName:               f.Name,
		PackageSPDXIdentifier:     common.ElementID(id),
		PackageFileName:           "./" + f.Name,
		PackageDownloadLocation:   noAssertion,
		PackageChecksums:          checksums2(f.Digests),
		PackageExternalReferences: gitoids2(f.Digests),
		PackageComment:            f.Summary() + declared2(f.Digests),
		PrimaryPackagePurpose:     "FILE",
		Annotations:               b.annotations(f.Notes()),
	}
	noLicense(p)
	return p
}

// checksumNames are the digests that 2.3 has an algorithm for.
var checksumNames = map[string]common.ChecksumAlgorithm{
	"sha256": common.SHA256, "sha384": common.SHA384, "sha512": common.SHA512,
	"blake2b": common.BLAKE2b_512, "blake3": common.BLAKE3,
}

// checksums2 are the computed digests only: a checksum of 2.3 has no place to say
// that nobody checked it.
func checksums2(list []sbom.Digest) []common.Checksum {
	var out []common.Checksum
	for _, d := range list {
		if name, ok := checksumNames[d.Algorithm]; ok && d.Standing == sbom.Verified {
			out = append(out, common.Checksum{Algorithm: name, Value: d.Hex})
		}
	}
	return out
}

// gitoids2 are Git blob ids, for which 2.3 has a persistent id (annex F.4.2).
func gitoids2(list []sbom.Digest) []*v2_3.PackageExternalReference {
	var out []*v2_3.PackageExternalReference
	for _, g := range gitoids(list) {
		out = append(out, &v2_3.PackageExternalReference{Category: "PERSISTENT-ID", RefType: "gitoid", Locator: g.Value})
	}
	return out
}

func declared2(list []sbom.Digest) string {
	var out strings.Builder
	for _, d := range list {
		if d.Standing == sbom.Declared && !d.Broken {
			fmt.Fprintf(&out, "; %s %s declared by %s, not computed from the bytes", d.Algorithm, d.Hex, d.Source)
		}
	}
	return out.String()
}

// annotations write notes as text: the summary, a blank line, the statement.
func (b *builder2) annotations(notes []sbom.Note) []v2_3.Annotation {
	out := make([]v2_3.Annotation, len(notes))
	for i, n := range notes {
		statement, err := n.Statement()
		if err != nil && b.err == nil {
			b.err = err
		}
		kind := "OTHER"
		if n.Review() {
			kind = "REVIEW"
		}
		out[i] = v2_3.Annotation{
			Annotator:      common.Annotator{AnnotatorType: "Tool", Annotator: b.tool},
			AnnotationDate: b.date, AnnotationType: kind, AnnotationComment: n.Summary + "\n\n" + statement,
		}
	}
	return out
}

func (b *builder2) relate(from, kind, to, comment string) {
	b.relations = append(b.relations, relation2(from, kind, to, comment))
}

func relation2(from, kind, to, comment string) *v2_3.Relationship {
	return &v2_3.Relationship{
		RefA: common.MakeDocElementID("", from), RefB: common.MakeDocElementID("", to),
		Relationship: kind, RelationshipComment: comment,
	}
}
