// Package protobuf walks the wire format of Protocol Buffers: the fields of one
// message, with their places. What a field means is the caller's schema.
//
// Groups, which the encoding deprecates, are an error: no format scanned here
// has them.
//
// # Security
//
// The file is read through a window of 256 KiB. Nothing is allocated by a
// declared length, a field lies inside its message or is an error, and the depth
// is that of the caller's schema, never that of the data. A field takes two bytes
// at least, so that the work is linear in the size.
package protobuf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"assay/scanners"
)

// MaxBytes is the longest payload that Bytes returns, in bytes.
const MaxBytes = 256 << 10

// maxNumber is the largest field number (encoding guide, "Message Structure").
const maxNumber = 1<<29 - 1

// Type is the wire type of a field.
type Type uint8

// The wire types, but for the two of groups.
const (
	Varint  Type = 0
	Fixed64 Type = 1
	Bytes   Type = 2
	Fixed32 Type = 5
)

// Field is one field of a message.
type Field struct {
	Number uint64 // 1 to 2^29-1
	Type   Type
	Head   scanners.Span // the tag, and the length or the value after it
	Value  uint64        // of a number; 0 for Bytes
	Data   scanners.Span // the payload of Bytes
}

// Reader reads one file.
type Reader struct {
	ctx    context.Context
	src    io.ReaderAt
	size   int64
	window []byte
	start  int64 // offset of the window
}

// NewReader returns a reader of src, which has size bytes.
func NewReader(ctx context.Context, src io.ReaderAt, size int64) *Reader {
	return &Reader{ctx: ctx, src: src, size: size, window: make([]byte, 0, max(0, min(MaxBytes, size)))}
}

// Fields calls visit for every field of the message that fills the span. The
// error is visit's, that of the file, or a *scanners.FormatError.
func (r *Reader) Fields(message scanners.Span, visit func(Field) error) error {
	for at := message.Off; at < message.End(); {
		f, err := r.field(at, message.End())
		if err != nil {
			return err
		}
		at = f.Data.End()
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// field reads the head of the field at an offset of a message.
func (r *Reader) field(at, end int64) (Field, error) {
	tag, next, err := r.varint(at, end)
	if err != nil {
		return Field{}, err
	}
	f := Field{Number: tag >> 3, Type: Type(tag & 7)}
	if f.Number == 0 || f.Number > maxNumber {
		return Field{}, broken(at, "a field has the number %d", f.Number)
	}
	var length uint64
	switch f.Type {
	case Varint:
		f.Value, next, err = r.varint(next, end)
	case Fixed32:
		f.Value, next, err = r.fixed(next, end, 4)
	case Fixed64:
		f.Value, next, err = r.fixed(next, end, 8)
	case Bytes:
		length, next, err = r.varint(next, end)
	default:
		return Field{}, broken(at, "a field has the wire type %d", f.Type)
	}
	if err != nil {
		return Field{}, err
	}
	if length > uint64(end-next) {
		return Field{}, broken(at, "a field of %d bytes where %d are left", length, end-next)
	}
	f.Head = scanners.Span{Off: at, Len: next - at}
	f.Data = scanners.Span{Off: next, Len: int64(length)}
	return f, nil
}

func (r *Reader) varint(at, end int64) (value uint64, next int64, err error) {
	p, err := r.Bytes(scanners.Span{Off: at, Len: min(binary.MaxVarintLen64, end-at)})
	if err != nil {
		return 0, 0, err
	}
	value, n := binary.Uvarint(p)
	if n <= 0 {
		return 0, 0, broken(at, "a number does not end")
	}
	return value, at + int64(n), nil
}

func (r *Reader) fixed(at, end, n int64) (value uint64, next int64, err error) {
	if n > end-at {
		return 0, 0, broken(at, "a number of %d bytes where %d are left", n, end-at)
	}
	p, err := r.Bytes(scanners.Span{Off: at, Len: n})
	if err != nil {
		return 0, 0, err
	}
	var whole [8]byte
	copy(whole[:], p)
	return binary.LittleEndian.Uint64(whole[:]), at + n, nil
}

// errTooLong is what Bytes answers to a caller that did not look at the length.
var errTooLong = errors.New("longer than the window")

// Bytes returns the bytes of a span of at most MaxBytes. They are valid until the
// next call of any method.
func (r *Reader) Bytes(span scanners.Span) ([]byte, error) {
	if span.Off < 0 || span.Len < 0 || span.Len > MaxBytes || span.Off > r.size-span.Len {
		return nil, &scanners.FormatError{Offset: max(0, span.Off), Code: scanners.GapLimit, Err: errTooLong}
	}
	if span.Off < r.start || span.End() > r.start+int64(len(r.window)) {
		if err := r.fill(span.Off); err != nil {
			return nil, err
		}
	}
	return r.window[span.Off-r.start:][:span.Len], nil
}

func (r *Reader) fill(at int64) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.start, r.window = at, r.window[:min(int64(cap(r.window)), r.size-at)]
	if _, err := io.ReadFull(io.NewSectionReader(r.src, at, int64(len(r.window))), r.window); err != nil {
		r.window = r.window[:0]
		return fmt.Errorf("read the fields: %w", err)
	}
	return nil
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}
