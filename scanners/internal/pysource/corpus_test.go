package pysource

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpora are the libraries that a system has. What CPython compiles must be read
// whole.
var corpora = []string{"/usr/lib/python3", "/usr/lib/python3.11", "/usr/lib/python3.12", "/usr/lib/python3.13"}

var whole = flag.Bool("whole", false, "read every file of the libraries, not one in 25")

func TestLibraries(t *testing.T) {
	seen, files, bytes, bad := 0, 0, 0, 0
	for _, root := range corpora {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return fs.SkipAll
			}
			if err != nil {
				return err
			}
			if d.IsDir() || !strings.HasSuffix(name, ".py") || strings.Contains(name, "bad") || strings.Contains(name, "lib2to3/tests/data") {
				return nil
			}
			if seen++; !*whole && seen%25 != 0 || testing.Short() && files >= 50 {
				return nil
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return fmt.Errorf("read a library: %w", err)
			}
			files++
			bytes += len(data)
			if tree := Parse(string(data)); len(tree.Problems) > 0 {
				bad++
				p := tree.Problems[0]
				if bad < 40 {
					lo := max(0, p.Off-60)
					t.Logf("%s: %d: %s: %q", name, p.Off, p.What, data[lo:min(len(data), p.Off+40)])
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files == 0 {
		t.Skip("no Python library on this system")
	}
	t.Logf("%d files, %d bytes, %d not read whole", files, bytes, bad)
	if bad*500 > files {
		t.Errorf("%d of %d files were not read whole", bad, files)
	}
}
