package entryname

import "testing"

func TestEscapes(t *testing.T) {
	for name, want := range map[string]bool{
		"a/b": false, "a..b": false, "...": false, "./a": false, "w:0.npy": false, "a:/b": true, "": false,
		"..": true, "a/../b": true, "/a": true, `\a`: true, `a\..\b`: true, `C:\a`: true, "c:/a": true, "//host/a": true,
	} {
		if got := Escapes(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestOutside(t *testing.T) {
	for name, want := range map[string]bool{
		"a/b": false, "a..b": false, "./a": false, ".": false, "": false, "a~b": false, "requirements/base.txt": false, "conv/kernel:0": false, "git@1": false,
		"..": true, "a/../b": true, "./../b": true, "/a": true, `\\host\a`: true, `..\a`: true, `a\b`: true, `C:\a`: true, "C:/a": true, "C:a": true, "~/a": true, "~root/a": true,
		"https://x.test/a": true, "file:/etc/passwd": true, "FILE:a": true, "a\x00b": true,
	} {
		if got := Outside(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestLinkEscapes(t *testing.T) {
	for _, c := range []struct {
		name, target string
		want         bool
	}{
		{"a/b", "c", false}, {"a/b", "../c", false}, {"a/b", "../../c", true}, {"b", "..", true}, {"b", "/etc", true},
		{"a/b", `..\..\c`, true}, {"b", `C:\x`, true}, {"a/b/c", "../../d/e", false},
	} {
		if got := LinkEscapes(c.name, c.target); got != c.want {
			t.Errorf("%q to %q: %v", c.name, c.target, got)
		}
	}
}

func TestKey(t *testing.T) {
	for _, pair := range [][2]string{{"A/B", "a/b"}, {"a/./b", "a/b"}, {`a\b`, "a/b"}, {"a/", "a"}} {
		if Key(pair[0]) != Key(pair[1]) {
			t.Errorf("%q and %q are told apart", pair[0], pair[1])
		}
	}
	if Key("a/b") == Key("a_b") {
		t.Error("everything is equal")
	}
}
