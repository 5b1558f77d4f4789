package tar

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// block builds one header.
type block struct {
	name, link string
	kind       byte
	size       int64
	mode       int64
	data       string
	pad        string // instead of zeros
	v7         bool
}

func (h block) bytes() []byte {
	b := make([]byte, blockSize)
	copy(b, h.name)
	if h.mode == 0 {
		h.mode = 0o644
	}
	if h.size == 0 && h.kind < kindHardLink || h.size == 0 && h.kind > kindPipe {
		h.size = int64(len(h.data))
	}
	copy(b[100:], fmt.Sprintf("%07o", h.mode))
	copy(b[124:], fmt.Sprintf("%011o", h.size))
	b[156] = h.kind
	copy(b[157:], h.link)
	if !h.v7 {
		copy(b[257:], "ustar\x0000")
	}
	b = seal(b)
	b = append(b, h.data...)
	if n := -len(h.data) & (blockSize - 1); n > 0 {
		b = append(b, (h.pad + strings.Repeat("\x00", n))[:n]...)
	}
	return b
}

// seal computes the checksum.
func seal(b []byte) []byte {
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b[:blockSize] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

var end = string(make([]byte, 2*blockSize))

func archiveOf(blocks ...block) []byte {
	var out []byte
	for _, b := range blocks {
		out = append(out, b.bytes()...)
	}
	return append(out, end...)
}

func pax(kind byte, records ...string) block {
	var data string
	for _, r := range records {
		n := len(r) + 3
		for len(fmt.Sprint(n))+len(r)+2 != n {
			n = len(fmt.Sprint(n)) + len(r) + 2
		}
		data += fmt.Sprintf("%d %s\n", n, r)
	}
	return block{name: "PaxHeaders/x", kind: kind, data: data}
}

var (
	good  = block{name: "m/data.pkl", kind: '0', data: "assay-test-marker"}
	other = block{name: "m/version", kind: '0', data: "3\n"}
)

func samples() []scannertest.Sample {
	plain := archiveOf(block{name: "m/", kind: kindFolder, mode: 0o755}, good, other)
	hit := func(rule string, blocks ...block) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Hit: archiveOf(blocks...), Miss: plain}
	}
	nested := string(archiveOf(block{name: "inner", kind: '0', data: "assay-test-marker"}))
	return []scannertest.Sample{
		hit("tar/path-escape", block{name: "../x", kind: '0'}),
		hit("tar/path-escape", block{name: "/x", kind: '0'}),
		hit("tar/path-escape", block{name: "l", kind: kindSymlink, link: "/etc"}),
		hit("tar/path-escape", block{name: "a/l", kind: kindSymlink, link: "../../x"}),
		hit("tar/path-escape", block{name: "a/l", kind: kindHardLink, link: "../x"}),
		hit("tar/path-escape", block{name: "l", kind: kindSymlink, link: "d"}, block{name: "l/x", kind: '0'}),
		hit("tar/path-escape", pax('x', "path=../x"), good),
		hit("tar/path-escape", block{name: "././@LongLink", kind: kindLongName, data: "../x\x00"}, good),
		{Rule: "tar/path-escape", Miss: archiveOf(block{name: "a/l", kind: kindSymlink, link: "../m/x"})},
		hit("tar/link", block{name: "l", kind: kindSymlink, link: "m/data.pkl"}),
		hit("tar/link", block{name: "l", kind: kindHardLink, link: "m/data.pkl"}),
		hit("tar/special-file", block{name: "tty", kind: kindCharacter}),
		hit("tar/special-file", block{name: "p", kind: kindPipe}),
		hit("tar/setuid", block{name: "su", kind: '0', mode: 0o4755}),
		hit("tar/torch-archive", block{name: "storages", kind: '0'}, block{name: "tensors", kind: '0'}, block{name: "pickle", kind: '0'}),
		hit("tar/duplicate-name", good, good),
		hit("tar/duplicate-name", good, block{name: "M/Data.pkl", kind: '0'}),
		{Rule: "tar/duplicate-name", Miss: archiveOf(block{name: "d/", kind: kindFolder}, block{name: "d/", kind: kindFolder})},
		hit("tar/name-mismatch", pax('x', "path=m/data.txt"), good),
		{Rule: "tar/name-mismatch", Miss: archiveOf(pax('x', "path=größe"), block{name: "gr??e", kind: '0'})},
		hit("tar/size-mismatch", pax('x', "size=512"), block{name: "a", kind: '0', data: nested}),
		hit("tar/size-mismatch", block{name: "l", kind: kindSymlink, link: "m", size: 1024, data: nested[:1024]}),
		{Rule: "tar/size-mismatch", Miss: archiveOf(pax('x', "size=17"), good)},
		hit("tar/global-header", pax('g', "path=x"), good),
		{Rule: "tar/global-header", Miss: archiveOf(pax('g', "comment=1234"), good)},
		{Rule: "tar/data-after-end", Hit: append(archiveOf(good), archiveOf(other)...), Miss: append(archiveOf(good), make([]byte, 9000)...)},
		{Rule: "tar/data-after-end", Hit: append(archiveOf(good), "junk"...)},
		hit("tar/hidden-padding", block{name: "a", kind: '0', data: "x", pad: "hidden"}),
	}
}

func TestRules(t *testing.T) { scannertest.CheckRules(t, Scanner{}, samples()) }

// anything covers the members.
type anything struct{}

func (anything) Info() scanners.Info { return scanners.Info{Name: "any", Title: "any", Version: 1} }
func (anything) Match(h scanners.Head) bool {
	return !Scanner{}.Match(h)
}
func (anything) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	var r scanners.Result
	r.Opaque.Add(0, f.Size)
	return r, nil
}

var list = []scanners.Scanner{Scanner{}, anything{}}

const writers = `
import io, sys, tarfile
out = sys.argv[1]
for name, kind in ("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT):
    with tarfile.open(f"{out}/{name}.tar", "w", format=kind) as t:
        names = ["a", "dir/b", "d" * 60 + "/" + "e" * 60]
        if name != "ustar": names += ["größe", "f" * 200, "x/" * 100 + "g"]
        for n in names:
            i = tarfile.TarInfo(n); i.size = 1000; i.uid = 10**6
            t.addfile(i, io.BytesIO(b"assay-test-marker " * 60))
        i = tarfile.TarInfo("folder"); i.type = tarfile.DIRTYPE; i.mode = 0o755
        t.addfile(i)
        t.addfile(tarfile.TarInfo("empty"))
`

func TestOrdinaryWriters(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	if exec.Command("python3", "-c", "import tarfile").Run() == nil {
		run(t, exec.Command("python3", "-c", writers, out))
	}
	if _, err := exec.LookPath("tar"); err == nil {
		for _, name := range []string{"a", "größe", strings.Repeat("long", 40)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("assay-test-marker"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{"v7", "ustar", "gnu", "pax"} {
			args := []string{"-cf", filepath.Join(out, "tar-"+format+".tar"), "--format", format, "-C", dir, "a"}
			if format == "gnu" || format == "pax" {
				args[len(args)-1] = "."
			}
			run(t, exec.Command("tar", args...))
		}
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"a", strings.Repeat("b", 150), "größe"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: 3, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte("abc"))
	}
	if err := errors.Join(w.Close(), os.WriteFile(filepath.Join(out, "go.tar"), b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(out + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report := scannertest.Harmless(t, list, filepath.Base(name), data)
		if !slices.Contains(report.Formats, "tar") || report.Members == 0 {
			t.Errorf("%s: formats %v, %d members", name, report.Formats, report.Members)
		}
	}
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func members(data []byte) (map[string]string, error) {
	r, err := scannertest.Run(Scanner{}, "f", data)
	got := make(map[string]string)
	for _, m := range r.Members {
		got[m.Name] += string(data[m.Span.Off:m.Span.End()]) + m.Unreadable + ";"
	}
	return got, err
}

func TestMembers(t *testing.T) {
	nested := string(archiveOf(other))
	sparse := pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=real", "GNU.sparse.realsize=99")
	tests := []struct {
		name string
		data []byte
		want map[string]string
		gap  bool
	}{
		{"plain", archiveOf(good, other), map[string]string{"m/data.pkl": good.data + ";", "m/version": "3\n;"}, false},
		{"v7", archiveOf(block{name: "a", data: "x", v7: true}), map[string]string{"a": "x;"}, false},
		{"no end", archiveOf(good)[:1024], map[string]string{"m/data.pkl": good.data + ";"}, false},
		{"second archive", append(archiveOf(good), archiveOf(other)...), map[string]string{"m/data.pkl": good.data + ";", "m/version": "3\n;"}, false},
		{"junk at the end", append(archiveOf(good), "junk"...), map[string]string{"m/data.pkl": good.data + ";"}, true},
		{"cut off", archiveOf(good)[:520], map[string]string{"m/data.pkl": good.data[:8] + ";"}, true},
		{"two sizes", archiveOf(pax('x', "size=0"), block{name: "a", kind: '0', data: nested}),
			map[string]string{"a": nested + ";;", "m/version": "3\n;"}, false},
		{"sparse", archiveOf(sparse, block{name: "GNUSparseFile.0/real", kind: '0', data: "x"}),
			map[string]string{"real": "x;x" + "sparse file: its holes were not put back;"}, false},
		{"unknown kind", archiveOf(block{name: "a", kind: 'Q', data: "x"}), map[string]string{"a": "x;"}, false},
		{"bad record", archiveOf(good, block{name: "x", kind: 'x', data: "99 path=a\n"}, other), map[string]string{"m/data.pkl": good.data + ";"}, true},
		{"long name", archiveOf(block{kind: kindLongName, data: strings.Repeat("n", 5000)}, good),
			map[string]string{strings.Repeat("n", maxName): good.data + ";"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := members(tt.data)
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("members %q, want %q", got, tt.want)
			}
			if (err != nil) != tt.gap {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestBase256(t *testing.T) {
	b := good.bytes()
	copy(b[124:136], "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x11")
	got, err := members(append(seal(b), end...))
	if err != nil || got["m/data.pkl"] != good.data+";" {
		t.Errorf("%q, %v", got, err)
	}
	for _, field := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "12x4567890a"} {
		copy(b[124:136], field+"\x00")
		if _, err := members(append(seal(b), end...)); err == nil {
			t.Errorf("size %q: no error", field)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for name, data := range map[string][]byte{
		"zeros": make([]byte, 4096), "short": good.bytes()[:511], "text": []byte(strings.Repeat("ustar ", 200)),
		"bad sum": append([]byte("X"), good.bytes()[1:]...),
	} {
		if _, err := scannertest.Run(Scanner{}, name, data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimit(t *testing.T) {
	f := scannertest.File("f", archiveOf(good, other, block{name: "c", kind: '0'}))
	r, err := Scanner{}.Scan(context.Background(), f, scanners.Limits{MaxMembers: 2})
	var format *scanners.FormatError
	if !errors.As(err, &format) || format.Code != scanners.GapLimit || len(r.Members) != 2 {
		t.Errorf("%d members, %v", len(r.Members), err)
	}
}

// agreeWithGo checks that everything the standard library's reader returns is a
// member with the same content.
func agreeWithGo(t testing.TB, data []byte) {
	t.Helper()
	if _, err := scannertest.Run(Scanner{}, "f", data); errors.Is(err, scanners.ErrNotRecognised) {
		return
	}
	got, scanErr := members(data)
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return
		}
		want, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil || h.Typeflag != tar.TypeReg || len(want) == 0 || h.PAXRecords["GNU.sparse.major"] != "" {
			continue
		}
		seen := false
		for _, texts := range got {
			seen = seen || strings.Contains(texts, string(want))
		}
		if !seen && scanErr == nil {
			t.Errorf("archive/tar reads %q of %q, members %q", want, h.Name, got)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Hit)
		f.Add(s.Miss)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		// Mutations would hardly ever hit the checksums: put them right.
		for at := 0; at+blockSize <= len(data) && at < 16*blockSize; at += blockSize {
			if string(data[at+257:at+262]) == "ustar" {
				seal(data[at : at+blockSize])
			}
		}
		scannertest.Properties(t, Scanner{}, "f", data)
		agreeWithGo(t, data)
		if scannertest.Scan(list, "f", data).Coverage.Size() != int64(len(data)) {
			t.Error("coverage does not sum up")
		}
	})
}
