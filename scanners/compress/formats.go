package compress

import (
	"encoding/binary"
	"math/bits"

	"assay/scanners/internal/unpack"
)

// format is one kind of stream.
type format struct {
	is       func(b []byte) bool
	open     unpack.Opener
	suffixes []string // that the content's name lacks; "tgz>.tar" replaces
	weak     bool     // no magic number: only a trial tells
	skip     int64    // bytes before the stream
	hidden   func(b []byte) int64
}

func none([]byte) int64 { return 0 }

func magic(prefix string) func([]byte) bool {
	return func(b []byte) bool { return hasPrefix(b, prefix) }
}

// formats are the kinds of stream, with the source of their magic numbers.
var formats = []format{
	{is: magic("\x1f\x8b\x08"), open: unpack.Gzip, suffixes: []string{".gz", ".gzip", ".tgz>.tar"}, hidden: gzipExtra},  // RFC 1952, 2.3.1
	{is: isBzip2, open: unpack.Bzip2, suffixes: []string{".bz2", ".tbz2>.tar", ".tbz>.tar"}, hidden: none},              // bzip2 1.0.8
	{is: magic("\xfd7zXZ\x00"), open: unpack.XZ, suffixes: []string{".xz", ".txz>.tar"}, hidden: none},                  // xz format 1.2.1, 2.1.1.1
	{is: magic("\x04\x22\x4d\x18"), open: unpack.LZ4, suffixes: []string{".lz4"}, hidden: none},                         // LZ4 frame format 1.6.4
	{is: magic("\x28\xb5\x2f\xfd"), open: unpack.Zstd, suffixes: []string{".zst", ".zstd", ".tzst>.tar"}, hidden: none}, // RFC 8878, 3.1.1
	{is: skipsToLZ4, open: unpack.LZ4, suffixes: []string{".lz4"}, hidden: skippableFrame},
	{is: isSkippable, open: unpack.Zstd, suffixes: []string{".zst", ".zstd", ".tzst>.tar"}, hidden: skippableFrame}, // RFC 8878, 3.1.2
	{is: isZlib, open: unpack.Zlib, suffixes: []string{".z", ".zlib", ".zz"}, weak: true, hidden: none},             // RFC 1950, 2.2
	{is: isLZMA, open: unpack.LZMA, suffixes: []string{".lzma", ".tlz>.tar"}, weak: true, hidden: none},             // lzma-file-format.txt of xz
	{is: isZF, open: unpack.Zlib, suffixes: []string{".z"}, weak: true, skip: zfHeader, hidden: none},               // joblib 0.9.2, numpy_pickle.read_zfile
	{is: isZFBlank, open: unpack.Zlib, suffixes: []string{".z"}, weak: true, skip: zfHeader + 1, hidden: none},      // the same, "with one blank more"
}

// recognise returns the format that the first bytes are of.
func recognise(b []byte) (format, bool) {
	for _, f := range formats {
		if f.is(b) {
			return f, true
		}
	}
	return format{}, false
}

// isBzip2 checks the magic number of the first block, or of an empty stream.
func isBzip2(b []byte) bool {
	if len(b) < 10 || !hasPrefix(b, "BZh") || b[3] < '1' || b[3] > '9' {
		return false
	}
	block := string(b[4:10])
	return block == "\x31\x41\x59\x26\x53\x59" || block == "\x17\x72\x45\x38\x50\x90"
}

// isZlib checks the header: method 8, a window of at most 32 KiB, the check bits,
// no preset dictionary.
func isZlib(b []byte) bool {
	return len(b) >= 6 && b[0]&0x0f == 8 && b[0]>>4 <= 7 && b[1]&0x20 == 0 && binary.BigEndian.Uint16(b)%31 == 0
}

// isLZMA is as strict as the xz tools: properties below 225, a dictionary of 2^n
// or 2^n + 2^(n-1) bytes, and a size that is unknown or below 256 GiB.
func isLZMA(b []byte) bool {
	if len(b) < 14 || b[0] >= 225 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint64(b[5:])
	top := 31 - bits.LeadingZeros32(dict)
	round := dict != 0 && (dict == 1<<top || top > 0 && dict == 3<<(top-1)) || dict == 1<<32-1
	return round && (size == 1<<64-1 || size < 1<<38)
}

// zfHeader is "ZF" and a hexadecimal number padded to 19 characters.
const zfHeader = 21

func isZF(b []byte) bool {
	return len(b) > zfHeader+2 && hasPrefix(b, "ZF0x") && isZlib(b[zfHeader:])
}

func isZFBlank(b []byte) bool {
	return len(b) > zfHeader+3 && hasPrefix(b, "ZF0x") && b[zfHeader] == ' ' && isZlib(b[zfHeader+1:])
}

const (
	frameHeader = 8
	// smallFrame is what pzstd puts into a skippable frame: the size of the next.
	smallFrame = 4
	// smallExtra holds the fields of ordinary writers: block gzip, dictzip headers.
	smallExtra = 64
)

// isSkippable recognises a skippable frame (RFC 8878, 3.1.2).
func isSkippable(b []byte) bool {
	return len(b) >= frameHeader && b[0]&0xf0 == 0x50 && string(b[1:4]) == "\x2a\x4d\x18"
}

// skipsToLZ4 recognises one before an LZ4 frame; both formats have them.
func skipsToLZ4(b []byte) bool {
	if !isSkippable(b) {
		return false
	}
	next := frameHeader + int64(binary.LittleEndian.Uint32(b[4:]))
	return next < int64(len(b)) && hasPrefix(b[next:], "\x04\x22\x4d\x18")
}

func skippableFrame(b []byte) int64 {
	if n := int64(binary.LittleEndian.Uint32(b[4:])); n > smallFrame {
		return n
	}
	return 0
}

// gzipExtra is the size of the extra field of the first member, when it is larger
// than what ordinary writers put there.
func gzipExtra(b []byte) int64 {
	const flagExtra = 1 << 2
	if len(b) < 12 || b[3]&flagExtra == 0 {
		return 0
	}
	if n := int64(binary.LittleEndian.Uint16(b[10:])); n > smallExtra {
		return n
	}
	return 0
}
