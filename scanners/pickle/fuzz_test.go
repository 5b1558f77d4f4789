package pickle

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// FuzzScan checks what holds for any bytes: the contract of a scanner, findings
// that survive junk after the pickle, and an explanation that does not panic.
func FuzzScan(f *testing.F) {
	for _, c := range techniques {
		data, _ := asm(f, c.lines...)
		f.Add(data)
	}
	for seed := range uint64(40) {
		f.Add(generate(seed))
	}
	fixtures, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "benign", "*", "*.pkl"))
	for _, name := range fixtures {
		if data, err := os.ReadFile(name); err == nil && len(data) < 4<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scannertest.Properties(t, Scanner{}, "case.pkl", data)
		result, err := scannertest.Run(Scanner{}, "case.pkl", data)
		// A frame that is longer than the file is no longer so with junk after it.
		if err == nil && result.Parsed.Total(int64(len(data))) == int64(len(data)) && !scannertest.HasRule(result.Findings, "pickle/differential") {
			scannertest.KeepsFindings(t, Scanner{}, "case.pkl", data, []byte("\x00junk"))
		}
		checkSiblings(t, data)
	})
}

// checkSiblings runs the scanner as on a member of an archive.
func checkSiblings(t *testing.T, data []byte) {
	t.Helper()
	file := scannertest.File("a/data.pkl", data)
	file.Sibling = func(name string) (int64, bool) { return int64(len(name)), name != "" && name[0] == 'a' }
	_, _ = Scanner{}.Scan(context.Background(), file, scanners.Limits{})
}
