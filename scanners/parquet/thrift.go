package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Types of the compact protocol (apache/thrift doc/specs/thrift-compact-protocol.md).
const (
	tStop   = 0
	tTrue   = 1
	tFalse  = 2
	tByte   = 3
	tI16    = 4
	tI32    = 5
	tI64    = 6
	tDouble = 7
	tBinary = 8
	tList   = 9
	tSet    = 10
	tMap    = 11
	tStruct = 12
)

const maxDepth = 64

var errThrift = errors.New("the footer is no Thrift structure")

// thrift reads the compact protocol from memory. After an error it reads nothing.
type thrift struct {
	data  []byte
	pos   int
	depth int
	err   error
}

func (t *thrift) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("%w: %s", errThrift, fmt.Sprintf(format, args...))
	}
	t.pos = len(t.data)
}

func (t *thrift) byte() byte {
	if t.pos >= len(t.data) {
		t.fail("it ends early")
		return 0
	}
	t.pos++
	return t.data[t.pos-1]
}

func (t *thrift) varint() uint64 {
	v, n := binary.Uvarint(t.data[t.pos:])
	if n <= 0 {
		t.fail("it ends early")
		return 0
	}
	t.pos += n
	return v
}

// integer reads a number in zigzag form.
func (t *thrift) integer() int64 {
	v := t.varint()
	return int64(v>>1) ^ -int64(v&1)
}

func (t *thrift) bytes() []byte {
	n := t.varint()
	if n > uint64(len(t.data)-t.pos) {
		t.fail("a text of %d bytes", n)
		return nil
	}
	t.pos += int(n)
	return t.data[t.pos-int(n) : t.pos]
}

func (t *thrift) skipBytes(n int) {
	if n > len(t.data)-t.pos {
		t.fail("it ends early")
		return
	}
	t.pos += n
}

// fields calls field for every field of a structure. A field that it does not read
// is skipped.
func (t *thrift) fields(field func(id int, kind byte) bool) {
	if t.depth++; t.depth > maxDepth {
		t.fail("nested deeper than %d", maxDepth)
	}
	defer func() { t.depth-- }()
	id := 0
	for t.err == nil {
		head := t.byte()
		kind := head & 15
		if kind == tStop {
			return
		}
		if delta := int(head >> 4); delta > 0 {
			id += delta
		} else {
			id = int(t.integer())
		}
		if !field(id, kind) {
			t.skip(kind)
		}
	}
}

// list reads the head of a list: type and number of the elements. Each has a byte at
// least.
func (t *thrift) list() (kind byte, n int) {
	head := t.byte()
	size := uint64(head >> 4)
	if size == 15 {
		size = t.varint()
	}
	if size > uint64(len(t.data)-t.pos) {
		t.fail("a list of %d", size)
		return 0, 0
	}
	return head & 15, int(size)
}

// structs calls each for every structure of a list of them.
func (t *thrift) structs(each func()) {
	kind, n := t.list()
	for range n {
		if t.err != nil {
			return
		}
		if kind != tStruct {
			t.skipElement(kind)
			continue
		}
		each()
	}
}

func (t *thrift) skipElement(kind byte) {
	if kind == tTrue || kind == tFalse {
		t.byte() // in a list, a Boolean takes a byte
		return
	}
	t.skip(kind)
}

func (t *thrift) skip(kind byte) {
	switch kind {
	case tTrue, tFalse:
	case tByte:
		t.byte()
	case tI16, tI32, tI64:
		t.varint()
	case tDouble:
		t.skipBytes(8)
	case tBinary:
		t.bytes()
	case tList, tSet:
		if t.depth++; t.depth > maxDepth {
			t.fail("nested deeper than %d", maxDepth)
		}
		element, n := t.list()
		for i := 0; i < n && t.err == nil; i++ {
			t.skipElement(element)
		}
		t.depth--
	case tMap:
		t.skipMap()
	case tStruct:
		t.fields(func(int, byte) bool { return false })
	default:
		t.fail("the type %d", kind)
	}
}

func (t *thrift) skipMap() {
	n := t.varint()
	if n == 0 {
		return
	}
	if n > uint64(len(t.data)-t.pos) {
		t.fail("a map of %d", n)
		return
	}
	if t.depth++; t.depth > maxDepth {
		t.fail("nested deeper than %d", maxDepth)
	}
	kinds := t.byte()
	for i := uint64(0); i < n && t.err == nil; i++ {
		t.skipElement(kinds >> 4)
		t.skipElement(kinds & 15)
	}
	t.depth--
}
