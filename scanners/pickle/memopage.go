package pickle

import (
	"encoding/binary"
	"slices"
)

const (
	openPageSize = pageSize * 8 // bytes
	blockSize    = 64           // entries that are unpacked together
)

// packedPage holds the entries of one page in a few bytes each. Neighbours
// in the memo are neighbours in the file, and containers are numbered in the order
// in which they were made: an entry is kept as the distance to the one before it.
// Every block of entries starts anew, so that one entry costs a block to read.
//
// An entry is one of
//
//	0nnnnnnn     a str of n bytes, as far from the last one as that was from the one
//	             before it
//	100ttttt     a value with the tag t: varints of its middle and of its distance
//	101ttttt     a container, the one after the last
//	110ttttt     a container, the second after the last
//	111ttttt     eight bytes follow
//	11111111 n   the last value again, n+1 times
type packedPage struct {
	starts [pageSize / blockSize]uint16
	data   []byte
}

const (
	packedTag   = 0x80 // any entry but a str
	packedShift = 5    // bits of the tag
	packedRaw   = 3
	packedRun   = 0xff
)

// lane is what the next entry is compared with.
type lane struct {
	end  int64 // after the last constant in the file
	gap  int64 // before the last text
	node int64 // number of the last container
	last value
}

// size is the memory that the page takes, in bytes.
func (p *packedPage) size() int { return cap(p.data) + len(p.starts)*2 + 64 }

// packPage packs a page, with the help of a buffer that it returns.
func packPage(open *[pageSize]value, buf []byte) (p *packedPage, scratch []byte) {
	p, buf = &packedPage{}, buf[:0]
	for b := range p.starts {
		p.starts[b] = uint16(len(buf))
		var l lane
		block := open[b*blockSize : (b+1)*blockSize]
		for i := 0; i < len(block); {
			n := 0
			for i > 0 && i+n < len(block) && block[i+n] == l.last {
				n++
			}
			if n > 0 {
				buf = append(buf, packedRun, byte(n-1))
				i += n
				continue
			}
			buf = l.pack(buf, block[i])
			i++
		}
	}
	p.data = slices.Clone(buf)
	return p, buf
}

// pack appends one entry.
func (l *lane) pack(buf []byte, v value) []byte {
	t, low, middle := v.tag(), v.low(), int64(v.middle())
	l.last = v
	switch {
	case v.isContainer() && low != 0 && middle == 0:
		delta := low - l.node
		l.node = low
		if delta == 1 || delta == 2 {
			return append(buf, packedTag|byte(delta)<<packedShift|byte(t))
		}
		return binary.AppendVarint(append(buf, packedTag|byte(t)), delta)
	case t == tagText && middle < packedTag && low-l.end == l.gap:
		l.end = low + middle
		return append(buf, byte(middle))
	case t == tagInt:
		return binary.AppendVarint(append(buf, packedTag|byte(t)), v.int())
	case isPlaced(t):
		gap := l.place(t, low, middle)
		return binary.AppendVarint(binary.AppendUvarint(append(buf, packedTag|byte(t)), uint64(middle)), gap)
	}
	return binary.LittleEndian.AppendUint64(append(buf, packedTag|packedRaw<<packedShift|byte(t)), uint64(v))
}

// isPlaced reports values that say where in the file they are from.
func isPlaced(t tag) bool {
	return t >= tagLong && t <= tagLatinRaw || t == tagGlobal || t == tagObject
}

// place notes a value at low and returns how far it is from the last one.
func (l *lane) place(t tag, low, middle int64) (gap int64) {
	gap = low - l.end
	l.end = low
	if t >= tagText && t <= tagLatinRaw {
		l.end, l.gap = low+middle, gap
	}
	return gap
}

// unpack returns the open page.
func (p *packedPage) unpack() *[pageSize]value {
	open := new([pageSize]value)
	for b := range p.starts {
		p.block(b, open[b*blockSize:(b+1)*blockSize])
	}
	return open
}

// get returns one entry.
func (p *packedPage) get(i int) value {
	var block [blockSize]value
	p.block(i/blockSize, block[:i%blockSize+1])
	return block[i%blockSize]
}

// block unpacks the first entries of a block.
func (p *packedPage) block(b int, out []value) {
	data := p.data[p.starts[b]:]
	var l lane
	for i := 0; i < len(out); {
		if data[0] == packedRun {
			for n := int(data[1]) + 1; n > 0 && i < len(out); n-- {
				out[i] = l.last
				i++
			}
			data = data[2:]
			continue
		}
		data = l.unpack(data)
		out[i] = l.last
		i++
	}
}

// unpack reads one entry and returns what follows it.
func (l *lane) unpack(data []byte) (rest []byte) {
	c := data[0]
	data = data[1:]
	if c < packedTag {
		low := l.end + l.gap
		l.last, l.end = pair(tagText, uint32(c), low), low+int64(c)
		return data
	}
	t, code := tag(c&(1<<packedShift-1)), c>>packedShift&3
	switch {
	case code == packedRaw:
		l.last = value(binary.LittleEndian.Uint64(data))
		return data[8:]
	case code != 0:
		l.node += int64(code)
		l.last = pair(t, 0, l.node)
		return data
	}
	middle, n := uint64(0), 0
	if isPlaced(t) {
		middle, n = binary.Uvarint(data)
	}
	number, k := binary.Varint(data[n:])
	data = data[n+k:]
	switch {
	case t == tagInt:
		l.last = integer(number)
	case isPlaced(t):
		low := l.end + number
		l.place(t, low, int64(middle))
		l.last = pair(t, uint32(middle), low)
	default:
		l.node += number
		l.last = pair(t, 0, l.node)
	}
	return data
}
