package zip

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// file is one entry of an archive that a test builds. The zero values of the
// overriding fields mean the truth.
type file struct {
	name, content string
	method        uint16 // 0 and 8 compress; any other stores
	flags         uint16
	extra         string // in both headers
	mode          uint16 // of Unix

	localName   string // when it differs
	localMethod uint16
	localFlags  uint16
	localPacked uint32
	crc         uint32 // in both headers
	packed      uint32 // in the directory
	plain       uint32 // in both headers
	tail        string // after the data, counted as data

	descriptor []byte // after the data; the local header then states nothing
	before     string // bytes in front of the local header
	unlisted   bool   // no header in the directory
	twice      bool   // two headers in the directory
}

func (f file) data() []byte {
	if f.method != 8 {
		return []byte(f.content + f.tail)
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write([]byte(f.content))
	_ = w.Close()
	return append(b.Bytes(), f.tail...)
}

func or[T comparable](v, otherwise T) T {
	if zero := *new(T); v != zero {
		return v
	}
	return otherwise
}

func (f file) sum() uint32 { return or(f.crc, crc32.ChecksumIEEE([]byte(f.content))) }

func u16(b []byte, v ...uint16) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func u32(b []byte, v ...uint32) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func u64(b []byte, v ...uint64) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func (f file) local() []byte {
	name := or(f.localName, f.name)
	flags, data := or(f.localFlags, f.flags), f.data()
	b := u16([]byte(sigLocal), 20, flags, or(f.localMethod, f.method), 0, 0)
	if f.descriptor != nil {
		b = u32(b, 0, 0, 0)
	} else {
		b = u32(b, f.sum(), or(f.localPacked, uint32(len(data))), or(f.plain, uint32(len(f.content))))
	}
	b = u16(b, uint16(len(name)), uint16(len(f.extra)))
	return bytes.Join([][]byte{[]byte(f.before), b, []byte(name + f.extra), data, f.descriptor}, nil)
}

func (f file) central(offset int) []byte {
	b := u16([]byte(sigCentral), 3<<8|20, 20, f.flags, f.method, 0, 0)
	b = u32(b, f.sum(), or(f.packed, uint32(len(f.data()))), or(f.plain, uint32(len(f.content))))
	b = u16(b, uint16(len(f.name)), uint16(len(f.extra)), 0, 0, 0)
	b = u32(b, uint32(f.mode)<<16, uint32(offset))
	return append(b, f.name+f.extra...)
}

// archiveOf builds an archive; the parts of whole are concatenated around it.
type whole struct {
	prefix, suffix string // outside
	comment        string
	count          int  // added to the stated number of entries
	size           int  // added to the stated size of the directory
	relative       bool // offsets do not count the prefix
	wide           bool // with a zip64 record, as PyTorch writes it
	wideOffset     int  // added to the offset in it
	afterDirectory string
}

func archiveOf(files ...file) []byte { return whole{}.build(files...) }

func (w whole) build(files ...file) []byte {
	out := []byte(w.prefix)
	base := 0
	if w.relative {
		base = len(out)
	}
	var directory []byte
	count := 0
	for _, f := range files {
		at := len(out) + len(f.before) - base
		out = append(out, f.local()...)
		for i := 0; !f.unlisted && (i == 0 || f.twice && i == 1); i++ {
			directory = append(directory, f.central(at)...)
			count++
		}
	}
	at := len(out) - base
	out = append(append(out, directory...), w.afterDirectory...)
	count, size := count+w.count, len(directory)+w.size
	if w.wide {
		record := len(out)
		out = u16(u64(append(out, sigEnd64...), 44), 45, 45)
		out = u64(u32(out, 0, 0), uint64(count), uint64(count), uint64(size), uint64(at+w.wideOffset))
		out = u32(u64(u32(append(out, sigLocator...), 0), uint64(record)), 1)
	}
	out = u16(append(out, sigEnd...), 0, 0, uint16(count), uint16(count))
	out = u16(u32(out, uint32(size), uint32(at)), uint16(len(w.comment)))
	return append(out, w.comment+w.suffix...)
}

// extraField is one field of an extra block.
func extraField(id uint16, body string) string {
	return string(u16(nil, id, uint16(len(body)))) + body
}

// descriptorOf is a data descriptor with its signature.
func descriptorOf(content string, packed int) []byte {
	return u32([]byte(sigDescriptor), crc32.ChecksumIEEE([]byte(content)), uint32(packed), uint32(len(content)))
}

// zip64 is an extra field with sizes; the header must hold all ones.
func zip64(values ...uint64) string { return extraField(extraZip64, string(u64(nil, values...))) }
