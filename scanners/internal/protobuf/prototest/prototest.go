// Package prototest writes messages of Protocol Buffers field by field, as they
// are asked for, so that tests can write every wrong file too.
//
// # Security
//
// Test code only.
package prototest

import (
	"encoding/binary"
	"math"
)

// Num is a varint.
func Num(number int, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), value)
}

// Flt is a number of four bytes.
func Flt(number int, value float32) []byte {
	return binary.LittleEndian.AppendUint32(binary.AppendUvarint(nil, uint64(number)<<3|5), math.Float32bits(value))
}

// Msg is a field with a payload: a text, or the fields of a message.
func Msg[T string | []byte](number int, payloads ...T) []byte {
	var data []byte
	for _, p := range payloads {
		data = append(data, p...)
	}
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(data))), data...)
}

// Packed are varints in one field.
func Packed(number int, list ...uint64) []byte {
	var data []byte
	for _, v := range list {
		data = binary.AppendUvarint(data, v)
	}
	return Msg(number, data)
}
