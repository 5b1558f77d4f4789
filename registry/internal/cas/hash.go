package cas

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/pjbgf/sha1cd"
	"github.com/zeebo/blake3"
	"golang.org/x/crypto/blake2b"

	"assay/registry"
)

// hashes computes SHA-256 and every promised digest in one pass.
type hashes struct {
	blob Blob
	sum  hash.Hash
	want []hash.Hash // parallel to blob.Want
	n    int64
}

func newHashes(b Blob) (*hashes, error) {
	h := &hashes{blob: b, sum: sha256.New()}
	for _, d := range b.Want {
		one, err := newHash(d.Algorithm, b.Size)
		if err != nil {
			return nil, err
		}
		if d.Algorithm == "sha256" {
			one = h.sum
		}
		h.want = append(h.want, one)
	}
	return h, nil
}

func newHash(algorithm string, size int64) (hash.Hash, error) {
	switch algorithm {
	case "sha256":
		return sha256.New(), nil
	case "sha384":
		return sha512.New384(), nil
	case "sha512":
		return sha512.New(), nil
	case "blake2b":
		return blake2b.New512(nil)
	case "blake3":
		return blake3.New(), nil
	case "sha1-git": // gitformat-loose(5): the object id covers a header with the size
		h := sha1cd.New()
		fmt.Fprintf(h, "blob %d\x00", size)
		return h, nil
	}
	return nil, fmt.Errorf("%w: cannot compute %s", registry.ErrDigest, algorithm)
}

// all are the different hashes, SHA-256 first.
func (h *hashes) all() []hash.Hash {
	out := []hash.Hash{h.sum}
	for i, w := range h.want {
		if h.blob.Want[i].Algorithm != "sha256" {
			out = append(out, w)
		}
	}
	return out
}

func (h *hashes) Write(p []byte) (int, error) {
	for _, one := range h.all() {
		one.Write(p)
	}
	h.n += int64(len(p))
	return len(p), nil
}

// sha256 is the digest under which the content is kept.
func (h *hashes) sha256() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// check compares size and every promised digest.
func (h *hashes) check() error {
	if h.n != h.blob.Size {
		return fmt.Errorf("%w: %s has %d bytes, promised were %d", registry.ErrDigest, h.blob.Name, h.n, h.blob.Size)
	}
	for i, want := range h.blob.Want {
		// Two files with one SHA-1 can be made (Stevens et al., SHAttered, 2017);
		// each of them shows the traces of the attack.
		if c, ok := h.want[i].(sha1cd.CollisionResistantHash); ok {
			if _, collides := c.CollisionResistantSum(nil); collides {
				return fmt.Errorf("%w: %s is one of two files that were made to have the same SHA-1", registry.ErrDigest, h.blob.Name)
			}
		}
		if got := hex.EncodeToString(h.want[i].Sum(nil)); got != want.Hex {
			return fmt.Errorf("%w: %s: promised %s, got %s:%s", registry.ErrDigest, h.blob.Name, want, want.Algorithm, got)
		}
	}
	return nil
}

// Verify hashes content that is already there and compares size and digests
// (registry.ErrDigest).
func Verify(ctx context.Context, c registry.Content, b Blob) error {
	h, err := newHashes(b)
	if err != nil {
		return err
	}
	if c.Size() != b.Size {
		return fmt.Errorf("%w: %s has %d bytes, promised were %d", registry.ErrDigest, b.Name, c.Size(), b.Size)
	}
	src := io.NewSectionReader(c, 0, c.Size())
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(buf)
		_, _ = h.Write(buf[:n])
		if err == io.EOF {
			return h.check()
		}
		if err != nil {
			return err
		}
	}
}
