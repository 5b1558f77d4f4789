// Package tar reads tar archives: v7, ustar, PAX and GNU headers (POSIX.1-2017,
// pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
//
// Members of an uncompressed tar file are stored as they are, so that the core
// reads them in place. Where readers of the format disagree (the end of the
// archive, the size in a PAX header against the one in the plain header, data
// behind a link), every reading is handed out and the disagreement is reported.
//
// # Security
//
// Headers are read one by one; nothing is held but their names. Headers count
// against Limits.MaxMembers, extended headers are read up to 1 MiB, and no size
// is believed beyond the end of the file. Links are reported and never followed.
// What a sparse file expands to is not reconstructed: it is a gap.
package tar

import (
	"context"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

// Scanner reads tar archives.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info names the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "tar", Title: "Tar archive", Version: 1, Rules: slices.Clone(rules)}
}

const blockSize = 512

// Match accepts a first block with the checksum of a header. The magic number is
// not needed: v7 archives have none, and readers do not look at it.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) >= blockSize && validChecksum(h.Start[:blockSize])
}

// Scan walks the headers. It goes on after the end of the archive when another
// one follows, because some readers do.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	a := &archive{
		ctx: ctx, f: f, lim: lim.WithDefaults(), found: findings.New(rules),
		seen: make(map[string]place), links: make(map[string]bool),
	}
	first, err := a.block(0)
	if err == nil && (len(first) < blockSize || !validChecksum(first)) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	if err == nil {
		err = a.walk()
	}
	a.checkTorch()
	a.res.Findings = a.found.All()
	return a.res, err
}

// archive is the state of one Scan.
type archive struct {
	ctx   context.Context
	f     scanners.File
	lim   scanners.Limits
	res   scanners.Result
	found *findings.List

	pending map[string]string // PAX records and GNU long names for the next header
	global  map[string]string // PAX records for all following headers
	count   int
	names   int              // bytes of names held
	seen    map[string]place // by key
	links   map[string]bool  // keys of links
	err     error            // the first thing that did not stop the walk
}

// place is where an entry was seen, and under which spelling.
type place struct {
	name string
	at   int64
}

// Bounds on names, in bytes.
const (
	maxName  = 4096 // of one; no system has longer paths
	maxNames = 32 << 20
)

// block reads the block at the offset.
func (a *archive) block(at int64) ([]byte, error) {
	b := make([]byte, min(blockSize, a.f.Size-at))
	if _, err := io.ReadFull(io.NewSectionReader(a.f, at, int64(len(b))), b); err != nil {
		return nil, &scanners.FormatError{Offset: at, Code: scanners.GapUnreadable, Err: fmt.Errorf("read a header: %w", err)}
	}
	return b, nil
}

// walk goes from header to header.
func (a *archive) walk() error {
	for at := int64(0); at < a.f.Size; {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		b, err := a.block(at)
		if err != nil {
			return err
		}
		if isZero(b) {
			if at, err = a.afterEnd(at); err != nil {
				return err
			}
			continue
		}
		if len(b) < blockSize || !validChecksum(b) {
			return broken(at, "no header where one should be")
		}
		if a.count++; a.count > a.lim.MaxMembers || a.names > maxNames {
			return &scanners.FormatError{Offset: at, Code: scanners.GapLimit,
				Err: fmt.Errorf("more than %d headers, or %d bytes of names", a.lim.MaxMembers, maxNames)}
		}
		a.res.Parsed.Add(at, blockSize)
		if at, err = a.header(at, b); err != nil {
			return err
		}
	}
	return a.err
}

func broken(at int64, format string, args ...any) error {
	return &scanners.FormatError{Offset: at, Err: fmt.Errorf(format, args...)}
}

// afterEnd skips the zero blocks that end an archive and returns where something
// else begins. Python stops at the first zero block, GNU tar at the second, both
// with options to go on.
func (a *archive) afterEnd(end int64) (int64, error) {
	buf := make([]byte, 4<<10)
	for at := end; at < a.f.Size; {
		n, err := a.f.ReadAt(buf[:min(int64(len(buf)), a.f.Size-at)], at)
		if n == 0 && err != nil {
			return 0, &scanners.FormatError{Offset: at, Code: scanners.GapUnreadable, Err: err}
		}
		zeros := slices.IndexFunc(buf[:n], func(c byte) bool { return c != 0 })
		if zeros < 0 {
			a.res.Parsed.Add(at, int64(n))
			at += int64(n)
			buf = make([]byte, min(2*len(buf), 1<<20))
			continue
		}
		next := at + int64(zeros)
		next -= next % blockSize
		a.res.Parsed.Add(at, next-at)
		a.found.Add(ruleAfterEnd.ID, next, "the archive ended at %d", end)
		return next, nil
	}
	return a.f.Size, nil
}

func isZero(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// quote is a name from the archive as findings show it.
func quote(name string) string { return clip.Quote(name, 200) }
