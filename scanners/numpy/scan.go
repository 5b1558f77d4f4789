package numpy

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
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

const (
	magic        = "\x93NUMPY"
	shortPrefix  = len(magic) + 2 + 2 // magic, version, length of a version 1 header
	longPrefix   = len(magic) + 2 + 4
	usualHeader  = 10_000  // max_header_size of numpy.load
	maxHeader    = 1 << 20 // what this package parses
	maxShown     = 120     // bytes of the header in a finding
	maxFactValue = 1 << 10
)

// Scanner scans .npy files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "numpy", Title: "NumPy array", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the magic, and whatever claims by its name to be an array.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(magic)) || isNamed(h.Name)
}

func isNamed(name string) bool { return strings.EqualFold(path.Ext(name), ".npy") }

// scan is the state of one file.
type scan struct {
	file   scanners.File
	found  *findings.List
	result scanners.Result
}

// Scan checks the arrays of f. Elements are not read.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules)}
	start := make([]byte, min(f.Size, 32))
	if err := s.readAt(start, 0); err != nil {
		return scanners.Result{}, err
	}
	if len(start) < len(magic) && strings.HasPrefix(magic, string(start)) {
		return scanners.Result{}, scanners.CutOff(f.Size, int64(longPrefix))
	}
	if !bytes.HasPrefix(start, []byte(magic)) {
		if bytes.HasPrefix(start, []byte("version https://")) || !isNamed(f.Name) {
			return scanners.Result{}, scanners.ErrNotRecognised // the scanner of text explains pointers
		}
		s.found.Add("numpy/wrong-content", 0, "begins with %s", clip.Quote(start, 8))
		return scanners.Result{Findings: s.found.All()}, nil
	}
	err := s.arrays(ctx)
	s.result.Findings = s.found.All()
	return s.result, err
}

// arrays walks the arrays of the file: several calls of numpy.save to one file
// put one behind the other.
func (s *scan) arrays(ctx context.Context) error {
	for at := int64(0); at < s.file.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var start [len(magic)]byte
		if !s.startsArray(start[:], at) {
			s.found.Add("numpy/trailing-data", at, "%d bytes after the array", s.file.Size-at)
			return nil
		}
		next, err := s.array(at)
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// startsArray reports whether another array begins here. What cannot be read
// does not begin one, and stays uncovered.
func (s *scan) startsArray(start []byte, at int64) bool {
	return s.file.Size-at >= int64(len(start)) && s.readAt(start, at) == nil && string(start) == magic
}

// array checks one array and returns where it ends.
func (s *scan) array(at int64) (end int64, err error) {
	text, data, err := s.header(at)
	if err != nil {
		return 0, err
	}
	a, pos, err := parseHeader(text)
	if err != nil && !a.dtype.object {
		s.handOn(data) // numpy may understand it, and unpickle what follows
	}
	switch {
	case errors.Is(err, errDtype) && !a.dtype.object:
		s.found.Add("numpy/unknown-dtype", at, "%s", clip.Quote(text, maxShown))
		return 0, &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: err}
	case errors.Is(err, errOverflow):
		s.found.Add("numpy/overflow", at, "%s", clip.Quote(text, maxShown))
		return 0, &scanners.FormatError{Offset: at, Err: err}
	case err != nil && !a.dtype.object:
		s.found.Add("numpy/header", data-int64(len(text))+int64(pos), "%v: %s", err, clip.Quote(text, maxShown))
		return 0, &scanners.FormatError{Offset: at, Err: fmt.Errorf("header: %w", err)}
	}
	s.result.Parsed.Add(at, data-at)
	if len(s.result.Facts) == 0 {
		s.result.Facts = facts(text, a)
	}
	if a.dtype.object {
		s.objects(at, data)
		if data >= s.file.Size { // even an empty array has a pickle of its own
			return 0, scanners.CutOff(s.file.Size, data+1)
		}
		return s.file.Size, nil
	}
	size, err := multiply(a.elements, a.dtype.size)
	if err != nil {
		s.found.Add("numpy/overflow", at, "%d elements of %d bytes", a.elements, a.dtype.size)
		return 0, &scanners.FormatError{Offset: at, Err: err}
	}
	if rest := s.file.Size - data; size > uint64(rest) {
		s.found.Add("numpy/size-mismatch", at, "the array needs %d bytes, the file has %d", size, rest)
		return 0, scanners.CutOff(s.file.Size, data+int64(min(size, scanners.LargestFile)))
	}
	s.result.Opaque.Add(data, int64(size))
	return data + int64(size), nil
}

// objects hands the rest of the file on: where the pickle ends, only a reader of
// pickles knows.
func (s *scan) objects(at, data int64) {
	s.found.Add("numpy/object-array", at, "the elements are a pickle of %d bytes or less", s.file.Size-data)
	s.handOn(data)
}

func (s *scan) handOn(data int64) {
	s.result.Members = append(s.result.Members, scanners.Member{
		Name: path.Base(s.file.Name) + ".object-array.pkl",
		Size: s.file.Size - data,
		Span: scanners.Span{Off: data, Len: s.file.Size - data},
	})
}

// header reads the text of the header and returns where the data begins.
func (s *scan) header(at int64) (text []byte, data int64, err error) {
	prefix := make([]byte, min(int64(longPrefix), s.file.Size-at))
	if err := s.readAt(prefix, at); err != nil {
		return nil, 0, err
	}
	if len(prefix) < shortPrefix {
		return nil, 0, scanners.CutOff(s.file.Size, at+int64(longPrefix))
	}
	n, head := int64(binary.LittleEndian.Uint16(prefix[8:])), int64(shortPrefix)
	switch version := prefix[6]; {
	case version < 1 || version > 3:
		return nil, 0, s.broken(at, "unknown version %d.%d", version, prefix[7])
	case version > 1 && len(prefix) < longPrefix:
		return nil, 0, scanners.CutOff(s.file.Size, at+int64(longPrefix))
	case version > 1:
		n, head = int64(binary.LittleEndian.Uint32(prefix[8:])), int64(longPrefix)
	}
	if n > usualHeader {
		s.found.Add("numpy/long-header", at, "a header of %d bytes", n)
	}
	if n > maxHeader {
		return nil, 0, &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("a header of %d bytes", n)}
	}
	if n > s.file.Size-at-head {
		return nil, 0, scanners.CutOff(s.file.Size, at+head+n)
	}
	text = make([]byte, n)
	return text, at + head + n, s.readAt(text, at+head)
}

func (s *scan) broken(at int64, format string, args ...any) error {
	s.found.Add("numpy/header", at, format, args...)
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

func (s *scan) readAt(p []byte, at int64) error {
	if _, err := io.ReadFull(io.NewSectionReader(s.file, at, int64(len(p))), p); err != nil {
		return fmt.Errorf("read %d bytes: %w", len(p), err)
	}
	return nil
}
