package tokenizer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/jsontok"
)

// Scanner scans tokenizer files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tokenizer", Title: "Tokenizer", Version: 1, Rules: slices.Clone(rules)}
}

// layout is how a file holds its tokens.
type layout uint8

const (
	none       layout = iota
	whole             // tokenizer.json: model, added tokens, everything around them
	vocabulary        // an object of tokens and ids
	added             // the same, for tokens that were added
	decoder           // tokenizer_config.json
	lines             // a token on each line
	roles             // special_tokens_map.json: which token begins and ends
)

var layouts = map[string]layout{
	"tokenizer.json": whole, "tokenizer.huggingface.json": whole, "vocab.json": vocabulary, "encoder.json": vocabulary,
	"added_tokens.json": added, "tokenizer_config.json": decoder, "vocab.txt": lines, "special_tokens_map.json": roles,
}

func layoutOf(name string, start []byte) layout {
	if l := layouts[strings.ToLower(path.Base(name))]; l != none {
		return l
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if bytes.HasPrefix(start, []byte("{")) && bytes.Contains(start, []byte(`"added_tokens"`)) && bytes.Contains(start, []byte(`"pre_tokenizer"`)) {
		return whole
	}
	return none
}

// Match accepts the names of tokenizer files, and tokenizer.json under any name.
func (Scanner) Match(h scanners.Head) bool { return layoutOf(h.Name, h.Start) != none }

// Scan reads the whole file. What is no JSON is left to the scanner of text.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	l := layoutOf(f.Name, start)
	if dense, ok := scanners.TextStart(f, f.Size); ok && l == none {
		l = layoutOf(f.Name, dense)
	}
	s := &scan{ctx: ctx, layout: l, found: findings.New(rules), digest: sha256.New(), inVocabulary: make(map[int64]token)}
	src := io.NewSectionReader(f, 0, f.Size)
	var err error
	if s.layout == lines {
		err = s.lines(src)
	} else {
		err = s.json(src)
	}
	if err != nil && s.ctx.Err() != nil {
		return scanners.Result{}, err
	}
	if s.tokens+int64(len(s.added)+len(s.roles)) == 0 && s.found.Len() == 0 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.finish()
	result := scanners.Result{Findings: s.found.All(), Outline: s.outline, Facts: s.facts()}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, readError(err)
}

// readError keeps what broke off the reading. What is wrong with the JSON is told
// by the scanner of text.
func readError(err error) error {
	var format *scanners.FormatError
	if errors.As(err, &format) && format.Code == "" {
		return nil
	}
	return err
}

// token is a token as a finding shows it.
type token struct {
	text   string
	offset int64
}

// addedToken is one of added_tokens.
type addedToken struct {
	id     int64
	token  token
	hasID  bool
	hasTxt bool

	special bool
}

// scan is the state of one file.
type scan struct {
	ctx     context.Context
	layout  layout
	found   *findings.List
	outline scanners.Outline
	digest  hash.Hash
	kind    string // of the model

	tokens       int64 // of the vocabulary
	largest      int64 // id of the vocabulary
	added        []addedToken
	post         postProcessor
	roles        []scanners.Fact // the tokens at the beginning and the end
	inVocabulary map[int64]token // those with the id of an added token, and special ones
}

// add takes a token of the vocabulary.
func (s *scan) add(id int64, text []byte, offset int64) {
	if id >= 0 && id < int64(len(s.outline.Vocabulary)) && s.outline.Vocabulary[id] != 0 {
		s.found.Add("tokenizer/duplicate-id", offset, "the token %s has the id %d, as another one", clip.Quote(text, shown), id)
		return
	}
	s.tokens++
	s.largest = max(s.largest, id)
	s.outline.AddToken(id, text)
	fmt.Fprintf(s.digest, "%d %q\n", id, text)
	if isMark(text) && len(s.inVocabulary) < maxAdded {
		s.inVocabulary[id] = token{string(text), offset}
	}
}

const (
	shown    = 60      // bytes of a token in a finding
	maxAdded = 1 << 14 // added tokens kept
	maxLine  = 1 << 16 // bytes of a line
)

// isMark reports text that every tokenizer writes the same way, and no byte of it
// another way: printable ASCII without a blank.
func isMark(text []byte) bool {
	return len(text) > 0 && len(text) <= 256 && !slices.ContainsFunc(text, func(c byte) bool { return c <= ' ' || c > '~' })
}

// lines reads one token from each line, as transformers does: the end of a line is
// what Python takes for one.
func (s *scan) lines(src io.Reader) error {
	r := bufio.NewReaderSize(src, maxLine)
	offset := int64(0)
	for id := int64(0); ; id++ {
		if id%4096 == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return scanners.ErrNotRecognised // no vocabulary has such lines
		}
		if len(line) > 0 {
			s.add(id, bytes.TrimRight(line, "\r\n"), offset)
		}
		offset += int64(len(line))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// finish compares the added tokens with the vocabulary.
func (s *scan) finish() {
	slices.SortStableFunc(s.added, func(a, b addedToken) int { return int(a.id - b.id) })
	for _, a := range s.added {
		s.outline.AddMark(scanners.MarkToken, fmt.Sprintf("%d %s", a.id, a.token.text))
		fmt.Fprintf(s.digest, "+%d %q\n", a.id, a.token.text)
		s.checkAdded(a)
		if s.layout == whole && a.id >= int64(len(s.outline.Vocabulary)) {
			s.outline.AddToken(a.id, []byte(a.token.text))
		}
	}
	s.checkInserted()
	if n := s.largest + 1; s.tokens > 0 && s.layout != lines && n > s.tokens {
		s.found.Add("tokenizer/hole", 0, "%d ids up to %d, and %d tokens", n, s.largest, s.tokens)
	}
}

func (s *scan) checkAdded(a addedToken) {
	if is, ok := s.inVocabulary[a.id]; ok && isMark([]byte(a.token.text)) && is.text != a.token.text {
		s.found.Add("tokenizer/token-mismatch", a.token.offset, "the added token %s has the id %d, which is %s in the vocabulary",
			clip.Quote(a.token.text, shown), a.id, clip.Quote(is.text, shown))
	}
	s.checkOdd(a.token)
}

func (s *scan) facts() []scanners.Fact {
	if s.layout == decoder || s.layout == added || s.layout == roles {
		return s.roles
	}
	out := []scanners.Fact{
		{Key: "tokenizer/vocabulary", Value: strconv.FormatInt(s.tokens, 10)},
		{Key: "tokenizer/added", Value: strconv.Itoa(len(s.added))},
		{Key: "tokenizer/sha256", Value: hex.EncodeToString(s.digest.Sum(nil))},
	}
	if s.kind != "" {
		out = append(out, scanners.Fact{Key: "tokenizer/model", Value: s.kind})
	}
	return out
}

// json reads the file as JSON.
func (s *scan) json(src io.Reader) error {
	d := jsontok.New(src, jsontok.Options{Python: true})
	w := walk{scan: s}
	for n := 0; ; n++ {
		if n%4096 == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		t, err := d.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w.token(t)
	}
}
