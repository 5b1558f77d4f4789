package trust_test

import (
	"strings"
	"testing"

	"assay/verify"
	"assay/verify/trust"
)

func TestDenyList(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	e := verify.Evidence{Files: []verify.FileEvidence{{Name: "a", Size: 1, SHA256: sum}, {Name: "b", Size: 1, SHA256: strings.Repeat("cd", 32)}}}
	for _, c := range []struct {
		name, text string
		want       []string // files of the problems
	}{
		{"empty", "", nil},
		{"comments", "# sha256:" + sum + "\n\n", nil},
		{"another file", "sha256:" + strings.Repeat("ef", 32), nil},
		{"a file", "  sha256:" + sum + "  steals tokens\r\n", []string{"a"}},
		{"the whole", verify.ContentID(e.Files) + " replaced", []string{""}},
	} {
		list, err := trust.ParseDenyList([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		check, err := list.Verifier("deny.txt").Prepare(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, claim := range check.Claims(verify.DigestsOf(e)) {
			for _, p := range claim.Problems {
				got = append(got, p.File)
			}
		}
		if strings.Join(got, ",") != strings.Join(c.want, ",") || len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDenyListSigners(t *testing.T) {
	key := strings.Repeat("12", 32)
	list, err := trust.ParseDenyList([]byte("key:" + key + " stolen\nidentity:me@example.com\n"))
	if err != nil || list.Len() != 2 {
		t.Fatal(list, err)
	}
	if reason, ok := list.Key(key); !ok || reason != "stolen" {
		t.Error(reason, ok)
	}
	if _, ok := list.Identity("me@example.com"); !ok {
		t.Error("identity")
	}
	if _, ok := list.Key("me@example.com"); ok {
		t.Error("an identity taken for a key")
	}
	if _, ok := (trust.DenyList{}).Key(key); ok {
		t.Error("the zero value denies")
	}
}

// A line that is not understood would deny nothing.
func TestDenyListRefuses(t *testing.T) {
	sum := strings.Repeat("AB", 32)
	for _, text := range []string{"sha256:" + sum, "sha256:00", "md5:00", "key:", "identity:", sum, "sha256 : x"} {
		if _, err := trust.ParseDenyList([]byte(text)); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
}

// FuzzParseDenyList: whatever is accepted denies at most one thing on each line,
// and an entry that is added is honoured.
func FuzzParseDenyList(f *testing.F) {
	f.Add([]byte("sha256:" + strings.Repeat("ab", 32) + " x\n# y\nidentity:me\n"))
	f.Add([]byte("key:\x00\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := trust.ParseDenyList(data)
		if err != nil {
			return
		}
		if lines := strings.Count(string(data), "\n") + 1; list.Len() > lines {
			t.Errorf("%d entries on %d lines", list.Len(), lines)
		}
		more, err := trust.ParseDenyList([]byte(string(data) + "\nkey:" + strings.Repeat("12", 32) + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := more.Key(strings.Repeat("12", 32)); !ok {
			t.Error("an entry got lost")
		}
	})
}
