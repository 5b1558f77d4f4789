package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
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

// TestTruncatedFixtures: a file that ends early is never a pass, unless its
// format ends before: at each of 16 places of every fixture.
func TestTruncatedFixtures(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "benign")
	for _, pattern := range []string{"pytorch/state_dict.pt", "numpy/float64.npy", "safetensors/model.safetensors", "joblib/forest.joblib", "sklearn/svm-p4.pkl"} {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 16 {
			cut := filepath.Join(t.TempDir(), filepath.Base(pattern))
			n := len(data) * (i + 1) / 17
			if err := os.WriteFile(cut, data[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if r, code := gate(t, cut); code == 0 {
				t.Errorf("%s cut to %d of %d bytes passes: %+v", pattern, n, len(data), r.Files[0])
			}
		}
	}
}
