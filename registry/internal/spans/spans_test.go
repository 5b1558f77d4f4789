package spans_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"assay/registry/internal/spans"
)

// A set behaves as one bit for each byte does.
func TestSet(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		const size = 40
		var set spans.Set
		var bits [size]bool
		for range 60 {
			from := r.Int64N(size)
			to := from + r.Int64N(size-from+1)
			free := !slices.Contains(bits[from:to], true)
			if got := set.Add(spans.Span{From: from, To: to}); got != free {
				t.Fatalf("seed %d: add %d-%d to %v: %v", seed, from, to, set, got)
			}
			for i := from; free && i < to; i++ {
				bits[i] = true
			}
			check(t, set, bits[:])
		}
	}
}

func check(t *testing.T, set spans.Set, bits []bool) {
	t.Helper()
	seen := make([]bool, len(bits))
	for i := range seen {
		seen[i] = true
	}
	for _, m := range set.Missing(int64(len(bits))) {
		for i := m.From; i < m.To; i++ {
			seen[i] = false
		}
	}
	prefix, total := slices.Index(bits, false), int64(0)
	if prefix < 0 {
		prefix = len(bits)
	}
	for _, b := range bits {
		if b {
			total++
		}
	}
	if !slices.Equal(seen, bits) || set.Prefix() != int64(prefix) || set.Total() != total || !set.Valid(int64(len(bits))) {
		t.Fatalf("%v does not say %v", set, bits)
	}
}

func TestValid(t *testing.T) {
	for _, bad := range []spans.Set{{{From: -1, To: 2}}, {{From: 2, To: 2}}, {{From: 0, To: 11}}, {{From: 0, To: 4}, {From: 4, To: 5}}, {{From: 5, To: 6}, {From: 0, To: 1}}} {
		if bad.Valid(10) {
			t.Errorf("%v accepted", bad)
		}
	}
}
