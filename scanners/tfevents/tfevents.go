// Package tfevents reads the event files of TensorBoard, which training leaves
// beside a model: records of the TFRecord format, each of which is an Event message
// (tensorflow/core/util/event.proto).
//
// What is in them is drawn and never run: a graph there is a picture, and may name
// the operators of any framework.
//
// # Security
//
// Records are read one after another through a window; a length is believed only
// inside of the file. Checksums are compared for records of up to 1 MiB, up to
// 64 MiB of a file.
package tfevents

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/protobuf"
)

// Scanner reads event files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

var rules = []scanners.Rule{
	{
		ID: "tfevents/checksum", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A record of the training log does not have its checksum.",
		Help:    "TensorBoard stops there. The file was damaged or changed by hand; the model does not need it: leave it out.",
		CWE:     []string{"CWE-354"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tfevents/unknown-field", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A record of the training log has a field that no log has.",
		Help:    "Readers skip it, so that it is a place to hide something. Leave the file out: the model does not need it.",
		CWE:     []string{"CWE-434"}, ATLAS: []string{"AML.T0074"}, OWASP: []string{"LLM03"},
	},
}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tfevents", Title: "TensorBoard events", Version: 1, Rules: slices.Clone(rules)}
}

const (
	head = 12 // length and its checksum
	foot = 4  // checksum of the data

	maxSummed    = 1 << 20  // bytes of a record whose checksum is compared
	maxAllSummed = 64 << 20 // bytes of a file
)

// version begins the text of the first record (event.proto, file_version).
var version = []byte("brain.Event:")

// Match accepts a first record that says what it is.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) > head && binary.LittleEndian.Uint64(h.Start) < 256 && bytes.Contains(h.Start[head:min(len(h.Start), 128)], version)
}

// Scan walks the records.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{f: f, r: protobuf.NewReader(ctx, f, f.Size), found: findings.New(rules)}
	err := s.records(ctx)
	s.result.Findings = s.found.All()
	return s.result, err
}

// scan is the state of one file.
type scan struct {
	f      scanners.File
	r      *protobuf.Reader
	found  *findings.List
	result scanners.Result
	summed int64
}

func (s *scan) records(ctx context.Context) error {
	for at := int64(0); at < s.f.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var start [head]byte
		if s.f.Size-at < head {
			return scanners.CutOff(s.f.Size, at+head)
		}
		if _, err := s.f.ReadAt(start[:], at); err != nil {
			return fmt.Errorf("read the length of a record: %w", err)
		}
		length := binary.LittleEndian.Uint64(start[:])
		if masked(crc32.Checksum(start[:8], castagnoli)) != binary.LittleEndian.Uint32(start[8:]) {
			s.found.Add("tfevents/checksum", at, "the length of a record")
			return &scanners.FormatError{Offset: at, Err: fmt.Errorf("the length %d of a record has another checksum", length)}
		}
		if length > scanners.LargestFile {
			return &scanners.FormatError{Offset: at, Err: fmt.Errorf("a record of %d bytes", length)}
		}
		data := scanners.Span{Off: at + head, Len: int64(length)}
		if data.End()+foot > s.f.Size {
			return scanners.CutOff(s.f.Size, data.End()+foot)
		}
		if err := s.record(data); err != nil {
			return err
		}
		s.result.Parsed.Add(at, head)
		s.result.Parsed.Add(data.End(), foot)
		at = data.End() + foot
	}
	return nil
}

// Fields of Event: what is drawn, and what only readers of graphs look at.
const (
	lastField = 10
	graph     = 4
	metaGraph = 9
)

func (s *scan) record(data scanners.Span) error {
	if err := s.checksum(data); err != nil {
		return err
	}
	return s.r.Fields(data, func(f protobuf.Field) error {
		if f.Number > lastField {
			s.found.Add("tfevents/unknown-field", f.Head.Off, "the field %d", f.Number)
		}
		s.result.Parsed.Add(f.Head.Off, f.Head.Len)
		if f.Number == graph || f.Number == metaGraph {
			s.result.Opaque.Add(f.Data.Off, f.Data.Len)
		} else {
			s.result.Parsed.Add(f.Data.Off, f.Data.Len)
		}
		return nil
	})
}

func (s *scan) checksum(data scanners.Span) error {
	if data.Len > maxSummed || s.summed > maxAllSummed {
		return nil
	}
	s.summed += data.Len
	buf := make([]byte, data.Len+foot)
	if _, err := io.ReadFull(io.NewSectionReader(s.f, data.Off, data.Len+foot), buf); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	if masked(crc32.Checksum(buf[:data.Len], castagnoli)) != binary.LittleEndian.Uint32(buf[data.Len:]) {
		s.found.Add("tfevents/checksum", data.Off, "a record of %d bytes", data.Len)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the checksum as TFRecord stores it (tensorflow/tsl/lib/hash/crc32c.h).
func masked(sum uint32) uint32 { return (sum>>15 | sum<<17) + 0xa282ead8 }
