package executorch

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"assay/scanners"
	. "assay/scanners/internal/flatbuffers/fbtest"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

// plan calls one operator, and one delegate when it has a name.
func plan(operator, backend string, segment bool) Table {
	p := Table{"forward", Table{"in", "out"},
		[]Table{{uint8(5), Table{uint8(6), nil, []uint32{2}, []byte{0}, nil, uint32(1)}}, {uint8(2), Table{uint64(3)}}, {uint8(1), Table{}}},
		[]uint32{0}, []uint32{0}, []Table{{[]uint32{0}, []uint32{0}, []Table{{uint8(1), Table{uint32(0), []uint32{0, 1}}}}}}, []Table{{operator, "out"}}}
	if backend != "" {
		place := Table{nil, uint32(0)}
		if segment {
			place = Table{uint8(1), uint32(0)}
		}
		p = append(p, []Table{{backend, place, []Table{{"key", []byte("v")}}}})
	}
	return p
}

// inline is a program without segments.
func inline(operator, backend string, data []byte) []byte {
	return Build("ET12", Table{uint32(0), []Table{plan(operator, backend, false)}, []Table{{}, {[]byte("12345678")}}, []Table{{data}}})
}

// segmented is a program with an extended header, and segments 64 bytes apart.
func segmented(backend string, sizes []uint64, offsets []uint64, data ...string) []byte {
	var segments []Table
	for i := range sizes {
		segments = append(segments, Table{offsets[i], sizes[i]})
	}
	b := Build("ET12", Table{uint32(0), []Table{plan("aten::add", backend, true)}, nil, nil, segments, Table{uint32(0), []uint32{0, 0}}})
	header := append([]byte("eh00"), 24, 0, 0, 0)
	header = binary.LittleEndian.AppendUint64(header, uint64(len(b)+headerSize))
	header = binary.LittleEndian.AppendUint64(header, 0)
	binary.LittleEndian.PutUint32(b, binary.LittleEndian.Uint32(b)+headerSize)
	b = slices.Concat(b[:headerAt], header, b[headerAt:])
	for len(b)%64 != 0 {
		b = append(b, 0)
	}
	binary.LittleEndian.PutUint64(b[headerAt+16:], uint64(len(b)))
	for _, d := range data {
		b = append(b, d...)
		for len(b)%64 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

func TestRules(t *testing.T) {
	good := inline("aten::add", "", nil)
	two := []uint64{8, 8}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "executorch/segment", Hit: segmented("", two, []uint64{64, 0}, "12345678", "12345678"), Miss: segmented("", two, []uint64{0, 64}, "12345678", "12345678")},
		{Rule: "executorch/segment", Hit: segmented("", two, []uint64{0, 4}, "12345678", "12345678")},
		{Rule: "executorch/segment", Hit: segmented("", []uint64{8, 1 << 60}, []uint64{0, 64}, "12345678", "12345678")},
		{Rule: "executorch/operator", Hit: inline("evil::run", "", nil), Miss: good},
		{Rule: "executorch/delegate", Hit: inline("aten::add", "QnnBackend", []byte("data")), Miss: good},
		{Rule: "executorch/native-code", Hit: inline("aten::add", "QnnBackend", []byte("\x7fELF\x02\x01")), Miss: inline("aten::add", "QnnBackend", []byte("data"))},
		{Rule: "executorch/native-code", Hit: segmented("", []uint64{8}, []uint64{0}, "\x7fELF\x02\x01\x01\x00")},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, list, "model.pte", inline("aten::add", "", nil))
	scannertest.Harmless(t, list, "model.pte", inline("dim_order_ops::_to_dim_order_copy", "XnnpackBackend", []byte("XH00")))
	scannertest.Harmless(t, list, "model.pte", segmented("XnnpackBackend", []uint64{8, 8}, []uint64{0, 64}, "12345678", "abcdefgh"))
}

// What is given to another delegate is not covered.
func TestNotCovered(t *testing.T) {
	for name, data := range map[string][]byte{
		"inline": inline("aten::add", "CoreMLBackend", []byte("data")), "segment": segmented("QnnBackend", []uint64{8}, []uint64{0}, "12345678"),
		"data file": Build("FT01", Table{}), "lite interpreter": Build("PTMF", Table{}),
	} {
		report := scannertest.Scan(list, name, data)
		if len(report.Gaps) == 0 || report.Gaps[0].Code != scanners.GapUnsupported {
			t.Errorf("%s: %v", name, report.Gaps)
		}
	}
}

func TestDeclines(t *testing.T) {
	for _, data := range []string{"ETAB", "\x00\x00\x00\x00ETxx", "PK\x03\x04ET1x"} {
		if _, err := scannertest.Run(Scanner{}, "model.pte", []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	data := segmented("XnnpackBackend", []uint64{8, 8}, []uint64{0, 64}, "12345678", "abcdefgh")
	for i := 1; i < 12; i++ {
		report := scannertest.Scan(list, "model.pte", data[:max(8, len(data)*i/12)])
		if len(report.Gaps) == 0 || slices.ContainsFunc(report.Findings, func(f scanners.Finding) bool { return f.Severity.AtLeast(scanners.Low) }) {
			t.Errorf("%d of 12: findings %v, gaps %v", i, report.Findings, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("m.pte", inline("aten::add", "QnnBackend", []byte("data")))
	f.Add("m", segmented("", []uint64{8}, []uint64{0}, "12345678"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
