package gguf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

const magic = "GGUF"

// legacies are the first bytes of the formats before GGUF: little-endian numbers,
// so that they stand backwards.
var legacies = map[string]string{"lmgg": "GGML", "fmgg": "GGMF", "tjgg": "GGJT"}

// Scanner scans GGUF files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "gguf", Title: "GGUF", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the signatures, and whatever claims by its name to be GGUF.
func (Scanner) Match(h scanners.Head) bool {
	start := string(h.Start[:min(len(h.Start), len(magic))])
	return start == magic || legacies[start] != "" || isNamed(h.Name)
}

func isNamed(name string) bool { return strings.ToLower(path.Ext(name)) == ".gguf" }

// scan is the state of one file.
type scan struct {
	*reader
	file   scanners.File
	found  *findings.List
	result scanners.Result

	version   uint32
	alignment uint64
	keys      map[uint64]bool
	values    map[string]int64  // integers that are checked or are facts
	texts     map[string]string // strings that are
	arrays    map[string]array
	strings   int64 // strings in arrays read so far

	layout   layout
	mark     int64 // what lies before it in the header is accounted for
	reviewed int   // bytes of text looked at
	padding  int64 // bytes between tensors read so far
	broken   error // the first fault after which the layout cannot be trusted
}

// array is what is remembered of an array.
type array struct {
	kind   uint32
	length int64
	offset int64
}

// Scan checks the header of f. Tensor bytes are not read.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules), alignment: 32,
		reader: &reader{ctx: ctx, src: f, size: f.Size, order: binary.LittleEndian, window: make([]byte, 0, min(windowSize, f.Size))},
		keys:   make(map[uint64]bool), values: make(map[string]int64), texts: make(map[string]string), arrays: make(map[string]array)}
	start := make([]byte, min(f.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if string(start[:min(len(start), len(magic))]) != magic {
		return s.otherFormat(start)
	}
	if ext := strings.ToLower(path.Ext(f.Name)); slices.Contains(unpickled, ext) {
		s.found.AddAs(scanners.Low, "gguf/wrong-content", 0, "GGUF content under the extension %s, which loaders unpickle", ext)
	}
	err := s.header()
	s.skip(0)
	if err == nil {
		s.checkAll()
		s.result.Facts = s.facts()
		err = s.broken
	}
	s.result.Findings = s.found.All()
	return s.result, s.explain(err)
}

// explain makes a length that does not fit a gap.
func (s *scan) explain(err error) error {
	if length, ok := errors.AsType[*lengthError](err); ok {
		return &scanners.FormatError{Offset: length.offset, Err: err}
	}
	return err
}

// unpickled are the extensions whose loaders unpickle what they get.
var unpickled = []string{".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}

// otherFormat looks at a file without the signature.
func (s *scan) otherFormat(start []byte) (scanners.Result, error) {
	if old := legacies[string(start[:min(len(start), len(magic))])]; old != "" {
		s.found.Add("gguf/legacy", 0, "a file in the format %s", old)
		return scanners.Result{Findings: s.found.All()}, &scanners.FormatError{Code: scanners.GapUnsupported,
			Err: fmt.Errorf("the format %s is named and not analysed; convert the model to GGUF", old)}
	}
	if bytes.HasPrefix(start, []byte("version https://git-lfs.github.com/spec/")) {
		return scanners.Result{}, scanners.ErrNotRecognised // the scanner of text explains pointers
	}
	s.found.Add("gguf/wrong-content", 0, "named as GGUF, and begins with %#x", start[:min(len(start), 8)])
	return scanners.Result{Findings: s.found.All()}, &scanners.FormatError{Err: errors.New("no GGUF file")}
}

// fail records a fault after which the coverage of the file is not to be
// trusted. The scan goes on, for there may be more to find.
func (s *scan) fail(code scanners.GapCode, offset int64, format string, args ...any) {
	if s.broken == nil {
		s.broken = &scanners.FormatError{Offset: offset, Code: code, Err: fmt.Errorf(format, args...)}
	}
}

// Bounds of a header: many times what any model has.
const (
	maxKeys     = 1 << 16
	maxTensors  = 1 << 18
	minKey      = 8 + 1 + 4 + 1 // bytes: length, one letter, type, a byte of value
	minTensor   = 8 + 4 + 4 + 8 // bytes: length, dimensions, type, offset
	maxStrings  = 8 << 20       // in all arrays
	maxArray    = 1 << 30       // elements; the loader's limit
	largeValue  = 16 << 20      // bytes
	maxReview   = 64 << 10      // bytes of a string that are looked at
	maxReviewed = 4 << 20       // bytes of all strings
	maxKept     = 512           // values kept
	nameSize    = 64            // GGML_MAX_NAME: names have a byte less
	maxKeyName  = 65535         // bytes; the specification's limit
)

// header reads everything before the tensors' bytes.
func (s *scan) header() error {
	s.at = int64(len(magic))
	if err := s.readVersion(); err != nil {
		return err
	}
	tensors, err := s.count("tensors", minTensor, maxTensors)
	if err != nil {
		return err
	}
	keys, err := s.count("keys", minKey, maxKeys)
	if err != nil {
		return err
	}
	for range keys {
		if err := s.keyValue(); err != nil {
			return s.limits(err)
		}
	}
	s.readAlignment()
	for range tensors {
		if err := s.tensor(); err != nil {
			return s.limits(err)
		}
	}
	s.layout.tensors = tensors
	s.placeTensors()
	return nil
}

// limits reports a length that does not fit into the file.
func (s *scan) limits(err error) error {
	if length, ok := errors.AsType[*lengthError](err); ok {
		s.found.Add("gguf/limits", length.offset, "%v", err)
	}
	return err
}

// readVersion also finds the byte order: a small number with its upper half set
// was written by a big-endian machine.
func (s *scan) readVersion() error {
	v, err := s.u32()
	if err != nil {
		return err
	}
	if v&0xffff == 0 && v != 0 {
		s.order = binary.BigEndian
		s.at -= 4
		if v, err = s.u32(); err != nil {
			return err
		}
	}
	if s.version = v; v != 2 && v != 3 {
		s.found.Add("gguf/version", 4, "version %d", v)
		return &scanners.FormatError{Offset: 4, Code: scanners.GapUnsupported, Err: fmt.Errorf("version %d is not analysed", v)}
	}
	return nil
}

// count reads how many of something follow, each of at least so many bytes.
func (s *scan) count(what string, least, most int64) (int64, error) {
	at := s.at
	u, err := s.u64()
	if err != nil {
		return 0, err
	}
	n := int64(u)
	if n > s.left()/least && n <= most {
		return 0, scanners.CutOff(s.size, s.at+n*least)
	}
	if n < 0 || n > s.left()/least {
		s.found.Add("gguf/limits", at, "the header claims %d %s, and %d bytes are left", u, what, s.left())
		return 0, s.reader.broken("%d %s do not fit into the file", u, what)
	}
	if n > most {
		s.found.Add("gguf/limits", at, "the header claims %d %s", n, what)
		return 0, s.limit("more than %d %s", most, what)
	}
	return n, nil
}
