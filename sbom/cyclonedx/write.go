package cyclonedx

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"assay/sbom"
	"assay/sbom/internal/splice"
)

// Version is a version of CycloneDX.
type Version string

// The versions that can be written. They differ in one thing that a bill needs:
// 1.7 has citations, which say of each field who vouches for it.
const (
	V16 Version = "1.6"
	V17 Version = "1.7"
)

// versions are what the library calls them.
var versions = map[Version]cdx.SpecVersion{V16: cdx.SpecVersion1_6, V17: cdx.SpecVersion1_7}

// Options are what a bill says about its making. The zero value is valid.
type Options struct {
	// Version to write. The zero value means V16.
	Version Version
	// Created is the time of the BOM, written in UTC and whole seconds. The zero
	// value means sbom.DefaultCreated.
	Created time.Time
	// Tool names the program and its version. The zero value means "assay".
	Tool string
	// Author is who answers for the BOM: a name, an e-mail address or a URL. ""
	// means that only the program does.
	Author string
}

// Write writes doc to w as CycloneDX JSON: one line, and the same bytes for
// the same doc and opts.
func Write(w io.Writer, doc sbom.Document, opts Options) error {
	created, err := sbom.CreationTime(opts.Created)
	if err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	version := cmp.Or(opts.Version, V16)
	if _, ok := versions[version]; !ok {
		return fmt.Errorf("cyclonedx: version %q cannot be written: choose 1.6 or 1.7", version)
	}
	b := &builder{doc: doc, version: version, created: created.Format(time.RFC3339), tool: cmp.Or(opts.Tool, "assay"), author: opts.Author}
	bom, err := b.bom()
	if err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	var frame bytes.Buffer
	if err := cdx.NewBOMEncoder(&frame, cdx.BOMFileFormatJSON).SetEscapeHTML(false).Encode(bom); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := splice.Write(buffered, frame.Bytes(), b.fileList()...); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	return buffered.Flush()
}

// filesMarker stands for the components of all files, of which there are too many
// to hold at once.
var filesMarker = cdx.Component{BOMRef: "files", Type: cdx.ComponentTypeFile}

func (b *builder) fileList() []splice.List {
	if len(b.doc.Files) == 0 {
		return nil
	}
	return []splice.List{{Marker: filesMarker, Items: func(yield func(any) bool) {
		for i, f := range b.doc.Files {
			if !yield(b.file(i, f)) {
				return
			}
		}
	}}}
}

type builder struct {
	doc           sbom.Document
	version       Version
	created, tool string
	author        string
	annotations   []cdx.Annotation
	findings      []cdx.Vulnerability
}

// bom builds the whole BOM. Before 1.7 it uses fields of 1.6 only: the library's conversion
// to older versions copies everything, which a large artifact cannot afford.
func (b *builder) bom() (*cdx.BOM, error) {
	serial, err := b.serialNumber()
	if err != nil {
		return nil, err
	}
	bom := cdx.NewBOM()
	bom.JSONSchema = "http://cyclonedx.org/schema/bom-" + string(b.version) + ".schema.json"
	bom.SpecVersion = versions[b.version]
	bom.SerialNumber = serial
	bom.Metadata = &cdx.Metadata{
		Timestamp:  b.created,
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhasePostBuild}},
		Tools:      &cdx.ToolsChoice{Components: &[]cdx.Component{{BOMRef: toolRef, Type: cdx.ComponentTypeApplication, Name: b.tool}}},
		Component:  b.subject(),
	}
	if b.author != "" {
		bom.Metadata.Authors = &[]cdx.OrganizationalContact{contact(b.author)}
	}
	if err := b.annotate(subjectRef, b.doc.Notes()); err != nil {
		return nil, err
	}
	components := slices.Concat(b.bases(), b.datasets(), b.neighbours())
	if len(b.doc.Files) > 0 {
		components = append(components, filesMarker)
	}
	for i, f := range b.doc.Files {
		if err := b.aboutFile(i, f); err != nil {
			return nil, err
		}
	}
	bom.Components = list(components)
	bom.Dependencies = &[]cdx.Dependency{{Ref: subjectRef, Dependencies: list(b.needed())}}
	bom.Compositions = &[]cdx.Composition{{Aggregate: b.aggregate(), Assemblies: &[]cdx.BOMReference{subjectRef}}}
	bom.Vulnerabilities = list(b.findings)
	bom.Annotations = list(b.annotations)
	if b.version == V17 {
		bom.Citations = list(b.citations(bom.Metadata.Component))
	}
	return bom, nil
}

// serialNumber is a UUID of version 8 (RFC 9562, section 5.8) from the digest of
// all that is said, so that the same BOM has the same number.
func (b *builder) serialNumber() (string, error) {
	sum, err := b.doc.Digest("cyclonedx "+string(b.version), b.created, b.tool, b.author)
	if err != nil {
		return "", err
	}
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), nil
}

func contact(author string) cdx.OrganizationalContact {
	if strings.Contains(author, "@") && !strings.ContainsAny(author, " /") {
		return cdx.OrganizationalContact{Email: author}
	}
	return cdx.OrganizationalContact{Name: author}
}

// aggregate says whether the list of files is all there is.
func (b *builder) aggregate() cdx.CompositionAggregate {
	if b.doc.Complete {
		return cdx.CompositionAggregateComplete
	}
	return cdx.CompositionAggregateIncomplete
}

// annotate says the notes about a component. Findings have a place of their own.
func (b *builder) annotate(ref string, notes []sbom.Note) error {
	for _, n := range notes {
		if n.Kind == sbom.NoteFinding {
			continue
		}
		statement, err := n.Statement()
		if err != nil {
			return err
		}
		b.annotations = append(b.annotations, cdx.Annotation{
			BOMRef:    ref + "-" + n.ID(),
			Subjects:  &[]cdx.BOMReference{cdx.BOMReference(ref)},
			Annotator: &cdx.Annotator{Component: &cdx.Component{Type: cdx.ComponentTypeApplication, Name: b.tool}},
			Timestamp: b.created,
			Text:      n.Summary + "\n\n" + statement,
		})
	}
	return nil
}

// list is nil for an empty slice, which the library then leaves out.
func list[T any](items []T) *[]T {
	if len(items) == 0 {
		return nil
	}
	return &items
}
