package pickle

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var update = flag.Bool("update", false, "write the golden files")

// TestExplain compares with golden files; -update writes them.
func TestExplain(t *testing.T) {
	for name, lines := range map[string][]string{
		"allowed": {"PROTO 4", "GLOBAL collections OrderedDict", "EMPTY_TUPLE", "REDUCE", "MEMOIZE", `SHORT_BINUNICODE "a"`, "BININT1 1", "SETITEM",
			"GLOBAL torch.nn.modules.linear Linear", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "TUPLE2", "STOP"},
		"denied": {"PROTO 2", "GLOBAL __builtin__ eval", `BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE", "POP",
			"GLOBAL mylib Net", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "TUPLE3"},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			data := program(t, lines...)
			err := Explain(context.Background(), scannertest.File(name+".pkl", data), scanners.Limits{}, false, &b)
			if (err != nil) != (name == "denied") {
				t.Error(err)
			}
			golden := filepath.Join("testdata", "explain-"+name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
			}
		})
	}
	if err := Explain(context.Background(), scannertest.File("a.txt", []byte("hello")), scanners.Limits{}, false, &strings.Builder{}); err == nil {
		t.Error("text was explained as a pickle")
	}
}
