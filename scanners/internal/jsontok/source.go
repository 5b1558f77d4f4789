package jsontok

import "io"

// source is a byte reader that knows its offset and lets the lexer look ahead
// by a few bytes.
type source struct {
	r        io.Reader
	base     int64 // offset of buf[0]
	buf      []byte
	pos, end int
	filled   bool // the input has more than the buffer that it began with
	err      error
}

// maxEmptyReads bounds a reader that returns neither bytes nor an error.
const maxEmptyReads = 100

func newSource(r io.Reader, base int64) *source {
	return &source{r: r, base: base, buf: make([]byte, smallBuffer)}
}

// A small file, of which there may be a million, needs no large buffer.
const (
	smallBuffer = 4 << 10
	largeBuffer = 32 << 10
)

// grow makes room once a file has filled the small buffer.
func (s *source) grow() {
	if s.filled && len(s.buf) < largeBuffer {
		large := make([]byte, largeBuffer)
		copy(large, s.buf[:s.end])
		s.buf = large
	}
}

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// window returns the unread bytes, at least n of them unless the input ends.
func (s *source) window(n int) []byte {
	for empty := 0; s.end-s.pos < n && s.err == nil; {
		if s.pos > 0 {
			copy(s.buf, s.buf[s.pos:s.end])
			s.base += int64(s.pos)
			s.pos, s.end = 0, s.end-s.pos
		}
		s.grow()
		var got int
		got, s.err = s.r.Read(s.buf[s.end:])
		s.end += got
		s.filled = s.filled || s.end == len(s.buf)
		if empty++; got == 0 && s.err == nil && empty > maxEmptyReads {
			s.err = io.ErrNoProgress
		}
	}
	return s.buf[s.pos:s.end]
}

// peek returns the next byte without consuming it, and io.EOF at the end.
func (s *source) peek() (byte, error) {
	if w := s.window(1); len(w) > 0 {
		return w[0], nil
	}
	return 0, s.err
}

func (s *source) skip(n int) { s.pos += n }

// skipSpace consumes JSON white space and returns the byte after it.
func (s *source) skipSpace() (byte, error) {
	for {
		c, err := s.peek()
		if err != nil || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, err
		}
		s.skip(1)
	}
}
