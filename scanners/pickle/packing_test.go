package pickle

import (
	"bytes"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// packed writes data through a compressor.
func packed(t *testing.T, open func(io.Writer) (io.WriteCloser, error), data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bzipped is, by bzip2, program("PROTO 3", "GLOBAL os system", `BINUNICODE
// "echo assay-test-marker"`, "TUPLE1", "REDUCE", "STOP"): there is no writer in Go.
const bzipped = "425a68393141592653594684f017000014f3c048100100400310402a4a9c204200200031468c81a34c8d0a1900064da8507371709e6d8cd7565deaed0f09a830698224e1bab288bfc5dc914e142411a13c05c0"

// TestPacked: a pickle kept in a constant is found in every packing that Python's
// standard library has a decoder for, in bytes and in text, whichever protocol
// either of the two has (pickle.md 8 row 21).
func TestPacked(t *testing.T) {
	call := []string{"GLOBAL os system", "MARK", "STRING '" + marker + "'", "TUPLE", "REDUCE", "STOP"}
	inner := map[string][]byte{
		"0": program(t, call...),
		"2": program(t, append([]string{"PROTO 2"}, call...)...),
		"4": program(t, "PROTO 4", `SHORT_BINUNICODE "os"`, `SHORT_BINUNICODE "system"`, "STACK_GLOBAL", `SHORT_BINUNICODE "`+marker+`"`, "TUPLE1", "REDUCE", "STOP"),
	}
	base85Text := func(b []byte) []byte {
		out := make([]byte, ascii85.MaxEncodedLen(len(b)))
		out = out[:ascii85.Encode(out, b)]
		for i, c := range bytes.ReplaceAll(out, []byte("z"), []byte("!!!!!")) {
			if i < len(out) {
				out[i] = base85[c-'!']
			} else {
				out = append(out, base85[c-'!'])
			}
		}
		return out
	}
	encode := map[string]func([]byte) []byte{
		"hex":       func(b []byte) []byte { return []byte(hex.EncodeToString(b)) },
		"HEX":       func(b []byte) []byte { return []byte(strings.ToUpper(hex.EncodeToString(b))) },
		"base64":    func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) },
		"base64url": func(b []byte) []byte { return []byte(base64.URLEncoding.EncodeToString(b)) },
		"zlib":      func(b []byte) []byte { return deflate(t, b) },
		"gzip":      func(b []byte) []byte { return compress(t, b) },
		"xz": func(b []byte) []byte {
			return packed(t, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }, b)
		},
		"lzma": func(b []byte) []byte {
			return packed(t, func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) }, b)
		},
		"lz4": func(b []byte) []byte {
			return packed(t, func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil }, b)
		},
		"zstd": func(b []byte) []byte {
			return packed(t, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }, b)
		},
	}
	found := func(name string, outer []byte) {
		t.Helper()
		r, err := scannertest.Run(Scanner{}, "model.pkl", outer)
		if err != nil || !scannertest.HasRule(r.Findings, "pickle/nested") || !hasFinding(r.Findings,
			technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: marker}, -1) {
			t.Errorf("%s: findings %+v, error %v", name, r.Findings, err)
		}
	}
	constants := func(name string, data []byte) {
		t.Helper()
		found(name+" in bytes", program(t, "PROTO 4", fmt.Sprintf("BINBYTES %q", data), "STOP"))
		latin := make([]rune, len(data))
		for i, c := range data {
			latin[i] = rune(c)
		}
		found(name+" in text", program(t, "PROTO 2", fmt.Sprintf("BINUNICODE %q", string(latin)), "STOP"))
		var escaped strings.Builder
		for _, c := range data {
			fmt.Fprintf(&escaped, `\x%02x`, c)
		}
		found(name+" in a quoted line", program(t, "STRING '"+escaped.String()+"'", "STOP"))
	}
	for protocol, b := range inner {
		for name, pack := range encode {
			constants(name+" of protocol "+protocol, pack(b))
			if protocol == "2" && !strings.HasPrefix(strings.ToLower(name), "hex") && !strings.HasPrefix(name, "base64") {
				constants("base64 of "+name, encode["base64"](pack(b)))
			}
		}
	}
	constants("base32", []byte(base32.StdEncoding.EncodeToString(inner["2"])))
	constants("base85", base85Text(inner["2"]))
	constants("ascii85", []byte(ascii85Text(inner["4"])))
	bz, err := hex.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	constants("bzip2", bz)
	constants("base64 of bzip2", encode["base64"](bz))
}

func ascii85Text(b []byte) string {
	out := make([]byte, ascii85.MaxEncodedLen(len(b)))
	return string(out[:ascii85.Encode(out, b)])
}

// TestPackedFlood: streams that cost much to begin are looked at up to a limit, and
// the limit is a gap.
func TestPackedFlood(t *testing.T) {
	line := program(t, fmt.Sprintf("BINBYTES %q", "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00"))
	data := append(program(t, "PROTO 3", "EMPTY_LIST", "MARK"), bytes.Repeat(line, 2000)...)
	r, err := scannertest.Run(Scanner{}, "model.pkl", append(data, program(t, "APPENDS", "STOP")...))
	if err == nil || !scannertest.HasRule(r.Findings, "pickle/limit") {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}

// TestPackedData: texts and streams that are no pickles are data, whatever they
// begin like.
func TestPackedData(t *testing.T) {
	var lines []string
	for _, s := range []string{"Quebec, Canada", "fffffffffffffffffffff", "JJJJJJJJJJJJJJJJ", "8004000000000000", "63686f636f6c617465", "Y2hvY29sYXRlIGNha2U=",
		"eJzLSM3JyQcABiwCFQ==", "BZh91AY&SY is not a stream", "(see the manual)\n", "KLUv/SQLWQAAaGVsbG8gd29ybGRoaR7j", "\x04\x22\x4d\x18 and so on", "\x28\xb5\x2f\xfd\xff\xff\xff\xff and so on"} {
		lines = append(lines, fmt.Sprintf("BINBYTES %q", s), "POP")
	}
	r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, append(append([]string{"PROTO 3"}, lines...), "NONE", "STOP")...))
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}

// TestContainerConstant: an archive or an array file kept in a constant goes to the
// scanners of those formats, at its place.
func TestContainerConstant(t *testing.T) {
	for _, head := range []string{"PK\x03\x04 and so on", "\x93NUMPY and so on"} {
		data := program(t, "PROTO 4", fmt.Sprintf("BINBYTES %q", head), fmt.Sprintf("SHORT_BINUNICODE %q", "PK\x03\x04 in a text"), "TUPLE2", "STOP")
		r, err := scannertest.Run(Scanner{}, "model.pkl", data)
		if err != nil || len(r.Members) != 1 || string(data[r.Members[0].Span.Off:r.Members[0].Span.End()]) != head {
			t.Errorf("%q: members %+v, error %v", head, r.Members, err)
		}
	}
}
