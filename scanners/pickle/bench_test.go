package pickle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"assay/scanners"
)

// denseProgram is what pickle.dumps(list of dicts of small values, protocol=4)
// looks like: few bytes per opcode, everything memoised.
func denseProgram(records int) []byte {
	var b bytes.Buffer
	b.WriteString("\x80\x04]\x94(")
	for i := range records {
		b.WriteString("}\x94(\x8c\x02id\x94M")
		_ = binary.Write(&b, binary.LittleEndian, uint16(i))
		b.WriteString("\x8c\x04name\x94\x8c\x05")
		fmt.Fprintf(&b, "%05d", i%100000)
		b.WriteString("\x94h\x02]\x94(K\x01K\x02K\x03K\x04eu")
		if i%1000 == 999 {
			b.WriteString("e(")
		}
	}
	b.WriteString("e.")
	return b.Bytes()
}

func BenchmarkDense(b *testing.B) { benchmark(b, denseProgram(200_000)) }

// BenchmarkMemo is a list of short texts, each memoised and none used again.
func BenchmarkMemo(b *testing.B) {
	benchmark(b, append(append([]byte("\x80\x04]("), bytes.Repeat([]byte("\x8c\x08abcdefgh\x94"), 1<<20)...), "e."...))
}

func BenchmarkPayload(b *testing.B) {
	data := append([]byte("\x80\x04]\x94("), bytes.Repeat(append([]byte("B\x00\x00\x10\x00"), make([]byte, 1<<20)...), 64)...)
	benchmark(b, append(data, "e."...))
}

// BenchmarkStateDict is the pickle of a model with many tensors.
func BenchmarkStateDict(b *testing.B) { benchmark(b, stateDict(20_000)) }

func stateDict(tensors int) []byte {
	var p bytes.Buffer
	memo := uint32(0)
	put := func() {
		p.WriteByte(opLongBinPut)
		_ = binary.Write(&p, binary.LittleEndian, memo)
		memo++
	}
	text := func(s string) {
		p.WriteByte(opBinUnicode)
		_ = binary.Write(&p, binary.LittleEndian, uint32(len(s)))
		p.WriteString(s)
		put()
	}
	p.WriteString("\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\xf0ctorch\nFloatStorage\nq\xf1ccollections\nOrderedDict\nq\xf2}(")
	memo = 256
	for i := range tensors {
		text(fmt.Sprintf("model.layers.%d.attention.weight", i))
		p.WriteString("h\xf0((")
		text("storage")
		p.WriteString("h\xf1")
		text(fmt.Sprint(i))
		text("cpu")
		p.WriteString("K\x08t")
		put()
		p.WriteString("QK\x00K\x02K\x04\x86")
		put()
		p.WriteString("K\x04K\x01\x86")
		put()
		p.WriteString("\x89h\xf2)R")
		put()
		p.WriteString("t")
		put()
		p.WriteString("R")
		put()
	}
	p.WriteString("u.")
	return p.Bytes()
}

// benchmark scans data, and reports how fast the best run was, in bytes per second
// and against SHA-256 over the same bytes: what every file costs that is verified.
func benchmark(b *testing.B, data []byte) {
	b.Helper()
	f := scanners.File{ReaderAt: bytes.NewReader(data), Name: "data.pkl", Size: int64(len(data))}
	b.SetBytes(f.Size)
	b.ReportAllocs()
	scan, hash := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		r, err := Scanner{}.Scan(context.Background(), f, scanners.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(r)
		scan = min(scan, time.Since(start))
	}
	for range 5 {
		start := time.Now()
		runtime.KeepAlive(sha256.Sum256(data))
		hash = min(hash, time.Since(start))
	}
	b.ReportMetric(float64(len(data))/1e6/scan.Seconds(), "best-MB/s")
	b.ReportMetric(hash.Seconds()/scan.Seconds(), "x-sha256")
}
