package rdata

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"assay/scanners"
)

// stream reads the numbers and bytes of one of the three forms.
type stream struct {
	ctx    context.Context
	src    *bufio.Reader
	size   int64
	at     int64
	from   int64 // since where everything was parsed
	ascii  bool
	order  binary.ByteOrder
	result *scanners.Result
}

func newStream(ctx context.Context, f scanners.File, result *scanners.Result) *stream {
	return &stream{ctx: ctx, src: bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size), 64<<10), size: f.Size, result: result, order: binary.BigEndian}
}

// done accounts for what was parsed up to here.
func (s *stream) done() {
	s.result.Parsed.Add(s.from, s.at-s.from)
	s.from = s.at
}

func (s *stream) broken(format string, args ...any) error {
	return &scanners.FormatError{Offset: min(s.at, s.size), Err: fmt.Errorf(format, args...)}
}

// bytes reads n bytes, some hundred at most.
func (s *stream) bytes(n int64) ([]byte, error) {
	if n > s.size-s.at {
		return nil, scanners.CutOff(s.size, s.at+n)
	}
	buf := make([]byte, n)
	_, err := io.ReadFull(s.src, buf)
	s.at += n
	return buf, err
}

// word reads a word of the ASCII form: up to white space.
func (s *stream) word() (string, error) {
	var word []byte
	for {
		c, err := s.src.ReadByte()
		if errors.Is(err, io.EOF) {
			if len(word) > 0 {
				return string(word), nil
			}
			return "", scanners.CutOff(s.size, s.size+1)
		}
		if err != nil {
			return "", err
		}
		s.at++
		space := c == ' ' || c == '\n' || c == '\t' || c == '\r'
		if space && len(word) > 0 {
			return string(word), nil
		}
		if !space {
			if word = append(word, c); len(word) > 128 {
				return "", s.broken("a number of more than 128 characters")
			}
		}
	}
}

func (s *stream) integer() (int32, error) {
	if s.ascii {
		word, err := s.word()
		if err != nil || word == "NA" {
			return -1 << 31, err
		}
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return 0, s.broken("%q where a number belongs", word)
		}
		return int32(n), nil
	}
	var p [4]byte
	if s.size-s.at < 4 {
		return 0, scanners.CutOff(s.size, s.at+4)
	}
	_, err := io.ReadFull(s.src, p[:])
	s.at += 4
	return int32(s.order.Uint32(p[:])), err
}

// text reads n characters and keeps the first 256. In the ASCII form, escapes count
// as the character that they stand for (serialize.c, InString).
func (s *stream) text(n int64) (string, error) {
	if s.ascii {
		return s.escaped(n)
	}
	kept, err := s.bytes(min(n, maxName))
	if err != nil {
		return "", err
	}
	return string(kept), s.pass(n - int64(len(kept)))
}

const maxName = 256

func (s *stream) escaped(n int64) (string, error) {
	if c, err := s.skipSpace(); err != nil {
		return "", err
	} else if n == 0 && c == '\n' {
		return "", nil
	}
	var kept []byte
	for range n {
		c, err := s.one()
		if err != nil {
			return "", err
		}
		if c == '\\' {
			if c, err = s.escape(); err != nil {
				return "", err
			}
		}
		if len(kept) < maxName {
			kept = append(kept, c)
		}
	}
	return string(kept), nil
}

// skipSpace passes white space before a text and returns what comes next.
func (s *stream) skipSpace() (byte, error) {
	for {
		p, err := s.src.Peek(1)
		if err != nil {
			return '\n', nil //nolint:nilerr // an empty text may end the file
		}
		if p[0] != ' ' && p[0] != '\n' && p[0] != '\t' && p[0] != '\r' {
			return p[0], nil
		}
		if _, err := s.one(); err != nil {
			return 0, err
		}
	}
}

func (s *stream) one() (byte, error) {
	c, err := s.src.ReadByte()
	if errors.Is(err, io.EOF) {
		return 0, scanners.CutOff(s.size, s.size+1)
	}
	s.at++
	return c, err
}

// escape reads what follows a backslash: a letter, or up to three octal digits.
func (s *stream) escape() (byte, error) {
	c, err := s.one()
	if err != nil || c < '0' || c > '7' {
		return c, err
	}
	value := c - '0'
	for range 2 {
		p, err := s.src.Peek(1)
		if err != nil || p[0] < '0' || p[0] > '7' {
			return value, nil //nolint:nilerr // the digits end with the file
		}
		digit, err := s.one()
		if err != nil {
			return 0, err
		}
		value = value<<3 | digit - '0'
	}
	return value, nil
}

// pass reads n bytes without a look at them.
func (s *stream) pass(n int64) error {
	if n > s.size-s.at {
		return scanners.CutOff(s.size, s.at+n)
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

// data passes n values of a width as data. In the ASCII form each is a word, or
// several.
func (s *stream) data(n, width, words int64) error {
	if s.ascii {
		for range n * words {
			if _, err := s.word(); err != nil {
				return err
			}
		}
		return nil
	}
	s.done()
	if err := s.pass(n * width); err != nil {
		return err
	}
	s.result.Opaque.Add(s.from, s.at-s.from)
	s.from = s.at
	return nil
}
