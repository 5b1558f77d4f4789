package zip

import (
	"hash/crc32"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// The parts of the samples.
var (
	good    = file{name: "m/data.pkl", content: "assay-test-marker"}
	other   = file{name: "m/version", content: "3\n"}
	packed  = file{name: "m/code.py", content: strings.Repeat("assay-test-marker ", 20), method: 8}
	trailer = archiveOf(file{name: "hidden", content: "assay-test-marker"})
)

// with returns good, changed.
func with(change func(*file)) file {
	f := good
	change(&f)
	return f
}

func samples() []scannertest.Sample {
	hidden := strings.Repeat("\x80\x04\x01assay-test-marker", 20)
	plain := archiveOf(good, other, packed)
	unicodeName := func(first, second string) string {
		return extraField(extraUnicodePath, "\x01"+string(u32(nil, crc32.ChecksumIEEE([]byte(first))))+second)
	}
	hit := func(rule string, files ...file) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Hit: archiveOf(files...), Miss: plain}
	}
	miss := func(rule string, data []byte) scannertest.Sample { return scannertest.Sample{Rule: rule, Miss: data} }
	return []scannertest.Sample{
		hit("zip/path-escape", file{name: "../../.bashrc"}),
		hit("zip/path-escape", file{name: "/etc/cron.d/x"}),
		hit("zip/path-escape", file{name: `C:\x`}),
		hit("zip/path-escape", file{name: `a\..\..\x`}),
		hit("zip/path-escape", file{name: "a", localName: "../a"}),
		miss("zip/path-escape", archiveOf(file{name: "w:0.npy"}, file{name: "a..b/..c"}, file{name: "a/.../b"})),

		hit("zip/special-file", file{name: "link", content: "data.pkl", mode: 0o120777}),
		hit("zip/special-file", file{name: "tty", mode: 0o020666}),
		miss("zip/special-file", archiveOf(file{name: "a", mode: 0o100644}, file{name: "d/", mode: 0o040755}, file{name: "e/", mode: 0xffff})),

		hit("zip/ambiguous-name", file{name: "data.pkl\x00.txt"}),
		hit("zip/ambiguous-name", file{name: `m\data.pkl`}),
		hit("zip/ambiguous-name", file{name: ""}),
		hit("zip/ambiguous-name", file{name: "a\nb"}),
		hit("zip/ambiguous-name", file{name: strings.Repeat("a", 5000)}),
		hit("zip/ambiguous-name", file{name: "a.txt", extra: unicodeName("a.txt", "data.pkl")}),
		miss("zip/ambiguous-name", archiveOf(file{name: "gr\x94\xe1e", extra: unicodeName("gr\x94\xe1e", "größe")},
			file{name: "stale", extra: unicodeName("former name", "x")})),

		hit("zip/name-mismatch", file{name: "data.pkl", localName: "data.txt"}),
		miss("zip/name-mismatch", archiveOf(file{name: "größe", flags: flagUTF8})),

		hit("zip/header-mismatch", with(func(f *file) { f.localMethod = 8 })),
		hit("zip/header-mismatch", with(func(f *file) { f.localPacked = 3 })),
		hit("zip/header-mismatch", with(func(f *file) { f.localFlags = flagEncrypted })),
		hit("zip/header-mismatch", with(func(f *file) { f.flags = flagDescriptor; f.descriptor = descriptorOf("another", 17) })),
		hit("zip/header-mismatch", with(func(f *file) { f.packed = 1 })),
		miss("zip/header-mismatch", archiveOf(with(func(f *file) {
			f.flags = flagDescriptor
			f.descriptor = descriptorOf(f.content, len(f.content))
		}), with(func(f *file) {
			f.name, f.flags = "unsigned", flagDescriptor
			f.descriptor = descriptorOf(f.content, len(f.content))[4:]
		}))),

		hit("zip/duplicate-name", good, good),
		hit("zip/duplicate-name", with(func(f *file) { f.twice = true })),
		miss("zip/duplicate-name", archiveOf(good, file{name: "n/data.pkl"})),

		hit("zip/case-duplicate", good, file{name: "M/DATA.PKL"}),
		hit("zip/case-duplicate", good, file{name: "m/./data.pkl"}),
		miss("zip/case-duplicate", archiveOf(good, good)),

		hit("zip/overlap", with(func(f *file) { f.tail = string(other.local()); f.packed = 100 }), other),
		hit("zip/overlap", with(func(f *file) { f.twice = true })),

		hit("zip/gap", good, with(func(f *file) { f.name, f.before = "b", "hidden" })),
		{Rule: "zip/gap", Hit: whole{afterDirectory: "hidden"}.build(good)},
		miss("zip/gap", archiveOf(good, with(func(f *file) { f.name, f.before = "b", strings.Repeat("\x00", 60) }))),

		{Rule: "zip/prefix", Hit: whole{prefix: "#!/bin/sh\n"}.build(good), Miss: plain},
		{Rule: "zip/prefix", Hit: whole{prefix: "#!/bin/sh\n", relative: true}.build(good), Miss: whole{prefix: "PK00"}.build(good)},

		{Rule: "zip/trailing", Hit: whole{suffix: "\x80\x04."}.build(good), Miss: whole{comment: "a comment"}.build(good)},

		{Rule: "zip/ambiguous-directory", Hit: append(archiveOf(good), trailer...), Miss: plain},
		{Rule: "zip/ambiguous-directory", Hit: whole{count: 1}.build(good), Miss: whole{wide: true}.build(good)},
		{Rule: "zip/ambiguous-directory", Hit: whole{count: -1}.build(good, other)},
		{Rule: "zip/ambiguous-directory", Hit: whole{size: -1}.build(good)},
		{Rule: "zip/ambiguous-directory", Hit: whole{comment: string(trailer)}.build(good)},
		miss("zip/ambiguous-directory", archiveOf(file{name: "inner.zip", content: string(trailer)})),

		{Rule: "zip/zip64-mismatch", Hit: whole{wide: true, wideOffset: 1}.build(good), Miss: whole{wide: true}.build(good, other)},
		hit("zip/zip64-mismatch", with(func(f *file) { f.extra = zip64(17, 17) + zip64(99, 99) })),

		hit("zip/unlisted-entry", good, with(func(f *file) { f.name, f.unlisted = "hidden", true })),
		hit("zip/unlisted-entry", with(func(f *file) { f.name, f.unlisted = "hidden", true }), good),
		miss("zip/unlisted-entry", archiveOf(file{name: "inner.zip", content: string(trailer)})),

		hit("zip/encrypted", with(func(f *file) { f.flags = flagEncrypted })),
		hit("zip/encrypted", with(func(f *file) { f.flags, f.crc = flagEncrypted|flagStrong, 1 })),

		hit("zip/flags", with(func(f *file) { f.flags = flagPatched })),
		hit("zip/flags", with(func(f *file) { f.localFlags = flagMasked })),
		miss("zip/flags", archiveOf(with(func(f *file) { f.flags = flagUTF8 | 1<<1 | 1<<2 }))),

		hit("zip/bad-crc", with(func(f *file) { f.crc = 0xdeadbeef })),
		hit("zip/bad-crc", file{name: "a", content: strings.Repeat("a", 100), method: 8, crc: 1}),

		hit("zip/size-mismatch", with(func(f *file) { f.plain = 5 })),
		hit("zip/size-mismatch", file{name: "a", content: strings.Repeat("a", 100), method: 8, plain: 99}),
		hit("zip/size-mismatch", file{name: "a", content: strings.Repeat("a", 100), method: 8, tail: "hidden"}),

		hit("zip/hidden-extra", with(func(f *file) { f.extra = extraField(extraFB, "ZZZhiddenZZZ") })),
		hit("zip/hidden-extra", with(func(f *file) { f.extra = extraField(0x4444, hidden) })),
		{Rule: "zip/hidden-extra", Hit: whole{comment: hidden}.build(good), Miss: whole{comment: strings.Repeat("a comment\n", 20)}.build(good)},
		miss("zip/hidden-extra", archiveOf(with(func(f *file) {
			f.extra = extraField(0x4444, hidden[:20]) + extraField(0xd935, "\x10\x00"+strings.Repeat("\x00", 500))
		}))),
		miss("zip/hidden-extra", archiveOf(with(func(f *file) { f.extra = extraField(extraFB, "ZZZZZZZ") }))),
	}
}

func TestRules(t *testing.T) { scannertest.CheckRules(t, Scanner{}, samples()) }
