package zip

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
)

// checkOverlaps reports structures that share bytes. Two directories that list
// the same entry were reported already.
func (a *archive) checkOverlaps() {
	type claim struct {
		scanners.Span
		name string
	}
	var claims []claim
	for i := range a.entries {
		e := &a.entries[i]
		if e.local == nil {
			continue
		}
		at := e.local.at
		end := max(a.span(e, e.packed()).End(), e.desc.End())
		claims = append(claims, claim{scanners.Span{Off: at, Len: end - at}, e.said().name})
	}
	for _, d := range a.dirs {
		claims = append(claims, claim{scanners.Span{Off: d.at, Len: d.read}, "the central directory"})
	}
	for _, e := range a.ends {
		claims = append(claims, claim{e, "the end record"})
	}
	slices.SortStableFunc(claims, func(x, y claim) int { return cmp.Compare(x.Off, y.Off) })
	claims = slices.CompactFunc(claims, func(x, y claim) bool { return x == y && len(a.dirs) > 1 })
	furthest := 0
	for i := 1; i < len(claims); i++ {
		if prev := claims[furthest]; claims[i].Off < prev.End() {
			a.report(ruleOverlap, claims[i].Off, "%s begins inside %s", quote(claims[i].name), quote(prev.name))
		}
		if claims[i].End() > claims[furthest].End() {
			furthest = i
		}
	}
}

const (
	// maxPadding is how many zero bytes between structures count as alignment.
	maxPadding = 64 << 10
	// maxLocals is how often a hole is searched for a local header.
	maxLocals = 100_000
)

// walkHoles looks at what no structure claims: entries that only a streaming
// reader sees, padding, and bytes that belong to nothing.
func (a *archive) walkHoles() {
	if len(a.ends) == 0 {
		a.fail(a.f.Size, scanners.GapBroken, "no end of central directory record: the file is cut off, or was never finished")
	}
	if a.limited {
		return
	}
	var covered scanners.Spans
	covered.AddAll(a.res.Parsed, 0)
	covered.AddAll(a.res.Opaque, 0)
	for _, s := range a.dataSpans() {
		covered.Add(s.Off, s.Len)
	}
	var at int64
	for _, s := range append(covered.Normal(a.f.Size), scanners.Span{Off: a.f.Size}) {
		if s.Off > at {
			a.walkHole(scanners.Span{Off: at, Len: s.Off - at})
		}
		at = s.End()
	}
}

// walkHole takes every local header in the hole for an entry, as streaming
// readers do.
func (a *archive) walkHole(hole scanners.Span) {
	if a.isPadding(hole) {
		a.res.Opaque.Add(hole.Off, hole.Len)
		return
	}
	at, from := hole.Off, hole.Off
	for range maxLocals {
		next := a.find(from, hole.End(), sigLocal)
		if next < 0 || !a.mayAddEntry(next) {
			break
		}
		local, ok := a.readLocal(next)
		if !ok || local.at+local.size > hole.End() || !isKnown(local.method) {
			from = next + 1
			continue
		}
		a.reportHole(scanners.Span{Off: at, Len: next - at})
		at = a.addUnlisted(local, hole.End())
		from = at
	}
	a.reportHole(scanners.Span{Off: at, Len: hole.End() - at})
}

// isKnown tells a local header from bytes that happen to look like one.
func isKnown(method uint16) bool {
	return method == methodStored || method == methodDeflate64 || method == methodAES || openers[method] != nil
}

// addUnlisted adds an entry that only its local header knows and returns where
// its data, and their descriptor, end.
func (a *archive) addUnlisted(local header, limit int64) int64 {
	e := entry{local: &local, data: local.at + local.size}
	end := e.data + min(local.packed, limit-e.data)
	if local.flags&flagDescriptor != 0 && local.packed == 0 {
		local.packed, e.desc = a.findDescriptor(e.data, limit)
		local.plain = local.packed
		end = max(e.data+local.packed, e.desc.End())
	}
	a.res.Parsed.Add(local.at, local.size)
	a.res.Parsed.Add(e.desc.Off, e.desc.Len)
	a.names += int64(len(local.name))
	a.checkHeader(&local)
	if len(a.ends) > 0 {
		a.report(ruleUnlisted, local.at, "%s, %d bytes", quote(local.name), local.packed)
	}
	a.entries = append(a.entries, e)
	return end
}

// findDescriptor finds the end of data whose size is stated only after them: at
// a descriptor whose size is the distance to it. Without one, the data reach as
// far as nothing else claims the bytes.
func (a *archive) findDescriptor(data, limit int64) (size int64, desc scanners.Span) {
	size = limit - data
	a.search(data, limit, sigDescriptor, func(at int64) bool {
		b := a.bytesAt(at, 24)
		switch {
		case len(b) == 24 && int64(le.Uint64(b[8:])) == at-data:
			size, desc = at-data, scanners.Span{Off: at, Len: 24}
		case len(b) >= 16 && int64(le.Uint32(b[8:])) == (at-data)&math.MaxUint32:
			size, desc = at-data, scanners.Span{Off: at, Len: 16}
		}
		return desc.Len == 0
	})
	return size, desc
}

// find returns the offset of the first sig in [from, to), or -1.
func (a *archive) find(from, to int64, sig string) int64 {
	if a.hasAt(from, sig) && from < to {
		return from
	}
	found := int64(-1)
	a.search(from, to, sig, func(at int64) bool { found = at; return false })
	return found
}

// search calls visit with every offset of sig that begins in [from, to), in one
// pass, until visit returns false.
func (a *archive) search(from, to int64, sig string, visit func(at int64) bool) {
	const block = 64 << 10
	for ; from < to && a.ctx.Err() == nil; from += block {
		b := a.bytesAt(from, min(block, to-from)+int64(len(sig))-1)
		for i := 0; ; i++ {
			next := bytes.Index(b[i:], []byte(sig))
			if next < 0 {
				break
			}
			if i += next; from+int64(i) >= to || !visit(from+int64(i)) {
				return
			}
		}
	}
}

// isPadding reports a small hole of zero bytes that is not at the front, the mark
// that a split archive in one piece begins with (APPNOTE 8.5.4), and a model of
// TensorFlow Lite.
func (a *archive) isPadding(hole scanners.Span) bool {
	if hole.Off == 0 {
		// TensorFlow Lite models carry their labels in an archive behind them; the
		// scanner of these accounts for what is in front.
		return hole.Len == 4 && a.hasAt(0, "PK00") || a.hasAt(4, "TFL3")
	}
	if hole.Len > maxPadding {
		return false
	}
	b := a.bytesAt(hole.Off, hole.Len)
	return int64(len(b)) == hole.Len && bytes.Count(b, []byte{0}) == len(b)
}

// reportHole says what the bytes are that nothing claims. They stay uncovered.
func (a *archive) reportHole(hole scanners.Span) {
	switch {
	case hole.Len <= 0 || len(a.ends) == 0 || a.isPadding(hole):
	case hole.Off == 0:
		a.report(rulePrefix, 0, "%d bytes before the first entry", hole.Len)
	case hole.Off >= a.ends[0].End():
		a.report(ruleTrailing, hole.Off, "%d bytes after the end record", hole.Len)
	default:
		a.report(ruleGap, hole.Off, "%d bytes", hole.Len)
	}
}

// isTarMember reports that the archive is exactly the content of one member of a
// tar file: the header before it states its size.
func (a *archive) isTarMember() bool {
	if len(a.ends) == 0 || len(a.entries) == 0 || a.startsWithEntry() {
		return false
	}
	start := a.f.Size
	for i := range a.entries {
		if l := a.entries[i].local; l != nil {
			start = min(start, l.at)
		}
	}
	header := a.bytesAt(start-512, 512)
	if len(header) < 512 || string(header[257:262]) != "ustar" {
		return false
	}
	size, err := strconv.ParseInt(strings.Trim(string(header[124:136]), " \x00"), 8, 64)
	return err == nil && start+size == a.ends[0].End()
}
