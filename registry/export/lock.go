package export

import (
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/registry"
	"assay/registry/internal/disk"
)

// SchemaVersion is the version of the lock file. Its first number changes when a
// reader of the old form would misread the new one.
const SchemaVersion = "1.0"

// Lock says exactly what an artifact was: where it came from, at which immutable
// revision, who owned the name then, and the digest of every file with the
// promise it kept. The same artifact gives the same bytes.
type Lock struct {
	SchemaVersion string        `json:"schemaVersion"`
	Reference     string        `json:"reference"` // as asked
	Pinned        string        `json:"pinned"`    // immutable form, "" when the store has none
	Kind          registry.Kind `json:"kind"`
	Repository    Repository    `json:"repository"`
	Files         []File        `json:"files"`   // sorted by name
	Omitted       []Omission    `json:"omitted"` // entries of the store that are not in the folder
}

// Repository identifies the repository beyond its name, which somebody else may
// register again.
type Repository struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Owner    string `json:"owner"`
	Created  string `json:"created"`
	Revision string `json:"revision"`
}

// File is one file of the folder.
type File struct {
	Name     string     `json:"name"`
	Size     int64      `json:"size"`     // bytes
	SHA256   string     `json:"sha256"`   // computed from the bytes that were written
	Declared []Declared `json:"declared"` // digests that the store promised
}

// Declared is a promised digest and who promised it.
type Declared struct {
	Digest string `json:"digest"` // "sha256:...", "sha1-git:..."
	By     string `json:"by"`
}

// Omission is an entry that could not be made a file.
type Omission struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func newLock(a *registry.Artifact) *Lock {
	l := &Lock{
		SchemaVersion: SchemaVersion, Reference: a.Ref.String(), Pinned: a.Pinned, Kind: a.Kind,
		Repository: Repository(a.Identity), Files: []File{}, Omitted: []Omission{},
	}
	for _, o := range a.Omitted {
		l.Omitted = append(l.Omitted, Omission(o))
	}
	return l
}

func (l *Lock) add(f registry.File, sum string) {
	out := File{Name: f.Name, Size: f.Size, SHA256: sum, Declared: []Declared{}}
	for _, d := range f.Declared {
		if d.By == byLock { // the store promised the rest
			continue
		}
		out.Declared = append(out.Declared, Declared{Digest: d.Digest.String(), By: d.By})
	}
	l.Files = append(l.Files, out)
}

// Marshal gives the bytes of the lock file.
func (l *Lock) Marshal() ([]byte, error) {
	b, err := json.Marshal(l, json.Deterministic(true), jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// maxLock bounds a lock file, in bytes.
const maxLock = 1 << 30

// ReadLock reads a lock file. It refuses unknown members, names that CheckSet
// refuses and digests that are none: a lock is there to be relied on.
func ReadLock(path string) (*Lock, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return DecodeLock(f)
}

// DecodeLock is ReadLock from a stream.
func DecodeLock(r io.Reader) (*Lock, error) {
	var l Lock
	if err := json.UnmarshalRead(io.LimitReader(r, maxLock), &l, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	if l.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("lock file: version %q is not supported, want %q", l.SchemaVersion, SchemaVersion)
	}
	files := make([]registry.File, 0, len(l.Files))
	for _, f := range l.Files {
		if _, err := registry.NewDigest("sha256", f.SHA256); err != nil || f.Size < 0 {
			return nil, fmt.Errorf("lock file: no usable digest and size for %s", registry.PrintableName(f.Name))
		}
		files = append(files, registry.File{Name: f.Name, Size: f.Size})
	}
	if err := registry.CheckSet(files); err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	return &l, nil
}

// write replaces the lock file as a whole.
func (l *Lock) write(path string) error {
	b, err := l.Marshal()
	if err != nil {
		return err
	}
	return disk.Replace(path, b)
}

// Replace writes a file as a whole: a reader meets the old content or what write
// wrote.
func Replace(path string, write func(io.Writer) error) error { return disk.ReplaceBy(path, write) }
