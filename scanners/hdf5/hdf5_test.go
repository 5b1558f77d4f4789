package hdf5

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/pickle"
	"assay/scanners/scannertest"
	"assay/scanners/text"
)

// list is what ordinary files need: the scanner, and those of its members.
var list = []scanners.Scanner{Scanner{}, pickle.Scanner{}, text.Scanner{}}

// fixtures are the files that the libraries wrote, by name.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.[hm]*")
	if err != nil || len(names) < 10 {
		t.Fatalf("fixtures %q, error %v", names, err)
	}
	out := make(map[string][]byte)
	for _, name := range names {
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Files of the libraries pass, whole: every byte belongs to a structure, to values,
// or to space that nobody uses.
func TestOrdinary(t *testing.T) {
	for name, data := range fixtures(t) {
		report := scannertest.Scan(list, name, data)
		for _, f := range report.Findings {
			if f.Severity.AtLeast(scanners.Low) && f.Rule != "hdf5/pickled-value" {
				t.Errorf("%s: %s %s %q at %d: %s", name, f.Severity, f.Rule, f.Path, f.Offset, f.What)
			}
		}
		for _, g := range report.Gaps {
			t.Errorf("%s: %s %q at %d: %s", name, g.Code, g.Path, g.Offset, g.Reason)
		}
		if !report.Coverage.Complete() {
			t.Errorf("%s: coverage %+v", name, report.Coverage)
		}
	}
}

// What a builder writes by hand is ordinary too.
func TestBuilt(t *testing.T) {
	b := newBuilder()
	scannertest.Harmless(t, list, "x", b.file(b.dataset(space(2, 3), float32Type, b.contiguous(make([]byte, 24)))))
	scannertest.Harmless(t, list, "x.h5", newBuilder().file())
}

func TestRules(t *testing.T) {
	plain := newBuilder().file()
	one := func(messages func(b *builder) [][]byte) []byte {
		b := newBuilder()
		return b.file(b.dataset(messages(b)...))
	}
	filtered := func(id int) []byte {
		return one(func(b *builder) [][]byte {
			return [][]byte{space(2, 3), float32Type, pipeline(id, "assay"), b.contiguous(make([]byte, 24))}
		})
	}
	claim := func(dims ...uint64) []byte {
		return one(func(b *builder) [][]byte {
			return [][]byte{space(dims...), float32Type, b.contiguous(make([]byte, 24))}
		})
	}
	virtual := func(file string) []byte {
		return one(func(b *builder) [][]byte { return [][]byte{space(10), float32Type, b.virtual(file)} })
	}
	before := func(block string) []byte {
		return append(append([]byte(block), make([]byte, 512-len(block))...), plain...)
	}
	matlab := "MATLAB 7.3 MAT-file, Platform: GLNXA64" + strings.Repeat(" ", 86) + "\x00\x02IM"
	bytesOf := func(data string) []byte {
		return one(func(b *builder) [][]byte {
			return [][]byte{space(uint64(len(data))), byteType, b.contiguous([]byte(data))}
		})
	}
	hole := func(data string) []byte {
		b := newBuilder()
		b.put([]byte(data))
		return b.file()
	}
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60)
	linked := func(m []byte) []byte { return newBuilder().file(m) }
	again := func(same bool) []byte {
		b := newBuilder()
		block := b.put(slices.Concat([]byte("OCHK"), msg(0x0d, []byte("a comment\x00")), make([]byte, 4)))
		other := b.put(slices.Concat([]byte("OCHK"), msg(0x0d, []byte("a comment\x00")), make([]byte, 4)))
		if same {
			other = block
		}
		return b.file(continuation(block, 22), continuation(other, 22))
	}
	// Two groups, of which the inner one holds the outer one, or a third.
	circle := func(closed bool) []byte {
		b := newBuilder()
		target := b.object()
		if closed {
			target = uint64(len(b.data)) + 14 + uint64(len(hardLinkMessage("a", 0)))
		}
		inner := b.object(hardLinkMessage("a", target))
		outer := b.object(hardLinkMessage("a", inner))
		if closed && outer != target {
			t.Fatalf("the outer group is at %d, not %d", outer, target)
		}
		return b.file(hardLinkMessage("outer", outer))
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "hdf5/external-storage", Hit: one(func(b *builder) [][]byte { // CVE-2026-1669
			return [][]byte{space(10), byteType, b.external("/etc/assay-test-marker"), msg(8, []byte{3, 1}, undefined, u64(10))}
		}), Miss: claim(2, 3)},
		{Rule: "hdf5/external-storage", Hit: one(func(b *builder) [][]byte {
			return [][]byte{space(10), byteType, msg(7, []byte{1, 0, 0, 0, 1, 0, 1, 0}, u64(1<<40)), msg(8, []byte{3, 1}, undefined, u64(10))}
		})},
		{Rule: "hdf5/external-link", Hit: linked(externalLinkMessage("other.h5", "/secret")), Miss: linked(softLinkMessage("/other.h5"))},
		{Rule: "hdf5/user-link", Hit: linked(userLinkMessage(70)), Miss: linked(softLinkMessage("/a"))},
		{Rule: "hdf5/virtual-dataset", Hit: virtual("../other.h5"), Miss: virtual(".")},
		{Rule: "hdf5/filter-plugin", Hit: filtered(300), Miss: filtered(1)},
		{Rule: "hdf5/filter-plugin", Hit: filtered(32015), Miss: filtered(32000)},
		{Rule: "hdf5/size-claim", Hit: claim(1<<20, 1<<20), Miss: claim(2, 3)}, // CVE-2026-0897
		{Rule: "hdf5/size-claim", Hit: claim(1<<40, 1<<40), Miss: claim(0, 1<<40)},
		{Rule: "hdf5/user-block", Hit: before("#!/bin/sh\necho assay-test-marker\n"), Miss: before("")},
		{Rule: "hdf5/user-block", Hit: before(matlab + "#!/bin/sh"), Miss: before(matlab)},
		{Rule: "hdf5/pickled-value", Hit: linked(textAttribute("objects", "cassay\nmarker\n)R.")), Miss: linked(textAttribute("title", "(see the paper)."))},
		{Rule: "hdf5/pickled-value", Hit: bytesOf("\x80\x04\x8c\x06marker\x94."), Miss: bytesOf("\x80\x04\x8c\xff\xff\xff")},
		{Rule: "hdf5/link-cycle", Hit: again(true), Miss: again(false)},
		{Rule: "hdf5/link-cycle", Hit: circle(true), Miss: circle(false)},
		{Rule: "hdf5/trailing-data", Hit: append(slices.Clone(plain), "PK"...), Miss: append(slices.Clone(plain), 0, 0)},
		{Rule: "hdf5/hidden-content", Hit: hole(elf), Miss: hole("\x7fELF is what a program begins with")},
		{Rule: "hdf5/hidden-content", Hit: bytesOf(elf), Miss: bytesOf("no program")},
		{Rule: "hdf5/hidden-content", Hit: hole("some text, and then #!/bin/sh\necho assay-test-marker\n")},
		{Rule: "hdf5/unused-space", Hit: hole("remains of something"), Miss: hole(strings.Repeat("\x00", 64))},
	})
}

// A configuration is handed on with the name of its attribute, from wherever the
// library put it.
func TestMembers(t *testing.T) {
	want := map[string]string{"keras_legacy.h5": "@model_config", "keras_legacy_latest.h5": "@model_config"}
	for name, data := range fixtures(t) {
		if want[name] == "" {
			continue
		}
		result, err := scannertest.Run(Scanner{}, name, data)
		if err != nil || !slices.ContainsFunc(result.Members, func(m scanners.Member) bool { return m.Name == want[name] }) {
			t.Errorf("%s: members %+v, error %v", name, result.Members, err)
		}
	}
	config := `{"class_name": "Lambda"}`
	built := newBuilder().file(textAttribute("model_config", config+"\x00\x00"))
	result, err := scannertest.Run(Scanner{}, "x", built)
	if err != nil || len(result.Members) != 1 || result.Members[0].Size != int64(len(config)) {
		t.Errorf("members %+v, error %v", result.Members, err)
	}
}

// What cannot be followed leaves a gap.
func TestGaps(t *testing.T) {
	whole := newBuilder().file(textAttribute("a", "b"))
	for what, data := range map[string][]byte{
		"superblock version 9":     append([]byte(signature+"\x09"), make([]byte, 100)...),
		"an unknown message":       newBuilder().file(msg(0x40, []byte("x"))),
		"an unknown layout":        newBuilder().file(space(1), byteType, msg(8, []byte{5, 1})),
		"a shared message table":   newBuilder().file(msg(0x0f, make([]byte, 10))),
		"values outside":           newBuilder().file(space(8), byteType, msg(8, []byte{3, 1}, u64(1<<30), u64(8))),
		"an attribute that is cut": newBuilder().file(msg(0x0c, []byte{3, 0, 8, 0})),
		"a link to nowhere":        newBuilder().file(hardLinkMessage("a", 1<<30)),
		"a heap that is none":      newBuilder().file(msg(0x11, u64(48), u64(48))),
		"cut off":                  whole[:len(whole)-8],
		"only a superblock":        whole[:48],
		"not even that":            whole[:20],
	} {
		report := scannertest.Scan(list, "x.h5", data)
		if len(report.Gaps) == 0 || report.Class == scanners.Clean || !slices.Contains(report.Formats, "hdf5") {
			t.Errorf("%s: formats %v, class %v, gaps %+v", what, report.Formats, report.Class, report.Gaps)
		}
	}
}

// A file that is cut anywhere is never whole, and nothing is held against it that
// the whole file does not have.
func TestCutOff(t *testing.T) {
	for name, data := range fixtures(t) {
		for i := 1; i < 30; i++ {
			cut := data[:len(data)*i/30]
			if report := scannertest.Scan([]scanners.Scanner{Scanner{}}, name, cut); len(report.Gaps) == 0 {
				t.Errorf("%s cut at %d: no gap", name, len(cut))
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range fixtures(f) {
		if len(data) < 20<<10 {
			f.Add(name, data)
		}
	}
	b := newBuilder()
	f.Add("x", b.file(b.dataset(space(10), byteType, b.external("x"), b.virtual("y")), externalLinkMessage("a", "b"), textAttribute("a", "(lp1\n.")))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
