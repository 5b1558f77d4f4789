package checksums_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/checksums"
)

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

var _ io.ReaderAt = memory{}

func gather(t testing.TB, files map[string]string) verify.Evidence {
	t.Helper()
	a := &registry.Artifact{}
	for name, text := range files {
		a.Files = append(a.Files, registry.File{Name: name, Size: int64(len(text)), Open: func(context.Context) (registry.Content, error) {
			return memory{bytes.NewReader([]byte(text))}, nil
		}})
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	e, err := verify.Pipeline{Verifiers: []verify.Verifier{checksums.Verifier{}}}.Gather(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Claims) > 0 {
		t.Errorf("a list is nobody's claim: %+v", e.Claims)
	}
	return e
}

// declared is "match by (strength)" of the file's digests.
func declared(e verify.Evidence, name string) []string {
	var list []string
	for _, f := range e.Files {
		for _, d := range f.Declared {
			if f.Name == name {
				list = append(list, strings.TrimSpace(d.Match+" "+d.By+" "+d.Strength))
			}
		}
	}
	return list
}

func TestLists(t *testing.T) {
	const content = "weights"
	sum, sum5, old := sha256.Sum256([]byte(content)), sha512.Sum512([]byte(content)), md5.Sum([]byte(content))
	right, right512, weak := hex.EncodeToString(sum[:]), hex.EncodeToString(sum5[:]), hex.EncodeToString(old[:])
	wrong := strings.Repeat("ab", 32)
	croissant := func(distribution string) string {
		return `{"@context":{},"conformsTo":"http://mlcommons.org/croissant/1.0","distribution":[` + distribution + `]}`
	}
	for name, c := range map[string]struct {
		list, text string
		want       string // of d/m.bin; "" when nothing is listed for it
	}{
		"GNU":                 {"d/SHA256SUMS", right + "  m.bin\n", "match checksum file d/SHA256SUMS listed"},
		"GNU, binary":         {"d/sha256sum.txt", right + " *./m.bin\n", "match checksum file d/sha256sum.txt listed"},
		"upper case, CRLF":    {"d/SHA256SUMS", strings.ToUpper(right) + "  m.bin\r\n", "match checksum file d/SHA256SUMS listed"},
		"from above":          {"SHA256SUMS", "# x\n" + right + "  d/m.bin\n", "match checksum file SHA256SUMS listed"},
		"BSD":                 {"CHECKSUM", "SHA256 (d/m.bin) = " + right, "match checksum file CHECKSUM listed"},
		"openssl":             {"checksums.txt", "SHA2-256(d/m.bin)= " + right, "match checksum file checksums.txt listed"},
		"SHA-512":             {"SHA512SUMS", right512 + "  d/m.bin\n", "match checksum file SHA512SUMS listed"},
		"by length":           {"checksums.txt", right512 + "  d/m.bin\n", "match checksum file checksums.txt listed"},
		"another":             {"SHA256SUMS", wrong + "  d/m.bin\n", "mismatch checksum file SHA256SUMS listed"},
		"another, SHA-512":    {"SHA512SUMS", wrong + wrong + "  d/m.bin\n", "mismatch checksum file SHA512SUMS listed"},
		"another file":        {"SHA256SUMS", wrong + "  m.bin\n", ""},
		"outside":             {"SHA256SUMS", wrong + "  ../d/m.bin\n", ""},
		"MD5":                 {"MD5SUMS", weak + "  d/m.bin\n", "unusable checksum file MD5SUMS"},
		"MD5 by length":       {"checksums.txt", weak + "  d/m.bin\n", "unusable checksum file checksums.txt"},
		"wrong length":        {"SHA256SUMS", right512 + "  d/m.bin\n", "unusable checksum file SHA256SUMS"},
		"placeholder":         {"SHA256SUMS", strings.Repeat("0", 64) + "  d/m.bin\n", "unusable checksum file SHA256SUMS"},
		"beside":              {"d/m.bin.sha256", right + "\n", "match checksum file d/m.bin.sha256 listed"},
		"beside, with a name": {"d/m.bin.sha256", right + "  dist/m.bin\n", "match checksum file d/m.bin.sha256 listed"},
		"beside, of another":  {"d/m.bin.sha256", wrong + "  dist/n.bin\n", ""},
		"beside, wrong":       {"d/m.bin.sha512", wrong + wrong, "mismatch checksum file d/m.bin.sha512 listed"},
		"DVC":                 {"d/m.bin.dvc", "outs:\n- md5: " + weak + "\n  size: 7\n  path: m.bin\n", "unusable dvc d/m.bin.dvc"},
		"DVC lock":            {"dvc.lock", "stages:\n  train:\n    outs:\n    - path: d/m.bin\n      sha256: " + right + "\n", "match dvc dvc.lock listed"},
		"DVC, broken":         {"d/m.bin.dvc", "outs: [", ""},
		"Croissant":           {"croissant.json", croissant(`{"contentUrl":"d/m.bin","sha256":"` + right + `"}`), "match croissant croissant.json listed"},
		"Croissant, wrong":    {"croissant.json", croissant(`{"contentUrl":"d/m.bin","sha256":"` + wrong + `"}`), "mismatch croissant croissant.json listed"},
		"Croissant, placeholder": {"croissant.json", croissant(`{"contentUrl":"d/m.bin","sha256":"https://github.com/mlcommons/croissant/issues/80"}`),
			"unusable croissant croissant.json"},
		"Croissant, elsewhere":  {"croissant.json", croissant(`{"contentUrl":"https://example.com/d/m.bin","sha256":"` + wrong + `"}`), ""},
		"Croissant, duplicates": {"croissant.json", croissant(`{"contentUrl":"d/m.bin","sha256":"` + right + `","sha256":"` + wrong + `"}`), ""},
		"other JSON":            {"metadata.json", `{"distribution":[{"contentUrl":"d/m.bin","sha256":"` + wrong + `"}]}`, ""},
		"nothing":               {"SHA256SUMS", "hello\n", ""},
	} {
		e := gather(t, map[string]string{"d/m.bin": content, c.list: c.text})
		if got := strings.Join(declared(e, "d/m.bin"), ", "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		denied := slices.ContainsFunc(e.Gaps, func(g verify.Gap) bool { return g.Code == verify.GapDigest && g.File == "d/m.bin" })
		if denied != strings.HasPrefix(c.want, "mismatch") || len(e.Gaps) > 1 || len(e.Gaps) == 1 && !denied {
			t.Errorf("%s: gaps %+v", name, e.Gaps)
		}
	}
}

func TestBounds(t *testing.T) {
	files := map[string]string{"m": "x"}
	for i := range 65 {
		files[fmt.Sprintf("%d/SHA256SUMS", i)] = strings.Repeat("a", 64) + "  m\n"
	}
	if e := gather(t, files); len(e.Gaps) != 1 || !strings.Contains(e.Gaps[0].Reason, "64") {
		t.Errorf("%+v", e.Gaps)
	}
}

// FuzzLists: a list leads to files that are there, and its digests are either
// compared or unusable.
func FuzzLists(f *testing.F) {
	for _, name := range []string{"SHA256SUMS", "m.sha256", "m.dvc", "dvc.lock", "croissant.json"} {
		f.Add(name, []byte(strings.Repeat("ab", 32)+"  m\n"))
	}
	f.Add("m.dvc", []byte("outs:\n- &a {path: m, md5: x}\n- *a\n"))
	f.Add("croissant.json", []byte(`{"conformsTo":"http://mlcommons.org/croissant/1.0","distribution":[{"contentUrl":"m","sha256":"x"}]}`))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if registry.CheckName(name) != nil || name == "m" || strings.HasPrefix(name, "m/") {
			return
		}
		e := gather(t, map[string]string{"m": "x", name: string(text)})
		for _, file := range e.Files {
			for _, d := range file.Declared {
				if file.Name != "m" || d.Match == verify.MatchUnchecked || d.Match == verify.MatchUnusable != (d.Note != "") {
					t.Errorf("%s: %+v", file.Name, d)
				}
			}
		}
	})
}
