package image

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
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
	src := &sticky{r: io.NewSectionReader(s.file, 0, s.file.Size)}
	d := xml.NewDecoder(src)
	depth, roots := 0, 0
	for {
		if s.ctx.Err() != nil {
			return 0, s.ctx.Err()
		}
		at := d.InputOffset()
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if src.err != nil {
			return 0, src.err
		}
		if err != nil {
			return 0, broken(at, "not XML: %s", clip.Quote(err.Error(), 100))
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 || t.Name.Local != "svg" {
					return 0, scanners.ErrNotRecognised
				}
			}
			depth++
			s.element(at, t)
		case xml.EndElement:
			depth--
		case xml.Directive:
			if bytes.Contains(t, []byte("<!ENTITY")) {
				s.found.Add("image/xml-entity", at, "%s", clip.Quote([]byte(t), 100))
			}
		case xml.ProcInst:
			if t.Target == "xml-stylesheet" {
				s.found.Add("image/active-content", at, "a style sheet from elsewhere: %s", clip.Quote(t.Inst, 100))
			}
		}
	}
	if roots == 0 || depth != 0 {
		return 0, broken(s.file.Size, "an SVG without an end")
	}
	s.result.Parsed.Add(0, s.file.Size)
	return s.file.Size, nil
}

// sticky remembers the error of a reader, to tell it from one of the syntax.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

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
