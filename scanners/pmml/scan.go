package pmml

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/xmlwalk"
)

const (
	maxToken = 16 << 20 // bytes
	maxDepth = 256
	maxWhat  = 120
	space    = "http://www.dmg.org/PMML" // what the namespaces of all versions begin with
)

// Scanner scans PMML models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "pmml", Title: "PMML model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts XML with a PMML element near its beginning, in any width of
// characters, and the name.
func (Scanner) Match(h scanners.Head) bool {
	if !strings.EqualFold(path.Ext(h.Name), ".pmml") && !bytes.Contains(narrow(h.Start), []byte("PMML")) {
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(narrow(h.Start), " \t\r\n"), []byte("<"))
}

// narrow drops the mark and the zero bytes of wide encodings.
func narrow(p []byte) []byte {
	p = p[:min(len(p), 4<<10)]
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		p = bytes.TrimPrefix(p, []byte(mark))
	}
	if bytes.IndexByte(p, 0) < 0 {
		return p
	}
	return bytes.ReplaceAll(p, []byte{0}, nil)
}

// scan is the state of one file.
type scan struct {
	found     *findings.List
	limit     *tokenReader
	decoder   *xml.Decoder
	depth     int
	extension int // depth of the outermost extension around, or 0
	isPMML    bool
	version   string
	models    int
	wide      bool
}

// Scan reads the whole document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 4))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	s := &scan{found: findings.New(rules)}
	if bytes.IndexByte(start, 0) >= 0 || bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		s.found.Add("pmml/encoding", 0, "a wide encoding, beginning with %s", clip.Quote(start, 4))
		return scanners.Result{Findings: s.found.All()}, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("XML in UTF-16 or UTF-32; convert it to UTF-8 and scan again")}
	}
	s.limit = &tokenReader{ctx: ctx, src: io.NewSectionReader(f, 0, f.Size)}
	s.decoder = xml.NewDecoder(s.limit)
	s.decoder.CharsetReader = s.charset
	err := s.read(f.Size)
	if !s.isPMML && s.found.Len() == 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	result := scanners.Result{Findings: s.found.All(), Facts: []scanners.Fact{{Key: "pmml/models", Value: strconv.Itoa(s.models)}}}
	if s.version != "" {
		result.Facts = append(result.Facts, scanners.Fact{Key: "pmml/version", Value: s.version})
	}
	if err == nil && s.isPMML {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

// charset decodes what is no UTF-8 by the declaration.
func (s *scan) charset(label string, src io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "cp1252":
		s.wide = true // offsets are of the decoded text
		return charmap.Windows1252.NewDecoder().Reader(src), nil
	}
	s.found.Add("pmml/encoding", 0, "the declared encoding is %s", clip.Quote(label, 40))
	return nil, &scanners.FormatError{Code: scanners.GapUnsupported, Err: fmt.Errorf("XML in the encoding %s", clip.Quote(label, 40))}
}

func (s *scan) read(size int64) error {
	for {
		s.limit.left = maxToken
		t, err := s.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.place(err, size)
		}
		at := min(s.decoder.InputOffset(), size)
		if s.wide {
			at = 0
		}
		s.token(t, at)
		if s.depth > maxDepth {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("elements nest deeper than %d", maxDepth)}
		}
	}
}

// place says where XML stopped making sense.
func (s *scan) place(err error, size int64) error {
	if format, ok := errors.AsType[*scanners.FormatError](err); ok {
		return format
	}
	if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return &scanners.FormatError{Offset: min(s.decoder.InputOffset(), size), Err: fmt.Errorf("not XML: %s", clip.Quote(err.Error(), maxWhat))}
	}
	return err
}

func (s *scan) token(t xml.Token, at int64) {
	switch t := t.(type) {
	case xml.StartElement:
		s.depth++
		s.element(t, at)
	case xml.EndElement:
		if s.depth == s.extension {
			s.extension = 0
		}
		s.depth--
	case xml.Directive:
		s.found.Add("pmml/doctype", at, "<!%s>", clip.Quote(bytes.TrimSpace(t), maxWhat))
	case xml.ProcInst:
		if t.Target != "xml" {
			s.found.Add("pmml/inclusion", at, "the instruction %s %s", clip.Quote(t.Target, 40), clip.Quote(t.Inst, maxWhat))
		}
	case xml.CharData:
		if s.extension > 0 && hasScript(t) {
			s.found.Add("pmml/script-extension", at, "%s", clip.Quote(bytes.TrimSpace(t), maxWhat))
		}
	}
}

// foreign are namespaces of pages and pictures, which bring scripts, beside those
// whose elements act anywhere.
var foreign = map[string]string{
	"http://www.w3.org/1999/xhtml": "HTML",
	"http://www.w3.org/2000/svg":   "SVG",
}

func (s *scan) element(e xml.StartElement, at int64) {
	name := e.Name.Local
	if s.depth == 1 {
		s.isPMML = name == "PMML" && (e.Name.Space == "" || strings.HasPrefix(e.Name.Space, space))
	}
	if what := cmp.Or(xmlwalk.Acts(e.Name.Space), foreign[e.Name.Space]); what != "" {
		s.found.Add("pmml/inclusion", at, "the element %s of %s", clip.Quote(name, 40), what)
	}
	if strings.EqualFold(name, "script") {
		s.found.Add("pmml/script-extension", at, "the element %s", clip.Quote(name, 40))
	}
	if name == "Extension" && s.extension == 0 {
		s.extension = s.depth
	}
	if strings.HasSuffix(name, "Model") || name == "Scorecard" || name == "NeuralNetwork" {
		s.models++
	}
	for _, a := range e.Attr {
		switch {
		case a.Name.Local == "function" && name == "Apply" && isClass(a.Value), name == "DefineFunction" && a.Name.Local == "name" && isClass(a.Value):
			s.found.Add("pmml/java-class", at, "%s", clip.Quote(a.Value, maxWhat))
		case a.Name.Local == "version" && s.depth == 1:
			s.version = clip.Bytes(a.Value, 20)
		case s.extension > 0 && hasScript([]byte(a.Value)):
			s.found.Add("pmml/script-extension", at, "%s", clip.Quote(a.Value, maxWhat))
		}
	}
}

// isClass reports a name with dots that JPMML would take for a class
// (FunctionRegistry).
func isClass(name string) bool {
	parts := strings.Split(name, ".")
	if len(parts) < 2 || strings.HasPrefix(name, "x-") {
		return false
	}
	return !slices.ContainsFunc(parts, func(p string) bool { return p == "" || p[0] >= '0' && p[0] <= '9' || strings.ContainsAny(p, " /\\:") })
}

// hasScript reports text that a program of a vendor could run.
func hasScript(text []byte) bool {
	lower := bytes.ToLower(text[:min(len(text), 64<<10)])
	for _, sign := range []string{"<script", "javascript:", "function(", "eval(", "runtime.getruntime", "processbuilder", "os.system", "subprocess", "import java", "#!/", "powershell"} {
		if bytes.Contains(lower, []byte(sign)) {
			return true
		}
	}
	return false
}

// tokenReader bounds how much is read for one token, which the decoder keeps whole.
type tokenReader struct {
	ctx  context.Context
	src  io.Reader
	left int
}

func (r *tokenReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left <= 0 {
		return 0, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("one token of more than %d bytes", maxToken)}
	}
	n, err := r.src.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
