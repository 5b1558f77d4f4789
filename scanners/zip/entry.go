package zip

import (
	"math"

	"assay/scanners"
	"assay/scanners/internal/entryname"
)

// entry is one entry as far as it could be read from both sides.
type entry struct {
	central *header // nil for an entry that the directory does not list
	local   *header // nil when no local header stands where the directory says
	data    int64   // where the data begin
	desc    scanners.Span
}

// said is the header that most readers believe.
func (e *entry) said() *header {
	if e.central != nil {
		return e.central
	}
	return e.local
}

func (e *entry) packed() int64 { return e.said().packed }

// flags are the bits that any of the two headers has.
func (e *entry) flags() uint16 {
	flags := e.said().flags
	if e.local != nil {
		flags |= e.local.flags
	}
	return flags
}

// span is the part of the file that a reading of the data takes, cut at its end.
func (a *archive) span(e *entry, packed int64) scanners.Span {
	return scanners.Span{Off: e.data, Len: max(0, min(packed, a.f.Size-e.data))}
}

// addEntry follows a header of the directory to its local header.
func (a *archive) addEntry(central header, base int64) {
	e := entry{central: &central}
	at := base + central.offset
	e.data = max(0, min(at, a.f.Size))
	if local, ok := a.readLocal(at); ok {
		e.local = &local
		e.data = min(at+local.size, a.f.Size)
		a.res.Parsed.Add(at, local.size)
		a.compare(&e)
	} else {
		a.report(ruleHeaderMismatch, central.at, "%s: no local header at %d", quote(central.name), at)
	}
	a.checkHeader(&central)
	a.entries = append(a.entries, e)
}

// readLocal reads the local header at the offset, when there is a whole one.
func (a *archive) readLocal(at int64) (header, bool) {
	b := a.bytesAt(at, localSize)
	if len(b) < localSize || string(b[:4]) != sigLocal {
		return header{}, false
	}
	n := localLen(b)
	if b = a.bytesAt(at, n); int64(len(b)) < n {
		return header{}, false
	}
	return parseLocal(at, b), true
}

// compare looks for contradictions between the two headers.
func (a *archive) compare(e *entry) {
	c, l := e.central, e.local
	if l.name != c.name {
		a.names += int64(len(l.name))
		a.report(ruleNameMismatch, l.at, "%s in the directory, %s here", quote(c.name), quote(l.name))
	} else {
		l.name = c.name // one copy
	}
	if l.method != c.method {
		a.report(ruleHeaderMismatch, l.at, "%s: method %d in the directory, %d here", quote(c.name), c.method, l.method)
	}
	if l.flags&compared(c.name) != c.flags&compared(c.name) {
		a.report(ruleHeaderMismatch, l.at, "%s: flags %#x in the directory, %#x here", quote(c.name), c.flags, l.flags)
	}
	// With a descriptor the local header may leave these zero (APPNOTE 4.4.4).
	deferred := l.flags&flagDescriptor != 0
	contradicts := func(local, central int64) bool {
		unset := deferred && (local == 0 || local == math.MaxUint32)
		return local != central && !unset
	}
	if contradicts(l.packed, c.packed) || contradicts(l.plain, c.plain) || contradicts(int64(l.crc), int64(c.crc)) {
		a.report(ruleHeaderMismatch, l.at, "%s: %d bytes for %d, checksum %08x in the directory; %d for %d, %08x here",
			quote(c.name), c.packed, c.plain, c.crc, l.packed, l.plain, l.crc)
	}
	if (deferred || c.flags&flagDescriptor != 0) && e.data+c.packed <= a.f.Size {
		a.readDescriptor(e)
	}
	a.checkHeader(l)
}

// compared are the flag bits on which both headers must agree. Bits 1 and 2 are
// the compressor's notes to itself; bit 11 matters for other than ASCII names.
func compared(name string) uint16 {
	bits := uint16(flagEncrypted | flagPatched | flagStrong | flagMasked)
	if !entryname.IsASCII(name) {
		bits |= flagUTF8
	}
	return bits
}

// readDescriptor reads the data descriptor (APPNOTE 4.3.9): with or without its
// signature, with 32- or 64-bit sizes; the one that fits is taken.
func (a *archive) readDescriptor(e *entry) {
	c, at := e.central, e.data+e.central.packed
	b := a.bytesAt(at, 24)
	signed := 0
	if len(b) >= 4 && string(b[:4]) == sigDescriptor {
		signed = 4
	}
	fits := func(from, width int) bool {
		if len(b) < from+4+2*width || le.Uint32(b[from:]) != c.crc {
			return false
		}
		sizes := b[from+4:]
		if width == 8 {
			return int64(le.Uint64(sizes)) == c.packed && int64(le.Uint64(sizes[8:])) == c.plain
		}
		return le.Uint32(sizes) == uint32(c.packed) && le.Uint32(sizes[4:]) == uint32(c.plain)
	}
	for _, from := range []int{signed, 0} {
		for _, width := range []int{8, 4} {
			if fits(from, width) {
				e.desc = scanners.Span{Off: at, Len: int64(from + 4 + 2*width)}
				a.res.Parsed.Add(at, e.desc.Len)
				return
			}
		}
	}
	if signed > 0 {
		a.report(ruleHeaderMismatch, at, "%s: the data descriptor contradicts the directory", quote(c.name))
	}
}

// checkHeader looks at one header by itself.
func (a *archive) checkHeader(h *header) {
	if h.flags&(flagPatched|flagMasked) != 0 {
		a.report(ruleFlags, h.at, "%s: flags %#x", quote(h.name), h.flags)
	}
	if h.repeated64 {
		a.report(ruleZip64, h.at, "%s: more than one zip64 field", quote(h.name))
	}
	if h.hidden > 0 {
		a.report(ruleExtra, h.at, "%s: %d bytes in an extra field or a comment", quote(h.name), h.hidden)
	}
	if h.alias != "" && entryname.IsASCII(h.name) {
		a.report(ruleAmbiguousName, h.at, "%s is called %s in an extra field", quote(h.name), quote(h.alias))
	}
}
