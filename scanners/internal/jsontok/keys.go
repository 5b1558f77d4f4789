package jsontok

import "slices"

// fnv is the 64-bit FNV-1a hash. It is deterministic, unlike hash/maphash, so
// that the same bytes always give the same result.
type fnv uint64

func newHash() fnv { return 14695981039346656037 }

func (h *fnv) write(p []byte) {
	x := uint64(*h)
	for _, c := range p {
		x = (x ^ uint64(c)) * 1099511628211
	}
	*h = fnv(x)
}

func (h fnv) sum() uint64 { return uint64(h) }

// keyring remembers the keys of all open objects. Objects close in the reverse
// order of opening, so that one slice serves as a stack for the small ones; an
// object that grows gets a map.
type keyring struct {
	stack []uint64
	count int
	max   int
}

// objectKeys are the keys of one open object.
type objectKeys struct {
	from  int // first key in the stack
	large map[uint64]struct{}
}

// linear is the number of keys up to which a search through a slice is faster
// than a map.
const linear = 32

func (k *keyring) open() objectKeys { return objectKeys{from: len(k.stack)} }

func (k *keyring) close(o objectKeys) {
	k.count -= len(k.stack) - o.from + len(o.large)
	k.stack = k.stack[:o.from]
}

// add reports whether the object already had the key, and false for ok when the
// limit is reached.
func (k *keyring) add(o *objectKeys, hash uint64) (duplicate, ok bool) {
	if o.large != nil {
		if _, duplicate = o.large[hash]; duplicate {
			return true, true
		}
	} else if slices.Contains(k.stack[o.from:], hash) {
		return true, true
	}
	if k.count >= k.max {
		return false, false
	}
	k.count++
	if o.large == nil && len(k.stack)-o.from >= linear {
		k.promote(o)
	}
	if o.large != nil {
		o.large[hash] = struct{}{}
		return false, true
	}
	k.stack = append(k.stack, hash)
	return false, true
}

// promote moves the keys of an object, which is the innermost one, to a map.
func (k *keyring) promote(o *objectKeys) {
	o.large = make(map[uint64]struct{}, 2*linear)
	for _, h := range k.stack[o.from:] {
		o.large[h] = struct{}{}
	}
	k.stack = k.stack[:o.from]
}
