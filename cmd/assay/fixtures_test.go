package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/cmd/internal/cli"
	"assay/scanners"
	"assay/verify"
	"assay/verify/report"
)

// gate runs the command in this process and returns its report.
func gate(t *testing.T, args ...string) (verify.Report, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(string) string { return "" }, Now: time.Now}
	code := cli.Main(context.Background(), append([]string{"gate", "--no-store", "-q", "--format", "json"}, args...), env)
	r, err := report.Read(&stdout)
	if err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr.String())
	}
	return r, code
}

// TestBenignFixtures: what the frameworks themselves saved passes, is covered to
// the last byte, and has no finding above info.
func TestBenignFixtures(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "benign")
	count := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == root {
			return err // the recipes lie beside the folders
		}
		count++
		name, _ := filepath.Rel(root, path)
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			r, code := gate(t, path)
			if code != 0 {
				t.Errorf("exit code %d: %+v", code, r.Verdict.Reasons)
			}
			for _, f := range r.Files {
				if !f.Coverage.Complete() || f.Coverage.Size() != f.Size {
					t.Errorf("coverage %+v of %d bytes", f.Coverage, f.Size)
				}
				for _, finding := range f.Findings {
					if finding.Severity.AtLeast(scanners.Low) {
						t.Errorf("%s %s at %d: %s", finding.Severity, finding.Rule, finding.Offset, finding.What)
					}
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 60 {
		t.Fatalf("%d fixtures, want at least 60: is the corpus complete?", count)
	}
}

// wholeWithout are the bytes at the end of a fixture that its format does not
// need: without them it is whole.
var wholeWithout = map[string]int{
	"safetensors/sharded/model.safetensors.index.json": 1, // the last line end
}

// TestTruncatedFixtures: a file of which only the beginning is there is
// incomplete: never a pass, and never accused of what is missing.
func TestTruncatedFixtures(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "benign")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == root {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) > 64<<10 {
			return err // large ones take long, and have the formats of the others
		}
		rel, _ := filepath.Rel(root, path)
		name := filepath.ToSlash(rel)
		t.Run(name, func(t *testing.T) {
			for _, n := range cuts(len(data)) {
				checkCut(t, filepath.Base(path), data[:n], n >= len(data)-wholeWithout[name])
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// cuts are places where a file of size bytes is cut off.
func cuts(size int) []int {
	places := []int{size - 1, size - 2, size - 8, size - 22, size - 100, size * 9 / 10, size * 2 / 3, size / 2, size / 3, size / 10, 64, 16, 9}
	slices.Sort(places)
	return slices.DeleteFunc(slices.Compact(places), func(n int) bool { return n <= 0 || n >= size })
}

// checkCut judges the beginning of a fixture. The whole fixture has no finding, so
// that whatever is found is a consequence of the cut.
func checkCut(t *testing.T, name string, data []byte, whole bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, code := gate(t, path)
	if want := map[bool]int{true: 0, false: 3}[whole]; code != want {
		t.Errorf("the first %d bytes: exit code %d, want %d: %+v", len(data), code, want, r.Verdict.Reasons)
	}
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			if finding.Severity.AtLeast(scanners.Medium) {
				t.Errorf("the first %d bytes: %s %s at %d: %s", len(data), finding.Severity, finding.Rule, finding.Offset, finding.What)
			}
		}
	}
}
