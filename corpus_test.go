package assay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/scanners/all"
	"assay/scanners/scannertest"
)

const corpus = "testdata/corpus"

// minCorpus is how many files the whole corpus has at least.
const minCorpus = 800

// corpusNeeds are what the recipe imports.
const corpusNeeds = "import torch, sklearn, joblib, numpy, scipy, pandas, lz4"

// TestCorpusSample: the files that are kept here pass, with every byte accounted for
// and nothing above info.
func TestCorpusSample(t *testing.T) {
	if n := harmlessTree(t, filepath.Join(corpus, "sample"), corpusSums(t)); n < 20 {
		t.Errorf("%d files: the sample is not all there", n)
	}
}

// TestCorpus saves the whole corpus again and demands the same of every file.
func TestCorpus(t *testing.T) {
	python := corpusPython(t)
	recipe, err := os.ReadFile(filepath.Join(corpus, "make.py"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-", dir)
	cmd.Stdin = bytes.NewReader(recipe)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make.py: %v\n%s", err, out)
	}
	sums := corpusSums(t)
	want, err := os.ReadFile(filepath.Join(corpus, "VERSIONS"))
	if err != nil {
		t.Fatal(err)
	}
	if have, _ := os.ReadFile(filepath.Join(dir, "VERSIONS")); !bytes.Equal(have, want) {
		t.Logf("other versions than those of the digests, which are not compared:\n%s", have)
		sums = nil
	}
	if n := harmlessTree(t, dir, sums); n < minCorpus {
		t.Errorf("%d files, want at least %d", n, minCorpus)
	}
}

// corpusPython finds an interpreter with the frameworks.
func corpusPython(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", corpusNeeds).Run() == nil {
			return python
		}
	}
	t.Skipf("no python3 that runs %q (Debian: python3-torch python3-sklearn python3-joblib python3-pandas python3-scipy python3-lz4)", corpusNeeds)
	return ""
}

// corpusSums returns the listed digests by name.
func corpusSums(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(corpus, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	sums := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		digest, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("SHA256SUMS: bad line %q", line)
		}
		sums[name] = digest
	}
	return sums
}

// computed are the groups whose numbers depend on the processor.
func computed(name string) bool {
	return strings.HasPrefix(name, "sklearn/") || strings.HasPrefix(name, "torch/") || strings.HasPrefix(name, "scipy/") || strings.HasPrefix(name, "joblib/model")
}

// harmlessTree scans every file below dir, compares the digests that are listed, and
// returns how many files there are.
func harmlessTree(t *testing.T, dir string, sums map[string]string) (files int) {
	t.Helper()
	list := all.Scanners()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
		scannertest.Harmless(t, list, name, data)
		sum := sha256.Sum256(data)
		if want := sums[name]; want != "" && !computed(name) && hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s: digest differs from SHA256SUMS", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
