package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var (
	a4   = entry("a", "U8", "[4]", 0, 4)
	list = []scanners.Scanner{New()}
)

const name = "model.safetensors"

func TestRules(t *testing.T) {
	tensors := func(data int, entries ...string) []byte { return withTensors(data, entries...) }
	meta := func(value string) []byte { return tensors(4, `"__metadata__":`+value, a4) }
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "safetensors/header-size", Name: name, Hit: append(binary.LittleEndian.AppendUint64(nil, 100_000_001), ordinary()[8:]...), Miss: ordinary()},
		{Rule: "safetensors/truncated", Name: name, Hit: ordinary()[:100]},
		{Rule: "safetensors/truncated", Name: name, Hit: []byte{2, 0, 0}},
		{Rule: "safetensors/header-start", Name: name, Hit: file(" {"+a4+"}", 4), Miss: tensors(4, a4)},
		{Rule: "safetensors/header-json", Name: name, Hit: tensors(4, a4+","), Miss: file("{}", 0)},
		{Rule: "safetensors/header-json", Name: name, Hit: file(`[1]`, 0)},
		{Rule: "safetensors/header-json", Name: name, Hit: file(``, 0)},
		{Rule: "safetensors/header-json", Name: name, Hit: tensors(4, strings.Replace(a4, `"a"`, "\"\xff\"", 1))},
		{Rule: "safetensors/header-json", Name: name, Hit: file("{}x", 0)},
		{Rule: "safetensors/padding-bytes", Name: name, Hit: file("{"+a4+"}\n", 4), Miss: file("{"+a4+"} ", 4)},
		{Rule: "safetensors/padding-bytes", Name: name, Hit: file("{"+a4+"}\x00", 4)},
		{Rule: "safetensors/duplicate-key", Name: name, Hit: tensors(8, a4, entry("a", "U8", "[4]", 4, 8)),
			Miss: tensors(8, a4, entry("A", "U8", "[4]", 4, 8))},
		{Rule: "safetensors/duplicate-key", Name: name, Hit: tensors(4, `"a":{"dtype":"U8","shape":[9],"shape":[4],"data_offsets":[0,4]}`)},
		{Rule: "safetensors/duplicate-key", Name: name, Hit: tensors(4, `"__metadata__":{}`, `"__metadata__":{}`, a4)},
		{Rule: "safetensors/duplicate-key", Name: name, Hit: meta(`{"x":"1","\u0078":"2"}`), Miss: meta(`{"a":"1"}`)},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, `"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"extra":[{"x":1}]}`), Miss: tensors(4, a4)},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, `"a":{"dtype":"U8","shape":[4]}`)},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, entry("a", "U8", "[4.0]", 0, 4))},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, entry("a", "U8", "[-4]", 0, 4))},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, entry("a", "U8", "[4e0]", 0, 4))},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, entry("a", "U8", "4", 0, 4))},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, `"a":{"dtype":"U8","shape":[4],"data_offsets":[0,2,4]}`)},
		{Rule: "safetensors/tensor-entry", Name: name, Hit: tensors(4, `"a":[1,2]`)},
		{Rule: "safetensors/unknown-dtype", Name: name, Hit: tensors(4, entry("a", "Q4_K", "[4]", 0, 4)), Miss: tensors(4, entry("a", "F8_E4M3", "[4]", 0, 4))},
		{Rule: "safetensors/overlap", Name: name, Hit: tensors(6, a4, entry("b", "U8", "[4]", 2, 6)), Miss: tensors(8, entry("b", "U8", "[4]", 4, 8), a4)},
		{Rule: "safetensors/overlap", Name: name, Hit: tensors(7, a4, entry("b", "U8", "[4]", 3, 7))},
		{Rule: "safetensors/overlap", Name: name, Hit: tensors(4, a4, entry("b", "U8", "[4]", 0, 4)), Miss: tensors(4, a4, entry("b", "U8", "[0,7]", 4, 4))},
		{Rule: "safetensors/overlap", Name: name, Hit: tensors(4, a4, entry("b", "U8", "[0]", 2, 2)), Miss: tensors(4, a4, entry("b", "U8", "[0]", 0, 0))},
		{Rule: "safetensors/hole", Name: name, Hit: tensors(9, a4, entry("b", "U8", "[4]", 5, 9)), Miss: tensors(8, a4, entry("b", "U8", "[4]", 4, 8))},
		{Rule: "safetensors/size-mismatch", Name: name, Hit: tensors(4, entry("a", "F32", "[2]", 0, 4)), Miss: tensors(4, entry("a", "F32", "[]", 0, 4))},
		{Rule: "safetensors/size-mismatch", Name: name, Hit: tensors(4, entry("a", "F4", "[7]", 0, 4)), Miss: tensors(4, entry("a", "F4", "[8]", 0, 4))},
		{Rule: "safetensors/size-mismatch", Name: name, Hit: tensors(3, entry("a", "F4", "[7]", 0, 3))},
		{Rule: "safetensors/size-mismatch", Name: name, Hit: tensors(4, entry("a", "U8", "[4]", 4, 0)), Miss: tensors(3, entry("a", "F6_E2M3", "[4]", 0, 3))},
		{Rule: "safetensors/overflow", Name: name, Hit: tensors(4, entry("a", "U8", "[4294967296,4294967297,0]", 0, 4)), Miss: tensors(0, entry("a", "U8", "[0,4294967296,4294967297]", 0, 0))},
		{Rule: "safetensors/overflow", Name: name, Hit: tensors(4, entry("a", "F64", "[2305843009213693952]", 0, 4))},
		{Rule: "safetensors/overflow", Name: name, Hit: tensors(4, entry("a", "U8", "[18446744073709551616]", 0, 4))},
		{Rule: "safetensors/trailing-data", Name: name, Hit: append(tensors(4, a4), "PK\x05\x06"...), Miss: tensors(4, a4)},
		{Rule: "safetensors/trailing-data", Name: name, Hit: file("{}", 1), Miss: file("{}", 0)},
		{Rule: "safetensors/truncated", Name: name, Hit: tensors(3, a4), Miss: tensors(4, a4)},
		{Rule: "safetensors/metadata-type", Name: name, Hit: meta(`{"step":12}`), Miss: meta(`{"step":"12"}`)},
		{Rule: "safetensors/metadata-type", Name: name, Hit: meta(`["format"]`), Miss: meta(`{}`)},
		{Rule: "safetensors/metadata-size", Name: name, Hit: meta(`{"x":"` + strings.Repeat("0", 1<<20) + `"}`), Miss: meta(`{"x":"` + strings.Repeat("0", 1<<19) + `"}`)},
		{Rule: "safetensors/metadata-content", Name: name, Hit: meta(`{"config":"{\"_target_\": \"builtins.print\"}"}`),
			Miss: meta(`{"modelspec.description":"for retrieval(s); call model.eval() first, see https://example.org"}`)},
		{Rule: "safetensors/metadata-content", Name: name, Hit: meta(`{"note":"<SCRIPT>"}`)},
		{Rule: "safetensors/padding-size", Name: name, Hit: file("{"+a4+"}"+strings.Repeat(" ", 9), 4), Miss: file("{"+a4+"}"+strings.Repeat(" ", 8), 4)},
		{Rule: "safetensors/wrong-content", Name: name, Hit: []byte("\x80\x02K\x01."), Miss: ordinary()},
		{Rule: "safetensors/wrong-content", Name: name, Hit: []byte("PK\x03\x04 an archive")},
		{Rule: "safetensors/wrong-content", Name: "pytorch_model.bin", Hit: ordinary()},
		{Rule: "safetensors/wrong-content", Name: "3f9a0b", Miss: ordinary()},
		{Rule: "safetensors/tensor-name", Name: name, Hit: tensors(4, `"../../a\u0000":`+a4[4:]), Miss: tensors(4, `"params/layers_0/w..kernel":`+a4[4:])},
		{Rule: "safetensors/tensor-name", Name: name, Hit: tensors(4, "\"a\u202eb\":"+a4[4:]), Miss: tensors(4, "\"größe.层\":"+a4[4:])},
		{Rule: "safetensors/depth", Name: name, Hit: tensors(4, `"a":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}`), Miss: ordinary()},
	})
}

// What a converter writes passes whole, whatever the file is called.
func TestOrdinary(t *testing.T) {
	for _, n := range []string{name, "MODEL.SafeTensors", "lora.sft", "blobs/sha256-3f9a0b", ""} {
		report := scannertest.Harmless(t, list, n, ordinary())
		if c := report.Coverage; c.Opaque != 40 || c.Parsed != int64(len(ordinary()))-40 {
			t.Errorf("%s: coverage %+v", n, c)
		}
		want := "[{safetensors/dtypes BF16=20} {safetensors/metadata/format pt} {safetensors/parameters 20} {safetensors/tensors 2}]"
		if got := fmt.Sprint(report.Facts); got != want {
			t.Errorf("facts %s", got)
		}
	}
	scannertest.Harmless(t, list, name, file(padded("{}"), 0))
	scannertest.Harmless(t, list, name, withTensors(4, entry("scalar", "F32", "[]", 0, 4), entry("none", "F32", "[0]", 4, 4)))
}

// Coverage is incomplete wherever the reference reader refuses the structure.
func TestStructureThatCannotBeTrusted(t *testing.T) {
	for what, data := range map[string][]byte{
		"overlap":   withTensors(6, a4, entry("b", "U8", "[4]", 2, 6)),
		"hole":      withTensors(9, a4, entry("b", "U8", "[4]", 5, 9)),
		"size":      withTensors(4, entry("a", "F32", "[2]", 0, 4)),
		"overflow":  withTensors(4, entry("a", "F64", "[2305843009213693952]", 0, 4)),
		"duplicate": withTensors(8, a4, entry("a", "U8", "[4]", 4, 8)),
		"trailing":  append(withTensors(4, a4), 0),
		"truncated": withTensors(3, a4),
		"missing":   withTensors(4, `"a":{"dtype":"U8","shape":[4]}`),
		"no JSON":   withTensors(4, a4+","),
		"length":    ordinary()[:20],
		"padding":   file("{"+a4+"}\x00", 4),
	} {
		report := scannertest.Scan(list, name, data)
		if len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: no gap, class %s", what, report.Class)
		}
		if len(report.Findings) == 0 {
			t.Errorf("%s: nothing found", what)
		}
		if what == "size" && report.Coverage.Opaque != 0 {
			t.Errorf("bytes of a tensor with a wrong size count as %+v", report.Coverage)
		}
	}
}

// A pointer left by git-lfs is explained by the scanner of text; other binary
// content that only looks like a length and a brace is nobody's.
func TestDeclines(t *testing.T) {
	for n, data := range map[string]string{
		name:      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
		"a.bin":   "\x10\x00\x00\x00\x00\x00\x00\x00{\x00\x01\x02 and more of it",
		"b.json":  `{"dtype":"F32"}`,
		"c.model": "\x05\x00\x00\x00\x00\x00\x00\x00{nope",
	} {
		if _, err := scannertest.Run(New(), n, []byte(data)); err != scanners.ErrNotRecognised {
			t.Errorf("%s: %v", n, err)
		}
	}
}

// Findings that come before a break are kept.
func TestBreakKeepsFindings(t *testing.T) {
	data := file("{"+a4+","+a4+",", 4)
	scannertest.KeepsFindings(t, New(), name, data[:len(data)-4], nil)
	result, err := scannertest.Run(New(), name, data)
	if err == nil || !scannertest.HasRule(result.Findings, "safetensors/duplicate-key") {
		t.Errorf("findings %v, error %v", result.Findings, err)
	}
}

// sparse is a file of any size whose bytes after the header are zero.
type sparse struct{ head []byte }

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(s.head)) {
		copy(p, s.head[off:])
	}
	return len(p), nil
}

// The cost is that of the header: a terabyte of weights is not read.
func TestTerabyte(t *testing.T) {
	const size = 1 << 40
	head := file(padded("{"+entry("w", "U8", fmt.Sprintf("[%d]", size), 0, size)+"}"), 0)
	f := scanners.File{ReaderAt: sparse{head}, Name: name, Size: int64(len(head)) + size}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	report := scanners.Scan(t.Context(), list, f, scanners.Limits{})
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	if len(report.Findings)+len(report.Gaps) > 0 || !report.Coverage.Complete() || report.Coverage.Opaque != size {
		t.Errorf("report %+v", report)
	}
	if used := after.TotalAlloc - before.TotalAlloc; elapsed > time.Second || used > 32<<20 {
		t.Errorf("took %v and %d bytes", elapsed, used)
	}
}

// The limit of the reference reader, exactly.
func TestLargestHeader(t *testing.T) {
	for n, want := range map[uint64]scanners.GapCode{100_000_000: scanners.GapBroken, 100_000_001: scanners.GapLimit} {
		f := scanners.File{ReaderAt: sparse{append(binary.LittleEndian.AppendUint64(nil, n), '{')}, Name: name, Size: 1 << 30}
		report := scanners.Scan(t.Context(), list, f, scanners.Limits{})
		if len(report.Gaps) != 1 || report.Gaps[0].Code != want {
			t.Errorf("header of %d bytes: gaps %v", n, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(name, ordinary())
	f.Add("x.bin", ordinary())
	f.Add(name, withTensors(6, a4, entry("b", "U8", "[4]", 2, 6)))
	f.Add(name, withTensors(4, `"__metadata__":{"x":"1","x":{"y":[]}}`, entry("a", "F4", "[4294967296,4294967297]", 0, 4)))
	f.Add(name, file(" {"+a4+"}\n\x00", 3))
	f.Add(name, []byte("\x80\x02K\x01."))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, New(), n, data)
	})
}

// TestTruncated: a file that is in order until its end has not arrived; one whose
// numbers contradict each other, or describe no file, is made up.
func TestTruncated(t *testing.T) {
	huge := entry("a", "U8", "[18014398509481984]", 0, 1<<54)
	for what, c := range map[string]struct {
		data []byte
		want scanners.Severity
	}{
		"the last byte":       {withTensors(39, entry("a", "BF16", "[4,4]", 0, 32), entry("b", "BF16", "[4]", 32, 40)), scanners.Low},
		"nearly everything":   {withTensors(1, entry("a", "U8", "[1000000]", 0, 1000000)), scanners.Low},
		"in the header":       {ordinary()[:50], scanners.Low},
		"and an overlap":      {withTensors(3, a4, entry("b", "U8", "[4]", 2, 6)), scanners.High},
		"and a hole":          {withTensors(3, a4, entry("b", "U8", "[4]", 5, 9)), scanners.High},
		"and a size":          {withTensors(3, entry("a", "U16", "[4]", 0, 4)), scanners.High},
		"beyond any file":     {withTensors(3, huge), scanners.High},
		"a hole past the end": {withTensors(3, entry("a", "U8", "[4]", 1<<40, 1<<40+4)), scanners.High},
	} {
		r := scanners.Scan(t.Context(), list, scanners.File{ReaderAt: bytes.NewReader(c.data), Name: name, Size: int64(len(c.data))}, scanners.Limits{})
		worst := scanners.Informational
		for _, f := range r.Findings {
			if f.Rule == "safetensors/truncated" {
				worst = min(worst, f.Severity)
			}
		}
		if worst != c.want || len(r.Gaps) == 0 {
			t.Errorf("%s: severity %s, want %s; gaps %+v, findings %+v", what, worst, c.want, r.Gaps, r.Findings)
		}
		if c.want == scanners.Low && !strings.Contains(r.Gaps[0].Reason, "fetch it again") {
			t.Errorf("%s: gap %q", what, r.Gaps[0].Reason)
		}
	}
}

// What may be a configuration in the metadata is handed on whole; other values are not.
func TestDocuments(t *testing.T) {
	data := withTensors(0, `"__metadata__":{"config":"{\"_target_\":\"os.system\"}","c":"m:\n  target: \"os\\x2esystem\"\n","format":"pt","note":"steps: 5"}`)
	result, err := scannertest.Run(New(), "a.safetensors", data)
	if err != nil || len(result.Members) != 2 {
		t.Fatal(result.Members, err)
	}
	for i, want := range []string{`{"_target_":"os.system"}`, "m:\n  target: \"os\\x2esystem\"\n"} {
		r, err := result.Members[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(r); string(got) != want {
			t.Errorf("%q", got)
		}
	}
	many := strings.Repeat(`"k":"{}",`, maxDocuments+1)
	if _, err := scannertest.Run(New(), "a.safetensors", withTensors(0, `"__metadata__":{`+many[:len(many)-1]+`}`)); err == nil {
		t.Error("documents beyond the bound are left out in silence")
	}
}
