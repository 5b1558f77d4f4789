// Package zip reads zip archives (PKWARE APPNOTE 6.3.10): PyTorch, TorchScript,
// NumPy npz, Keras, skops, jars.
//
// A zip file has two tables of contents, the local headers and the central
// directory, and readers believe different ones. Python checks one against the
// other, Go and PyTorch's miniz believe the directory, streaming readers see only
// the local headers, and each finds the directory in another way. This walker
// reads both, reports where they contradict each other, and hands out the union
// of all readings as members, so that whatever a loader sees was scanned.
// Known uses of such contradictions: CVE-2025-1944 (names), CVE-2025-1945
// (flags), CVE-2025-10156 (checksums).
//
// # Security
//
// Nothing the archive declares is believed before it was compared with the other
// side and with the size of the file. Entries are bounded by Limits.MaxMembers,
// names by 32 MiB in all, end records by 8; nothing is allocated by a declared
// length. Flag bits and checksums are reported, and do not keep a member from
// being scanned, because PyTorch ignores both.
//
// What is not looked at: checksums are compared for members of at most 1 MiB, up
// to 64 MiB per archive, and for every compressed member when the core reads it;
// not for larger stored members, which PyTorch does not check either. A reader
// that guesses the end of a stored entry from a data descriptor inside its data
// is not modelled. An archive that is exactly one member of a tar file is left to
// the tar scanner, which hands it back by itself.
package zip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

// Scanner reads zip archives.
type Scanner struct{}

var _ scanners.Scanner = Scanner{}

// Info names the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "zip", Title: "Zip archive", Version: 1, Rules: slices.Clone(rules)}
}

const (
	sigLocal      = "PK\x03\x04"
	sigCentral    = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator    = "PK\x06\x07"
	sigDescriptor = "PK\x07\x08"
	sigSignature  = "PK\x05\x05"
)

// Match looks at both ends: streaming readers start at the front, all others at
// the end, whatever the front looks like.
func (Scanner) Match(h scanners.Head) bool {
	return bytes.HasPrefix(h.Start, []byte(sigLocal)) || bytes.Contains(h.End, []byte(sigEnd))
}

// Scan reads the archive. Its members are the union of what the readers would see.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	a := &archive{ctx: ctx, f: f, lim: lim.WithDefaults(), found: findings.New(rules)}
	a.readEnds()
	isArchive := len(a.dirs) > 0 || a.empty || a.startsWithEntry()
	if a.err == nil && (!isArchive || a.isTarMember()) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	a.walkHoles()
	a.checkNames()
	a.checkOverlaps()
	a.checkContents()
	a.emit()
	a.res.Findings = a.found.All()
	return a.res, a.err
}

// archive is the state of one Scan.
type archive struct {
	ctx     context.Context
	f       scanners.File
	lim     scanners.Limits
	res     scanners.Result
	found   *findings.List
	dirs    []directory // that were read
	ends    []scanners.Span
	entries []entry
	empty   bool  // a valid archive without entries
	names   int64 // bytes of names held
	checked int64 // bytes whose checksum was computed
	limited bool  // the walk stopped at a limit: what was not reached is no finding
	err     error
}

// report adds a finding with the severity of its rule.
func (a *archive) report(rule scanners.Rule, at int64, format string, args ...any) {
	a.reportAs(rule.Severity, rule, at, format, args...)
}

func (a *archive) reportAs(severity scanners.Severity, rule scanners.Rule, at int64, format string, args ...any) {
	a.found.AddAs(severity, rule.ID, max(0, min(at, a.f.Size)), format, args...)
}

// fail keeps the first thing that could not be read. The walk goes on: one bad
// entry does not hide the others.
func (a *archive) fail(at int64, code scanners.GapCode, format string, args ...any) {
	a.limited = a.limited || code == scanners.GapLimit || code == scanners.GapUnreadable
	if a.err == nil {
		a.err = &scanners.FormatError{Offset: max(0, min(at, a.f.Size)), Code: code, Err: fmt.Errorf(format, args...)}
	}
}

// bytesAt reads n bytes, or what the file has of them. n is at most 192 KiB.
func (a *archive) bytesAt(off, n int64) []byte {
	if off < 0 || off >= a.f.Size || n <= 0 {
		return nil
	}
	buf := make([]byte, min(n, a.f.Size-off))
	got, err := a.f.ReadAt(buf, off)
	if got < len(buf) && err != nil && !errors.Is(err, io.EOF) {
		a.fail(off, scanners.GapUnreadable, "read: %w", err)
	}
	return buf[:got]
}

// hasAt reports whether a signature stands at the offset.
func (a *archive) hasAt(off int64, sig string) bool {
	return string(a.bytesAt(off, int64(len(sig)))) == sig
}

func (a *archive) startsWithEntry() bool { return a.hasAt(0, sigLocal) }

// quote is a name from the archive as findings show it.
func quote(name string) string { return clip.Quote(name, 200) }
