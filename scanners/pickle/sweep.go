package pickle

import (
	"bytes"
	"fmt"

	"assay/scanners/internal/pyglobals"
)

// maxSweepName bounds one name in a sweep, in bytes.
const maxSweepName = 128

// sweep looks for names at every offset of a part that cannot be followed, since
// an array whose size is not known lies before it. It finds the spellings that
// picklers use, and reports those that can do something; that the part was not
// analysed is reported apart from it.
func (m *machine) sweep(from int64) {
	const overlap = 4 * maxSweepName
	buf := make([]byte, windowSize)
	for at := from; at < m.end; at += windowSize - overlap {
		part := buf[:min(windowSize, m.end-at)]
		if got, _ := m.src.ReadAt(part, at); got < len(part) || m.ctx.Err() != nil {
			return
		}
		for i, c := range part {
			if c != opGlobal && c != opInst && c != opShortBinUnicode && c != opBinUnicode {
				continue
			}
			if module, name, ok := nameAt(part[i:min(len(part), i+overlap)]); ok {
				m.swept(at+int64(i), module, name)
			}
		}
	}
}

// swept reports a name that the tables know for what it can do.
func (m *machine) swept(at int64, module, name string) {
	module3, name3 := pyglobals.Python3(module, name)
	if pyglobals.Lookup(module3, name3) != nil {
		return
	}
	danger, ok := pyglobals.Classify(module3, name3)
	if !ok || danger.Caps.Indirect() {
		return
	}
	m.judge.effects++
	m.judge.find(ruleDangerousImport, at, fmt.Sprintf(
		"names %s.%s in the part that cannot be followed: %s", module, name, danger.Caps))
}

// nameAt reads a GLOBAL, an INST, or two texts before a STACK_GLOBAL.
func nameAt(b []byte) (module, name string, ok bool) {
	if b[0] == opGlobal || b[0] == opInst {
		module, rest, ok1 := identifierLine(b[1:])
		name, _, ok2 := identifierLine(rest)
		return module, name, ok1 && ok2
	}
	module, rest, ok1 := identifierText(b)
	name, rest, ok2 := identifierText(rest)
	return module, name, ok1 && ok2 && len(rest) > 0 && rest[0] == opStackGlobal
}

func identifierLine(b []byte) (name string, rest []byte, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), maxSweepName)], '\n')
	if i <= 0 || !isIdentifier(string(b[:i])) {
		return "", nil, false
	}
	return string(b[:i]), b[i+1:], true
}

// identifierText reads a short text and what memoises it.
func identifierText(b []byte) (name string, rest []byte, ok bool) {
	if len(b) < 2 {
		return "", nil, false
	}
	n, head := int(b[1]), 2
	if b[0] == opBinUnicode {
		if len(b) < 5 || b[2]|b[3]|b[4] != 0 {
			return "", nil, false
		}
		head = 5
	} else if b[0] != opShortBinUnicode {
		return "", nil, false
	}
	if n == 0 || n > maxSweepName || len(b) < head+n || !isIdentifier(string(b[head:head+n])) {
		return "", nil, false
	}
	rest = b[head+n:]
	switch {
	case len(rest) > 0 && rest[0] == opMemoize:
		rest = rest[1:]
	case len(rest) > 1 && rest[0] == opBinPut:
		rest = rest[2:]
	case len(rest) > 4 && rest[0] == opLongBinPut:
		rest = rest[5:]
	}
	return string(b[head : head+n]), rest, true
}
