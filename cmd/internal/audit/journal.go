package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrJournal is wrapped by the errors of a journal that is damaged, in use, or
// belongs to another audit.
var ErrJournal = errors.New("audit journal")

// journalVersion is raised when an older assay would misread a record.
const journalVersion = 1

// maxRecord bounds a line of the journal, in bytes.
const maxRecord = 1 << 20

// entry is one line of the journal, written as the SHA-256 of its JSON, a blank
// and the JSON. The digest tells a torn line from a whole one.
type entry struct {
	Version  int            `json:"version,omitzero"` // in the first line only
	Binding  string         `json:"binding,omitzero"` // in the first line only
	Stamp    string         `json:"stamp,omitzero"`
	Line     jsontext.Value `json:"line,omitzero"`
	Finished bool           `json:"finished,omitzero"` // in the last line only
}

// binding digests everything that a record depends on besides the files.
func binding(root, ruleset, policy string) string {
	h := sha256.New()
	for _, s := range []string{root, ruleset, policy} {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// place is where the JSON of a line lies in the journal.
type place struct {
	off int64
	len int
}

// journal is an open journal. The zero value knows nothing and keeps nothing.
type journal struct {
	mu    sync.Mutex
	file  *os.File
	size  int64 // bytes of whole records
	known map[stamp]place
}

func openJournal(path, binding string, reuse bool) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file, known: make(map[stamp]place)}
	if err := j.start(binding, reuse); err != nil {
		return nil, errors.Join(fmt.Errorf("%w %s: %w", ErrJournal, path, err), file.Close())
	}
	return j, nil
}

// start reads what is there, or begins a new journal.
func (j *journal) start(binding string, reuse bool) error {
	if err := lock(j.file); err != nil {
		return fmt.Errorf("another audit is writing it: %w", err)
	}
	header, err := record(entry{Version: journalVersion, Binding: binding})
	if err != nil {
		return err
	}
	found, err := readJournal(j.file, binding, j.known)
	switch {
	case err != nil:
		return err
	case found.records == 0 && !isPrefixOf(j.file, header):
		return errors.New("it is not a journal; name another file")
	case found.records == 0 || found.finished && !reuse:
		clear(j.known)
		if err := j.file.Truncate(0); err != nil {
			return err
		}
		return j.write(header)
	}
	j.size = found.size
	return j.file.Truncate(j.size) // cuts a torn line
}

// isPrefixOf reports whether the file is the torn beginning of a header, or
// empty.
func isPrefixOf(file *os.File, header []byte) bool {
	start := make([]byte, len(header)+1)
	n, err := file.ReadAt(start, 0)
	return errors.Is(err, io.EOF) && bytes.HasPrefix(header, start[:n])
}

// found is what a journal holds.
type found struct {
	records  int   // whole records, with the header
	size     int64 // their length in bytes
	finished bool
}

// readJournal collects the places of all lines. Only the last line may be torn:
// damage before it means that the file cannot be believed.
func readJournal(r io.Reader, binding string, known map[stamp]place) (found, error) {
	var f found
	lines := bufio.NewReaderSize(io.LimitReader(r, 1<<40), maxRecord)
	for {
		text, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return f, nil // text is a torn line
		}
		e, ok := parseRecord(text)
		if err != nil || !ok {
			if _, err := lines.Peek(1); errors.Is(err, io.EOF) {
				return f, nil
			}
			return f, fmt.Errorf("it is damaged at byte %d, or no journal; move it away to begin anew", f.size)
		}
		if err := f.accept(e, binding, len(text), known); err != nil {
			return f, err
		}
	}
}

func (f *found) accept(e entry, binding string, length int, known map[stamp]place) error {
	switch {
	case f.records == 0 && e.Version != journalVersion:
		return fmt.Errorf("it has version %d, this assay writes %d; move it away to begin anew", e.Version, journalVersion)
	case f.records == 0 && e.Binding != binding:
		return errors.New("it belongs to an audit of another directory, or under other rules or another policy; move it away to begin anew")
	case f.records > 0 && !e.Finished:
		raw, err := hex.DecodeString(e.Stamp)
		if err != nil || len(raw) != len(stamp{}) {
			return fmt.Errorf("the record at byte %d has no stamp; move it away to begin anew", f.size)
		}
		// {"stamp":"<hex>","line":<line>} and the newline: the line ends two bytes before the end.
		known[stamp(raw)] = place{f.size + int64(length-2-len(e.Line)), len(e.Line)}
	}
	f.finished = e.Finished
	f.records++
	f.size += int64(length)
	return nil
}

func record(e entry) ([]byte, error) {
	doc, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(doc)
	text := hex.AppendEncode(nil, sum[:])
	text = append(text, ' ')
	text = append(text, doc...)
	text = append(text, '\n')
	if len(text) > maxRecord {
		return nil, fmt.Errorf("a record of %d bytes is above the limit of %d", len(text), maxRecord)
	}
	return text, nil
}

func parseRecord(text []byte) (entry, bool) {
	sum, doc, ok := bytes.Cut(bytes.TrimSuffix(text, []byte("\n")), []byte(" "))
	if !ok {
		return entry{}, false
	}
	if want := sha256.Sum256(doc); hex.EncodeToString(want[:]) != string(sum) {
		return entry{}, false
	}
	var e entry
	err := json.Unmarshal(doc, &e, json.RejectUnknownMembers(true))
	return e, err == nil
}

// lookup returns the line of a model that looks as it did.
func (j *journal) lookup(s stamp) ([]byte, bool, error) {
	j.mu.Lock()
	at, ok := j.known[s]
	j.mu.Unlock()
	if !ok {
		return nil, false, nil
	}
	text := make([]byte, at.len)
	if _, err := j.file.ReadAt(text, at.off); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	return text, true, nil
}

// append writes a record and waits until the disk has it.
func (j *journal) append(s stamp, line []byte) error {
	if j.file == nil {
		return nil
	}
	text, err := record(entry{Stamp: hex.EncodeToString(s[:]), Line: line})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(text)
}

func (j *journal) finish() error {
	if j.file == nil {
		return nil
	}
	text, err := record(entry{Finished: true})
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(text)
}

func (j *journal) write(text []byte) error {
	if _, err := j.file.WriteAt(text, j.size); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, err)
	}
	j.size += int64(len(text))
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
