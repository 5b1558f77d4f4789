// Package pickleshape recognises a value that begins with a Python pickle, of any
// protocol, inside another format.
//
// It walks the opcodes until the one that ends a pickle: a text or a number that
// happens to begin like one does not get that far. What follows the end does not
// matter, as no reader looks at it. What the pickle does is the matter of the
// scanner of pickles, to which the value is handed on.
//
// # Security
//
// The walk reads every byte once, allocates nothing, and follows no length beyond
// the value.
package pickleshape

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Least is the length, in bytes, of the shortest pickle that is worth a look: one
// that builds anything but a constant is longer.
const Least = 4

// argument is how an opcode's argument is read.
type argument uint8

const (
	unknown argument = iota
	bare             // none
	fixed1           // n bytes
	fixed2
	fixed4
	fixed8
	line  // up to a line feed
	lines // two of them
	size1 // a length of n bytes, and as many bytes
	size4
	size8
)

// arguments are the opcodes of pickletools.py (CPython 3.11).
var arguments = func() (t [256]argument) {
	for kind, codes := range map[argument]string{
		bare: "(.012NQRabdelosut)]}\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94\x92\x97\x98", fixed1: "Kh\x80q\x82", fixed2: "M\x83", fixed4: "Jjr\x84", fixed8: "G\x95",
		line: "FILSVgpP", lines: "ci", size1: "U\x8aC\x8c", size4: "BTX\x8b", size8: "\x8d\x8e\x96",
	} {
		for i := range len(codes) {
			t[codes[i]] = kind
		}
	}
	return t
}()

// Is reports whether data begins with a whole pickle.
func Is(data []byte) bool {
	if len(data) < Least {
		return false
	}
	if data[0] != 0x80 && !startsText(data) {
		return false
	}
	for pos := 0; pos < len(data); {
		code := data[pos]
		if code == '.' {
			return pos >= Least-1
		}
		n, ok := length(arguments[code], data[pos+1:])
		if !ok {
			return false
		}
		pos += 1 + n
	}
	return false
}

// startsText reports an opening of protocols 0 to 1 that pushes something.
func startsText(data []byte) bool {
	return strings.IndexByte("(c]})ISVFLN", data[0]) >= 0
}

// length is the size of an argument in bytes.
func length(kind argument, p []byte) (int, bool) {
	switch kind {
	case bare:
		return 0, true
	case fixed1, fixed2, fixed4, fixed8:
		n := 1 << (kind - fixed1)
		return n, n <= len(p)
	case line, lines:
		n := bytes.IndexByte(p, '\n') + 1
		if n > 0 && kind == lines {
			second := bytes.IndexByte(p[n:], '\n') + 1
			return n + second, second > 0
		}
		return n, n > 0
	case size1:
		return counted(p, 1)
	case size4:
		return counted(p, 4)
	case size8:
		return counted(p, 8)
	}
	return 0, false
}

func counted(p []byte, width int) (int, bool) {
	if len(p) < width {
		return 0, false
	}
	var buf [8]byte
	copy(buf[:], p[:width])
	n := binary.LittleEndian.Uint64(buf[:])
	if n > uint64(len(p)-width) {
		return 0, false
	}
	return width + int(n), true
}
