package pickle

import "errors"

const (
	pageBits = 12
	pageSize = 1 << pageBits

	// maxMemo bounds the memory of the memo, in bytes. Packed entries take one to four
	// bytes each, so that it serves tens of millions of memoised objects.
	maxMemo = 28 << 20
	// openPages are the newest ones, which are not packed: a quarter of a million entries.
	openPages = 64
	// maxSparse bounds the entries at indexes that no pickler reaches.
	maxSparse = 1 << 16
)

var errMemoLimit = errors.New("more memoised objects than the scanner keeps")

// memo maps indexes to values. Picklers count indexes up from zero, so that pages
// are dense; an index far away goes to a map and allocates nothing by its size.
// Most entries of a large pickle are never asked for: pages that are left behind
// are packed.
type memo struct {
	pages  []page
	sparse map[uint64]value
	count  int              // distinct indexes: what MEMOIZE uses next
	high   uint64           // one more than the highest index in the first page
	size   int              // bytes of all pages
	spare  *[pageSize]value // an open page that is free
	buf    []byte           // scratch for packing
}

// page holds pageSize entries, open or packed.
type page struct {
	open   *[pageSize]value
	packed *packedPage
}

// reset empties the memo. It costs what was used, since a stream may hold
// millions of small pickles.
func (t *memo) reset() {
	if len(t.pages) > 1 {
		clear(t.pages[1:]) // for the garbage collector
	}
	t.pages = t.pages[:min(len(t.pages), 1)]
	t.size = 0
	if len(t.pages) > 0 && t.pages[0].open == nil {
		t.pages = t.pages[:0]
	}
	if len(t.pages) > 0 {
		clear(t.pages[0].open[:min(t.high, pageSize)])
		t.size = openPageSize
	}
	t.sparse, t.count, t.high = nil, 0, 0
}

// get returns 0 when there is no such entry.
func (t *memo) get(i uint64) value {
	if n := i >> pageBits; n < uint64(len(t.pages)) {
		if p := t.pages[n].open; p != nil {
			return p[i&(pageSize-1)]
		}
		return t.pages[n].packed.get(int(i & (pageSize - 1)))
	}
	return t.sparse[i]
}

// put sets an entry and returns what it held before.
func (t *memo) put(i uint64, v value) (old value, err error) {
	n := i >> pageBits
	if n >= uint64(len(t.pages)) || t.pages[n].open == nil {
		var done bool
		if done, old, err = t.makeRoom(i, v); done || err != nil {
			return old, err
		}
	}
	slot := &t.pages[n].open[i&(pageSize-1)]
	if old = *slot; old == 0 {
		t.count++
		if n == 0 {
			t.high = max(t.high, i+1)
		}
	}
	*slot = v
	return old, nil
}

// makeRoom opens the page of an index, or else does what put does.
func (t *memo) makeRoom(i uint64, v value) (done bool, old value, err error) {
	n := i >> pageBits
	switch {
	case n > uint64(len(t.pages)), n == uint64(len(t.pages)) && t.size > maxMemo:
		old, err = t.putSparse(i, v)
		return true, old, err
	case n == uint64(len(t.pages)):
		t.grow()
		return false, 0, nil
	}
	p := &t.pages[n]
	if p.packed.get(int(i&(pageSize-1))) == v {
		return true, v, nil
	}
	if t.size > maxMemo {
		return false, 0, errMemoLimit
	}
	t.size += openPageSize - p.packed.size()
	p.open, p.packed = p.packed.unpack(), nil
	return false, 0, nil
}

// grow adds one page and moves what the map already had in its range. The page
// that is no longer among the newest is packed.
func (t *memo) grow() {
	if old := len(t.pages) - openPages; old >= 0 && t.pages[old].open != nil {
		p := &t.pages[old]
		p.packed, t.buf = packPage(p.open, t.buf)
		t.size += p.packed.size() - openPageSize
		t.spare, p.open = p.open, nil
	}
	open := t.spare
	t.spare = nil
	if open == nil {
		open = new([pageSize]value)
	} else {
		clear(open[:])
	}
	first := uint64(len(t.pages)) << pageBits
	for i := range uint64(pageSize) {
		if len(t.sparse) == 0 {
			break
		}
		if v, ok := t.sparse[first+i]; ok {
			open[i] = v
			delete(t.sparse, first+i)
		}
	}
	t.pages = append(t.pages, page{open: open})
	t.size += openPageSize
	if first == 0 {
		t.high = pageSize // the map may have filled any of it
	}
}

func (t *memo) putSparse(i uint64, v value) (value, error) {
	old, ok := t.sparse[i]
	if !ok && (len(t.sparse) >= maxSparse || t.size > maxMemo) {
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
