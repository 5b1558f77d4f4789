package oms

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/trust"
)

// tree is a model in memory.
type tree map[string]string

func (m tree) clone() tree {
	out := tree{}
	maps.Copy(out, m)
	return out
}

func (m tree) artifact() *registry.Artifact {
	a := &registry.Artifact{}
	for name, data := range m {
		a.Files = append(a.Files, registry.File{
			Name: name, Size: int64(len(data)),
			Open: func(context.Context) (registry.Content, error) { return memory{strings.NewReader(data)}, nil },
		})
	}
	slices.SortFunc(a.Files, func(a, b registry.File) int { return strings.Compare(a.Name, b.Name) })
	return a
}

type memory struct{ *strings.Reader }

func (m memory) Close() error { return nil }

// digests computes what a check asks for.
func (m tree) digests(t testing.TB, needs []verify.HashNeed) *hashing.Set {
	t.Helper()
	set := new(hashing.Set)
	for name, data := range m {
		sums, err := hashing.File(context.Background(), strings.NewReader(data), int64(len(data)), needs, nil)
		if err != nil {
			t.Fatal(err)
		}
		set.Put(name, int64(len(data)), sums)
	}
	return set
}

// claim verifies a model that holds one bundle, or to which one was given.
func claim(t testing.TB, c Config, m tree, omitted ...registry.Omission) verify.Claim {
	t.Helper()
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	a := m.artifact()
	a.Omitted = omitted
	check, err := v.Prepare(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	if check == nil {
		t.Fatal("no bundle found")
	}
	claims := check.Claims(m.digests(t, check.Needs()))
	if len(claims) != 1 {
		t.Fatalf("%d claims", len(claims))
	}
	if failed := claims[0].Standing == verify.Failed; failed != (len(claims[0].Problems) > 0) {
		t.Fatalf("standing %q with problems %v", claims[0].Standing, claims[0].Problems)
	}
	return claims[0]
}

// want checks standing and problems, written "code file".
func want(t testing.TB, c verify.Claim, standing verify.Standing, problems ...string) {
	t.Helper()
	var got []string
	for _, p := range c.Problems {
		got = append(got, strings.TrimSpace(p.Code+" "+p.File))
		if p.What == "" {
			t.Errorf("problem %s does not say what", p.Code)
		}
	}
	if c.Standing != standing || !slices.Equal(got, problems) {
		t.Errorf("standing %q, problems %q, notes %q\nwant %q, %q", c.Standing, c.Problems, c.Notes, standing, problems)
	}
}

func load(t testing.TB, dir string) tree {
	t.Helper()
	m := tree{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		m[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// vectors is the folder of the historical vectors, which are not part of this
// repository.
func vectors(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
	dir = filepath.Join(dir, "..", "shared", "vectors", "oms")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the historical OMS vectors of sigstore/model-transparency are not there: %v", err)
	}
	return dir
}

func publicKey(t testing.TB, path string) trust.PublicKey {
	t.Helper()
	key, err := trust.LoadPublicKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// replace changes one thing in a text that must have it.
func replace(t testing.TB, text, before, after string) string {
	t.Helper()
	if !bytes.Contains([]byte(text), []byte(before)) {
		t.Fatalf("%q is not there to be replaced", before)
	}
	return strings.Replace(text, before, after, 1)
}
