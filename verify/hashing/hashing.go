// Package hashing computes every digest that is wanted of a file in one
// sequential pass over its bytes.
//
// The digests of section 6 of the OpenSSF Model Signing specification are the
// measure: whole files and shards, in SHA-256, BLAKE2b-512 and BLAKE3. SHA-256
// of the whole file is always computed.
//
// # Security
//
// Nothing is trusted: a file that ends before its size, or goes on after it, is
// an error and has no digests. Memory is one buffer, and 32 or 64 bytes for each
// shard up to MaxShards; a need beyond that is left unanswered, never answered
// wrongly, and does not disturb the others.
package hashing

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"
)

// The algorithms that a Need may name.
const (
	SHA256  = "sha256"
	SHA512  = "sha512"
	BLAKE2b = "blake2b" // BLAKE2b-512
	BLAKE3  = "blake3"  // 32 bytes
)

// BufferSize is the number of bytes read at once, and the size of the buffer
// that File wants: large enough to hide the cost of a read, small enough for a
// core's own cache.
const BufferSize = 1 << 20

// MaxShards is the number of shards that are computed for one file and need.
// With shards of the usual 1 GB it is a petabyte.
const MaxShards = 1 << 20

// ErrSize tells that a file has more or fewer bytes than expected.
var ErrSize = errors.New("file size changed: read it again")

// Need asks for one digest of every file.
type Need struct {
	Algorithm string // SHA256, SHA512, BLAKE2b or BLAKE3
	ShardSize int64  // bytes; 0 for the whole file
}

// New returns the algorithm's hash, or nil when there is none of that name.
func New(algorithm string) hash.Hash {
	switch algorithm {
	case SHA256:
		return sha256.New()
	case SHA512:
		return sha512.New()
	case BLAKE2b:
		h, _ := blake2b.New512(nil) // fails on a key only
		return h
	case BLAKE3:
		return blake3.New()
	}
	return nil
}

// Sums are the digests of one file. The zero value has none.
type Sums struct {
	sums []sum
}

// sum holds the digests of all shards one after the other.
type sum struct {
	need Need
	size int // of one digest, in bytes
	raw  []byte
}

// Hex returns a digest in lower-case hex. The shard counts from 0 and is ignored
// for a whole file. It is false when the digest was not computed.
func (s Sums) Hex(need Need, shard int) (string, bool) {
	if need.ShardSize == 0 {
		shard = 0
	}
	i := slices.IndexFunc(s.sums, func(c sum) bool { return c.need == need })
	if i < 0 || shard < 0 || shard >= len(s.sums[i].raw)/s.sums[i].size {
		return "", false
	}
	c := s.sums[i]
	return hex.EncodeToString(c.raw[shard*c.size : (shard+1)*c.size]), true
}

// SHA256 is the whole file's digest in hex, "" when it was not computed.
func (s Sums) SHA256() string {
	v, _ := s.Hex(Need{Algorithm: SHA256}, 0)
	return v
}

// SHA512 is the whole file's digest in hex, "" when it was not asked for.
func (s Sums) SHA512() string {
	v, _ := s.Hex(Need{Algorithm: SHA512}, 0)
	return v
}

// Known are the digests of a whole file that somebody computed before, in hex; the
// second may be "".
func Known(sha256Hex, sha512Hex string) (Sums, error) {
	var s Sums
	for _, d := range []struct {
		algorithm, hex string
		size           int
	}{{SHA256, sha256Hex, sha256.Size}, {SHA512, sha512Hex, sha512.Size}} {
		raw, err := hex.DecodeString(d.hex)
		if d.algorithm == SHA512 && len(raw) == 0 && err == nil {
			continue
		}
		if err != nil || len(raw) != d.size {
			return Sums{}, fmt.Errorf("%s %q is no digest", d.algorithm, d.hex)
		}
		s.sums = append(s.sums, sum{need: Need{Algorithm: d.algorithm}, size: d.size, raw: raw})
	}
	return s, nil
}

// File reads size bytes once, in order, and computes SHA-256 and the needs. The
// buffer, best of BufferSize, is the caller's to reuse from file to file; nil lets
// File allocate one. A need for an unknown algorithm, a negative shard size or
// more than MaxShards shards is not computed. The error wraps ErrSize, the
// context's or the reader's error.
func File(ctx context.Context, r io.ReaderAt, size int64, needs []Need, buf []byte) (Sums, error) {
	if len(buf) == 0 {
		buf = make([]byte, min(BufferSize, max(size, 1)))
	}
	running := start(size, needs)
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return Sums{}, err
		}
		part := buf[:min(int64(len(buf)), size-off)]
		n, err := r.ReadAt(part, off)
		if n < len(part) {
			return Sums{}, shortRead(off+int64(n), size, err)
		}
		for _, c := range running {
			c.write(part)
		}
		off += int64(n)
	}
	if err := checkEnd(r, size, buf[:1]); err != nil {
		return Sums{}, err
	}
	return finish(running), nil
}

func shortRead(at, size int64, err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: ends at byte %d of %d", ErrSize, at, size)
	}
	return fmt.Errorf("read at byte %d: %w", at, err)
}

// checkEnd fails when the file goes on after size, as a file does that grew
// after its size was taken.
func checkEnd(r io.ReaderAt, size int64, one []byte) error {
	n, err := r.ReadAt(one, size)
	switch {
	case n > 0:
		return fmt.Errorf("%w: goes on after byte %d", ErrSize, size)
	case err == nil:
		return fmt.Errorf("read at byte %d: %w", size, io.ErrNoProgress)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read at byte %d: %w", size, err)
	}
	return nil
}

// counter computes one need.
type counter struct {
	sum
	hash hash.Hash
	left int64 // bytes until the shard's end; -1 for a whole file
}

func start(size int64, needs []Need) []*counter {
	var running []*counter
	for _, need := range append([]Need{{Algorithm: SHA256}}, needs...) {
		known := slices.ContainsFunc(running, func(c *counter) bool { return c.need == need })
		h := New(need.Algorithm)
		if known || h == nil || need.ShardSize < 0 {
			continue
		}
		if need.ShardSize > 0 && (size-1)/need.ShardSize >= MaxShards {
			continue
		}
		c := &counter{sum: sum{need: need, size: h.Size()}, hash: h, left: -1}
		if need.ShardSize > 0 {
			c.left = need.ShardSize
		}
		running = append(running, c)
	}
	return running
}

func (c *counter) write(part []byte) {
	for c.left >= 0 && int64(len(part)) >= c.left {
		c.hash.Write(part[:c.left])
		part = part[c.left:]
		c.endShard()
		c.left = c.need.ShardSize
	}
	if len(part) == 0 {
		return
	}
	c.hash.Write(part)
	if c.left >= 0 {
		c.left -= int64(len(part))
	}
}

func (c *counter) endShard() {
	c.raw = c.hash.Sum(c.raw)
	c.hash.Reset()
}

func finish(running []*counter) Sums {
	sums := make([]sum, len(running))
	for i, c := range running {
		if c.need.ShardSize == 0 || c.left < c.need.ShardSize {
			c.endShard()
		}
		sums[i] = c.sum
	}
	return Sums{sums: sums}
}
