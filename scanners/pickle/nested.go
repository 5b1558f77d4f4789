package pickle

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

const (
	// minNested is the length from which a constant can hold a pickle that does
	// something, in bytes.
	minNested = 12
	// maxNestedSeen bounds the constants of one pickle that are looked into.
	maxNestedSeen = 4096
	// maxDecoded bounds what is unpacked from one constant, in bytes.
	maxDecoded = 4 << 20
	// nestedFactor bounds the bytes of all constants that are analysed, in sizes of
	// the file; nestedFree bytes are always looked at.
	nestedFactor = 8
	nestedFree   = 64 << 20
)

// allowance is the work that constants may still cause in one file, with
// everything nested in it, in bytes.
type allowance struct {
	left int64
}

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

// constant is a payload that looks like a pickle, or like one that was packed.
type constant struct {
	value  value
	off, n int64
	packed packing
}

// packing is how a pickle is hidden in a constant.
type packing uint8

const (
	packedNot packing = iota + 1
	packedHex
	packedBase64
	packedZlib
	packedGzip
)

func (p packing) String() string {
	return [...]string{"", "", "hex of ", "base64 of ", "zlib of ", "gzip of "}[p]
}

// packingOf guesses from the first bytes. A pickle of protocol 2 and above has a
// magic number; protocol 0 is only recognised packed, by its usual first import.
func packingOf(head []byte) packing {
	if len(head) < minNested {
		return 0
	}
	switch c := head[0]; {
	case c == opProto && head[1] >= 2 && head[1] <= maxProtocol:
		return packedNot
	case c == 'x' && (head[1] == 0x01 || head[1] == 0x5e || head[1] == 0x9c || head[1] == 0xda):
		return packedZlib
	case c == 0x1f && head[1] == 0x8b && head[2] == 8:
		return packedGzip
	case c == '8' && head[1] == '0' && head[2] == '0' && head[3] >= '2' && head[3] <= '5' && isHex(head[4]) && isHex(head[5]):
		return packedHex
	case isBase64Start(head):
		return packedBase64
	}
	return 0
}

// isBase64Start recognises the encodings of the two bytes PROTO 2 to 5, of zlib
// and gzip heads, and of "cos\n", "cposix\n" and "cbuiltins\n".
func isBase64Start(head []byte) bool {
	for _, start := range [...]string{"gAI", "gAJ", "gAK", "gAL", "gAM", "gAN", "gAO", "gAP", "gAQ", "gAR", "gAS",
		"gAT", "gAU", "gAV", "gAW", "gAX", "eJ", "eN", "eA", "H4sI", "Y29zC", "Y3Bvc2l4", "Y19fYnVp", "Y2J1aWx0"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

// lookInside notes a constant that looks like a pickle, for later.
func (m *machine) lookInside(v value, off, n int64) {
	var head []byte
	if rel := off - m.at; rel >= 0 && rel+minNested <= int64(len(m.buf)) {
		head = m.buf[rel : rel+minNested]
	} else if head = m.view(off, minNested, nil); head == nil {
		return
	}
	switch head[0] {
	case opProto, 'x', 0x1f, '8', 'g', 'e', 'H', 'Y':
	default:
		return
	}
	p := packingOf(head)
	if p == 0 {
		return
	}
	if len(m.nested) >= maxNestedSeen {
		m.judge.limit(m.opOff, "more constants that look like pickles than the scanner looks into")
		return
	}
	m.nested = append(m.nested, constant{value: v, off: off, n: n, packed: p})
}

// inspectNested looks into the constants that were noted, after the pickle
// itself.
func (m *machine) inspectNested() {
	list := m.nested
	m.nested = nil
	for _, c := range list {
		if m.depth <= 0 {
			m.judge.limit(c.off, "pickles in constants nested deeper than the scanner follows")
			return
		}
		m.inspect(c)
	}
}

// inspect analyses one constant, once. Findings count only when it is a pickle: it
// calls something, or it is read to its end and imports something.
func (m *machine) inspect(c constant) {
	if m.looked[c.off] {
		return
	}
	if m.looked == nil {
		m.looked = make(map[int64]bool)
	}
	m.looked[c.off] = true
	inner, err := m.child(c)
	if inner == nil {
		return
	}
	if !inner.acts(err) || len(inner.judge.sink.list) == 0 {
		return
	}
	m.judge.find(ruleNested, c.off, fmt.Sprintf("a constant of %d bytes is %sa pickle with %d findings", c.n, c.packed, len(inner.judge.sink.list)))
	m.adopt(inner)
}

// acts reports whether what was read is a pickle that does something.
func (a *analysis) acts(err error) bool {
	return a.judge.effects > 0 || err == nil && len(a.judge.names.list) > 0
}

// adopt takes over the findings of an inner analysis.
func (m *machine) adopt(inner *analysis) {
	for _, f := range inner.judge.sink.findings() {
		m.judge.sink.take(f)
	}
	m.judge.effects += inner.judge.effects
	if inner.judge.sink.limit != "" {
		m.judge.sink.limit = inner.judge.sink.limit
	}
}

// child analyses the content of a constant as a file of its own.
func (m *machine) child(c constant) (*analysis, error) {
	if !m.allowance.take(c.n) {
		m.judge.limit(c.off, "pickles in constants that repeat the file many times over")
		return nil, nil
	}
	j := &judge{
		sink:  &sink{max: m.judge.sink.max},
		where: m.judge.where + fmt.Sprintf("in the constant at byte %d: ", c.off),
	}
	a := &analysis{judge: j, cover: &cover{}}
	src, start, end := m.src, c.off, c.off+c.n
	if c.packed == packedNot && (c.value.tag() == tagBytes || c.value.tag() == tagByteArray || c.value.tag() == tagBinString) {
		j.at = m.judge.at
	} else {
		data := m.unpack(c)
		if data == nil {
			return nil, nil
		}
		if !m.allowance.take(int64(len(data))) {
			m.judge.limit(c.off, "packed constants that unpack to more than the scanner looks at")
			return nil, nil
		}
		src, start, end = bytes.NewReader(data), 0, int64(len(data))
		j.at = func(int64) int64 { return m.judge.position(c.off) }
	}
	a.machine = &machine{ctx: m.ctx, judge: j, depth: m.depth - 1, cover: a.cover, quiet: true, allowance: m.allowance}
	a.machine.open(src, start, end)
	err := a.stream(start)
	j.finish()
	return a, err
}

// position is where an offset lies in the file.
func (j *judge) position(off int64) int64 {
	if j.at != nil {
		return j.at(off)
	}
	return off
}

// unpack decodes a constant in memory, at most maxDecoded bytes of it.
func (m *machine) unpack(c constant) []byte {
	data, complete := m.bytesOf(c.value, maxDecoded)
	if !complete {
		m.judge.limit(c.off, "a packed constant that is larger than the scanner unpacks")
	}
	for range 3 { // base64 of zlib of a pickle, and one more
		p := packingOf(data)
		if p == packedNot || p == 0 {
			break
		}
		data = decode(p, data)
	}
	return data
}

func decode(p packing, data []byte) []byte {
	switch p {
	case packedHex:
		out := make([]byte, hex.DecodedLen(len(data)))
		n, _ := hex.Decode(out, data)
		return out[:n]
	case packedBase64:
		text := strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == '=' {
				return -1
			}
			return r
		}, string(data))
		out, _ := base64.RawStdEncoding.DecodeString(text)
		return out
	case packedZlib:
		r, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil
		}
		return inflate(r)
	case packedGzip:
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil
		}
		return inflate(r)
	}
	return data
}

// inflate reads what a loader would get before it meets an error, and no more
// than maxDecoded.
func inflate(r io.Reader) []byte {
	var b bytes.Buffer
	_, _ = io.CopyN(&b, r, maxDecoded)
	return b.Bytes()
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

// toLatin1 encodes text whose characters are bytes.
func toLatin1(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r == utf8.RuneError || r > 0xff {
			return out
		}
		out = append(out, byte(r))
	}
	return out
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
	m.adopt(inner)
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

// latin notes what _codecs.encode(text, "latin1") gives: bytes.
func (m *machine) latin(g *global, items []value) (value, bool) {
	if g.entry == nil || g.entry.Shape != pyglobals.ShapeCodec || len(items) != 2 || !m.isString(items[1], "latin1", "latin-1", "iso-8859-1") {
		return 0, false
	}
	v := items[0]
	switch v.tag() {
	case tagText:
		return pair(tagLatinText, v.middle(), v.low()), true
	case tagRawText:
		return pair(tagLatinRaw, v.middle(), v.low()), true
	}
	return 0, false
}
