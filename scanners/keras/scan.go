package keras

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

const (
	maxText  = 64 << 10 // bytes kept of one text
	maxName  = 4 << 10  // bytes kept of a text that is no code
	maxDepth = 1000     // Python gives up there (sys.getrecursionlimit)
	maxWhat  = 120
)

// Scanner scans configurations of Keras models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "keras", Title: "Keras configuration", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins as an object or a list of JSON in any encoding of
// Python. Where the references stand is only known at the end.
func (Scanner) Match(h scanners.Head) bool {
	e := encodingOf(h.Start)
	var start [64]byte
	n, _ := io.ReadFull(e.decode(bytes.NewReader(h.Start[e.mark:])), start[:])
	text := bytes.TrimLeft(start[:n], " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// scan is the state of one document.
type scan struct {
	found   *findings.List
	known   bool // a class or module of Keras was seen
	wide    bool // offsets are those of the decoded text, and not shown
	unknown []scanners.Finding
	stack   []*frame
	key     string
	again   string // the first key that an object had twice
	againAt int64
	objects int
	version string
}

// frame is an open object or list with the texts by which Keras finds what to
// build.
type frame struct {
	key    string // under which it stands
	list   bool
	offset int64
	texts  map[string]string
	has    map[string]bool // keys, whatever their value
	config *frame          // the closed object under the key config
	others []*frame        // the same object with what a second equal key replaced
}

// maxOthers bounds the readings of one object with equal keys.
const maxOthers = 16

// replaced keeps the object as it is, before a second equal key changes it.
func (f *frame) replaced() {
	if len(f.others) < maxOthers {
		f.others = append(f.others, &frame{key: f.key, offset: f.offset, texts: maps.Clone(f.texts), has: f.has, config: f.config})
	}
}

// Scan reads the whole document.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 4))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	e := encodingOf(start)
	s := &scan{found: findings.New(rules), wide: e.width > 1}
	body := contextReader{ctx, io.NewSectionReader(f, int64(e.mark), f.Size-int64(e.mark))}
	err := s.read(jsontok.New(e.decode(body), jsontok.Options{Base: int64(e.mark), MaxDepth: maxDepth, MaxText: maxText, Python: true}))
	if s.objects == 0 && s.version == "" {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.finish(e)
	result := scanners.Result{Findings: s.found.All(), Facts: s.facts()}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, s.place(err)
}

// place moves an error to a place inside the file.
func (s *scan) place(err error) error {
	var format *scanners.FormatError
	if s.wide && errors.As(err, &format) {
		return &scanners.FormatError{Code: format.Code, Err: format.Err}
	}
	return err
}

// finish reports what only counts in a document of Keras: names that nobody can
// resolve, and what deceives other readers.
func (s *scan) finish(e encoding) {
	if s.known {
		for _, f := range s.unknown {
			s.found.AddAs(f.Severity, f.Rule, f.Offset, "%s", f.What)
		}
	}
	if s.again != "" {
		s.found.Add("keras/duplicate-key", s.at(s.againAt), "the key %s stands twice in an object", clip.Quote(s.again, maxWhat))
	}
	if s.wide {
		s.found.Add("keras/encoding", 0, "the text is in %s", e.name)
	}
}

func (s *scan) facts() []scanners.Fact {
	list := []scanners.Fact{{Key: "keras/objects", Value: strconv.Itoa(s.objects)}}
	if s.version != "" {
		list = append(list, scanners.Fact{Key: "keras/version", Value: s.version})
	}
	return list
}

func (s *scan) at(offset int64) int64 {
	if s.wide {
		return 0
	}
	return offset
}

// read takes the tokens of the document.
func (s *scan) read(d *jsontok.Decoder) error {
	for {
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.token(t)
	}
}

func (s *scan) token(t jsontok.Token) {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		s.stack = append(s.stack, &frame{key: s.key, list: t.Kind == jsontok.ArrayStart, offset: t.Offset})
		s.key = ""
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		s.close()
	case jsontok.Key:
		if t.Duplicate && s.again == "" {
			s.again, s.againAt = clip.Bytes(t.Text, maxWhat), t.Offset
		}
		s.key = string(t.Text)
		s.top().mark(s.key)
	case jsontok.String:
		if len(s.stack) > 0 {
			s.text(t)
		}
	}
}

func (s *scan) top() *frame { return s.stack[len(s.stack)-1] }

// kept are the keys whose texts decide what is built.
var kept = []string{
	"class_name", "module", "registered_name", "spec_name", "config", "function", "value", "code", "vocabulary", "idf_weights",
	"filepath", "name", "node_def", "package", "keras_version",
}

func (f *frame) mark(key string) {
	if !slices.Contains(kept, key) {
		return
	}
	if f.has == nil {
		f.has = make(map[string]bool)
	}
	f.has[key] = true
}

func (f *frame) keep(key, text string) {
	if f.texts == nil {
		f.texts = make(map[string]string)
	}
	if key != "function" && key != "value" && key != "code" && key != "node_def" {
		text = clip.Bytes(text, maxName)
	}
	f.texts[key] = text
}

// text keeps a text. Of a list it is the first one: Keras 2 saves a function as a
// list of byte code, defaults and closure.
func (s *scan) text(t jsontok.Token) {
	f := s.top()
	if f.list {
		if f.texts == nil && f.key == "function" {
			f.keep("function", string(t.Text))
		}
		return
	}
	if !slices.Contains(kept, s.key) {
		return
	}
	if f.texts[s.key] != "" {
		f.replaced()
	}
	f.keep(s.key, string(t.Text))
	if s.key == "keras_version" && len(s.stack) == 1 {
		s.version = clip.Bytes(t.Text, 40)
	}
}

// close ends the innermost container and judges it.
func (s *scan) close() {
	f := s.top()
	s.stack = s.stack[:len(s.stack)-1]
	s.key = ""
	for _, reading := range append(f.others, f) {
		if reading.config == nil {
			reading.config = f.config
		}
		if reading.texts["class_name"] != "" {
			reading.has = f.has
			s.judge(reading)
		}
	}
	if len(s.stack) == 0 {
		return
	}
	parent := s.top()
	switch {
	case f.list && f.key == "function" && f.texts["function"] != "":
		parent.keep("function", f.texts["function"])
	case !f.list && f.key == "config":
		if parent.config != nil {
			parent.replaced()
		}
		parent.config = f
	}
}

// contextReader ends a long read when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
