package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"assay/scanners"
)

const (
	windowSize = 64 << 10
	maxOffset  = 1 << offsetBits // what a value can point at: 1 TiB
)

var (
	errTruncated  = errors.New("the pickle ends in the middle of an opcode")
	errUnreadable = errors.New("read")
)

// window reads a part of a file through one buffer, forwards, and knows the frame
// that the loader has in its hands. Its invariant: the bytes from buf[pos] to
// buf[lim] are what the loader reads next, wherever it has them from.
type window struct {
	src io.ReaderAt
	end int64 // offset after the last byte that may be read

	buf      []byte
	at       int64 // offset of buf[0]
	pos, lim int

	// A frame that FRAME announced: the loader took these bytes out of the file,
	// so that the file itself continues at resume. That is the end of the frame,
	// unless an array was read from the file meanwhile (joblib).
	framed           bool
	frameEnd, resume int64

	// drop makes crossing the end of a frame lose the rest of it, as the C
	// unpickler does when it reads a file that cannot peek; otherwise bytes are
	// read in a row, as it does in memory. dropJoined makes it lose them for bytes
	// constants too, as before CPython 3.8.
	drop, dropJoined bool

	crossed int64 // offset of the first opcode that crossed, -1 when none did

	// overlong is the offset of a FRAME that ends beyond the file, -1 without one,
	// and missing is where what is known to be missing ends.
	overlong, missing int64

	opOff int64 // offset of the opcode being executed
}

func (w *window) open(src io.ReaderAt, at, end int64) {
	if w.buf == nil {
		w.buf = make([]byte, 0, windowSize)
	}
	w.buf = w.buf[:0] // it may hold another source
	w.src, w.end, w.framed, w.crossed = src, end, false, -1
	w.at, w.pos = at, 0
	w.bound()
}

// offset is where the next byte is.
func (w *window) offset() int64 { return w.at + int64(w.pos) }

// seek makes the byte at off the next one. The frame stays as it is.
func (w *window) seek(off int64) {
	if rel := off - w.at; rel >= 0 && rel <= int64(len(w.buf)) {
		w.pos = int(rel)
	} else {
		w.at, w.pos, w.buf = off, 0, w.buf[:0]
	}
	w.bound()
}

// bound recomputes lim: the end of what is buffered, and not beyond the frame.
func (w *window) bound() {
	w.lim = len(w.buf)
	if w.framed {
		w.lim = int(min(int64(w.lim), max(w.frameEnd-w.at, int64(w.pos))))
	}
}

// need makes at least n bytes available at pos. n is small.
func (w *window) need(n int) error {
	for w.pos+n > w.lim {
		p := w.offset()
		if w.framed && w.frameEnd-p < int64(n) {
			if err := w.leaveFrame(p); err != nil {
				return err
			}
			continue
		}
		if p+int64(n) > w.end {
			return errTruncated
		}
		if err := w.refill(p); err != nil {
			return err
		}
	}
	return nil
}

// The next three take an integer that need has made available.
func (w *window) u1() uint8 {
	w.pos++
	return w.buf[w.pos-1]
}

func (w *window) u2() uint16 {
	w.pos += 2
	return binary.LittleEndian.Uint16(w.buf[w.pos-2:])
}

func (w *window) u4() uint32 {
	w.pos += 4
	return binary.LittleEndian.Uint32(w.buf[w.pos-4:])
}

// take returns n bytes that need has made available.
func (w *window) take(n int) []byte {
	w.pos += n
	return w.buf[w.pos-n : w.pos]
}

// leaveFrame ends the frame at p, which is its end or, when an opcode crosses it,
// before its end.
func (w *window) leaveFrame(p int64) error {
	w.framed = false
	if p < w.frameEnd {
		if w.crossed < 0 {
			w.crossed = w.opOff
		}
		if !w.drop && w.resume == w.frameEnd {
			w.bound()
			return nil
		}
		if !w.drop {
			return errors.New("an opcode crosses the end of a frame after which an array was read")
		}
	}
	w.seek(w.resume)
	return nil
}

// refill reads the window from p on.
func (w *window) refill(p int64) error {
	n := int(min(windowSize, w.end-p))
	if n <= 0 {
		return errTruncated
	}
	w.buf = w.buf[:n]
	w.at, w.pos = p, 0
	got, err := w.src.ReadAt(w.buf, p)
	if got < n {
		w.buf = w.buf[:0]
		w.bound()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%w at byte %d: %w", errUnreadable, p, err)
	}
	w.bound()
	return nil
}

// skip passes over n bytes of payload and returns where they start. joined says
// that the loader reads them piecewise across the end of a frame (BINBYTES since
// CPython 3.8).
func (w *window) skip(n int64, joined bool) (int64, error) {
	p := w.offset()
	if w.pos < w.lim && n <= int64(w.lim-w.pos) {
		w.pos += int(n)
		return p, nil
	}
	if w.framed && n > w.frameEnd-p {
		drop := w.drop
		if joined && !w.dropJoined && w.resume == w.frameEnd {
			w.drop = false
		}
		err := w.leaveFrame(p)
		w.drop = drop
		if err != nil {
			return 0, err
		}
		p = w.offset()
	}
	if n < 0 || n > w.end-p {
		return 0, errTruncated
	}
	w.seek(p + n)
	return p, nil
}

// line passes over a text line and returns where it starts and how long it is
// without its newline.
func (w *window) line() (off, n int64, err error) {
	if i := bytes.IndexByte(w.buf[w.pos:w.lim], '\n'); i >= 0 {
		off, n = w.offset(), int64(i)
		w.pos += i + 1
		return off, n, nil
	}
	for {
		off = w.offset()
		limit := w.end
		if w.framed {
			limit = w.frameEnd
		}
		n, err = w.findNewline(off, limit)
		if err == nil {
			w.seek(off + n + 1)
			return off, n, nil
		}
		if !w.framed || !errors.Is(err, errTruncated) {
			return 0, 0, err
		}
		if err := w.leaveFrame(off); err != nil {
			return 0, 0, err
		}
	}
}

// findNewline looks for a newline in [off, limit) and returns its distance.
func (w *window) findNewline(off, limit int64) (int64, error) {
	var chunk [4 << 10]byte
	for p := off; p < limit; p += int64(len(chunk)) {
		part := chunk[:min(int64(len(chunk)), limit-p)]
		if got, err := w.src.ReadAt(part, p); got < len(part) {
			return 0, fmt.Errorf("%w at byte %d: %w", errUnreadable, p, err)
		}
		if i := bytes.IndexByte(part, '\n'); i >= 0 {
			return p + int64(i) - off, nil
		}
	}
	return 0, errTruncated
}

// enterFrame notes that the loader takes the next n bytes into its hands. It
// reports whether the frame is one that a pickler writes: not inside another one,
// and not longer than the rest.
func (w *window) enterFrame(n uint64) (orderly bool) {
	p := w.offset()
	orderly = true
	if w.framed {
		if n <= uint64(w.frameEnd-p) {
			return false // inside the bytes it already holds: nothing happens
		}
		orderly = p == w.frameEnd
		if w.leaveFrame(p) != nil {
			return false
		}
		p = w.offset()
	}
	if n > uint64(w.end-p) {
		return w.noteOverlong(n, p) && orderly // an error for C; Python reads what there is
	}
	w.framed, w.frameEnd = true, p+int64(n)
	w.resume = w.frameEnd
	w.bound()
	return orderly
}

// noteOverlong keeps a frame that ends beyond the file, until it is known whether
// the pickle breaks off with the file. It reports whether such a file can be.
func (w *window) noteOverlong(n uint64, p int64) bool {
	if n > scanners.LargestFile {
		return false
	}
	w.overlong, w.missing = w.opOff, p+int64(n)
	return true
}

// view returns n bytes at off, from the buffer when they are there. It returns nil
// when they cannot be read. They are valid until the next opcode is read.
func (w *window) view(off int64, n int) []byte {
	if rel := off - w.at; rel >= 0 && rel+int64(n) <= int64(len(w.buf)) {
		return w.buf[rel : rel+int64(n)]
	}
	if off < 0 || n < 0 || n > math.MaxInt32 || off+int64(n) > w.end {
		return nil
	}
	out := make([]byte, n)
	if got, _ := w.src.ReadAt(out, off); got < n {
		return nil
	}
	return out
}
