package flax

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var known = []scanners.Scanner{Scanner{}}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.msgpack")
	if err != nil || len(names) < 2 {
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

func TestOrdinary(t *testing.T) {
	for name, data := range fixtures(t) {
		scannertest.Harmless(t, known, name, data)
		if report := scannertest.Harmless(t, known, "blob", data); report.Coverage.Opaque == 0 {
			t.Errorf("%s: coverage %+v", name, report.Coverage)
		}
	}
	scannertest.Harmless(t, known, "x.msgpack", []byte("\x81\xa1a\xc0"))
}

func str(s string) string { return string([]byte{0xa0 | byte(len(s))}) + s }

// ext is an extension value.
func ext(kind byte, content string) string {
	return "\xc9" + string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + string([]byte{kind}) + content
}

func array(dtype string, n int, data string) string {
	return ext(1, "\x93\x91"+string([]byte{byte(n)})+str(dtype)+"\xc4"+string([]byte{byte(len(data))})+data)
}

func file(value string) []byte {
	return []byte("\x82" + str("a") + value + str("b") + array("int8", 1, "x"))
}

func TestRules(t *testing.T) {
	good := file(array("float32", 1, "xxxx"))
	sample := func(rule, value string) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Hit: file(value), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample("flax/array-type", array("object", 1, "xxxxxxxx")),
		sample("flax/array-type", array("S4", 1, "xxxx")),
		sample("flax/array-size", array("float32", 2, "xxxx")),
		sample("flax/array-size", array("float32", 0, "xxxx")),
		sample("flax/array-size", ext(2, "\x92\x01\x02\x03")),
		sample("flax/unknown-extension", ext(5, "xx")),
		{Rule: "flax/duplicate-key", Hit: []byte("\x82" + str("a") + array("int8", 1, "x") + str("a") + "\x01"), Miss: good},
	})
}

func TestGaps(t *testing.T) {
	good := file(array("float32", 1, "xxxx"))
	for what, data := range map[string][]byte{
		"cut off":       good[:len(good)-1],
		"trailing":      append(slices.Clone(good), "PK"...),
		"too deep":      []byte("\x81" + str("a") + strings.Repeat("\x91", 600)),
		"a huge list":   []byte("\x81" + str("a") + "\xdd\xff\xff\xff\xff"),
		"a wrong byte":  file("\xc1"),
		"an odd array":  file(ext(1, "\x92\x01\x02")),
		"a key of list": []byte("\x81" + str("a") + "\x81\x90\x01"),
	} {
		if report := scannertest.Scan(known, "x.msgpack", data); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func TestNotRecognised(t *testing.T) {
	for _, data := range []string{"\x80\x04.", "\x81\xa1a\xc1", "text", "\xde\x00", "\x81\xa3ab"} {
		if report := scannertest.Scan(known, "x.bin", []byte(data)); len(report.Formats) > 0 {
			t.Errorf("%q: %v", data, report.Formats)
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range fixtures(f) {
		f.Add(name, data)
	}
	f.Add("x.msgpack", file(ext(5, "xx")))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
