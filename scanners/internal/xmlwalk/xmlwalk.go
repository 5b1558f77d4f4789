// Package xmlwalk reads XML as a stream of tokens with the namespaces resolved, and
// knows what in any document acts: document types that fetch or define, includes,
// transformations.
//
// # Security
//
// The text is hostile. Nothing is expanded and nothing is fetched; one token is held
// at a time, and what is open is bounded by a depth. What is not one well-formed
// element with white space, comments and instructions around it is an error, because
// parsers differ in what they make of it.
package xmlwalk

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// Options say how to read. The zero value reads UTF-8 to a depth of 256.
type Options struct {
	MaxDepth int
	Charset  func(label string, src io.Reader) (io.Reader, error)
}

// Token is one token. The Space of a start element is its namespace, or the prefix
// when none is declared for it; attributes are as written.
type Token struct {
	xml.Token
	Offset int64 // where it begins, in bytes
	Depth  int   // of an element, 1 for the root
}

// open is an element that has not ended.
type open struct {
	name   xml.Name
	spaces map[string]string // those that it declares, by prefix
}

type walker struct {
	opts  Options
	stack []open
	roots int
}

const standardDepth = 256

// Walk gives every token of the document of size bytes to visit, until one is
// refused. Its errors are those of src and of visit, and scanners.FormatError for
// what is not well-formed or too deep.
func Walk(ctx context.Context, src io.Reader, size int64, opts Options, visit func(Token) error) error {
	if opts.MaxDepth == 0 {
		opts.MaxDepth = standardDepth
	}
	in := &sticky{r: src}
	d := xml.NewDecoder(in)
	d.CharsetReader = opts.Charset
	w := &walker{opts: opts}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := d.InputOffset()
		t, err := d.RawToken()
		switch {
		case in.err != nil:
			return in.err
		case errors.Is(err, io.EOF) && (w.roots == 0 || len(w.stack) > 0):
			return scanners.CutOff(size, size+1)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return broken(at, "not XML: %s", clip.Quote(err.Error(), 100))
		}
		if err := w.token(at, t, visit); err != nil {
			return err
		}
	}
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

func (w *walker) token(at int64, t xml.Token, visit func(Token) error) error {
	switch t := t.(type) {
	case xml.StartElement:
		if err := w.begin(at, &t); err != nil {
			return err
		}
		return visit(Token{t, at, len(w.stack)})
	case xml.EndElement:
		n := len(w.stack)
		if n == 0 || w.stack[n-1].name != t.Name {
			return broken(at, "the element %s ends where it did not begin", clip.Quote(t.Name.Local, 60))
		}
		w.stack = w.stack[:n-1]
		return visit(Token{t, at, n})
	case xml.CharData:
		if len(w.stack) == 0 && len(bytes.Trim(t, " \t\r\n\ufeff")) > 0 {
			return broken(at, "text outside of the root element")
		}
	}
	return visit(Token{t, at, len(w.stack)})
}

// begin opens an element and resolves its namespace.
func (w *walker) begin(at int64, e *xml.StartElement) error {
	if len(w.stack) >= w.opts.MaxDepth {
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("elements nested deeper than %d", w.opts.MaxDepth)}
	}
	if len(w.stack) == 0 {
		if w.roots++; w.roots > 1 {
			return broken(at, "a second root element, which most parsers never see")
		}
	}
	here := open{name: e.Name}
	for _, a := range e.Attr {
		prefix, declares := a.Name.Local, a.Name.Space == "xmlns"
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			prefix, declares = "", true
		}
		if declares {
			if here.spaces == nil {
				here.spaces = make(map[string]string)
			}
			here.spaces[prefix] = strings.TrimSpace(a.Value)
		}
	}
	w.stack = append(w.stack, here)
	e.Name.Space = w.space(e.Name.Space)
	return nil
}

func (w *walker) space(prefix string) string {
	for _, o := range slices.Backward(w.stack) {
		if space, ok := o.spaces[prefix]; ok {
			return space
		}
	}
	return prefix
}

// acting are namespaces whose elements act in some processor. An undeclared prefix
// stands for what it usually means, because some parsers do not ask.
var acting = map[string]string{
	"http://www.w3.org/2001/XInclude":      "XInclude",
	"http://www.w3.org/2003/XInclude":      "XInclude",
	"http://www.w3.org/1999/XML/xinclude":  "XInclude",
	"xi":                                   "XInclude",
	"xinclude":                             "XInclude",
	"http://www.w3.org/1999/XSL/Transform": "XSLT",
	"xsl":                                  "XSLT",
	"http://xml.apache.org/xalan/java":     "Java",
	"http://xml.apache.org/xslt/java":      "Java",
	"urn:schemas-microsoft-com:xslt":       "XSLT with scripts",
}

// Acts names what the elements of a namespace do, or is empty.
func Acts(space string) string { return acting[space] }

// known are document types that everybody writes and that lead to the bodies that
// defined them: SVG, XHTML and MathML of the W3C, property lists of Apple.
var known = []string{"http://www.w3.org/", "https://www.w3.org/", "http://www.apple.com/DTDs/", "https://www.apple.com/DTDs/"}

var (
	external = regexp.MustCompile(`(?is)^DOCTYPE\s+[^\s\["']+\s*(SYSTEM|PUBLIC)\b([^\[]*)`)
	literal  = regexp.MustCompile(`"[^"]*"|'[^']*'`)
)

// Doctype says why a document type is a danger: it defines entities, or is fetched
// from somewhere else than the bodies that defined the common ones. It is empty
// for one that is neither.
func Doctype(d xml.Directive) string {
	text := bytes.TrimSpace(d)
	if bytes.Contains(bytes.ToUpper(text), []byte("<!ENTITY")) {
		return "entities are defined: <!" + clip.Quote(text, 120)
	}
	m := external.FindSubmatch(text)
	if m == nil {
		return ""
	}
	literals := literal.FindAll(m[2], 4)
	if len(literals) == 0 {
		return "a document type of elsewhere: <!" + clip.Quote(text, 120)
	}
	address := strings.Trim(string(literals[len(literals)-1]), `"'`)
	if slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(address, k) }) {
		return ""
	}
	return "a document type of elsewhere: " + clip.Quote(address, 120)
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
