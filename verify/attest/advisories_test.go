package attest

import (
	"errors"
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
	place := regexp.MustCompile("`((?:verify|registry)/[a-z/]+)`((?: (?:Test|Fuzz)[A-Za-z]+,?)+)")
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

// TestEveryAdvisory: the table names each advisory of the reference.
func TestEveryAdvisory(t *testing.T) {
	reference, err := os.ReadFile("../../../shared/reference/signing.md")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no list of advisories beside the repository: the table was compared with nothing")
	}
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../../docs/signing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(reference), "\n## 9. Advisories\n")
	section, _, _ = strings.Cut(section, "\n## ")
	section = regexp.MustCompile(`(CVE-\d{4}-)(\d+)/(\d+)`).ReplaceAllString(section, "$1$2 $1$3")
	ids := regexp.MustCompile(`CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}`)
	listed := 0
	for line := range strings.Lines(section) {
		also := ids.FindAllString(line, -1)
		listed += len(also)
		for i, id := range also {
			alias := strings.HasPrefix(id, "GHSA") && i > 0 && strings.Contains(line, also[i-1]+" "+id)
			alias = alias || strings.HasPrefix(id, "GHSA") && i > 0 && strings.Contains(line, also[i-1]+"** "+id)
			if !alias && !strings.Contains(string(table), id) {
				t.Errorf("%s has no lesson", id)
			}
		}
	}
	if listed < 40 {
		t.Errorf("%d advisories: the section is not where it was", listed)
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
