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

// Options are what a bill says about its making. The zero value is valid.
type Options struct {
	// Created is the time of the document, written in UTC and whole seconds.
	// The zero value means DefaultCreated, so that the same artifact gives the
	// same bytes; a caller with a clock it trusts, or SOURCE_DATE_EPOCH, sets it.
	Created time.Time
	// Tool names the program and its version. The zero value means "assay".
	Tool string
}

// DefaultCreated stands for "no time was given": SPDX requires one.
var DefaultCreated = time.Unix(0, 0).UTC()

func (o Options) withDefaults() (Options, error) {
	if o.Created.IsZero() {
		o.Created = DefaultCreated
	}
	o.Created = o.Created.UTC().Truncate(time.Second)
	if y := o.Created.Year(); y < 1 || y > 9999 {
		return o, fmt.Errorf("spdx: the year %d has no four digits: choose another time", y)
	}
	if o.Tool == "" {
		o.Tool = "assay"
	}
	return o, nil
}

// Write writes doc to w as SPDX 3.0.1 JSON-LD.
func Write(w io.Writer, doc sbom.Document, opts Options) error {
	opts, err := opts.withDefaults()
	if err != nil {
		return err
	}
	base, err := namespace(doc, opts)
	if err != nil {
		return fmt.Errorf("spdx: name the document: %w", err)
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	b := &builder{doc: doc, base: base, graph: newGraph(buffered, opts.Created)}
	b.build(opts)
	if err := b.graph.close(); err != nil {
		return fmt.Errorf("spdx: %w", err)
	}
	return buffered.Flush()
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
	b.relations()
	b.sbom()
}

// header writes the document element and who made it.
func (b *builder) header(opts Options) {
	agent := &v3_0.SoftwareAgent{ID: b.id("agent"), Name: "assay"}
	tool := &v3_0.Tool{ID: b.id("tool"), Name: opts.Tool}
	b.graph.creation.CreatedBy = v3_0.AgentList{agent}
	b.graph.creation.CreatedUsing = v3_0.ToolList{tool}

	// SPDX 3.0.1 has no individual for a listed license, so the license of the
	// document's own data is an expression.
	license := &v3_0.LicenseExpression{ID: b.id("data-license"), LicenseExpression: "CC0-1.0"}
	document := &v3_0.SpdxDocument{
		ID:                  b.id("document"),
		Name:                "AI bill of materials: " + text(b.doc.Subject.Name),
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
		Comment:             "Made by looking into the files. Ruleset: " + cmp.Or(b.doc.Ruleset, "not known") + ".",
	}, property{name: "rootElement", many: []string{b.id("artifact")}}, property{name: "element", many: members})
}

// annotate writes notes as Annotations.
func (b *builder) annotate(notes []note) {
	for _, n := range notes {
		statement, err := n.json()
		if err != nil {
			b.graph.err = cmp.Or(b.graph.err, err)
			return
		}
		kind := v3_0.AnnotationType_Other
		if n.opinion {
			kind = v3_0.AnnotationType_Review
		}
		b.graph.add(&v3_0.Annotation{
			ID: b.id(n.id), Type: kind, Summary: n.summary, ContentType: "application/json", Statement: statement,
		}, property{name: "subject", one: b.id(n.about)})
	}
}

// text returns the value, or NOASSERTION.
func text(v sbom.Value) string {
	if !v.Known() {
		return v3_0.NOASSERTION
	}
	return v.Text
}
