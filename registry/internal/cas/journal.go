package cas

import (
	"bufio"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"

	"assay/registry/internal/spans"
)

// journal says what of an unfinished download is there, so that the next process
// goes on instead of beginning again. What was written since is in the log.
type journal struct {
	Version int       `json:"version"`
	Size    int64     `json:"size"`
	Have    spans.Set `json:"have"`   // written
	Hashed  int64     `json:"hashed"` // bytes from the start that States cover
	States  [][]byte  `json:"states"` // of hashes.all, when every one of them can be stored
	Boot    string    `json:"boot"`   // bootID of the writer
}

const (
	journalVersion = 1
	maxJournal     = 1 << 20 // bytes; a few spans and states are far less
	maxLog         = 1 << 20 // bytes, after which a journal takes the place of the log
	logEntry       = 16      // bytes: from and to, little endian
)

// store replaces the journal as a whole.
func (j journal) store(root *os.Root, name string) error {
	b, err := json.Marshal(j)
	if err != nil {
		return err
	}
	temp := name + ".new" // whoever holds the lock of the part is alone here
	if err := root.WriteFile(temp, b, 0o600); err != nil {
		return err
	}
	return root.Rename(temp, name)
}

// loadJournal reads a journal about a file of that size. A damaged one is none.
func loadJournal(root *os.Root, name string, size int64) (j journal, ok bool) {
	f, err := root.Open(name)
	if err != nil {
		return j, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !isOwn(info) {
		return j, false
	}
	err = json.UnmarshalRead(io.LimitReader(f, maxJournal), &j, json.RejectUnknownMembers(true))
	ok = err == nil && j.Version == journalVersion && j.Size == size && j.Have.Valid(size) &&
		j.Hashed >= 0 && j.Hashed <= j.Have.Prefix()
	return j, ok
}

// states gives the inner states of the hashes, or none when one of them has no
// state to give.
func (h *hashes) states() ([][]byte, error) {
	var out [][]byte
	for _, one := range h.all() {
		m, ok := one.(encoding.BinaryMarshaler)
		if !ok || !resumable[one.Size()] {
			return nil, nil
		}
		state, err := m.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, state)
	}
	return out, nil
}

// resumable are the sizes of the SHA-2 hashes, the state of which the standard
// library gives out whole. The state of a collision-detecting SHA-1 would forget
// that a collision was seen.
var resumable = map[int]bool{32: true, 48: true, 64: true}

// restore takes the states of the first n bytes.
func (h *hashes) restore(states [][]byte, n int64) error {
	all := h.all()
	if len(states) != len(all) {
		return errors.New("other hashes were stored")
	}
	for i, one := range all {
		u, ok := one.(encoding.BinaryUnmarshaler)
		if !ok || !resumable[one.Size()] {
			return errors.New("a hash without a state")
		}
		if err := u.UnmarshalBinary(states[i]); err != nil {
			return fmt.Errorf("hash state: %w", err)
		}
	}
	h.n = n
	return nil
}

// note appends a span to the log. A process that is killed has then lost only
// what it has not written yet. Failing to is no error: less can be resumed.
func (p *part) note(s spans.Span) {
	if p.log == nil {
		return
	}
	var b [logEntry]byte
	binary.LittleEndian.PutUint64(b[:], uint64(s.From))
	binary.LittleEndian.PutUint64(b[8:], uint64(s.To))
	n, _ := p.log.Write(b[:])
	p.logged += int64(n)
}

// replay adds what the log says. An entry that is in the set already, or is none,
// says nothing.
func (p *part) replay(have *spans.Set, size int64) {
	if p.log == nil {
		return
	}
	src := bufio.NewReader(io.NewSectionReader(p.log, 0, 2*maxLog))
	var b [logEntry]byte
	for {
		if _, err := io.ReadFull(src, b[:]); err != nil {
			return
		}
		s := spans.Span{From: int64(binary.LittleEndian.Uint64(b[:])), To: int64(binary.LittleEndian.Uint64(b[8:]))}
		if s.From >= 0 && s.From < s.To && s.To <= size {
			have.Add(s)
		}
	}
}
