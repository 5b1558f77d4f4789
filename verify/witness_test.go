package verify

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"assay/registry"
	"assay/verify/hashing"
)

func random(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

func witnessOf(data []byte) *witness { return newWitness(bytes.NewReader(data), int64(len(data))) }

func hashThrough(t *testing.T, w *witness, buf int) {
	t.Helper()
	if _, err := hashing.File(t.Context(), w.checker(), w.size, nil, make([]byte, buf)); err != nil {
		t.Fatal(err)
	}
}

var bufferSizes = []int{1000, minBlock, 3 * minBlock, 1 << 20}

// TestWitnessReadsTheSame: every read gives what the content gives, and nothing
// that stays as it is counts as changed, whatever buffer the hashing uses.
func TestWitnessReadsTheSame(t *testing.T) {
	for _, size := range []int{1, minBlock - 1, minBlock, minBlock + 1, 5*minBlock + 123, 10 * minBlock} {
		data := random(size)
		for _, buf := range bufferSizes {
			w := witnessOf(data)
			for _, off := range []int{0, 1, size / 2, size - 1, max(0, size-minBlock), max(0, minBlock-1)} {
				for _, n := range []int{1, 100, minBlock, 2*minBlock + 1} {
					if off >= size {
						continue
					}
					got := make([]byte, n)
					k, err := w.ReadAt(got, int64(off))
					want := data[off:min(size, off+n)]
					if !bytes.Equal(got[:k], want) || (err == nil) != (k == n) || err != nil && !errors.Is(err, io.EOF) {
						t.Fatalf("size %d, %d bytes at %d: got %d, %v", size, n, off, k, err)
					}
				}
			}
			if _, err := w.ReadAt(make([]byte, 1), int64(size)); !errors.Is(err, io.EOF) {
				t.Errorf("read at the end: %v", err)
			}
			if hashThrough(t, w, buf); !w.intact() {
				t.Errorf("size %d, buffer %d: changed, it is said", size, buf)
			}
		}
	}
}

// TestWitnessSeesChange: a byte that changes after a scanner saw its block is
// noticed by the hashing, wherever it is; one in a block that nobody saw is part
// of what is hashed.
func TestWitnessSeesChange(t *testing.T) {
	for _, at := range []int{0, 1, minBlock - 1, 2*minBlock + 7, 4*minBlock + 4} {
		for _, buf := range bufferSizes {
			data := random(4*minBlock + 5)
			w := witnessOf(data)
			if _, err := w.ReadAt(make([]byte, 1), int64(at/minBlock*minBlock)); err != nil {
				t.Fatal(err)
			}
			data[at] ^= 1
			if hashThrough(t, w, buf); w.intact() {
				t.Errorf("a change at %d, buffer %d, is not noticed", at, buf)
			}
			w = witnessOf(data)
			if _, err := w.ReadAt(make([]byte, 1), 3*minBlock); err != nil {
				t.Fatal(err)
			}
			data[at] ^= 1
			if hashThrough(t, w, buf); !w.intact() {
				t.Errorf("a change at %d, of a block that nobody saw, is held against it", at)
			}
		}
	}
}

// TestWitnessReadsAgain: a scanner that reads a block again gets the same bytes
// or an error.
func TestWitnessReadsAgain(t *testing.T) {
	data := random(8 * minBlock)
	w := witnessOf(data)
	if _, err := w.ReadAt(make([]byte, len(data)), 0); err != nil {
		t.Fatal(err)
	}
	data[5] ^= 1 // its block is in the cache no more
	if _, err := w.ReadAt(make([]byte, 10), 0); !errors.Is(err, registry.ErrChanged) || w.intact() {
		t.Errorf("the changed block: %v", err)
	}
}

func TestWitnessBlocks(t *testing.T) {
	for size, want := range map[int64]int64{0: minBlock, 64 << 30: 2 * minBlock, 1 << 40: 2 << 20} {
		if w := newWitness(nil, size); w.block != want {
			t.Errorf("%d bytes: blocks of %d, want %d", size, w.block, want)
		}
	}
}

// BenchmarkWitness is what the witness adds to hashing, beside what hashing
// itself costs in the same run: untouched is the case of tensor values.
func BenchmarkWitness(b *testing.B) {
	data := random(64 << 20)
	buf := make([]byte, hashing.BufferSize)
	hash := func(b *testing.B, reader func() io.ReaderAt) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := hashing.File(b.Context(), reader(), int64(len(data)), nil, buf); err != nil {
				b.Fatal(err)
			}
		}
	}
	touched := witnessOf(data)
	if _, err := touched.ReadAt(make([]byte, len(data)), 0); err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) { hash(b, func() io.ReaderAt { return bytes.NewReader(data) }) })
	b.Run("untouched", func(b *testing.B) { hash(b, witnessOf(data).checker) })
	b.Run("touched", func(b *testing.B) { hash(b, touched.checker) })
}
