package scanners

import (
	"context"
	"errors"
	"io"
	"iter"
)

// ErrNotRecognised is returned by Scan when a closer look shows that the
// content is not of this format after all. The core then ignores the result.
// A scanner that has found anything must not return it.
var ErrNotRecognised = errors.New("not recognised")

// Scanner knows one format.
//
// Scan is a pure function: no state is kept between calls, the same bytes give
// the same Result, and it is safe for concurrent use. When it returns an error
// other than ErrNotRecognised, the Result still holds everything found before
// the failure, and the core keeps it: what came before a break may have run.
type Scanner interface {
	Info() Info
	// Match reports whether the head may be of this format. It looks at the
	// content first; the name may add a match, never remove one. It must be
	// cheap, and it may be wrong in the direction of true.
	Match(h Head) bool
	Scan(ctx context.Context, f File, lim Limits) (Result, error)
}

// Analyst is a Scanner that follows a program, which costs a thousand times more
// per byte than to parse data. What all of them get of one file is bounded.
type Analyst interface {
	Scanner
	// Analyses does nothing.
	Analyses()
}

// Info describes a scanner.
type Info struct {
	Name    string // folder name, prefix of the rule ids
	Title   string // what a person calls the format
	Version int    // raised when the same bytes may give another result
	Rules   []Rule
}

// Head is what a scanner may look at to decide whether it matches.
type Head struct {
	Name  string // as the container or store named it; a hint
	Size  int64
	Start []byte // the first HeadSize bytes, or all
	End   []byte // the last TailSize bytes, or all

	dense []byte // TextStart, when it differs from Start
}

// condensed is the head with the white space left out that loaders of documents
// skip: a scanner that knows the content by its first bytes is asked with it too.
func (h Head) condensed() Head {
	h.Start, h.dense = h.dense, nil
	return h
}

// Bounds of a Head. TailSize holds a zip end-of-central-directory record with
// the longest comment (APPNOTE 4.3.16: 22 + 65535 bytes).
const (
	HeadSize = 64 << 10
	TailSize = 22 + 65535
)

// File is one file, or one member of a container, open for random access.
type File struct {
	io.ReaderAt
	Name string // slash-separated; a hint, not trusted
	Size int64  // exact

	// Sibling looks up another member of the same container by its full name
	// and returns its size. Nil at the top level.
	Sibling func(name string) (size int64, ok bool)
	// Siblings are the names of all members of that container, in its order and not
	// trusted. Nil at the top level.
	Siblings iter.Seq[string]
	// Partial says that the container around the file broke off, so that a
	// sibling that Sibling does not know may only not have arrived.
	Partial bool
	// Place is that of the member that the file is. Nil for most.
	Place func(offset int64) (label string, at int64)
}

// Result is what one scanner says about one file.
type Result struct {
	Findings []Finding
	Facts    []Fact

	// Parsed and Opaque are the bytes this scanner accounts for. Parsed: read
	// and understood. Opaque: known to be plain data that no loader interprets
	// (tensor values, image samples), not read. Bytes of Members belong to
	// neither; the core accounts for them.
	Parsed Spans
	Opaque Spans

	Members []Member
	Uses    []Use

	// Outline is what checks across files compare. May be empty.
	Outline Outline
}

// Member is a file inside a container.
type Member struct {
	Name string // as the container has it, not trusted
	Size int64  // uncompressed; declared, -1 when unknown

	// Span is where the member's bytes, as stored, lie in the container.
	Span Span
	// Open yields the uncompressed bytes. Nil when the bytes are stored as they
	// are: the core then reads the Span itself, with random access.
	Open func() (io.Reader, error)
	// Place says where an offset of a member lies that a scanner put together from
	// parts: the label of the part, which replaces the name of the member in
	// findings, and the offset in it. Nil for a member that is one piece.
	Place func(offset int64) (label string, at int64)
	// Unreadable says why the member cannot be opened (encrypted, unknown
	// method). The core reports a gap.
	Unreadable string
}

// Use states that this file's loader reads another member of the same container
// as plain data: the storages of a PyTorch archive. The core counts such a
// member as opaque when nothing recognised it.
type Use struct {
	Name string // full name of the sibling
	Size int64  // bytes that are read; must equal the sibling's size
}

// Finding is one thing found at one place.
type Finding struct {
	Rule     string   // rule id, "scanner/kebab-name"
	Severity Severity // of the rule, unless the scanner knows better
	Path     []string // names of the members from the file inwards; set by the core
	Offset   int64    // in the innermost member, in bytes
	What     string   // one line: what is there, with its arguments
}

// Fact is metadata for the bill of materials, never a judgement.
type Fact struct {
	Key   string // "safetensors/parameters", ...
	Value string // at most 1 KiB; hostile text
}
