package verify

import (
	"fmt"
	"hash/maphash"
	"io"
	"sync"

	"assay/registry"
)

// witness makes sure that the scanners see the bytes that were hashed. Hashing
// and scanning are two reads of the same file, and its owner may write between
// them: mtime and ctime do not tell, because a page that is already dirty can be
// changed through a memory map without a trace. While the file is hashed, the
// witness keeps a short keyed hash of every block; later reads compare. The key
// is random for every file, so no change can be chosen to match.
type witness struct {
	content io.ReaderAt
	size    int64
	block   int64 // bytes; a power of two
	seed    maphash.Seed
	sums    []uint64

	mu      sync.Mutex
	cache   [cachedBlocks]cachedBlock
	tick    uint64
	changed bool // a read did not find what was hashed
}

// intact reports whether every read found what was hashed. A scanner may take
// the error of a read for the end of the format; this does not.
func (w *witness) intact() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.changed
}

const (
	// minBlock is what one small read costs at least; maxBlocks bounds memory
	// (8 bytes each). A file above 64 GiB has larger blocks.
	minBlock     = 64 << 10
	maxBlocks    = 1 << 20
	cachedBlocks = 4
)

type cachedBlock struct {
	index int64
	used  uint64 // 0: empty
	data  []byte
}

func newWitness(content io.ReaderAt, size int64) *witness {
	w := &witness{content: content, size: size, block: minBlock, seed: maphash.MakeSeed()}
	for size/w.block >= maxBlocks {
		w.block *= 2
	}
	w.sums = make([]uint64, 0, (size+w.block-1)/w.block)
	return w
}

// recorder is the reader to hash through. It has to be read in order; blocks
// that a read leaves unfinished are completed by the next.
func (w *witness) recorder() io.ReaderAt { return &recorder{w: w} }

type recorder struct {
	w    *witness
	at   int64
	hash maphash.Hash
}

func (r *recorder) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.w.content.ReadAt(b, off)
	if off == r.at {
		r.record(b[:n])
	}
	return n, err
}

func (r *recorder) record(b []byte) {
	w := r.w
	for len(b) > 0 && r.at < w.size {
		if r.at%w.block == 0 {
			r.hash.SetSeed(w.seed)
		}
		n := min(w.block-r.at%w.block, w.size-r.at, int64(len(b)))
		if n == w.block { // the same value, several times faster
			w.sums = append(w.sums, maphash.Bytes(w.seed, b[:n]))
			r.at, b = r.at+n, b[n:]
			continue
		}
		_, _ = r.hash.Write(b[:n]) // never fails
		r.at += n
		b = b[n:]
		if r.at%w.block == 0 || r.at == w.size {
			w.sums = append(w.sums, r.hash.Sum64())
		}
	}
}

// ReadAt reads what was hashed, or fails with registry.ErrChanged. It is safe
// for concurrent use.
func (w *witness) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d: negative offset", off)
	}
	for n < len(b) {
		if off >= w.size {
			return n, io.EOF
		}
		copied, err := w.copyBlock(b[n:], off)
		n, off = n+copied, off+int64(copied)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// copyBlock copies from the block that holds off.
func (w *witness) copyBlock(b []byte, off int64) (int, error) {
	index := off / w.block
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.load(index)
	if err != nil {
		return 0, err
	}
	return copy(b, c.data[off-index*w.block:]), nil
}

// load returns a checked block, from the cache or in place of the one that was
// not used for longest.
func (w *witness) load(index int64) (*cachedBlock, error) {
	w.tick++
	oldest := &w.cache[0]
	for i := range w.cache {
		c := &w.cache[i]
		if c.used > 0 && c.index == index {
			c.used = w.tick
			return c, nil
		}
		if c.used < oldest.used {
			oldest = c
		}
	}
	size := min(w.block, w.size-index*w.block)
	if int64(cap(oldest.data)) < size {
		oldest.data = make([]byte, size)
	}
	oldest.data, oldest.used = oldest.data[:size], 0
	if n, err := w.content.ReadAt(oldest.data, index*w.block); int64(n) < size {
		w.changed = true
		return nil, fmt.Errorf("read block %d again: %w", index, err)
	}
	if index >= int64(len(w.sums)) || maphash.Bytes(w.seed, oldest.data) != w.sums[index] {
		w.changed = true
		return nil, fmt.Errorf("bytes %d to %d: %w", index*w.block, index*w.block+size, registry.ErrChanged)
	}
	oldest.index, oldest.used = index, w.tick
	return oldest, nil
}
