package image

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/xmlwalk"
)

// maxSVG is the size up to which a vector picture is read. The decoder holds one
// token at a time, and a token may be the whole file.
const maxSVG = 16 << 20

// isSVG accepts a root element, or a prologue under the name of a picture.
func isSVG(name string, start []byte) bool {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(start, []byte("<svg")) || bytes.HasPrefix(start, []byte("<!DOCTYPE svg")) {
		return true
	}
	return len(start) > 0 && start[0] == '<' && (hasExt(name, ".svg") || bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("<svg")))
}

// walkSVG reads the picture as XML tokens and reports what a browser would run.
func walkSVG(s *scan) (int64, error) {
	if s.file.Size > maxSVG {
		return 0, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("an SVG of %d bytes", s.file.Size)}
	}
	err := xmlwalk.Walk(s.ctx, io.NewSectionReader(s.file, 0, s.file.Size), s.file.Size, xmlwalk.Options{MaxDepth: maxDepthSVG}, s.token)
	if err != nil {
		return 0, err
	}
	s.result.Parsed.Add(0, s.file.Size)
	return s.file.Size, nil
}

// maxDepthSVG is how deep elements may be nested.
const maxDepthSVG = 1000

func (s *scan) token(t xmlwalk.Token) error {
	switch e := t.Token.(type) {
	case xml.StartElement:
		if t.Depth == 1 && e.Name.Local != "svg" {
			return scanners.ErrNotRecognised
		}
		if what := xmlwalk.Acts(e.Name.Space); what != "" {
			s.found.AddAs(scanners.High, "image/active-content", t.Offset, "the element %s of %s", clip.Quote(e.Name.Local, 40), what)
		}
		s.element(t.Offset, e)
	case xml.Directive:
		s.doctype(t.Offset, e)
	case xml.ProcInst:
		if e.Target == "xml-stylesheet" {
			s.found.Add("image/active-content", t.Offset, "a style sheet from elsewhere: %s", clip.Quote(e.Inst, 100))
		}
	}
	return nil
}

// doctype judges the document type. Entities that stand for text are in the files of
// old drawing programs; what is fetched is in none.
func (s *scan) doctype(at int64, d xml.Directive) {
	why := xmlwalk.Doctype(d)
	switch {
	case why == "":
	case fetched.Match(d) || !bytes.Contains(d, []byte("<!ENTITY")):
		s.found.AddAs(scanners.High, "image/xml-entity", at, "%s", why)
	default:
		s.found.Add("image/xml-entity", at, "%s", why)
	}
}

// fetched matches an entity that is another file, or one for definitions.
var fetched = regexp.MustCompile(`<!ENTITY\s+(?:%|[^\s"']+\s+(?:SYSTEM|PUBLIC)\b)`)

// activeElements run code or embed a page.
var activeElements = map[string]bool{
	"script": true, "handler": true, "iframe": true, "object": true, "embed": true, "audio": true, "video": true,
}

func (s *scan) element(at int64, e xml.StartElement) {
	name := strings.ToLower(e.Name.Local)
	if activeElements[name] {
		s.found.Add("image/active-content", at, "the element %s", clip.Quote(name, 40))
	}
	for _, a := range e.Attr {
		attribute := strings.ToLower(a.Name.Local)
		value := strings.ToLower(strings.Map(visible, a.Value))
		switch {
		case len(attribute) > 2 && strings.HasPrefix(attribute, "on"):
			s.found.Add("image/active-content", at, "the event handler %s", clip.Quote(attribute, 40))
		case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "vbscript:"), strings.HasPrefix(value, "data:text/html"),
			strings.HasPrefix(value, "data:image/svg") && name == "use":
			s.found.Add("image/active-content", at, "%s=%s", clip.Quote(attribute, 40), clip.Quote(a.Value, 60))
		case name == "set" && attribute == "attributename" && (strings.HasPrefix(value, "on") || value == "href" || value == "xlink:href"):
			s.found.Add("image/active-content", at, "an animation sets %s", clip.Quote(value, 40))
		}
	}
}

// visible drops what browsers ignore in the scheme of an address.
func visible(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}
