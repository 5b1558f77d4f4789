package numpy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var own = []scanners.Scanner{New()}

// npy builds a version 1 file around a header text.
func npy(header string, data int) []byte {
	out := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return append(append(out, header...), make([]byte, data)...)
}

// of is the header that numpy writes for a type and a shape.
func of(descr, shape string) string {
	return fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': %s, }   \n", descr, shape)
}

func TestRules(t *testing.T) {
	const x = "x.npy"
	good := npy(of("'<f4'", "(3,)"), 12)
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "numpy/header", Name: x, Hit: npy("{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 4), Miss: good},
		{Rule: "numpy/header", Name: x, Hit: npy("{'descr': '<f4', 'shape': (1,)}", 4), Miss: npy(strings.Replace(of("'<f4'", "(1L,)"), "'shape'", "u'shape'", 1), 4)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<' 'f4'", "(1,)"), 4), Miss: npy(of(`[('a\'\\\u00e9', '<f4'), (('t', "b"), '|u1', (2,))]`, "(1,)"), 6)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<f4'", "__import__('os')"), 4), Miss: npy(of("'<M8[ns]'", "()"), 8)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<f4'", "(-1,)"), 4)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<f4'", "[1]"), 4)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<f4'", "(1)"), 4)},
		{Rule: "numpy/header", Name: x, Hit: npy(of("'<f4'", strings.Repeat("(", 100)), 4)},
		{Rule: "numpy/header", Name: x, Hit: []byte("\x93NUMPY\x09\x00\x00\x00")},
		{Rule: "numpy/header", Name: x, Miss: good[:40]}, // cut off: a gap
		{Rule: "numpy/header", Name: x, Miss: []byte("\x93NUMPY\x02\x00\x01")},
		{Rule: "numpy/long-header", Name: x, Hit: npy(of("'|u1'", "(1,)")+strings.Repeat(" ", 10_000), 1), Miss: npy(of("'|u1'", "(1,)")+strings.Repeat(" ", 9_000), 1)},
		{Rule: "numpy/object-array", Name: x, Hit: npy(of("'|O'", "(1,)"), 9), Miss: npy(of("'|S5'", "(1,)"), 5)},
		{Rule: "numpy/object-array", Name: x, Hit: npy(of("[('a', '<f4'), ('b', [('c', 'O')])]", "(1,)"), 9), Miss: npy(of("[('O', '<f4')]", "(1,)"), 4)},
		{Rule: "numpy/object-array", Name: x, Hit: npy(of("'object'", "(1,)"), 9)},
		{Rule: "numpy/object-array", Name: x, Hit: npy(of("('|O', (2,))", "(1,)"), 9)},
		{Rule: "numpy/object-array", Name: x, Hit: npy(of("[('a', 'strange'), ('b', '|O')]", "(1,)"), 9)},
		{Rule: "numpy/size-mismatch", Name: x, Hit: good[:len(good)-1], Miss: good},
		{Rule: "numpy/overflow", Name: x, Hit: npy(of("'<f8'", "(4294967296, 4294967296)"), 8), Miss: npy(of("'<f8'", "(0, 4294967296)"), 0)},
		{Rule: "numpy/overflow", Name: x, Hit: npy(of("'<f8'", "(2305843009213693952,)"), 8)},
		{Rule: "numpy/overflow", Name: x, Hit: npy(of("('<f8', (2305843009213693952,))", "(1,)"), 8)},
		{Rule: "numpy/overflow", Name: x, Hit: npy(of("'<f8'", "(18446744073709551616,)"), 8)},
		{Rule: "numpy/trailing-data", Name: x, Hit: append(bytes.Clone(good), "PK\x05\x06 and more"...), Miss: append(bytes.Clone(good), good...)},
		{Rule: "numpy/trailing-data", Name: x, Hit: append(bytes.Clone(good), 0), Miss: good},
		{Rule: "numpy/unknown-dtype", Name: x, Hit: npy(of("'<f3'", "(1,)"), 3), Miss: npy(of("'<c16'", "(1,)"), 16)},
		{Rule: "numpy/unknown-dtype", Name: x, Hit: npy(of("'i4,f8'", "(1,)"), 12), Miss: npy(of("('<i4', (3,))", "(1,)"), 12)},
		{Rule: "numpy/wrong-content", Name: x, Hit: []byte("\x80\x04K\x01."), Miss: good},
		{Rule: "numpy/wrong-content", Name: "blob", Miss: good},
	})
}

// Files that numpy itself wrote.
func TestRealArrays(t *testing.T) {
	names, err := filepath.Glob("../../testdata/benign/numpy/*.npy")
	if err != nil || len(names) < 5 {
		t.Fatalf("fixtures: %v, %v", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) != "objects.npy" {
			scannertest.Harmless(t, own, name, data)
			continue
		}
		result, err := scannertest.Run(New(), name, data)
		if err != nil || len(result.Members) != 1 {
			t.Fatalf("%s: members %v, error %v", name, result.Members, err)
		}
		m := result.Members[0]
		if m.Name != "objects.npy.object-array.pkl" || m.Span.End() != int64(len(data)) || !bytes.HasPrefix(data[m.Span.Off:], []byte("\x80\x03c")) {
			t.Errorf("member %+v", m)
		}
	}
}

func TestFacts(t *testing.T) {
	report := scannertest.Harmless(t, own, "x", npy(of("'<f4'", "(3, 2)"), 24))
	if got := fmt.Sprint(report.Facts); got != "[{numpy/dtype <f4} {numpy/elements 6} {numpy/shape (3,2)}]" {
		t.Error(got)
	}
	if c := report.Coverage; c.Opaque != 24 {
		t.Errorf("coverage %+v", c)
	}
}

// What numpy may unpickle is handed on even when the header is not understood.
func TestStrangeHeaderIsHandedOn(t *testing.T) {
	for _, descr := range []string{"'ob' 'ject'", "'i4,f8'", `b'\x4f'`} {
		result, err := scannertest.Run(New(), "x.npy", npy(of(descr, "(1,)"), 9))
		if len(result.Members) != 1 || err == nil && descr != `b'\x4f'` {
			t.Errorf("%s: members %v, error %v", descr, result.Members, err)
		}
	}
}

func TestDeclines(t *testing.T) {
	for name, data := range map[string]string{
		"x.npy": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
		"x.npz": "PK\x03\x04",
	} {
		if _, err := scannertest.Run(New(), name, []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("x.npy", npy(of("'<f4'", "(3,)"), 12))
	f.Add("x.npy", npy(of("[('a', '<f4', (2,)), ('b', '|O')]", "(3, 4)"), 12))
	f.Add("x", npy(of(`'<f8'`, "(4294967296, 4294967296)"), 12))
	f.Add("x.npy", append(npy(of("'|u1'", "()"), 1), npy(of("('<i2', 3)", "()"), 6)...))
	f.Add("y", []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{'"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
