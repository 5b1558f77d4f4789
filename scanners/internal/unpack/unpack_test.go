package unpack

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// bz2 of "assay-test-marker\n": the standard library cannot write the format.
const bzipped = "425a6839314159265359c16ed1ec000002518000100002220a1c202000310030200d1ea2e3ac31682899aaf177245385090c16ed1ec0"

func write(t testing.TB, open func(io.Writer) (io.WriteCloser, error), content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var formats = []struct {
	name   string
	open   Opener
	writer func(io.Writer) (io.WriteCloser, error)
	single bool // one stream only, by its definition
}{
	{"deflate", Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 9) }, true},
	{"zlib", Zlib, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }, false},
	{"gzip", Gzip, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }, false},
	{"lz4", LZ4, func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil }, false},
	{"xz", XZ, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }, false},
	{"xz in blocks", XZ, func(w io.Writer) (io.WriteCloser, error) {
		return xz.WriterConfig{BlockSize: 1000, CheckSum: xz.SHA256}.NewWriter(w)
	}, false},
	{"xz crc32", XZ, func(w io.Writer) (io.WriteCloser, error) { return xz.WriterConfig{CheckSum: xz.CRC32}.NewWriter(w) }, false},
	{"xz no check", XZ, func(w io.Writer) (io.WriteCloser, error) { return xz.WriterConfig{NoCheckSum: true}.NewWriter(w) }, false},
	{"lzma", LZMA, func(w io.Writer) (io.WriteCloser, error) { return lzma.NewWriter(w) }, false},
	{"zstd", Zstd, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }, false},
}

func read(open Opener, data []byte) ([]byte, error) {
	r, err := open(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreams(t *testing.T) {
	content := []byte(strings.Repeat("assay-test-marker ", 1000))
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			one := write(t, f.writer, content)
			if got, err := read(f.open, one); err != nil || !bytes.Equal(got, content) {
				t.Errorf("one stream: %d bytes, %v", len(got), err)
			}
			if got, err := read(f.open, write(t, f.writer, nil)); err != nil || len(got) != 0 {
				t.Errorf("empty stream: %d bytes, %v", len(got), err)
			}
			got, err := read(f.open, bytes.Join([][]byte{one, one}, nil))
			switch {
			case f.single && !errors.Is(err, ErrTrailing):
				t.Errorf("two streams: %v, want ErrTrailing", err)
			case !f.single && (err != nil || len(got) != 2*len(content)):
				t.Errorf("two streams: %d bytes, %v", len(got), err)
			}
			got, err = read(f.open, append(bytes.Clone(one), "junk after the end"...))
			if !errors.Is(err, ErrTrailing) || !bytes.Equal(got, content) {
				t.Errorf("junk: %d bytes, %v", len(got), err)
			}
			for _, cut := range []int{0, 1, 5, len(one) / 2, len(one) - 1} {
				if _, err := read(f.open, one[:cut]); err == nil && cut > 0 {
					t.Errorf("cut to %d of %d bytes: no error", cut, len(one))
				}
			}
		})
	}
}

func TestChecksums(t *testing.T) {
	content := []byte(strings.Repeat("assay-test-marker ", 100))
	for _, f := range formats[4:7] {
		data := write(t, f.writer, content)
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 0x10
			got, err := read(f.open, bad)
			if err == nil && !bytes.Equal(got, content) {
				t.Fatalf("%s: byte %d flipped, other content, no error", f.name, i)
			}
		}
	}
}

func TestBzip2(t *testing.T) {
	data, err := hex.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 2; n++ {
		got, err := read(Bzip2, bytes.Repeat(data, n))
		if want := strings.Repeat("assay-test-marker\n", n); err != nil || string(got) != want {
			t.Errorf("%d streams: %q, %v", n, got, err)
		}
	}
	if _, err := read(Bzip2, append(data, "junk"...)); err == nil {
		t.Error("junk: no error")
	}
}

func TestPadding(t *testing.T) {
	for _, f := range formats[2:5:5] {
		if f.name == "lz4" {
			continue
		}
		data := append(write(t, f.writer, []byte("x")), make([]byte, 512)...)
		if got, err := read(f.open, data); err != nil || string(got) != "x" {
			t.Errorf("%s: %q, %v", f.name, got, err)
		}
	}
}

// A header that asks for more than MaxWindow is refused before anything is
// allocated.
func TestWindowIsBounded(t *testing.T) {
	alone := write(t, formats[8].writer, []byte("x"))
	copy(alone[1:], "\x00\x00\x00\xc0")
	copy(alone[5:], "\xff\xff\xff\xff\xff\xff\xff\xff")
	head := []byte{2, 0, 0x21, 1, 40, 0, 0, 0}
	sum := crc32.ChecksumIEEE(head)
	container := append(write(t, formats[4].writer, nil)[:12:12], head...)
	container = append(container, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
	frame := []byte("\x28\xb5\x2f\xfd\x00\xf8\x00\x00\x00") // a window of 2 TiB
	for name, test := range map[string]struct {
		open Opener
		data []byte
	}{"lzma": {LZMA, alone}, "xz": {XZ, container}, "zstd": {Zstd, frame}} {
		if _, err := read(test.open, test.data); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
}

func FuzzXZ(f *testing.F) {
	for _, format := range formats[4:8] {
		f.Add(write(f, format.writer, []byte(strings.Repeat("abc", 100))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := XZ(bytes.NewReader(data))
		if err != nil {
			return
		}
		_, _ = io.CopyN(io.Discard, r, 1<<20)
	})
}
