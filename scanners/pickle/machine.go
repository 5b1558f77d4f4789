package pickle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"assay/scanners"
)

const (
	// maxStack bounds the objects on the stack (32 MiB). A tuple of that many
	// items is the largest that is still analysed.
	maxStack = 4 << 20

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
	newest    uint8  // opcodes of later protocols are worth a word
	start     int64  // of the pickle
	op        byte   // being executed
	ops       int64  // executed
	firstName int64  // ops when the first name was imported
	tainted   bool   // a name that may not be passed on was imported
	result    value  // on STOP
	applying  bool   // judging a call that another call makes
	quiet     bool   // a second reading: it accounts for no bytes
	plain     bool   // a loader that knows nothing of joblib
	array     int64  // offset of the first BUILD that reads an array, -1 when none did
	before    before // at that BUILD
	cover     *cover // bytes accounted for
	from      int64  // start of the bytes parsed and not yet accounted for

	long    map[int64]int64    // payload lengths that do not fit a value
	taints  map[int64]uint32   // containers that hold a name, by node
	dunders map[int64]bool     // texts such as "__array__", by where they are
	magic   map[int64]bool     // dictionaries with such a key, by node
	dtypes  map[int64]dtype    // numpy data types, by the offset that made them
	exts    map[int64][2]value // extension codes registered in the stream
	adopted map[int64]bool     // constants whose findings were taken over

	inner     *machine // for pickles in constants
	elements  *machine // for the elements of object arrays
	allowance *allowance
	text      [2][]byte // scratch for names
}

// run executes the pickle at offset at to its STOP.
func (m *machine) run(at int64) error {
	m.stack, m.marks, m.fence = m.stack[:0], m.marks[:0], 0
	m.memo.reset()
	m.nodes.reset()
	m.framed, m.crossed, m.array = false, -1, -1
	m.overlong, m.missing = -1, 0
	m.seek(at)
	m.proto, m.start, m.from, m.result = 0, at, at, 0
	m.tainted, m.ops, m.newest = false, 0, 1
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

func (m *machine) loop() error {
	for {
		if m.pos >= m.lim {
			if err := m.more(); err != nil {
				return err
			}
		}
		op := m.buf[m.pos]
		m.op, m.opOff = op, m.at+int64(m.pos)
		m.pos++
		m.ops++
		if opcodes[op].proto > m.newest {
			m.beyond()
		}
		if n := int(opcodes[op].fixed); m.pos+n > m.lim && n > 0 {
			if err := m.need(n); err != nil {
				return err
			}
		}
		switch op {
		case opMark:
			m.marks = append(m.marks, int32(len(m.stack)))
			m.fence = len(m.stack)
		case opBinInt1:
			m.push(integer(int64(m.buf[m.pos])))
			m.pos++
		case opBinInt2:
			m.push(integer(int64(binary.LittleEndian.Uint16(m.buf[m.pos:]))))
			m.pos += 2
		case opBinInt:
			m.push(integer(int64(int32(binary.LittleEndian.Uint32(m.buf[m.pos:])))))
			m.pos += 4
		case opBinFloat:
			m.push(pair(tagFloat, 8, m.offset()))
			m.pos += 8
		case opNone:
			m.push(plain(tagNone))
		case opNewTrue:
			m.push(plain(tagTrue))
		case opNewFalse:
			m.push(plain(tagFalse))
		case opEmptyTuple:
			m.push(pair(tagTuple, 0, 0))
		case opEmptyList:
			m.push(m.nodes.add(tagList, nil))
		case opEmptyDict:
			m.push(m.nodes.add(tagDict, nil))
		case opEmptySet:
			m.push(m.nodes.add(tagSet, nil))
		case opBinGet:
			v := m.memo.get(uint64(m.buf[m.pos]))
			if v == 0 {
				return errNoMemo
			}
			m.pos++
			m.push(v)
		case opLongBinGet:
			v := m.memo.get(uint64(binary.LittleEndian.Uint32(m.buf[m.pos:])))
			if v == 0 {
				return errNoMemo
			}
			m.pos += 4
			m.push(v)
		case opMemoize:
			if err := m.memoize(uint64(m.memo.count)); err != nil {
				return err
			}
		case opBinPut:
			i := m.buf[m.pos]
			m.pos++
			if err := m.memoize(uint64(i)); err != nil {
				return err
			}
		case opLongBinPut:
			i := binary.LittleEndian.Uint32(m.buf[m.pos:])
			m.pos += 4
			if err := m.memoize(uint64(i)); err != nil {
				return err
			}
		case opShortBinUnicode:
			n := m.buf[m.pos]
			m.pos++
			if err := m.payload(tagText, uint64(n)); err != nil {
				return err
			}
		case opBinUnicode:
			n := binary.LittleEndian.Uint32(m.buf[m.pos:])
			m.pos += 4
			if err := m.payload(tagText, uint64(n)); err != nil {
				return err
			}
		case opStop:
			return m.stop()
		default:
			if err := m.rare(op); err != nil {
				return err
			}
		}
	}
}

// more refills the window and checks what may grow with it.
func (m *machine) more() error {
	if err := m.need(1); err != nil {
		return err
	}
	if len(m.stack) > maxStack || len(m.marks) > maxStack {
		return errStackLimit
	}
	return m.ctx.Err()
}

func (m *machine) push(v value) { m.stack = append(m.stack, v) }

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
		m.noteDunder(v, m.view(off, int(n)))
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
