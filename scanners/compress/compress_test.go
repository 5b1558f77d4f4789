package compress

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

var content = []byte(strings.Repeat("assay-test-marker ", 500))

func pack(open func(io.Writer) (io.WriteCloser, error), data []byte) []byte {
	var b bytes.Buffer
	w, err := open(&b)
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var writers = map[string]func(io.Writer) (io.WriteCloser, error){
	"gz":   func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"z":    func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil },
	"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	"lzma": func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) },
	"lz4":  func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
	"zst":  func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
}

// anything covers the content, so that what is left was not accounted for.
type anything struct{}

func (anything) Info() scanners.Info { return scanners.Info{Name: "any", Title: "any", Version: 1} }
func (anything) Match(h scanners.Head) bool {
	_, ok := recognise(h.Start)
	return !ok
}
func (anything) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var r scanners.Result
	r.Opaque.Add(0, f.Size)
	return r, nil
}

var list = []scanners.Scanner{Scanner{}, anything{}}

func TestFormats(t *testing.T) {
	for ext, w := range writers {
		t.Run(ext, func(t *testing.T) {
			data := pack(w, content)
			for _, whole := range [][]byte{data, slices.Concat(data, data), pack(w, nil)} {
				report := scannertest.Harmless(t, list, "a/model.bin."+ext, whole)
				if !slices.Contains(report.Formats, "compress") || report.Members != 1 {
					t.Errorf("formats %v, %d members", report.Formats, report.Members)
				}
			}
			for name, broken := range map[string][]byte{
				"cut":  data[:len(data)-5],
				"junk": append(bytes.Clone(data), "junk after the end"...),
			} {
				report := scannertest.Scan(list, "x", broken)
				if len(report.Gaps) != 1 || report.Gaps[0].Code != scanners.GapBroken && report.Gaps[0].Code != scanners.GapUnrecognised || report.Coverage.Complete() {
					t.Errorf("%s: gaps %+v, coverage %+v", name, report.Gaps, report.Coverage)
				}
			}
		})
	}
}

// zfFile is what joblib 0.9.2 wrote.
func zfFile(blank string) []byte {
	head := fmt.Sprintf("ZF%-19s%s", fmt.Sprintf("%#x", len(content)), blank)
	return append([]byte(head), pack(writers["z"], content)...)
}

func TestZF(t *testing.T) {
	for _, blank := range []string{"", " "} {
		scannertest.Harmless(t, list, "a.pkl", zfFile(blank))
	}
}

func TestFixtures(t *testing.T) {
	names, err := filepath.Glob("../../testdata/benign/joblib/forest-*")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d fixtures, %v", len(names), err)
	}
	for _, name := range append(names, "../../testdata/benign/pandas/frame-gzip.pkl.gz") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report := scannertest.Harmless(t, list, name, data)
		if !slices.Contains(report.Formats, "compress") {
			t.Errorf("%s: formats %v", name, report.Formats)
		}
	}
}

// Formats without a magic number must not claim what is something else.
func TestNotRecognised(t *testing.T) {
	for name, data := range map[string][]byte{
		"markdown":    []byte("x^2 + y^2 = z^2 is what Pythagoras found, " + strings.Repeat("and more text ", 100)),
		"letters":     []byte("HK is a city, " + strings.Repeat("and more text ", 1000)),
		"zlib header": append([]byte("\x78\x9c"), bytes.Repeat([]byte{0xff}, 100)...),
		"lzma header": append([]byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00"), bytes.Repeat([]byte{0xaa, 0x55}, 100)...),
		"ZF text":     []byte("ZF0x is the prefix of a file that joblib wrote"),
		"bz text":     []byte("BZh9 is how a bzip2 file begins"),
		"pickle":      []byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00."),
		"empty":       nil,
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInnerName(t *testing.T) {
	for name, want := range map[string]string{
		"a/b/model.pkl.gz": "model.pkl", "data.TGZ": "data.tar", ".gz": ".gz", "": "content", "model.joblib": "model.joblib",
	} {
		if got := innerName(name, formats[0].suffixes); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A dictionary too large to allocate is a gap that says so.
func TestUnsupported(t *testing.T) {
	data := pack(writers["lzma"], content)
	copy(data[1:], "\x00\x00\x00\x40")
	copy(data[5:], "\xff\xff\xff\xff\xff\xff\xff\xff")
	report := scannertest.Scan(list, "x", data)
	if len(report.Gaps) != 1 || !strings.Contains(report.Gaps[0].Reason, "not supported") {
		t.Errorf("gaps %+v", report.Gaps)
	}
}

func skippable(n int) []byte {
	return append([]byte{0x50, 0x2a, 0x4d, 0x18, byte(n), 0, 0, 0}, bytes.Repeat([]byte("h"), n)...)
}

func gzipWithExtra(n int) []byte {
	return pack(func(w io.Writer) (io.WriteCloser, error) {
		z := gzip.NewWriter(w)
		z.Extra = bytes.Repeat([]byte("h"), n)
		return z, nil
	}, content)
}

func TestRules(t *testing.T) {
	zst, l4 := pack(writers["zst"], content), pack(writers["lz4"], content)
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "compress/hidden-data", Hit: append(skippable(100), zst...), Miss: append(skippable(4), zst...)},
		{Rule: "compress/hidden-data", Hit: append(skippable(100), l4...), Miss: l4},
		{Rule: "compress/hidden-data", Hit: gzipWithExtra(500), Miss: gzipWithExtra(6)},
	})
}

func FuzzScan(f *testing.F) {
	for _, w := range writers {
		f.Add(pack(w, content[:50]))
	}
	f.Add(zfFile(" "))
	f.Add(append(skippable(9), pack(writers["zst"], content[:50])...))
	f.Fuzz(func(t *testing.T, data []byte) {
		scannertest.Properties(t, Scanner{}, "f", data)
		scannertest.KeepsFindings(t, Scanner{}, "f", data, []byte("junk"))
	})
}
