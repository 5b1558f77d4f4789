package gitwire

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/pjbgf/sha1cd"

	"assay/registry"
)

// Kind is the type of an object, by its number in a pack (gitformat-pack).
type Kind int

// The kinds of objects.
const (
	Commit   Kind = 1
	Tree     Kind = 2
	Blob     Kind = 3
	Tag      Kind = 4
	ofsDelta Kind = 6
	refDelta Kind = 7
)

func (k Kind) String() string {
	return map[Kind]string{Commit: "commit", Tree: "tree", Blob: "blob", Tag: "tag"}[k]
}

// Bounds on a pack.
const (
	maxObjects = 4_000_000
	maxHeld    = 96 << 20 // bytes of objects in memory
	maxSkipped = 64 << 30 // bytes that are read and thrown away
	maxDepth   = 4096     // deltas upon deltas; git's own limit
)

// Objects are those of a pack, by their ids, which were computed from their bytes.
type Objects struct {
	byID   map[string]object
	deltas []delta
	held   int64
	limit  int64 // larger blobs are not kept
}

type object struct {
	kind    Kind
	content []byte
}

type delta struct {
	base string
	text []byte
}

// Get returns an object of that kind.
func (o *Objects) Get(kind Kind, id string) ([]byte, bool) {
	got, ok := o.byID[id]
	return got.content, ok && got.kind == kind
}

// ReadPack reads a pack to its end, and keeps commits, trees, and blobs up to limit
// bytes. What was taken apart into deltas is put together again.
func ReadPack(r io.Reader, limit int64) (*Objects, error) {
	o := &Objects{byID: make(map[string]object), limit: limit}
	p := newPack(r)
	n, err := p.header()
	if err != nil {
		return nil, err
	}
	skipped := int64(0)
	for range n {
		kind, size, base, err := p.next()
		if err != nil {
			return nil, err
		}
		if kind == Blob && size > limit || kind == Tag || kind == refDelta && size > maxHeld/4 {
			if skipped += size; skipped > maxSkipped {
				return nil, fmt.Errorf("%w: a pack of more than %d bytes", registry.ErrLimit, int64(maxSkipped))
			}
			if err := p.inflate(io.Discard, size); err != nil {
				return nil, err
			}
			continue
		}
		if o.held += size; o.held > maxHeld {
			return nil, fmt.Errorf("%w: the trees and small files of a commit take more than %d bytes", registry.ErrLimit, maxHeld)
		}
		var content bytes.Buffer
		if err := p.inflate(&content, size); err != nil {
			return nil, err
		}
		if kind == refDelta {
			o.deltas = append(o.deltas, delta{base, content.Bytes()})
			continue
		}
		if err := o.add(kind, content.Bytes()); err != nil {
			return nil, err
		}
	}
	if err := p.trailer(); err != nil {
		return nil, err
	}
	return o, o.resolve()
}

func (o *Objects) add(kind Kind, content []byte) error {
	id, err := ID(kind, content)
	if err == nil {
		o.byID[id] = object{kind, content}
	}
	return err
}

// resolve applies deltas whose base is there, until none is. The rest belongs to
// large files, which are fetched on their own.
func (o *Objects) resolve() error {
	for range maxDepth {
		var waiting []delta
		for _, d := range o.deltas {
			base, ok := o.byID[d.base]
			if !ok {
				waiting = append(waiting, d)
				continue
			}
			size, err := deltaSize(d.text)
			if err != nil {
				return err
			}
			if base.kind == Blob && size > o.limit {
				continue
			}
			if o.held += size; o.held > maxHeld {
				return fmt.Errorf("%w: the trees and small files of a commit take more than %d bytes", registry.ErrLimit, maxHeld)
			}
			content, err := apply(base.content, d.text)
			if err != nil {
				return err
			}
			if err := o.add(base.kind, content); err != nil {
				return err
			}
		}
		if len(waiting) == len(o.deltas) {
			return nil
		}
		o.deltas = waiting
	}
	return fmt.Errorf("%w: deltas upon deltas", registry.ErrLimit)
}

// ID is the object id. Two contents that were made to have the same one are an
// error (Stevens et al., SHAttered, 2017).
func ID(kind Kind, content []byte) (string, error) {
	h := newHash(kind, int64(len(content)))
	h.Write(content)
	return sum(h)
}

func newHash(kind Kind, size int64) hash.Hash {
	h := sha1cd.New()
	fmt.Fprintf(h, "%s %d\x00", kind, size)
	return h
}

func sum(h hash.Hash) (string, error) {
	id := h.Sum(nil)
	if c, ok := h.(sha1cd.CollisionResistantHash); ok {
		if safe, collides := c.CollisionResistantSum(nil); collides {
			return "", fmt.Errorf("%w: an object that was made to have the same SHA-1 as another (%x)", registry.ErrDigest, safe)
		}
	}
	return hex.EncodeToString(id), nil
}

// pack reads a pack as it arrives.
type pack struct {
	r        *bufio.Reader
	zlib     inflater
	all      hash.Hash // of what was consumed, but for unhashed
	unhashed []byte    // zlib takes byte after byte, which a hash does not like
}

// inflater is what zlib.NewReader gives.
type inflater interface {
	io.Reader
	zlib.Resetter
}

func newPack(r io.Reader) *pack {
	return &pack{r: bufio.NewReaderSize(r, 64<<10), all: sha1cd.New(), unhashed: make([]byte, 0, 8<<10)}
}

// Read and ReadByte hash what is consumed; what lies in the buffer is not yet.
func (p *pack) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.hash()
	p.all.Write(b[:n])
	return n, err
}

func (p *pack) ReadByte() (byte, error) {
	c, err := p.r.ReadByte()
	if err == nil {
		if p.unhashed = append(p.unhashed, c); len(p.unhashed) == cap(p.unhashed) {
			p.hash()
		}
	}
	return c, err
}

func (p *pack) hash() {
	p.all.Write(p.unhashed)
	p.unhashed = p.unhashed[:0]
}

var errPack = fmt.Errorf("%w: a damaged pack", registry.ErrDigest)

// damaged keeps the cause when the connection broke, and otherwise says what the
// bytes are.
func damaged(err error) error {
	if err == nil || errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, io.EOF) {
		return errPack
	}
	var corrupt interface{ Timeout() bool }
	if errors.As(err, &corrupt) {
		return err
	}
	return fmt.Errorf("%w: %w", errPack, err)
}

func (p *pack) header() (objects uint32, err error) {
	var h [12]byte
	if _, err := io.ReadFull(p, h[:]); err != nil {
		return 0, damaged(err)
	}
	objects = uint32(h[8])<<24 | uint32(h[9])<<16 | uint32(h[10])<<8 | uint32(h[11])
	if string(h[:8]) != "PACK\x00\x00\x00\x02" {
		return 0, errPack
	}
	if objects > maxObjects {
		return 0, fmt.Errorf("%w: a pack of %d objects", registry.ErrLimit, objects)
	}
	return objects, nil
}

// next reads the head of an object.
func (p *pack) next() (kind Kind, size int64, base string, err error) {
	c, err := p.ReadByte()
	if err != nil {
		return 0, 0, "", damaged(err)
	}
	kind, size = Kind(c>>4&7), int64(c&15)
	for shift := 4; c&0x80 != 0; shift += 7 {
		if c, err = p.ReadByte(); err != nil || shift > 53 {
			return 0, 0, "", damaged(err)
		}
		size |= int64(c&0x7f) << shift
	}
	switch kind {
	case Commit, Tree, Blob, Tag:
	case refDelta:
		var id [20]byte
		if _, err := io.ReadFull(p, id[:]); err != nil {
			return 0, 0, "", damaged(err)
		}
		base = hex.EncodeToString(id[:])
	default: // ofsDelta was not asked for
		return 0, 0, "", errPack
	}
	return kind, size, base, nil
}

// inflate writes exactly size bytes.
func (p *pack) inflate(w io.Writer, size int64) error {
	if p.zlib == nil {
		z, err := zlib.NewReader(p)
		if err != nil {
			return damaged(err)
		}
		p.zlib = z.(inflater) //nolint:forcetypeassert // documented: it implements zlib.Resetter
	} else if err := p.zlib.Reset(p, nil); err != nil {
		return damaged(err)
	}
	n, err := io.Copy(w, io.LimitReader(p.zlib, size+1))
	if err != nil {
		return damaged(err)
	}
	if n != size {
		return errPack
	}
	return nil
}

// trailer compares the checksum of the pack.
func (p *pack) trailer() error {
	p.hash()
	want := p.all.Sum(nil)
	var got [20]byte
	if _, err := io.ReadFull(p.r, got[:]); err != nil || !bytes.Equal(got[:], want) {
		return damaged(nil)
	}
	return nil
}

// varint reads the sizes at the start of a delta.
func varint(b []byte) (n int64, rest []byte, err error) {
	for i, c := range b {
		if i > 7 {
			break
		}
		n |= int64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return n, b[i+1:], nil
		}
	}
	return 0, nil, errPack
}

// deltaSize is the size of what a delta makes.
func deltaSize(text []byte) (int64, error) {
	_, rest, err := varint(text)
	if err != nil {
		return 0, err
	}
	size, _, err := varint(rest)
	return size, err
}

// apply makes an object out of its base and a delta.
func apply(base, text []byte) ([]byte, error) {
	from, text, err := varint(text)
	if err != nil || from != int64(len(base)) {
		return nil, errPack
	}
	size, text, err := varint(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for len(text) > 0 {
		op := text[0]
		text = text[1:]
		var part []byte
		if op&0x80 == 0 { // what follows
			if op == 0 || int(op) > len(text) {
				return nil, errPack
			}
			part, text = text[:op], text[op:]
		} else if part, text, err = copied(op, base, text); err != nil {
			return nil, err
		}
		if int64(out.Len()+len(part)) > size {
			return nil, errPack
		}
		out.Write(part)
	}
	if int64(out.Len()) != size {
		return nil, errPack
	}
	return out.Bytes(), nil
}

// copied reads an instruction that copies from the base: up to four bytes of
// offset and three of size, those that the bits of op name.
func copied(op byte, base, text []byte) (part, rest []byte, err error) {
	var fields [7]byte
	for i := range fields {
		if op&(1<<i) == 0 {
			continue
		}
		if len(text) == 0 {
			return nil, nil, errPack
		}
		fields[i], text = text[0], text[1:]
	}
	off := int64(fields[0]) | int64(fields[1])<<8 | int64(fields[2])<<16 | int64(fields[3])<<24
	n := int64(fields[4]) | int64(fields[5])<<8 | int64(fields[6])<<16
	if n == 0 {
		n = 0x10000
	}
	if off+n > int64(len(base)) {
		return nil, nil, errPack
	}
	return base[off : off+n], text, nil
}
