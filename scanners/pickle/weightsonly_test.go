package pickle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestWeightsOnly: what torch.load(weights_only=True) takes, and what stops it.
func TestWeightsOnly(t *testing.T) {
	legacy, err := os.ReadFile(filepath.Join("..", "..", "testdata", "benign", "pytorch", "legacy_state_dict.pt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"weights":          {legacy, "yes"},
		"ordered dict":     {program(t, "PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "STOP"), "yes"},
		"a name":           {program(t, "PROTO 2", "GLOBAL numpy dtype", "POP", "NONE", "STOP"), "no: numpy.dtype, imported at byte 2, is not on its list; it does not know the opcodes of this pickle: POP"},
		"an opcode":        {program(t, "PROTO 4", "EMPTY_LIST", "MEMOIZE", "STOP"), "no: it does not know the opcodes of this pickle: MEMOIZE"},
		"a persistent id":  {program(t, "PROTO 2", `BINUNICODE "x"`, "BINPERSID", "STOP"), "no: it takes no persistent-id, as at byte 8"},
		"a called result":  {program(t, "PROTO 2", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "EMPTY_TUPLE", "REDUCE", "STOP"), "no: it takes no dynamic-call, as at byte 30"},
		"items of a class": {program(t, "PROTO 2", "GLOBAL collections OrderedDict", "NONE", "NONE", "SETITEM", "STOP"), "no: it takes no method-call, as at byte 29"},
	} {
		var b strings.Builder
		_ = Explain(t.Context(), scannertest.File("a.pkl", c.data), scanners.Limits{}, false, &b)
		if !strings.Contains(b.String(), "weights_only=True): "+c.want+"\n") {
			t.Errorf("%s: want %q in\n%s", name, c.want, b.String())
		}
	}
}

// TestExplainCounts: allowed calls of one name are counted after some, unless all
// are asked for.
func TestExplainCounts(t *testing.T) {
	data := append(program(t, "PROTO 2", "GLOBAL collections OrderedDict", "BINPUT 0", "POP"),
		append(bytes.Repeat(program(t, "BINGET 0", "EMPTY_TUPLE", "REDUCE", "POP"), 10), program(t, "NONE", "STOP")...)...)
	for all, want := range map[bool]int{false: shownCalls, true: 10} {
		var b strings.Builder
		if err := Explain(t.Context(), scannertest.File("a.pkl", data), scanners.Limits{}, all, &b); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "= collections.OrderedDict()"); n != want {
			t.Errorf("%d calls are written out, want %d", n, want)
		}
		if counted := strings.Contains(b.String(), "7 more of collections.OrderedDict: calls"); counted == all {
			t.Errorf("all: %v\n%s", all, b.String())
		}
	}
}
