// Package fbtest writes FlatBuffers from literals, front to back, so that tests can
// write every wrong file too.
//
// # Security
//
// Test code only.
package fbtest

import (
	"encoding/binary"
	"fmt"
)

// Table holds the values of a table by slot: nil, a number of 1, 4 or 8 bytes, a
// string, []byte, []uint32, Structs, []string, Table or []Table.
type Table []any

// Structs is a vector of structs: how many there are, and their bytes.
type Structs struct {
	Count int
	Data  []byte
}

// Build writes a buffer with an identifier and a root table.
func Build(identifier string, root Table) []byte {
	b := &builder{out: make([]byte, 4, 256)}
	b.out = append(b.out, identifier...)
	at := b.table(root)
	binary.LittleEndian.PutUint32(b.out, uint32(at))
	return b.out
}

type builder struct{ out []byte }

func (b *builder) u32(n int) {
	b.out = binary.LittleEndian.AppendUint32(b.out, uint32(n))
}

func (b *builder) align(n int) {
	for len(b.out)%n != 0 {
		b.out = append(b.out, 0)
	}
}

// table writes the vtable, the table, and what it refers to behind it.
func (b *builder) table(t Table) int {
	b.align(8)
	vtable := len(b.out)
	length := 4 + 2*len(t)
	at := (vtable + length + 7) / 8 * 8
	inline := make([]byte, 4)
	binary.LittleEndian.PutUint32(inline, uint32(at-vtable))
	offsets := make([]int, len(t))
	for i, v := range t {
		if v != nil {
			for len(inline)%8 != 0 {
				inline = append(inline, 0)
			}
			offsets[i] = len(inline)
			inline = append(inline, scalar(v)...)
		}
	}
	b.out = binary.LittleEndian.AppendUint16(b.out, uint16(length))
	b.out = binary.LittleEndian.AppendUint16(b.out, uint16(len(inline)))
	for _, o := range offsets {
		b.out = binary.LittleEndian.AppendUint16(b.out, uint16(o))
	}
	b.align(8)
	b.out = append(b.out, inline...)
	for i, v := range t {
		if place := at + offsets[i]; v != nil {
			b.refer(place, v)
		}
	}
	return at
}

// scalar is a number, or room for an offset.
func scalar(v any) []byte {
	switch n := v.(type) {
	case uint8:
		return []byte{n}
	case uint32:
		return binary.LittleEndian.AppendUint32(nil, n)
	case uint64:
		return binary.LittleEndian.AppendUint64(nil, n)
	}
	return make([]byte, 4)
}

func (b *builder) refer(place int, v any) {
	var at int
	switch x := v.(type) {
	case uint8, uint32, uint64:
		return
	case Table:
		at = b.table(x)
	case string:
		at = b.vector(len(x), append([]byte(x), 0))
	case []byte:
		at = b.vector(len(x), x)
	case []uint32:
		var data []byte
		for _, n := range x {
			data = binary.LittleEndian.AppendUint32(data, n)
		}
		at = b.vector(len(x), data)
	case Structs:
		at = b.vector(x.Count, x.Data)
	case []string:
		at = b.vector(len(x), make([]byte, 4*len(x)))
		for i, s := range x {
			b.refer(at+4+4*i, s)
		}
	case []Table:
		at = b.vector(len(x), make([]byte, 4*len(x)))
		for i, t := range x {
			b.refer(at+4+4*i, t)
		}
	default:
		panic(fmt.Sprintf("no value of a table: %T", v))
	}
	binary.LittleEndian.PutUint32(b.out[place:], uint32(at-place))
}

func (b *builder) vector(count int, data []byte) int {
	b.align(4)
	at := len(b.out)
	b.u32(count)
	b.out = append(b.out, data...)
	return at
}
