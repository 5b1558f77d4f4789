package arrow

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/findings"
	fb "assay/scanners/internal/flatbuffers"
)

const (
	magic       = "ARROW1"
	feather     = "FEA1"
	maxMetadata = 64 << 20
	maxMessages = 1 << 20
)

// Scanner scans Arrow files and streams.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "arrow", Title: "Apache Arrow", Version: 1, Rules: slices.Clone(rules)}
}

// Match recognises files by their mark, and streams by how a message begins: a mark
// of four bytes, and a length that is a multiple of eight.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(magic)) || bytes.HasPrefix(h.Start, []byte(feather)) || isStream(h.Start)
}

func isStream(p []byte) bool {
	if len(p) < 16 || binary.LittleEndian.Uint32(p) != 1<<32-1 {
		return false
	}
	n := binary.LittleEndian.Uint32(p[4:])
	return n > 8 && n%8 == 0 && n <= maxMetadata && binary.LittleEndian.Uint32(p[8:]) < n
}

// scan is the state of one file.
type scan struct {
	ctx     context.Context
	file    scanners.File
	found   *findings.List
	result  scanners.Result
	starts  map[int64]int64 // batches by where they begin, with the size of the body
	batches int
	schema  bool
}

// Scan reads every message.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 16))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	s := &scan{ctx: ctx, file: f, found: findings.New(rules), starts: make(map[int64]int64)}
	var err error
	switch {
	case bytes.HasPrefix(start, []byte(feather)):
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("a Feather file of version 1; write it again with a current version and scan again")}
	case bytes.HasPrefix(start, []byte(magic)):
		s.schema = true
		err = s.whole()
	case isStream(start):
		_, err = s.messages(0, f.Size)
	default:
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if !s.schema {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.result.Findings = s.found.All()
	s.result.Facts = []scanners.Fact{{Key: "arrow/batches", Value: strconv.Itoa(s.batches)}}
	return s.result, err
}

func (s *scan) bytes(at, n int64) ([]byte, error) {
	if n > s.file.Size-at {
		return nil, scanners.CutOff(s.file.Size, at+n)
	}
	buf := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(s.file, at, n), buf); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return buf, nil
}

// whole reads a file: the mark, a stream, the footer with its length, the mark.
func (s *scan) whole() error {
	head, err := s.bytes(0, 8)
	if err != nil {
		return err
	}
	tailSize := int64(4 + len(magic))
	if s.file.Size < 8+tailSize {
		return scanners.CutOff(s.file.Size, 8+tailSize)
	}
	tail, err := s.bytes(s.file.Size-tailSize, tailSize)
	if err != nil {
		return err
	}
	if string(tail[4:]) != magic {
		_, err := s.messages(8, s.file.Size)
		return errors.Join(scanners.CutOff(s.file.Size, s.file.Size+1), err)
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	at := s.file.Size - tailSize - n
	if at < 8 || n > maxMetadata || string(head[6:]) != "\x00\x00" {
		return &scanners.FormatError{Offset: s.file.Size - tailSize, Err: fmt.Errorf("a footer of %d bytes", n)}
	}
	s.result.Parsed.Add(0, 8)
	s.result.Parsed.Add(s.file.Size-tailSize, tailSize)
	if _, err := s.messages(8, at); err != nil {
		return err
	}
	footer, err := s.table(at, n, footerTable())
	if err == nil {
		s.compare(footer, at)
	}
	return err
}

// messages reads messages until the mark of the end, or the end.
func (s *scan) messages(at, end int64) (int64, error) {
	for n := 0; at < end; n++ {
		if n > maxMessages {
			return at, &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d messages", maxMessages)}
		}
		head, err := s.bytes(at, min(8, end-at))
		if err != nil || len(head) < 8 {
			return at, err
		}
		start := at
		size, width := int64(binary.LittleEndian.Uint32(head)), int64(4)
		if size == 1<<32-1 { // before version 0.15 there was no mark
			size, width = int64(binary.LittleEndian.Uint32(head[4:])), 8
		}
		s.result.Parsed.Add(at, width)
		at += width
		if size == 0 {
			return at, nil
		}
		if size > end-at {
			return at, scanners.CutOff(s.file.Size, at+size)
		}
		if size > maxMetadata {
			return at, &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("a message of %d bytes", size)}
		}
		m, err := s.table(at, size, messageTable())
		if err != nil {
			return at, err
		}
		at += size
		if err := s.body(m, start, at, end); err != nil {
			return at, err
		}
		at += m.body
	}
	return at, nil
}

// table walks one FlatBuffer.
func (s *scan) table(at, size int64, root *table) (*message, error) {
	m := &message{}
	if size < 8 {
		return m, &scanners.FormatError{Offset: at, Err: fmt.Errorf("a message of %d bytes", size)}
	}
	w := fb.New(s.ctx, io.NewSectionReader(s.file, at, size), size, m)
	err := w.Root(root)
	if err == nil {
		err = w.Padding(size)
	}
	s.result.Parsed.AddAll(w.Parsed, at)
	s.schema = s.schema || m.schema
	if m.pickled {
		s.found.Add("arrow/pickled-type", at, "a column is of the type %s", pickled)
	}
	if format, ok := errors.AsType[*scanners.FormatError](err); ok {
		place := min(at+format.Offset, s.file.Size)
		if format.Code == "" && s.schema {
			s.found.Add("arrow/malformed", place, "%v", format.Err)
		}
		return m, &scanners.FormatError{Offset: place, Code: format.Code, Err: format.Err}
	}
	if err == nil && m.unknown != "" {
		err = &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: fmt.Errorf("an unknown field or kind in %s", m.unknown)}
	}
	return m, err
}

// body accounts for the body of a message.
func (s *scan) body(m *message, start, at, end int64) error {
	if m.odd || m.far > m.body || m.body < 0 {
		s.found.Add("arrow/range", at, "buffers reach to byte %d of a body of %d", m.far, m.body)
	}
	if m.body < 0 || m.body > end-at {
		return scanners.CutOff(s.file.Size, at+max(1, min(m.body, scanners.LargestFile)))
	}
	if m.batch {
		s.batches++
		s.starts[start] = m.body
	}
	s.result.Opaque.Add(at, m.body)
	return nil
}

// compare compares the footer with the messages.
func (s *scan) compare(footer *message, at int64) {
	for p := footer.blocks; len(p) >= blockSize; p = p[blockSize:] {
		offset, body := int64(binary.LittleEndian.Uint64(p)), int64(binary.LittleEndian.Uint64(p[16:]))
		if found, ok := s.starts[offset]; !ok || found != body {
			s.found.Add("arrow/footer-differs", at, "no batch of %d bytes begins at %d", body, offset)
			return
		}
	}
	if footer.count != int64(s.batches) {
		s.found.Add("arrow/footer-differs", at, "%d batches in the footer, and %d in the file", footer.count, s.batches)
	}
}
