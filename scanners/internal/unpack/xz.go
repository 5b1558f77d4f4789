package unpack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// XZ reads .xz streams (The .xz File Format, version 1.2.1). The container is
// read here, and only the LZMA2 data by the library, because the library
// allocates whatever dictionary a block header declares, up to 4 GiB.
func XZ(r io.Reader) (io.Reader, error) {
	x := &xzReader{src: &counter{r: bufio.NewReader(r)}}
	if err := x.streamHeader(); err != nil {
		return nil, noEOF(err)
	}
	return x, nil
}

const (
	xzMagic       = "\xfd7zXZ\x00"
	xzFooterMagic = "YZ"
)

// errXZ wraps what is wrong with the container.
func errXZ(what string) error { return errors.New("xz: " + what) }

// counter counts the bytes that were read.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// xzReader reads block after block, stream after stream.
type xzReader struct {
	src   *counter
	check byte     // kind of check of the current stream, section 2.1.1.2
	block *xzBlock // nil between blocks
	err   error
}

func (x *xzReader) Read(p []byte) (int, error) {
	for x.err == nil {
		if x.block == nil {
			x.err = x.next()
			continue
		}
		n, err := x.block.data.Read(p)
		_, _ = x.block.sum.Write(p[:n])
		if errors.Is(err, io.EOF) {
			err = x.endBlock()
		}
		x.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, x.err
}

// streamHeader reads the 12 bytes of section 2.1.1.
func (x *xzReader) streamHeader() error {
	var head [12]byte
	if _, err := io.ReadFull(x.src, head[:]); err != nil {
		return err
	}
	switch {
	case string(head[:6]) != xzMagic:
		return errXZ("no stream header")
	case crc32.ChecksumIEEE(head[6:8]) != binary.LittleEndian.Uint32(head[8:]):
		return errXZ("checksum of the stream header")
	case head[6] != 0 || head[7] > 0x0f:
		return fmt.Errorf("%w: xz stream flags %x", ErrUnsupported, head[6:8])
	}
	x.check = head[7]
	return nil
}

// next begins the next block, or finishes the stream when its index begins.
func (x *xzReader) next() error {
	start := x.src.n
	var size [1]byte
	if _, err := io.ReadFull(x.src, size[:]); err != nil {
		return noEOF(err)
	}
	if size[0] == 0 {
		if err := x.index(start); err != nil {
			return noEOF(err)
		}
		return x.nextStream()
	}
	head := make([]byte, (int(size[0])+1)*4) // at most 1 KiB
	head[0] = size[0]
	if _, err := io.ReadFull(x.src, head[1:]); err != nil {
		return noEOF(err)
	}
	var err error
	x.block, err = x.blockHeader(head)
	return err
}

// xzBlock is the block that is being read.
type xzBlock struct {
	data  io.Reader
	sum   hash.Hash
	start int64 // of the compressed data
}

// blockHeader reads section 3.1. Only a lone LZMA2 filter is supported.
func (x *xzReader) blockHeader(head []byte) (*xzBlock, error) {
	n := len(head) - 4
	if crc32.ChecksumIEEE(head[:n]) != binary.LittleEndian.Uint32(head[n:]) {
		return nil, errXZ("checksum of a block header")
	}
	flags, r := head[1], bytes.NewReader(head[2:n])
	if flags&0x3f != 0 {
		return nil, fmt.Errorf("%w: xz block flags %#x (several filters)", ErrUnsupported, flags)
	}
	for _, present := range []byte{0x40, 0x80} { // sizes; the data end by themselves
		if flags&present != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return nil, errXZ("a size in a block header")
			}
		}
	}
	filter := make([]byte, 3)
	if _, err := io.ReadFull(r, filter); err != nil || filter[0] != 0x21 || filter[1] != 1 {
		return nil, fmt.Errorf("%w: xz filter %#x", ErrUnsupported, filter[0])
	}
	dict, err := xzDictSize(filter[2])
	if err != nil {
		return nil, err
	}
	b := &xzBlock{sum: x.newSum(), start: x.src.n}
	b.data, err = lzma.Reader2Config{DictCap: dict}.NewReader2(x.src)
	return b, err
}

// xzDictSize decodes the dictionary size of section 5.3.1.
func xzDictSize(bits byte) (int, error) {
	if bits > 40 {
		return 0, errXZ("dictionary size")
	}
	size := int64(2|bits&1) << (bits/2 + 11)
	if size > MaxWindow {
		return 0, fmt.Errorf("%w: an xz dictionary of %d bytes", ErrUnsupported, size)
	}
	return int(size), nil
}

// newSum is the check of section 2.1.1.2; one that is not known is not checked.
func (x *xzReader) newSum() hash.Hash {
	switch x.check {
	case 0x01:
		return crc32.NewIEEE()
	case 0x04:
		return crc64.New(crc64.MakeTable(crc64.ECMA))
	case 0x0a:
		return sha256.New()
	}
	return noSum{crc32.NewIEEE()}
}

// noSum marks a check that cannot be computed here.
type noSum struct{ hash.Hash }

// endBlock reads the padding and the check after the data of a block.
func (x *xzReader) endBlock() error {
	pad := -(x.src.n - x.block.start) & 3
	// The sizes that the check kinds have, known or not (section 2.1.1.2).
	sizes := [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}
	tail := make([]byte, int(pad)+sizes[x.check])
	if _, err := io.ReadFull(x.src, tail); err != nil {
		return noEOF(err)
	}
	sum := x.block.sum.Sum(nil)
	if x.check != 0x0a { // CRCs are stored little-endian, the library sums big-endian
		for i, j := 0, len(sum)-1; i < j; i, j = i+1, j-1 {
			sum[i], sum[j] = sum[j], sum[i]
		}
	}
	if _, unknown := x.block.sum.(noSum); !unknown && !bytes.Equal(sum, tail[pad:]) {
		return errXZ("checksum of a block")
	}
	x.block = nil
	return nil
}

// index skips the index (section 4) and reads the stream footer (2.1.2). Its
// contents repeat what the blocks said.
func (x *xzReader) index(start int64) error {
	r := byteReader{x.src}
	records, err := binary.ReadUvarint(r)
	for i := uint64(0); err == nil && i < 2*records; i++ {
		_, err = binary.ReadUvarint(r)
	}
	if err != nil {
		return noEOF(err)
	}
	rest := make([]byte, int(-(x.src.n-start)&3)+4+12)
	if _, err := io.ReadFull(x.src, rest); err != nil {
		return err
	}
	footer := rest[len(rest)-12:]
	if string(footer[10:]) != xzFooterMagic || footer[9] != x.check {
		return errXZ("no stream footer")
	}
	return nil
}

// nextStream skips stream padding (section 2.2) and begins another stream.
func (x *xzReader) nextStream() error {
	for {
		word, err := x.src.r.Peek(4)
		switch {
		case len(word) == 0:
			return err
		case string(word) == xzMagic[:4]:
			if err := x.streamHeader(); err != nil {
				return fmt.Errorf("%w (%w)", ErrTrailing, err)
			}
			return nil
		case string(word) != "\x00\x00\x00\x00":
			return ErrTrailing
		}
		_, _ = x.src.r.Discard(4)
	}
}

// byteReader reads single bytes, so that nothing is read ahead.
type byteReader struct{ r io.Reader }

func (b byteReader) ReadByte() (byte, error) {
	var one [1]byte
	_, err := io.ReadFull(b.r, one[:])
	return one[0], err
}
