package scanners

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// spoolInMemory is the size up to which a decompressed member is kept in
// memory; a larger one goes to a temporary file, so that memory stays bounded
// whatever a member expands to.
const spoolInMemory = 4 << 20

// member opens one member and scans it. around is the container, with what the
// member may know of it.
func (r *run) member(m Member, around File, path []string) *node {
	none := &node{}
	if r.members++; r.members > r.lim.MaxMembers {
		if r.members == r.lim.MaxMembers+1 {
			r.gap(GapLimit, path, 0, fmt.Sprintf("more than %d members", r.lim.MaxMembers))
		}
		return none
	}
	if !m.Span.within(around.Size) {
		r.gap(GapInternal, path, 0, "the scanner placed this member outside the file; please report this file's format")
		return none
	}
	if m.Unreadable != "" {
		r.gap(GapUnsupported, path, 0, m.Unreadable)
		return none
	}
	if len(path) > r.lim.MaxDepth {
		r.gap(GapLimit, path, 0, fmt.Sprintf("nested deeper than %d containers", r.lim.MaxDepth))
		return none
	}
	if m.Open == nil {
		if r.stored += m.Span.Len; r.stored > int64(r.lim.MaxDepth)*(r.size+r.expanded) {
			r.gap(GapLimit, path, 0, "the members claim the same bytes over and over")
			return none
		}
		section := io.NewSectionReader(around, m.Span.Off, m.Span.Len)
		return r.file(File{ReaderAt: section, Name: m.Name, Size: m.Span.Len, Sibling: around.Sibling, Siblings: around.Siblings, Partial: around.Partial, Place: m.Place}, path)
	}
	content, err := r.spool(m)
	if content != nil {
		defer content.Close()
		content.ReaderAt = untilDone{r.ctx, content.ReaderAt}
	}
	if err != nil {
		code, _ := codeOf(err)
		if content == nil || content.size == 0 {
			r.gap(code, path, 0, err.Error())
			return none
		}
		// What did decompress is looked at all the same: a loader that streams
		// has acted on it before it meets the error.
		r.file(File{ReaderAt: content, Name: m.Name, Size: content.size, Sibling: around.Sibling, Siblings: around.Siblings, Partial: around.Partial, Place: m.Place}, path)
		r.gap(code, path, content.size, err.Error())
		return none
	}
	n := r.file(File{ReaderAt: content, Name: m.Name, Size: content.size, Sibling: around.Sibling, Siblings: around.Siblings, Partial: around.Partial, Place: m.Place}, path)
	n.spooled = content.size
	return n
}

var errLimit = errors.New("limit reached")

// spooled is a decompressed member with random access.
type spooled struct {
	io.ReaderAt
	size int64
	file *os.File
}

func (s *spooled) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// open calls Open behind the panic barrier.
func (r *run) open(m Member) (src io.Reader, err error) {
	defer barrier(&err)
	src, err = m.Open()
	return &guardedReader{ctx: r.ctx, src: src}, err
}

// guardedReader keeps a decompressor from taking the process down with a panic,
// and from outliving the run.
type guardedReader struct {
	ctx context.Context
	src io.Reader
}

func (g *guardedReader) Read(p []byte) (n int, err error) {
	defer barrier(&err)
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	return g.src.Read(p)
}

// spool decompresses a member under the ratio and total limits. On error it
// returns what came out before.
func (r *run) spool(m Member) (*spooled, error) {
	src, err := r.open(m)
	if err != nil {
		return nil, fmt.Errorf("open the member: %w", err)
	}
	own := multiply(m.Span.Len, r.lim.MaxRatio)
	limit := min(r.maxExpanded()-r.expanded, max(own, RatioFree-r.free))
	src = io.LimitReader(src, limit+1)

	var buf bytes.Buffer
	n, err := io.CopyN(&buf, src, spoolInMemory)
	out := &spooled{ReaderAt: bytes.NewReader(buf.Bytes()), size: n}
	if err == nil {
		out, err = spoolToFile(buf.Bytes(), src)
	}
	if out == nil {
		return nil, err
	}
	r.expanded += out.size
	r.free += min(max(0, out.size-own), RatioFree-r.free)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return out, fmt.Errorf("decompress: %w", err)
	case out.size > limit:
		return out, fmt.Errorf("%w: expands beyond %d bytes", errLimit, limit)
	}
	return out, nil
}

// maxExpanded bounds what comes out of all members, all depths.
func (r *run) maxExpanded() int64 {
	return min(r.lim.MaxExpanded, add(multiply(r.size, r.lim.MaxRatio), RatioFree))
}

// afford charges an Analyst's look at so many bytes of a member. The file itself
// is always affordable.
func (r *run) afford(s Scanner, size int64, path []string) bool {
	if _, ok := s.(Analyst); !ok || len(path) == 0 {
		return true
	}
	if size > add(multiply(r.size, r.lim.OpsPerByte), AnalysisFree)-r.analysed {
		return false
	}
	r.analysed += size
	return true
}

// multiply and add stay at the largest number. Neither argument is negative.
func multiply(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}

func add(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}

func spoolToFile(start []byte, rest io.Reader) (*spooled, error) {
	f, err := os.CreateTemp("", "assay-member-*")
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	out := &spooled{ReaderAt: f, file: f}
	n, err := io.Copy(f, io.MultiReader(bytes.NewReader(start), rest))
	out.size = n
	return out, err
}

// size is the size of the member's content: what came out, for a compressed
// one, and the span for a stored one.
func (n *node) size(m Member) int64 {
	if m.Open == nil {
		return m.Span.Len
	}
	return n.spooled
}

// placed is the path and the offset of something in a member that was put together
// from parts.
func placed(f File, path []string, offset int64) ([]string, int64) {
	if f.Place == nil || len(path) == 0 {
		return path, offset
	}
	part, at := f.Place(offset)
	return append(slices.Clone(path[:len(path)-1]), label(part)), at
}
