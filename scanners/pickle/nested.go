package pickle

import (
	"bytes"
	"fmt"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

const (
	// minNested is the length from which a constant can hold a pickle that does
	// something, and prefixSize how much of it is looked at first, in bytes.
	minNested  = 12
	prefixSize = 128

	// maxLayers is how often one constant is unpacked: base64 of zlib of a pickle,
	// and one more.
	maxLayers = 3

	// nestedFactor bounds the bytes of all constants that are analysed, in sizes of
	// the file; nestedFree bytes are always looked at.
	nestedFactor = 8
	nestedFree   = 64 << 20
)

// allowance is the work that constants may still cause in one file, with
// everything nested in it, in bytes.
type allowance struct{ left int64 }

func newAllowance(size int64) *allowance {
	return &allowance{left: nestedFactor*size + nestedFree}
}

// take reports whether n more bytes may be analysed.
func (a *allowance) take(n int64) bool {
	if a.left < n {
		return false
	}
	a.left -= n
	return true
}

// constant is a payload that is, or unpacks to, a pickle.
type constant struct {
	value  value
	off, n int64
	packed packing
}

// lookInside looks at the first bytes of a constant, and analyses one that is a
// pickle, or unpacks to one.
func (m *machine) lookInside(v value, off, n int64) {
	var head []byte
	if rel := off - m.at; rel >= 0 && rel+minNested <= int64(len(m.buf)) {
		head = m.buf[rel : rel+minNested]
	} else if head = m.view(off, minNested); head == nil {
		return
	}
	if !textStart[head[0]] {
		return
	}
	if v.tag() == tagBytes || v.tag() == tagByteArray {
		m.container(head, off, n)
	}
	prefix, _ := m.bytesOf(latinOf(v), prefixSize)
	if len(prefix) < minNested {
		return
	}
	c := constant{value: v, off: off, n: n, packed: packingOf(prefix)}
	switch p := c.packed; {
	case p == packedNot && v.isText() && v.tag() != tagBinString:
		c.packed = packedLatin
	case p == packedNot:
	case p == packedCode:
		data, _ := m.bytesOf(latinOf(v), maxDecoded)
		m.byteCode(c, data)
		return
	case p == 0 && (prefix[0] == opGlobal || prefix[0] == opMark) && m.namesDanger(prefix):
		c.packed = packedNot
	case p == 0 || !m.leadsToPickle(p, prefix):
		return
	}
	m.inspect(c)
}

// container hands a constant that is an archive or an array of its own to the other
// scanners: torch.load and numpy.load read it from a buffer as they do from a file.
func (m *machine) container(head []byte, off, n int64) {
	if m.judge.at != nil || m.judge.where != "" || m.cover.seen[off] {
		return
	}
	if s := string(head); !strings.HasPrefix(s, "PK\x03\x04") && !strings.HasPrefix(s, "\x93NUMPY") {
		return
	}
	if m.cover.seen == nil {
		m.cover.seen = make(map[int64]bool)
	}
	m.cover.seen[off] = true
	m.cover.members = append(m.cover.members, scanners.Member{
		Name: fmt.Sprintf("constant at byte %d", off), Size: n, Span: scanners.Span{Off: off, Len: n}})
}

// leadsToPickle unpacks the first bytes of a constant, and reports whether a pickle
// may be what comes out. Some streams give nothing before all of a block is there.
func (m *machine) leadsToPickle(p packing, prefix []byte) bool {
	for range maxLayers {
		switch {
		case p == packedNot || p == packedCode:
			return true
		case p.setup() > 0:
			return true
		case p == 0:
			return m.namesDanger(prefix)
		}
		prefix, _ = decode(p, prefix, prefixSize)
		p = packingOf(prefix)
	}
	return p == packedNot
}

// namesDanger reports an import near the beginning of a pickle of protocol 0, which
// has no magic number, of a name that can do something.
func (m *machine) namesDanger(prefix []byte) bool {
	for i, c := range prefix {
		if c != opGlobal && c != opInst {
			continue
		}
		if module, name, ok := nameAt(prefix[i:]); ok {
			module, name = pyglobals.Python3(module, name)
			if d, ok := pyglobals.Classify(module, name); ok && !d.Caps.Indirect() && pyglobals.Lookup(module, name) == nil {
				return true
			}
		}
	}
	return false
}

// inspect analyses one constant. Findings count only when it is a pickle: it
// calls something, or it is read to its end and imports something.
func (m *machine) inspect(c constant) {
	if m.depth <= 0 {
		m.judge.limit(c.off, "pickles in constants nested deeper than the scanner follows")
		return
	}
	inner, err := m.child(c)
	if inner == nil || !inner.acts(err) || len(inner.judge.sink.list) == 0 || !m.adopt(inner, c.off) {
		return
	}
	severity := scanners.Medium
	if inner.judge.sink.grave > 0 {
		severity = scanners.High
	}
	what := fmt.Sprintf("a constant of %d bytes is %sa pickle with %d findings", c.n, c.packed, len(inner.judge.sink.list))
	m.judge.report(ruleNested, severity, c.off, what, func() string { return what })
}

// acts reports whether what was read is a pickle that does something.
func (a *analysis) acts(err error) bool {
	return a.judge.effects > 0 || err == nil && len(a.judge.names.list) > 0
}

// adopt takes over the findings of an inner analysis, once for a constant.
func (m *machine) adopt(inner *analysis, off int64) bool {
	if m.adopted[off] {
		return false
	}
	if m.adopted == nil {
		m.adopted = make(map[int64]bool)
	}
	if len(inner.judge.sink.list) > 0 {
		m.adopted[off] = true
	}
	for _, f := range inner.judge.sink.findings() {
		m.judge.sink.take(f)
	}
	m.judge.effects += inner.judge.effects
	if inner.judge.sink.limit != "" {
		m.judge.sink.limit = inner.judge.sink.limit
	}
	return true
}

// child analyses the content of a constant as a file of its own.
func (m *machine) child(c constant) (*analysis, error) {
	src, start, end, complete := m.src, c.off, c.off+c.n, true
	j := &judge{sink: &sink{max: m.judge.sink.max}, at: m.judge.at,
		where: m.judge.where + fmt.Sprintf("in the constant at byte %d: ", c.off)}
	if c.packed != packedNot || c.value.isText() && c.value.tag() != tagBinString || c.value.tag() >= tagLatinText {
		var data []byte
		var ok bool
		if data, complete, ok = m.unpack(c); !ok {
			m.byteCode(c, data)
			return nil, nil
		}
		src, start, end = bytes.NewReader(data), 0, int64(len(data))
		j.at = func(int64) int64 { return m.judge.position(c.off) }
	}
	if !m.allowance.take(end - start) {
		m.judge.limit(c.off, "pickles in constants that amount to many times the file")
		return nil, nil
	}
	if m.inner == nil {
		m.inner = &machine{ctx: m.ctx, depth: m.depth - 1, quiet: true, allowance: m.allowance}
	}
	a := &analysis{machine: m.inner, judge: j, cover: &cover{}}
	a.machine.judge, a.machine.cover, a.machine.adopted = j, a.cover, nil
	a.open(src, start, end)
	err := a.stream(start)
	j.finish(err)
	if !complete && err != nil {
		m.judge.limit(c.off, "a packed pickle that is larger than the scanner unpacks")
	}
	return a, err
}

// position is where an offset lies in the file.
func (j *judge) position(off int64) int64 {
	if j.at != nil {
		return j.at(off)
	}
	return off
}

// unpack decodes a constant in memory, at most maxDecoded bytes of it. ok is false
// when what comes out is no pickle.
func (m *machine) unpack(c constant) (data []byte, complete, ok bool) {
	data, complete = m.bytesOf(latinOf(c.value), maxDecoded)
	if c.packed <= packedLatin {
		return data, complete, true
	}
	for range maxLayers {
		p := packingOf(data)
		if p <= packedLatin || p == packedCode {
			break
		}
		if !m.allowance.take(p.setup()) {
			m.judge.limit(c.off, "more compressed constants than the scanner unpacks")
			return nil, false, false
		}
		var all bool
		data, all = decode(p, data, maxDecoded)
		complete = complete && all
	}
	return data, complete, signature(data) == packedNot || m.namesDanger(data[:min(len(data), prefixSize)])
}

// latinOf is the bytes value that _codecs.encode(text, "latin1") gives: how
// protocols 0 to 2 hold bytes.
func latinOf(v value) value {
	switch v.tag() {
	case tagText:
		return pair(tagLatinText, v.middle(), v.low())
	case tagRawText:
		return pair(tagLatinRaw, v.middle(), v.low())
	}
	return v
}

// bytesOf returns the bytes that a constant stands for, at most limit, and
// whether that is all.
func (m *machine) bytesOf(v value, limit int) (data []byte, all bool) {
	switch v.tag() {
	case tagLatinText, tagLatinRaw:
		text, all, ok := m.string(pair(tagText+v.tag()-tagLatinText, v.middle(), v.low()), limit)
		if !ok {
			return nil, false
		}
		return toLatin1(text), all
	}
	text, all, _ := m.string(v, limit)
	return []byte(text), all
}

// fitsNested allows a loader of torch streams for bytes that are in the file,
// are a torch stream to their last byte, and have no finding.
func (m *machine) fitsNested(v value) bool {
	c := constant{value: v, packed: packedNot}
	switch v.tag() {
	case tagBytes, tagByteArray, tagLatinText, tagLatinRaw:
		c.off, c.n = m.extent(v)
	default:
		return false
	}
	if m.depth <= 0 {
		return false
	}
	inner, err := m.child(c)
	if inner == nil {
		return false
	}
	m.adopt(inner, c.off)
	m.armed.nested = inner.judge.armed
	if err != nil || !inner.legacy || inner.rest != inner.end {
		return false
	}
	for _, f := range inner.judge.sink.list {
		if f.Severity.AtLeast(scanners.Low) {
			return false
		}
	}
	return true
}

// latin is what _codecs.encode(text, "latin1") gives: bytes.
func (m *machine) latin(g *global, items []value) (value, bool) {
	if g.entry == nil || g.entry.Shape != pyglobals.ShapeCodec || len(items) != 2 || !m.isString(items[1], "latin1", "latin-1", "iso-8859-1") {
		return 0, false
	}
	v := latinOf(items[0])
	return v, v.tag() >= tagLatinText && v.tag() <= tagLatinRaw
}
