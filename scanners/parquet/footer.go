package parquet

import (
	"assay/scanners"
	"assay/scanners/internal/clip"
)

const maxChunks = 1 << 20

// chunk is what the footer says of one column of one row group.
type chunk struct {
	path      string
	data      int64 // offsets in the file; -1 when there is none
	index     int64
	dict      int64
	size      int64 // of all pages together, compressed
	encrypted bool
	others    [][2]int64 // offset and size of indices and filters
	copied    int64      // where some writers put a copy of the metadata; 0 when they do not say
}

// footer is FileMetaData.
type footer struct {
	*thrift
	rows    int64
	columns int
	writer  string
	chunks  []chunk
	texts   []keyValue
	tooMany bool
	locked  bool // encryption_algorithm is set
}

func (f *footer) read() {
	f.fields(func(id int, kind byte) bool {
		switch {
		case id == 2 && kind == tList:
			f.structs(func() {
				f.columns++
				f.skip(tStruct)
			})
		case id == 3 && kind == tI64:
			f.rows = f.integer()
		case id == 4 && kind == tList:
			f.structs(f.group)
		case id == 5 && kind == tList:
			f.structs(f.keyValue)
		case id == 6 && kind == tBinary:
			f.writer = clip.Bytes(f.bytes(), 120)
		case id == 8 && kind == tStruct:
			f.locked = true
			return false
		default:
			return false
		}
		return true
	})
}

// keyValue is a piece of metadata.
type keyValue struct {
	key   string
	value []byte
}

const maxTexts = 4096

func (f *footer) keyValue() {
	var key string
	var value []byte
	f.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tBinary:
			key = clip.Bytes(f.bytes(), 120)
		case id == 2 && kind == tBinary:
			value = f.bytes()
		default:
			return false
		}
		return true
	})
	if len(f.texts) >= maxTexts {
		f.tooMany = true
		return
	}
	f.texts = append(f.texts, keyValue{key, value})
}

func (f *footer) group() {
	f.fields(func(id int, kind byte) bool {
		if id == 1 && kind == tList {
			f.structs(f.chunk)
			return true
		}
		return false
	})
}

func (f *footer) chunk() {
	c := chunk{data: -1, index: -1, dict: -1}
	var offsets, sizes [2]int64
	f.fields(func(id int, kind byte) bool {
		switch {
		case id == 1 && kind == tBinary:
			c.path = clip.Bytes(f.bytes(), 1024)
		case id == 2 && kind == tI64:
			c.copied = f.integer()
		case id == 3 && kind == tStruct:
			f.column(&c)
		case (id == 4 || id == 6) && kind == tI64:
			offsets[id/2-2] = f.integer()
		case (id == 5 || id == 7) && kind == tI32:
			sizes[id/2-2] = f.integer()
		case (id == 8 || id == 9) && (kind == tStruct || kind == tBinary):
			c.encrypted = true
			return false
		default:
			return false
		}
		return true
	})
	for i := range offsets {
		if sizes[i] > 0 {
			c.others = append(c.others, [2]int64{offsets[i], sizes[i]})
		}
	}
	if len(f.chunks) >= maxChunks {
		f.tooMany = true
		return
	}
	f.chunks = append(f.chunks, c)
}

// column reads ColumnMetaData.
func (f *footer) column(c *chunk) {
	var bloom [2]int64
	f.fields(func(id int, kind byte) bool {
		switch {
		case id == 7 && kind == tI64:
			c.size = f.integer()
		case id == 9 && kind == tI64:
			c.data = f.integer()
		case id == 10 && kind == tI64:
			c.index = f.integer()
		case id == 11 && kind == tI64:
			c.dict = f.integer()
		case id == 14 && kind == tI64:
			bloom[0] = f.integer()
		case id == 15 && kind == tI32:
			bloom[1] = f.integer()
		default:
			return false
		}
		return true
	})
	if bloom[1] > 0 {
		c.others = append(c.others, bloom)
	}
}

// start is where the pages of a chunk begin: the dictionary, where there is one,
// stands before the values (parquet-format README, "Data Pages"). Some writers say
// that it stands at 0.
func (c *chunk) start() int64 {
	at := c.data
	for _, other := range []int64{c.dict, c.index} {
		if other > 0 && other < at {
			at = other
		}
	}
	return at
}

// pieces are the ranges of a chunk in the file.
func (c *chunk) pieces() []scanners.Span {
	var list []scanners.Span
	if c.size != 0 {
		list = append(list, scanners.Span{Off: c.start(), Len: c.size})
	}
	for _, o := range c.others {
		list = append(list, scanners.Span{Off: o[0], Len: o[1]})
	}
	return list
}
