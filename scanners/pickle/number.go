package pickle

import (
	"encoding/binary"
	"math"
	"strconv"
)

// littleInt decodes a two's complement little-endian integer of at most 8 bytes.
func littleInt(raw []byte) (int64, bool) {
	if len(raw) > 8 {
		return 0, false
	}
	var u uint64
	for i, b := range raw {
		u |= uint64(b) << (8 * i)
	}
	if n := len(raw); n > 0 && n < 8 && raw[n-1] >= 0x80 {
		u |= math.MaxUint64 << (8 * n)
	}
	return int64(u), true
}

func formatFloat(raw []byte) string {
	return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(raw)), 'g', -1, 64)
}

// integerOf returns the integer that v certainly is.
func (m *machine) integerOf(v value) (int64, bool) {
	if v.tag() != tagLong {
		return v.asInt()
	}
	off, n := m.extent(v)
	if n > 8 {
		return 0, false
	}
	return littleInt(m.view(off, int(n)))
}

// integersOf returns the integers of a tuple, or of the torch.Size or the like
// that was made of one.
func (m *machine) integersOf(v value) ([]int64, bool) {
	items, n, all := m.nodes.items(v)
	if !all || n > keepKids {
		return nil, false
	}
	list := make([]int64, 0, 8)
	for _, item := range items {
		i, ok := m.integerOf(item)
		if !ok {
			return nil, false
		}
		list = append(list, i)
	}
	return list, true
}
