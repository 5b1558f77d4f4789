package hdf5

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

const (
	signature     = "\x89HDF\r\n\x1a\n"
	maxBlock      = 16 << 20 // bytes of one structure
	maxStructures = 1 << 20
	maxChunks     = 8 << 20
	maxWhat       = 120 // bytes of a text from the file in a finding
)

// Scanner scans HDF5 files.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "hdf5", Title: "HDF5 file", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts the signature at the places where the library looks for it: 0,
// 512, and every power of two from there on.
func (Scanner) Match(h scanners.Head) bool {
	_, ok := find(h.Start)
	return ok
}

// find returns the offset of the superblock in the first bytes of a file. The
// library goes on to the end of the file; no user block in use is longer than
// scanners.HeadSize, and what begins beyond is left to whoever recognises the front.
func find(start []byte) (int64, bool) {
	for at := 0; at < len(start); at = max(512, 2*at) {
		if bytes.HasPrefix(start[at:], []byte(signature)) {
			return int64(at), true
		}
	}
	return 0, false
}

// scan is the state of one file.
type scan struct {
	ctx    context.Context
	file   scanners.File
	found  *findings.List
	result scanners.Result
	sizes  sizes
	base   int64 // added to every address
	end    int64 // of the HDF5 file, in this file
	leafK  int
	nodeK  int
	chunkK int

	seen       map[int64]bool // structures by address, each read once
	todo       []object
	heaps      []int64 // global heap collections, in the order of discovery
	lastHeap   lastHeap
	handed     map[int64]bool // offsets of members
	budget     int64          // bytes that may still be read
	chunks     int
	allocated  int64 // bytes of raw data
	objects    int
	datasets   int
	firstError error
}

// object is an object header that is still to be read, with a path that leads to
// it.
type object struct {
	address int64
	path    string // made of the parent's and the name once it is read
	name    string
	parent  *object
}

// Scan follows every structure of the file.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	at, ok := find(start)
	if !ok {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	s := &scan{ctx: ctx, file: f, found: findings.New(rules), seen: make(map[int64]bool), handed: make(map[int64]bool)}
	s.budget = maxBlock + multiply(min(f.Size, tooMany/maxBlock), lim.WithDefaults().OpsPerByte)
	err := s.run(at, start)
	s.result.Findings = s.found.All()
	s.result.Facts = []scanners.Fact{
		{Key: "hdf5/datasets", Value: strconv.Itoa(s.datasets)},
		{Key: "hdf5/objects", Value: strconv.Itoa(s.objects)},
	}
	return s.result, err
}

func (s *scan) run(at int64, start []byte) error {
	s.userBlock(start[:at])
	root, err := s.superblock(at)
	if err != nil {
		return err
	}
	s.push(root, "/")
	for len(s.todo) > 0 && !s.stopped() {
		next := s.todo[len(s.todo)-1]
		s.todo = s.todo[:len(s.todo)-1]
		s.note(s.object(next))
	}
	if !s.stopped() {
		s.note(s.unused())
	}
	s.heapValues()
	if s.end > s.file.Size {
		return scanners.CutOff(s.file.Size, s.end)
	}
	return s.firstError
}

// note keeps the first error. An object that cannot be read hides no other one.
func (s *scan) note(err error) {
	s.firstError = cmp.Or(s.firstError, err)
}

// stopped reports that no more work is done: a limit, or the end of the run.
func (s *scan) stopped() bool {
	var format *scanners.FormatError
	if s.ctx.Err() != nil {
		s.note(s.ctx.Err())
		return true
	}
	return errors.As(s.firstError, &format) && format.Code == scanners.GapLimit
}

// push puts an object on the work list, once.
func (s *scan) push(address int64, path string) {
	if address == none || s.seen[address] {
		return
	}
	s.todo = append(s.todo, object{address: address, path: path})
}

// enter remembers a structure and refuses one that was read before.
func (s *scan) enter(address int64) (bool, error) {
	if s.seen[address] {
		return false, nil
	}
	if len(s.seen) >= maxStructures {
		return false, s.limit(address, "more than %d structures", maxStructures)
	}
	s.seen[address] = true
	return true, nil
}

// read returns n bytes at an address and counts them as parsed.
func (s *scan) read(address, n int64, what string) (*cursor, error) {
	c, err := s.peek(address, n, what)
	if err == nil {
		s.result.Parsed.Add(c.at, n)
	}
	return c, err
}

// peek is read for bytes that are not understood yet.
func (s *scan) peek(address, n int64, what string) (*cursor, error) {
	at := s.base + address
	if address < 0 || n < 0 || at < 0 || at > s.file.Size || n > s.file.Size-at {
		return nil, s.broken(address, "%s lies outside the file", what)
	}
	if n > maxBlock {
		return nil, s.limit(address, "%s has %d bytes", what, n)
	}
	if s.budget -= n; s.budget < 0 {
		return nil, s.limit(address, "the structures refer to the same bytes over and over")
	}
	data := make([]byte, n)
	if _, err := s.file.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return &cursor{data: data, at: at, sizes: s.sizes}, nil
}

// signed reads n bytes that must begin with a signature of four letters.
func (s *scan) signed(address, n int64, sign, what string) (*cursor, error) {
	c, err := s.peek(address, n, what)
	if err != nil {
		return nil, err
	}
	if string(c.bytes(4)) != sign {
		return nil, s.broken(address, "no %s where one belongs", what)
	}
	s.result.Parsed.Add(c.at, n)
	return c, nil
}

// raw counts n bytes at an address as the values of a dataset.
func (s *scan) raw(address, n int64) error {
	if address == none || n == 0 {
		return nil
	}
	at := s.base + address
	if address < 0 || n < 0 || at < 0 || at > s.file.Size || n > s.file.Size-at {
		if s.end > s.file.Size {
			return nil // cut off, which is said once
		}
		return s.broken(address, "the values of a dataset lie outside the file")
	}
	s.result.Opaque.Add(at, n)
	s.allocated += n
	return nil
}

// chunk counts one chunk.
func (s *scan) chunk(address, n int64) error {
	if address == none {
		return nil
	}
	if s.chunks++; s.chunks > maxChunks {
		return s.limit(address, "more than %d chunks", maxChunks)
	}
	return s.raw(address, n)
}

// offset is where an address lies in the file, inside it whatever it says.
func (s *scan) offset(address int64) int64 {
	return max(0, min(s.base+max(0, address), s.file.Size))
}

func (s *scan) broken(address int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: s.offset(address), Err: fmt.Errorf(format, args...)}
}

func (s *scan) unsupported(address int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: s.offset(address), Code: scanners.GapUnsupported, Err: fmt.Errorf(format, args...)}
}

func (s *scan) limit(address int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: s.offset(address), Code: scanners.GapLimit, Err: fmt.Errorf(format, args...)}
}
