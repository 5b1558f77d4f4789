package mxnet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/entryname"
)

// magicList begins a list of arrays (src/ndarray/ndarray.cc of MXNet 1.9,
// kMXAPINDArrayListMagic), with a reserved number behind it.
const magicList = "\x12\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// The marks of an array by version: the second and the third differ in what a shape
// of no dimensions means.
const (
	magicV2 = 0xf993fac9
	magicV3 = 0xf993faca
)

const (
	maxArrays = 1 << 18
	maxRank   = 32
	maxName   = 64 << 10
)

// elementSize is the size of one value by mshadow's type flag, in bytes
// (3rdparty/mshadow/mshadow/base.h).
var elementSize = map[uint64]uint64{0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 8: 2, 9: 2, 10: 4, 11: 8, 12: 2}

// params reads a list of arrays and their names.
type params struct {
	ctx    context.Context
	file   scanners.File
	at     int64
	result scanners.Result
}

func (p *params) read() error {
	p.at = int64(len(magicList))
	count, err := p.number(8)
	if err != nil {
		return err
	}
	if count > maxArrays {
		return p.limit("%d arrays", count)
	}
	p.result.Parsed.Add(0, p.at)
	for range count {
		if err := p.array(); err != nil {
			return err
		}
	}
	p.result.Facts = []scanners.Fact{{Key: "mxnet/arrays", Value: strconv.FormatUint(count, 10)}}
	return p.names(count)
}

func (p *params) number(size int64) (uint64, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	if p.at > p.file.Size-size {
		return 0, scanners.CutOff(p.file.Size, p.at+size)
	}
	var b [8]byte
	if _, err := p.file.ReadAt(b[:size], p.at); err != nil {
		return 0, fmt.Errorf("read the parameters: %w", err)
	}
	p.at += size
	return binary.LittleEndian.Uint64(b[:]), nil
}

func (p *params) broken(format string, args ...any) error {
	return &scanners.FormatError{Offset: p.at, Err: fmt.Errorf(format, args...)}
}

func (p *params) limit(format string, args ...any) error {
	return &scanners.FormatError{Offset: p.at, Code: scanners.GapLimit, Err: fmt.Errorf(format, args...)}
}

// array reads a dense array. Others are not in the files of models.
func (p *params) array() error {
	start := p.at
	magic, err := p.number(4)
	if err != nil {
		return err
	}
	storage, err := p.number(4)
	if err != nil {
		return err
	}
	if magic != magicV2 && magic != magicV3 || storage != 0 {
		return &scanners.FormatError{Offset: start, Code: scanners.GapUnsupported, Err: errors.New("an array that is old or sparse is not analysed")}
	}
	rank, err := p.number(4)
	if err != nil {
		return err
	}
	if rank > maxRank {
		return p.broken("an array with %d dimensions", rank)
	}
	size := uint64(1)
	for range rank {
		dim, err := p.number(8)
		if err != nil {
			return err
		}
		hi, lo := bits.Mul64(size, dim)
		if size = lo; hi != 0 || lo > scanners.LargestFile {
			return p.broken("the shape of an array overflows")
		}
	}
	if _, err := p.number(8); err != nil { // the device it was on
		return err
	}
	kind, err := p.number(4)
	if err != nil {
		return err
	}
	if elementSize[kind] == 0 {
		return p.broken("an array of the type %d", kind)
	}
	p.result.Parsed.Add(start, p.at-start)
	if size *= elementSize[kind]; int64(size) > p.file.Size-p.at {
		return scanners.CutOff(p.file.Size, p.at+int64(size))
	}
	p.result.Opaque.Add(p.at, int64(size))
	p.at += int64(size)
	return nil
}

// names reads the names at the end, as many as there are arrays or none.
func (p *params) names(arrays uint64) error {
	start := p.at
	count, err := p.number(8)
	if err != nil {
		return err
	}
	if count != arrays && count != 0 {
		return p.broken("%d names of %d arrays", count, arrays)
	}
	for range count {
		size, err := p.number(8)
		if err != nil {
			return err
		}
		if size > maxName {
			return p.limit("a name of %d bytes", size)
		}
		if int64(size) > p.file.Size-p.at {
			return scanners.CutOff(p.file.Size, p.at+int64(size))
		}
		name := make([]byte, size)
		if _, err := p.file.ReadAt(name, p.at); err != nil {
			return fmt.Errorf("read a name: %w", err)
		}
		if entryname.Escapes(string(name)) || entryname.HasControl(string(name)) {
			return p.broken("an array called %s", clip.Quote(name, shown))
		}
		p.at += int64(size)
	}
	p.result.Parsed.Add(start, p.at-start)
	return nil
}
