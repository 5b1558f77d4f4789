package pickle

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"unicode/utf8"
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
	packedZlib
	packedGzip
)

func (p packing) String() string {
	return [...]string{"", "", "the Latin-1 text of ", "hex of ", "base64 of ", "zlib of ", "gzip of "}[p]
}

// packingOf guesses from the first bytes. A pickle of protocol 2 and above has a
// magic number; protocol 0 is only recognised packed, by its usual first import.
func packingOf(head []byte) packing {
	if len(head) < minNested {
		return 0
	}
	switch c := head[0]; {
	case c == opProto && head[1] >= 2 && head[1] <= maxProtocol:
		return packedNot
	case c == 0xc2 && head[1] == opProto && head[2] >= 2 && head[2] <= maxProtocol:
		return packedLatin
	case c == 'x' && (head[1] == 0x01 || head[1] == 0x5e || head[1] == 0x9c || head[1] == 0xda):
		return packedZlib
	case c == 0x1f && head[1] == 0x8b && head[2] == 8:
		return packedGzip
	case c == '8' && head[1] == '0' && head[2] == '0' && head[3] >= '2' && head[3] <= '5' && isHex(head[4]) && isHex(head[5]):
		return packedHex
	case startsWith(head, base64Starts) || startsWith(head, base64Protocol0):
		return packedBase64
	}
	return 0
}

// base64Starts are the encodings of PROTO 2 to 5 and of zlib and gzip heads;
// base64Protocol0 of "cos\n", "cposix", "c__bui" and "cbuilt".
var (
	base64Starts = []string{"gAI", "gAJ", "gAK", "gAL", "gAM", "gAN", "gAO", "gAP", "gAQ", "gAR", "gAS",
		"gAT", "gAU", "gAV", "gAW", "gAX", "eJ", "eN", "eA", "eF", "H4sI"}
	base64Protocol0 = []string{"Y29zC", "Y3Bvc2l4", "Y19fYnVp", "Y2J1aWx0"}
)

func startsWith(head []byte, list []string) bool {
	for _, start := range list {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

// leadsToPickle unpacks the first bytes of a constant, and reports whether a
// pickle is what comes out.
func leadsToPickle(p packing, prefix []byte) bool {
	for range 3 {
		switch {
		case p == packedNot || p == packedLatin:
			return true
		case p == 0:
			return false
		case p == packedBase64 && startsWith(prefix, base64Protocol0):
			return true
		}
		prefix, _ = decode(p, prefix)
		p = packingOf(prefix)
	}
	return p == packedNot
}

// decode unpacks one layer. complete is false when more could come.
func decode(p packing, data []byte) (out []byte, complete bool) {
	switch p {
	case packedHex:
		out = make([]byte, hex.DecodedLen(len(data)))
		n, _ := hex.Decode(out, data)
		return out[:n], true
	case packedBase64:
		text := strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == '=' {
				return -1
			}
			return r
		}, string(data))
		out, _ = base64.RawStdEncoding.DecodeString(text)
		return out, true
	case packedZlib:
		if r, err := zlib.NewReader(bytes.NewReader(data)); err == nil {
			return inflate(r)
		}
		return nil, true
	case packedGzip:
		if r, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			return inflate(r)
		}
		return nil, true
	}
	return data, true
}

// inflate reads what a loader would get before it meets an error, and no more
// than maxDecoded.
func inflate(r io.Reader) (out []byte, complete bool) {
	var b bytes.Buffer
	n, _ := io.CopyN(&b, r, maxDecoded)
	return b.Bytes(), n < maxDecoded
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
