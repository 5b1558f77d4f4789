package main

import "testing"

func TestAssemble(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"GLOBAL os system\nMARK\nBINUNICODE echo a b\nTUPLE\nREDUCE\nSTOP\n", "cos\nsystem\n(X\x08\x00\x00\x00echo a btR."},
		{"# a comment\n\n  EMPTY_DICT", "}"},
		{"GLOBAL os", ""},
		{"MARK x", ""},
		{"UNKNOWN", ""},
	} {
		got, err := assemble(c.text)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%q: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
}
