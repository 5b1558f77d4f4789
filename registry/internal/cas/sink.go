package cas

import (
	"fmt"
	"sync"
	"time"

	"assay/registry"
	"assay/registry/internal/spans"
)

// Sink receives the content of a blob, in parts and in any order, and hashes it
// in order behind them. It refuses more than the blob's size, and a byte that it
// has: what was hashed does not change afterwards. Safe for concurrent use.
type Sink struct {
	part     *part
	blob     Blob
	progress func(name string, have, size int64) // may be nil
	wake     chan struct{}                       // something was written

	mu   sync.Mutex
	have spans.Set

	hashing sync.Mutex // taken before mu
	sums    *hashes    // of the first sums.n bytes
	err     error      // of the follower
	resumed bool       // some of the bytes were hashed by another process
	saved   int64      // bytes whose hash the last journal has; -1 before the first
}

const (
	// checkpoint is how often the state of the hash is kept: what a killed process
	// hashed after the last time is read again by the next one.
	checkpoint = 500 * time.Millisecond
	// minKeep is what is worth a journal, in bytes: less is quickly fetched again.
	minKeep   = 1 << 20
	hashChunk = 256 << 10
)

// Missing lists what is still to be written, in order. An empty blob has one
// empty span, so that the store is asked whether it is empty.
func (s *Sink) Missing() []spans.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blob.Size == 0 {
		return []spans.Span{{}}
	}
	return s.have.Missing(s.blob.Size)
}

// WriteAt writes bytes that are missing.
func (s *Sink) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.blob.Size || int64(len(p)) > s.blob.Size-off {
		return 0, fmt.Errorf("%w: %s is larger than the promised %d bytes", registry.ErrDigest, s.blob.Name, s.blob.Size)
	}
	n, err := s.part.file.WriteAt(p, off)
	s.mu.Lock()
	fresh := s.have.Add(spans.Span{From: off, To: off + int64(n)})
	if fresh && n > 0 {
		s.part.note(spans.Span{From: off, To: off + int64(n)})
	}
	total := s.have.Total()
	s.mu.Unlock()
	if s.progress != nil {
		s.progress(s.blob.Name, total, s.blob.Size)
	}
	if !fresh {
		err = fmt.Errorf("bytes from %d on were written twice", off)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return n, err
}

// Write appends to what is there from the start on.
func (s *Sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	at := s.have.Prefix()
	s.mu.Unlock()
	return s.WriteAt(p, at)
}

// Reset forgets everything written so far.
func (s *Sink) Reset() error {
	s.hashing.Lock()
	defer s.hashing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	sums, err := newHashes(s.blob)
	if err != nil {
		return err
	}
	s.have, s.sums, s.err, s.resumed, s.saved = nil, sums, nil, false, -1
	if err := s.part.empty(); err != nil {
		return err
	}
	if s.blob.Size == 0 {
		return nil
	}
	return reserve(s.part.file, s.blob.Size)
}

// resume takes over what the journal says is there. Hash states are believed only
// when the machine has not been restarted since: after that, written pages may be
// missing, and everything is hashed again from the start.
func (s *Sink) resume() {
	j, ok := loadJournal(s.part.root, s.part.journal, s.blob.Size)
	if !ok {
		j = journal{}
	}
	s.have = j.Have
	s.part.replay(&s.have, s.blob.Size)
	boot := bootID()
	if boot == "" || j.Boot != boot || len(j.States) == 0 {
		return
	}
	if s.sums.restore(j.States, j.Hashed) == nil {
		s.resumed = j.Hashed > 0
		return
	}
	if sums, err := newHashes(s.blob); err == nil {
		s.sums = sums
	}
}

// follow hashes what arrives and writes the journal, until stop is closed.
func (s *Sink) follow(stop <-chan struct{}) {
	tick := time.NewTimer(checkpoint)
	defer tick.Stop()
	save := func() {
		begin := time.Now()
		s.save()
		tick.Reset(max(checkpoint, 20*time.Since(begin)))
	}
	buf := make([]byte, hashChunk)
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			save()
		case <-s.wake:
		}
		for s.hash(buf) {
			select {
			case <-stop:
				return
			case <-tick.C:
				save()
			default:
			}
		}
	}
}

// hash takes the next chunk, and reports whether there was one.
func (s *Sink) hash(buf []byte) bool {
	s.hashing.Lock()
	defer s.hashing.Unlock()
	s.mu.Lock()
	n := min(s.have.Prefix()-s.sums.n, int64(len(buf)))
	s.mu.Unlock()
	if n <= 0 || s.err != nil {
		return false
	}
	if _, err := s.part.file.ReadAt(buf[:n], s.sums.n); err != nil {
		s.err = fmt.Errorf("read back %s: %w", s.blob.Name, err)
		return false
	}
	_, _ = s.sums.Write(buf[:n])
	return true
}

// save writes the journal, and empties a long log that it takes the place of.
// Failing to is no error: less can be resumed.
func (s *Sink) save() {
	s.hashing.Lock()
	defer s.hashing.Unlock()
	if s.part.journal == "" || s.err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have.Total() < minKeep || s.sums.n == s.saved {
		return
	}
	j := journal{Version: journalVersion, Size: s.blob.Size, Have: s.have, Hashed: s.sums.n, Boot: bootID()}
	var err error
	if j.States, err = s.sums.states(); err != nil || j.States == nil {
		j.Hashed = 0
	}
	if j.store(s.part.root, s.part.journal) != nil {
		return
	}
	s.saved = s.sums.n
	if p := s.part; p.logged > maxLog && p.log.Truncate(0) == nil {
		p.logged = 0
	}
}

// finish hashes what is left and compares.
func (s *Sink) finish() error {
	buf := make([]byte, hashChunk)
	for s.hash(buf) {
	}
	if s.err != nil {
		return s.err
	}
	return s.sums.check()
}

// worthKeeping reports whether a later process should go on with the part.
func (s *Sink) worthKeeping() bool {
	s.save()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.part.journal != "" && s.have.Total() >= minKeep
}
