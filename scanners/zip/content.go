package zip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"assay/scanners"
	"assay/scanners/internal/unpack"
)

// Compression methods (APPNOTE 4.4.5).
const (
	methodStored    = 0
	methodDeflate   = 8
	methodDeflate64 = 9
	methodBzip2     = 12
	methodLZMA      = 14
	methodZstd      = 93
	methodXZ        = 95
	methodAES       = 99
)

// openers are the methods that can be read.
var openers = map[uint16]unpack.Opener{
	methodDeflate: unpack.Deflate,
	methodBzip2:   unpack.Bzip2,
	methodLZMA:    openLZMA,
	methodZstd:    unpack.Zstd,
	methodXZ:      unpack.XZ,
}

// openLZMA turns the header of APPNOTE 5.8.8 into that of a .lzma file.
func openLZMA(r io.Reader) (io.Reader, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if le.Uint16(head[2:]) != 5 {
		return nil, errors.New("lzma properties")
	}
	alone := binary.LittleEndian.AppendUint64(bytes.Clone(head[4:]), ^uint64(0)) // size unknown
	return unpack.LZMA(io.MultiReader(bytes.NewReader(alone), r))
}

// reading is one way to take the data of an entry.
type reading struct {
	method uint16
	span   scanners.Span
	plain  int64 // stated size, -1 when nothing is stated
	crc    uint32
	sum    bool // crc is stated
}

// readings are the ways in which readers take the data of e, each once: by the
// directory, by the local header, and by the uncompressed size of stored data.
func (a *archive) readings(e *entry) []reading {
	var list []reading
	add := func(h *header, packed int64) {
		r := reading{h.method, a.span(e, packed), h.plain, h.crc, true}
		for _, other := range list {
			if other.method == r.method && other.span == r.span {
				return
			}
		}
		list = append(list, r)
	}
	for _, h := range []*header{e.central, e.local} {
		if h == nil || h == e.local && e.central != nil && h.flags&flagDescriptor != 0 && h.packed == 0 {
			continue
		}
		add(h, h.packed)
		if h.method == methodStored {
			add(h, h.plain)
		}
	}
	if e.central == nil && e.local.flags&flagDescriptor != 0 {
		for i := range list {
			list[i].plain, list[i].sum = -1, false
		}
	}
	return list
}

// open starts to decompress. At the end of the data the reader compares what came
// out with what was stated, so that the content is scanned first.
func (r reading) open(f io.ReaderAt) (io.Reader, error) {
	section := io.NewSectionReader(f, r.span.Off, r.span.Len)
	if r.method == methodStored {
		return &checkedReader{src: section, want: r, sum: crc32.NewIEEE()}, nil
	}
	src, err := openers[r.method](section)
	if err != nil {
		return nil, err
	}
	return &checkedReader{src: src, want: r, sum: crc32.NewIEEE()}, nil
}

var (
	errSize = errors.New("the content does not have the size that the archive states")
	errCRC  = errors.New("the checksum is wrong")
)

// checkedReader ends with an error when size or checksum are not as stated.
type checkedReader struct {
	src  io.Reader
	want reading
	sum  hash.Hash32
	n    int64
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	_, _ = c.sum.Write(p[:n])
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	switch {
	case c.want.plain >= 0 && c.n != c.want.plain:
		return n, fmt.Errorf("%w: %d, not %d", errSize, c.n, c.want.plain)
	case c.want.sum && c.sum.Sum32() != c.want.crc:
		return n, fmt.Errorf("%w: %08x, not %08x", errCRC, c.sum.Sum32(), c.want.crc)
	}
	return n, io.EOF
}

// Bounds on what is read only to compare checksums.
const (
	checkEach  = 1 << 20
	checkTotal = 64 << 20
)

// checkContents compares checksum and size of the members that are small enough.
func (a *archive) checkContents() {
	for i := range a.entries {
		e := &a.entries[i]
		if e.local == nil || isFolder(e) || e.data+e.packed() > a.f.Size {
			continue // emit reports it
		}
		r := a.readings(e)[0]
		err := a.tryRead(r)
		switch {
		case e.flags()&(flagEncrypted|flagStrong) != 0:
			continue // emit reports it
		case errors.Is(err, unpack.ErrTrailing) && len(a.ends) == 0 && r.span.End() == a.f.Size:
			continue // the beginning of a descriptor: the rest has not arrived
		case errors.Is(err, errCRC):
			a.report(ruleBadCRC, e.data, "%s: %s", quote(e.said().name), err)
		case errors.Is(err, errSize), errors.Is(err, unpack.ErrTrailing):
			a.report(ruleSize, e.data, "%s: %s", quote(e.said().name), err)
		}
	}
}

var errNotTried = errors.New("too large to be read only for its checksum")

// tryRead reads a small member to its end. It returns nil when content, size and
// checksum are as stated.
func (a *archive) tryRead(r reading) error {
	if r.span.Len > checkEach || r.plain > checkEach || a.checked > checkTotal {
		return errNotTried
	}
	if r.method != methodStored && openers[r.method] == nil {
		return errNotTried
	}
	src, err := r.open(a.f)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(src, checkEach+1))
	a.checked += n + r.span.Len
	if err == nil && n > checkEach {
		return fmt.Errorf("%w: more than %d, not %d", errSize, checkEach, r.plain)
	}
	return err
}

// isFolder reports an entry that is only the name of a folder.
func isFolder(e *entry) bool {
	name := e.said().name
	return name != "" && name[len(name)-1] == '/' && e.said().packed == 0 && e.said().plain == 0
}
