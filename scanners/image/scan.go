package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// Scanner recognises pictures.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "image", Title: "Picture", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what begins like a picture.
func (Scanner) Match(h scanners.Head) bool { return walkerFor(h.Name, h.Start) != nil }

// walker walks one picture and returns where it ends.
type walker func(*scan) (end int64, err error)

// walkerFor chooses by content; only an SVG that begins with something else than
// its root needs its name.
func walkerFor(name string, start []byte) walker {
	switch {
	case bytes.HasPrefix(start, []byte(pngMagic)):
		return walkPNG
	case bytes.HasPrefix(start, []byte("\xff\xd8\xff")):
		return walkJPEG
	case bytes.HasPrefix(start, []byte("GIF87a")), bytes.HasPrefix(start, []byte("GIF89a")):
		return walkGIF
	case len(start) >= 12 && string(start[:4]) == "RIFF" && (string(start[8:12]) == "WEBP" || string(start[8:12]) == "WAVE"):
		return walkRIFF
	case isBMP(start):
		return walkBMP
	case isICO(start):
		return walkICO
	case isSVG(name, start):
		return walkSVG
	}
	return nil
}

// scan is the state of one file.
type scan struct {
	ctx    context.Context
	file   scanners.File
	found  *findings.List
	result scanners.Result

	window   []byte // bytes of the file that were read together
	windowAt int64
}

// windowSize makes many small steps one read.
const windowSize = 16 << 10

// Scan walks the picture and covers it; bytes behind it stay uncovered.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, 1<<10))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	walk := walkerFor(f.Name, start)
	if walk == nil {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{ctx: ctx, file: f, found: findings.New(rules)}
	end, err := walk(s)
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	var format *scanners.FormatError
	if errors.As(err, &format) && format.Code == "" {
		s.found.Add("image/broken", format.Offset, "%v", format.Err)
	}
	if err == nil && end < f.Size {
		s.found.Add("image/trailing-data", end, "%d bytes after the picture", f.Size-end)
	}
	s.result.Findings = s.found.All()
	return s.result, err
}

// bytes returns n bytes at an offset, at most windowSize, which must all be inside
// the file. They are valid until the next call.
func (s *scan) bytes(at int64, n int) ([]byte, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	if at+int64(n) > s.file.Size {
		return nil, broken(min(at, s.file.Size), "the file ends in the middle of the picture")
	}
	if at < s.windowAt || at+int64(n) > s.windowAt+int64(len(s.window)) {
		p := make([]byte, max(int64(n), min(windowSize, s.file.Size-at)))
		if _, err := io.ReadFull(io.NewSectionReader(s.file, at, int64(len(p))), p); err != nil {
			return nil, fmt.Errorf("read %d bytes: %w", n, err)
		}
		s.window, s.windowAt = p, at
	}
	from := at - s.windowAt
	return s.window[from : from+int64(n)], nil
}

// inside checks that a block of n bytes ends within the file.
func (s *scan) inside(at, n int64) error {
	if n > s.file.Size-at {
		return broken(min(at, s.file.Size), "a block of %d bytes does not fit the file", n)
	}
	return nil
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

func hasExt(name, ext string) bool { return strings.EqualFold(path.Ext(name), ext) }
