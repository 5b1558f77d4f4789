package pickle

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// samples holds an input in which each rule fires and a similar one in which it
// must not.
func samples(t *testing.T) []scannertest.Sample {
	t.Helper()
	p := func(lines ...string) []byte { return program(t, lines...) }
	sizes := func(known map[string]int64) func(string) (int64, bool) {
		return func(name string) (int64, bool) { size, ok := known[name]; return size, ok }
	}
	tensor := func(class, key string, numel int, size string) []byte {
		return p("PROTO 2", "GLOBAL torch._utils _rebuild_tensor_v2", "MARK", "MARK", `BINUNICODE "storage"`,
			"GLOBAL torch "+class, fmt.Sprintf("BINUNICODE %q", key), `BINUNICODE "cpu"`, fmt.Sprintf("BININT %d", numel), "TUPLE",
			"BINPERSID", "BININT1 0", "BININT1 "+size, "TUPLE1", "BININT1 1", "TUPLE1", "NEWFALSE",
			"GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "TUPLE", "REDUCE", "STOP")
	}
	setTensor := func(size string) []byte { // as torch.Tensor.__setstate__ takes it
		return p("PROTO 2", "GLOBAL torch._tensor Tensor", "EMPTY_TUPLE", "NEWOBJ", "MARK", "MARK", `BINUNICODE "storage"`, "GLOBAL torch FloatStorage",
			`BINUNICODE "0"`, `BINUNICODE "cpu"`, "BININT1 4", "TUPLE", "BINPERSID", "BININT1 0", "BININT1 "+size, "TUPLE1", "BININT1 1", "TUPLE1", "TUPLE", "BUILD", "STOP")
	}
	inner := p("PROTO 3", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "REDUCE", "STOP")
	innocent := p("PROTO 3", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "STOP")
	return []scannertest.Sample{
		{Rule: "pickle/dangerous-call", Hit: p("PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "REDUCE", "STOP"),
			Miss: p("PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "STOP")},
		{Rule: "pickle/dangerous-import", Hit: p("PROTO 2", "GLOBAL os system", "STOP"),
			Miss: p("PROTO 2", "GLOBAL numpy mean", "STOP")},
		{Rule: "pickle/unknown-call", Hit: p("PROTO 2", "GLOBAL mylib Net", "EMPTY_TUPLE", "NEWOBJ", "STOP"),
			Miss: p("PROTO 2", "GLOBAL torch.nn.modules.linear Linear", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "STOP")},
		{Rule: "pickle/unknown-import", Hit: p("PROTO 2", "GLOBAL mylib Net", "STOP"),
			Miss: p("PROTO 2", "GLOBAL torch float32", "STOP")},
		{Rule: "pickle/unlisted-use", Hit: p("PROTO 2", "GLOBAL pathlib PosixPath", "EMPTY_LIST", "TUPLE1", "REDUCE", "STOP"),
			Miss: p("PROTO 2", "GLOBAL pathlib PosixPath", `BINUNICODE "a"`, "TUPLE1", "REDUCE", "STOP")},
		{Rule: "pickle/dynamic-import", Hit: p("PROTO 4", "GLOBAL mylib name", "EMPTY_TUPLE", "REDUCE", `BINUNICODE "x"`, "STACK_GLOBAL", "STOP"),
			Miss: p("PROTO 4", `BINUNICODE "collections"`, `BINUNICODE "OrderedDict"`, "STACK_GLOBAL", "STOP")},
		{Rule: "pickle/dynamic-call", Hit: p("PROTO 4", "GLOBAL functools partial", "GLOBAL builtins int", "TUPLE1", "REDUCE", "EMPTY_TUPLE", "REDUCE", "STOP"),
			Miss: p("PROTO 4", "GLOBAL builtins getattr", "GLOBAL zoneinfo ZoneInfo", `BINUNICODE "_unpickle"`, "TUPLE2", "REDUCE", `BINUNICODE "UTC"`, "NEWTRUE", "TUPLE2", "REDUCE", "STOP")},
		{Rule: "pickle/build-on-import", Hit: p("PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_DICT", "BUILD", "STOP"),
			Miss: p("PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "EMPTY_DICT", "BUILD", "STOP")},
		{Rule: "pickle/proxy-call", Hit: p("PROTO 2", "GLOBAL functools partial", "GLOBAL mylib f", "TUPLE1", "REDUCE", "STOP"),
			Miss: p("PROTO 2", "GLOBAL functools partial", "GLOBAL builtins int", "TUPLE1", "REDUCE", "STOP")},
		{Rule: "pickle/method-call", Hit: p("PROTO 2", "GLOBAL mylib L", "EMPTY_TUPLE", "NEWOBJ", "NONE", "APPEND", "STOP"),
			Miss: p("PROTO 2", "GLOBAL collections deque", "EMPTY_TUPLE", "REDUCE", "NONE", "APPEND", "STOP")},
		{Rule: "pickle/extension-registry", Hit: p("PROTO 2", "EXT1 1", "STOP"), Miss: p("PROTO 2", "BININT1 1", "STOP")},
		{Rule: "pickle/persistent-id", Hit: p("PROTO 2", `BINUNICODE "weights"`, "BINPERSID", "STOP"), Miss: tensor("FloatStorage", "0", 4, "4")},
		{Rule: "pickle/differential", Hit: p("INT 010", "STOP"), Miss: p("INT 10", "STOP")},
		{Rule: "pickle/differential", Hit: p("PROTO 2", "FRAME 1", "NONE", "STOP"), Miss: p("PROTO 4", "FRAME 2", "NONE", "STOP")},
		{Rule: "pickle/frame-crossing", Hit: p("PROTO 4", "FRAME 4", `SHORT_BINUNICODE "abcdef"`, "STOP"),
			Miss: p("PROTO 4", "FRAME 9", `SHORT_BINUNICODE "abcdef"`, "STOP")},
		{Rule: "pickle/nested", Hit: p("PROTO 3", fmt.Sprintf("SHORT_BINBYTES %q", inner), "STOP"),
			Miss: p("PROTO 3", fmt.Sprintf("SHORT_BINBYTES %q", innocent), "STOP")},
		{Rule: "pickle/local-module", Name: "archive/data.pkl", Sibling: sizes(map[string]int64{"archive/numpy.py": 10}),
			Hit:  p("PROTO 2", "GLOBAL numpy dtype", "STOP"),
			Miss: p("PROTO 2", "GLOBAL collections OrderedDict", "STOP")},
		{Rule: "pickle/storage-missing", Name: "archive/data.pkl", Sibling: sizes(map[string]int64{"archive/data/0": 16}),
			Hit: tensor("FloatStorage", "1", 4, "4"), Miss: tensor("FloatStorage", "0", 4, "4")},
		{Rule: "pickle/storage-unused", Name: "archive/data.pkl", Sibling: sizes(map[string]int64{"archive/data/0": 16, "archive/data/1": 16, "archive/version": 2}),
			Siblings: []string{"archive/data.pkl", "archive/version", "archive/data/0", "archive/data/1"},
			Hit:      tensor("FloatStorage", "0", 4, "4"), Miss: p("PROTO 2", "GLOBAL torch FloatStorage", "BINPUT 0", "POP", "MARK",
				"MARK", `BINUNICODE "storage"`, "BINGET 0", `BINUNICODE "0"`, `BINUNICODE "cpu"`, "BININT1 4", "TUPLE", "BINPERSID",
				"MARK", `BINUNICODE "storage"`, "BINGET 0", `BINUNICODE "1"`, `BINUNICODE "cpu"`, "BININT1 4", "TUPLE", "BINPERSID", "TUPLE", "STOP")},
		{Rule: "pickle/storage-size", Name: "archive/data.pkl", Sibling: sizes(map[string]int64{"archive/data/0": 16}),
			Hit: tensor("DoubleStorage", "0", 4, "4"), Miss: tensor("DoubleStorage", "0", 2, "2")},
		{Rule: "pickle/tensor-bounds", Name: "archive/data.pkl",
			Hit: tensor("FloatStorage", "0", 4, "5"), Miss: tensor("FloatStorage", "0", 4, "3")},
		{Rule: "pickle/tensor-bounds", Name: "archive/data.pkl", Hit: setTensor("5"), Miss: setTensor("3")},
		{Rule: "pickle/inline-array", Hit: joblibArray(t, "BINUNICODE \"f8\"", "BININT 1000000", "", nil),
			Miss: joblibArray(t, "BINUNICODE \"f8\"", "BININT1 2", "", make([]byte, 16))},
		{Rule: "pickle/hidden-padding", Hit: joblibArray(t, "BINUNICODE \"u1\"", "BININT1 2", "\x04hide", make([]byte, 2)),
			Miss: joblibArray(t, "BINUNICODE \"u1\"", "BININT1 2", "\x04\xff\xff\xff\xff", make([]byte, 2))},
		{Rule: "pickle/out-of-band", Hit: p("PROTO 5", "NEXT_BUFFER", "STOP"), Miss: p("PROTO 5", `BYTEARRAY8 "abc"`, "STOP")},
		{Rule: "pickle/limit", Hit: p("PROTO 2", "GLOBAL mylib "+strings.Repeat("x", 2000), "STOP"),
			Miss: p("PROTO 2", "GLOBAL mylib "+strings.Repeat("x", 900), "STOP")},
	}
}

// joblibArray is a joblib file of one array: its wrapper, the padding when there
// is one, the bytes of the array, and the STOP.
func joblibArray(t *testing.T, dtype, length, padding string, content []byte) []byte {
	t.Helper()
	lines := []string{"PROTO 3", "GLOBAL joblib.numpy_pickle NumpyArrayWrapper", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "MARK",
		`BINUNICODE "subclass"`, "GLOBAL numpy ndarray", `BINUNICODE "shape"`, length, "TUPLE1",
		`BINUNICODE "order"`, `BINUNICODE "C"`, `BINUNICODE "dtype"`, "GLOBAL numpy dtype", dtype, "NEWFALSE", "NEWTRUE", "TUPLE3", "REDUCE",
		`BINUNICODE "allow_mmap"`, "NEWTRUE"}
	if padding != "" {
		lines = append(lines, `BINUNICODE "numpy_array_alignment_bytes"`, "BININT1 16")
	}
	return bytes.Join([][]byte{program(t, append(lines, "SETITEMS", "BUILD")...), []byte(padding), content, {opStop}}, nil)
}

func TestRules(t *testing.T) { scannertest.CheckRules(t, Scanner{}, samples(t)) }

// TestDeclined: what only begins like a pickle is left to other scanners.
func TestDeclined(t *testing.T) {
	for name, text := range map[string]string{
		"README.md":      "Models are described below.\n\nThey were trained on text.\n",
		"LICENSE":        "Copyright 2024\nPermission is granted.\n",
		"vocab.txt":      "cat\ndog\nfish\nhorse\n",
		"labels.txt":     "car\nbus\nperson\n",
		"words.txt":      "is\nin\nVan\n.net\n",
		"functions.txt":  "cos\nsin\ntan\n",
		"notes":          "I think that this is fine.\n",
		"names":          "Vera\nFred\nSam\n",
		"config.ini":     "[section]\nkey = 1\n",
		"list.csv":       "1,2,3\n4,5,6\n",
		"tensor":         "\x4e\x2e\x00\x01\x02\x03\x04\x05",
		"data/0":         string(bytes.Repeat([]byte{0x29, 0x3c, 0x8e, 0x00}, 100)),
		"model.bin":      "PK\x03\x04\x14\x00\x00\x00\x00\x00",
		"weights.bin":    "lmgg\x00\x00\x00\x00\x00\x00\x00\x00",
		"array.npy":      "\x93NUMPY\x01\x00v\x00{'descr': '<f8'}\n",
		"(parenthesis":   "(in the beginning\nthere was text\n",
		"merges.txt":     "ch e\nth e\nin g\n",
		"one line":       "Nothing.",
		"config.json":    "}",
		"requirements":   "colorama\nclick\nnumpy\n",
		"gitattributes":  "*.bin filter=lfs\n",
		"protocol 9":     "\x80\x09text",
		"generate.py":    "import os\nprint(1)\n",
		"Grammar.g4":     "grammar X;\n",
		"python classes": "class A:\n    pass\n",
		"c source":       "const int a = 1;\nint b;\n",
	} {
		r, err := scannertest.Run(Scanner{}, name, []byte(text))
		if err == nil || len(r.Findings) > 0 || err.Error() != "not recognised" {
			t.Errorf("%s: recognised: %+v, %v", name, r, err)
		}
	}
}

// TestBroken: a pickle that breaks is an error with the offset, and keeps what was
// found before.
func TestBroken(t *testing.T) {
	data, mark := asm(t, "PROTO 2", "GLOBAL os system", `BINUNICODE "x"`, "TUPLE1", "REDUCE", "!TUPLE3", "STOP")
	r, err := scannertest.Run(Scanner{}, "x", data)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("at byte %d", mark)) || len(r.Findings) != 1 {
		t.Errorf("%v, %+v", err, r.Findings)
	}
	scannertest.KeepsFindings(t, Scanner{}, "x", data, []byte("junk"))
}
