package sentencepiece

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/prose"
	"assay/scanners/internal/protobuf"
)

const (
	maxPieces = 1 << 20 // the largest vocabularies in use have 902,000
	maxFact   = 200     // bytes of a text in a fact
	longPiece = 8000    // bytes; the loader's kMaxPieceSize

	// A piece with more letters and more words than these is a text. Trained
	// pieces have 16 characters, and a few words where they may cross blanks.
	textRunes = 200
	textWords = 12
)

// blank is how pieces write a space (U+2581).
const blank = "\u2581"

// Scanner scans SentencePiece models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "sentencepiece", Title: "SentencePiece model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins with a scored piece, and what begins with any field of
// a model under a name in use. The encoding has no signature.
func (Scanner) Match(h scanners.Head) bool {
	return beginsWithPiece(h.Start) || isNamed(h.Name) && len(h.Start) > 0 && slices.Contains([]byte{0x0a, 0x12, 0x1a}, h.Start[0])
}

func isNamed(name string) bool {
	base := strings.ToLower(path.Base(name))
	return slices.Contains([]string{"tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}, base) || path.Ext(base) == ".spm"
}

// beginsWithPiece reports a first field that is a piece as the trainer writes it:
// a text, a score, and a type unless it is the normal one.
func beginsWithPiece(start []byte) bool {
	first, _, ok := firstField(start)
	if !ok {
		return false
	}
	text, rest, ok := firstField(first)
	if !ok || !utf8.Valid(text) || len(rest) < 5 || rest[0] != 0x15 {
		return false
	}
	kind := rest[5:]
	return len(kind) == 0 || len(kind) == 2 && kind[0] == 0x18 && typeNormal <= kind[1] && kind[1] <= typeByte
}

// firstField is the payload of a field with the number 1 that p begins with, and
// what follows it.
func firstField(p []byte) (data, rest []byte, ok bool) {
	if len(p) == 0 || p[0] != 0x0a {
		return nil, nil, false
	}
	size, n := binary.Uvarint(p[1:])
	if p = p[1+max(0, n):]; n <= 0 || size == 0 || size > uint64(len(p)) {
		return nil, nil, false
	}
	return p[:size], p[size:], true
}

// scan is the state of one file.
type scan struct {
	*protobuf.Reader
	found  *findings.List
	result scanners.Result

	pieces     int64
	piece      current
	known      map[uint64]bool // hashes of pieces
	modelType  string
	normalizer string
}

// current is the piece that is being read.
type current struct {
	text []byte
	size int64 // of the text, also of one that was not read
	kind uint64
}

// Scan walks the whole message.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	s := &scan{Reader: protobuf.NewReader(ctx, f, f.Size), found: findings.New(rules), known: make(map[uint64]bool)}
	err := s.message(model, scanners.Span{Len: f.Size})
	if (err != nil || s.pieces == 0) && s.found.Len() == 0 && !beginsWithPiece(start) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.result.Findings, s.result.Facts = s.found.All(), s.facts()
	return s.result, err
}

// message takes the fields of one message and accounts for them.
func (s *scan) message(m message, span scanners.Span) error {
	var seen uint64 // numbers of fields, a bit for each
	return s.Fields(span, func(f protobuf.Field) error {
		def, known := m[f.Number]
		if !known || def.kind.wire() != f.Type || def.most > 0 && (f.Value == 0 || f.Value > def.most) {
			return nil
		}
		if seen&(1<<f.Number) != 0 && !def.repeated {
			return nil
		}
		seen |= 1 << f.Number
		s.result.Parsed.Add(f.Head.Off, f.Head.Len)
		data, err := s.take(def, f)
		if err != nil || def.done == nil {
			return err
		}
		return def.done(s, f, data)
	})
}

// take accounts for the payload of a field and returns it when it is a text.
func (s *scan) take(def field, f protobuf.Field) ([]byte, error) {
	switch def.kind {
	case nested:
		return nil, s.message(def.sub, f.Data)
	case table:
		return nil, s.table(f.Data)
	case text:
		if f.Data.Len > protobuf.MaxBytes {
			return nil, nil
		}
		data, err := s.Bytes(f.Data)
		if err == nil && utf8.Valid(data) {
			s.result.Parsed.Add(f.Data.Off, f.Data.Len)
		}
		return data, err
	}
	return nil, nil
}

// endPiece judges the piece that was read, and makes room for the next.
func (s *scan) endPiece(f protobuf.Field, _ []byte) error {
	if s.pieces++; s.pieces > maxPieces {
		return &scanners.FormatError{Offset: f.Head.Off, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d pieces", maxPieces)}
	}
	p := s.piece
	if p.size >= longPiece {
		s.found.Add("sentencepiece/long-piece", f.Head.Off, "piece %d has %d bytes", s.pieces-1, p.size)
	}
	if len(p.text) > 0 && s.repeated(p) {
		s.found.Add("sentencepiece/duplicate-piece", f.Head.Off, "piece %d is one that came before: %s", s.pieces-1, clip.Quote(p.text, 100))
	}
	if isText(p.text) {
		s.found.Add("sentencepiece/piece-text", f.Head.Off, "piece %d is a text: %s", s.pieces-1, clip.Quote(p.text, 200))
	}
	s.piece = current{text: p.text[:0]}
	return nil
}

// repeated remembers a piece. The loader keeps two name spaces: one for what text
// is cut into, and one for unknown, control and byte pieces, which text never is.
func (s *scan) repeated(p current) bool {
	reserved := p.kind == typeUnknown || p.kind == typeControl || p.kind == typeByte
	h := fnv.New64a()
	_, _ = h.Write(p.text)
	key := h.Sum64() &^ 1
	if reserved {
		key |= 1
	}
	before := s.known[key]
	s.known[key] = true
	return before
}

func isText(p []byte) bool {
	return utf8.RuneCount(p) > textRunes && prose.Words(strings.ReplaceAll(string(p), blank, " ")) > textWords
}

func (s *scan) facts() []scanners.Fact {
	list := []scanners.Fact{{Key: "sentencepiece/pieces", Value: strconv.FormatInt(s.pieces, 10)}}
	if s.modelType != "" {
		list = append(list, scanners.Fact{Key: "sentencepiece/model-type", Value: s.modelType})
	}
	if s.normalizer != "" {
		list = append(list, scanners.Fact{Key: "sentencepiece/normalizer", Value: s.normalizer})
	}
	return list
}
