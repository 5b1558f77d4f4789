package rar

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// plain takes everything for text: it stands for the scanners of the members.
type plain struct{}

func (plain) Info() scanners.Info        { return scanners.Info{Name: "plain", Title: "Plain", Version: 1} }
func (plain) Match(h scanners.Head) bool { return !bytes.HasPrefix(h.Start, []byte("Rar!")) }
func (plain) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, _ error) {
	r.Parsed.Add(0, f.Size)
	return r, nil
}

var list = []scanners.Scanner{New(), plain{}}

// file is an entry for the builders.
type file struct {
	name, data  string
	compressed  bool
	link, crypt bool
}

func block4(kind byte, flags uint16, rest []byte) []byte {
	p := []byte{kind, byte(flags), byte(flags >> 8), byte(7 + len(rest)), byte((7 + len(rest)) >> 8)}
	p = append(p, rest...)
	return append(binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(p))), p...)
}

// build4 is an archive of version 4.
func build4(files ...file) []byte {
	out := append([]byte(magic4), block4(0x73, 0, make([]byte, 6))...)
	for _, f := range files {
		le := binary.LittleEndian
		rest := le.AppendUint32(le.AppendUint32(nil, uint32(len(f.data))), uint32(len(f.data)))
		system, attributes, method, flags := byte(2), uint32(0x20), byte(0x30), uint16(0x8000)
		if f.link {
			system, attributes = 3, 0xa1ff
		}
		if f.compressed {
			method = 0x33
		}
		if f.crypt {
			flags |= 4
		}
		rest = append(rest, system)
		rest = le.AppendUint32(rest, crc32.ChecksumIEEE([]byte(f.data)))
		rest = append(le.AppendUint32(rest, 0), 29, method)
		rest = le.AppendUint32(le.AppendUint16(rest, uint16(len(f.name))), attributes)
		out = append(append(out, block4(file4, flags, append(rest, f.name...))...), f.data...)
	}
	return append(out, block4(end4, 0x4000, nil)...)
}

func block5(kind, flags byte, rest ...byte) []byte {
	p := append([]byte{kind, flags}, rest...)
	p = append([]byte{byte(len(p))}, p...)
	return append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(p)), p...)
}

// build5 is an archive of version 5.
func build5(files ...file) []byte {
	out := append([]byte(magic5), block5(1, 0, 0)...)
	for _, f := range files {
		var extra []byte
		if f.link {
			extra = append(extra, 4, 5, 1, 0, 0)
		}
		if f.crypt {
			extra = append(extra, 2, 1, 0)
		}
		method := byte(0)
		if f.compressed {
			method = 0x80
		}
		rest := []byte{byte(len(extra)), byte(len(f.data)), 0, byte(len(f.data)), 0x20, method}
		if f.compressed {
			rest = append(rest, 1) // the method is the second byte of a number
		}
		rest = append(append(rest, 1, byte(len(f.name))), f.name...)
		out = append(append(out, block5(file5, 3, append(rest, extra...)...)...), f.data...)
	}
	return append(out, block5(end5, 0, 0)...)
}

func TestRules(t *testing.T) {
	var samples []scannertest.Sample
	for _, build := range []func(...file) []byte{build4, build5} {
		good := build(file{name: "a.txt", data: "text"}, file{name: "b/c.txt", data: "more"})
		samples = append(samples,
			scannertest.Sample{Rule: "rar/wrong-name", Name: "model.pt", Hit: good},
			scannertest.Sample{Rule: "rar/wrong-name", Name: "model.rar", Miss: good},
			scannertest.Sample{Rule: "rar/path-escape", Name: "a.rar", Hit: build(file{name: "../a", data: "x"}), Miss: good},
			scannertest.Sample{Rule: "rar/special-file", Name: "a.rar", Hit: build(file{name: "a", data: "/etc", link: true}), Miss: good},
			scannertest.Sample{Rule: "rar/duplicate-name", Name: "a.rar", Hit: build(file{name: "a", data: "x"}, file{name: "A", data: "y"}), Miss: good},
			scannertest.Sample{Rule: "rar/trailing-data", Name: "a.rar", Hit: append(bytes.Clone(good), "PK\x05\x06"...), Miss: good})
	}
	scannertest.CheckRules(t, New(), samples)
}

// Stored files are members, others are a gap that says why; an archive that was cut
// off anywhere is a gap.
func TestArchives(t *testing.T) {
	for what, build := range map[string]func(...file) []byte{"4": build4, "5": build5} {
		whole := build(file{name: "a.txt", data: "text"}, file{name: "b/c.txt", data: "more"})
		if report := scannertest.Harmless(t, list, "a.rar", whole); report.Members != 2 {
			t.Errorf("version %s: %d members", what, report.Members)
		}
		for n := 8; n < len(whole)-1; n++ {
			report := scannertest.Scan(list, "a.rar", whole[:n])
			if len(report.Gaps) == 0 || !strings.Contains(report.Gaps[0].Reason, "fetch it again") {
				t.Fatalf("version %s, %d of %d bytes: %v", what, n, len(whole), report.Gaps)
			}
		}
		for why, f := range map[string]file{"compressed": {name: "a", data: "x", compressed: true}, "encrypted": {name: "a", data: "x", crypt: true}} {
			report := scannertest.Scan(list, "a.rar", build(f))
			if len(report.Gaps) != 1 || !strings.Contains(report.Gaps[0].Reason, why) {
				t.Errorf("version %s: %v", what, report.Gaps)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.rar", build4(file{name: "../a", data: "x", link: true}, file{name: "b", data: "y", compressed: true}))
	f.Add("a.pt", build5(file{name: "../a", data: "x", link: true, crypt: true}, file{name: "b", data: "y", compressed: true}))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
