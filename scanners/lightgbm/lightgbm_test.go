package lightgbm

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
	"assay/scanners/text"
)

var list = []scanners.Scanner{Scanner{}, text.Scanner{}}

// block is one tree as the library writes it.
func block(i int, left, right string) string {
	n := len(strings.Fields(left)) + 1
	return fmt.Sprintf("Tree=%d\nnum_leaves=%d\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=1 2\nthreshold=0.5 1.5\ndecision_type=2 2\nleft_child=%s\nright_child=%s\n"+
		"leaf_value=0.1 0.2 0.3\nleaf_weight=5 5 5\nleaf_count=20 20 20\ninternal_value=0 0\ninternal_weight=0 0\ninternal_count=60 40\nis_linear=0\nshrinkage=0.1\n\n\n", i, n, left, right)
}

// model is a whole model of blocks.
func model(sizes string, blocks ...string) []byte {
	if sizes == "" {
		for _, b := range blocks {
			sizes += fmt.Sprintf(" %d", len(b))
		}
	}
	return []byte("tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=a b\n" +
		"feature_infos=[-1:1] [-2:2]\ntree_sizes=" + strings.TrimSpace(sizes) + "\n\n" + strings.Join(blocks, "") +
		"end of trees\n\nfeature_importances:\na=3\nb=1\n\nparameters:\n[boosting: gbdt]\n[objective: binary]\n[data: ]\n[num_threads: 0]\n\nend of parameters\n\npandas_categorical:[[\"x\", \"y\"]]\n")
}

var good = block(0, "1 -1", "-2 -3")

func TestOrdinary(t *testing.T) {
	data := model("", good, block(1, "-1", "-2"), "Tree=2\nnum_leaves=1\nnum_cat=0\nleaf_value=0.5\nshrinkage=1\n\n\n")
	for _, name := range []string{"model.txt", "model.lgb", "x"} {
		scannertest.Harmless(t, list, name, data)
		scannertest.Harmless(t, list[:1], name, data)
	}
}

func TestRules(t *testing.T) {
	fine := model("", good)
	sample := func(left, right string) scannertest.Sample {
		return scannertest.Sample{Rule: "lightgbm/tree-structure", Hit: model("", block(0, left, right)), Miss: fine}
	}
	with := func(line string) []byte { return []byte(strings.Replace(string(fine), "[data: ]", line, 1)) }
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample("1 -1", "-2 -9"), sample("2 -1", "-2 -3"), sample("1 1", "-2 -3"), sample("0 -1", "-2 -3"), sample("1 -1", "-2"), sample("1 x", "-2 -3"),
		{Rule: "lightgbm/tree-sizes", Hit: model("1", good), Miss: fine},
		{Rule: "lightgbm/tree-sizes", Hit: model("1 2", good)},
		{Rule: "lightgbm/tree-sizes", Hit: model("99999999999999999999", good)},
		{Rule: "lightgbm/local-path", Hit: with("[data: /home/someone/train.csv]"), Miss: with("[data: ]")},
	})
}

func TestGaps(t *testing.T) {
	whole := string(model("", good))
	for what, data := range map[string]string{
		"cut off":  whole[:len(whole)/2],
		"a zero":   strings.Replace(whole, "binary", "bin\x00ry", 1),
		"one line": "tree\nversion=" + strings.Repeat("4", 17<<20),
	} {
		if report := scannertest.Scan(list[:1], "m.txt", []byte(data)); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.txt", model("", good))
	f.Add("m.txt", model("1 x", block(0, "9 -9", "1 1")))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
