package hashing

import (
	"maps"
	"slices"
	"sync"
)

// Set collects the digests of an artifact's files and answers verify.Digests.
// The zero value is empty and ready. It is safe for concurrent use.
type Set struct {
	mu    sync.RWMutex
	files map[string]entry
	names []string // sorted; nil after a Put
}

type entry struct {
	size int64
	sums Sums
}

// Put adds a file or replaces it. A file that could not be read to its end is
// put with zero Sums: it is there, and every digest of it is unknown.
func (s *Set) Put(name string, size int64, sums Sums) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = make(map[string]entry)
	}
	s.files[name] = entry{size: size, sums: sums}
	s.names = nil
}

// Names are all files, sorted. The caller must not change the slice.
func (s *Set) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = slices.Sorted(maps.Keys(s.files))
	}
	return s.names
}

// Size is in bytes. It panics on an unknown name.
func (s *Set) Size(name string) int64 {
	return s.must(name).size
}

// Sums are the file's digests. It panics on an unknown name.
func (s *Set) Sums(name string) Sums {
	return s.must(name).sums
}

// Hex is Sums.Hex of the file, false for an unknown name.
func (s *Set) Hex(name string, need Need, shard int) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.files[name].sums.Hex(need, shard)
}

func (s *Set) must(name string) entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.files[name]
	if !ok {
		panic("hashing: no file " + name + " in the set")
	}
	return e
}
