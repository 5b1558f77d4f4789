package hdf5

import (
	"encoding/binary"
	"slices"
)

// builder writes HDF5 files of the new format from messages. Checksums are zero:
// no reader that matters here looks at them.
type builder struct{ data []byte }

const superblockSize = 48

func newBuilder() *builder { return &builder{make([]byte, superblockSize)} }

// put appends data and returns its address.
func (b *builder) put(data []byte) uint64 {
	at := len(b.data)
	b.data = append(b.data, data...)
	return uint64(at)
}

// object appends an object header.
func (b *builder) object(messages ...[]byte) uint64 {
	body := slices.Concat(messages...)
	head := binary.LittleEndian.AppendUint32([]byte("OHDR\x02\x02"), uint32(len(body)))
	return b.put(slices.Concat(head, body, make([]byte, 4)))
}

// dataset appends an object and returns the link to it.
func (b *builder) dataset(messages ...[]byte) []byte {
	return hardLinkMessage("data", b.object(messages...))
}

// file is the whole file, with the messages in the root group.
func (b *builder) file(messages ...[]byte) []byte {
	root := b.object(messages...)
	block := slices.Concat([]byte(signature), []byte{2, 8, 8, 0}, u64(0), undefined, u64(uint64(len(b.data))), u64(root))
	copy(b.data, block)
	return b.data
}

var undefined = u64(1<<64 - 1)

func u64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// msg is a header message.
func msg(kind byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat([]byte{kind, byte(len(body)), byte(len(body) >> 8), 0}, body)
}

func space(dims ...uint64) []byte {
	out := []byte{2, byte(len(dims)), 0, 1}
	for _, d := range dims {
		out = append(out, u64(d)...)
	}
	return msg(1, out)
}

func typeOf(class byte, size uint32, properties ...byte) []byte {
	return slices.Concat([]byte{0x10 | class, 0, 0, 0}, u32(size), properties)
}

var (
	float32Type = msg(3, typeOf(1, 4, make([]byte, 12)...))
	byteType    = msg(3, typeOf(0, 1, 0, 0, 8, 0))
)

func (b *builder) contiguous(data []byte) []byte {
	return msg(8, []byte{3, 1}, u64(b.put(data)), u64(uint64(len(data))))
}

// external is the list of one external file.
func (b *builder) external(name string) []byte {
	text := append([]byte(name), 0)
	names := b.put(text)
	heap := b.put(slices.Concat([]byte("HEAP\x00\x00\x00\x00"), u64(uint64(len(text))), undefined, u64(names)))
	return msg(7, []byte{1, 0, 0, 0, 1, 0, 1, 0}, u64(heap), u64(0), u64(0), u64(10))
}

// virtual is the layout of a dataset with one source.
func (b *builder) virtual(file string) []byte {
	all := slices.Concat(u32(3), u32(1), make([]byte, 8))
	object := slices.Concat([]byte{0}, u64(1), []byte(file+"\x00/data\x00"), all, all, make([]byte, 4))
	padded := append(object, make([]byte, -len(object)&7)...)
	size := uint64(16 + 16 + len(padded))
	heap := b.put(slices.Concat([]byte("GCOL\x01\x00\x00\x00"), u64(size), []byte{1, 0, 0, 0, 0, 0, 0, 0}, u64(uint64(len(object))), padded))
	return msg(8, []byte{4, 3}, u64(heap), u32(1))
}

func pipeline(id int, name string) []byte {
	step := []byte{byte(id), byte(id >> 8)}
	if id >= 256 {
		step = append(step, byte(len(name)), 0, 1, 0, 0, 0)
		return msg(0x0b, []byte{2, 1}, step, []byte(name))
	}
	return msg(0x0b, []byte{2, 1}, step, []byte{1, 0, 0, 0})
}

func linkOf(kind byte, name string, target ...[]byte) []byte {
	return msg(6, []byte{1, 8, kind, byte(len(name))}, []byte(name), slices.Concat(target...))
}

func hardLinkMessage(name string, address uint64) []byte { return linkOf(0, name, u64(address)) }

func softLinkMessage(target string) []byte {
	return linkOf(1, "soft", []byte{byte(len(target)), 0}, []byte(target))
}

func externalLinkMessage(file, object string) []byte {
	value := "\x00" + file + "\x00" + object + "\x00"
	return linkOf(64, "elsewhere", []byte{byte(len(value)), 0}, []byte(value))
}

func userLinkMessage(kind byte) []byte { return linkOf(kind, "own", []byte{1, 0, 0}) }

func continuation(address, size uint64) []byte { return msg(0x10, u64(address), u64(size)) }

// textAttribute is an attribute with a text of fixed size.
func textAttribute(name, text string) []byte {
	kind := typeOf(3, uint32(len(text)))
	head := []byte{3, 0, byte(len(name) + 1), 0, byte(len(kind)), 0, 4, 0, 0}
	return msg(0x0c, head, []byte(name), []byte{0}, kind, []byte{2, 0, 0, 0}, []byte(text))
}
