package all_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write source.sha256")

// TestSource keeps source.sha256 equal to the digest of everything below the
// folder scanners that is built into the program: evidence from before a change
// must not be taken for evidence from after it.
func TestSource(t *testing.T) {
	got := sourceDigest(t) + "\n"
	if *update {
		if err := os.WriteFile("source.sha256", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("source.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("the scanners have changed since source.sha256 was written: run 'make generate'")
	}
}

// sourceDigest goes through the files in the order of their names.
func sourceDigest(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "scannertest"):
			return fs.SkipDir
		case d.IsDir(), strings.HasSuffix(name, "_test.go"), name == "../all/source.sha256":
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(h, "%d:%s %x\n", len(name), name, sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}
