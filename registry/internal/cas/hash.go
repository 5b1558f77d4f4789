package cas

import (
	"context"
	"crypto/sha1" //nolint:gosec // Git names its objects so; a weak promise is still compared
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

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
		h := sha1.New() //nolint:gosec // see above
		fmt.Fprintf(h, "blob %d\x00", size)
		return h, nil
	}
	return nil, fmt.Errorf("%w: cannot compute %s", registry.ErrDigest, algorithm)
}

func (h *hashes) Write(p []byte) (int, error) {
	h.sum.Write(p)
	for i, w := range h.want {
		if h.blob.Want[i].Algorithm != "sha256" {
			w.Write(p)
		}
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
		if got := hex.EncodeToString(h.want[i].Sum(nil)); got != want.Hex {
			return fmt.Errorf("%w: %s: promised %s, got %s:%s", registry.ErrDigest, h.blob.Name, want, want.Algorithm, got)
		}
	}
	return nil
}

// verify hashes content that is already there.
func verify(ctx context.Context, c registry.Content, b Blob) error {
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
