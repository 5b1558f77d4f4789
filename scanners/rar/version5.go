package rar

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"assay/scanners"
)

// The kinds of blocks in version 5.
const (
	file5       = 2
	encryption5 = 4
	end5        = 5
)

// block5 reads a block of version 5 and returns where the next begins.
func (a *archive) block5(at int64) (int64, error) {
	p, err := a.header(at, min(7, a.f.Size-at))
	if err != nil {
		return 0, err
	}
	if len(p) < 5 {
		return 0, scanners.CutOff(a.f.Size, at+5)
	}
	size, n := number(p[4:])
	if n == 0 && len(p) < 7 {
		return 0, scanners.CutOff(a.f.Size, at+7)
	}
	if n == 0 || size == 0 || size > maxHeader {
		return 0, broken(at, "a header of %d bytes", size)
	}
	whole := int64(4+n) + int64(size)
	if p, err = a.header(at, whole); err != nil {
		return 0, err
	}
	if crc32.ChecksumIEEE(p[4:]) != binary.LittleEndian.Uint32(p) {
		return 0, broken(at, "the checksum of a header is wrong")
	}
	b, err := parse5(p[4+n:])
	if err != nil {
		return 0, broken(at, "%w", err)
	}
	a.result.Parsed.Add(at, whole)
	switch b.kind {
	case encryption5:
		return 0, &scanners.FormatError{Offset: at, Code: scanners.GapUnsupported, Err: errors.New("the list of files is encrypted")}
	case file5:
		e, err := entry5(b)
		if err != nil {
			return 0, broken(at, "%w", err)
		}
		return a.take(&e, at+whole, b.data)
	}
	a.ended = b.kind == end5
	return a.take(nil, at+whole, b.data)
}

// number reads a number of seven bits a byte, the least first. n is 0 when it does
// not end.
func number(p []byte) (value uint64, n int) {
	for i, c := range p[:min(len(p), 9)] {
		value |= uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}

// fields reads the fields of a header one after another.
type fields struct {
	p   []byte
	err error
}

func (f *fields) number() uint64 {
	value, n := number(f.p)
	if n == 0 {
		f.err = errShort
		f.p = nil
		return 0
	}
	f.p = f.p[n:]
	return value
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.p)) {
		f.err = errShort
		f.p = nil
		return nil
	}
	head := f.p[:n]
	f.p = f.p[n:]
	return head
}

func parse5(p []byte) (b block, err error) {
	f := &fields{p: p}
	b.kind, b.flags = f.number(), f.number()
	extra := uint64(0)
	if b.flags&1 != 0 {
		extra = f.number()
	}
	if b.flags&2 != 0 {
		b.data = int64(min(f.number(), 1<<62))
	}
	if extra > uint64(len(f.p)) {
		return b, errShort
	}
	b.fields, b.extra = f.p[:uint64(len(f.p))-extra], f.p[uint64(len(f.p))-extra:]
	return b, f.err
}

func entry5(b block) (e entry, err error) {
	f := &fields{p: b.fields}
	flags, size := f.number(), f.number()
	f.number() // attributes
	if flags&2 != 0 {
		f.bytes(4) // time
	}
	if flags&4 != 0 {
		f.bytes(4) // checksum
	}
	method := f.number() >> 7 & 7
	f.number() // system
	e.name = string(f.bytes(f.number()))
	e.size, e.folder = int64(min(size, 1<<62)), flags&1 != 0
	if flags&8 != 0 {
		e.size = -1
	}
	switch {
	case b.flags&0x18 != 0:
		e.unreadable = divided
	case method != 0 && !e.folder:
		e.unreadable = compressed
	}
	for x := (&fields{p: b.extra}); len(x.p) > 0 && x.err == nil; {
		record := &fields{p: x.bytes(x.number())}
		switch record.number() {
		case 1:
			e.unreadable = encrypted
		case 5:
			e.link = true
		}
	}
	return e, f.err
}
