package zip

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"assay/scanners"
)

// Bounds on what an archive may make the walker do.
const (
	endSize     = 22
	end64Size   = 56
	locatorSize = 20
	maxEnds     = 8        // end records that are followed
	maxNames    = 32 << 20 // bytes of names kept
)

// directory is one place where a reader looks for the central directory.
type directory struct {
	at    int64 // of the first header
	base  int64 // what is added to every offset: a prefix that the offsets do not count
	size  int64 // as the end record states it
	count int64 // as the end record states it
	wraps bool  // count is stored in 16 bits
	read  int64 // bytes of headers that are there
}

// readEnds finds the end records in the tail and reads their directories, the
// last record first because that is the one most readers take. An end record
// inside an entry belongs to an archive that is stored in this one.
func (a *archive) readEnds() {
	start := max(0, a.f.Size-scanners.TailSize)
	tail := a.bytesAt(start, scanners.TailSize)
	var inside []scanners.Span // the entries read so far
	for i := len(tail); ; {
		i = bytes.LastIndex(tail[:i], []byte(sigEnd))
		if i < 0 {
			return
		}
		at := start + int64(i)
		if len(tail)-i < endSize || contains(inside, at) || !a.readEnd(at, tail[i:]) {
			continue
		}
		if len(a.ends) == maxEnds {
			a.fail(at, scanners.GapLimit, "more than %d end records", maxEnds)
			return
		}
		inside = a.dataSpans()
	}
}

// dataSpans are the data of all entries, sorted and disjoint.
func (a *archive) dataSpans() []scanners.Span {
	var spans scanners.Spans
	for i := range a.entries {
		s := a.span(&a.entries[i], a.entries[i].packed())
		spans.Add(s.Off, s.Len)
	}
	return spans.Normal(a.f.Size)
}

func contains(sorted []scanners.Span, at int64) bool {
	i, _ := slices.BinarySearchFunc(sorted, at, func(s scanners.Span, at int64) int {
		if s.End() <= at {
			return -1
		}
		return 1
	})
	return i < len(sorted) && sorted[i].Off <= at
}

// readEnd reads an end record (APPNOTE 4.3.16) and every directory it can be
// taken to mean. It reports whether it is one at all.
func (a *archive) readEnd(at int64, b []byte) bool {
	values := endValues{
		at: at, count: int64(le.Uint16(b[10:])), size: int64(le.Uint32(b[12:])), off: int64(le.Uint32(b[16:])), wraps: true,
	}
	commentLen := int64(le.Uint16(b[20:]))
	found, records := a.candidates(values)
	if len(found) == 0 {
		exact := at+endSize+commentLen == a.f.Size
		if values.count != 0 || values.size != 0 || !exact || at != 0 && !a.startsWithEntry() {
			return false
		}
		a.empty = true
	}
	if len(a.ends) > 0 {
		a.report(ruleDirectory, at, "a second end record, %d bytes before the end of the file", a.f.Size-at)
	}
	if len(found) > 1 {
		a.report(ruleDirectory, at, "readers find the directory at %d different places, among them %d and %d",
			len(found), found[0].at, found[1].at)
	}
	if disk := le.Uint16(b[4:]); disk != 0 && disk != math.MaxUint16 {
		a.fail(at, scanners.GapUnsupported, "part %d of a split archive", disk)
	}
	for _, r := range records {
		a.account(r)
		a.compare64(values, r)
	}
	if n := binaryBytes(b[endSize:min(len(b), endSize+int(commentLen))]); n > 0 {
		a.report(ruleExtra, at, "%d bytes in the comment of the archive are no text", n)
	}
	a.res.Parsed.Add(at, endSize)
	a.res.Opaque.Add(at+endSize, min(commentLen, a.f.Size-at-endSize))
	a.ends = append(a.ends, scanners.Span{Off: at, Len: min(endSize+commentLen, a.f.Size-at)})
	for _, d := range found {
		if !slices.ContainsFunc(a.dirs, func(o directory) bool { return o.at == d.at && o.base == d.base }) {
			d.read = a.readDirectory(d)
			a.dirs = append(a.dirs, d)
		}
	}
	return true
}

// endValues is what an end record says, 32-bit or zip64.
type endValues struct {
	at               int64
	count, size, off int64
	wraps            bool  // the count has 16 bits
	length           int64 // of the zip64 record
}

// filledFrom replaces each value that is all ones by the one of the zip64 record,
// and leaves the others as a reader does that looks at the record only when it
// has to.
func (v endValues) filledFrom(records []endValues) endValues {
	if len(records) == 0 {
		return v
	}
	wide := records[0]
	if v.count == math.MaxUint16 {
		v.count, v.wraps = wide.count, false
	}
	if v.size == math.MaxUint32 {
		v.size = wide.size
	}
	if v.off == math.MaxUint32 {
		v.off = wide.off
	}
	return v
}

// candidates returns the distinct places at which a header of a directory
// stands, and the zip64 records. Some readers count offsets from the start of
// the file, some backwards from the end record.
func (a *archive) candidates(v endValues) ([]directory, []endValues) {
	records := a.records64(v.at)
	readings := slices.Clone(records)
	readings = append(readings, v.filledFrom(records))
	var found []directory
	for _, r := range readings {
		for _, from := range readings {
			for _, at := range []int64{r.off, from.at - r.size} {
				d := directory{at: at, base: at - r.off, size: r.size, count: r.count, wraps: r.wraps}
				known := slices.ContainsFunc(found, func(o directory) bool { return o.at == d.at && o.base == d.base })
				if !known && at >= 0 && at < v.at && a.hasAt(at, sigCentral) {
					found = append(found, d)
				}
			}
		}
	}
	return found, records
}

// records64 reads the zip64 end records (APPNOTE 4.3.14) that the locator before
// the end record leads to: at the offset it states, and directly before it, which
// is where Python looks.
func (a *archive) records64(end int64) []endValues {
	locator := a.bytesAt(end-locatorSize, locatorSize)
	if len(locator) < locatorSize || string(locator[:4]) != sigLocator {
		return nil
	}
	var list []endValues
	for _, at := range []int64{clampUint64(le.Uint64(locator[8:])), end - locatorSize - end64Size} {
		b := a.bytesAt(at, end64Size)
		if len(b) < end64Size || string(b[:4]) != sigEnd64 || len(list) > 0 && list[0].at == at {
			continue
		}
		list = append(list, endValues{
			at: at, count: clampUint64(le.Uint64(b[32:])), size: clampUint64(le.Uint64(b[40:])),
			off: clampUint64(le.Uint64(b[48:])), length: min(12+clampUint64(le.Uint64(b[4:])), end-locatorSize-at),
		})
	}
	return list
}

// account marks a zip64 record and its locator as read.
func (a *archive) account(r endValues) {
	a.res.Parsed.Add(r.at, end64Size)
	a.res.Opaque.Add(r.at+end64Size, r.length-end64Size) // "extensible data sector", which no reader uses
	if end := r.at + r.length; a.hasAt(end, sigLocator) {
		a.res.Parsed.Add(end, locatorSize)
	}
}

func (a *archive) compare64(v, r endValues) {
	differ := func(narrow, wide, ones int64) bool { return narrow != ones && narrow != wide }
	if differ(v.count, r.count, math.MaxUint16) || differ(v.size, r.size, math.MaxUint32) || differ(v.off, r.off, math.MaxUint32) {
		a.report(ruleZip64, r.at, "end record: %d entries, %d bytes at %d; zip64 record: %d entries, %d bytes at %d",
			v.count, v.size, v.off, r.count, r.size, r.off)
	}
}

// readDirectory reads headers until something else stands there, whatever
// number or size was stated: readers go by either, and no reader stops at the end
// record. It returns their size.
func (a *archive) readDirectory(d directory) int64 {
	br := bufio.NewReaderSize(io.NewSectionReader(a.f, d.at, a.f.Size-d.at), 64<<10)
	at, count := d.at, int64(0)
	for {
		sig, err := br.Peek(4)
		if err != nil || string(sig) != sigCentral || !a.mayAddEntry(at) {
			break
		}
		b, err := readCentral(br)
		if err != nil {
			a.fail(at, scanners.GapBroken, "central directory: %w", err)
			break
		}
		h := parseCentral(at, b)
		at, count = at+h.size, count+1
		a.names += int64(len(h.name))
		a.addEntry(h, d.base)
	}
	a.res.Parsed.Add(d.at, at-d.at)
	a.readSignature(at)
	a.checkTotals(d, at-d.at, count)
	return at - d.at
}

// readCentral reads one header whole.
func readCentral(br *bufio.Reader) ([]byte, error) {
	fixed, err := br.Peek(centralSize)
	if err != nil {
		return nil, fmt.Errorf("a header is cut off: %w", err)
	}
	b := make([]byte, centralLen(fixed))
	if _, err := io.ReadFull(br, b); err != nil {
		return nil, fmt.Errorf("a header is cut off: %w", err)
	}
	return b, nil
}

// mayAddEntry enforces the bounds on entries and names.
func (a *archive) mayAddEntry(at int64) bool {
	switch {
	case a.ctx.Err() != nil:
		a.fail(at, scanners.GapUnreadable, "interrupted: %w", a.ctx.Err())
	case len(a.entries) >= a.lim.MaxMembers:
		a.fail(at, scanners.GapLimit, "more than %d entries", a.lim.MaxMembers)
	case a.names > maxNames:
		a.fail(at, scanners.GapLimit, "more than %d bytes of names", maxNames)
	default:
		return true
	}
	return false
}

// readSignature accounts for the digital signature after a directory (APPNOTE 4.3.13).
func (a *archive) readSignature(at int64) {
	if b := a.bytesAt(at, 6); len(b) == 6 && string(b[:4]) == sigSignature {
		a.res.Parsed.Add(at, 6)
		a.res.Opaque.Add(at+6, min(int64(le.Uint16(b[4:])), a.f.Size-at-6))
	}
}

func (a *archive) checkTotals(d directory, size, count int64) {
	stated := count
	if d.wraps {
		stated &= math.MaxUint16
	}
	saturated := d.wraps && (d.count == math.MaxUint16 || d.size == math.MaxUint32)
	if saturated || a.err != nil {
		return
	}
	if d.count != stated || d.size != size {
		a.report(ruleDirectory, d.at, "the end record states %d entries in %d bytes, there are %d in %d",
			d.count, d.size, count, size)
	}
	if d.count > count {
		a.fail(d.at+size, scanners.GapBroken, "the central directory ends after %d of %d entries", count, d.count)
	}
}
