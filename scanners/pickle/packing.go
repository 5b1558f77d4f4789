package pickle

import (
	"bytes"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"assay/scanners/internal/unpack"
)

// maxDecoded bounds what is unpacked from one constant, in bytes.
const maxDecoded = 4 << 20

// packing is how a pickle is hidden in a constant.
type packing uint8

const (
	packedNot packing = iota + 1
	packedLatin
	packedHex
	packedBase64
	packedBase32
	packedBase85
	packedASCII85
	packedZlib
	packedGzip
	packedLZ4
	packedZstd
	packedBzip2
	packedXZ
	packedLZMA
	packedCode // byte code of Python, by the module marshal
)

func (p packing) String() string {
	return [...]string{"", "", "the Latin-1 text of ", "hex of ", "base64 of ", "base32 of ", "base85 of ", "ascii85 of ",
		"zlib of ", "gzip of ", "lz4 of ", "zstd of ", "bzip2 of ", "xz of ", "lzma of ", ""}[p]
}

// setup is what it takes at least to begin unpacking, in bytes of work: tables and
// windows are made before the first byte comes out.
func (p packing) setup() int64 {
	switch p {
	case packedBzip2, packedXZ, packedLZMA:
		return 256 << 10
	case packedLZ4, packedZstd:
		return 16 << 10
	}
	return 0
}

// signatureSize is how many bytes tell a pickle or a compressed stream.
const signatureSize = 4

// signature tells a binary form by its first bytes. A pickle of protocol 2 and
// above has a magic number.
func signature(b []byte) packing {
	if len(b) < 3 {
		return 0
	}
	switch c := b[0]; {
	case c == opProto && b[1] >= 2 && b[1] <= maxProtocol:
		return packedNot
	case c == 'x' && (b[1] == 0x01 || b[1] == 0x5e || b[1] == 0x9c || b[1] == 0xda):
		return packedZlib
	case c == 0x1f && b[1] == 0x8b && b[2] == 8:
		return packedGzip
	case c == 'B' && b[1] == 'Z' && b[2] == 'h':
		return packedBzip2
	case c == 0xfd && b[1] == '7' && b[2] == 'z':
		return packedXZ
	case c == 0x5d && b[1] == 0 && b[2] == 0:
		return packedLZMA
	case c == 0x04 && b[1] == 0x22 && b[2] == 0x4d:
		return packedLZ4
	case c == 0x28 && b[1] == 0xb5 && b[2] == 0x2f:
		return packedZstd
	case len(b) >= signatureSize && c&0x7f == 'c' && b[1] < 32 && b[2] == 0 && b[3] == 0:
		return packedCode
	}
	return 0
}

// packingOf guesses how a constant is packed from its first bytes. A pickle of
// protocol 0 has no magic number; what unpacks to one is told by its first import.
func packingOf(head []byte) packing {
	if len(head) < minNested {
		return 0
	}
	if p := signature(head); p != 0 {
		return p
	}
	// Each of these decodes the few bytes that a signature takes.
	for _, text := range [...]packing{packedHex, packedBase64, packedBase32, packedBase85, packedASCII85} {
		b := decodeText(text, head[:minNested])
		if len(b) >= 3 && (signature(b) != 0 || text < packedBase32 && opensProtocol0(b)) {
			return text
		}
	}
	return 0
}

// opensProtocol0 reports bytes that the first import of a pickle of protocol 0 may
// begin with: "cos\nsy", "cposix", "(S'a'\nio".
func opensProtocol0(b []byte) bool {
	if b[0] != opGlobal && b[0] != opMark {
		return false
	}
	for _, c := range b[1:] {
		if c != '\n' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}

// textStart are the first bytes of everything that packingOf recognises, in any
// encoding: most constants are told apart by one look here.
var textStart = startTable("\x80x\x1fB\xfd]\x04(c" + // binary; "c" and "(" open protocol 0
	"8714f5026" + "F" + // hex
	"geHQ/_XBKY" + // base64, and its spelling for file names
	"QPD" + "fJ" + // base32, base85, ascii85
	"P\x93" + // archives and arrays
	"\xe34" + // byte code
	"\xc2\xc3\\") // the UTF-8 and the escape of a byte beyond ASCII

func startTable(bytes string) (table [256]bool) {
	for _, c := range []byte(bytes) {
		table[c] = true
	}
	return table
}

// decodeText decodes what it can of an encoding in printable characters. Python's
// decoders skip line ends, and some anything else that is foreign.
func decodeText(p packing, data []byte) []byte {
	switch p {
	case packedHex:
		out := make([]byte, hex.DecodedLen(len(data)))
		n, _ := hex.Decode(out, data)
		return out[:n]
	case packedBase64:
		out, _ := base64.RawStdEncoding.DecodeString(strings.Map(standard64, string(data)))
		return out
	case packedBase32:
		out, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.Map(standard64, string(data)))
		return out
	case packedBase85:
		data = bytes.Map(toASCII85, data)
	}
	out := make([]byte, 4*len(data)+4)
	for range 2 { // a last group of one character is an error: the text was cut there
		if n, _, err := ascii85.Decode(out, data, true); err == nil {
			return out[:n]
		}
		data = data[:max(0, len(data)-1)]
	}
	return nil
}

// standard64 drops what Python's decoder skips, and maps the spelling for file names.
func standard64(r rune) rune {
	switch r {
	case '\n', '\r', '=':
		return -1
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return r
}

// base85 is the alphabet of Python's base64.b85encode: the digits in their order.
const base85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

func toASCII85(r rune) rune {
	i := strings.IndexRune(base85, r)
	if i < 0 {
		return 'v' // in neither alphabet: decoding ends there
	}
	return rune('!' + i)
}

// decode unpacks one layer. complete is false when more could come.
func decode(p packing, data []byte, limit int) (out []byte, complete bool) {
	open := openers[p]
	if open == nil {
		return decodeText(p, data), true
	}
	r, err := open(bytes.NewReader(data))
	if err != nil {
		return nil, true
	}
	return inflate(r, limit)
}

var openers = map[packing]unpack.Opener{
	packedZlib: unpack.Zlib, packedGzip: unpack.Gzip, packedBzip2: unpack.Bzip2, packedXZ: unpack.XZ,
	packedLZMA: unpack.LZMA, packedLZ4: unpack.LZ4, packedZstd: unpack.Zstd,
}

// inflate reads what a loader would get before it meets an error, and no more
// than limit.
func inflate(r io.Reader, limit int) (out []byte, complete bool) {
	var b bytes.Buffer
	_, err := io.CopyN(&b, r, int64(limit))
	return b.Bytes(), err != nil && !errors.Is(err, unpack.ErrUnsupported)
}

// toLatin1 encodes text whose characters are bytes.
func toLatin1(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r == utf8.RuneError || r > 0xff {
			return out
		}
		out = append(out, byte(r))
	}
	return out
}
