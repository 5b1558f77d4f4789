package all

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// payload is a pickle that would call os.system, in the text of protocol 0. What
// it would run is an inert marker.
const payload = "cos\nsystem\n(S'echo assay-test-marker'\ntR."

// wrap puts content into a container.
type wrap func(content []byte) []byte

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func stream(open func(io.Writer) io.WriteCloser) wrap {
	return func(content []byte) []byte {
		var b bytes.Buffer
		w := open(&b)
		must(w.Write(content))
		must(0, w.Close())
		return b.Bytes()
	}
}

var (
	inGzip = stream(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	inZlib = stream(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	inXZ   = stream(func(w io.Writer) io.WriteCloser { return must(xz.NewWriter(w)) })
	inZstd = stream(func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) })
	raw    = stream(func(w io.Writer) io.WriteCloser { return must(flate.NewWriter(w, 9)) })
)

func inTar(content []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(0, w.WriteHeader(&tar.Header{Name: "archive/x", Size: int64(len(content)), Mode: 0o644}))
	must(w.Write(content))
	must(0, w.Close())
	return b.Bytes()
}

// inZip stores content under the name in an archive without descriptors. Change
// may falsify what the headers say.
func inZip(name string, change func(*zip.FileHeader)) wrap {
	return func(content []byte) []byte {
		h := &zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE(content), UncompressedSize64: uint64(len(content))}
		if change != nil {
			change(h)
		}
		if h.Method == zip.Deflate {
			content = raw(content)
		}
		h.CompressedSize64 = uint64(len(content))
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		must(must(w.CreateRaw(h)).Write(content))
		must(0, w.Close())
		return b.Bytes()
	}
}

var plainZip = inZip("archive/data.pkl", nil)

// edited replaces bytes of what another wrap gives.
func edited(inner wrap, edit func(b []byte) []byte) wrap {
	return func(content []byte) []byte { return edit(inner(content)) }
}

// central is where the directory of an archive begins.
func central(b []byte) int { return bytes.LastIndex(b, []byte("PK\x01\x02")) }

func chain(wraps ...wrap) wrap {
	return func(content []byte) []byte {
		for _, w := range slices.Backward(wraps) {
			content = w(content)
		}
		return content
	}
}

func nested(n int) wrap { return chain(slices.Repeat([]wrap{inZip("inner.zip", nil)}, n)...) }

// Whatever it is put into, the call is found, and the file is malicious.
func TestTheCallIsFound(t *testing.T) {
	for name, w := range map[string]wrap{
		"plain":      chain(),
		"zip":        plainZip,
		"other name": inZip("archive/README.md", nil),
		"deflated":   inZip("archive/data.pkl", func(h *zip.FileHeader) { h.Method = zip.Deflate }),
		"nested":     nested(7),
		"gzip":       inGzip, "zlib": inZlib, "xz": inXZ, "zstd": inZstd, "tar": inTar,
		"gzip of tar of zip": chain(inGzip, inTar, plainZip),
		"zip of gzip":        chain(plainZip, inGzip),
		"zip in tar":         chain(inTar, plainZip),

		"CVE-2025-1945, encryption flag": inZip("archive/data.pkl", func(h *zip.FileHeader) { h.Flags = 1 }),
		"patch flag":                     inZip("archive/data.pkl", func(h *zip.FileHeader) { h.Flags = 0x20 }),
		"CVE-2025-10156, bad checksum":   inZip("archive/data.pkl", func(h *zip.FileHeader) { h.CRC32 = 1 }),
		"bad checksum, encryption flag":  inZip("archive/data.pkl", func(h *zip.FileHeader) { h.CRC32, h.Flags = 1, 1 }),
		"bad checksum, deflated":         inZip("archive/data.pkl", func(h *zip.FileHeader) { h.CRC32, h.Method = 1, zip.Deflate }),
		"CVE-2025-1944, local name": edited(plainZip, func(b []byte) []byte {
			return bytes.Replace(b, []byte("archive/data.pkl"), []byte("archive/data.txt"), 1)
		}),
		"CVE-2025-1889, other extension": inZip("archive/config.p", nil),
		"not in the directory": edited(plainZip, func(b []byte) []byte {
			return append(b[:central(b):central(b)], inZip("archive/version", nil)([]byte("3\n"))...)
		}),
		"no directory":     edited(plainZip, func(b []byte) []byte { return b[:central(b)] }),
		"prefix":           edited(plainZip, func(b []byte) []byte { return append([]byte("GGUF"), b...) }),
		"trailing":         edited(plainZip, func(b []byte) []byte { return append(b, "junk"...) }),
		"stated too short": edited(plainZip, func(b []byte) []byte { binary.LittleEndian.PutUint32(b[central(b)+20:], 3); return b }),
		"stated deflated":  edited(plainZip, func(b []byte) []byte { b[central(b)+10] = 8; return b }),
		"upper case":       inZip("archive/DATA.PKL", nil),
		"zero byte":        inZip("archive/data.pkl\x00.txt", nil),
		"cut gzip":         edited(inGzip, func(b []byte) []byte { return b[:len(b)-6] }),
		"before an archive": func(content []byte) []byte {
			return append(content, inZip("archive/version", nil)([]byte("3\n"))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := scannertest.Scan(Scanners(), "pytorch_model.bin", w([]byte(payload)))
			found := slices.ContainsFunc(r.Findings, func(f scanners.Finding) bool {
				return f.Severity == scanners.Critical && strings.HasPrefix(f.Rule, "pickle/") && strings.Contains(f.What, "system")
			})
			if !found || r.Class != scanners.Malicious {
				t.Errorf("class %v, findings %+v, gaps %+v", r.Class, r.Findings, r.Gaps)
			}
		})
	}
}

// A container too deep to look into is no pass.
func TestTooDeep(t *testing.T) {
	r := scannertest.Scan(Scanners(), "f", nested(9)([]byte(payload)))
	if r.Class == scanners.Clean || !slices.ContainsFunc(r.Gaps, func(g scanners.Gap) bool { return g.Code == scanners.GapLimit }) {
		t.Errorf("class %v, gaps %+v", r.Class, r.Gaps)
	}
}

// A small archive that expands without end is stopped, and is no pass.
func TestBomb(t *testing.T) {
	zeros := make([]byte, 100<<20)
	r := scannertest.Scan(Scanners(), "f", inZip("zeros", func(h *zip.FileHeader) { h.Method = zip.Deflate })(zeros))
	if r.Class == scanners.Clean || !slices.ContainsFunc(r.Gaps, func(g scanners.Gap) bool { return g.Code == scanners.GapLimit }) {
		t.Errorf("class %v, gaps %+v", r.Class, r.Gaps)
	}
}
