package registry

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckName(t *testing.T) {
	for _, good := range []string{
		"a", "README.md", "a/b/c.bin", ".gitattributes", "model (1) +ü.onnx", "日本語/モデル.safetensors",
		"com", "com10.txt", "console.py", "auxiliary", "a..b", "..a", "x~1", strings.Repeat("a", 255),
	} {
		if err := CheckName(good); err != nil {
			t.Errorf("%q refused: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", "/a", "a/", "a//b", "./a", "a/../b", `a\b`, "c:x", "a\x00", "a\nb", "a\x7f", "a.", "a /b", "a./b",
		"NUL", "con.txt", "lpt1", "com¹x"[:3] + "1.x", "conin$", "\xff", strings.Repeat("a", 256), strings.Repeat("a/", 2100) + "a",
	} {
		if err := CheckName(bad); !errors.Is(err, ErrUnsafeName) {
			t.Errorf("%q: %v, want ErrUnsafeName", bad, err)
		}
	}
}

func files(names ...string) []File {
	var out []File
	for _, n := range names {
		out = append(out, File{Name: n})
	}
	return out
}

func TestCheckSet(t *testing.T) {
	for _, good := range [][]string{{}, {"a", "b"}, {"a/x", "a/y", "b/x"}, {"a", "ab", "a.b"}, {"a/b/c", "a/b/d", "a/c"}} {
		if err := CheckSet(files(good...)); err != nil {
			t.Errorf("%q refused: %v", good, err)
		}
	}
	for _, bad := range [][]string{
		{"a", "a"}, {"A", "a"}, {"straße", "STRASSE"}, {"caf\u00e9", "cafe\u0301"}, {"ﬁ", "fi"},
		{"a", "a/b"}, {"a/b", "a"}, {"A/b/c", "a"}, {"x/a", "X/A/b"}, {"ok", "../x"}, {"\u212b", "\u00e5"},
	} {
		if err := CheckSet(files(bad...)); !errors.Is(err, ErrUnsafeName) {
			t.Errorf("%q: %v, want ErrUnsafeName", bad, err)
		}
		kept, refused := SplitSet(files(bad...))
		if len(kept) != 1 || len(refused) != 1 {
			t.Errorf("%q split into %d and %d", bad, len(kept), len(refused))
		}
	}
	if err := CheckSet(make([]File, MaxFiles+1)); !errors.Is(err, ErrLimit) {
		t.Errorf("too many files: %v, want ErrLimit", err)
	}
}

func TestParseReference(t *testing.T) {
	for in, want := range map[string]Reference{
		"model.bin": {"file", "model.bin"}, "./a://b": {"file", "./a://b"}, "file:x": {"file", "x"}, "file:///x": {"file", "/x"},
		"hf://a/b@main": {"hf", "a/b@main"}, "hfcache:a/b@main": {"hfcache", "a/b@main"}, "oci-layout:/x:tag": {"oci-layout", "/x:tag"}, "hfcache:/hub//a/b": {"hfcache", "/hub//a/b"}, "mlflow+https://h/x": {"mlflow+https", "h/x"}, "C:\\x": {"file", "C:\\x"}, "HF://a": {"file", "HF://a"},
	} {
		got, err := ParseReference(in)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", in, got, err, want)
		}
		if again, err := ParseReference(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %+v, %v", in, got, again, err)
		}
	}
	for _, bad := range []string{"", "hf://", "a\x1b[2Jb", "a\n"} {
		if _, err := ParseReference(bad); !errors.Is(err, ErrReference) {
			t.Errorf("%q: %v, want ErrReference", bad, err)
		}
	}
}

func TestParseDigest(t *testing.T) {
	for algorithm, size := range digestSizes {
		in := algorithm + ":" + strings.Repeat("0a", size)
		if d, err := ParseDigest(in); err != nil || d.String() != in {
			t.Errorf("%s: %v, %v", in, d, err)
		}
		for _, bad := range []string{strings.ToUpper(in), in + "0", in[:len(in)-1], algorithm + ":" + strings.Repeat("0A", size), algorithm + ":../" + strings.Repeat("0", 2*size-3)} {
			if _, err := ParseDigest(bad); err == nil {
				t.Errorf("%s accepted", bad)
			}
		}
	}
	for _, bad := range []string{"", ":", "sha256", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + strings.Repeat("g", 64)} {
		if _, err := ParseDigest(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

// An accepted name stays below any folder it is joined to, has one spelling, and
// is printable enough not to be quoted away.
func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"a/b.bin", "../x", "a/../b", `a\b`, "C:x", "con", "caf\u00e9", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckName(s) != nil {
			return
		}
		if !fs.ValidPath(s) || !filepath.IsLocal(filepath.FromSlash(s)) || !utf8.ValidString(s) || strings.ContainsAny(s, "\\:\x00\n\r") {
			t.Errorf("%q accepted", s)
		}
		if filepath.ToSlash(filepath.Clean(filepath.FromSlash(s))) != s {
			t.Errorf("%q accepted, and has another spelling", s)
		}
	})
}

// The verdict on a set does not depend on its order, and what is kept is good.
func FuzzCheckSet(f *testing.F) {
	f.Add("a\nb")
	f.Add("a\nA/b")
	f.Add("a/b/c\na/b\nx")
	f.Fuzz(func(t *testing.T, s string) {
		set := files(strings.Split(s, "\n")...)
		err := CheckSet(set)
		kept, refused := SplitSet(set)
		if len(kept)+len(refused) != len(set) || (err == nil) != (len(refused) == 0) {
			t.Errorf("%d kept, %d refused of %d; %v", len(kept), len(refused), len(set), err)
		}
		if err := CheckSet(kept); err != nil {
			t.Errorf("kept: %v", err)
		}
		slices.Reverse(set)
		if reversed := CheckSet(set); (err == nil) != (reversed == nil) {
			t.Errorf("%v, and in the other order %v", err, reversed)
		}
	})
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"hf://a/b@c", "file:x", "x", "oci://h/r:t", "a+b.c-d://x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseReference(s)
		if err != nil {
			return
		}
		if ref.Scheme == "" || ref.Rest == "" {
			t.Errorf("%q: %+v", s, ref)
		}
		if ref.Scheme == "file" {
			return
		}
		if again, err := ParseReference(ref.String()); err != nil || again != ref {
			t.Errorf("%q: %+v, then %+v (%v)", s, ref, again, err)
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:" + strings.Repeat("0", 64))
	f.Add("sha1-git:" + strings.Repeat("a", 40))
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDigest(s)
		if err != nil {
			return
		}
		raw, err := hex.DecodeString(d.Hex)
		if err != nil || fmt.Sprintf("%s:%x", d.Algorithm, raw) != s {
			t.Errorf("%q accepted as %v", s, d)
		}
	})
}
