package tar

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/entryname"
)

// entry is a header with everything that extended headers say about it.
type entry struct {
	header
	plainName string // of the header itself
	plainSize int64
}

// maxExtended is how much of an extended header or long name is read.
const maxExtended = 1 << 20

// header handles one header and returns the offset of the next.
func (a *archive) header(at int64, b []byte) (int64, error) {
	h, err := parseHeader(at, b)
	if err != nil {
		return 0, broken(at, "%s: %w", quote(h.name), err)
	}
	switch h.kind {
	case kindPAX, kindSolarisX, kindGlobal, kindLongName, kindLongLink:
		return a.extended(h)
	}
	e, err := a.complete(h)
	if err != nil {
		return 0, err
	}
	a.check(e)
	return a.data(e)
}

// extended reads a header that describes the ones after it.
func (a *archive) extended(h header) (int64, error) {
	data := h.at + blockSize
	if h.size > maxExtended || h.size > a.f.Size-data {
		return 0, broken(h.at, "an extended header of %d bytes", h.size)
	}
	b := make([]byte, h.size)
	if _, err := io.ReadFull(io.NewSectionReader(a.f, data, h.size), b); err != nil {
		return 0, broken(data, "read an extended header: %w", err)
	}
	a.res.Parsed.Add(data, h.size)
	if a.pending == nil {
		a.pending = make(map[string]string)
	}
	switch h.kind {
	case kindLongName:
		a.pending["path"] = text(b)
	case kindLongLink:
		a.pending["linkpath"] = text(b)
	default:
		records, ok := paxRecords(string(b))
		if !ok {
			return 0, broken(data, "a record of an extended header")
		}
		if h.kind != kindGlobal {
			maps.Copy(a.pending, records)
			break
		}
		a.checkGlobal(h.at, records)
		a.global = records
	}
	return a.padding(data, h.size), nil
}

// checkGlobal reports records that must differ from entry to entry. What git and
// others write there is a comment.
func (a *archive) checkGlobal(at int64, records map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if slices.Contains([]string{"path", "linkpath", "size"}, key) || strings.HasPrefix(key, "GNU.sparse.") {
			a.found.Add(ruleGlobal.ID, at, "%s for all that follows: %s", key, quote(records[key]))
		}
	}
}

// complete applies the extended headers.
func (a *archive) complete(h header) (entry, error) {
	e := entry{header: h, plainName: h.name, plainSize: h.size}
	get := func(key string) (string, bool) {
		if v, ok := a.pending[key]; ok {
			return v, true
		}
		v, ok := a.global[key]
		return v, ok
	}
	if v, ok := get("path"); ok {
		e.name = v
	}
	if v, ok := get("GNU.sparse.name"); ok {
		e.name = v
	}
	if v, ok := get("linkpath"); ok {
		e.link = v
	}
	for _, key := range []string{"GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.offset"} {
		if _, ok := get(key); ok {
			e.sparse = true
		}
	}
	if v, ok := get("size"); ok {
		size, err := strconv.ParseInt(v, 10, 64)
		if err != nil || size < 0 {
			return e, broken(h.at, "%s: size %s", quote(e.name), quote(v))
		}
		e.size = size
	}
	a.pending = nil
	a.shorten(&e.name, h.at)
	a.shorten(&e.link, h.at)
	return e, nil
}

// shorten cuts a name that no system could have, and says so at the end.
func (a *archive) shorten(name *string, at int64) {
	if len(*name) > maxName {
		a.later(broken(at, "a name of %d bytes", len(*name)))
		*name = (*name)[:maxName]
	}
	a.names += len(*name)
}

// later keeps the first error that does not stop the walk.
func (a *archive) later(err error) {
	if a.err == nil {
		a.err = err
	}
}

// check looks at names, links and modes.
func (a *archive) check(e entry) {
	switch {
	case entryname.Escapes(e.name):
		a.found.Add(ruleEscape.ID, e.at, "%s", quote(e.name))
	case a.throughLink(e.name):
		a.found.Add(ruleEscape.ID, e.at, "%s is written through a link in the same archive", quote(e.name))
	}
	switch e.kind {
	case kindSymlink, kindHardLink:
		a.checkLink(e)
	case kindCharacter, kindBlock, kindPipe:
		a.found.Add(ruleSpecial.ID, e.at, "%s", quote(e.name))
	}
	if e.mode&0o6000 != 0 && !e.isFolder() {
		a.found.Add(ruleSetuid.ID, e.at, "%s: mode %o", quote(e.name), e.mode&0o7777)
	}
	if strings.TrimRight(e.name, "/") != strings.TrimRight(e.plainName, "/") && !mayAbbreviate(e) {
		a.found.Add(ruleName.ID, e.at, "%s, and %s for readers without extended headers", quote(e.name), quote(e.plainName))
	}
	a.checkDuplicate(e)
}

// mayAbbreviate reports that the real name does not fit a plain header, or that
// the file is sparse, in which case writers put a name of their own there.
func mayAbbreviate(e entry) bool {
	return len(e.name) >= 100 || !entryname.IsASCII(e.name) || e.sparse
}

func (a *archive) checkLink(e entry) {
	target := e.link
	escapes := e.kind == kindSymlink && entryname.LinkEscapes(e.name, target) ||
		e.kind == kindHardLink && entryname.Escapes(target)
	if escapes {
		a.found.Add(ruleEscape.ID, e.at, "%s is a link to %s", quote(e.name), quote(target))
	} else {
		a.found.Add(ruleLink.ID, e.at, "%s to %s", quote(e.name), quote(target))
	}
	a.links[entryname.Key(e.name)] = true
}

// throughLink reports that a folder on the way to name is a link.
func (a *archive) throughLink(name string) bool {
	if len(a.links) == 0 {
		return false
	}
	for dir := path.Dir(entryname.Key(name)); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if a.links[dir] {
			return true
		}
	}
	return false
}

// checkDuplicate reports a second entry of a name. Folders may be repeated.
func (a *archive) checkDuplicate(e entry) {
	if e.isFolder() || e.kind == kindVolume {
		return
	}
	key := entryname.Key(e.name)
	other, taken := a.seen[key]
	switch {
	case !taken:
		a.seen[key] = place{e.name, e.at}
	case other.name == e.name:
		a.found.Add(ruleDuplicate.ID, e.at, "%s: entries at %d and %d", quote(e.name), other.at, e.at)
	default:
		a.found.AddAs(scanners.Medium, ruleDuplicate.ID, e.at, "%s and %s", quote(other.name), quote(e.name))
	}
}

// data hands out what follows the header and returns the offset of the next one.
func (a *archive) data(e entry) (int64, error) {
	at := e.at + blockSize
	for more := e.moreMaps; more; at += blockSize { // GNU sparse maps
		b, err := a.block(at)
		if err != nil || len(b) < blockSize {
			return 0, broken(at, "%s: the sparse map is cut off", quote(e.name))
		}
		a.res.Parsed.Add(at, blockSize)
		more = b[504] != 0
	}
	if e.headerOnly() && e.size > 0 {
		return a.unexpectedData(e, at), nil
	}
	if e.size != e.plainSize && !(e.plainSize == 0 && e.size > maxOctal) {
		a.found.Add(ruleSize.ID, e.at, "%s: %d bytes, and %d in the plain header", quote(e.name), e.size, e.plainSize)
		a.member(e, at, e.plainSize)
	}
	a.member(e, at, e.size)
	if e.size > a.f.Size-at {
		a.later(broken(a.f.Size, "%s ends %d bytes after the end of the file", quote(e.name), e.size-(a.f.Size-at)))
		return a.f.Size, nil
	}
	return a.padding(at, e.size), nil
}

// maxOctal is the largest size that fits a plain header, 8 GiB.
const maxOctal = 1<<33 - 1

// unexpectedData handles a link, folder or device with a size. Python goes on
// with the next block; others skip the data.
func (a *archive) unexpectedData(e entry, at int64) int64 {
	a.found.Add(ruleSize.ID, e.at, "%s has no data, and states %d bytes of them", quote(e.name), e.size)
	if b, err := a.block(at); at >= a.f.Size || err == nil && (isZero(b) || len(b) == blockSize && validChecksum(b)) {
		return at
	}
	a.member(e, at, e.size)
	return a.padding(at, min(e.size, a.f.Size-at))
}

// member hands out the data as they are stored. A sparse file is also said to be
// unreadable: what a reader makes of it has holes that were not looked at.
func (a *archive) member(e entry, at, size int64) {
	if e.isFolder() && size == 0 || e.headerOnly() && size == 0 || e.kind == kindVolume {
		return
	}
	m := scanners.Member{Name: cmp.Or(e.name, "unnamed"), Span: scanners.Span{Off: at, Len: max(0, min(size, a.f.Size-at))}}
	m.Size = m.Span.Len
	a.res.Members = append(a.res.Members, m)
	var why string
	switch {
	case e.sparse:
		why = "sparse file: its holes were not put back"
	case e.kind == kindPart:
		why = "part of a file that began in another volume"
	default:
		return
	}
	m.Unreadable = why
	a.res.Members = append(a.res.Members, m)
}

// padding accounts for the bytes up to the next block and returns its offset.
func (a *archive) padding(at, size int64) int64 {
	end := at + size
	n := min(-size&(blockSize-1), a.f.Size-end)
	if n <= 0 {
		return end
	}
	b := make([]byte, n)
	if _, err := a.f.ReadAt(b, end); err == nil || errors.Is(err, io.EOF) {
		if isZero(b) {
			a.res.Parsed.Add(end, n)
		} else {
			a.found.Add(rulePadding.ID, end, "%d bytes", n)
			a.res.Opaque.Add(end, n)
		}
	}
	return end + n
}

// checkTorch recognises the container of PyTorch 0.1.1.
func (a *archive) checkTorch() {
	for _, name := range []string{"storages", "tensors", "pickle"} {
		if _, ok := a.seen[name]; !ok {
			return
		}
	}
	a.found.Add(ruleTorch.ID, a.seen["pickle"].at, "entries storages, tensors and pickle")
}
