package pickle

import "errors"

const (
	pageBits = 12
	pageSize = 1 << pageBits

	// maxMemo bounds the memory of the memo to 128 MiB, for a file that has
	// sixteen million memoised objects; others take what they need.
	maxMemo = 16 << 20
	// maxSparse bounds the entries at indexes that no pickler reaches.
	maxSparse = 1 << 16
)

var errMemoLimit = errors.New("more memoised objects than the scanner keeps")

// memo maps indexes to values. Picklers count indexes up from zero, so that pages
// are dense; an index far away goes to a map and allocates nothing by its size.
type memo struct {
	pages  []*[pageSize]value
	sparse map[uint64]value
	count  int    // distinct indexes: what MEMOIZE uses next
	high   uint64 // one more than the highest index in the pages
}

// reset empties the memo. It costs what was used, since a stream may hold
// millions of small pickles.
func (t *memo) reset() {
	t.pages = t.pages[:min(len(t.pages), 1)]
	if len(t.pages) > 0 {
		clear(t.pages[0][:min(t.high, pageSize)])
	}
	t.sparse, t.count, t.high = nil, 0, 0
}

// get returns 0 when there is no such entry.
func (t *memo) get(i uint64) value {
	if page := i >> pageBits; page < uint64(len(t.pages)) {
		return t.pages[page][i&(pageSize-1)]
	}
	return t.sparse[i]
}

// put sets an entry and returns what it held before.
func (t *memo) put(i uint64, v value) (value, error) {
	page := i >> pageBits
	if page == uint64(len(t.pages)) && i < maxMemo {
		t.grow()
	}
	if page >= uint64(len(t.pages)) {
		return t.putSparse(i, v)
	}
	slot := &t.pages[page][i&(pageSize-1)]
	old := *slot
	*slot = v
	if old == 0 {
		t.count++
		t.high = max(t.high, i+1)
	}
	return old, nil
}

// grow adds one page and moves what the map already had in its range.
func (t *memo) grow() {
	p := new([pageSize]value)
	first := uint64(len(t.pages)) << pageBits
	for i := range uint64(pageSize) {
		if len(t.sparse) == 0 {
			break
		}
		if v, ok := t.sparse[first+i]; ok {
			p[i] = v
			t.high = max(t.high, first+i+1)
			delete(t.sparse, first+i)
		}
	}
	t.pages = append(t.pages, p)
}

func (t *memo) putSparse(i uint64, v value) (value, error) {
	old, ok := t.sparse[i]
	if !ok && (len(t.sparse) >= maxSparse || t.count >= maxMemo) {
		return 0, errMemoLimit
	}
	if t.sparse == nil {
		t.sparse = make(map[uint64]value)
	}
	t.sparse[i] = v
	if !ok {
		t.count++
	}
	return old, nil
}
