package marshal

import (
	"bytes"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
)

func vectors(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/code.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		version, digits, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || version == "#" {
			continue
		}
		data, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		list[version] = data
	}
	return list
}

// TestVersions: names and texts of all functions, whichever version compiled them.
func TestVersions(t *testing.T) {
	list := vectors(t)
	if len(list) < 8 {
		t.Errorf("%d versions", len(list))
	}
	for version, data := range list {
		code, err := Decode(data)
		if err != nil || !code.Complete {
			t.Errorf("%s: %v", version, err)
			continue
		}
		for _, want := range []string{"os.path", "subprocess", "check_output", "open"} {
			if !slices.Contains(code.Names, want) {
				t.Errorf("%s: names %q lack %s", version, code.Names, want)
			}
		}
		if !slices.Contains(code.Texts, "weights.bin") || !slices.Contains(code.Functions, "forward") || !slices.Equal(code.Files, []string{"m.py"}) {
			t.Errorf("%s: %+v", version, code)
		}
	}
}

// TestSlice: version 5 of the format (Python 3.14) has constant slices.
func TestSlice(t *testing.T) {
	data := vectors(t)["3.13"]
	name := []byte("\xda\x0bweights.bin")
	if !bytes.Contains(data, name) {
		name = []byte("z\x0bweights.bin")
	}
	changed := bytes.Replace(data, name, []byte(":NNN"), 1)
	code, err := Decode(changed)
	if err == nil && slices.Contains(code.Texts, "weights.bin") || bytes.Equal(changed, data) {
		t.Errorf("%+v, %v", code, err)
	}
	if bytes.HasPrefix(name, []byte("z")) && err != nil { // with a flag, the references shift
		t.Error(err)
	}
}

// TestHostile: lengths, depths and references that no writer produces are errors.
func TestHostile(t *testing.T) {
	data := vectors(t)["3.12"]
	for n := range data {
		if code, err := Decode(data[:n]); err == nil {
			t.Errorf("cut at %d: %+v", n, code)
		}
	}
	head := "\xe3" + strings.Repeat("\x00", 20)
	for name, body := range map[string]string{
		"long text":  "s\xff\xff\xff\x7f",
		"negative":   "s\xff\xff\xff\xff",
		"deep":       strings.Repeat(")\x01", 1000) + "N",
		"reference":  "r\x00\x00\x00\x00" + strings.Repeat("N", 40),
		"wide":       "(\xff\xff\xff\x7f" + strings.Repeat("N", 100),
		"other type": strings.Repeat("?", 40),
	} {
		if code, err := Decode([]byte(head + body + strings.Repeat("\x00", 40))); err == nil {
			t.Errorf("%s: %+v", name, code)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range vectors(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		code, err := Decode(data)
		if err == nil && (len(code.Functions) == 0 || len(code.Names)+len(code.Texts) > 2*maxTexts) {
			t.Errorf("%+v", code)
		}
	})
}
