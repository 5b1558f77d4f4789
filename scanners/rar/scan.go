package rar

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
	magic4    = "Rar!\x1a\x07\x00"
	magic5    = "Rar!\x1a\x07\x01\x00"
	maxHeader = 2 << 20 // the format's own limit
)

// Scanner reads rar archives.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "rar", Title: "rar archive", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the signatures.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(magic4)) || bytes.HasPrefix(h.Start, []byte(magic5))
}

// modelNames are extensions whose loaders open no rar archive.
var modelNames = []string{".bin", ".ckpt", ".gguf", ".h5", ".joblib", ".keras", ".npy", ".npz", ".onnx", ".pickle", ".pkl", ".pt", ".pth", ".safetensors", ".zip"}

// archive is the state of one scan.
type archive struct {
	f      scanners.File
	lim    scanners.Limits
	found  *findings.List
	result scanners.Result
	seen   map[string]bool
	ended  bool
}

// block is one header with the data after it.
type block struct {
	kind   uint64
	flags  uint64
	fields []byte // what is particular to the kind
	extra  []byte
	data   int64 // bytes
}

// entry is a file of the archive.
type entry struct {
	name       string
	size       int64 // unpacked
	folder     bool
	link       bool
	unreadable string
}

// Scan walks the headers.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	a := &archive{f: f, lim: lim.WithDefaults(), found: findings.New(rules), seen: make(map[string]bool)}
	if ext := strings.ToLower(path.Ext(f.Name)); slices.Contains(modelNames, ext) {
		a.found.Add("rar/wrong-name", 0, "a rar archive under the extension %s", ext)
	}
	err := a.walk(ctx)
	a.result.Findings = a.found.All()
	return a.result, err
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

func (a *archive) walk(ctx context.Context) error {
	start := make([]byte, min(int64(len(magic5)), a.f.Size))
	if _, err := io.ReadFull(io.NewSectionReader(a.f, 0, a.f.Size), start); err != nil {
		return fmt.Errorf("read the signature: %w", err)
	}
	read, at := a.block5, int64(len(magic5))
	if bytes.HasPrefix(start, []byte(magic4)) {
		read, at = a.block4, int64(len(magic4))
	}
	a.result.Parsed.Add(0, at)
	for !a.ended {
		if err := ctx.Err(); err != nil {
			return err
		}
		if at == a.f.Size {
			return scanners.CutOff(at, at+1)
		}
		if len(a.seen) > a.lim.MaxMembers {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: fmt.Errorf("more than %d entries", a.lim.MaxMembers)}
		}
		next, err := read(at)
		if err != nil {
			return err
		}
		at = next
	}
	if at < a.f.Size {
		a.found.Add("rar/trailing-data", at, "%d bytes after the end of the archive", a.f.Size-at)
	}
	return nil
}

// header reads n bytes at an offset and accounts for them.
func (a *archive) header(at, n int64) ([]byte, error) {
	if n > maxHeader {
		return nil, broken(at, "a header of %d bytes", n)
	}
	if n > a.f.Size-at {
		return nil, scanners.CutOff(a.f.Size, at+n)
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(a.f, at, n), p); err != nil {
		return nil, fmt.Errorf("read a header: %w", err)
	}
	return p, nil
}

// take hands out what lies behind a header that ends at the offset.
func (a *archive) take(e *entry, at, size int64) (int64, error) {
	if size < 0 || size > scanners.LargestFile {
		return 0, broken(at, "data of %d bytes", size)
	}
	if size > a.f.Size-at {
		return 0, scanners.CutOff(a.f.Size, at+size)
	}
	if e == nil { // comments, checksums and what else serves the archive itself
		a.result.Opaque.Add(at, size)
		return at + size, nil
	}
	a.check(*e, at)
	if e.folder && size == 0 {
		return at, nil
	}
	a.result.Members = append(a.result.Members, scanners.Member{Name: e.name, Size: e.size, Span: scanners.Span{Off: at, Len: size}, Unreadable: e.unreadable})
	return at + size, nil
}

func (a *archive) check(e entry, at int64) {
	quoted := clip.Quote(e.name, 200)
	if entryname.Escapes(e.name) {
		a.found.Add("rar/path-escape", at, "an entry named %s", quoted)
	}
	if e.link {
		a.found.Add("rar/special-file", at, "%s is a link", quoted)
	}
	key := entryname.Key(e.name)
	if a.seen[key] && !e.folder {
		a.found.Add("rar/duplicate-name", at, "the name %s appears again", quoted)
	}
	a.seen[key] = true
}

const (
	compressed = "compressed with a method of rar; unpack it and scan what is in it"
	encrypted  = "encrypted; unpack it with its password and scan what is in it"
	divided    = "divided among several archives; unpack them and scan what is in it"
)

// The kinds of blocks in version 4, and their flags.
const (
	file4, sub4, end4 = 0x74, 0x7a, 0x7b
	longBlock4        = 0x8000
)

// block4 reads a block of version 4 and returns where the next begins.
func (a *archive) block4(at int64) (int64, error) {
	p, err := a.header(at, 7)
	if err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	kind, flags, size := p[2], le.Uint16(p[3:]), int64(le.Uint16(p[5:]))
	if size < 7 {
		return 0, broken(at, "a header of %d bytes", size)
	}
	if p, err = a.header(at, size); err != nil {
		return 0, err
	}
	if uint16(crc32.ChecksumIEEE(p[2:])) != le.Uint16(p) {
		return 0, broken(at, "the checksum of a header is wrong")
	}
	a.result.Parsed.Add(at, size)
	a.ended = kind == end4
	data := int64(0)
	if flags&longBlock4 != 0 {
		if len(p) < 11 {
			return 0, broken(at, "a header without the size of its data")
		}
		data = int64(le.Uint32(p[7:]))
	}
	if kind != file4 {
		if kind == 0x73 && flags&0x80 != 0 {
			return 0, &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: errors.New("the list of files is encrypted")}
		}
		return a.take(nil, at+size, data)
	}
	e, data, err := entry4(p, flags, data)
	if err != nil {
		return 0, broken(at, "%w", err)
	}
	return a.take(&e, at+size, data)
}

var errShort = errors.New("a header that ends inside of a field")

func entry4(p []byte, flags uint16, packed int64) (e entry, data int64, err error) {
	if len(p) < 32 {
		return e, 0, errShort
	}
	le := binary.LittleEndian
	e.size, data = int64(le.Uint32(p[11:])), packed
	method, nameLen, attributes, at := p[25], int(le.Uint16(p[26:])), le.Uint32(p[28:]), 32
	if flags&0x100 != 0 {
		if len(p) < 40 {
			return e, 0, errShort
		}
		data |= int64(le.Uint32(p[32:])) << 32
		e.size |= int64(le.Uint32(p[36:])) << 32
		at = 40
	}
	if nameLen > len(p)-at {
		return e, 0, errShort
	}
	name, _, _ := bytes.Cut(p[at:at+nameLen], []byte{0}) // what follows the zero is the same name in Unicode
	e.name = strings.ReplaceAll(string(name), `\`, "/")
	e.folder = flags&0xe0 == 0xe0
	e.link = p[15] == 3 && attributes&0xf000 == 0xa000 // made on Unix
	switch {
	case flags&0x04 != 0:
		e.unreadable = encrypted
	case flags&0x03 != 0:
		e.unreadable = divided
	case method != 0x30 && !e.folder:
		e.unreadable = compressed
	}
	return e, data, nil
}
