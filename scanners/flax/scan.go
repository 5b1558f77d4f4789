package flax

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

const (
	maxKey   = 4 << 10
	maxDepth = 512
	maxRank  = 64
	maxKeys  = 1 << 16 // of one map that are compared
)

// Scanner scans parameters of Flax.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "flax", Title: "Flax parameters (MessagePack)", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts a map whose first key is a text, and anything by its name.
func (Scanner) Match(h scanners.Head) bool { return isNamed(h.Name) || beginsAsMap(h.Start) }

func isNamed(name string) bool { return strings.EqualFold(path.Ext(name), ".msgpack") }

func beginsAsMap(p []byte) bool {
	if len(p) < 4 {
		return false
	}
	switch b := p[0]; {
	case b > 0x80 && b < 0x90:
		p = p[1:]
	case b == 0xde:
		p = p[3:]
	case b == 0xdf && len(p) > 6:
		p = p[5:]
	default:
		return false
	}
	if p[0] < 0xa1 || p[0] > 0xbf { // a short text
		return false
	}
	key := p[1:min(len(p), 1+int(p[0]&31))]
	return len(key) == int(p[0]&31) && utf8.Valid(key)
}

// scan is the state of one file.
type scan struct {
	stream
	found  *findings.List
	result scanners.Result
	depth  int
	arrays int
	count  int64 // of numbers in arrays
}

// Scan walks the whole file.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	s := &scan{found: findings.New(rules)}
	s.stream = stream{ctx: ctx, src: bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size), 64<<10), end: f.Size, result: &s.result}
	err := s.value("")
	s.done()
	if s.arrays == 0 && s.found.Len() == 0 && !(isNamed(f.Name) && beginsAsMap(start)) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.result.Findings = s.found.All()
	s.result.Facts = []scanners.Fact{{Key: "flax/arrays", Value: strconv.Itoa(s.arrays)}, {Key: "flax/parameters", Value: strconv.FormatInt(s.count, 10)}}
	return s.result, err
}

// value reads a value with everything in it.
func (s *scan) value(name string) error {
	v, err := s.head()
	if err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return &scanners.FormatError{Offset: s.at, Code: scanners.GapLimit, Err: fmt.Errorf("nested deeper than %d", maxDepth)}
	}
	defer func() { s.depth-- }()
	switch v.kind {
	case text:
		_, err = s.bytes(v.size)
	case raw:
		err = s.data(v.size)
	case list:
		for range v.size {
			if err := s.value(name); err != nil {
				return err
			}
		}
	case dict:
		err = s.dict(v.size)
	case extension:
		err = s.extension(v, name)
	case null, boolean, integer, float:
	}
	return err
}

func (s *scan) dict(n int64) error {
	seen := make(map[string]bool)
	for range n {
		at := s.at
		v, err := s.head()
		if err != nil {
			return err
		}
		key := strconv.FormatInt(v.whole, 10)
		switch v.kind {
		case text, raw:
			kept, err := s.bytes(v.size)
			if err != nil {
				return err
			}
			key = string(kept)
		case integer:
		default:
			return s.broken("a key that is no text")
		}
		if seen[key] {
			s.found.Add("flax/duplicate-key", at, "the key %s", clip.Quote(key, 100))
		}
		if len(seen) < maxKeys {
			seen[key] = true
		}
		if err := s.value(key); err != nil {
			return err
		}
	}
	return nil
}

// extension reads an array, a complex number or a scalar inside its own bounds.
func (s *scan) extension(v value, name string) error {
	if v.size > s.end-s.at {
		return scanners.CutOff(s.end, s.at+v.size)
	}
	outer := s.end
	s.end = s.at + v.size
	defer func() { s.end = outer }()
	at := s.at
	var err error
	switch v.ext {
	case 1, 3:
		err = s.array(name)
	case 2:
		err = s.value(name)
	default:
		s.found.Add("flax/unknown-extension", at, "%s is of extension type %d", clip.Quote(name, 100), v.ext)
		return s.pass(v.size)
	}
	if err == nil && s.at != s.end {
		s.found.Add("flax/array-size", at, "%s has %d bytes behind its value", clip.Quote(name, 100), s.end-s.at)
		err = s.pass(s.end - s.at)
	}
	return err
}

// array reads a shape, the name of a type, and the bytes.
func (s *scan) array(name string) error {
	at := s.at
	v, err := s.head()
	if err != nil {
		return err
	}
	if v.kind != list || v.size != 3 {
		return s.broken("an array without shape, type and bytes")
	}
	count, err := s.shape()
	if err != nil {
		return err
	}
	if v, err = s.head(); err != nil {
		return err
	}
	if v.kind != text && v.kind != raw {
		return s.broken("an array without a type")
	}
	dtype, err := s.bytes(v.size)
	if err != nil {
		return err
	}
	if v, err = s.head(); err != nil {
		return err
	}
	if v.kind != raw {
		return s.broken("an array without bytes")
	}
	s.arrays++
	s.count += count
	width := widths[string(dtype)]
	switch {
	case width == 0:
		s.found.Add("flax/array-type", at, "%s is of type %s", clip.Quote(name, 100), clip.Quote(dtype, 60))
	case count > v.size || count*width != v.size*8:
		s.found.Add("flax/array-size", at, "%s has %d values of %d bits in %d bytes", clip.Quote(name, 100), count, width, v.size)
	}
	return s.data(v.size)
}

// shape reads a shape and returns how many values it has.
func (s *scan) shape() (int64, error) {
	v, err := s.head()
	if err != nil {
		return 0, err
	}
	if v.kind != list || v.size > maxRank {
		return 0, s.broken("an array without a shape")
	}
	count := int64(1)
	for range v.size {
		d, err := s.head()
		if err != nil {
			return 0, err
		}
		if d.kind != integer || d.whole < 0 {
			return 0, s.broken("a dimension that is no number")
		}
		if d.whole > 0 && count > scanners.LargestFile/d.whole {
			count = scanners.LargestFile
			continue
		}
		count *= d.whole
	}
	return count, nil
}

// widths are the bits of a value by the names of NumPy and of ml_dtypes, which Flax
// registers. Each takes whole bytes, the small ones too.
var widths = map[string]int64{
	"bool": 8, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64,
	"float16": 16, "bfloat16": 16, "float32": 32, "float64": 64, "complex64": 64, "complex128": 128,
	"float8_e4m3fn": 8, "float8_e5m2": 8, "float8_e4m3b11fnuz": 8, "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8, "float8_e4m3": 8, "float8_e3m4": 8, "float8_e8m0fnu": 8,
	"int4": 8, "uint4": 8, "int2": 8, "uint2": 8, "float4_e2m1fn": 8,
}
