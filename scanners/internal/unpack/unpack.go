// Package unpack opens the compressed streams that model files use. Each opener
// reads all concatenated streams up to the end of its input, as the tools do, and
// ends with ErrTrailing when something else follows the last one.
//
// # Security
//
// Memory is bounded by MaxWindow whatever a header declares: a stream that needs
// a larger window is an error, not an allocation. Nothing is read ahead of what
// is asked for. How much may come out is for the caller to limit.
package unpack

import (
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// MaxWindow is the largest dictionary or window that is allocated, in bytes:
// xz -9 asks for 64 MiB, and zstd itself refuses more than 128 MiB by default.
const MaxWindow = 128 << 20

var (
	// ErrTrailing is wrapped when bytes that are no stream follow a stream.
	ErrTrailing = errors.New("bytes follow the end of the compressed stream")
	// ErrUnsupported is wrapped when a stream is valid and cannot be read here:
	// an unknown filter, a window beyond MaxWindow, a dictionary.
	ErrUnsupported = errors.New("compression feature is not supported")
)

// Opener starts to decompress r.
type Opener func(r io.Reader) (io.Reader, error)

// Deflate reads one raw stream (RFC 1951). Bytes after it are ErrTrailing.
func Deflate(r io.Reader) (io.Reader, error) {
	return concatenated(r, func(br *bufio.Reader, first bool) (io.Reader, error) {
		if !first {
			return nil, ErrTrailing
		}
		return flate.NewReader(br), nil
	})
}

// Zlib reads streams of RFC 1950.
func Zlib(r io.Reader) (io.Reader, error) {
	return concatenated(r, func(br *bufio.Reader, _ bool) (io.Reader, error) { return zlib.NewReader(br) })
}

// Gzip reads members of RFC 1952. Zero bytes after the last are padding, as for
// gzip(1).
func Gzip(r io.Reader) (io.Reader, error) {
	return concatenated(r, func(br *bufio.Reader, first bool) (io.Reader, error) {
		if !first {
			if err := skipZeros(br); err != nil {
				return nil, err
			}
		}
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		z.Multistream(false)
		return z, nil
	})
}

// Bzip2 reads one or more streams; the library joins them.
func Bzip2(r io.Reader) (io.Reader, error) { return bzip2.NewReader(bufio.NewReader(r)), nil }

// LZ4 reads LZ4 frames, and skips skippable ones; the library joins them.
func LZ4(r io.Reader) (io.Reader, error) {
	return translated{lz4.NewReader(bufio.NewReader(r))}, nil
}

// LZMA reads the older container of .lzma files ("lzma alone").
func LZMA(r io.Reader) (io.Reader, error) {
	return concatenated(r, func(br *bufio.Reader, _ bool) (io.Reader, error) {
		z, err := lzma.ReaderConfig{DictCap: MaxWindow}.NewReader(br)
		if tooLarge := new(lzma.ErrDictSize); errors.As(err, &tooLarge) {
			return nil, fmt.Errorf("%w: a dictionary of %d bytes", ErrUnsupported, tooLarge.HeaderDictSize)
		}
		return z, err
	})
}

// Zstd reads Zstandard frames (RFC 8878); the library joins them.
func Zstd(r io.Reader) (io.Reader, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindow))
	if err != nil {
		return nil, err
	}
	return translated{z}, nil
}

// translated turns the errors of the libraries into ours.
type translated struct{ src io.Reader }

func (t translated) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, lz4.ErrInvalidFrame):
		err = fmt.Errorf("%w: %w", ErrTrailing, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrUnknownDictionary):
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return n, err
}

// opener starts the next stream on br. It returns io.EOF when only padding is left.
type opener func(br *bufio.Reader, first bool) (io.Reader, error)

// concatenated joins streams that each stop exactly at their end.
func concatenated(r io.Reader, open opener) (io.Reader, error) {
	c := &joined{br: bufio.NewReader(r), open: open}
	var err error
	c.cur, err = open(c.br, true)
	if err != nil {
		return nil, noEOF(err)
	}
	return c, nil
}

type joined struct {
	br   *bufio.Reader
	open opener
	cur  io.Reader
	err  error
}

func (c *joined) Read(p []byte) (int, error) {
	for c.err == nil {
		n, err := c.cur.Read(p)
		if errors.Is(err, io.EOF) {
			err = c.next()
		}
		c.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, c.err
}

// next starts the stream after the one that ended, or returns io.EOF.
func (c *joined) next() error {
	if _, err := c.br.Peek(1); err != nil {
		return err
	}
	cur, err := c.open(c.br, false)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, ErrTrailing):
		return err
	case err != nil:
		return fmt.Errorf("%w (%w)", ErrTrailing, err)
	}
	c.cur = cur
	return nil
}

func skipZeros(br *bufio.Reader) error {
	for {
		b, err := br.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return br.UnreadByte()
		}
	}
}

// noEOF keeps a stream that ends inside its header from looking like the end of
// a good one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
