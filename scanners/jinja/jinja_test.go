package jinja

import (
	"os"
	"path/filepath"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

// Templates in the style of popular models pass whole.
func TestOrdinary(t *testing.T) {
	names, err := filepath.Glob("testdata/*.jinja")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d templates, %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report := scannertest.Harmless(t, list, "chat_template.jinja", data)
		if report.Class != scanners.Clean || len(report.Facts) != 1 {
			t.Errorf("%s: class %s, facts %v", name, report.Class, report.Facts)
		}
		for _, f := range report.Findings {
			t.Logf("%s: %s %s at %d", name, f.Rule, f.What, f.Offset)
		}
	}
}
