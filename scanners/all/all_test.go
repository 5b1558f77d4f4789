package all

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// support are the folders below scanners/ that hold no format.
var support = []string{"all", "internal", "scannertest"}

// TestEveryFolderIsListed fails on a format that would never run. That the list
// names the packages of those folders, and no package twice, follows from the
// type of each entry.
func TestEveryFolderIsListed(t *testing.T) {
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, s := range Scanners() {
		listed[s.Info().Name] = true
	}
	for _, d := range folders {
		source, err := filepath.Glob(filepath.Join("..", d.Name(), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if len(source) > 0 && !slices.Contains(support, d.Name()) && !listed[d.Name()] {
			t.Errorf("scanners/%s is not in the list: add its line", d.Name())
		}
	}
}

// TestNames checks that a scanner is named like its folder, and the list by name.
func TestNames(t *testing.T) {
	var names []string
	for _, s := range Scanners() {
		name := s.Info().Name
		names = append(names, name)
		if want := "assay/scanners/" + name; reflect.TypeOf(s).PkgPath() != want {
			t.Errorf("%s is the name of the scanner of %s", name, reflect.TypeOf(s).PkgPath())
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or a name twice: %v", names)
	}
}

func TestRuleIDs(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range Scanners() {
		for _, r := range s.Info().Rules {
			if seen[r.ID] || !strings.HasPrefix(r.ID, s.Info().Name+"/") {
				t.Errorf("%s: rule %q is of another scanner, or declared twice", s.Info().Name, r.ID)
			}
			seen[r.ID] = true
			if r.Summary == "" || r.Help == "" {
				t.Errorf("%s: no summary or no help", r.ID)
			}
		}
	}
	if len(seen) == 0 {
		t.Error("no rules at all")
	}
}

// Whoever gets the rules of a scanner must not be able to change them.
func TestInfoIsACopy(t *testing.T) {
	for _, s := range Scanners() {
		if rules := s.Info().Rules; len(rules) > 0 {
			rules[0].ID = "changed"
			if s.Info().Rules[0].ID == "changed" {
				t.Errorf("%s hands out its own rules", s.Info().Name)
			}
		}
	}
}

// TestHarmlessFixtures runs all scanners on what the frameworks saved.
func TestHarmlessFixtures(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("../../testdata/benign", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".py" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		checked++
		scannertest.Harmless(t, Scanners(), filepath.ToSlash(name), data)
		return nil
	})
	if err != nil || checked < 50 {
		t.Errorf("%d fixtures, %v", checked, err)
	}
}

// FuzzScan feeds arbitrary bytes to everything at once.
func FuzzScan(f *testing.F) {
	for _, pattern := range []string{"pytorch/*", "joblib/*", "numpy/*", "safetensors/*", "stdlib/*"} {
		names, err := filepath.Glob("../../testdata/benign/" + pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			if data, err := os.ReadFile(name); err == nil && len(data) < 8<<10 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first := scannertest.Scan(Scanners(), "f", data)
		if second := scannertest.Scan(Scanners(), "f", data); !reflect.DeepEqual(first, second) {
			t.Errorf("two runs differ:\n%+v\n%+v", first, second)
		}
		for _, g := range first.Gaps {
			if g.Code == scanners.GapInternal {
				t.Errorf("%s", g.Reason)
			}
		}
		if first.Coverage.Size() != int64(len(data)) {
			t.Errorf("coverage %+v of %d bytes", first.Coverage, len(data))
		}
	})
}
