package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"

	"assay/scanners/internal/unpack"
)

// methods are the coders that are opened, by their ids (Methods.txt of 7-Zip).
var methods = map[string]func(r io.Reader, properties []byte, size int64) (io.Reader, error){
	"\x00":             func(r io.Reader, _ []byte, _ int64) (io.Reader, error) { return r, nil },
	"\x03\x01\x01":     openLZMA,
	"\x21":             openLZMA2,
	"\x04\x01\x08":     func(r io.Reader, _ []byte, _ int64) (io.Reader, error) { return unpack.Deflate(r) },
	"\x04\x02\x02":     func(r io.Reader, _ []byte, _ int64) (io.Reader, error) { return unpack.Bzip2(r) },
	"\x04\xf7\x11\x01": func(r io.Reader, _ []byte, _ int64) (io.Reader, error) { return unpack.Zstd(r) },
}

// others are the coders that are not.
var others = map[string]string{
	"\x06\xf1\x07\x01": "encrypted; unpack it with its password and scan what is in it", "\x03\x04\x01": "compressed with PPMd",
	"\x03\x03\x01\x03": "filtered as machine code for x86", "\x03\x03\x01\x1b": "filtered as machine code for x86", "\x04": "filtered as machine code for x86",
	"\x0a": "filtered as machine code for ARM64", "\x03": "filtered by differences", "\x04\x01\x09": "compressed with Deflate64",
}

// openLZMA puts the header of a .lzma file before the data. A dictionary larger
// than what comes out serves nothing.
func openLZMA(r io.Reader, properties []byte, size int64) (io.Reader, error) {
	if len(properties) != 5 {
		return nil, errors.New("LZMA without its five properties")
	}
	head := binary.LittleEndian.AppendUint64(bytes.Clone(properties), uint64(size))
	if dictionary := binary.LittleEndian.Uint32(head[1:]); int64(dictionary) > size {
		binary.LittleEndian.PutUint32(head[1:], uint32(max(size, lzma.MinDictCap)))
	}
	return unpack.LZMA(io.MultiReader(bytes.NewReader(head), r))
}

// openLZMA2 bounds the dictionary, whose size is two or three times a power of two.
func openLZMA2(r io.Reader, properties []byte, unpacked int64) (io.Reader, error) {
	if len(properties) != 1 || properties[0] > 40 {
		return nil, errors.New("LZMA2 without the size of its dictionary")
	}
	size := min(int64(2|properties[0]&1)<<(properties[0]/2+11), unpacked)
	if size > unpack.MaxWindow {
		return nil, fmt.Errorf("%w: a dictionary of %d bytes", unpack.ErrUnsupported, size)
	}
	return lzma.Reader2Config{DictCap: int(max(size, lzma.MinDictCap))}.NewReader2(r)
}

// unreadable says why a folder is not opened, and "" when it is.
func (f folder) unreadable() string {
	for _, k := range f.coders {
		if why, ok := others[k.id]; ok {
			return why
		}
		if methods[k.id] == nil {
			return fmt.Sprintf("compressed with the unknown method %#x", k.id)
		}
		if k.in != 1 || k.out != 1 {
			return "compressed by coders with several inputs"
		}
	}
	return ""
}

// open decompresses a folder whose packed data are r.
func (f folder) open(r io.Reader) (io.Reader, error) {
	if why := f.unreadable(); why != "" || len(f.packed) != 1 || len(f.sizes) != len(f.coders) {
		return nil, errors.New("a folder that is not opened: " + why)
	}
	for input, steps := f.packed[0], 0; ; steps++ {
		if input >= len(f.coders) || steps >= len(f.coders) {
			return nil, errors.New("the coders of a folder make no chain")
		}
		k := f.coders[input] // one input and one output each
		next, err := methods[k.id](r, k.properties, int64(f.sizes[input]))
		if err != nil {
			return nil, err
		}
		r = io.LimitReader(next, int64(f.sizes[input]))
		bound := false
		for _, b := range f.binds {
			if b[1] == input {
				input, bound = b[0], true
				break
			}
		}
		if !bound {
			return r, nil
		}
	}
}

// maxRestarts bounds how often a folder is decompressed from its beginning.
const maxRestarts = 16

// unpacker gives the files of a folder one after another.
type unpacker struct {
	open     func() (io.Reader, error)
	r        io.Reader
	at       int64
	restarts int
}

var errRestarts = errors.New("the files of a folder are read out of order too often")

// from positions the stream at an offset of the unpacked folder.
func (u *unpacker) from(off int64) error {
	if u.r == nil || off < u.at {
		if u.restarts++; u.restarts > maxRestarts {
			return errRestarts
		}
		r, err := u.open()
		if err != nil {
			return err
		}
		u.r, u.at = r, 0
	}
	n, err := io.CopyN(io.Discard, u.r, off-u.at)
	u.at += n
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// part reads one file of a folder and compares its checksum.
type part struct {
	*unpacker
	at, left int64
	sum      hash.Hash32
	want     *uint32
}

func (u *unpacker) part(s stream) *part {
	return &part{unpacker: u, at: s.off, left: s.size, sum: crc32.NewIEEE(), want: s.sum}
}

var errChecksum = errors.New("the checksum of the content is wrong")

func (p *part) Read(b []byte) (int, error) {
	if p.left == 0 {
		if p.want != nil && p.sum.Sum32() != *p.want {
			return 0, errChecksum
		}
		return 0, io.EOF
	}
	if p.at != p.unpacker.at || p.r == nil {
		if err := p.from(p.at); err != nil {
			return 0, err
		}
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.unpacker.at += int64(n)
	p.at += int64(n)
	p.left -= int64(n)
	_, _ = p.sum.Write(b[:n]) // a hash does not fail
	if errors.Is(err, io.EOF) {
		if err = nil; p.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}
