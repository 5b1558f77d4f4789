// Package dsstore recognises the .DS_Store files that the Finder of macOS leaves in
// every folder, and that many people publish with their models: how a folder looks,
// and the names of the files in it.
//
// # Security
//
// Only the header is read: no loader opens these files, and the Finder itself takes
// positions of icons from them. A file whose header does not fit its size is left
// to the other scanners.
package dsstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
)

// Scanner recognises .DS_Store files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

var ruleLarge = scanners.Rule{
	ID: "dsstore/large", Severity: scanners.Medium, Class: scanners.Suspicious,
	Summary: "A file of the Finder is far larger than any folder explains.",
	Help:    "Such a file holds some hundred bytes for each name in its folder. Nobody looks into it, so that it is a place to hide something. Remove it.",
	CWE:     []string{"CWE-434"}, ATLAS: []string{"AML.T0074"}, OWASP: []string{"LLM03"},
}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "dsstore", Title: "Finder settings", Version: 1, Rules: slices.Clone([]scanners.Rule{ruleLarge})}
}

const (
	headerSize = 36
	usual      = 1 << 20 // bytes
)

// Match accepts the signature of the allocator that the file is kept by.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) >= headerSize && string(h.Start[:8]) == "\x00\x00\x00\x01Bud1"
}

// Scan checks the header.
func (Scanner) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	head := make([]byte, min(headerSize, f.Size))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), head); err != nil {
		return scanners.Result{}, fmt.Errorf("read the header: %w", err)
	}
	if len(head) < headerSize {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	root, size, again := int64(binary.BigEndian.Uint32(head[8:])), int64(binary.BigEndian.Uint32(head[12:])), int64(binary.BigEndian.Uint32(head[16:]))
	if root != again || 4+root+size > f.Size {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	var r scanners.Result
	if f.Size > usual {
		r.Findings = append(r.Findings, ruleLarge.At(0, fmt.Sprintf("%d bytes", f.Size)))
	}
	r.Parsed.Add(0, headerSize)
	r.Opaque.Add(headerSize, f.Size-headerSize)
	return r, nil
}
