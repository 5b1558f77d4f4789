package gguf

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/scanners"
)

// windowSize is how much of the header is in memory at a time, in bytes.
const windowSize = 64 << 10

// reader reads the header from front to back.
type reader struct {
	ctx    context.Context
	src    io.ReaderAt
	size   int64 // of the file
	at     int64
	order  binary.ByteOrder
	window []byte
	start  int64 // offset of the window
}

// peek returns the next n bytes, at most windowSize.
func (r *reader) peek(n int64) ([]byte, error) {
	if n > r.left() {
		return nil, scanners.CutOff(r.size, r.at+n)
	}
	if r.at < r.start || r.at+n > r.start+int64(len(r.window)) {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		r.window = r.window[:min(int64(cap(r.window)), r.left())]
		r.start = r.at
		if _, err := io.ReadFull(io.NewSectionReader(r.src, r.at, int64(len(r.window))), r.window); err != nil {
			r.window = r.window[:0]
			return nil, fmt.Errorf("read the header: %w", err)
		}
	}
	return r.window[r.at-r.start:][:n], nil
}

func (r *reader) left() int64 { return r.size - r.at }

func (r *reader) broken(format string, args ...any) error {
	return &scanners.FormatError{Offset: r.at, Err: fmt.Errorf(format, args...)}
}

func (r *reader) limit(format string, args ...any) error {
	return &scanners.FormatError{Offset: r.at, Code: scanners.GapLimit, Err: fmt.Errorf(format, args...)}
}

// bytes reads n bytes, at most windowSize. They are valid until the next read.
func (r *reader) bytes(n int64) ([]byte, error) {
	p, err := r.peek(n)
	if err == nil {
		r.at += n
	}
	return p, err
}

func (r *reader) u32() (uint32, error) {
	p, err := r.bytes(4)
	if err != nil {
		return 0, err
	}
	return r.order.Uint32(p), nil
}

func (r *reader) u64() (uint64, error) {
	p, err := r.bytes(8)
	if err != nil {
		return 0, err
	}
	return r.order.Uint64(p), nil
}

// plausible is the length, in bytes, up to which a value that does not fit into
// the file passes for one that is cut off: no genuine value is longer.
const plausible = largeValue

// length reads the length of what follows, which must fit into the file.
func (r *reader) length() (int64, error) {
	n, err := r.u64()
	if err != nil {
		return 0, err
	}
	if left := uint64(r.left()); n > left && n <= plausible {
		return 0, scanners.CutOff(r.size, r.at+int64(n))
	} else if n > left {
		return 0, &lengthError{r.at - 8, n, r.left()}
	}
	return int64(n), nil
}

// lengthError is a length that does not fit.
type lengthError struct {
	offset int64
	have   uint64
	left   int64
}

func (e *lengthError) Error() string {
	return fmt.Sprintf("a length of %d where %d bytes are left", e.have, e.left)
}

// integer reads a scalar of a type as an integer. ok is false for other types.
func (r *reader) integer(kind uint32, p []byte) (n int64, ok bool) {
	switch kind {
	case typeUint8, typeBool:
		return int64(p[0]), true
	case typeInt8:
		return int64(int8(p[0])), true
	case typeUint16:
		return int64(r.order.Uint16(p)), true
	case typeInt16:
		return int64(int16(r.order.Uint16(p))), true
	case typeUint32:
		return int64(r.order.Uint32(p)), true
	case typeInt32:
		return int64(int32(r.order.Uint32(p))), true
	case typeUint64, typeInt64:
		return int64(r.order.Uint64(p)), true
	}
	return 0, false
}
