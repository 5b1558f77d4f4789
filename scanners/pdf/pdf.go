package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// Scanner knows PDF.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "pdf", Title: "PDF", Version: 1, Rules: slices.Clone(rules)}
}

var header = []byte("%PDF-")

// Match accepts the header where viewers look for it, in the first 1024 bytes, and
// at the beginning of the file or under the name of a document.
func (Scanner) Match(h scanners.Head) bool {
	at := bytes.Index(h.Start[:min(len(h.Start), 1024)], header)
	return at == 0 || at > 0 && bytes.HasSuffix(bytes.ToLower([]byte(h.Name)), []byte(".pdf"))
}

// Bounds, in bytes.
const (
	maxDocument = 32 << 20
	maxStream   = 8 << 20
	maxStreams  = 64 << 20
)

type scan struct {
	ctx      context.Context
	data     []byte
	found    *findings.List
	result   scanners.Result
	expanded int64
	gap      error
}

// Scan goes through the document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if f.Size > maxDocument {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("documents of more than %d MiB are not analysed", maxDocument>>20)}
	}
	data := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), data); err != nil {
		return scanners.Result{}, fmt.Errorf("read the document: %w", err)
	}
	start := bytes.Index(data[:min(len(data), 1024)], header)
	if start < 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{ctx: ctx, data: data, found: findings.New(rules)}
	if start > 0 {
		s.found.Add("pdf/trailing-data", 0, "%d bytes before the document", start)
	}
	end := s.end()
	err := s.objects(start, end)
	s.result.Findings = s.found.All()
	switch {
	case err != nil:
		return s.result, err
	case end < 0:
		return s.result, scanners.CutOff(f.Size, 0)
	}
	return s.result, s.gap
}

// end is where the last end mark ends, with the line break behind it, or -1.
func (s *scan) end() int {
	at := bytes.LastIndex(s.data, []byte("%%EOF"))
	if at < 0 {
		return -1
	}
	at += len("%%EOF")
	for at < len(s.data) && isSpace(s.data[at]) {
		at++
	}
	if at < len(s.data) {
		s.found.Add("pdf/trailing-data", int64(at), "%d bytes behind the document", len(s.data)-at)
	}
	return at
}

// dictionary is what is remembered of the dictionary before a stream.
type dictionary struct {
	names  []string // in order, at most 256
	length int      // the number behind /Length; -1 when it is a reference
}

// objects reads everything between the header and the end mark.
func (s *scan) objects(start, end int) error {
	if end < 0 {
		end = len(s.data)
	}
	l := &lexer{data: s.data[:end], at: start}
	var d dictionary
	parsedFrom := start
	for count := 0; ; count++ {
		if count&0xfff == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		t, ok := l.next()
		if !ok {
			break
		}
		switch {
		case t.text == "obj":
			d = dictionary{length: -1}
		case t.text == "stream":
			body, next, err := s.stream(l.at, end, d)
			if err != nil {
				return err
			}
			s.result.Parsed.Add(int64(parsedFrom), body.Off-int64(parsedFrom))
			s.streamContent(d, body)
			s.result.Opaque.Add(body.Off, int64(next)-body.Off)
			l.at, parsedFrom = next, next
		case t.text[0] == '/':
			d.add(t.text, l)
			s.name(t.text, int64(t.off))
		}
	}
	s.result.Parsed.Add(int64(parsedFrom), int64(end-parsedFrom))
	if l.swallowed && s.gap == nil {
		s.gap = &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("a string holds the end of an object, so that viewers may read other objects")}
	}
	return nil
}

func (d *dictionary) add(name string, l *lexer) {
	if len(d.names) < 256 {
		d.names = append(d.names, name)
	}
	if name == "/Length" {
		ahead := *l
		n, _ := ahead.next()
		generation, _ := ahead.next()
		r, _ := ahead.next()
		if length, err := strconv.Atoi(n.text); err == nil && !(r.text == "R" && generation.text != "") {
			d.length = length
		}
	}
}

func (d *dictionary) has(name string) bool { return slices.Contains(d.names, name) }

// stream finds the bytes of a stream: by its length, when the end is there, and by
// looking for the end otherwise, as viewers do.
func (s *scan) stream(at, end int, d dictionary) (body scanners.Span, next int, err error) {
	if bytes.HasPrefix(s.data[at:end], []byte("\r\n")) {
		at += 2
	} else if at < end && (s.data[at] == '\n' || s.data[at] == '\r') {
		at++
	}
	mark := []byte("endstream")
	if d.length >= 0 && d.length <= end-at {
		rest := bytes.TrimLeft(s.data[at+d.length:min(end, at+d.length+16)], "\r\n ")
		if bytes.HasPrefix(rest, mark) {
			return scanners.Span{Off: int64(at), Len: int64(d.length)}, at + d.length, nil
		}
	}
	n := bytes.Index(s.data[at:end], mark)
	if n < 0 {
		return body, 0, &scanners.FormatError{Offset: int64(at), Err: errors.New("a stream without an end")}
	}
	return scanners.Span{Off: int64(at), Len: int64(n)}, at + n, nil
}

// meaning of names, in whatever dictionary they stand.
var meaning = map[string]struct{ rule, what string }{
	"/JavaScript": {"pdf/script", "an action or a tree of scripts"}, "/JS": {"pdf/script", "a script"},
	"/Launch": {"pdf/launch", "an action that starts a program"}, "/ImportData": {"pdf/launch", "an action that loads data"},
	"/EmbeddedFile": {"pdf/embedded-file", "an embedded file"},
	"/XFA":          {"pdf/active-content", "an XFA form"}, "/RichMedia": {"pdf/active-content", "rich media"}, "/SubmitForm": {"pdf/active-content", "an action that sends a form"},
	"/GoToE": {"pdf/active-content", "a jump into an embedded document"}, "/Movie": {"pdf/active-content", "a movie"}, "/3D": {"pdf/active-content", "a scene with a program"},
}

func (s *scan) name(name string, offset int64) {
	if m, ok := meaning[name]; ok {
		s.found.Add(m.rule, offset, "%s", m.what)
	}
	if name == "/Encrypt" && s.gap == nil {
		s.gap = &scanners.FormatError{Offset: offset, Code: scanners.GapUnsupported, Err: errors.New("an encrypted document")}
	}
}

// streamContent looks into streams that hold objects or files.
func (s *scan) streamContent(d dictionary, body scanners.Span) {
	objects, file := d.has("/ObjStm"), d.has("/EmbeddedFile")
	raw := s.data[body.Off:body.End()]
	if !objects && !file {
		if bytes.Contains(raw, []byte("endobj")) {
			s.names(raw, body.Off) // a table may point into the stream
		}
		return
	}
	plain := raw
	var err error
	if d.has("/Filter") {
		if !d.has("/FlateDecode") && !d.has("/Fl") || countFilters(d) > 1 {
			err = errors.New("a filter other than FlateDecode")
		} else {
			plain, err = s.inflate(raw)
		}
	}
	switch {
	case err != nil:
		s.gap = &scanners.FormatError{Offset: body.Off, Code: scanners.GapUnsupported, Err: fmt.Errorf("a stream of objects or a file was not read: %w", err)}
	case file:
		s.result.Members = append(s.result.Members, scanners.Member{Name: fmt.Sprintf("embedded-%d", len(s.result.Members)+1), Size: int64(len(plain)), Span: body,
			Open: func() (io.Reader, error) { return bytes.NewReader(plain), nil }})
	default:
		s.names(plain, body.Off)
	}
}

// names looks at every name in objects that do not stand in the file themselves.
func (s *scan) names(objects []byte, offset int64) {
	l := &lexer{data: objects}
	for t, ok := l.next(); ok; t, ok = l.next() {
		if t.text[0] == '/' {
			s.name(t.text, offset)
		}
	}
}

func countFilters(d dictionary) int {
	n := 0
	for _, name := range d.names {
		if len(name) > 6 && name[len(name)-6:] == "Decode" {
			n++
		}
	}
	return n
}

func (s *scan) inflate(raw []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxStream+1))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // viewers take what is there
	}
	s.expanded += int64(len(plain))
	if len(plain) > maxStream || s.expanded > maxStreams {
		return nil, errors.New("it expands beyond all measure")
	}
	return plain, err
}
