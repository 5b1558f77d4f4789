package spdx

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// Version is a version of SPDX. The next ones rename properties, so each has its
// own writer.
type Version string

// The versions that can be written.
const (
	V301 Version = "3.0.1" // JSON-LD
	V23  Version = "2.3"   // JSON, for readers that know no newer one
)

// Options are what a bill says about its making. The zero value is valid.
type Options struct {
	// Version to write. The zero value means V301.
	Version Version
	// Created is the time of the document, written in UTC and whole seconds.
	// The zero value means DefaultCreated, so that the same artifact gives the
	// same bytes; a caller with a clock it trusts, or SOURCE_DATE_EPOCH, sets it.
	Created time.Time
	// Tool names the program and its version. The zero value means "assay".
	Tool string
	// Author is who answers for the document: a name, an e-mail address or a URL.
	// "" means that only the program does.
	Author string
}

// DefaultCreated is the time that the zero Options mean.
var DefaultCreated = sbom.DefaultCreated

func (o Options) withDefaults() (Options, error) {
	var err error
	if o.Created, err = sbom.CreationTime(o.Created); err != nil {
		return o, fmt.Errorf("spdx: %w", err)
	}
	o.Tool = cmp.Or(o.Tool, "assay")
	if o.Version = cmp.Or(o.Version, V301); o.Version != V301 && o.Version != V23 {
		return o, fmt.Errorf("spdx: version %q cannot be written: choose 3.0.1 or 2.3", o.Version)
	}
	return o, nil
}

// Write writes doc to w in the version that opts asks for.
func Write(w io.Writer, doc sbom.Document, opts Options) error {
	opts, err := opts.withDefaults()
	if err != nil {
		return err
	}
	base, err := namespace(doc, opts)
	if err != nil {
		return fmt.Errorf("spdx: name the document: %w", err)
	}
	write := write3
	if opts.Version == V23 {
		write = write2
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := write(buffered, doc, base, opts); err != nil {
		return fmt.Errorf("spdx %s: %w", opts.Version, err)
	}
	return buffered.Flush()
}

// write3 writes SPDX 3.0.1 JSON-LD in its canonical serialisation.
func write3(w io.Writer, doc sbom.Document, base string, opts Options) error {
	b := &builder{doc: doc, base: base, graph: newGraph(w, opts.Created)}
	b.build(opts)
	return b.graph.close()
}

func documentName(doc sbom.Document) string { return "AI bill of materials: " + text(doc.Subject.Name) }

func sbomComment(doc sbom.Document) string {
	return "Made by looking into the files. Ruleset: " + cmp.Or(doc.Ruleset, "not known") + "."
}

// builder turns one document into elements.
type builder struct {
	doc   sbom.Document
	base  string // IRI prefix of every id
	graph *graph
}

func (b *builder) id(fragment string) string { return b.base + "#" + fragment }

func (b *builder) build(opts Options) {
	b.header(opts)
	b.subject()
	for i, f := range b.doc.Files {
		b.file(i, f)
	}
	b.fileRelations()
	b.sbom()
}

// header writes the document element and who made it.
func (b *builder) header(opts Options) {
	agent := &v3_0.SoftwareAgent{ID: b.id("agent"), Name: "assay"}
	tool := &v3_0.Tool{ID: b.id("tool"), Name: opts.Tool}
	b.graph.creation.CreatedBy = v3_0.AgentList{agent}
	if opts.Author != "" {
		author := &v3_0.Agent{ID: b.id("author"), Name: opts.Author}
		b.graph.creation.CreatedBy = append(b.graph.creation.CreatedBy, author)
		defer b.graph.add(author)
	}
	b.graph.creation.CreatedUsing = v3_0.ToolList{tool}

	// SPDX 3.0.1 has no individual for a listed license, so the license of the
	// document's own data is an expression.
	license := &v3_0.LicenseExpression{ID: b.id("data-license"), LicenseExpression: "CC0-1.0"}
	document := &v3_0.SpdxDocument{
		ID:                  b.id("document"),
		Name:                documentName(b.doc),
		ProfileConformances: b.profiles(),
	}
	b.graph.add(document,
		property{name: "rootElement", many: []string{b.id("sbom")}},
		property{name: "dataLicense", one: license.ID},
		property{name: "element"})
	b.graph.add(agent)
	b.graph.add(tool)
	b.graph.add(license)
}

// sbom writes the collection last, when the ids of all elements are known.
func (b *builder) sbom() {
	members := b.graph.ids[1:] // without the document
	b.graph.add(&v3_0.SBOM{
		ID:                  b.id("sbom"),
		ProfileConformances: b.profiles(),
		SbomTypes:           []v3_0.SbomType{v3_0.SbomType_Analyzed},
		Comment:             sbomComment(b.doc),
	}, property{name: "rootElement", many: []string{b.id("artifact")}}, property{name: "element", many: members})
}

// annotate writes notes as Annotations on the element with the local id about.
func (b *builder) annotate(about string, notes []sbom.Note) {
	for _, n := range notes {
		statement, err := n.Statement()
		if err != nil {
			b.graph.err = cmp.Or(b.graph.err, err)
			return
		}
		kind := v3_0.AnnotationType_Other
		if n.Review() {
			kind = v3_0.AnnotationType_Review
		}
		b.graph.add(&v3_0.Annotation{
			ID: b.id(about + "-" + n.ID()), Type: kind, Summary: n.Summary,
			ContentType: "application/json", Statement: statement,
		}, property{name: "subject", one: b.id(about)})
	}
}

// noAssertion is the text for what is not known, in both versions.
const noAssertion = v3_0.NOASSERTION

// text returns the value, or NOASSERTION.
func text(v sbom.Value) string {
	if !v.Known() {
		return noAssertion
	}
	return v.Text
}
