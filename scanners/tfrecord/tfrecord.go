// Package tfrecord checks datasets of TFRecords. Each record has a length, a checksum
// of the length, bytes, and a checksum of the bytes (core/lib/io/record_writer.cc of
// TensorFlow 2.18). The logs of TensorBoard have the same form and a scanner of
// their own.
//
// Records are numbers, texts and images for a program that reads them; nothing in
// them is called.
//
// # Security
//
// Lengths lie inside the file and have the checksum that the writer gave them. The
// bytes are opaque and not read.
package tfrecord

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

const (
	headSize = 12
	tailSize = 4
	maskOf   = 0xa282ead8 // core/lib/hash/crc32c.h
)

var rules = []scanners.Rule{{
	ID: "tfrecord/checksum", Severity: scanners.High, Class: scanners.Suspicious,
	Summary: "A record has another checksum than it states.",
	Help:    "TensorFlow stops at it; readers that do not look go on with changed data. The file was changed or damaged: fetch it again.",
	CWE:     []string{"CWE-354", "CWE-345"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
}}

// Scanner scans files of TFRecords.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tfrecord", Title: "TFRecord file", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts a first length with its checksum, and leaves logs alone.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) >= headSize && headIsRight(h.Start) && !bytes.Contains(h.Start[headSize:min(len(h.Start), 128)], []byte("brain.Event:"))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func masked(p []byte) uint32 {
	sum := crc32.Checksum(p, castagnoli)
	return (sum>>15 | sum<<17) + maskOf
}

func headIsRight(head []byte) bool { return binary.LittleEndian.Uint32(head[8:]) == masked(head[:8]) }

// Scan goes from record to record.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, found: findings.New(rules)}
	var err error
	for at := int64(0); at < f.Size && err == nil; {
		if err = ctx.Err(); err == nil {
			at, err = s.record(at)
		}
	}
	s.result.Findings = s.found.All()
	s.result.Facts = []scanners.Fact{{Key: "tfrecord/records", Value: strconv.FormatInt(s.records, 10)}}
	return s.result, err
}

// scan is the state of one file.
type scan struct {
	file    scanners.File
	found   *findings.List
	result  scanners.Result
	records int64
}

// record reads the one at an offset and says where the next begins.
func (s *scan) record(at int64) (int64, error) {
	if at > s.file.Size-headSize {
		return 0, scanners.CutOff(s.file.Size, at+headSize)
	}
	var head [headSize]byte
	if _, err := s.file.ReadAt(head[:], at); err != nil {
		return 0, fmt.Errorf("read a record: %w", err)
	}
	if !headIsRight(head[:]) {
		s.found.Add("tfrecord/checksum", at, "record %d: the length", s.records)
		return 0, &scanners.FormatError{Offset: at, Err: errors.New("the length of a record is not what it was")}
	}
	size := binary.LittleEndian.Uint64(head[:8])
	if size > scanners.LargestFile {
		return 0, &scanners.FormatError{Offset: at, Err: fmt.Errorf("a record of %d bytes", size)}
	}
	end := at + headSize + int64(size) + tailSize
	if end > s.file.Size {
		return 0, scanners.CutOff(s.file.Size, end)
	}
	s.plain(at, end)
	s.records++
	return end, nil
}

// small is the size up to which a record counts with its head, in bytes, so that a
// flood of small ones leaves no flood of spans.
const small = 4 << 10

func (s *scan) plain(at, end int64) {
	if end-at <= small {
		s.result.Parsed.Add(at, end-at)
		return
	}
	s.result.Parsed.Add(at, headSize)
	s.result.Opaque.Add(at+headSize, end-at-headSize)
}
