package sevenzip

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// plain takes everything for text: it stands for the scanners of the members.
type plain struct{}

func (plain) Info() scanners.Info        { return scanners.Info{Name: "plain", Title: "Plain", Version: 1} }
func (plain) Match(h scanners.Head) bool { return !bytes.HasPrefix(h.Start, []byte("7z")) }
func (plain) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	data := make([]byte, f.Size)
	_, err := f.ReadAt(data, 0)
	r.Parsed.Add(0, f.Size)
	r.Facts = []scanners.Fact{{Key: "content", Value: string(data)}}
	return r, err
}

var list = []scanners.Scanner{New(), plain{}}

// number is a number as the format writes it.
func number(n uint64) []byte {
	if n < 0x80 {
		return []byte{byte(n)}
	}
	return append([]byte{0xff}, binary.LittleEndian.AppendUint64(nil, n)...)
}

// entry is a file for build.
type entry struct {
	name, data string
	attributes uint32
}

// build is an archive whose files are copied, one folder each.
func build(entries ...entry) []byte {
	var packed, sizes, folders, unpacked, names, attributes bytes.Buffer
	sums := []byte{idCRC, 1}
	for _, e := range entries {
		packed.WriteString(e.data)
		sizes.Write(number(uint64(len(e.data))))
		folders.Write([]byte{1, 1, 0})
		unpacked.Write(number(uint64(len(e.data))))
		sums = binary.LittleEndian.AppendUint32(sums, crc32.ChecksumIEEE([]byte(e.data)))
		for _, u := range append(utf16.Encode([]rune(e.name)), 0) {
			_ = binary.Write(&names, binary.LittleEndian, u)
		}
		_ = binary.Write(&attributes, binary.LittleEndian, e.attributes)
	}
	n := number(uint64(len(entries)))
	header := []byte{idHeader, idMainStreams, idPackInfo, 0}
	header = append(append(append(append(header, n...), idSize), sizes.Bytes()...), idEnd)
	header = append(append(append(append(header, idUnpackInfo, idFolder), n...), 0), folders.Bytes()...)
	header = append(append(append(append(header, idUnpackSizes), unpacked.Bytes()...), sums...), idEnd, idEnd)
	header = append(append(header, idFiles), n...)
	header = append(append(append(append(header, idNames), number(uint64(names.Len()+1))...), 0), names.Bytes()...)
	header = append(append(append(header, idAttributes), number(uint64(attributes.Len()+2))...), 1, 0)
	header = append(append(header, attributes.Bytes()...), idEnd, idEnd)
	return wrap(packed.Bytes(), header)
}

// wrap puts the signature header before the data.
func wrap(packed, header []byte) []byte {
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(packed)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	out := append([]byte(magic), 0, 4)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(start))
	return append(append(append(out, start...), packed...), header...)
}

// claim is an archive whose header is said to have a size.
func claim(size uint64) []byte {
	b := build(entry{"a", "b", 0})
	binary.LittleEndian.PutUint64(b[20:], size)
	binary.LittleEndian.PutUint32(b[8:], crc32.ChecksumIEEE(b[12:32]))
	return b
}

func TestRules(t *testing.T) {
	good := build(entry{"a.txt", "text", 0}, entry{"b.txt", "more", 0x81a48000})
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "sevenzip/wrong-name", Name: "model.pt", Hit: good},
		{Rule: "sevenzip/wrong-name", Name: "model.7z", Miss: good},
		{Rule: "sevenzip/path-escape", Name: "a.7z", Hit: build(entry{"../a", "x", 0}), Miss: good},
		{Rule: "sevenzip/path-escape", Name: "a.7z", Hit: build(entry{`C:\a`, "x", 0}), Miss: build(entry{"a/..b", "x", 0})},
		{Rule: "sevenzip/special-file", Name: "a.7z", Hit: build(entry{"a", "/etc", 0xa1ff8000}), Miss: good},
		{Rule: "sevenzip/special-file", Name: "a.7z", Hit: build(entry{"a", "x", 0x11ff8000})},
		{Rule: "sevenzip/duplicate-name", Name: "a.7z", Hit: build(entry{"a", "x", 0}, entry{"A", "y", 0}), Miss: good},
		{Rule: "sevenzip/duplicate-name", Name: "a.7z", Hit: build(entry{"a\nb", "x", 0})},
		{Rule: "sevenzip/trailing-data", Name: "a.7z", Hit: append(bytes.Clone(good), "PK\x05\x06"...), Miss: good},
		{Rule: "sevenzip/trailing-data", Name: "a.7z", Hit: wrap(nil, []byte{idHeader, idEnd, 7})},
		{Rule: "sevenzip/header", Name: "a.7z", Hit: claim(1 << 40), Miss: good},
	})
}

// What 7-Zip writes is opened, and what cannot be opened is a gap that says why.
func TestArchives(t *testing.T) {
	names, err := filepath.Glob("testdata/*.7z")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d archives, %v", len(names), err)
	}
	unsupported := map[string]string{"ppmd": "PPMd", "x86": "machine code", "encrypted": "encrypted", "encrypted-names": "list of files is encrypted"}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind := strings.TrimSuffix(filepath.Base(name), ".7z")
		if why, bad := unsupported[kind]; bad {
			report := scannertest.Scan(list, name, data)
			if len(report.Gaps) == 0 || !strings.Contains(report.Gaps[0].Reason, why) || report.Gaps[0].Code != scanners.GapUnsupported {
				t.Errorf("%s: gaps %v", name, report.Gaps)
			}
			continue
		}
		report := scannertest.Harmless(t, list, name, data)
		if len(report.Facts) != 2 || !strings.HasPrefix(report.Facts[1].Value, `{"model_type": "bert"`) || !strings.HasPrefix(report.Facts[0].Value, "the same line\nthe same") {
			t.Errorf("%s: %d members, %q", name, report.Members, report.Facts)
		}
	}
}

// A wrong checksum ends a member with a gap, after its content was looked at.
func TestChecksum(t *testing.T) {
	data := build(entry{"a.txt", "text", 0})
	data[headerStart] ^= 1
	report := scannertest.Scan(list, "a.7z", data)
	if len(report.Gaps) != 1 || len(report.Facts) != 1 || !strings.Contains(report.Gaps[0].Reason, "checksum") {
		t.Errorf("%+v", report)
	}
}

// An archive that was cut off anywhere is a gap.
func TestCutOff(t *testing.T) {
	whole, err := os.ReadFile("testdata/lzma2.7z")
	if err != nil {
		t.Fatal(err)
	}
	for n := len(magic); n < len(whole); n += 5 {
		report := scannertest.Scan(list, "a.7z", whole[:n])
		if len(report.Gaps) == 0 || !strings.Contains(report.Gaps[0].Reason, "fetch it again") {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), report.Gaps)
		}
	}
}

// Counts are not believed: a header of some bytes costs little, whatever it claims.
func TestClaims(t *testing.T) {
	huge := number(1 << 60)
	for what, header := range map[string][]byte{
		"files":   append([]byte{idHeader, idFiles}, huge...),
		"files 2": append([]byte{idHeader, idFiles}, number(1<<20)...),
		"packs":   append([]byte{idHeader, idMainStreams, idPackInfo, 0}, huge...),
		"folders": append([]byte{idHeader, idMainStreams, idUnpackInfo, idFolder}, huge...),
		"coders":  append([]byte{idHeader, idMainStreams, idUnpackInfo, idFolder, 1, 0}, huge...),
		"nested":  bytes.Repeat([]byte{idEncodedHeader}, 100),
	} {
		report := scannertest.Scan(list, "a.7z", wrap(nil, header))
		if len(report.Gaps) == 0 {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.7z")
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(name, data)
		}
	}
	f.Add("a.7z", build(entry{"../a", "x", 0xa1ff8000}, entry{"b", "y", 0}))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		fixSums(data)
		scannertest.Properties(t, New(), name, data)
	})
}

// fixSums makes the checksums right, so that fuzzing reaches what lies behind them.
func fixSums(data []byte) {
	if len(data) < headerStart {
		return
	}
	off, size := binary.LittleEndian.Uint64(data[12:]), binary.LittleEndian.Uint64(data[20:])
	if room := uint64(len(data) - headerStart); off <= room && size <= room-off {
		binary.LittleEndian.PutUint32(data[28:], crc32.ChecksumIEEE(data[headerStart+off:headerStart+off+size]))
	}
	binary.LittleEndian.PutUint32(data[8:], crc32.ChecksumIEEE(data[12:headerStart]))
}
