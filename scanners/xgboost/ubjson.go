package xgboost

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"assay/scanners"
)

const (
	maxDepth = 512
	maxText  = 64 << 10 // bytes of a key
	maxKeys  = 4096     // keys of one object that are compared
)

var errClaim = errors.New("claims more than the file holds")

// ubjson reads UBJSON (ubjson.org, draft 12) as XGBoost does: big-endian numbers,
// counted arrays with or without a type, objects without a count.
type ubjson struct {
	src   *bufio.Reader
	ctx   context.Context
	size  int64
	at    int64
	model *model
	small [8]byte
}

func newUBJSON(ctx context.Context, f scanners.File, m *model) *ubjson {
	return &ubjson{src: bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size), 64<<10), ctx: ctx, size: f.Size, model: m}
}

// bytes reads n bytes, 64 KiB at most. Up to 8 of them are valid until the next call.
func (u *ubjson) bytes(n int64) ([]byte, error) {
	if n < 0 || n > u.size-u.at {
		return nil, u.claim(n)
	}
	buf := u.small[:]
	if n > int64(len(buf)) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(u.src, buf); err != nil {
		return nil, err
	}
	u.at += n
	return buf, nil
}

// claim tells a file that is cut off from one that lies: nobody has a model of more
// than scanners.LargestFile.
func (u *ubjson) claim(n int64) error {
	if n >= 0 && n <= scanners.LargestFile {
		return scanners.CutOff(u.size, u.at+n)
	}
	u.model.found.Add("xgboost/array-claim", u.at, "%d values or bytes", n)
	return &scanners.FormatError{Offset: u.at, Err: errClaim}
}

func (u *ubjson) skip(n int64) error {
	for n > 0 {
		step := min(n, 1<<20)
		if err := u.ctx.Err(); err != nil {
			return err
		}
		done, err := u.src.Discard(int(step))
		u.at += int64(done)
		if err != nil {
			return err
		}
		n -= step
	}
	return nil
}

func (u *ubjson) marker() (byte, error) {
	p, err := u.bytes(1)
	if err != nil {
		return 0, err
	}
	return p[0], nil
}

func (u *ubjson) broken(format string, args ...any) error {
	return &scanners.FormatError{Offset: u.at, Err: fmt.Errorf("not UBJSON: "+format, args...)}
}

// widths are the sizes of numbers in bytes.
var widths = map[byte]int64{'i': 1, 'U': 1, 'I': 2, 'u': 2, 'l': 4, 'm': 4, 'L': 8, 'M': 8, 'd': 4, 'D': 8, 'C': 1, 'B': 1}

// decode turns the bytes of a number into it.
func decode(kind byte, p []byte) float64 {
	switch kind {
	case 'i':
		return float64(int8(p[0]))
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(p)))
	case 'u':
		return float64(binary.BigEndian.Uint16(p))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(p)))
	case 'm':
		return float64(binary.BigEndian.Uint32(p))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(p)))
	case 'M':
		return float64(binary.BigEndian.Uint64(p))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(p)))
	case 'D':
		return math.Float64frombits(binary.BigEndian.Uint64(p))
	}
	return float64(p[0])
}

// length reads a length: a whole number with its type.
func (u *ubjson) length() (int64, error) {
	kind, err := u.marker()
	if err != nil {
		return 0, err
	}
	if widths[kind] == 0 || kind == 'd' || kind == 'D' || kind == 'C' {
		return 0, u.broken("%q where a length belongs", kind)
	}
	p, err := u.bytes(widths[kind])
	if err != nil {
		return 0, err
	}
	if kind == 'L' {
		return int64(binary.BigEndian.Uint64(p)), nil
	}
	return int64(decode(kind, p)), nil
}

// value reads a value that begins with a marker.
func (u *ubjson) value(kind byte, depth int) error {
	switch {
	case widths[kind] > 0:
		p, err := u.bytes(widths[kind])
		if err != nil {
			return err
		}
		u.model.number(decode(kind, p))
		return nil
	case kind == 'Z' || kind == 'T' || kind == 'F' || kind == 'N':
		u.model.value()
		return nil
	case kind == 'S' || kind == 'H':
		u.model.value()
		return u.text()
	case depth >= maxDepth:
		return &scanners.FormatError{Offset: u.at, Code: scanners.GapLimit, Err: fmt.Errorf("nested deeper than %d", maxDepth)}
	case kind == '{':
		return u.object(depth)
	case kind == '[':
		return u.array(depth)
	}
	return u.broken("%q where a value belongs", kind)
}

func (u *ubjson) text() error {
	n, err := u.length()
	if err != nil {
		return err
	}
	if n < 0 || n > u.size-u.at {
		return u.claim(n)
	}
	return u.skip(n)
}

func (u *ubjson) object(depth int) error {
	u.model.open(false, u.at-1)
	seen := make(map[string]bool)
	for {
		next, err := u.src.Peek(1)
		if err != nil {
			return scanners.CutOff(u.size, u.size+1)
		}
		switch next[0] {
		case '}':
			u.model.close()
			return u.skip(1)
		case '$', '#':
			return u.broken("an object with a count")
		}
		n, err := u.length()
		if err != nil {
			return err
		}
		if n < 0 || n > maxText {
			return u.claim(max(n, maxText+1))
		}
		key, err := u.bytes(n)
		if err != nil {
			return err
		}
		if seen[string(key)] {
			u.model.found.Add("xgboost/duplicate-key", u.at-n, "the key %q", key[:min(n, 100)])
		}
		if len(seen) < maxKeys {
			seen[string(key)] = true
		}
		u.model.name(string(key))
		kind, err := u.marker()
		if err != nil {
			return err
		}
		if err := u.value(kind, depth+1); err != nil {
			return err
		}
	}
}

// array reads the three forms of an array: to the end mark, counted, and counted
// with a type.
func (u *ubjson) array(depth int) error {
	u.model.open(true, u.at-1)
	var kind byte
	head, err := u.src.Peek(1)
	if err == nil && head[0] == '$' {
		p, err := u.bytes(2)
		if err != nil {
			return err
		}
		kind = p[1]
		head, _ = u.src.Peek(1)
	}
	if len(head) == 1 && head[0] == '#' {
		if err := u.skip(1); err != nil {
			return err
		}
		n, err := u.length()
		if err != nil {
			return err
		}
		return u.counted(kind, n, depth)
	}
	if kind != 0 {
		return u.broken("an array with a type and without a count")
	}
	for {
		next, err := u.marker()
		if err != nil {
			return scanners.CutOff(u.size, u.size+1)
		}
		if next == ']' {
			u.model.close()
			return nil
		}
		if err := u.value(next, depth+1); err != nil {
			return err
		}
	}
}

func (u *ubjson) counted(kind byte, n int64, depth int) error {
	least := max(1, widths[kind])
	if n < 0 || n > (u.size-u.at)/least {
		if n > scanners.LargestFile/least {
			n = -1
		}
		return u.claim(n * least)
	}
	if kind != 0 && widths[kind] == 0 {
		return u.broken("an array of %q", kind)
	}
	if kind != 0 && !u.model.wants() {
		u.model.many(n)
		if err := u.skip(n * least); err != nil {
			return err
		}
		u.model.close()
		return nil
	}
	for range n {
		if kind == 0 {
			next, err := u.marker()
			if err != nil {
				return err
			}
			if err := u.value(next, depth+1); err != nil {
				return err
			}
			continue
		}
		if err := u.value(kind, depth+1); err != nil {
			return err
		}
	}
	u.model.close()
	return nil
}
