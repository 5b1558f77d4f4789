package python

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// libraries are installed Python packages: code that many people run. It is not
// the code of model repositories (it starts compilers, serves and downloads), so
// what is refused here is an upper bound.
var libraries = []string{"sklearn", "torch", "scipy", "numpy", "pandas", "joblib"}

var whole = flag.Bool("whole", false, "look at every file of the libraries, not at one in ten")

func TestLibraries(t *testing.T) {
	root := "/usr/lib/python3/dist-packages"
	seen, files, refused, gaps := 0, 0, 0, 0
	why := map[string]int{}
	for _, lib := range libraries {
		err := filepath.WalkDir(filepath.Join(root, lib), func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return fs.SkipAll
			}
			if err != nil {
				return err
			}
			if d.IsDir() || filepath.Ext(name) != ".py" {
				return nil
			}
			if seen++; !*whole && seen%10 != 0 || testing.Short() && files >= 50 {
				return nil
			}
			data, err := os.ReadFile(name)
			if err != nil || len(data) == 0 {
				return err
			}
			files++
			rel, _ := filepath.Rel(root, name)
			report := scannertest.Scan([]scanners.Scanner{New()}, filepath.ToSlash(rel), data)
			if len(report.Gaps) > 0 {
				gaps++
				t.Logf("gap %s: %+v", rel, report.Gaps)
			}
			bad := slices.ContainsFunc(report.Findings, func(f scanners.Finding) bool { return f.Severity.AtLeast(scanners.High) })
			if bad {
				refused++
				for _, f := range report.Findings {
					if f.Severity.AtLeast(scanners.High) {
						why[f.Rule]++
						t.Logf("%s:%d %s %s %s", rel, 1+strings.Count(string(data[:min(int(f.Offset), len(data))]), "\n"), f.Severity, f.Rule, f.What)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files == 0 {
		t.Skip("no Python libraries on this system: install python3-sklearn and python3-torch")
	}
	t.Logf("%d files, %d refused (%.2f %%), %d incomplete, by rule %v", files, refused, 100*float64(refused)/float64(files), gaps, why)
	if refused*100 > files*2 || gaps*500 > files {
		t.Errorf("%d of %d files were refused, %d incomplete", refused, files, gaps)
	}
}
