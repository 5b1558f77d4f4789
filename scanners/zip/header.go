package zip

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"unicode/utf8"
)

// header is what one of the two tables says about an entry.
type header struct {
	at, size      int64 // where the header lies, with its variable parts
	flags, method uint16
	crc           uint32
	packed, plain int64 // sizes of the data, compressed and not
	name          string
	alias         string // of the Info-ZIP Unicode Path field, when it differs from name
	offset        int64  // of the local header; central headers only
	unix          uint16 // file mode, 0 when it was not made on Unix; central headers only
	repeated64    bool   // more than one zip64 field
	hidden        int    // bytes where nobody looks: in padding, in a comment
}

// Flag bits (APPNOTE 4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagPatched    = 1 << 5
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13
)

// Sizes of the fixed parts.
const (
	localSize   = 30
	centralSize = 46
	maxVariable = 3 * math.MaxUint16
)

// maxName is how much of a name is kept. No system has longer paths.
const maxName = 4096

var le = binary.LittleEndian

// parseLocal reads a local header (APPNOTE 4.3.7) whose variable parts follow
// fixed. Both are complete.
func parseLocal(at int64, b []byte) header {
	nameLen, extraLen := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	h := header{
		at: at, size: int64(localSize + nameLen + extraLen),
		flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]),
		packed: int64(le.Uint32(b[18:])), plain: int64(le.Uint32(b[22:])),
	}
	h.setName(b[localSize : localSize+nameLen])
	h.readExtra(b[localSize+nameLen:localSize+nameLen+extraLen], []*int64{&h.plain, &h.packed})
	return h
}

// localLen is the length of a local header, from its fixed part.
func localLen(b []byte) int64 {
	return localSize + int64(le.Uint16(b[26:])) + int64(le.Uint16(b[28:]))
}

// parseCentral reads a header of the central directory (APPNOTE 4.3.12).
func parseCentral(at int64, b []byte) header {
	nameLen, extraLen := int(le.Uint16(b[28:])), int(le.Uint16(b[30:]))
	h := header{
		at: at, size: centralLen(b),
		flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])), plain: int64(le.Uint32(b[24:])), offset: int64(le.Uint32(b[42:])),
	}
	if system := b[5]; system == 3 || system == 19 { // Unix, macOS
		h.unix = le.Uint16(b[40:])
	}
	h.setName(b[centralSize : centralSize+nameLen])
	h.readExtra(b[centralSize+nameLen:centralSize+nameLen+extraLen], []*int64{&h.plain, &h.packed, &h.offset})
	h.hidden += binaryBytes(b[centralSize+nameLen+extraLen:])
	return h
}

func centralLen(b []byte) int64 {
	return centralSize + int64(le.Uint16(b[28:])) + int64(le.Uint16(b[30:])) + int64(le.Uint16(b[32:]))
}

func (h *header) setName(raw []byte) {
	h.name = string(raw[:min(len(raw), maxName)])
}

// Ids of extra fields (APPNOTE 4.5.2, 4.6.1).
const (
	extraZip64          = 0x0001
	extraUnicodePath    = 0x7075
	extraUnicodeComment = 0x6375
	extraFB             = 0x4246 // PyTorch's alignment padding
)

// smallExtra holds every ordinary field: times, owners, alignment (padding does
// not count).
const smallExtra = 64

// readExtra reads the fields that change what other fields mean. In a zip64 field
// (APPNOTE 4.5.3) stand, in order, only the values that are all ones in the header.
func (h *header) readExtra(extra []byte, wide []*int64) {
	seen64 := false
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		body := extra[4:min(len(extra), 4+n)]
		extra = extra[4+len(body):]
		switch id {
		case extraZip64:
			h.repeated64 = h.repeated64 || seen64
			seen64 = true
			readZip64(body, wide)
		case extraUnicodePath:
			h.readUnicodePath(body)
		case extraFB:
			h.hidden += countUnlike(body)
		case extraUnicodeComment:
			h.hidden += binaryBytes(body[min(len(body), 5):])
		default:
			if n := countUnlike(body); n > smallExtra {
				h.hidden += n
			}
		}
	}
}

func readZip64(body []byte, wide []*int64) {
	for _, v := range wide {
		if *v == math.MaxUint32 && len(body) >= 8 {
			*v = clampUint64(le.Uint64(body))
			body = body[8:]
		}
	}
}

// clampUint64 keeps a size that no file has from becoming negative.
func clampUint64(v uint64) int64 { return int64(min(v, math.MaxInt64/4)) }

// readUnicodePath reads the second name of APPNOTE 4.6.9. It counts only when
// its checksum is that of the first name; readers that know it then use it.
func (h *header) readUnicodePath(body []byte) {
	if len(body) < 5 || body[0] != 1 || le.Uint32(body[1:]) != crc32.ChecksumIEEE([]byte(h.name)) {
		return
	}
	if alias := body[5:]; string(alias) != h.name && len(alias) <= maxName && utf8.Valid(alias) {
		h.alias = string(alias)
	}
}

// countUnlike counts the bytes that differ from the last one, beside the first:
// padding repeats one letter.
func countUnlike(padding []byte) int {
	if len(padding) == 0 {
		return 0
	}
	return len(padding) - bytes.Count(padding, padding[len(padding)-1:])
}

// binaryBytes counts what is no text. A few do not make a comment suspicious: it
// has no encoding.
func binaryBytes(comment []byte) int {
	n := 0
	for _, c := range comment {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			n++
		}
	}
	if n <= 16 {
		return 0
	}
	return n
}

// special names the kind of a Unix file that is a link, device, pipe or socket,
// and is empty for all others: some writers store no kind, or all bits.
func (h *header) special() string {
	switch h.unix & 0xf000 {
	case 0xa000:
		return "symbolic link"
	case 0x1000, 0x2000, 0x6000, 0xc000:
		return "device, pipe or socket"
	}
	return ""
}
