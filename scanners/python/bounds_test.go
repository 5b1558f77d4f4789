package python_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/python"
)

const marker = "import os\nos.system('echo assay-test-marker')\n"

func scanText(ctx context.Context, name, text string) (scanners.Result, error) {
	return python.New().Scan(ctx, scanners.File{ReaderAt: strings.NewReader(text), Name: name, Size: int64(len(text))}, scanners.Limits{})
}

func executes(r scanners.Result) bool {
	for _, f := range r.Findings {
		if f.Severity.AtLeast(scanners.High) {
			return true
		}
	}
	return false
}

// TestTheHeadOfALongSource: bytes behind the limit do not hide what stands before it.
func TestTheHeadOfALongSource(t *testing.T) {
	if r, err := scanText(t.Context(), "a.py", marker); err != nil || !executes(r) {
		t.Fatalf("%v, %v", r.Findings, err)
	}
	for name, rest := range map[string]string{
		"comments":   strings.Repeat("#\n", 3<<20),
		"one line":   "#" + strings.Repeat("x", 5<<20),
		"statements": strings.Repeat("a=1\n", 400_000),
	} {
		r, err := scanText(t.Context(), "a.py", marker+rest)
		if err == nil || !executes(r) {
			t.Errorf("%s: %d findings, %v", name, len(r.Findings), err)
		}
	}
}

// TestInterrupted: a run that is over ends the analysis.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := scanText(ctx, "a.py", strings.Repeat("a = b + c\n", 5000))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
