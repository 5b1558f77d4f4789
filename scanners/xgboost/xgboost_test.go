package xgboost

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) < 12 {
		t.Fatalf("fixtures %q, error %v", names, err)
	}
	out := make(map[string][]byte)
	for _, name := range names {
		if filepath.Ext(name) == ".py" {
			continue
		}
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What the library saves passes whole, in every format and for every booster.
func TestOrdinary(t *testing.T) {
	for name, data := range fixtures(t) {
		report := scannertest.Harmless(t, list, name, data)
		if trees := report.Facts[0].Value; (trees == "0") != strings.HasPrefix(name, "linear") {
			t.Errorf("%s: %s trees", name, trees)
		}
	}
	// The signature is optional in the old format.
	scannertest.Harmless(t, list, "model", fixtures(t)["tree.bin"][4:])
}

// tree is a model of one tree in JSON.
func tree(left, right string) []byte {
	return []byte(fmt.Sprintf(`{"learner": {"gradient_booster": {"model": {"trees": [{"left_children": %s, "right_children": %s, "parents": [2147483647, 0, 0]}]}}}, "version": [2, 1, 0]}`, left, right))
}

// ub is a key of UBJSON.
func ub(key string) string { return "U" + string([]byte{byte(len(key))}) + key }

func inUBJSON(array string) []byte {
	return []byte("{" + ub("learner") + "{" + ub("trees") + "[" + "{" + ub("left_children") + array + "}" + "]" + "}}")
}

func TestRules(t *testing.T) {
	good := tree("[1, -1, -1]", "[2, -1, -1]")
	bin := fixtures(t)["tree.bin"]
	// The first node of the first tree lies behind the head, two names, and the
	// parameters of the booster and the tree.
	node := 4 + learnerSize + 8 + len("binary:logistic") + 8 + len("gbtree") + boosterSize + treeSize
	changed := func(at int, value uint32) []byte {
		out := slices.Clone(bin)
		binary.LittleEndian.PutUint32(out[at:], value)
		return out
	}
	sample := func(hit []byte) scannertest.Sample {
		return scannertest.Sample{Rule: "xgboost/tree-structure", Hit: hit, Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample(tree("[1, -1, -1]", "[3, -1, -1]")),
		sample(tree("[1, -1, -1]", "[0, -1, -1]")),
		sample(tree("[1, -1, -1]", "[1, -1, -1]")),
		sample(tree("[1, -1, -1]", "[-2, -1, -1]")),
		sample(tree("[1, 2, -1]", "[2, -1, -1]")),
		sample(tree("[1, -1]", "[2, -1]")),
		sample(tree("[1.5, -1, -1]", "[2, -1, -1]")),
		sample(tree("[1e99, -1, -1]", "[2, -1, -1]")),
		{Rule: "xgboost/tree-structure", Hit: changed(node+4, 1<<30), Miss: bin},
		{Rule: "xgboost/tree-structure", Hit: changed(node+4, 0)},
		{Rule: "xgboost/tree-structure", Hit: bytes.Replace(fixtures(t)["tree.ubj"], []byte("left_children[$l#L\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x01"), []byte("left_children[$l#L\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x71"), 1)},
		{Rule: "xgboost/array-claim", Hit: inUBJSON("[$l#L\x7f\x00\x00\x00\x00\x00\x00\x00"), Miss: fixtures(t)["tree.ubj"]},
		{Rule: "xgboost/array-claim", Hit: inUBJSON("[$l#L\xff\xff\xff\xff\xff\xff\xff\xff"), Miss: inUBJSON("[$l#U\x09")},
		{Rule: "xgboost/array-claim", Hit: changed(4+learnerSize+4, 1<<30), Miss: bin},
		{Rule: "xgboost/duplicate-key", Hit: []byte(`{"learner": {"a": 1, "a": 2}}`), Miss: good},
		{Rule: "xgboost/duplicate-key", Hit: []byte("{" + ub("learner") + "{" + ub("a") + "T" + ub("a") + "F" + "}}")},
	})
}

func TestGaps(t *testing.T) {
	for what, data := range map[string][]byte{
		"trailing bytes":   append(slices.Clone(fixtures(t)["tree.ubj"]), 'x'),
		"trailing bytes, ": append(slices.Clone(fixtures(t)["tree.bin"]), 'x'),
		"base64":           []byte("bs64\tAAAA"),
		"too deep":         []byte("{" + ub("learner") + strings.Repeat("[", 600)),
		"an odd booster":   bytes.Replace(fixtures(t)["tree.bin"], []byte("gbtree"), []byte("gbtrea"), 1),
	} {
		report := scannertest.Scan(list, "m.bin", data)
		if len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

// A file that is cut off is incomplete, and nothing is held against it.
func TestCutOff(t *testing.T) {
	for name, data := range fixtures(t) {
		for i := 8; i < 20; i++ {
			report := scannertest.Scan(list, name, data[:len(data)*i/20])
			if len(report.Gaps) == 0 || len(report.Findings) > 0 {
				t.Errorf("%s cut to %d/20: gaps %+v, findings %+v", name, i, report.Gaps, report.Findings)
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range fixtures(f) {
		f.Add(name, data)
	}
	f.Add("x", inUBJSON("[$l#L\x7f\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
