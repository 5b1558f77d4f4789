package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/pickleshape"
)

// holes are the ranges of [from, to) that nothing accounts for yet.
func (s *scan) holes(from, to int64) []scanners.Span {
	all := s.result.Parsed
	all.AddAll(s.result.Opaque, 0)
	var list []scanners.Span
	at := from
	for _, x := range all.Normal(to) {
		if x.Off > at {
			list = append(list, scanners.Span{Off: at, Len: x.Off - at})
		}
		at = max(at, x.End())
	}
	if at < to {
		list = append(list, scanners.Span{Off: at, Len: to - at})
	}
	return list
}

// unused accounts for what no structure named: collections of the global heap, to
// which the values of datasets refer, then free space, then what follows the end.
func (s *scan) unused() error {
	end := min(s.end, s.file.Size)
	if s.firstError == nil && end == s.end {
		for _, hole := range s.holes(0, end) {
			if err := s.heapsIn(hole); err != nil {
				return err
			}
		}
		if err := s.freeHoles(end); err != nil {
			return err
		}
	}
	if end < s.file.Size {
		return s.trailing(end)
	}
	return nil
}

// window is how much of a hole is looked at at a time, and overlap what two
// neighbours share.
const (
	window  = 1 << 20
	overlap = 4 << 10
)

// windows calls look with the bytes of a range, piece by piece.
func (s *scan) windows(span scanners.Span, look func(at int64, data []byte) error) error {
	buf := make([]byte, min(window, span.Len))
	for at := span.Off; at < span.End(); at += window - overlap {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		data := buf[:min(int64(len(buf)), span.End()-at)]
		if _, err := s.file.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read unused space: %w", err)
		}
		if err := look(at, data); err != nil {
			return err
		}
		if at+int64(len(data)) >= span.End() {
			return nil
		}
	}
	return nil
}

// heapsIn finds global heap collections in a hole.
func (s *scan) heapsIn(hole scanners.Span) error {
	next := hole.Off
	return s.windows(hole, func(at int64, data []byte) error {
		for pos := max(0, next-at); pos < int64(len(data)); {
			i := bytes.Index(data[pos:], []byte("GCOL\x01\x00\x00\x00"))
			if i < 0 {
				return nil
			}
			found := at + pos + int64(i)
			pos += int64(i) + 1
			size := s.collectionSize(found)
			if size < 16 || size > hole.End()-found {
				continue
			}
			if _, err := s.collection(found - s.base); err != nil {
				return err
			}
			pos += size - 1
			next = found + size
		}
		return nil
	})
}

func (s *scan) collectionSize(at int64) int64 {
	c, err := s.peek(at-s.base, int64(8+s.sizes.length), "a global heap")
	if err != nil {
		return 0
	}
	c.skip(8)
	return c.length()
}

// freeHoles judges the holes that are left: remains that nobody reads.
func (s *scan) freeHoles(end int64) error {
	holes := s.holes(0, end)
	unused, first := int64(0), int64(-1)
	for _, hole := range holes {
		zero := true
		err := s.windows(hole, func(at int64, data []byte) error {
			zero = zero && len(bytes.Trim(data, "\x00")) == 0
			s.probe(at, data)
			return nil
		})
		if err != nil {
			return err
		}
		if zero {
			s.result.Parsed.Add(hole.Off, hole.Len)
			continue
		}
		s.result.Opaque.Add(hole.Off, hole.Len)
		if first < 0 {
			first = hole.Off
		}
		unused += hole.Len
	}
	if unused > 0 {
		s.found.Add("hdf5/unused-space", first, "%d bytes belong to no object, the first of them here", unused)
	}
	return nil
}

// signs are how files begin or end that another program runs or unpacks. Random
// bytes hold each magic number once in some GiB, so the bytes after it count too.
var signs = []struct {
	magic, what string
	check       func(data []byte) bool
}{
	{"\x7fELF", "a program for Linux", func(p []byte) bool { return len(p) > 6 && p[4]-1 < 2 && p[5]-1 < 2 && p[6] == 1 }},
	{"MZ", "a program for Windows", isPE},
	{"\xcf\xfa\xed\xfe", "a program for macOS", func(p []byte) bool { return len(p) > 7 && p[7]&^1 == 0 && p[6] == 0 }},
	{"\xca\xfe\xba\xbe\x00\x00\x00", "a program for macOS or Java", func([]byte) bool { return true }},
	{"PK\x03\x04", "a zip archive", func(p []byte) bool { return len(p) > 30 && p[4] < 64 && p[9] == 0 }},
	{"PK\x05\x06", "the directory of a zip archive", func(p []byte) bool { return len(p) >= 22 && p[4]|p[5]|p[6]|p[7] == 0 }},
	{"#!/", "a script", func(p []byte) bool {
		return bytes.HasPrefix(p, []byte("#!/bin/")) || bytes.HasPrefix(p, []byte("#!/usr/"))
	}},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", func([]byte) bool { return true }},
	{"Rar!\x1a\x07", "a RAR archive", func([]byte) bool { return true }},
	{"\xfd7zXZ\x00", "xz data", func([]byte) bool { return true }},
	{"%PDF-", "a PDF document", func(p []byte) bool { return len(p) > 7 && p[6] == '.' }},
}

func isPE(data []byte) bool {
	if len(data) < 64 {
		return false
	}
	at := int(data[60]) | int(data[61])<<8
	return at+4 <= len(data) && string(data[at:at+4]) == "PE\x00\x00"
}

// probe looks for something that runs in space that nobody reads.
func (s *scan) probe(at int64, data []byte) {
	for _, sign := range signs {
		for pos := 0; ; {
			i := bytes.Index(data[pos:], []byte(sign.magic))
			if i < 0 {
				break
			}
			pos += i
			if sign.check(data[pos:]) {
				s.found.Add("hdf5/hidden-content", at+int64(pos), "%s in unused space", sign.what)
				break
			}
			pos++
		}
	}
}

// looksLike judges how the values of a dataset begin. A value of one byte may be
// anything: bytes that are a pickle, or a program, were stored as what they are.
func (s *scan) looksLike(h *header, address, size int64) {
	if address == none || h.dtype.size != 1 || size < pickleshape.Least {
		return
	}
	c, err := s.peek(address, min(size, maxBlock), "the values of a dataset")
	if err != nil {
		return
	}
	if bytes.HasPrefix(c.data, []byte{0x80}) && pickleshape.Is(c.data) {
		s.value(h.path, c.data, c.at)
	}
	for _, sign := range signs {
		if bytes.HasPrefix(c.data, []byte(sign.magic)) && sign.check(c.data) {
			s.found.Add("hdf5/hidden-content", c.at, "the values of %s are %s", clip.Quote(h.path, maxWhat), sign.what)
		}
	}
}

// trailing judges what follows the end of the file. Zeros are padding.
func (s *scan) trailing(end int64) error {
	rest := scanners.Span{Off: end, Len: s.file.Size - end}
	zero := true
	err := s.windows(rest, func(at int64, data []byte) error {
		zero = zero && len(bytes.Trim(data, "\x00")) == 0
		s.probe(at, data)
		return nil
	})
	if err != nil {
		return err
	}
	if zero {
		s.result.Parsed.Add(rest.Off, rest.Len)
		return nil
	}
	s.found.Add("hdf5/trailing-data", end, "%d bytes after the end of the file", rest.Len)
	return nil
}
