package scanners_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"assay/scanners"
)

// headers are the first bytes of programs, written by hand.
var headers = map[string][]byte{
	"ELF":    fields(64, map[int]uint64{0: 0x00010102464c457f, 16: 0x00000001003e0003, 52: 64}),
	"PE":     fields(64, map[int]uint64{0: 0x0003866400004550, 16: 0x002200f000000000, 24: 0x20b}),
	"Mach-O": fields(64, map[int]uint64{0: 0x01000007feedfacf, 8: 0x0000000200000003, 16: 0x0000048000000010}),
}

func fields(n int, values map[int]uint64) []byte {
	b := make([]byte, n)
	for at, v := range values {
		binary.LittleEndian.PutUint64(b[at:], v)
	}
	return b
}

func watch(data []byte, opaque scanners.Span, block int) []scanners.Program {
	var spans scanners.Spans
	spans.Add(opaque.Off, opaque.Len)
	w := scanners.NewWatch(spans, int64(len(data)))
	for at := 0; at < len(data); at += block {
		w.Look(data[at:min(len(data), at+block)], int64(at))
	}
	return w.Found()
}

// A program in a tensor is found wherever the blocks of a reader end, and once.
func TestWatch(t *testing.T) {
	for format, header := range headers {
		for at := 990; at < 1060; at++ { // an odd offset too: headers end anywhere
			data := make([]byte, 2048)
			copy(data[at:], header)
			for _, block := range []int{64, 100, 1024, 2048} {
				for _, from := range []int{at, at - 64} {
					found := watch(data, scanners.Span{Off: int64(from), Len: int64(2048 - from)}, block)
					if len(found) != 1 || found[0] != (scanners.Program{Offset: int64(at), Format: format}) {
						t.Errorf("%s at %d of a span at %d in blocks of %d: %v", format, at, from, block, found)
					}
				}
			}
		}
		data := make([]byte, 4096)
		copy(data[1000:], header)
		for _, block := range []int{8, 100, 1000, 1008, 1024, 4096} {
			found := watch(data, scanners.Span{Off: 512, Len: 3000}, block)
			if len(found) != 1 || found[0] != (scanners.Program{Offset: 1000, Format: format}) {
				t.Errorf("%s in blocks of %d: %v", format, block, found)
			}
		}
		if found := watch(data, scanners.Span{Off: 2000, Len: 1000}, 512); len(found) != 0 {
			t.Errorf("%s outside of the opaque bytes: %v", format, found)
		}
	}
	if self, err := os.Executable(); err == nil {
		if data, err := os.ReadFile(self); err == nil {
			if found := watch(data, scanners.Span{Len: int64(len(data))}, 1<<20); len(found) == 0 || found[0].Offset != 0 {
				t.Errorf("this test is no program: %v", found)
			}
		}
	}
}

// Random numbers are no program, however many, and looking costs little.
func TestWatchRandom(t *testing.T) {
	source := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 32<<20)
	_, _ = source.Read(data)
	for i := 0; i < len(data); i += 4096 { // signatures without a header
		binary.LittleEndian.PutUint32(data[i:], []uint32{0x464c457f, 0x00004550, 0xfeedfacf}[i/4096%3])
	}
	start := time.Now()
	if found := watch(data, scanners.Span{Len: int64(len(data))}, 1<<20); len(found) != 0 {
		t.Errorf("%v", found)
	}
	t.Logf("%.0f MB/s", float64(len(data))/1e6/time.Since(start).Seconds())
}
