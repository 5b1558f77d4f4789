package rdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

// Scanner scans objects saved by R.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "rdata", Title: "R data", Version: 1, Rules: slices.Clone(rules)}
}

// Match recognises the signatures of save and saveRDS, version 2 and 3.
func (Scanner) Match(h scanners.Head) bool {
	_, _, ok := signature(h.Start)
	return ok
}

// signature returns the form of a file, and where its version stands.
func signature(start []byte) (form byte, at int, ok bool) {
	for _, s := range []string{"RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n", "RDB2\n", "RDB3\n"} {
		if bytes.HasPrefix(start, []byte(s)) {
			at = len(s)
		}
	}
	p := start[at:]
	switch {
	case bytes.HasPrefix(p, []byte("X\n\x00\x00\x00\x02")), bytes.HasPrefix(p, []byte("X\n\x00\x00\x00\x03")),
		bytes.HasPrefix(p, []byte("B\n\x02\x00\x00\x00")), bytes.HasPrefix(p, []byte("B\n\x03\x00\x00\x00")),
		bytes.HasPrefix(p, []byte("A\n2\n")), bytes.HasPrefix(p, []byte("A\n3\n")):
		return p[0], at + 2, true
	}
	return 0, 0, false
}

// scan is the state of one file.
type scan struct {
	*stream
	found    *findings.List
	known    []item // symbols and environments, to which items refer
	depth    int
	promises int // without a value, around the current item
	bare     int // those of them that are in no environment
	envs     int // environments around the current item
	inCode   int // byte code around the current item
	result   scanners.Result
	version  string
}

// Scan walks the whole object.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	form, at, ok := signature(start)
	if !ok {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{found: findings.New(rules)}
	s.stream = newStream(ctx, f, &s.result)
	s.ascii = form == 'A'
	if form == 'B' {
		s.order = binary.LittleEndian
	}
	err := s.read(int64(at))
	if err == nil {
		s.done()
	}
	s.result.Findings = s.found.All()
	if s.version != "" {
		s.result.Facts = []scanners.Fact{{Key: "rdata/r-version", Value: s.version}}
	}
	return s.result, err
}

// read reads the head and the object.
func (s *scan) read(at int64) error {
	if err := s.pass(at); err != nil {
		return err
	}
	version, err := s.integer()
	if err != nil {
		return err
	}
	writer, err := s.integer()
	if err != nil {
		return err
	}
	s.version = strconv.Itoa(int(writer>>16)) + "." + strconv.Itoa(int(writer>>8&0xff)) + "." + strconv.Itoa(int(writer&0xff))
	if _, err := s.integer(); err != nil {
		return err
	}
	if version == 3 {
		n, err := s.length(1)
		if err != nil {
			return err
		}
		encoding, err := s.text(n)
		if err != nil {
			return err
		}
		if n > 64 {
			return s.broken("the encoding %s", clip.Quote(encoding, 40))
		}
	}
	if _, err = s.item(); err != nil || !s.ascii {
		return err
	}
	for { // the last line ends with a line feed
		p, err := s.src.Peek(1)
		if err != nil || p[0] != '\n' {
			return nil //nolint:nilerr // the end of the file
		}
		if _, err := s.one(); err != nil {
			return err
		}
	}
}
