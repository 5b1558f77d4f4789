package flax

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"assay/scanners"
)

// stream reads MessagePack (github.com/msgpack/msgpack, spec.md).
type stream struct {
	ctx    context.Context
	src    *bufio.Reader
	at     int64
	from   int64 // since where everything was parsed
	end    int64 // of the file, or of the extension that is read
	result *scanners.Result
	small  [8]byte
}

func (s *stream) broken(format string, args ...any) error {
	return &scanners.FormatError{Offset: min(s.at, s.end), Err: fmt.Errorf("not MessagePack: "+format, args...)}
}

// number reads a big-endian number of n bytes, 8 at most.
func (s *stream) number(n int64) (uint64, error) {
	if n > s.end-s.at {
		return 0, scanners.CutOff(s.end, s.at+n)
	}
	s.small = [8]byte{}
	if _, err := io.ReadFull(s.src, s.small[8-n:]); err != nil {
		return 0, err
	}
	s.at += n
	return binary.BigEndian.Uint64(s.small[:]), nil
}

// bytes reads n bytes and keeps the first maxKey.
func (s *stream) bytes(n int64) ([]byte, error) {
	if n > s.end-s.at {
		return nil, scanners.CutOff(s.end, s.at+n)
	}
	kept := make([]byte, min(n, maxKey))
	if _, err := io.ReadFull(s.src, kept); err != nil {
		return nil, err
	}
	s.at += int64(len(kept))
	return kept, s.pass(n - int64(len(kept)))
}

func (s *stream) pass(n int64) error {
	if n > s.end-s.at {
		return scanners.CutOff(s.end, s.at+n)
	}
	for n > 0 {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		done, err := s.src.Discard(int(min(n, 1<<20)))
		s.at += int64(done)
		n -= int64(done)
		if err != nil {
			return err
		}
	}
	return nil
}

// data passes n bytes as data.
func (s *stream) data(n int64) error {
	s.done()
	if err := s.pass(n); err != nil {
		return err
	}
	s.result.Opaque.Add(s.from, s.at-s.from)
	s.from = s.at
	return nil
}

// done accounts for what was parsed up to here.
func (s *stream) done() {
	s.result.Parsed.Add(s.from, s.at-s.from)
	s.from = s.at
}

// kind is what a value is.
type kind uint8

const (
	null kind = iota
	boolean
	integer
	float
	text
	raw
	list
	dict
	extension
)

// value is the head of a value.
type value struct {
	kind  kind
	size  int64 // bytes or elements that follow
	ext   int8
	whole int64 // of an integer
}

// forms are the values with a fixed head: kind, and the width of what follows.
var forms = map[byte]struct {
	kind  kind
	width int64
}{
	0xc0: {null, 0}, 0xc2: {boolean, 0}, 0xc3: {boolean, 0},
	0xc4: {raw, 1}, 0xc5: {raw, 2}, 0xc6: {raw, 4}, 0xc7: {extension, 1}, 0xc8: {extension, 2}, 0xc9: {extension, 4},
	0xca: {float, 4}, 0xcb: {float, 8},
	0xcc: {integer, 1}, 0xcd: {integer, 2}, 0xce: {integer, 4}, 0xcf: {integer, 8}, 0xd0: {integer, 1}, 0xd1: {integer, 2}, 0xd2: {integer, 4}, 0xd3: {integer, 8},
	0xd9: {text, 1}, 0xda: {text, 2}, 0xdb: {text, 4}, 0xdc: {list, 2}, 0xdd: {list, 4}, 0xde: {dict, 2}, 0xdf: {dict, 4},
}

// head reads the head of the next value.
func (s *stream) head() (value, error) {
	first, err := s.number(1)
	if err != nil {
		return value{}, err
	}
	b := byte(first)
	switch {
	case b < 0x80:
		return value{kind: integer, whole: int64(b)}, nil
	case b >= 0xe0:
		return value{kind: integer, whole: int64(int8(b))}, nil
	case b < 0x90:
		return value{kind: dict, size: int64(b & 15)}, nil
	case b < 0xa0:
		return value{kind: list, size: int64(b & 15)}, nil
	case b < 0xc0:
		return value{kind: text, size: int64(b & 31)}, nil
	case b >= 0xd4 && b <= 0xd8:
		ext, err := s.number(1)
		return value{kind: extension, size: 1 << (b - 0xd4), ext: int8(ext)}, err
	}
	form, ok := forms[b]
	if !ok {
		return value{}, s.broken("the byte %#x", b)
	}
	v := value{kind: form.kind}
	n, err := s.number(form.width)
	if err != nil {
		return v, err
	}
	switch v.kind {
	case integer:
		v.whole = int64(min(n, 1<<62))
	case float:
	default:
		v.size = int64(n)
	}
	if v.kind == extension {
		ext, err := s.number(1)
		v.ext = int8(ext)
		return v, err
	}
	return v, nil
}
