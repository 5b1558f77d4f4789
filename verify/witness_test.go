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

func witnessed(t *testing.T, data []byte, buf int) *witness {
	t.Helper()
	w := newWitness(bytes.NewReader(data), int64(len(data)))
	if _, err := hashing.File(t.Context(), w.recorder(), int64(len(data)), nil, make([]byte, buf)); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWitnessReadsTheSame: every read gives what the content gives, whatever
// buffer the hashing used.
func TestWitnessReadsTheSame(t *testing.T) {
	for _, size := range []int{1, minBlock - 1, minBlock, minBlock + 1, 5*minBlock + 123, 10 * minBlock} {
		data := random(size)
		for _, buf := range []int{1000, minBlock, 3 * minBlock} {
			w := witnessed(t, data, buf)
			for _, off := range []int{0, 1, size / 2, size - 1, max(0, size-minBlock), max(0, minBlock-1)} {
				for _, n := range []int{1, 100, minBlock, 2*minBlock + 1} {
					if off >= size {
						continue
					}
					got := make([]byte, n)
					k, err := w.ReadAt(got, int64(off))
					want := data[off:min(size, off+n)]
					if !bytes.Equal(got[:k], want) || (err == nil) != (k == n) || err != nil && !errors.Is(err, io.EOF) {
						t.Fatalf("size %d, buffer %d, %d bytes at %d: got %d, %v", size, buf, n, off, k, err)
					}
				}
			}
			if _, err := w.ReadAt(make([]byte, 1), int64(size)); !errors.Is(err, io.EOF) {
				t.Errorf("read at the end: %v", err)
			}
		}
	}
}

// TestWitnessSeesChange: a byte that was changed after hashing is not given out,
// and the rest still is.
func TestWitnessSeesChange(t *testing.T) {
	data := random(4 * minBlock)
	w := witnessed(t, data, 1<<20)
	data[2*minBlock+7] ^= 1
	if _, err := w.ReadAt(make([]byte, 10), 2*minBlock+100); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("the changed block: %v", err)
	}
	if w.intact() {
		t.Error("the change is forgotten")
	}
	if _, err := w.ReadAt(make([]byte, minBlock), 0); err != nil {
		t.Errorf("another block: %v", err)
	}
}

// TestWitnessWithoutHash: nothing is given out that was not hashed.
func TestWitnessWithoutHash(t *testing.T) {
	w := newWitness(bytes.NewReader(random(10)), 10)
	if _, err := w.ReadAt(make([]byte, 1), 0); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("read without a hash: %v", err)
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
// itself costs in the same run.
func BenchmarkWitness(b *testing.B) {
	data := random(64 << 20)
	hash := func(b *testing.B, reader func() io.ReaderAt) {
		b.SetBytes(int64(len(data)))
		buf := make([]byte, hashing.BufferSize)
		for b.Loop() {
			if _, err := hashing.File(b.Context(), reader(), int64(len(data)), nil, buf); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("bare", func(b *testing.B) { hash(b, func() io.ReaderAt { return bytes.NewReader(data) }) })
	b.Run("witnessed", func(b *testing.B) {
		hash(b, func() io.ReaderAt { return newWitness(bytes.NewReader(data), int64(len(data))).recorder() })
	})
}
