// Package media walks the structure of sound, film and fonts: MP3, FLAC, Ogg, MP4
// and its family, Matroska and WebM, AVI, OpenType, TrueType collections, WOFF.
//
// Such a file in a repository is data: an example to listen to, a demonstration, a
// font for plots. What is worth knowing is whether all of it is what it says: an
// archive or a program behind the end shares its bytes with it (a polyglot).
//
// # Security
//
// Headers are walked with lengths checked against the file, every step moves
// forward and is at least as long as its header, so that the work is bounded by the
// size. Contents are not decoded: they count as opaque.
package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// Scanner knows sound, film and fonts.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "media", Title: "Sound, film, font", Version: 1, Rules: slices.Clone(rules)}
}

var rules = []scanners.Rule{
	{
		ID: "media/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "There is data behind the end of the sound, film or font.",
		Help:    "Players ignore it; another program may find an archive or a program there. Ask why it is there, or cut it off.",
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "media/broken", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file breaks off or contradicts itself.",
		Help:    "Players may still show it, and may take different parts of it. Fetch it again.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	},
}

// walker walks one file and returns where its structure ends.
type walker func(*scan) (int64, error)

// walkerFor chooses by content.
func walkerFor(start []byte) walker {
	has := func(at int, magic string) bool {
		return len(start) >= at+len(magic) && string(start[at:at+len(magic)]) == magic
	}
	switch {
	case has(4, "ftyp"), has(4, "moov"), has(4, "mdat") && has(0, "\x00"), has(4, "wide"):
		return walkBoxes
	case has(0, "fLaC"):
		return walkFLAC
	case has(0, "OggS"):
		return walkOgg
	case has(0, "ID3") && len(start) >= 10 && start[3] < 5 && start[6]|start[7]|start[8]|start[9] < 0x80, len(start) >= 4 && frameLength(start) > 0 && isSecondFrame(start):
		return walkMP3
	case has(0, "\x1aE\xdf\xa3"):
		return walkMatroska
	case has(0, "RIFF") && has(8, "AVI "):
		return walkAVI
	case has(0, "OTTO"), has(0, "true"), has(0, "\x00\x01\x00\x00\x00") && isFontDirectory(start):
		return walkFont
	case has(0, "ttcf"):
		return walkCollection
	case has(0, "wOFF"), has(0, "wOF2"):
		return walkWOFF
	}
	return nil
}

// Match accepts what begins like sound, film or a font.
func (Scanner) Match(h scanners.Head) bool { return walkerFor(h.Start) != nil }

type scan struct {
	ctx    context.Context
	file   scanners.File
	result scanners.Result
	window []byte
	from   int64
	steps  int
}

// Scan walks the file and covers it; bytes behind it stay uncovered.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 8<<10))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	walk := walkerFor(start)
	if walk == nil {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{ctx: ctx, file: f}
	found := findings.New(rules)
	end, err := walk(s)
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	var format *scanners.FormatError
	if errors.As(err, &format) && format.Code == "" {
		found.Add("media/broken", format.Offset, "%v", format.Err)
	}
	if err == nil && end < f.Size {
		found.Add("media/trailing-data", end, "%d bytes", f.Size-end)
	}
	s.result.Findings = found.All()
	return s.result, err
}

// windowSize makes many small steps one read.
const windowSize = 64 << 10

// bytes returns n bytes at an offset, at most windowSize.
func (s *scan) bytes(at int64, n int) ([]byte, error) {
	if s.steps++; s.steps&0xfff == 0 && s.ctx.Err() != nil {
		return nil, s.ctx.Err()
	}
	if at < 0 || at+int64(n) > s.file.Size {
		return nil, broken(min(max(at, 0), s.file.Size), "the file ends in the middle")
	}
	if at < s.from || at+int64(n) > s.from+int64(len(s.window)) {
		p := make([]byte, max(int64(n), min(windowSize, s.file.Size-at)))
		if _, err := io.ReadFull(io.NewSectionReader(s.file, at, int64(len(p))), p); err != nil {
			return nil, fmt.Errorf("read %d bytes: %w", n, err)
		}
		s.window, s.from = p, at
	}
	return s.window[at-s.from : at-s.from+int64(n)], nil
}

// part accounts for a header and the content behind it.
func (s *scan) part(at, header, content int64) error {
	if content < 0 || header+content < header || header+content > s.file.Size-at {
		return broken(at, "a part of %d bytes does not fit the file", content)
	}
	s.result.Parsed.Add(at, header)
	s.result.Opaque.Add(at+header, content)
	return nil
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

// zeros reports that nothing but padding is left.
func (s *scan) zeros(at int64) bool {
	n := s.file.Size - at
	if n < 0 || n > 64<<10 {
		return false
	}
	p, err := s.bytes(at, int(n))
	return err == nil && len(bytes.Trim(p, "\x00")) == 0
}
