package zip

import (
	"fmt"
	"io"

	"assay/scanners"
)

// memberKey tells members apart that are the same to every scanner.
type memberKey struct {
	name   string
	method uint16
	span   scanners.Span
}

// emit hands every reading of every entry to the core, under every name.
func (a *archive) emit() {
	seen := make(map[memberKey]bool, len(a.entries))
	for i := range a.entries {
		e := &a.entries[i]
		if isFolder(e) {
			continue
		}
		if e.local == nil {
			a.fail(e.said().at, scanners.GapBroken, "%s has no local header", quote(e.said().name))
			continue
		}
		if end := e.data + e.packed(); end > a.f.Size {
			a.fail(e.data, scanners.GapBroken, "%s ends %d bytes after the end of the file", quote(e.said().name), end-a.f.Size)
		}
		secret := a.checkEncryption(e)
		for _, r := range a.readings(e) {
			for _, name := range e.allNames() {
				if key := (memberKey{name, r.method, r.span}); !seen[key] {
					seen[key] = true
					a.res.Members = append(a.res.Members, a.member(name, r, secret)...)
				}
			}
		}
	}
}

// member is one reading as the core takes it. What is marked as encrypted is
// handed out twice: as unreadable, and as the plain data that readers which
// ignore the mark see.
func (a *archive) member(name string, r reading, secret bool) []scanners.Member {
	m := scanners.Member{Name: name, Size: r.plain, Span: r.span}
	var list []scanners.Member
	if secret || r.method == methodAES {
		closed := m
		closed.Unreadable = "encrypted"
		list = append(list, closed)
	}
	switch {
	case r.method == methodStored:
		m.Size = r.span.Len
	case openers[r.method] != nil:
		f := a.f.ReaderAt
		m.Open = func() (io.Reader, error) { return r.open(f) }
	case r.method == methodAES:
		return list
	default:
		m.Unreadable = fmt.Sprintf("compression method %d is not supported", r.method)
	}
	return append(list, m)
}

// checkEncryption reports the flag bit, and whether the data may in truth be
// encrypted: they are not when they can be read and the checksum is right.
func (a *archive) checkEncryption(e *entry) bool {
	if e.flags()&(flagEncrypted|flagStrong) == 0 {
		return false
	}
	for _, r := range a.readings(e) {
		if a.tryRead(r) == nil {
			a.reportAs(scanners.High, ruleEncrypted, e.said().at, "%s: marked as encrypted, and it is not", quote(e.said().name))
			return false
		}
	}
	a.report(ruleEncrypted, e.said().at, "%s", quote(e.said().name))
	return true
}
