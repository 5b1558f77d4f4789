package pickle

// value is what the machine knows about one Python object, in 64 bits, so that
// stack and memo hold no pointers and cost eight bytes per entry. Text and bytes
// are not copied: a value says where in the file they are.
//
//	bits 58-63  tag
//	bits 40-57  a length, or the number of a name
//	bits  0-39  an offset in the file, or the number of a node
//
// A small integer uses all 58 bits. The zero value means that there is none.
type value uint64

type tag uint8

const (
	offsetBits = 40
	middleBits = 18
	tagShift   = offsetBits + middleBits
	offsetMask = 1<<offsetBits - 1
	middleMask = 1<<middleBits - 1
)

const (
	tagUnknown    tag = iota + 1 // nothing is known of it
	tagNone                      //
	tagTrue                      //
	tagFalse                     //
	tagInt                       // 58-bit integer
	tagLong                      // little-endian bytes in the file
	tagFloat                     //
	tagText                      // str: UTF-8 in the file
	tagRawText                   // str: a raw-unicode-escape line
	tagQuoted                    // str: a quoted line with escapes
	tagBinString                 // str under most encodings: bytes of Python 2
	tagBytes                     //
	tagByteArray                 //
	tagLatinText                 // bytes: the characters of a tagText
	tagLatinRaw                  // bytes: the characters of a tagRawText
	tagGlobal                    // a name that was imported
	tagObject                    // what calling a name gave
	tagTuple                     //
	tagList                      //
	tagDict                      //
	tagSet                       //
	tagFrozenSet                 //
	tagStorage                   // a torch storage, by its persistent id
	tagPersistent                // any other persistent id
	tagExtension                 // an extension code that the file does not explain
	tagBuffer                    // an out-of-band buffer
)

func (v value) tag() tag       { return tag(v >> tagShift) }
func (v value) low() int64     { return int64(v & offsetMask) }
func (v value) middle() uint32 { return uint32(v>>offsetBits) & middleMask }

func plain(t tag) value { return value(t) << tagShift }

// pair makes a value of a number and an offset or node.
func pair(t tag, middle uint32, low int64) value {
	return value(t)<<tagShift | value(middle&middleMask)<<offsetBits | value(low)&offsetMask
}

const (
	maxInt = 1<<(tagShift-1) - 1
	minInt = -1 << (tagShift - 1)
)

// integer makes an integer; one that needs more than 58 bits is unknown.
func integer(i int64) value {
	if i > maxInt || i < minInt {
		return plain(tagUnknown)
	}
	return value(tagInt)<<tagShift | value(i)&(1<<tagShift-1)
}

// int returns the integer of a tagInt.
func (v value) int() int64 { return int64(v<<(64-tagShift)) >> (64 - tagShift) }

// asInt returns the integer that v certainly is.
func (v value) asInt() (int64, bool) {
	switch v.tag() {
	case tagInt:
		return v.int(), true
	case tagTrue:
		return 1, true
	case tagFalse:
		return 0, true
	}
	return 0, false
}

// isText reports whether v may be the operand of STACK_GLOBAL: an exact str.
func (v value) isText() bool {
	t := v.tag()
	return t >= tagText && t <= tagBinString
}

// isContainer reports whether v is a builtin container with a node.
func (v value) isContainer() bool {
	t := v.tag()
	return t >= tagTuple && t <= tagFrozenSet
}

// isData reports constants: they cannot be called, and hold nothing.
func (v value) isData() bool {
	t := v.tag()
	return t >= tagNone && t <= tagLatinRaw
}
