package verify

import (
	"fmt"
	"hash/maphash"
	"io"
	"sync"

	"assay/registry"
)

// witness makes sure that the bytes that are hashed are those that the scanners
// saw. Scanning and hashing are two reads of the same file, and its owner may
// write between them: mtime and ctime do not tell, because a page that is already
// dirty can be changed through a memory map without a trace. The witness keeps a
// short keyed hash of every block that a scanner touched, and compares it when
// the block comes by again, in another read or in the hashing. The key is random
// for every file, so no change can be chosen to match. Blocks that no scanner
// touched, tensor values mostly, cost nothing.
type witness struct {
	content io.ReaderAt
	size    int64
	block   int64 // bytes; a power of two
	seed    maphash.Seed

	mu      sync.Mutex
	sums    []uint64 // of each block; 0: not touched
	cache   [cachedBlocks]cachedBlock
	tick    uint64
	changed bool
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
	w.sums = make([]uint64, (size+w.block-1)/w.block)
	return w
}

// sum is never 0, which means untouched.
func (w *witness) sum(block []byte) uint64 { return maphash.Bytes(w.seed, block) | 1 }

// intact reports whether everything was the same each time it was read. It asks
// the witness and not the errors that it gave, because a scanner may take the
// error of a read for the end of a format.
func (w *witness) intact() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.changed
}

// ReadAt is the reader for scanners. It fails with registry.ErrChanged when a
// block is not what it was. It is safe for concurrent use.
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

// load returns a block, from the cache or in place of the one that was not used
// for longest.
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
		return nil, fmt.Errorf("read at %d: %w", index*w.block, err)
	}
	if !w.same(index, w.sum(oldest.data), true) {
		return nil, fmt.Errorf("bytes %d to %d: %w", index*w.block, index*w.block+size, registry.ErrChanged)
	}
	oldest.index, oldest.used = index, w.tick
	return oldest, nil
}

// same compares a block with what it was, or keeps it when this is the first
// time. The caller holds mu.
func (w *witness) same(index int64, sum uint64, keep bool) bool {
	switch {
	case w.sums[index] == 0 && keep:
		w.sums[index] = sum
	case w.sums[index] != 0 && w.sums[index] != sum:
		w.changed = true
		return false
	}
	return true
}

// checker is the reader to hash through, in order and once.
func (w *witness) checker() io.ReaderAt { return &checker{w: w} }

type checker struct {
	w    *witness
	at   int64
	hash maphash.Hash // of a block that did not come in one piece
}

func (c *checker) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.w.content.ReadAt(b, off)
	if off == c.at {
		c.w.mu.Lock()
		c.check(b[:n])
		c.w.mu.Unlock()
	}
	return n, err
}

func (c *checker) check(b []byte) {
	w := c.w
	for len(b) > 0 && c.at < w.size {
		index, within := c.at/w.block, c.at%w.block
		end := min(w.block, w.size-index*w.block) // of the block, from its start
		n := min(end-within, int64(len(b)))
		switch {
		case w.sums[index] == 0:
		case n == end: // the same value as below, several times faster
			w.same(index, w.sum(b[:n]), false)
		default:
			if within == 0 {
				c.hash.SetSeed(w.seed)
			}
			_, _ = c.hash.Write(b[:n]) // never fails
			if within+n == end {
				w.same(index, c.hash.Sum64()|1, false)
			}
		}
		c.at, b = c.at+n, b[n:]
	}
}
