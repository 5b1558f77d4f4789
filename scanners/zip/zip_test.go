package zip

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// scan returns what the members are called and hold. Content that ends in an
// error counts as far as it goes.
func scan(t testing.TB, data []byte) (scanners.Result, map[string][]string, error) {
	t.Helper()
	r, err := scannertest.Run(Scanner{}, "f", data)
	content := make(map[string][]string)
	for _, m := range r.Members {
		text := "unreadable: " + m.Unreadable
		if m.Unreadable == "" {
			text = string(data[m.Span.Off:m.Span.End()])
		}
		if m.Open != nil {
			text = ""
			if src, err := m.Open(); err == nil {
				b, _ := io.ReadAll(io.LimitReader(src, 1<<20))
				text = string(b)
			}
		}
		content[m.Name] = append(content[m.Name], text)
	}
	return r, content, err
}

// Whatever a reader could see must be among the members.
func TestEveryReadingIsAMember(t *testing.T) {
	text := strings.Repeat("assay-test-marker ", 20)
	deflated := string(file{content: text, method: 8}.data())
	unlisted := with(func(f *file) { f.name, f.unlisted = "hidden", true })
	streamed := with(func(f *file) {
		f.flags, f.descriptor = flagDescriptor, descriptorOf(f.content, len(f.content))
	})
	cut := func(b []byte) []byte { return b[:bytes.Index(b, []byte(sigCentral))] }
	tests := []struct {
		name string
		data []byte
		want map[string][]string
	}{
		{"two names", archiveOf(file{name: "a", localName: "b", content: "x"}), map[string][]string{"a": {"x"}, "b": {"x"}}},
		{"stored for some, deflated for others", archiveOf(file{name: "a", content: text, method: 8, localMethod: methodStored + 99}),
			map[string][]string{"a": {text, "unreadable: encrypted"}}},
		{"two methods", archiveOf(file{name: "a", content: deflated, localMethod: 8, plain: uint32(len(text))}),
			map[string][]string{"a": {deflated, text}}},
		{"two sizes", archiveOf(file{name: "a", content: "abcdef", localPacked: 3}), map[string][]string{"a": {"abcdef", "abc"}}},
		{"marked encrypted", archiveOf(with(func(f *file) { f.flags = flagEncrypted })), map[string][]string{good.name: {good.content}}},
		{"perhaps encrypted", archiveOf(with(func(f *file) { f.flags, f.crc = flagEncrypted, 1 })),
			map[string][]string{good.name: {"unreadable: encrypted", good.content}}},
		{"bad checksum", archiveOf(file{name: "a", content: text, method: 8, crc: 1}), map[string][]string{"a": {text}}},
		{"unlisted", archiveOf(good, unlisted), map[string][]string{good.name: {good.content}, "hidden": {good.content}}},
		{"unlisted at the front", archiveOf(unlisted, other), map[string][]string{other.name: {other.content}, "hidden": {good.content}}},
		{"behind a false header", archiveOf(good, with(func(f *file) { f.name, f.unlisted, f.before = "hidden", true, sigLocal+"junk" })),
			map[string][]string{good.name: {good.content}, "hidden": {good.content}}},
		{"zero byte", archiveOf(file{name: "a.pkl\x00.txt", content: "x"}), map[string][]string{"a.pkl\x00.txt": {"x"}, "a.pkl": {"x"}}},
		{"prefix", whole{prefix: "GGUF", relative: true}.build(good), map[string][]string{good.name: {good.content}}},
		{"no directory", cut(archiveOf(good, packed)), map[string][]string{good.name: {good.content}, packed.name: {packed.content}}},
		{"no directory, sizes behind the data", cut(archiveOf(streamed, other)), map[string][]string{good.name: {good.content}, other.name: {other.content}}},
		{"in the comment", whole{comment: string(archiveOf(other))}.build(good), map[string][]string{good.name: {good.content}, other.name: {other.content}}},
		{"appended", append(archiveOf(good), archiveOf(other)...), map[string][]string{good.name: {good.content}, other.name: {other.content}}},
		{"duplicates", archiveOf(file{name: "a", content: "1"}, file{name: "a", content: "2"}), map[string][]string{"a": {"1", "2"}}},
		{"folders", archiveOf(file{name: "d/"}, file{name: "e/", content: "x"}), map[string][]string{"e/": {"x"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got, _ := scan(t, tt.data)
			for name, texts := range tt.want {
				for _, text := range texts {
					if !slices.Contains(got[name], text) {
						t.Errorf("no member %q with %q in %q", name, text, got)
					}
				}
			}
			for name := range got {
				if tt.want[name] == nil {
					t.Errorf("member %q", name)
				}
			}
		})
	}
}

// What is wrong leaves a gap, and a finding where it is no accident.
func TestIncomplete(t *testing.T) {
	whole1 := archiveOf(good, packed)
	tests := []struct {
		name string
		data []byte
		code scanners.GapCode
		rule string
	}{
		{"cut off", whole1[:len(whole1)-30], scanners.GapBroken, ""},
		{"cut in the data", archiveOf(packed)[:100], scanners.GapBroken, ""},
		{"method", archiveOf(with(func(f *file) { f.method = 9 })), scanners.GapUnsupported, ""},
		{"encrypted", archiveOf(with(func(f *file) { f.flags, f.crc = flagEncrypted, 1 })), scanners.GapUnsupported, "zip/encrypted"},
		{"broken data", archiveOf(with(func(f *file) { f.method, f.localMethod, f.content = 95, 95, "no xz" })), scanners.GapBroken, ""},
		{"wrong size", archiveOf(file{name: "a", content: strings.Repeat("a", 100), method: 8, plain: 99}), scanners.GapBroken, "zip/size-mismatch"},
		{"no local header", append([]byte("12345678"), archiveOf(good)[:0]...), scanners.GapUnrecognised, ""},
		{"trailing", whole{suffix: "junk"}.build(good), scanners.GapUncovered, "zip/trailing"},
		{"prefix", whole{prefix: "junk"}.build(good), scanners.GapUncovered, "zip/prefix"},
		{"gap", archiveOf(good, with(func(f *file) { f.name, f.before = "b", "hidden" })), scanners.GapUncovered, "zip/gap"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			only := []scanners.Scanner{Scanner{}, plain{}}
			r := scannertest.Scan(only, "f", tt.data)
			if !slices.ContainsFunc(r.Gaps, func(g scanners.Gap) bool { return g.Code == tt.code }) {
				t.Errorf("gaps %+v, want %q", r.Gaps, tt.code)
			}
			if tt.rule != "" && !scannertest.HasRule(r.Findings, tt.rule) {
				t.Errorf("findings %+v, want %s", r.Findings, tt.rule)
			}
			if tt.rule == "" && len(r.Findings) > 0 {
				t.Errorf("findings %+v: an accident is no finding", r.Findings)
			}
			if r.Coverage.Complete() && tt.rule != "zip/encrypted" { // whose plain reading is covered
				t.Errorf("coverage %+v is complete", r.Coverage)
			}
		})
	}
}

// plain covers what the samples hold.
type plain struct{ anything }

func (plain) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("assay")) }

// A directory header may reach into the end record: some readers read it so.
func TestNameInTheEndRecord(t *testing.T) {
	data := archiveOf(file{name: "link", content: good.content})
	at := bytes.LastIndex(data, []byte(sigCentral))
	data[at+28] += 4
	r, members, _ := scan(t, data)
	if len(members["link"+sigEnd]) != 1 || !scannertest.HasRule(r.Findings, "zip/overlap") {
		t.Errorf("members %q, findings %+v", members, r.Findings)
	}
}

func TestMissingLocalHeader(t *testing.T) {
	data := archiveOf(good, other)
	copy(data, "XXXX")
	r, members, err := scan(t, data)
	if !scannertest.HasRule(r.Findings, "zip/header-mismatch") || err == nil {
		t.Errorf("findings %+v, error %v", r.Findings, err)
	}
	if len(members[other.name]) != 1 {
		t.Errorf("members %q: one bad entry must not hide the other", members)
	}
}

func TestNotAnArchive(t *testing.T) {
	tarHeader := make([]byte, 512)
	inner := archiveOf(good)
	copy(tarHeader[124:], fmt.Sprintf("%011o", len(inner)))
	copy(tarHeader[257:], "ustar")
	for name, data := range map[string][]byte{
		"chance":    []byte("text with PK\x05\x06 in it, and more text after that"),
		"empty end": append([]byte("text"), archiveOf()...),
		"in a tar":  slices.Concat(tarHeader, inner, make([]byte, 1024)),
	} {
		if _, err := scannertest.Run(Scanner{}, "f", data); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tarHeader[130]++ // of another size: the archive is not exactly the member
	if _, err := scannertest.Run(Scanner{}, "f", slices.Concat(tarHeader, inner)); errors.Is(err, scanners.ErrNotRecognised) {
		t.Error("an archive that a tar header only seems to hold was declined")
	}
}

func TestLimits(t *testing.T) {
	f := scannertest.File("f", archiveOf(good, other, packed))
	r, err := Scanner{}.Scan(context.Background(), f, scanners.Limits{MaxMembers: 2})
	var format *scanners.FormatError
	if !errors.As(err, &format) || format.Code != scanners.GapLimit || len(r.Members) != 2 {
		t.Errorf("%d members, %v", len(r.Members), err)
	}
	if len(r.Findings) > 0 {
		t.Errorf("a limit is no finding: %+v", r.Findings)
	}
	var many []file
	for range 300 {
		many = append(many, file{name: "../a"})
	}
	r, _, _ = scan(t, archiveOf(many...))
	if n := len(r.Findings); n != 2*17 {
		t.Errorf("%d findings: every rule is spelled out 16 times", n)
	}
}

// The severity follows what is known.
func TestRaised(t *testing.T) {
	of := func(rule string, files ...file) scanners.Severity {
		t.Helper()
		r, _, _ := scan(t, archiveOf(files...))
		for _, f := range r.Findings {
			if f.Rule == rule {
				return f.Severity
			}
		}
		t.Fatalf("no %s in %+v", rule, r.Findings)
		return 0
	}
	if s := of("zip/encrypted", with(func(f *file) { f.flags = flagEncrypted })); s != scanners.High {
		t.Errorf("plain data marked as encrypted: %v", s)
	}
	if s := of("zip/encrypted", with(func(f *file) { f.flags, f.crc = flagEncrypted, 1 })); s != scanners.Medium {
		t.Errorf("encrypted data: %v", s)
	}
	link := func(target string) file { return file{name: "a/link", content: target, mode: 0o120777} }
	for target, want := range map[string]scanners.Severity{
		"b": scanners.High, "../b": scanners.High, "../../b": scanners.Critical, "/etc/passwd": scanners.Critical,
	} {
		if s := of("zip/special-file", link(target)); s != want {
			t.Errorf("link to %s: %v, want %v", target, s, want)
		}
	}
}

// agreeWithGo checks that everything the standard library's reader returns is a
// member with the same content.
func agreeWithGo(t testing.TB, data []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return
	}
	_, members, scanErr := scan(t, data)
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		src, err := f.Open()
		if err != nil {
			continue
		}
		want, err := io.ReadAll(io.LimitReader(src, 1<<20))
		if err != nil && !errors.Is(err, zip.ErrChecksum) || len(f.Name) > maxName || len(want) == 0 {
			continue
		}
		seen := slices.ContainsFunc(members[f.Name], func(got string) bool { return strings.HasPrefix(got, string(want)) })
		if !seen && !errors.Is(scanErr, context.Canceled) {
			t.Errorf("archive/zip reads %d bytes of %q, members %q, %v", len(want), f.Name, members[f.Name], scanErr)
		}
	}
}

const pythonReader = `
import sys, zipfile, hashlib, os
for f in sorted(os.listdir(sys.argv[1])):
    try: z = zipfile.ZipFile(os.path.join(sys.argv[1], f))
    except Exception: continue
    for i in z.infolist():
        try: data = z.read(i)
        except Exception: continue
        if not i.filename.endswith("/"): print(f, hashlib.sha256(data).hexdigest())
`

// torchReader asks for the records by every spelling that the samples use.
const torchReader = `
import sys, hashlib, os, torch
for f in sorted(os.listdir(sys.argv[1])):
    try: z = torch._C.PyTorchFileReader(os.path.join(sys.argv[1], f))
    except Exception: continue
    for n in set(z.get_all_records()) | {"data.pkl", "DATA.PKL", "hidden", "version"}:
        try: data = z.get_record(n)
        except Exception: continue
        print(f, hashlib.sha256(data).hexdigest())
`

// What other readers return for each of the hostile samples was handed out.
func TestOtherReadersSeeNothingElse(t *testing.T) {
	dir := t.TempDir()
	handed := make(map[string]bool)
	for i, s := range samples() {
		for j, data := range [][]byte{s.Hit, s.Miss} {
			name := fmt.Sprintf("%d-%d", i, j)
			write(t, filepath.Join(dir, name), string(data))
			_, members, _ := scan(t, data)
			for _, texts := range members {
				for _, text := range texts {
					handed[fmt.Sprintf("%s %x", name, sha256.Sum256([]byte(text)))] = true
				}
			}
			agreeWithGo(t, data)
		}
	}
	for _, reader := range []struct{ module, script string }{{"zipfile", pythonReader}, {"torch", torchReader}} {
		t.Run(reader.module, func(t *testing.T) {
			out, err := exec.Command(lookPython(t, reader.module), "-c", reader.script, dir).Output()
			if failed := new(exec.ExitError); errors.As(err, &failed) {
				t.Fatalf("%v: %s", err, failed.Stderr)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if len(lines) < 50 {
				t.Errorf("it read only %d entries", len(lines))
			}
			for _, line := range lines {
				if !handed[line] {
					t.Errorf("it reads an entry that is no member: %s", line)
				}
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Hit)
		f.Add(s.Miss)
	}
	if data, err := os.ReadFile("../../testdata/benign/pytorch/state_dict.pt"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scannertest.Properties(t, Scanner{}, "f", data)
		agreeWithGo(t, data)
		r, _ := scannertest.Run(Scanner{}, "f", data)
		for _, s := range r.Parsed.Normal(math.MaxInt64) {
			if s.End() > int64(len(data)) {
				t.Errorf("parsed %+v of %d bytes", s, len(data))
			}
		}
	})
}
