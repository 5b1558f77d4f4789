package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// shapes are pickles made to cost much: each returns one of about n bytes.
var shapes = map[string]func(n int) []byte{
	"DUP":                func(n int) []byte { return repeated("N", "2", "0.", n) },
	"DUP and pairs":      func(n int) []byte { return repeated(")", "2\x86", ".", n) },
	"DUP of a list":      func(n int) []byte { return repeated("]", "2a", ".", n) },
	"memo":               func(n int) []byte { return repeated("N", "\x94", ".", n) },
	"memo of numbers":    func(n int) []byte { return repeated("N", "K\x01\x940", ".", n) },
	"memo of texts":      func(n int) []byte { return repeated("](", "\x8c\x03abc\x94", "e.", n) },
	"memo of containers": func(n int) []byte { return repeated("](", "]\x94)\x94}\x94", "e.", n) },
	"memo anywhere": func(n int) []byte {
		return scattered(n, []byte("r"), nil)
	},
	"memo in order, read anywhere": func(n int) []byte {
		return scattered(n, []byte("j"), []byte("0"))
	},
	"memo far away": func(n int) []byte { return scattered(n, []byte("r\x00\x00\x00\x80"), nil) },
	"nested tuples": func(n int) []byte { return repeated("N", "\x85", ".", n) },
	"nested lists":  func(n int) []byte { return append(repeated("", "]", strings.Repeat("a", n/2-1), n/2), '.') },
	"marks":         func(n int) []byte { return repeated("", "(", ".", n) },
	"marks, taken one by one": func(n int) []byte {
		return append(bytes.Repeat([]byte("("), n/2), append(bytes.Repeat([]byte("t"), n/2), '.')...)
	},
	"POP":                    func(n int) []byte { return repeated("", "N0", "N.", n) },
	"MARK and POP":           func(n int) []byte { return repeated("N", "(0", ".", n) },
	"MARK and POP_MARK":      func(n int) []byte { return repeated("N", "(NN1", ".", n) },
	"one large tuple":        func(n int) []byte { return repeated("(", "N", "t.", n) },
	"one large list":         func(n int) []byte { return repeated("](", "N", "e.", n) },
	"one list, item by item": func(n int) []byte { return repeated("]", "Na", ".", n) },
	"one dict, item by item": func(n int) []byte { return repeated("}", "NNs", ".", n) },
	"one set":                func(n int) []byte { return repeated("\x8f", "(N\x90", ".", n) },
	"sixty items, then one by one": func(n int) []byte {
		return repeated("]("+strings.Repeat("N", 60)+"e", "(Ne", ".", n)
	},
	"PROTO again and again": func(n int) []byte { return repeated("N", "\x80\x04", ".", n) },
	"frames":                func(n int) []byte { return repeated("N", "\x95\x00\x00\x00\x00\x00\x00\x00\x00", ".", n) },
	"frames of ten":         func(n int) []byte { return repeated("N", "\x95\x02\x00\x00\x00\x00\x00\x00\x00N0", ".", n) },
	"pickles":               func(n int) []byte { return repeated("", "\x80\x04N.", "", n) },
	"pickles of protocol 0": func(n int) []byte { return repeated("\x80\x02N.", "N.", "", n) },
	"pickles with a memo":   func(n int) []byte { return repeated("", "\x80\x04N\x94h\x00.", "", n) },
	"calls":                 func(n int) []byte { return repeated("cmylib\nf\nq\x000", "h\x00)R0", "N.", n) },
	"names":                 func(n int) []byte { return numbered(n, "cmylib\nf%d\n0") },
	"storages": func(n int) []byte {
		return append([]byte("ctorch\nFloatStorage\nq\x000"), numbered(n, "(X\x07\x00\x00\x00storageh\x00\x8c\x06%06d\x8c\x03cpuK\x01tQ0")...)
	},
	"states":                func(n int) []byte { return repeated("cmylib\nf\n)R", "}b", ".", n) },
	"special names":         func(n int) []byte { return repeated("}", "\x8c\x05__a__Ns", ".", n) },
	"a line":                func(n int) []byte { return repeated("S'", "a", "'\n.", n) },
	"a line without an end": func(n int) []byte { return repeated("c", "a", "", n) },
	"constants like pickles": func(n int) []byte {
		return repeated("](", "C\x10\x80\x04cmylib\nf\n)R0N.", "e.", n)
	},
}

func repeated(before, part, after string, n int) []byte {
	count := max(1, (n-len(before)-len(after))/len(part))
	return []byte(before + strings.Repeat(part, count) + after)
}

func numbered(n int, format string) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, format, i)
	}
	b.WriteString("N.")
	return b.Bytes()
}

// scattered fills a memo and then uses it, or makes it, in no order.
func scattered(n int, op, after []byte) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	count := n / (6 + len(after))
	b := []byte("\x80\x04K\x01")
	if op[0] == opLongBinGet {
		for range count {
			b = append(b, opMemoize)
		}
	}
	for range count {
		b = append(append(b, op[0]), binary.LittleEndian.AppendUint32(nil, r.Uint32N(uint32(count)))...)
		if len(op) == 5 {
			b[len(b)-1] |= op[4]
		}
		b = append(b, after...)
	}
	return append(b, '.')
}

// TestShapes: four times the bytes take no more than a few times the time, and
// memory stays bounded.
func TestShapes(t *testing.T) {
	size := 1 << 20
	if testing.Short() {
		size = 1 << 18
	}
	for name, make := range shapes {
		small, large := time.Hour, time.Hour
		for range 5 { // a machine that is busy with other things is no fault of the shape
			small, large = min(small, duration(make(size/4))), min(large, duration(make(size)))
			if large < 12*small {
				break
			}
		}
		if large >= 12*small && large > 50*time.Millisecond {
			t.Errorf("%s: %v, and four times the bytes %v", name, small, large)
		}
	}
}

func duration(data []byte) time.Duration {
	start := time.Now()
	_, _ = scannertest.Run(Scanner{}, "shape.pkl", data)
	return time.Since(start)
}

// TestMemory: what a scan allocates, all in all, for files of ten million opcodes.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED by -short: the memory of large pickles")
	}
	for _, name := range []string{"memo", "memo of numbers", "memo of texts", "memo of containers", "memo anywhere", "one large tuple", "one large list", "marks", "nested tuples", "names"} {
		data := shapes[name](10 << 20)
		f := scanners.File{ReaderAt: bytes.NewReader(data), Name: "shape.pkl", Size: int64(len(data))}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Scanner{}.Scan(t.Context(), f, scanners.Limits{})
		runtime.ReadMemStats(&after)
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 64 {
			t.Errorf("%s: %d MiB", name, mib)
		} else {
			t.Logf("%s: %d MiB", name, mib)
		}
	}
}
