package parquet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
)

const (
	magic     = "PAR1"
	locked    = "PARE" // with an encrypted footer
	tailSize  = 8
	maxFooter = 64 << 20
	maxCopy   = 1 << 20
	maxWhat   = 120
)

// Scanner scans Parquet files.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "parquet", Title: "Apache Parquet", Version: 1, Rules: slices.Clone(rules)}
}

// Match recognises the mark at the beginning; the one at the end is missing when the
// file is cut off.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(magic)) || bytes.HasPrefix(h.Start, []byte(locked))
}

// scan is the state of one file.
type scan struct {
	file   scanners.File
	found  *findings.List
	result scanners.Result
}

// Scan reads the footer and accounts for the pages.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules)}
	if f.Size < 4 {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	head, err := s.bytes(0, 4)
	if err != nil {
		return scanners.Result{}, err
	}
	if string(head) == locked {
		return scanners.Result{}, &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New("the footer is encrypted; decrypt the file and scan again")}
	}
	if string(head) != magic {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	err = s.scan(ctx)
	s.result.Findings = s.found.All()
	return s.result, err
}

func (s *scan) bytes(at, n int64) ([]byte, error) {
	buf := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(s.file, at, n), buf); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return buf, nil
}

func (s *scan) scan(ctx context.Context) error {
	size := s.file.Size
	if size < 4+tailSize {
		return scanners.CutOff(size, 4+tailSize)
	}
	tail, err := s.bytes(size-tailSize, tailSize)
	if err != nil {
		return err
	}
	if string(tail[4:]) != magic {
		return scanners.CutOff(size, size+tailSize)
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	at := size - tailSize - n
	switch {
	case at < 4:
		return &scanners.FormatError{Offset: size - tailSize, Err: fmt.Errorf("a footer of %d bytes", n)}
	case n > maxFooter:
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("a footer of %d bytes", n)}
	}
	data, err := s.bytes(at, n)
	if err != nil {
		return err
	}
	f := &footer{thrift: &thrift{data: data}}
	f.read()
	s.judge(f, at)
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.close(f, at, n)
}

// close accounts for the footer, and says what could not be looked at.
func (s *scan) close(f *footer, at, n int64) error {
	if f.err != nil {
		return &scanners.FormatError{Offset: at + int64(min(f.pos, int(n))), Err: f.err}
	}
	s.result.Facts = []scanners.Fact{{Key: "parquet/rows", Value: strconv.FormatInt(f.rows, 10)}, {Key: "parquet/created-by", Value: cmp.Or(f.writer, "unknown")}}
	s.result.Parsed.Add(0, 4)
	s.result.Parsed.Add(at, int64(f.pos))
	s.result.Parsed.Add(s.file.Size-tailSize, tailSize)
	switch {
	case f.tooMany:
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d column chunks", maxChunks)}
	case f.locked || slices.ContainsFunc(f.chunks, func(c chunk) bool { return c.encrypted }):
		return &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: errors.New("encrypted columns; decrypt the file and scan again")}
	}
	return nil
}

// judge checks where the columns are, and what the metadata says.
func (s *scan) judge(f *footer, end int64) {
	var all []scanners.Span
	for i := range f.chunks {
		c := &f.chunks[i]
		if c.path != "" {
			s.external(c.path, end)
			continue
		}
		for _, p := range c.pieces() {
			if p.Off < 4 || p.Len < 0 || p.Off > end || p.Len > end-p.Off {
				s.found.Add("parquet/range", end, "%d bytes at %d, of %d", p.Len, p.Off, end)
				continue
			}
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b scanners.Span) int { return cmp.Or(cmp.Compare(a.Off, b.Off), cmp.Compare(a.Len, b.Len)) })
	last := int64(4)
	for _, p := range all {
		if p.Off < last {
			s.found.Add("parquet/range", p.Off, "%d bytes at %d belong to two column chunks", last-p.Off, p.Off)
		}
		last = max(last, p.End())
		s.result.Opaque.Add(p.Off, p.Len)
	}
	s.metadata(f, end)
	s.copies(f, end)
}

// copies accounts for what writers leave between the columns: a copy of the metadata
// of a column behind it (parquet-cpp, ColumnChunkMetaDataBuilder::WriteTo), and zeros
// that align the next one.
func (s *scan) copies(f *footer, end int64) {
	places := make(map[int64]bool)
	for _, c := range f.chunks {
		places[c.copied] = true
	}
	at := int64(4)
	for _, span := range append(s.result.Opaque.Normal(end), scanners.Span{Off: end}) {
		if at < span.Off {
			s.between(at, span.Off, places)
		}
		at = span.End()
	}
}

func (s *scan) between(at, end int64, places map[int64]bool) {
	for at < end {
		data, err := s.bytes(at, min(end-at, maxCopy))
		if err != nil {
			return
		}
		n := int64(len(data) - len(bytes.TrimLeft(data, "\x00")))
		if n == 0 && places[at] {
			t := &thrift{data: data}
			t.skip(tStruct)
			if t.err == nil {
				n = int64(t.pos)
			}
		}
		if n == 0 {
			return
		}
		s.result.Parsed.Add(at, n)
		at += n
	}
}

// external grades a path: a summary file names the files beside it.
func (s *scan) external(name string, at int64) {
	severity := scanners.High
	summary := slices.Contains([]string{"_metadata", "_common_metadata"}, path.Base(s.file.Name))
	if summary && !entryname.Outside(name) && !strings.Contains(name, ":") {
		severity = scanners.Low
	}
	s.found.AddAs(severity, "parquet/external-column", at, "the file %s", clip.Quote(name, maxWhat))
}

// pickled is the extension type that PyArrow wrote for a type of Python
// (PyExtensionType, deprecated in 14.0.0).
const pickled = "arrow.py_extension_type"

// metadata looks for types that are pickles. Arrow keeps its schema in base64.
func (s *scan) metadata(f *footer, at int64) {
	for _, text := range f.texts {
		key, value := text.key, text.value
		if !bytes.Contains(value, []byte(pickled)) {
			clean := bytes.TrimRight(value, "=\x00 \r\n")
			decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
			n, _ := base64.RawStdEncoding.Decode(decoded, clean) // what decodes before an error counts
			value = decoded[:n]
		}
		if bytes.Contains(value, []byte(pickled)) {
			s.found.Add("parquet/pickled-type", at, "the schema under %s has the type %s", clip.Quote(key, 40), pickled)
		}
	}
}
