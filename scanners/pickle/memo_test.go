package pickle

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMemo compares the memo, which packs pages, with a map: entries of all kinds,
// written in order and anywhere, read back anywhere.
func TestMemo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var m memo
	want := make(map[uint64]value)
	put := func(i uint64, v value) {
		t.Helper()
		old, err := m.put(i, v)
		if err != nil || old != want[i] {
			t.Fatalf("entry %d: was %x, want %x, %v", i, old, want[i], err)
		}
		want[i] = v
		if m.count != len(want) {
			t.Fatalf("%d entries, want %d", m.count, len(want))
		}
	}
	for round := range 2 {
		m.reset()
		clear(want)
		off, node := int64(10), int64(1)
		for range (openPages + 20) * pageSize {
			off += r.Int64N(40)
			node += r.Int64N(3)
			v := randomValue(r, off, node)
			for range 1 + r.IntN(2)*r.IntN(3) {
				put(uint64(m.count), v)
			}
			if r.IntN(10000) == 0 && round == 1 {
				put(uint64(r.IntN(1+m.count/2)), v)
			}
		}
		put(1<<31, plain(tagNone))
		if !slices.ContainsFunc(m.pages, func(p page) bool { return p.packed != nil }) {
			t.Error("no page is packed")
		}
		for range 50_000 {
			i := r.Uint64N(uint64(len(want) + 10))
			if v := m.get(i); v != want[i] {
				t.Fatalf("entry %d is %x, want %x", i, v, want[i])
			}
		}
	}
	if got := m.get(1 << 31); got != plain(tagNone) {
		t.Errorf("far entry: %x", got)
	}
}

// randomValue is a value of any tag.
func randomValue(r *rand.Rand, off, node int64) value {
	switch t := tag(1 + r.IntN(int(tagBuffer))); {
	case r.IntN(2) == 0:
		return pair(tagText, uint32(r.IntN(20)), off)
	case t == tagInt:
		return integer(r.Int64N(1<<40)>>r.IntN(40) - 9)
	case t >= tagTuple && t <= tagFrozenSet && r.IntN(20) > 0:
		return pair(t, 0, node)
	case r.IntN(10) == 0:
		return plain(t)
	default:
		return pair(t, r.Uint32N(middleMask+1)>>r.IntN(18), off)
	}
}

// TestMemoRuns: one value under millions of indexes takes next to nothing.
func TestMemoRuns(t *testing.T) {
	var m memo
	for i := range uint64(10 << 20) {
		if _, err := m.put(i, plain(tagNone)); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
	if m.size > 8<<20 {
		t.Errorf("%d bytes", m.size)
	}
}
