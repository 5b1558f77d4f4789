package assay_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const benign = "testdata/benign"

// benignFiles returns the listed digest of every fixture by its name.
func benignFiles(t *testing.T) map[string]string {
	t.Helper()
	sums, err := os.ReadFile(benign + "/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	list := make(map[string]string)
	for lines := bufio.NewScanner(bytes.NewReader(sums)); lines.Scan(); {
		digest, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			t.Fatalf("SHA256SUMS: bad line %q", lines.Text())
		}
		list[name] = digest
	}
	return list
}

// TestFixtureSums: the fixtures are the files that the frameworks saved, all of
// them and nothing else.
func TestFixtureSums(t *testing.T) {
	listed := benignFiles(t)
	err := filepath.WalkDir(benign, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Dir(path) == filepath.FromSlash(benign) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash(benign)+string(filepath.Separator)))
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != listed[name] {
			t.Errorf("%s: digest differs from SHA256SUMS", name)
		}
		delete(listed, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range listed {
		t.Errorf("%s is listed and missing", name)
	}
}
