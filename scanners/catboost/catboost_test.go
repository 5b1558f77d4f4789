package catboost

import (
	"encoding/binary"
	"slices"
	"testing"

	"assay/scanners"
	"assay/scanners/internal/flatbuffers/fbtest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// model is a model of trees with the sizes.
func model(sizes []uint32, splits int, parts ...string) []byte {
	trees := fbtest.Table{
		uint32(1), make([]uint32, splits), sizes, make([]uint32, len(sizes)), nil,
		[]fbtest.Table{{uint8(0), uint32(0), uint32(0), []uint32{1, 2}, "a"}, {uint8(0), uint32(1), uint32(1), []uint32{}, "b"}},
		nil, nil, nil, nil, nil, nil, nil, nil, uint64(0), uint64(0),
	}
	root := fbtest.Table{"FlabuffersModel_v1", trees, []fbtest.Table{{"catboost_version_info", "1.2.7"}, {"params", "{}"}}, nil}
	if parts != nil {
		root[3] = parts
	}
	// The identifier is the place of the first bytes of a buffer without one.
	body := fbtest.Build("\x00\x00\x00\x00", root)
	head := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(body)))
	return slices.Concat(head, body)
}

func TestOrdinary(t *testing.T) {
	report := scannertest.Harmless(t, list, "model.cbm", model([]uint32{2, 1}, 3))
	if report.Class != scanners.Clean || len(report.Facts) != 2 {
		t.Errorf("class %v, facts %v", report.Class, report.Facts)
	}
}

func TestRules(t *testing.T) {
	good := model([]uint32{2, 1}, 3)
	bad := slices.Clone(good)
	binary.LittleEndian.PutUint32(bad[headSize:], 1<<30)
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "catboost/malformed", Hit: bad, Miss: good},
		{Rule: "catboost/tree-structure", Hit: model([]uint32{2, 2}, 3), Miss: good},
		{Rule: "catboost/tree-structure", Hit: model([]uint32{1 << 31}, 3)},
	})
}

func TestGaps(t *testing.T) {
	good := model([]uint32{2, 1}, 3)
	for what, data := range map[string][]byte{
		"cut off":  good[:len(good)/2],
		"trailing": append(slices.Clone(good), "PK"...),
		"parts":    append(model([]uint32{1}, 1, "static_provider_v1"), 1, 2, 3),
	} {
		if report := scannertest.Scan(list, "m.cbm", data); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.cbm", model([]uint32{2, 1}, 3))
	f.Add("m.cbm", model([]uint32{1}, 1, "static_provider_v1"))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
