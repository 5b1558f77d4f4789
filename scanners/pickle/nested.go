package pickle

import (
	"bytes"
	"fmt"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

const (
	// minNested is the length from which a constant can hold a pickle that does
	// something, and prefixSize how much of it is looked at first, in bytes.
	minNested  = 12
	prefixSize = 128

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
	switch head[0] {
	case opProto, 0xc2, 'x', 0x1f, '8', 'g', 'e', 'H', 'Y':
	case opGlobal, opMark:
		if m.namesDanger(m.view(off, int(min(n, prefixSize)))) {
			m.inspect(constant{value: v, off: off, n: n, packed: packedNot})
		}
		return
	default:
		return
	}
	if p := packingOf(head); p != 0 && leadsToPickle(p, m.view(off, int(min(n, prefixSize)))) {
		m.inspect(constant{value: v, off: off, n: n, packed: p})
	}
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
		data, complete = m.unpack(c)
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

// unpack decodes a constant in memory, at most maxDecoded bytes of it: base64 of
// zlib of a pickle, and one more layer.
func (m *machine) unpack(c constant) (data []byte, complete bool) {
	v := c.value
	if c.packed == packedLatin || c.packed == packedNot {
		v = latinOf(v)
	}
	data, complete = m.bytesOf(v, maxDecoded)
	for range 3 {
		p := packingOf(data)
		if p == packedNot || p == packedLatin || p == 0 {
			break
		}
		var all bool
		data, all = decode(p, data)
		complete = complete && all
	}
	return data, complete
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
