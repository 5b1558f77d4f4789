// Package xml reads XML that no other scanner knows: annotations of pictures,
// metadata, settings.
//
// Such a file is data. What a parser or a program does with it beyond reading is
// reported: entities, style sheets with code, documents from which objects are built.
// OpenVINO, PMML, SVG and pages have their own scanners.
//
// # Security
//
// The decoder of the standard library expands no entity of the document and fetches
// nothing. At most 16 MiB are read, and one token is held at a time.
package xml

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/xmlwalk"
)

// Scanner knows XML.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "xml", Title: "XML", Version: 1, Rules: slices.Clone(rules)}
}

var rules = []scanners.Rule{
	{
		ID: "xml/entity", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document defines entities, or has a document type from elsewhere.",
		Help: "A parser that expands them reads other files, asks other machines, or fills the memory (XXE, the billion laughs). " +
			"No model needs any: remove the definition.",
		CWE: []string{"CWE-611", "CWE-776"}, ATLAS: []string{"AML.T0011.000", "AML.T0029"}, OWASP: []string{"LLM03"},
	}, {
		ID: "xml/active-content", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document is a program, or names one.",
		Help:    "Style sheets with extensions, Spring and XMLDecoder documents and includes act when they are loaded. Do not load the file.",
		CWE:     []string{"CWE-502", "CWE-91", "CWE-829"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	},
}

var extensions = []string{".xml", ".xsd", ".plist", ".rdf", ".owl", ".xmp", ".xsl", ".xslt", ".kml", ".gpx", ".tei"}

// Match accepts XML by its name or its declaration.
func (Scanner) Match(h scanners.Head) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(h.Start[:min(len(h.Start), 1<<10)], []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(start, []byte("<?xml")) {
		return true
	}
	return bytes.HasPrefix(start, []byte("<")) && slices.Contains(extensions, strings.ToLower(path.Ext(h.Name)))
}

// foreign are the roots of documents that have a scanner of their own, or are
// models of which more must be known than that they are XML.
var foreign = []string{"svg", "net", "PMML", "html"}

// programs are roots of documents that are executed, or from which objects are built.
var programs = map[string]string{
	"stylesheet": "a style sheet (XSLT), which is a program", "transform": "a style sheet (XSLT), which is a program",
	"beans": "a configuration of Spring, which builds any object", "java": "a document of XMLDecoder, which calls any method",
	"project": "a build file, which runs commands", "Project": "a build file, which runs commands", "scriptlet": "a scriptlet, which is a program", "package": "a package of scripts",
	"job": "a script of the Windows Script Host", "component": "a scriptlet, which is a program", "object-stream": "a document of XStream, which builds any object",
}

// maxDocument is the size up to which a document is read, in bytes.
const maxDocument = 16 << 20

type scan struct {
	found *findings.List
}

// Scan reads the document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if f.Size > maxDocument {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("XML of more than %d MiB is not analysed", maxDocument>>20)}
	}
	s := &scan{found: findings.New(rules)}
	err := xmlwalk.Walk(ctx, io.NewSectionReader(f, 0, f.Size), f.Size, xmlwalk.Options{MaxDepth: maxDepth, Charset: charset}, s.token)
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	result := scanners.Result{Findings: s.found.All()}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

// maxDepth is how deep elements may be nested.
const maxDepth = 1000

func (s *scan) token(t xmlwalk.Token) error {
	switch e := t.Token.(type) {
	case xml.StartElement:
		if t.Depth == 1 {
			if slices.Contains(foreign, e.Name.Local) {
				return scanners.ErrNotRecognised
			}
			if what, ok := programs[e.Name.Local]; ok {
				s.found.Add("xml/active-content", t.Offset, "%s", what)
			}
		}
		s.element(t.Offset, e)
	case xml.Directive:
		if why := xmlwalk.Doctype(e); why != "" {
			s.found.Add("xml/entity", t.Offset, "%s", why)
		}
	case xml.ProcInst:
		if e.Target == "xml-stylesheet" {
			s.found.Add("xml/active-content", t.Offset, "a style sheet from elsewhere: %s", clip.Quote(e.Inst, 100))
		}
	}
	return nil
}

// element looks at what includes or runs something, wherever it stands.
func (s *scan) element(at int64, e xml.StartElement) {
	what := xmlwalk.Acts(e.Name.Space)
	switch {
	case what == "XInclude":
		s.found.Add("xml/active-content", at, "an include of another document")
	case what != "":
		s.found.Add("xml/active-content", at, "the element %s of %s", clip.Quote(e.Name.Local, 40), what)
	case e.Name.Local == "script":
		s.found.Add("xml/active-content", at, "a script")
	}
}

// charset decodes what is not UTF-8.
func charset(label string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil, fmt.Errorf("the encoding %q: %w", label, err)
	}
	return e.NewDecoder().Reader(r), nil
}
