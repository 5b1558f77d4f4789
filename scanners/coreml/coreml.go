// Package coreml checks Core ML models: the specification (.mlmodel, Model.proto and
// MIL.proto of coremltools 8), the manifest of a package (.mlpackage), and the
// weights beside a program (weight.bin).
//
// A model computes with what Core ML brings along, but for two kinds of reference:
// a custom layer or model names a class that the app must have, and a linked model
// names a file. What the classic models hold (trees, vectors, layers of numbers) is
// taken for data.
//
// # Security
//
// The specification is walked by a schema, nested pipelines, networks and blocks
// included. What the schema does not name stays uncovered. Paths are judged as the
// least careful system reads them.
package coreml

import (
	"context"
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
	"assay/scanners/internal/jsontok"
	"assay/scanners/internal/protobuf"
)

const (
	shown     = 100
	maxBlobs  = 1 << 18
	newest    = 20 // specification versions; 9 is that of iOS 18
	blobAlign = 64 // bytes
)

var rules = []scanners.Rule{
	{
		ID: "coreml/custom-class", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The model names a class of native code that has to compute a part of it.",
		Help:    "Whoever loads it must link that class into the app. Use a model without custom layers, or review the class as you review code.",
		CWE:     []string{"CWE-829", "CWE-470"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "coreml/path", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The model names a file outside of its package.",
		Help:    "Loaders and installers that follow the path read or replace other files of the user. Do not use the package.",
		CWE:     []string{"CWE-22", "CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "coreml/linked-model", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model is a link to another model.",
		Help:    "What is computed depends on a file that this one only names. Scan that one too.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: "coreml/weights", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The weights lie where no writer puts them.",
		Help:    "Loaders that trust the offsets read foreign memory. Convert the model again.",
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "coreml/duplicate-field", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A field that is there once is there twice.",
		Help:    "Parsers take the last value, or merge the two; a reader that takes the first sees another model. Convert the model again.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "coreml/unknown-field", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model has a field that is not known.",
		Help:    "It is newer than this list, or something hides there. Convert the model again from a source that you trust.",
		CWE:     []string{"CWE-1287"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans Core ML models.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "coreml", Title: "Core ML model", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts a specification version with a description behind it, and the names
// in use. The format has no signature; Scan looks closer.
func (Scanner) Match(h scanners.Head) bool {
	return isNamed(h.Name, ".mlmodel") || isManifest(h.Name) || isBlob(h.Start) || len(h.Start) > 3 && h.Start[0] == 0x08 && h.Start[1] <= newest && h.Start[2] == 0x12
}

func isNamed(name, ext string) bool { return strings.ToLower(path.Ext(name)) == ext }

func isManifest(name string) bool { return strings.ToLower(path.Base(name)) == "manifest.json" }

const sentinel = 0xdeadbeef

// isBlob reports a file of weights: a count, the version 2, and the mark of the
// first entry (MILBlob/Blob/StorageFormat.hpp of coremltools 8).
func isBlob(start []byte) bool {
	return len(start) >= blobAlign+4 && binary.LittleEndian.Uint32(start[4:]) == 2 && binary.LittleEndian.Uint32(start[blobAlign:]) == sentinel
}

// Scan walks a specification, or reads one of the files beside it.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 2*blobAlign))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	s := &scan{file: f, found: findings.New(rules)}
	s.Walker = &protobuf.Walker[*scan]{Reader: protobuf.NewReader(ctx, f, f.Size), State: s, Parsed: &s.result.Parsed, Opaque: &s.result.Opaque}
	var err error
	switch {
	case isBlob(start):
		err = s.blobs(ctx, int64(binary.LittleEndian.Uint32(start)))
	case isManifest(f.Name):
		err = s.manifest()
	default:
		err = s.model()
	}
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	s.result.Findings = s.found.All()
	return s.result, err
}

// scan is the state of one file.
type scan struct {
	*protobuf.Walker[*scan]
	file   scanners.File
	found  *findings.List
	result scanners.Result

	blob  scanners.Ref // the reference to weights that is read
	known map[string]bool
}

// Unknown reports a field that the specification does not have.
func (s *scan) Unknown(message string, f protobuf.Field) {
	s.found.Add("coreml/unknown-field", f.Head.Off, "%s has no field %d of the wire type %d; %d bytes", message, f.Number, f.Type, f.Data.Len)
}

// Twice reports a second value of a field that has one.
func (s *scan) Twice(message, field string, f protobuf.Field) {
	s.found.Add("coreml/duplicate-field", f.Head.Off, "%s has a second %s", message, field)
}

// model walks a specification. Its fields are looked at first: other formats begin
// in the same way.
func (s *scan) model() error {
	m := modelSchema()
	version, kinds := uint64(0), 0
	all := scanners.Span{Len: s.file.Size}
	err := s.Fields(all, func(f protobuf.Field) error {
		if f.Number == 1 && f.Type == protobuf.Varint {
			version = f.Value
		}
		if f.Number >= 200 && f.Type == protobuf.Bytes && m.Fields[f.Number].Name != "" {
			kinds++
		}
		return nil
	})
	var format *scanners.FormatError
	if err != nil && !errors.As(err, &format) {
		return err
	}
	if version == 0 || version > newest || kinds == 0 && (err == nil || !isNamed(s.file.Name, ".mlmodel")) {
		return scanners.ErrNotRecognised
	}
	s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "coreml/specification", Value: strconv.FormatUint(version, 10)})
	return s.Walk(m, all)
}

func (s *scan) customClass(f protobuf.Field, p []byte) error {
	s.found.Add("coreml/custom-class", f.Head.Off, "the class %s", clip.Quote(p, shown))
	return nil
}

func (s *scan) linked(f protobuf.Field, p []byte) error {
	name := clip.Bytes(p, 4<<10)
	s.found.Add("coreml/linked-model", f.Head.Off, "%s", clip.Quote(name, shown))
	s.judgePath(f.Head.Off, name)
	return nil
}

func (s *scan) judgePath(at int64, name string) {
	if entryname.Escapes(name) || strings.Contains(name, "://") || entryname.HasControl(name) {
		s.found.Add("coreml/path", at, "%s", clip.Quote(name, 2*shown))
	}
}

// operation judges the type of a MIL operation.
func (s *scan) operation(f protobuf.Field, p []byte) error {
	if strings.HasPrefix(string(p), "custom") {
		s.found.Add("coreml/custom-class", f.Head.Off, "an operation of the type %s", clip.Quote(p, shown))
	}
	return nil
}

// modelPath is how a program names its own package.
const modelPath = "@model_path/"

func (s *scan) blobFile(f protobuf.Field, p []byte) error {
	name := clip.Bytes(p, 4<<10)
	inside, ok := strings.CutPrefix(name, modelPath)
	if !ok {
		inside = name
	}
	s.judgePath(f.Head.Off, inside)
	s.blob = scanners.Ref{Kind: scanners.RefData, Name: inside}
	return nil
}

// endBlob names the file of weights once; what lies where in it, the file says.
func (s *scan) endBlob(scanners.Span) error {
	if s.known == nil {
		s.known = make(map[string]bool)
	}
	if name := s.blob.Name; name != "" && !s.known[name] && len(s.known) < 64 {
		s.known[name] = true
		s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "coreml/weights", Value: clip.Bytes(name, 512)})
	}
	s.blob = scanners.Ref{}
	return nil
}

// blobs reads a file of weights: a header, and entries with their values, each at a
// multiple of 64 bytes.
func (s *scan) blobs(ctx context.Context, count int64) error {
	if count > maxBlobs {
		return &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("%d entries", count)}
	}
	s.result.Parsed.Add(0, blobAlign)
	at := int64(blobAlign)
	entry := make([]byte, blobAlign)
	for i := range count {
		if err := ctx.Err(); err != nil {
			return err
		}
		if at > s.file.Size-blobAlign {
			return scanners.CutOff(s.file.Size, at+blobAlign)
		}
		if _, err := s.file.ReadAt(entry, at); err != nil {
			return fmt.Errorf("read an entry: %w", err)
		}
		size, offset := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
		if binary.LittleEndian.Uint32(entry) != sentinel || offset != uint64(at)+blobAlign || size > scanners.LargestFile {
			s.found.Add("coreml/weights", at, "entry %d has %d bytes at %d", i, size, offset)
			return nil
		}
		if int64(offset+size) > s.file.Size {
			return scanners.CutOff(s.file.Size, int64(offset+size))
		}
		s.result.Parsed.Add(at, blobAlign)
		end := (int64(offset+size) + blobAlign - 1) / blobAlign * blobAlign
		s.result.Opaque.Add(int64(offset), min(end, s.file.Size)-int64(offset))
		at = end
	}
	s.result.Facts = append(s.result.Facts, scanners.Fact{Key: "coreml/blobs", Value: strconv.FormatInt(count, 10)})
	return nil
}

// maxManifest is the size of a manifest that is read, in bytes; they name a handful
// of files.
const maxManifest = 1 << 20

// manifest reads the list of a package's files.
func (s *scan) manifest() error {
	if s.file.Size > maxManifest {
		return scanners.ErrNotRecognised
	}
	tokens := jsontok.New(io.NewSectionReader(s.file, 0, s.file.Size), jsontok.Options{})
	isPackage, isPath := false, false
	for {
		t, err := tokens.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return scanners.ErrNotRecognised
		}
		if t.Kind == jsontok.Key && t.Depth == 1 && string(t.Text) == "itemInfoEntries" {
			isPackage = true
		}
		if isPath && t.Kind == jsontok.String {
			s.judgePath(t.Offset, string(t.Text))
		}
		isPath = t.Kind == jsontok.Key && string(t.Text) == "path"
		if t.Duplicate {
			s.found.Add("coreml/duplicate-field", t.Offset, "the manifest has the key %s twice", clip.Quote(t.Text, shown))
		}
	}
	if !isPackage {
		return scanners.ErrNotRecognised
	}
	s.result.Parsed.Add(0, s.file.Size)
	return nil
}
