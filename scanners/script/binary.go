package script

import (
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
)

// program is a compiled program as its magic shows it.
type program struct {
	rule string
	what string
}

const (
	native   = "script/native-code"
	bytecode = "script/bytecode"
)

// magics are unmistakable beginnings.
var magics = []struct {
	magic string
	program
}{
	{"\x7fELF", program{native, "an ELF program or library"}},
	{"\xfe\xed\xfa\xce", program{native, "a Mach-O program"}}, {"\xce\xfa\xed\xfe", program{native, "a Mach-O program"}},
	{"\xfe\xed\xfa\xcf", program{native, "a Mach-O program"}}, {"\xcf\xfa\xed\xfe", program{native, "a Mach-O program"}},
	{"MZqFpD='", program{native, "an Actually Portable Executable (llamafile)"}},
	{"!<arch>\n", program{native, "a static library"}},
	{"BC\xc0\xde", program{native, "LLVM bitcode"}},
	{"L\x00\x00\x00\x01\x14\x02\x00", program{native, "a Windows shortcut"}},
	{"\x50\xed\x55\xba", program{native, "a CUDA fat binary"}},
	{"\x00asm", program{bytecode, "WebAssembly"}},
	{"dex\n0", program{bytecode, "Dalvik bytecode"}},
	{"\x1bLua", program{bytecode, "Lua bytecode"}}, {"\x1bLJ", program{bytecode, "LuaJIT bytecode"}},
	{"\xac\xed\x00\x05", program{bytecode, "serialised Java objects"}},
}

// nativeExtensions are loaded as machine code by their name, whatever they hold.
var nativeExtensions = []string{".so", ".dll", ".dylib", ".pyd", ".exe", ".com", ".msi", ".scr", ".sys", ".o", ".a", ".lib", ".cubin", ".fatbin", ".node", ".bundle", ".appimage", ".deb", ".rpm", ".apk", ".app", ".lnk"}

var bytecodeExtensions = []string{".pyc", ".pyo", ".class", ".jar", ".war", ".wasm", ".dex", ".luac", ".beam"}

// compiled recognises a program by content first, and by name. rest reads the
// whole file; without it, in Match, a signature beyond the head is believed.
func compiled(name string, start []byte, rest io.ReaderAt) (program, bool) {
	for _, m := range magics {
		if bytes.HasPrefix(start, []byte(m.magic)) {
			return m.program, true
		}
	}
	switch {
	case isPE(start, rest):
		return program{native, "a Windows program or library"}, true
	case isFatOrClass(start):
		if binary.BigEndian.Uint32(start[4:]) < 20 {
			return program{native, "a universal Mach-O program"}, true
		}
		return program{bytecode, "a Java class"}, true
	case isPyc(start):
		return program{bytecode, "Python bytecode"}, true
	}
	return byName(name)
}

// versioned is the name of a Linux library with its version behind.
var versioned = regexp.MustCompile(`\.so(\.[0-9]+)+$`)

func byName(name string) (program, bool) {
	file := strings.ToLower(strings.TrimRight(path.Base(name), ". "))
	ext := path.Ext(file)
	switch {
	case slices.Contains(nativeExtensions, ext), versioned.MatchString(file):
		return program{native, "named as a native program or library"}, true
	case slices.Contains(bytecodeExtensions, ext):
		return program{bytecode, "named as bytecode"}, true
	}
	return program{}, false
}

// isPE follows the DOS header to the signature of a Windows program. Text may
// begin with "MZ", and so may the length of a safetensors header.
func isPE(start []byte, rest io.ReaderAt) bool {
	if len(start) < 0x40 || !bytes.HasPrefix(start, []byte("MZ")) {
		return false
	}
	at := int64(binary.LittleEndian.Uint32(start[0x3c:]))
	if rest == nil && at+4 > int64(len(start)) {
		return true
	}
	signature := make([]byte, 4)
	if at+4 <= int64(len(start)) {
		copy(signature, start[at:])
	} else if _, err := rest.ReadAt(signature, at); err != nil {
		return false
	}
	return string(signature) == "PE\x00\x00"
}

// isFatOrClass recognises 0xcafebabe, which two formats share: the number after
// it is a count of architectures, or a class file version of at least 45.
func isFatOrClass(start []byte) bool {
	return len(start) >= 8 && bytes.HasPrefix(start, []byte{0xca, 0xfe, 0xba, 0xbe})
}

// isPyc recognises a .pyc header (PEP 3147, PEP 552): a number for the version,
// "\r\n", a stamp of 4, 8 or 12 bytes, and a marshalled code object.
func isPyc(start []byte) bool {
	if len(start) < 17 || start[2] != '\r' || start[3] != '\n' {
		return false
	}
	// Source: Lib/importlib/_bootstrap_external.py. 1.6 to 2.7, and 3.0 onwards;
	// neither is two letters of text.
	version := binary.LittleEndian.Uint16(start)
	if (version < 50428 || version > 62311) && (version < 3000 || version >= 4000) {
		return false
	}
	const code = 'c' // marshal.TYPE_CODE; the high bit is FLAG_REF
	return start[8]&0x7f == code || start[12]&0x7f == code || start[16]&0x7f == code
}
