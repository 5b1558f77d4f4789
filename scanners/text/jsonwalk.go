package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// maxString is how much of a JSON string is looked at: more than any chat
// template in use has.
const maxString = 256 << 10

// maxKey is how much of a key is kept: an index has the names of tensors.
const maxKey = 512

// walk reads JSON and knows where in it it is.
type walk struct {
	*scan
	stack     []level
	values    int   // outermost values begun
	templates int64 // bytes of templates handed on
}

// level is one open container.
type level struct {
	key    string // the last key of an object; of an array, the key that holds it
	under  under
	object object

	elements int // strings of a list so far
}

// under remembers which keys enclose a value, at any distance.
type under uint8

const (
	underAutoMap under = 1 << iota
	underTemplate
	underWeightMap
	underAutoMapping
)

// enclosing maps keys to what they mean for the values below them.
var enclosing = map[string]under{
	"auto_map": underAutoMap, "chat_template": underTemplate, "chat_templates": underTemplate,
	"weight_map": underWeightMap, "auto_mapping": underAutoMapping,
}

// readJSON reads the text as JSON where its name or its beginning promises it.
func (s *scan) readJSON(r io.Reader) error {
	promised := s.profile.format == json || s.profile.format == jsonLines
	if !promised && (s.profile.named || !s.looksLikeJSON()) {
		return nil
	}
	var mark [3]byte
	base := int64(0)
	if bytes.HasPrefix(s.start, []byte("\xef\xbb\xbf")) {
		if _, err := io.ReadFull(r, mark[:]); err != nil {
			return err
		}
		base = 3
	}
	w := &walk{scan: s, stack: make([]level, 1, 8)}
	err := w.run(jsontok.New(r, jsontok.Options{Base: base, MaxText: maxString, Python: true, Many: true}))
	var format *scanners.FormatError
	if err == nil && w.values > 1 && isLoaded(s.base) {
		return &scanners.FormatError{Err: errors.New("a configuration that no loader can read: several values one after another")}
	}
	if !errors.As(err, &format) {
		return err
	}
	if format.Code != "" {
		return err
	}
	if promised && !(w.values == 0 && s.isBlank()) {
		s.add("text/not-json", format.Offset, "%v", format.Err)
		if w.values > 0 && errors.Is(err, jsontok.ErrEnds) {
			return scanners.CutOff(s.file.Size, 0)
		}
		if isLoaded(s.base) {
			return &scanners.FormatError{Offset: format.Offset, Err: fmt.Errorf("a configuration that no loader can read: %w", format.Err)}
		}
	}
	return nil
}

// loaded are the configurations that loaders read with a strict parser (Python's
// json, serde_json): transformers, tokenizers, diffusers, peft,
// sentence-transformers. What they refuse was not understood here either.
var loaded = []string{
	"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
	"preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json", "image_processor_config.json", "chat_template.json",
	"model_index.json", "scheduler_config.json", "adapter_config.json", "modules.json", "sentence_bert_config.json",
	"config_sentence_transformers.json", "quantize_config.json", "quantization_config.json",
}

func isLoaded(base string) bool {
	return slices.Contains(loaded, base) || strings.HasSuffix(base, ".index.json")
}

// isBlank reports a file of white space only, as an empty list of lines is.
func (s *scan) isBlank() bool {
	return s.profile.format == jsonLines && s.file.Size <= int64(len(s.start)) && len(bytes.TrimSpace(s.start)) == 0
}

func (w *walk) run(d *jsontok.Decoder) error {
	for {
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Depth == 0 && t.Kind != jsontok.ObjectEnd && t.Kind != jsontok.ArrayEnd {
			if w.values++; w.values == 2 && w.profile.format == json {
				w.addAs(scanners.Informational, "text/not-json", t.Offset, "several values one after another; a parser of JSON stops here")
			}
		}
		if err := w.token(t); err != nil {
			return err
		}
	}
}

func (w *walk) top() *level { return &w.stack[len(w.stack)-1] }

func (w *walk) token(t jsontok.Token) error {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		here := w.top()
		w.stack = append(w.stack, level{key: here.key, under: here.under | enclosing[here.key]})
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		w.checkObject(t.Offset)
		w.stack = w.stack[:len(w.stack)-1]
	case jsontok.Key:
		w.top().key = clip.Bytes(t.Text, maxKey)
		if t.Duplicate {
			w.addAs(w.confusion(), "text/duplicate-key", t.Offset, "the key %s appears again in the same object", clip.Quote(t.Text, 60))
		}
	default:
		return w.value(t)
	}
	return nil
}

// confusion grades equal keys: in a table of records they are a slip.
func (w *walk) confusion() scanners.Severity {
	if w.profile.kind == data {
		return scanners.Low
	}
	return scanners.Medium
}

// value looks at a string, number or literal.
func (w *walk) value(t jsontok.Token) error {
	if w.profile.kind == data {
		return nil // records, not settings
	}
	here := w.top()
	key, above := here.key, here.under|enclosing[here.key]
	w.settingFact(t)
	if key == "trust_remote_code" && isTrue(t) {
		w.add("text/trust-remote-code", t.Offset, "%s is %s", key, clip.Quote(t.Text, 20))
	}
	if t.Kind != jsontok.String {
		return nil
	}
	w.checkString(key, t)
	if above&underAutoMap != 0 {
		w.checkAutoMap(t)
	}
	if above&underAutoMapping != 0 && key == "parent_library" && !isKnownLibrary(t.Text) {
		w.addAs(scanners.High, "text/remote-code", t.Offset, "auto_mapping imports the library %s without asking", clip.Quote(t.Text, 80))
	}
	if above&underWeightMap != 0 {
		w.outline.AddRef(scanners.Ref{Kind: scanners.RefShard, Name: string(t.Text), Key: key})
	}
	if above&underWeightMap != 0 && leavesFolder(string(t.Text)) {
		w.add("text/path-escape", t.Offset, "the index names the file %s", clip.Quote(t.Text, 120))
	}
	if inRepository(t.Text) {
		w.add("text/path-escape", t.Offset, "the setting %s names %s, in the folder of Git, which is no part of the model", clip.Quote([]byte(key), 60), clip.Quote(t.Text, 120))
	}
	if above&underTemplate != 0 && key != "name" {
		return w.addTemplate(t)
	}
	return nil
}

// isTrue reports what Python takes for true. Of numbers only 1 counts: any other
// is a token id in a vocabulary that has this word.
func isTrue(t jsontok.Token) bool {
	switch text := strings.ToLower(string(t.Text[:min(len(t.Text), 8)])); t.Kind {
	case jsontok.Literal:
		return text == "true"
	case jsontok.Number:
		return text == "1"
	default:
		return text != "" && text != "false"
	}
}

// maxTemplates bounds the text of all templates kept of one file, in bytes.
const maxTemplates = 8 << 20

// addTemplate hands a chat template on, as a member that lies where its string
// does. One that is too long to be handed on whole leaves the file incomplete.
func (w *walk) addTemplate(t jsontok.Token) error {
	if w.templates += t.Size; t.Cut() || w.templates > maxTemplates {
		return &scanners.FormatError{Offset: t.Offset, Code: scanners.GapLimit, Err: errors.New("a template of more than 256 KiB, or templates of more than 8 MiB, were not read whole")}
	}
	name := "chat_template.jinja"
	if n := len(w.members); n > 0 {
		name = fmt.Sprintf("chat_template.%d.jinja", n+1)
	}
	span := scanners.Span{Off: t.Offset, Len: t.End - t.Offset}
	if w.wide {
		span = scanners.Span{Len: w.file.Size}
	}
	text := string(t.Text)
	w.members = append(w.members, scanners.Member{Name: name, Size: t.Size, Span: span,
		Open: func() (io.Reader, error) { return strings.NewReader(text), nil }})
	return nil
}

// inRepository reports a path into a ".git" folder. That of a clone is left out
// of the model, so what a loader fetched from there would be seen by nobody.
func inRepository(text []byte) bool {
	if !bytes.Contains(text, []byte(".git")) || bytes.Contains(text, []byte("://")) || len(text) > 4096 {
		return false
	}
	parts := strings.FieldsFunc(string(text), func(r rune) bool { return r == '/' || r == '\\' })
	return slices.ContainsFunc(parts, func(part string) bool { return strings.EqualFold(strings.TrimSpace(part), ".git") })
}
