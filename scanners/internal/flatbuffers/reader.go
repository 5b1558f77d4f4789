// Package flatbuffers walks FlatBuffers: tables with their vtables, vectors,
// strings and unions, by a schema. What a field means is the caller's.
//
// # Security
//
// The format has no length and no checksum: every offset is followed only inside
// the file, and tables nest 64 deep. At most 262,144 tables are taken, one that is
// referred to twice counted twice, and vectors of eight times the file's size.
// Nothing is allocated by a declared length. The file is read in blocks of 16 KiB, of which 32 are kept.
package flatbuffers

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/scanners"
)

const (
	blockSize  = 16 << 10
	keptBlocks = 32
)

// reader gives small pieces of a file in any order.
type reader struct {
	ctx    context.Context
	src    io.ReaderAt
	size   int64
	blocks map[int64]*block
	clock  int64
}

type block struct {
	data []byte
	used int64
}

// Read fills p with the bytes at an offset, all of which are in the file.
func (r *reader) Read(at int64, p []byte) error {
	if at < 0 || at > r.size-int64(len(p)) {
		return scanners.CutOff(r.size, at+int64(len(p)))
	}
	for len(p) > 0 {
		b, err := r.block(at / blockSize)
		if err != nil {
			return err
		}
		n := copy(p, b[at%blockSize:])
		p, at = p[n:], at+int64(n)
	}
	return nil
}

func (r *reader) block(index int64) ([]byte, error) {
	r.clock++
	if b, ok := r.blocks[index]; ok {
		b.used = r.clock
		return b.data, nil
	}
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	b := r.evict()
	b.data, b.used = b.data[:min(blockSize, r.size-index*blockSize)], r.clock
	if _, err := io.ReadFull(io.NewSectionReader(r.src, index*blockSize, int64(len(b.data))), b.data); err != nil {
		return nil, fmt.Errorf("read the tables: %w", err)
	}
	r.blocks[index] = b
	return b.data, nil
}

// evict gives back the block that was used the longest ago, or a new one.
func (r *reader) evict() *block {
	if len(r.blocks) < keptBlocks {
		return &block{data: make([]byte, blockSize)}
	}
	oldest := int64(-1)
	for i, b := range r.blocks {
		if oldest < 0 || b.used < r.blocks[oldest].used {
			oldest = i
		}
	}
	b := r.blocks[oldest]
	delete(r.blocks, oldest)
	b.data = b.data[:blockSize]
	return b
}

// number reads a little-endian number of 1, 2, 4 or 8 bytes.
func (r *reader) number(at int64, size int) (uint64, error) {
	var p [8]byte
	if err := r.Read(at, p[:size]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p[:]), nil
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: max(0, at), Err: fmt.Errorf(format, args...)}
}
