// Package tensorbundle checks the index of TensorFlow's checkpoints (variables.index,
// model.ckpt-N.index): a sorted table of LevelDB's form that says for each tensor
// its type, its shape and its place in the shards beside it (tensor_bundle.proto,
// core/lib/io/format.cc and block_builder.cc of TensorFlow 2.18).
//
// The shards hold numbers and nothing else. A checkpoint still decides what a model
// does: a graph's conditions depend on its variables.
//
// # Security
//
// Blocks lie inside the file, have 16 MiB at most, and the checksum that the writer
// gave them. Keys ascend, or one loader would find what another does not. Ranges in
// the shards fit the shapes and do not overlap.
package tensorbundle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"

	"github.com/klauspost/compress/snappy"
)

const (
	shown      = 100
	footerSize = 48
	trailer    = 5 // of a block: its compression, and a checksum
	maxBlock   = 16 << 20
	maxTensors = 1 << 18

	magic = "\x57\xfb\x80\x8b\x24\x75\x47\xdb" // the last bytes of the file
)

var rules = []scanners.Rule{
	{
		ID: "tensorbundle/checksum", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A block of the index has another checksum than it states.",
		Help:    "TensorFlow refuses the checkpoint; other readers do not look. The file was changed or damaged: fetch it again.",
		CWE:     []string{"CWE-354", "CWE-345"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorbundle/order", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The names in the index are not in order, or one is there twice.",
		Help:    "A loader that searches finds another tensor than one that reads through. No writer makes such a file.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorbundle/entry", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor has more or fewer bytes than its shape says, overlaps another, or lies where no shard is.",
		Help:    "Loaders that trust the index read foreign memory, or one tensor twice. Save the checkpoint again.",
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorbundle/name", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A tensor is named like a path that leads out of a folder.",
		Help:    "Converters that write one file for each tensor write where the name says.",
		CWE:     []string{"CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	},
}

// Scanner scans the index of a checkpoint.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tensorbundle", Title: "TensorFlow checkpoint index", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the last bytes. Other tables of LevelDB's form have them too, and
// are told apart by their first entry.
func (Scanner) Match(h scanners.Head) bool { return strings.HasSuffix(string(h.End), magic) }

// scan is the state of one file.
type scan struct {
	ctx    context.Context
	f      scanners.File
	found  *findings.List
	result scanners.Result

	last    []byte // the key before
	first   bool
	header  header
	entries []entry
}

// Scan reads the index block, and every block that it names.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if f.Size < footerSize {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{ctx: ctx, f: f, found: findings.New(rules), first: true}
	err := s.table()
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	if err == nil {
		s.judge()
	}
	s.result.Findings, s.result.Facts = s.found.All(), s.facts()
	return s.result, err
}

// handle is the place of a block.
type handle struct{ offset, size int64 }

func (s *scan) table() error {
	footer := make([]byte, footerSize)
	at := s.f.Size - footerSize
	if _, err := s.f.ReadAt(footer, at); err != nil {
		return fmt.Errorf("read the footer: %w", err)
	}
	meta, rest, ok := readHandle(footer)
	index, rest, ok2 := readHandle(rest)
	if !ok || !ok2 || len(rest) < len(magic) {
		return scanners.ErrNotRecognised
	}
	if padding := rest[:len(rest)-len(magic)]; strings.Trim(string(padding), "\x00") == "" {
		s.result.Parsed.Add(at, footerSize)
	}
	if _, err := s.block(meta); err != nil {
		return err
	}
	list, err := s.block(index)
	if err != nil {
		return err
	}
	return entriesOf(index.offset, list, func(_, value []byte) error {
		h, rest, ok := readHandle(value)
		if !ok || len(rest) > 0 {
			return broken(index.offset, "an entry of the index is no place of a block")
		}
		p, err := s.block(h)
		if err != nil {
			return err
		}
		return entriesOf(h.offset, p, func(key, value []byte) error { return s.entry(h.offset, key, value) })
	})
}

func readHandle(p []byte) (h handle, rest []byte, ok bool) {
	offset, n := binary.Uvarint(p)
	if n <= 0 || offset > 1<<62 {
		return handle{}, nil, false
	}
	size, m := binary.Uvarint(p[n:])
	if m <= 0 || size > 1<<62 {
		return handle{}, nil, false
	}
	return handle{int64(offset), int64(size)}, p[n+m:], true
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskDelta is added to a rotated checksum (core/lib/hash/crc32c.h).
const maskDelta = 0xa282ead8

// block reads a block, accounts for it, and returns what it holds.
func (s *scan) block(h handle) ([]byte, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	if h.size > maxBlock {
		return nil, &scanners.FormatError{Offset: min(h.offset, s.f.Size), Code: scanners.GapLimit, Err: fmt.Errorf("a block of %d bytes", h.size)}
	}
	if h.offset > s.f.Size-footerSize-h.size-trailer {
		return nil, broken(min(h.offset, s.f.Size), "a block of %d bytes lies outside of the file", h.size)
	}
	p := make([]byte, h.size+trailer)
	if _, err := s.f.ReadAt(p, h.offset); err != nil {
		return nil, fmt.Errorf("read a block: %w", err)
	}
	data, kind := p[:h.size], p[h.size]
	sum := crc32.Checksum(p[:h.size+1], castagnoli)
	if stated := binary.LittleEndian.Uint32(p[h.size+1:]); stated != (sum>>15|sum<<17)+maskDelta {
		s.found.Add("tensorbundle/checksum", h.offset, "the checksum of a block of %d bytes is wrong", h.size)
	}
	if kind == 1 {
		n, err := snappy.DecodedLen(data)
		if err != nil || n > maxBlock {
			return nil, broken(h.offset, "a compressed block of %d bytes", n)
		}
		if data, err = snappy.Decode(nil, data); err != nil {
			return nil, broken(h.offset, "decompress a block: %w", err)
		}
	} else if kind != 0 {
		return nil, &scanners.FormatError{Offset: h.offset, Code: scanners.GapUnsupported, Err: fmt.Errorf("a block has the compression %d", kind)}
	}
	s.result.Parsed.Add(h.offset, h.size+trailer)
	return data, nil
}

// entriesOf calls visit for every entry of a block, whose keys share beginnings.
func entriesOf(at int64, p []byte, visit func(key, value []byte) error) error {
	if len(p) < 4 {
		return broken(at, "a block of %d bytes", len(p))
	}
	restarts := int64(binary.LittleEndian.Uint32(p[len(p)-4:]))
	if restarts > int64(len(p)-4)/4 {
		return broken(at, "a block of %d bytes with %d places to begin", len(p), restarts)
	}
	p = p[:int64(len(p))-4-4*restarts]
	var key []byte
	for len(p) > 0 {
		var sizes [3]uint64
		for i := range sizes {
			v, n := binary.Uvarint(p)
			if n <= 0 || v > maxBlock {
				return broken(at, "an entry does not end")
			}
			sizes[i], p = v, p[n:]
		}
		if sizes[0] > uint64(len(key)) || sizes[1]+sizes[2] > uint64(len(p)) {
			return broken(at, "an entry reaches beyond its block")
		}
		key = append(key[:sizes[0]], p[:sizes[1]]...)
		if len(key) > maxKey {
			return broken(at, "a name of %d bytes", len(key))
		}
		if err := visit(key, p[sizes[1]:sizes[1]+sizes[2]]); err != nil {
			return err
		}
		p = p[sizes[1]+sizes[2]:]
	}
	return nil
}

// maxKey is the longest name that is read, in bytes: each repeats the one before.
const maxKey = 64 << 10

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

// shard is the name of a shard beside the index.
func (s *scan) shard(id uint64) string {
	return fmt.Sprintf("%s.data-%05d-of-%05d", strings.TrimSuffix(path.Base(s.f.Name), ".index"), id, s.header.shards)
}

// judge compares the entries with each other, and names what they refer to.
func (s *scan) judge() {
	used := make(map[uint64]scanners.Span)
	slices.SortStableFunc(s.entries, func(a, b entry) int {
		if a.shard != b.shard {
			return int(int64(a.shard) - int64(b.shard))
		}
		if a.offset != b.offset {
			return int(min(1, max(-1, a.offset-b.offset)))
		}
		return int(min(1, max(-1, a.size-b.size)))
	})
	for _, e := range s.entries {
		quoted := clip.Quote(e.name, shown)
		if e.shard >= s.header.shards {
			s.found.Add("tensorbundle/entry", e.at, "tensor %s lies in shard %d of %d", quoted, e.shard, s.header.shards)
			continue
		}
		before := used[e.shard]
		if e.size > 0 && e.offset < before.End() {
			s.found.Add("tensorbundle/entry", e.at, "tensor %s begins at byte %d, within another", quoted, e.offset)
		}
		used[e.shard] = scanners.Span{Len: max(before.Len, e.offset+e.size)}
		if e.size > 0 {
			s.result.Outline.AddRef(scanners.Ref{Kind: scanners.RefData, Name: s.shard(e.shard), Key: e.name, Span: scanners.Span{Off: e.offset, Len: e.size}})
		}
		if entryname.Escapes(e.name) || entryname.HasControl(strings.ReplaceAll(e.name, "\x00", "")) {
			s.found.Add("tensorbundle/name", e.at, "a tensor is called %s", quoted)
		}
	}
	for id := range used {
		s.use(id, used[id].Len)
	}
	slices.SortFunc(s.result.Uses, func(a, b scanners.Use) int { return strings.Compare(a.Name, b.Name) })
}

// use claims a shard in the same container when the tensors end where it does.
func (s *scan) use(id uint64, end int64) {
	if s.f.Sibling == nil {
		return
	}
	name := path.Join(path.Dir(s.f.Name), s.shard(id))
	if size, ok := s.f.Sibling(name); ok && size == end {
		s.result.Uses = append(s.result.Uses, scanners.Use{Name: name, Size: size})
	}
}

func (s *scan) facts() []scanners.Fact {
	return []scanners.Fact{{Key: "tensorbundle/tensors", Value: strconv.Itoa(len(s.entries))}, {Key: "tensorbundle/shards", Value: strconv.FormatUint(s.header.shards, 10)}}
}
