package sevenzip

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
)

const (
	magic       = "7z\xbc\xaf\x27\x1c"
	headerStart = 32
	maxHeader   = 16 << 20 // as stored
	maxUnpacked = 64 << 20 // decompressed
)

// Scanner opens 7z archives.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "sevenzip", Title: "7z archive", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the signature.
func (Scanner) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte(magic)) }

// Scan reads the header and returns the files as members.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if err := ctx.Err(); err != nil {
		return scanners.Result{}, err
	}
	a := &archive{f: f, found: findings.New(rules)}
	if ext := strings.ToLower(path.Ext(f.Name)); slices.Contains(modelNames, ext) {
		a.found.Add("sevenzip/wrong-name", 0, "a 7z archive under the extension %s", ext)
	}
	err := a.read()
	a.result.Findings = a.found.All()
	return a.result, err
}

// modelNames are extensions whose loaders open no 7z archive.
var modelNames = []string{".bin", ".ckpt", ".gguf", ".h5", ".joblib", ".keras", ".npy", ".npz", ".onnx", ".pickle", ".pkl", ".pt", ".pth", ".safetensors", ".zip"}

// archive is the state of one scan.
type archive struct {
	f      scanners.File
	found  *findings.List
	result scanners.Result
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

// read finds the header and hands out the files.
func (a *archive) read() error {
	start := make([]byte, headerStart)
	if a.f.Size < headerStart {
		return scanners.CutOff(a.f.Size, headerStart)
	}
	if _, err := io.ReadFull(io.NewSectionReader(a.f, 0, a.f.Size), start); err != nil {
		return fmt.Errorf("read the signature header: %w", err)
	}
	if binary.LittleEndian.Uint32(start[8:]) != crc32.ChecksumIEEE(start[12:]) {
		return broken(8, "the checksum of the signature header is wrong")
	}
	a.result.Parsed.Add(0, headerStart)
	off, size := binary.LittleEndian.Uint64(start[12:]), binary.LittleEndian.Uint64(start[20:])
	room := uint64(a.f.Size - headerStart)
	switch {
	case off > scanners.LargestFile || size > maxHeader:
		a.found.Add("sevenzip/header", 12, "a header of %d bytes at %d", size, off)
		return &scanners.FormatError{Offset: 12, Code: scanners.GapLimit, Err: fmt.Errorf("a header of %d bytes", size)}
	case off > room || size > room-off:
		return scanners.CutOff(a.f.Size, headerStart+int64(off+size))
	}
	at := headerStart + int64(off)
	if end := at + int64(size); end < a.f.Size {
		a.found.Add("sevenzip/trailing-data", end, "%d bytes after the header", a.f.Size-end)
	}
	header := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(a.f, at, int64(size)), header); err != nil {
		return fmt.Errorf("read the header: %w", err)
	}
	if crc32.ChecksumIEEE(header) != binary.LittleEndian.Uint32(start[28:]) {
		return broken(at, "the checksum of the header is wrong")
	}
	a.result.Parsed.Add(at, int64(size))
	if size == 0 {
		return nil // an archive without files
	}
	return a.header(at, header)
}

// header reads the header, which may be a compressed one.
func (a *archive) header(at int64, data []byte) error {
	for depth := range 4 {
		c := &cursor{data: data, base: at}
		switch id := c.byte(); {
		case id == idHeader:
			return a.members(c, at)
		case id != idEncodedHeader || depth == 3:
			return broken(at, "the header begins with %d", id)
		}
		s := c.streams()
		if c.err == nil && (len(s.list) != 1 || s.list[0].size > maxUnpacked) {
			c.fail("a compressed header of %d parts", len(s.list))
		}
		if c.err != nil {
			return c.err
		}
		u, span, err := a.unpacker(s.folders[0])
		if err != nil {
			return err
		}
		if why := s.folders[0].unreadable(); why != "" {
			return &scanners.FormatError{Offset: span.Off, Code: scanners.GapUnsupported, Err: errors.New("the list of files is " + why)}
		}
		data, err = io.ReadAll(io.LimitReader(u.part(s.list[0]), maxUnpacked))
		if err != nil {
			return broken(span.Off, "decompress the header: %w", err)
		}
		a.result.Parsed.Add(span.Off, span.Len)
	}
	return nil
}

// unpacker opens a folder, which lies at the span.
func (a *archive) unpacker(f folder) (*unpacker, scanners.Span, error) {
	span := scanners.Span{Off: headerStart + f.at, Len: f.size}
	if f.at > a.f.Size || f.size > a.f.Size-headerStart-f.at {
		return nil, span, broken(headerStart, "packed data beyond the end of the file")
	}
	return &unpacker{open: func() (io.Reader, error) {
		return f.open(io.NewSectionReader(a.f, span.Off, span.Len))
	}}, span, nil
}

// members hands out the files.
func (a *archive) members(c *cursor, at int64) error {
	id := c.byte()
	if id == idArchiveProperties || id == idAdditionalStreams {
		return &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: errors.New("archive properties and additional streams are not analysed; no tool writes them")}
	}
	var s streams
	if id == idMainStreams {
		s = c.streams()
		id = c.byte()
	}
	var files []file
	if id == idFiles {
		files = c.files()
		id = c.byte()
	}
	if c.ended(id); c.err != nil {
		return c.err
	}
	if c.left() > 0 {
		a.found.Add("sevenzip/trailing-data", at, "%d bytes at the end of the header belong to nothing", c.left())
	}
	return a.files(s, files, at)
}

func (a *archive) files(s streams, files []file, at int64) error {
	folders := make([]*unpacker, len(s.folders))
	spans := make([]scanners.Span, len(s.folders))
	for i, f := range s.folders {
		var err error
		if folders[i], spans[i], err = a.unpacker(f); err != nil {
			return err
		}
	}
	seen := make(map[string]bool)
	next := 0
	for _, f := range files {
		a.check(f, at, seen)
		if f.empty {
			continue
		}
		if next >= len(s.list) {
			return broken(at, "more files than streams")
		}
		part := s.list[next]
		next++
		folder := s.folders[part.folder]
		u := folders[part.folder]
		a.result.Members = append(a.result.Members, scanners.Member{
			Name: f.name, Size: part.size, Span: share(spans[part.folder], part, folder.unpacked()), Unreadable: folder.unreadable(),
			Open: func() (io.Reader, error) { return u.part(part), nil },
		})
	}
	if next != len(s.list) {
		return broken(at, "%d streams have no name", len(s.list)-next)
	}
	return nil
}

// share is the part of a folder's packed data that counts as a file's: by its size,
// for the files of a folder are compressed together.
func share(folder scanners.Span, s stream, whole int64) scanners.Span {
	if whole <= 0 {
		return folder
	}
	at := func(n int64) int64 { return int64(float64(folder.Len) * (float64(n) / float64(whole))) }
	from, to := at(s.off), at(s.off+s.size)
	if s.off+s.size == whole {
		to = folder.Len
	}
	return scanners.Span{Off: folder.Off + from, Len: max(to-from, 0)}
}

// Unix puts its mode into the upper half of the attributes and says so.
const (
	unixMode = 0x8000
	modeType = 0xf000
	modeLink = 0xa000
	modeFile = 0x8000
	modeDir  = 0x4000
)

// check looks at the name and the kind of a file.
func (a *archive) check(f file, at int64, seen map[string]bool) {
	quoted := clip.Quote(f.name, 200)
	if entryname.Escapes(f.name) {
		a.found.Add("sevenzip/path-escape", at, "an entry named %s", quoted)
	}
	if entryname.HasControl(f.name) {
		a.found.Add("sevenzip/duplicate-name", at, "a control character in the name %s", quoted)
	}
	if kind := f.attributes >> 16 & modeType; f.attributes&unixMode != 0 && kind != modeFile && kind != modeDir && kind != 0 {
		what := "a device or a pipe"
		if kind == modeLink {
			what = "a symbolic link"
		}
		a.found.Add("sevenzip/special-file", at, "%s is %s", quoted, what)
	}
	if f.anti {
		a.found.Add("sevenzip/special-file", at, "%s deletes a file when it is unpacked", quoted)
	}
	if f.empty && !f.plain {
		return // a folder may be listed again
	}
	key := entryname.Key(f.name)
	if seen[key] {
		a.found.Add("sevenzip/duplicate-name", at, "the name %s appears again", quoted)
	}
	seen[key] = true
}
