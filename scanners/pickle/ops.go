package pickle

import (
	"encoding/binary"
	"math"
)

// rare executes the opcodes that the loop leaves to it.
func (m *machine) rare(op byte) error {
	switch op {
	case opNewTrue:
		m.push(plain(tagTrue))
	case opNewFalse:
		m.push(plain(tagFalse))
	case opEmptyTuple:
		m.push(pair(tagTuple, 0, 0))
	case opEmptySet:
		m.push(m.nodes.add(tagSet, nil))
	case opAppend:
		return m.mutate(len(m.stack)-1, tagList)
	case opSetItem:
		return m.mutate(len(m.stack)-2, tagDict)
	case opTuple, opList, opFrozenSet, opDict, opAppends, opSetItems, opAddItems, opPopMark:
		return m.marked(op)
	case opReduce, opNewObj, opNewObjEx, opObj, opInst, opBuild:
		return m.construct(op)
	case opGlobal, opStackGlobal, opExt1, opExt2, opExt4:
		return m.importing(op)
	case opPersID, opBinPersID:
		return m.persistent(op)
	case opInt, opLong, opFloat, opString, opUnicode, opGet, opPut:
		return m.textual(op)
	case opPop:
		return m.discard()
	case opDup, opReadOnlyBuffer:
		v, err := m.top()
		if err == nil && op == opDup {
			m.noteRecalled(v)
			m.push(v)
		}
		return err
	default:
		return m.binary(op)
	}
	return nil
}

// marked executes the opcodes that take everything above the innermost mark.
func (m *machine) marked(op byte) error {
	at, err := m.popMark()
	if err != nil {
		return err
	}
	switch op {
	case opTuple:
		return m.collect(tagTuple, at)
	case opList:
		return m.collect(tagList, at)
	case opFrozenSet:
		return m.collect(tagFrozenSet, at)
	case opDict:
		if (len(m.stack)-at)%2 != 0 {
			return errArgument
		}
		return m.collect(tagDict, at)
	case opAppends:
		return m.mutate(at, tagList)
	case opSetItems:
		return m.mutate(at, tagDict)
	case opAddItems:
		return m.mutate(at, tagSet)
	}
	m.stack = m.stack[:at] // POP_MARK
	return nil
}

// binary executes opcodes with a binary argument, and refuses what is no opcode.
func (m *machine) binary(op byte) error {
	arg := m.take(int(opcodes[op].fixed))
	switch op {
	case opShortBinBytes:
		return m.payload(tagBytes, uint64(arg[0]))
	case opBinBytes:
		return m.payload(tagBytes, uint64(binary.LittleEndian.Uint32(arg)))
	case opBinBytes8:
		return m.payload(tagBytes, binary.LittleEndian.Uint64(arg))
	case opByteArray8:
		return m.payload(tagByteArray, binary.LittleEndian.Uint64(arg))
	case opBinUnicode8:
		return m.payload(tagText, binary.LittleEndian.Uint64(arg))
	case opShortBinString:
		return m.payload(tagBinString, uint64(arg[0]))
	case opBinString:
		if arg[3] >= 0x80 {
			m.differs("a BINSTRING of 2 GiB or more: a length for the C unpickler, negative for the Python one")
		}
		return m.payload(tagBinString, uint64(binary.LittleEndian.Uint32(arg)))
	case opLong1:
		return m.payload(tagLong, uint64(arg[0]))
	case opLong4:
		if arg[3] >= 0x80 {
			return errArgument
		}
		return m.payload(tagLong, uint64(binary.LittleEndian.Uint32(arg)))
	case opProto:
		return m.protocol(arg[0])
	case opFrame:
		m.frame(binary.LittleEndian.Uint64(arg))
		return nil
	case opNextBuffer:
		m.push(plain(tagBuffer))
		m.judge.find(ruleOutOfBand, m.opOff, "NEXT_BUFFER takes bytes from outside the file")
		return nil
	}
	return errArgument
}

// protocol notes the version. PROTO is allowed anywhere, and the last one decides
// how names are resolved.
func (m *machine) protocol(version byte) error {
	if version > maxProtocol {
		return errArgument
	}
	if m.opOff != m.start {
		m.differs("PROTO inside a pickle: it changes how names are resolved from here on")
	}
	m.proto, m.newest = version, max(m.newest, version)
	m.judge.protocol(version)
	return nil
}

// frame enters a frame. Only an odd one is worth a word: a pickler writes frames
// one after the other, under protocol 4 and above.
func (m *machine) frame(n uint64) {
	orderly := m.enterFrame(n)
	if !orderly {
		m.differs("a frame inside another one, or longer than any file")
	} else if m.proto < 4 {
		m.differs("FRAME below protocol 4")
	}
	if n == 0 {
		m.differs("an empty frame")
	}
}

// discard is POP: it removes a mark when one is on top.
func (m *machine) discard() error {
	if n := len(m.marks); n > 0 && int(m.marks[n-1]) == len(m.stack) {
		_, err := m.popMark()
		return err
	}
	_, err := m.pop()
	return err
}

// collect makes a container of what lies above at.
func (m *machine) collect(kind tag, at int) error {
	if at < m.fence {
		return errUnderflow
	}
	items := m.stack[at:]
	if kind == tagTuple && len(items) == 0 {
		m.push(pair(tagTuple, 0, 0))
		return nil
	}
	v := m.nodes.add(kind, items)
	if m.tainted {
		m.taint(v, items)
	}
	m.arm(v, items)
	if kind == tagDict {
		m.noteMagic(v, items)
	}
	m.stack = append(m.stack[:at], v)
	return nil
}

// taint notes that a container holds a name that may not be passed on.
func (m *machine) taint(v value, items []value) {
	for _, item := range items {
		if id, ok := m.carries(item); ok {
			if m.taints == nil {
				m.taints = make(map[int64]uint32)
			}
			if len(m.taints) >= maxSparse {
				m.judge.limit(m.opOff, "more containers of unlisted names than the scanner follows")
				return
			}
			m.taints[v.low()] = id
			return
		}
	}
}

// carries returns the name that v is or holds, when it may not be passed on.
func (m *machine) carries(v value) (id uint32, ok bool) {
	switch {
	case !m.tainted:
		return 0, false
	case v.tag() == tagGlobal:
		return v.middle(), !m.judge.names.list[v.middle()].passable
	case v.isContainer():
		id, ok = m.taints[v.low()]
	}
	return id, ok
}

// mutate adds what lies above at to the object below it. For a builtin container
// of the right kind that is data; for anything else it is a method call with
// chosen arguments (pickle.md 8, row 33).
func (m *machine) mutate(at int, kind tag) error {
	if at <= m.fence || at > len(m.stack) {
		return errUnderflow
	}
	items := m.stack[at:]
	target := m.stack[at-1]
	if len(items) == 0 && (kind != tagList || target.isData() || target.isContainer()) {
		return nil // the Python unpickler calls extend even with nothing
	}
	odd := kind == tagDict && len(items)%2 != 0 // Python sets the pairs before it fails
	if kind == tagDict {
		m.noteNames(items)
	}
	switch t := target.tag(); {
	case t == kind:
		m.nodes.extend(target, items)
		m.arm(target, items)
		if m.tainted {
			m.taint(target, items)
			m.restricted(items, "a "+containerName(kind))
		}
		if kind == tagDict {
			m.noteMagic(target, items)
		}
	case t == tagList && kind == tagDict, t == tagByteArray && kind != tagSet:
		// item assignment on a list, bytes appended to a bytearray: still data
	case target.isData() || target.isContainer():
		return errType
	default:
		m.methodCall(target, items, kind)
		m.arm(target, items)
		m.keepParts(target, items...)
	}
	m.stack = m.stack[:at]
	if odd {
		return errArgument
	}
	return nil
}

// construct executes the opcodes that call something.
func (m *machine) construct(op byte) error {
	switch op {
	case opReduce:
		return m.reduce()
	case opNewObj, opNewObjEx:
		return m.newObject(op == opNewObjEx)
	case opObj:
		return m.object()
	case opInst:
		return m.instance()
	}
	return m.build()
}

func (m *machine) reduce() error {
	args, err := m.pop()
	if err != nil {
		return err
	}
	callee, err := m.pop()
	if err != nil {
		return err
	}
	if err := m.checkArguments(args); err != nil {
		return err
	}
	return m.invoke(callReduce, callee, args, 0)
}

// checkArguments: C demands a tuple, Python unpacks anything that can be iterated.
func (m *machine) checkArguments(args value) error {
	switch {
	case m.isArrayWrapper(args):
		return errType // it cannot be iterated
	case args.tag() == tagTuple || !args.isData() && !args.isContainer():
		return nil
	case args.tag() <= tagFloat:
		return errType
	}
	m.differs("a call with arguments that are no tuple: an error for the C unpickler, a call for the Python one")
	return nil
}

func (m *machine) newObject(keywords bool) error {
	var named value
	var err error
	if keywords {
		if named, err = m.pop(); err != nil {
			return err
		}
	}
	args, err := m.pop()
	if err != nil {
		return err
	}
	class, err := m.pop()
	if err != nil {
		return err
	}
	if err := m.checkArguments(args); err != nil {
		return err
	}
	return m.invoke(callNew, class, args, named)
}

// object is OBJ: the callable is the first object above the mark.
func (m *machine) object() error {
	at, err := m.popMark()
	if err != nil {
		return err
	}
	if len(m.stack)-at < 1 {
		return errUnderflow
	}
	class := m.stack[at]
	if err := m.collect(tagTuple, at+1); err != nil {
		return err
	}
	args := m.stack[len(m.stack)-1]
	m.stack = m.stack[:at]
	return m.invoke(callObj, class, args, 0)
}

// instance is INST: the callable is named in two lines, as in GLOBAL. The Python
// unpickler imports it before it looks for the mark.
func (m *machine) instance() error {
	class, cut, err := m.global(true)
	if err != nil {
		return err
	}
	at, err := m.popMark()
	if err != nil {
		return err
	}
	if err := m.collect(tagTuple, at); err != nil {
		return err
	}
	args := m.stack[len(m.stack)-1]
	m.stack = m.stack[:at]
	err = m.invoke(callInst, class, args, 0)
	if err == nil && cut {
		err = errTruncated
	}
	return err
}

// build sets the state of the object on top. The state is read before anything
// else: an array in a joblib file follows it.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	if m.isArrayWrapper(state) {
		return errType // it is no dictionary
	}
	m.setState(target, state)
	if m.isArrayWrapper(target) && m.plain {
		m.enterArray()
		return nil
	}
	if m.isArrayWrapper(target) {
		m.array = max(m.array, 0)
		if m.elements != nil {
			m.elements.result = 0
		}
		err := m.inlineArray(state)
		if m.elements != nil && m.elements.armedBelow([]value{m.elements.result}) {
			m.noteArmed(target)
		}
		return err
	}
	m.noteDtypeState(target, state)
	return nil
}

// size is an int64 that cannot overflow when multiplied.
func multiply(a, b int64) (int64, bool) {
	if a < 0 || b < 0 || b != 0 && a > math.MaxInt64/b {
		return 0, false
	}
	return a * b, true
}
