package scanners

import (
	"cmp"
	"context"
	"io"
	"slices"
)

// CrossChecker is a scanner that also compares the files of one artifact: an index
// with its shards, a tokenizer with the embeddings, an adapter with its base.
//
// Cross is a pure function of what it is given. It looks at reports and outlines,
// and reads content only where two files must have the same bytes.
type CrossChecker interface {
	Scanner
	Cross(ctx context.Context, files []CrossFile) CrossResult
}

// CrossResult is what the files of an artifact say together.
type CrossResult struct {
	Findings []CrossFinding
	// Plain are bytes that another file's loader reads as numbers: the tensors that
	// an ONNX graph keeps outside. A file that is plain as a whole is opaque.
	Plain []CrossPlain
}

// CrossFile is one file of an artifact, after it was scanned.
type CrossFile struct {
	Name   string // slash-separated, relative to the artifact
	Size   int64
	Report FileReport
	// Programs were seen in the opaque bytes; none when only headers are read.
	Programs []Program
	// Open gives the content again, for comparing it. Nil when only headers are
	// read.
	Open func(ctx context.Context) (CrossContent, error)
}

// CrossContent is the content of a file that is compared.
type CrossContent interface {
	io.ReaderAt
	io.Closer
}

// CrossFinding is a finding about one of the files.
type CrossFinding struct {
	File string // its name
	Finding
}

// CrossPlain are bytes of one of the files that are numbers.
type CrossPlain struct {
	File  string
	Spans Spans
}

// Cross runs the checks across files of every scanner that has any. Files are
// sorted by name. It never panics: a check that fails is returned as an error,
// with what the others found.
func Cross(ctx context.Context, list []Scanner, files []CrossFile) (all CrossResult, err error) {
	for _, s := range list {
		c, ok := s.(CrossChecker)
		if !ok {
			continue
		}
		more, failed := guardedCross(ctx, c, files)
		all.Findings = append(all.Findings, more.Findings...)
		all.Plain = append(all.Plain, more.Plain...)
		err = cmp.Or(err, failed)
	}
	for i := range all.Findings {
		all.Findings[i].What = oneLine(all.Findings[i].What)
	}
	slices.SortStableFunc(all.Findings, func(a, b CrossFinding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), compareFindings(a.Finding, b.Finding))
	})
	return all, err
}

func guardedCross(ctx context.Context, c CrossChecker, files []CrossFile) (r CrossResult, err error) {
	defer barrier(&err)
	return c.Cross(ctx, files), nil
}
