package keras

import (
	"bytes"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// White space in front of a document changes nothing: json.loads skips any amount.
func TestBlanks(t *testing.T) {
	bad := []byte(`{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": "x"}}]}, "keras_version": "2.9.0"}`)
	for name, data := range fixtures(t) {
		want := findingsOf(data)
		for _, n := range []int{63, 64, 65, 5000, 70000, 200000} {
			if got := findingsOf(append(bytes.Repeat([]byte("\t\n \r"), n/4+1), data...)); got != want {
				t.Errorf("%s behind %d blanks:\n got %s\nwant %s", name, n, got, want)
			}
		}
	}
	for _, n := range []int{0, 64, 70000} {
		if got := findingsOf(append(bytes.Repeat([]byte(" "), n), bad...)); !strings.Contains(got, "keras/lambda") {
			t.Errorf("behind %d blanks: %q", n, got)
		}
	}
}

func findingsOf(data []byte) string {
	var out []string
	for _, f := range scannertest.Scan(list, "model.json", data).Findings {
		out = append(out, f.Rule+" "+f.Severity.String())
	}
	return strings.Join(out, "\n")
}
