package pickle

import (
	"context"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestSafeGlobals: a checkpoint that only lacks harmless names gets the line that
// grants them; anything else does not.
func TestSafeGlobals(t *testing.T) {
	tensor := slices.Concat([]string{"PROTO 2", "EMPTY_LIST", "MARK"}, storageLines("0", 6))
	end := []string{"APPENDS", "STOP"}
	namespace := []string{"GLOBAL argparse Namespace", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD"}
	for name, c := range map[string]struct {
		lines []string
		want  bool
	}{
		"checkpoint with settings": {slices.Concat(tensor, namespace, end), true},
		"weights alone":            {slices.Concat(tensor, end), false},
		"settings alone":           {slices.Concat([]string{"PROTO 2"}, namespace, []string{"STOP"}), false},
		"unknown name":             {slices.Concat(tensor, []string{"GLOBAL mylib Net"}, end), false},
		"opcode of protocol 4":     {slices.Concat(tensor, namespace, []string{"MEMOIZE"}, end), false},
	} {
		var b strings.Builder
		err := Explain(context.Background(), scannertest.File("data.pkl", program(t, c.lines...)), scanners.Limits{}, false, &b)
		if got := strings.Contains(b.String(), "add_safe_globals([argparse.Namespace])"); err != nil || got != c.want {
			t.Errorf("%s: %v\n%s", name, err, b.String())
		}
	}
}
