package attest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLessons: the tests that docs/signing.md names for each advisory exist.
func TestLessons(t *testing.T) {
	text, err := os.ReadFile("../../docs/signing.md")
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile("`(verify/[a-z]+)`((?: (?:Test|Fuzz)[A-Za-z]+,?)+)")
	lessons := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| CVE-") && !strings.HasPrefix(line, "| GHSA-") {
			continue
		}
		lessons++
		found := place.FindAllStringSubmatch(line, -1)
		if len(found) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, m := range found {
			for name := range strings.FieldsFuncSeq(m[2], func(r rune) bool { return r == ' ' || r == ',' }) {
				if !declares(t, filepath.Join("..", "..", m[1]), name) {
					t.Errorf("%s has no %s", m[1], name)
				}
			}
		}
	}
	if lessons < 10 {
		t.Errorf("%d lessons: the table is not where it was", lessons)
	}
}

func declares(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
