package pickle

import (
	"context"
	"errors"
	"fmt"

	"assay/scanners"
)

const (
	// maxStack bounds the objects on the stack (32 MiB). A tuple of that many
	// items is the largest that is still analysed.
	maxStack = 4 << 20

	// maxMarks bounds the marks on the stack: how deep tuples and the like are nested
	// in each other while they are made. Python itself reaches some thousands.
	maxMarks = 1 << 20

	// opaqueSize is the size from which a payload counts as plain data that was
	// not read, in bytes.
	opaqueSize = 16 << 10
)

// The ways a pickle goes wrong for every loader.
var (
	errUnderflow  = errors.New("an opcode takes more from the stack than there is")
	errNoMark     = errors.New("no MARK where an opcode needs one")
	errNoMemo     = errors.New("the memo has no entry of that index")
	errArgument   = errors.New("an opcode has an argument that no loader accepts")
	errType       = errors.New("an opcode is used on an object that cannot take it")
	errStackLimit = errors.New("more objects on the stack than the scanner keeps")
)

// machine runs one pickle symbolically: every opcode has its effect on stack and
// memo, and nothing is imported, called or built. What the loader would do is
// handed to the judge as it happens, so that a pickle that breaks later, or drops
// the result, hides nothing.
//
// Where loaders differ the machine goes on as the most permissive of them does:
// what it reports is a superset of what each of them runs.
type machine struct {
	window
	ctx   context.Context
	judge *judge
	depth int // of nested pickles that may still follow

	stack []value
	marks []int32
	fence int // height of the innermost mark
	memo  memo
	nodes nodes

	proto     uint8
	newest    uint8     // opcodes of later protocols are worth a word
	start     int64     // of the pickle
	op        byte      // being executed
	ops       int64     // executed
	firstName int64     // ops when the first name was imported
	tainted   bool      // a name that may not be passed on was imported
	result    value     // on STOP
	applying  bool      // judging a call that another call makes
	quiet     bool      // a second reading: it accounts for no bytes
	used      [256]bool // opcodes
	recalled  bool      // something was taken from the memo
	keepMemo  bool      // a loader with one memo for all pickles of a stream
	plain     bool      // a loader that knows nothing of joblib
	array     int64     // offset of the first BUILD that reads an array, -1 when none did
	before    before    // at that BUILD
	cover     *cover    // bytes accounted for
	from      int64     // start of the bytes parsed and not yet accounted for

	long    map[int64]int64    // payload lengths that do not fit a value
	taints  map[int64]uint32   // containers that hold a name, by node
	dunders map[int64]bool     // texts such as "__array__", by where they are
	magic   map[int64]bool     // dictionaries with such a key, by node
	armed   armed              // what holds callables
	views   map[int64]view     // torch tensors, by the offset that made them
	named   []namedView        // torch tensors in dictionaries
	dtypes  map[int64]dtype    // numpy data types, by the offset that made them
	exts    map[int64][2]value // extension codes registered in the stream
	adopted map[int64]bool     // constants whose findings were taken over

	inner     *machine // for pickles in constants
	elements  *machine // for the elements of object arrays
	allowance *allowance
	scratch   [2][]byte // for names
}

// run executes the pickle at offset at to its STOP.
func (m *machine) run(at int64) error {
	m.stack, m.marks, m.fence = m.stack[:0], m.marks[:0], 0
	if !m.keepMemo {
		m.memo.reset()
		m.armed = armed{}
		m.framed = false
	}
	m.nodes.reset()
	m.crossed, m.array = -1, -1
	m.overlong, m.missing = -1, 0
	m.seek(at)
	m.proto, m.start, m.from, m.result = 0, at, at, 0
	m.tainted, m.recalled, m.ops, m.newest = m.tainted && m.keepMemo, false, 0, 1
	err := m.loop()
	if m.overlong >= 0 && !errors.Is(err, errTruncated) {
		m.judge.find(ruleDifferential, m.overlong, "a frame longer than the rest of the file")
	}
	m.account(m.offset())
	return err
}

// account adds the bytes parsed since the last call.
func (m *machine) account(to int64) {
	if !m.quiet {
		m.cover.parsed.Add(m.from, to-m.from)
	}
	m.from = to
}

// loop takes opcode after opcode. The ones that make up nearly all of a large
// pickle are executed here, the others by rare.
func (m *machine) loop() error {
	for {
		if m.pos >= m.lim {
			if err := m.more(); err != nil {
				return err
			}
		}
		op := m.buf[m.pos]
		m.op, m.opOff = op, m.at+int64(m.pos)
		m.ops++
		m.used[op] = true
		m.pos++
		known := &briefs[op]
		if n := int(known.fixed); m.pos+n > m.lim && n > 0 {
			if err := m.need(n); err != nil {
				return err
			}
		}
		if known.proto > m.newest {
			m.beyond()
		}
		var err error
		switch known.step {
		case stepMark:
			m.mark()
		case stepNone:
			m.push(plain(tagNone))
		case stepBinInt1:
			m.push(integer(int64(m.u1())))
		case stepBinInt2:
			m.push(integer(int64(m.u2())))
		case stepBinInt:
			m.push(integer(int64(int32(m.u4()))))
		case stepBinFloat:
			m.push(pair(tagFloat, 8, m.offset()))
			m.pos += 8
		case stepEmptyList:
			m.push(m.nodes.add(tagList, nil))
		case stepEmptyDict:
			m.push(m.nodes.add(tagDict, nil))
		case stepBinGet:
			err = m.recall(uint64(m.u1()))
		case stepLongBinGet:
			err = m.recall(uint64(m.u4()))
		case stepMemoize:
			err = m.memoize(uint64(m.memo.count))
		case stepBinPut:
			err = m.memoize(uint64(m.u1()))
		case stepLongBinPut:
			err = m.memoize(uint64(m.u4()))
		case stepShortText:
			err = m.text(uint64(m.u1()))
		case stepText:
			err = m.text(uint64(m.u4()))
		case stepTuple:
			err = m.collect(tagTuple, len(m.stack)-int(op-opTuple1+1))
		case stepAppends, stepSetItems:
			err = m.marked(op)
		case stepStop:
			return m.stop()
		default:
			err = m.rare(op)
		}
		if err != nil {
			return err
		}
	}
}

// more refills the window and checks what may grow with it. Within a window no more
// objects are pushed than it has bytes.
func (m *machine) more() error {
	if err := m.need(1); err != nil {
		return err
	}
	n := len(m.stack)
	if n > maxStack || len(m.marks) > maxMarks {
		return errStackLimit
	}
	if n >= windowSize && cap(m.stack)-n < windowSize {
		// Room for the largest at once: memory that is not used is not touched, and
		// growing by copying would need twice as much.
		m.stack = append(make([]value, 0, maxStack+2*windowSize), m.stack...)
	}
	return m.ctx.Err()
}

func (m *machine) push(v value) { m.stack = append(m.stack, v) }

func (m *machine) mark() {
	m.marks = append(m.marks, int32(len(m.stack)))
	m.fence = len(m.stack)
}

// recall pushes an entry of the memo.
func (m *machine) recall(i uint64) error {
	v := m.memo.get(i)
	if v == 0 {
		return errNoMemo
	}
	m.recalled = true
	if t := v.tag(); t >= tagObject && t <= tagFrozenSet {
		m.noteRecalled(v)
	}
	m.push(v)
	return nil
}

// pop takes the top of the stack, which must lie above the innermost mark.
func (m *machine) pop() (value, error) {
	n := len(m.stack) - 1
	if n < m.fence {
		return 0, errUnderflow
	}
	v := m.stack[n]
	m.stack = m.stack[:n]
	return v, nil
}

// top returns the object on top without taking it.
func (m *machine) top() (value, error) {
	if len(m.stack) <= m.fence {
		return 0, errUnderflow
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark removes the innermost mark and returns the height of the stack there.
func (m *machine) popMark() (int, error) {
	n := len(m.marks) - 1
	if n < 0 {
		return 0, errNoMark
	}
	at := int(m.marks[n])
	m.marks = m.marks[:n]
	m.fence = 0
	if n > 0 {
		m.fence = int(m.marks[n-1])
	}
	return at, nil
}

func (m *machine) stop() error {
	v, err := m.pop()
	m.result = v
	return err
}

// memoize stores the top under an index. No pickler stores another object under
// an index that is taken.
func (m *machine) memoize(i uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	old, err := m.memo.put(i, v)
	if err != nil {
		return err
	}
	if old != 0 && old != v {
		m.differs("a memo entry is replaced by another object: readers that number entries differently see two programs")
	}
	return nil
}

// text pushes a str of n bytes that follow. Most are short and in the window.
func (m *machine) text(n uint64) error {
	if n >= minNested || n > uint64(m.lim-m.pos) {
		return m.payload(tagText, n)
	}
	v := pair(tagText, uint32(n), m.offset())
	if n >= minMagic && m.buf[m.pos] == '_' {
		m.noteDunder(v, m.buf[m.pos:m.pos+int(n)])
	}
	m.pos += int(n)
	m.push(v)
	return nil
}

// payload pushes a constant of n bytes that follow.
func (m *machine) payload(t tag, n uint64) error {
	if n > uint64(m.end) {
		return errTruncated
	}
	off, err := m.skip(int64(n), t == tagBytes || t == tagByteArray)
	if err != nil {
		return err
	}
	v := m.span(t, off, int64(n))
	m.push(v)
	if n >= minMagic && n <= maxMagic && (t == tagText || t == tagBinString) {
		if text := m.view(off, int(n)); text != nil && text[0] == '_' {
			m.noteDunder(v, text)
		}
	}
	if n >= opaqueSize {
		m.opaque(off, int64(n))
	}
	if n >= minNested {
		m.lookInside(v, off, int64(n))
	}
	return nil
}

// span makes a value for bytes in the file.
func (m *machine) span(t tag, off, n int64) value {
	if n < middleMask {
		return pair(t, uint32(n), off)
	}
	if m.long == nil {
		m.long = make(map[int64]int64)
	}
	m.long[off] = n
	return pair(t, middleMask, off)
}

// extent returns where the bytes of a value are.
func (m *machine) extent(v value) (off, n int64) {
	off, n = v.low(), int64(v.middle())
	if n == middleMask {
		n = m.long[off]
	}
	return off, n
}

// opaque accounts for bytes that are data and were not read.
func (m *machine) opaque(off, n int64) {
	m.account(off)
	m.from = off + n
	if !m.quiet {
		m.cover.opaque.Add(off, n)
	}
}

// differs reports a construct that loaders read differently.
func (m *machine) differs(what string) {
	m.judge.find(ruleDifferential, m.opOff, what)
}

// beyond reports, once, an opcode that is newer than the protocol that the pickle
// declares: harmless to every loader, and written by hand.
func (m *machine) beyond() {
	if m.op != opProto {
		m.judge.report(ruleDifferential, scanners.Low, m.opOff, "beyond", func() string {
			return fmt.Sprintf("%s is an opcode of protocol %d in a pickle of protocol %d", opcodes[m.op].name, opcodes[m.op].proto, m.proto)
		})
		m.newest = maxProtocol
	}
}

// fail adds the opcode to an error.
func (m *machine) fail(err error) error {
	name := opcodes[m.op].name
	if name == "" {
		name = fmt.Sprintf("byte 0x%02x", m.op)
	}
	return fmt.Errorf("%s: %w", name, err)
}
