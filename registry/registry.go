package registry

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Sentinels that a Source wraps, so that the command line can choose an exit
// code without knowing the source.
var (
	// ErrNotFound: the store answered, and the artifact is not there.
	ErrNotFound = errors.New("not found")
	// ErrAccess: the store wants (other) credentials, or consent to its terms.
	ErrAccess = errors.New("access denied")
	// ErrReference: the reference cannot be understood.
	ErrReference = errors.New("bad reference")
	// ErrUnsafeName: a file name that could leave the target folder, or that
	// two systems would read differently.
	ErrUnsafeName = errors.New("unsafe file name")
	// ErrDigest: bytes that do not match the digest they were promised under.
	ErrDigest = errors.New("digest mismatch")
	// ErrLimit: the store exceeded a bound (number of files, size of a document).
	ErrLimit = errors.New("limit exceeded")
	// ErrChanged: the content changed while it was open.
	ErrChanged = errors.New("content changed while it was read")
	// ErrSpace: the disk has no room for what would be fetched.
	ErrSpace = errors.New("not enough disk space")
	// ErrOffline: a network source was asked for while offline.
	ErrOffline = errors.New("network access is switched off")
)

// Kind is what an artifact is for. The zero value is KindUnknown.
type Kind string

// The kinds of artifact.
const (
	KindUnknown Kind = ""
	KindModel   Kind = "model"
	KindDataset Kind = "dataset"
	KindAdapter Kind = "adapter"
)

// Source opens references of one kind of store.
//
// Resolve pins first and lists afterwards: it turns the mutable part of ref
// (branch, tag) into an immutable one with a single request, and everything in
// the returned Artifact, including every later Open, uses the pinned form only.
// It reads no file content beyond the documents that describe the artifact.
// It returns an error that wraps ErrNotFound, ErrReference, ErrUnsafeName,
// ErrLimit or ErrOffline where one of them applies. It is safe for concurrent use.
type Source interface {
	// Scheme is the prefix before "://" that the source answers to.
	Scheme() string
	Resolve(ctx context.Context, ref Reference) (*Artifact, error)
}

// Artifact is a pinned, immutable view of a model, dataset or adapter.
type Artifact struct {
	Ref      Reference  // as asked
	Pinned   string     // the reference with the immutable revision; "" when the store has none (a plain folder)
	Kind     Kind       // as far as the store tells; never guessed from a name
	Identity Identity   // who the store says owns it
	Files    []File     // sorted by Name; at most MaxFiles
	Omitted  []Omission // what is there and could not be made a File: never silently dropped
	Ignored  []string   // names that by definition are no part of the artifact (the ".git" of a clone); reports say so

	// Attached, if not nil, fetches the signature documents that the store keeps
	// about the artifact outside of its files. They are looked for by the pinned
	// form, once; later calls give the same answer. An error means that it is not
	// known which there are.
	Attached func(ctx context.Context) ([]Attachment, error)
}

// Parts are the files that the artifact has wherever it is: all but those Beside.
func (a *Artifact) Parts() []File {
	return slices.DeleteFunc(slices.Clone(a.Files), func(f File) bool { return f.Beside })
}

// Attachment is a signature document beside an artifact. All of it is the
// store's word, and whoever may write there can add one.
type Attachment struct {
	Name        string            // where it was found, for people
	MediaType   string            // of Data
	Annotations map[string]string // some documents keep signature and certificate here
	Data        []byte
}

// Attacher is a Source that can keep a signature document about an artifact.
type Attacher interface {
	// Attach stores the document under the pinned reference of an artifact, and
	// returns where.
	Attach(ctx context.Context, pinned string, doc Attachment) (string, error)
}

// Identity is what the store says about the repository, so that a name that was
// deleted and registered again by somebody else can be noticed.
type Identity struct {
	ID       string // the store's own id of the repository, "" when it has none
	Name     string // the store's own name of the repository; differs from the one asked for after a rename
	Owner    string
	Created  string // RFC 3339, as the store wrote it
	Revision string // immutable revision: commit, manifest digest
}

// Omission is an entry of the artifact that is no regular file: a symbolic
// link, a device, an unreadable directory. The pipeline turns each into a gap.
type Omission struct {
	Name   string
	Reason string
}

// File is one regular file of an artifact.
type File struct {
	Name     string     // slash-separated, relative, satisfies CheckName
	Size     int64      // in bytes; exact for a local file, declared for a remote one
	Declared []Declared // digests promised by the store; may be empty

	// Open returns the content. A remote source fetches the whole file and
	// compares it with every declared digest before it returns (ErrDigest
	// otherwise). The caller closes the Content. Never nil.
	Open func(ctx context.Context) (Content, error)

	// OpenRanges, if not nil, returns the content without fetching it: what is read
	// is asked for, in ranges, and compared with nothing. A source may give the whole
	// and compared content all the same (small files, stores without ranges).
	OpenRanges func(ctx context.Context) (Content, error)

	// OpenHashing, if not nil, is Open for a reader that hashes the whole content
	// itself, so that what lies in a cache is hashed once and not twice. Until Hashed
	// has accepted the digest, nothing may be concluded from the content.
	OpenHashing func(ctx context.Context) (HashedContent, error)

	// Beside marks what the store keeps about the artifact in a form of its own, and
	// a folder of it does not have: the configuration of a model in a registry. It is
	// looked at like every file, and is none that a publisher could have signed.
	Beside bool

	// Stamp tells a file at rest from a changed one without reading it. The zero
	// Stamp tells nothing.
	Stamp Stamp
}

// Stamp is what a file system says about a file that nobody has read. A writer who
// sets the clock, or maps the file and writes within one tick, is not noticed:
// only a caller who says so may take an equal Stamp for equal bytes.
type Stamp struct {
	ID      string    // device, inode, size and times; "" when there is no inode change time
	Changed time.Time // the last write, or change of name or owner
}

// MaxWhole is the size up to which OpenRanges fetches and compares a file as a
// whole, in bytes: less is not worth several requests.
const MaxWhole = 256 << 10

// HashedContent is content that its reader compares. Hashed is told the SHA-256 of
// all of it, in hex; an error that wraps ErrDigest means that the content was wrong
// and has been set aside: opened again, the file is fetched anew.
type HashedContent interface {
	Content
	Hashed(sha256 string) error
}

// Content is random access to the bytes of a file. ReadAt is safe for
// concurrent use. Close returns an error that wraps ErrChanged when the bytes
// may have changed since Open: whatever was concluded from them must then not
// be believed.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Declared is a digest together with who promised it.
type Declared struct {
	Digest Digest
	By     string // "hf-lfs", "hf-git", "oci-layer", "lock", ...
}
