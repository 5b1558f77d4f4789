package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// evil are opcodes that call os.system and push the result.
var evil = []string{"GLOBAL os system", `BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE"}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// wrapperLines are the opcodes that build a joblib array of n elements of a type,
// without PROTO, to the BUILD.
func wrapperLines(dtype string, n int) []string {
	return []string{"GLOBAL joblib.numpy_pickle NumpyArrayWrapper", "EMPTY_TUPLE", "NEWOBJ", "BINPUT 1", "EMPTY_DICT", "BINPUT 2", "MARK",
		`BINUNICODE "subclass"`, "GLOBAL numpy ndarray", `BINUNICODE "shape"`, fmt.Sprintf("BININT %d", n), "TUPLE1",
		`BINUNICODE "order"`, `BINUNICODE "C"`, `BINUNICODE "dtype"`, "GLOBAL numpy dtype", fmt.Sprintf("BINUNICODE %q", dtype), "NEWFALSE", "NEWTRUE", "TUPLE3", "REDUCE",
		`BINUNICODE "allow_mmap"`, "NEWTRUE", "SETITEMS", "BUILD"}
}

func mustFind(t *testing.T, r scanners.Result, rule string, at int64, says string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Rule == rule && (at < 0 || f.Offset == at) && strings.Contains(f.What, says) {
			return
		}
	}
	t.Errorf("no %s at %d saying %q: %+v", rule, at, says, r.Findings)
}

// TestArraySkipped: what looks like opcodes inside an array is data when no loader
// gets there, and what follows the array is not.
func TestArraySkipped(t *testing.T) {
	hidden := program(t, append(append([]string{`RAW "\x00"`}, evil...), "STOP")...)
	head := program(t, append([]string{"PROTO 3", "EMPTY_LIST"}, wrapperLines("u1", len(hidden))...)...)
	clean := join(head, hidden, program(t, "APPEND", "STOP"))
	r, err := scannertest.Run(Scanner{}, "a.joblib", clean)
	if err != nil || len(r.Findings) > 0 || r.Opaque.Total(int64(len(clean))) != int64(len(hidden)) {
		t.Errorf("data taken for opcodes: %+v, %v", r, err)
	}
	checkAccounted(t, r, clean)

	tail, mark := asm(t, "APPEND", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "APPEND", "STOP")
	r, err = scannertest.Run(Scanner{}, "a.joblib", join(head, hidden, tail))
	if err != nil {
		t.Error(err)
	}
	mustFind(t, r, "pickle/dangerous-call", int64(len(head)+len(hidden))+mark, `os.system("x")`)
}

// TestObjectArray: the elements of an object array are a pickle of their own.
func TestObjectArray(t *testing.T) {
	head := program(t, append([]string{"PROTO 3"}, wrapperLines("O8", 1)...)...)
	inner, mark := asm(t, "PROTO 3", "EMPTY_LIST", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "APPEND", "STOP")
	data := join(head, inner, []byte{opStop})
	r, err := scannertest.Run(Scanner{}, "a.joblib", data)
	if err != nil {
		t.Error(err)
	}
	mustFind(t, r, "pickle/dangerous-call", int64(len(head))+mark, `os.system("x")`)
	checkAccounted(t, r, data)
}

// TestRebuiltWrapper: the memo keeps the wrapper, so that GET and BUILD read
// another array (pickle.md 8, row 38).
func TestRebuiltWrapper(t *testing.T) {
	hidden := program(t, append(append([]string{`RAW "\x00"`}, evil...), "STOP")...)
	head := program(t, append([]string{"PROTO 3"}, wrapperLines("u1", len(hidden))...)...)
	again := program(t, "POP", "BINGET 1", "BINGET 2", "BUILD")
	data := join(head, hidden, again, hidden, []byte{opStop})
	r, err := scannertest.Run(Scanner{}, "a.joblib", data)
	if err != nil || len(r.Findings) > 0 || r.Opaque.Total(int64(len(data))) != 2*int64(len(hidden)) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestFrameLeftovers: the array is read from where the frame ends; what is left of
// the frame runs afterwards, and then what follows the array.
func TestFrameLeftovers(t *testing.T) {
	body := program(t, wrapperLines("u1", 5)...)
	left, leftMark := asm(t, "POP", "GLOBAL os system", `BINUNICODE "left"`, "TUPLE1", "!REDUCE")
	after, afterMark := asm(t, "POP", "GLOBAL os popen", `BINUNICODE "after"`, "TUPLE1", "!REDUCE", "STOP")
	frame := join(body, left)
	head := append([]byte{opProto, 4, opFrame}, binary.LittleEndian.AppendUint64(nil, uint64(len(frame)))...)
	data := join(head, frame, []byte("c\x00\x00\x00\x00"), after)
	r, err := scannertest.Run(Scanner{}, "a.joblib", data)
	if err != nil {
		t.Error(err)
	}
	mustFind(t, r, "pickle/dangerous-call", int64(len(head)+len(body))+leftMark, `os.system("left")`)
	mustFind(t, r, "pickle/dangerous-call", int64(len(head)+len(frame)+5)+afterMark, `os.popen("after")`)
	mustFind(t, r, "pickle/differential", -1, "opcodes after an array")
}

// TestUnresolvedArray: when the size of an array cannot be told, the rest is not
// covered, and names in it are reported all the same.
func TestUnresolvedArray(t *testing.T) {
	lines := wrapperLines("f8", 1)
	lines[10] = "GLOBAL mylib size" // the shape
	head := program(t, append([]string{"PROTO 3"}, lines...)...)
	for _, spelled := range []string{"GLOBAL os system", `SHORT_BINUNICODE "os"|MEMOIZE|SHORT_BINUNICODE "system"|MEMOIZE|STACK_GLOBAL`} {
		hidden := program(t, strings.Split(spelled, "|")...)
		data := join(head, make([]byte, 50), hidden, program(t, "EMPTY_TUPLE", "REDUCE", "STOP"))
		r, err := scannertest.Run(Scanner{}, "a.joblib", data)
		if err == nil {
			t.Error("no error, although the array could not be followed")
		}
		mustFind(t, r, "pickle/inline-array", -1, "")
		mustFind(t, r, "pickle/dangerous-import", int64(len(head)+50), "os.system")
	}
}

// TestSideFile: an array in another file is a pickle in another file.
func TestSideFile(t *testing.T) {
	data := program(t, "PROTO 2", "GLOBAL joblib.numpy_pickle NDArrayWrapper", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT",
		`BINUNICODE "filename"`, `BINUNICODE "../../evil.npy"`, "SETITEM", "BUILD", "STOP")
	r, err := scannertest.Run(Scanner{}, "a.joblib", data)
	if err == nil {
		t.Error("no error, although an array lies elsewhere")
	}
	mustFind(t, r, "pickle/inline-array", -1, "../../evil.npy")
}

// legacyStream is a torch stream with an object made by the lines, whose storages
// follow.
func legacyStream(t *testing.T, object []string, keys []string, storages ...[]byte) []byte {
	t.Helper()
	list := []string{"PROTO 2", "EMPTY_LIST"}
	for _, k := range keys {
		list = append(list, fmt.Sprintf("BINUNICODE %q", k), "APPEND")
	}
	return join(
		program(t, "PROTO 2", `LONG1 "`+`\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19`+`"`, "STOP"),
		program(t, "PROTO 2", "BININT2 1001", "STOP"),
		program(t, "PROTO 2", "EMPTY_DICT", "STOP"),
		program(t, append(append([]string{"PROTO 2"}, object...), "STOP")...),
		program(t, append(list, "STOP")...),
		join(storages...))
}

func storageLines(key string, numel int) []string {
	return []string{"MARK", `BINUNICODE "storage"`, "GLOBAL torch FloatStorage", fmt.Sprintf("BINUNICODE %q", key),
		`BINUNICODE "cpu"`, fmt.Sprintf("BININT %d", numel), "NONE", "TUPLE", "BINPERSID"}
}

// rawStorage is the number of elements and the bytes of one storage.
func rawStorage(declared int, content []byte) []byte {
	return join(binary.LittleEndian.AppendUint64(nil, uint64(declared)), content)
}

func TestLegacyStream(t *testing.T) {
	hidden := append(program(t, append(evil, "STOP")...), 0, 0, 0)
	hidden = hidden[:len(hidden)/4*4]
	n := len(hidden) / 4
	data := legacyStream(t, storageLines("k", n), []string{"k"}, rawStorage(n, hidden))
	r, err := scannertest.Run(Scanner{}, "old.pt", data)
	if err != nil || len(r.Findings) > 0 || r.Opaque.Total(int64(len(data))) != int64(len(hidden)) {
		t.Errorf("%+v, %v", r, err)
	}
	checkAccounted(t, r, data)

	r, _ = scannertest.Run(Scanner{}, "old.pt", legacyStream(t, evil, nil))
	mustFind(t, r, "pickle/dangerous-call", -1, "os.system")

	r, _ = scannertest.Run(Scanner{}, "old.pt", legacyStream(t, storageLines("k", n+1), []string{"k"}, rawStorage(n, hidden)))
	mustFind(t, r, "pickle/storage-size", -1, "storage \"k\"")

	for name, broken := range map[string][]byte{
		"truncated storage": legacyStream(t, storageLines("k", n), []string{"k"}, rawStorage(n, hidden[:8])),
		"unknown key":       legacyStream(t, storageLines("k", n), []string{"other"}, rawStorage(n, hidden)),
		"huge storage":      legacyStream(t, storageLines("k", n), []string{"k"}, rawStorage(1<<61, hidden)),
	} {
		if _, err := scannertest.Run(Scanner{}, "old.pt", broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestViews: a view of a legacy storage lies inside it.
func TestViews(t *testing.T) {
	lines := storageLines("k", 4)
	view := func(offset, size int) []string {
		return append(append(append([]string{}, lines[:6]...), `BINUNICODE "v"`, fmt.Sprintf("BININT %d", offset), fmt.Sprintf("BININT %d", size), "TUPLE3"), lines[7:]...)
	}
	r, _ := scannertest.Run(Scanner{}, "old.pt", legacyStream(t, view(2, 2), []string{"k"}, rawStorage(4, make([]byte, 16))))
	if len(r.Findings) > 0 {
		t.Errorf("%+v", r.Findings)
	}
	r, _ = scannertest.Run(Scanner{}, "old.pt", legacyStream(t, view(2, 3), []string{"k"}, rawStorage(4, make([]byte, 16))))
	mustFind(t, r, "pickle/tensor-bounds", -1, "view")
}

// TestUses: the members that hold the storages are named as torch names them, and
// only in an archive of torch.
func TestUses(t *testing.T) {
	for _, c := range []struct{ file, key, version, want string }{
		{"archive/data.pkl", "0", "archive/version", "archive/data/0"},
		{"model/constants.pkl", "12", "model/version", "model/constants/12"},
		{"data.pkl", "0", "version", "data/0"},
		{"pkg/model/model.pkl", "0", "pkg/.data/version", "pkg/.data/0.storage"},
		{"archive/data.pkl", "0", "version", ""},
		{"archive/data.pkl", "model.h5", "archive/version", ""},
		{"archive/data.pkl", "../x", "archive/version", ""},
		{"archive/x.pkl", "0", "archive/version", ""},
	} {
		data := program(t, append(append([]string{"PROTO 2"}, storageLines(c.key, 6)...), "STOP")...)
		f := scannertest.File(c.file, data)
		f.Sibling = func(name string) (int64, bool) { return 24, name == c.version || strings.Contains(name, c.key) }
		r, err := scannertest.RunFile(Scanner{}, f, scannertest.Head(c.file, data))
		var got string
		for _, u := range r.Uses {
			got += u.Name
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v", c, r.Uses, err)
		}
	}
}

// TestTorchScriptClass: a class below __torch__ is listed only where the archive
// has its code.
func TestTorchScriptClass(t *testing.T) {
	data := program(t, "PROTO 2", "GLOBAL __torch__.net Net", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "STOP")
	f := scannertest.File("m/data.pkl", data)
	f.Sibling = func(name string) (int64, bool) { return 1, name == "m/code/__torch__/net.py" }
	r, err := scannertest.RunFile(Scanner{}, f, scannertest.Head("m/data.pkl", data))
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
	r, _ = scannertest.Run(Scanner{}, "m/data.pkl", data)
	mustFind(t, r, "pickle/unknown-call", -1, "__torch__.net.Net")
}

// TestNestedTorch: bytes handed to torch.storage._load_from_bytes are allowed when
// they are a clean torch stream, and only then.
func TestNestedTorch(t *testing.T) {
	load := func(inner []byte) []byte {
		return program(t, "PROTO 3", "GLOBAL torch.storage _load_from_bytes", fmt.Sprintf("BINBYTES %q", inner), "TUPLE1", "REDUCE", "STOP")
	}
	clean := legacyStream(t, storageLines("k", 2), []string{"k"}, rawStorage(2, make([]byte, 8)))
	r, err := scannertest.Run(Scanner{}, "x.pkl", load(clean))
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
	for name, inner := range map[string][]byte{
		"evil":      legacyStream(t, evil, nil),
		"truncated": clean[:len(clean)-1],
		"trailing":  append(bytes.Clone(clean), 0),
		"not torch": program(t, "PROTO 2", "NONE", "STOP"),
		"a zip":     []byte("PK\x03\x04and so on"),
	} {
		r, _ := scannertest.Run(Scanner{}, "x.pkl", load(inner))
		if !scannertest.HasRule(r.Findings, "pickle/dangerous-call") && !scannertest.HasRule(r.Findings, "pickle/unlisted-use") {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

// TestManyPickles: a stream of many small pickles costs what its bytes cost.
func TestManyPickles(t *testing.T) {
	data := bytes.Repeat(program(t, "PROTO 2", "EMPTY_DICT", "BINPUT 0", "STOP"), 100_000)
	r, err := scannertest.Run(Scanner{}, "many.pkl", data)
	if err != nil || len(r.Findings) > 0 {
		t.Errorf("%+v, %v", r.Findings, err)
	}
	checkAccounted(t, r, data)
}

// TestFindingsFlood: harmless findings cannot crowd out a grave one.
func TestFindingsFlood(t *testing.T) {
	var b bytes.Buffer
	b.Write(program(t, "PROTO 2", "MARK"))
	for i := range 5000 {
		fmt.Fprintf(&b, "cmylib\nname%d\n", i)
	}
	b.Write(program(t, append(evil, "STOP")...))
	r, err := scannertest.Run(Scanner{}, "many.pkl", b.Bytes())
	mustFind(t, r, "pickle/dangerous-call", -1, "os.system")
	if err == nil {
		t.Error("findings were left out, and there is no gap")
	}
}

// TestFrameAfterStop: a loader that took the whole frame out of the file finds the
// next pickle behind the frame, others behind the STOP.
func TestFrameAfterStop(t *testing.T) {
	second, mark := asm(t, "PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "!REDUCE", "STOP")
	first := program(t, "PROTO 4", "FRAME 6", "NONE", "STOP", `RAW "\x00\x00\x00\x00"`)
	r, _ := scannertest.Run(Scanner{}, "a.pkl", join(first, second))
	mustFind(t, r, "pickle/dangerous-call", int64(len(first))+mark, `os.system("x")`)
	mustFind(t, r, "pickle/differential", -1, "inside its frame")
}

// TestHostileLengths: what a length declares is compared with the file before
// anything is allocated.
func TestHostileLengths(t *testing.T) {
	for _, lines := range [][]string{
		{"PROTO 5", "BINBYTES8 -1"}, {"PROTO 5", "BINBYTES8 0x7fffffffffffffff"}, {"PROTO 5", "BYTEARRAY8 0x1000000000"},
		{"PROTO 4", "BINUNICODE8 0x1000000000", "STOP"}, {"PROTO 2", "BINUNICODE 0x7fffffff"}, {"PROTO 2", "LONG4 0x7fffffff"},
		{"PROTO 2", "NONE", "LONG_BINPUT -1", "STOP"}, {"NONE", "PUT 9223372036854775807", "STOP"}, {"PROTO 4", "FRAME -1", "NONE", "STOP"},
		{"PROTO 4", "FRAME 0x4000000000000000", "NONE", "STOP"}, {"PROTO 2", "LONG_BINGET -1", "STOP"},
	} {
		data := program(t, lines...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = scannertest.Run(Scanner{}, "a.pkl", data)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
			t.Errorf("%q: %d bytes allocated", lines, allocated)
		}
	}
}

// TestPackage: torch.package numbers its storages, keeps them in one folder, and
// takes modules from the archive itself (pickle.md 5.4).
func TestPackage(t *testing.T) {
	ints := strings.Split(strings.ReplaceAll(strings.Join(storageLines("0", 6), "\n"), `BINUNICODE "0"`, "BININT1 0"), "\n")
	data := program(t, append(append([]string{"PROTO 3", "GLOBAL mine Net", "POP"}, ints...), "STOP")...)
	f := scannertest.File("pkg/model/model.pkl", data)
	members := map[string]int64{"pkg/.data/version": 2, "pkg/.data/0.storage": 24, "pkg/mine.py": 100}
	f.Sibling = func(name string) (int64, bool) { size, ok := members[name]; return size, ok }
	r, err := scannertest.RunFile(Scanner{}, f, scannertest.Head(f.Name, data))
	if err != nil || len(r.Uses) != 1 || r.Uses[0].Name != "pkg/.data/0.storage" || scannertest.HasRule(r.Findings, "pickle/persistent-id") {
		t.Errorf("%+v, %v", r, err)
	}
	mustFind(t, r, "pickle/local-module", -1, "pkg/mine.py")

	delete(members, "pkg/.data/version")
	if r, _ := scannertest.RunFile(Scanner{}, f, scannertest.Head(f.Name, data)); len(r.Uses) > 0 || !scannertest.HasRule(r.Findings, "pickle/persistent-id") {
		t.Errorf("outside of a package: %+v", r)
	}
}
