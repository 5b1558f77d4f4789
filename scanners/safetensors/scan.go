package safetensors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

const (
	lengthSize = 8
	maxHeader  = 100_000_000 // MAX_HEADER_SIZE of the reference crate
	maxTensors = 2_000_000
)

// Scanner scans safetensors files.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "safetensors", Title: "safetensors", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what has a plausible length and a brace after it, and whatever
// claims by its name to be safetensors: wrong content is then a finding.
func (Scanner) Match(h scanners.Head) bool {
	if isNamed(h.Name) {
		return true
	}
	if len(h.Start) < lengthSize+1 || h.Start[lengthSize] != '{' {
		return false
	}
	// Wider than the limits on purpose: a truncated or oversized header is
	// still meant as one. No text begins like this, for its bytes 5 to 8 are zero.
	return binary.LittleEndian.Uint64(h.Start) < 1<<32
}

// isNamed reports whether the name claims the format. ".sft" is the short form
// that image generators use.
func isNamed(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".safetensors" || ext == ".sft"
}

// scan is the state of one file.
type scan struct {
	file    scanners.File
	named   bool
	start   []byte // the first bytes of the file
	found   *findings.List
	result  scanners.Result
	layout  layout
	facts   facts
	broken  error // the first fault after which the layout cannot be trusted
	opening bool  // a tensor or the metadata was read: this is the format
}

// Scan checks the header of f. Tensor bytes are not read.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, named: isNamed(f.Name), found: findings.New(rules)}
	err := s.run(ctx)
	if err == nil {
		err = s.broken
	}
	var format *scanners.FormatError
	if errors.Is(err, scanners.ErrNotRecognised) || errors.As(err, &format) && !s.named && !s.opening {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s.result.Findings = s.found.All()
	s.result.Facts = s.facts.list()
	return s.result, err
}

func (s *scan) run(ctx context.Context) error {
	s.start = make([]byte, min(s.file.Size, 64))
	if _, err := io.ReadFull(io.NewSectionReader(s.file, 0, s.file.Size), s.start); err != nil {
		return fmt.Errorf("read the header length: %w", err)
	}
	if done, err := s.otherFormat(); done {
		return err
	}
	if s.file.Size < lengthSize {
		s.found.Add("safetensors/truncated", 0, "the file has %d bytes, fewer than the 8 of the header length (HeaderTooSmall)", s.file.Size)
		return scanners.CutOff(s.file.Size, lengthSize)
	}
	n := binary.LittleEndian.Uint64(s.start)
	if n > maxHeader {
		s.found.Add("safetensors/header-size", 0, "the header claims %d bytes; readers stop at %d (HeaderTooLarge)", n, maxHeader)
		return &scanners.FormatError{Code: scanners.GapLimit, Err: fmt.Errorf("header of %d bytes", n)}
	}
	if n > 0 && s.file.Size > lengthSize && s.start[lengthSize] != '{' {
		s.found.Add("safetensors/header-start", lengthSize, "the header begins with %#02x instead of 0x7b", s.start[lengthSize])
	}
	if int64(n) > s.file.Size-lengthSize {
		s.found.Add("safetensors/truncated", 0, "the header claims %d bytes, the file has %d after the length (InvalidHeaderLength)",
			n, s.file.Size-lengthSize)
		return scanners.CutOff(s.file.Size, lengthSize+int64(n))
	}
	h := &header{scan: s, end: lengthSize + int64(n)}
	if err := h.read(ctx); err != nil {
		return err
	}
	s.checkLayout(h.end)
	return nil
}

// fail records a fault after which the coverage of the file is not to be
// trusted. The scan goes on, for there may be more to find.
func (s *scan) fail(offset int64, format string, args ...any) {
	if s.broken == nil {
		s.broken = &scanners.FormatError{Offset: offset, Err: fmt.Errorf(format, args...)}
	}
}

// magic is how another format begins.
type magic struct{ prefix, format string }

// magics are the formats worth naming under a .safetensors name. The scanners of
// these formats look into the file; here only the disagreement is reported.
var magics = []magic{
	{"\x80\x02", "a pickle"}, {"\x80\x03", "a pickle"}, {"\x80\x04", "a pickle"}, {"\x80\x05", "a pickle"},
	{"PK\x03\x04", "a zip archive"}, {"PK\x05\x06", "a zip archive"},
	{"GGUF", "a GGUF model"}, {"\x89HDF\r\n\x1a\n", "an HDF5 file"}, {"\x93NUMPY", "a NumPy array"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"}, {"Rar!\x1a\x07", "a rar archive"}, {"\x1f\x8b", "a gzip stream"},
	{"\x7fELF", "a native program"}, {"MZ", "a native program"}, {"%PDF-", "a PDF document"},
	{"#!", "a script"}, {"<", "markup"}, {"{", "JSON text"},
}

// otherFormat reports whether the content is of another format, and so not read
// further here.
func (s *scan) otherFormat() (done bool, err error) {
	if bytes.HasPrefix(s.start, []byte("version https://git-lfs.github.com/spec/")) {
		return true, scanners.ErrNotRecognised // the scanner of text explains pointers
	}
	if !s.named {
		s.checkName()
		return false, nil
	}
	if len(s.start) > lengthSize && s.start[lengthSize] == '{' && binary.LittleEndian.Uint64(s.start) < 1<<32 {
		return false, nil
	}
	for _, m := range magics {
		if bytes.HasPrefix(s.start, []byte(m.prefix)) {
			s.found.Add("safetensors/wrong-content", 0, "named as safetensors, and begins like %s", m.format)
			return true, nil
		}
	}
	return false, nil
}

// unpickled are the extensions whose loaders unpickle what they get.
var unpickled = []string{".bin", ".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}

func (s *scan) checkName() {
	if ext := strings.ToLower(path.Ext(s.file.Name)); slices.Contains(unpickled, ext) {
		s.found.AddAs(scanners.Low, "safetensors/wrong-content", 0, "safetensors content under the extension %s, which loaders unpickle", ext)
	}
}
