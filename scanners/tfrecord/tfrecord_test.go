package tfrecord

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}}

func record(data string) []byte {
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	head = binary.LittleEndian.AppendUint32(head, masked(head))
	return binary.LittleEndian.AppendUint32(append(head, data...), masked([]byte(data)))
}

const (
	name    = "train-00000-of-00001.tfrecord"
	version = "the first record"
)

func TestRules(t *testing.T) {
	good := slices.Concat(record(version), record("data"))
	length := slices.Clone(good)
	length[len(record(version))]++
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: "tfrecord/checksum", Name: name, Hit: length, Miss: good},
	})
}

func TestHarmless(t *testing.T) {
	scannertest.Harmless(t, list, name, slices.Concat(record(version), record("data"), record("")))
	scannertest.Harmless(t, list, "train.tfrecord", slices.Concat(record(string(make([]byte, 10_000))), record("data")))
}

func TestDeclines(t *testing.T) {
	for _, data := range []string{"", "short", "twelve bytes and more", string(make([]byte, 64)), string(record("\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x1a\x0dbrain.Event:2"))} {
		if _, err := scannertest.Run(Scanner{}, name, []byte(data)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

func TestCutOff(t *testing.T) {
	data := slices.Concat(record(version), record("data"))
	for _, n := range []int{headSize, len(data) - 1, len(data) - 10, len(record(version)) + 3} {
		report := scannertest.Scan(list, name, data[:n])
		if len(report.Findings) > 0 || len(report.Gaps) == 0 {
			t.Errorf("%d bytes: findings %v, gaps %v", n, report.Findings, report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(name, slices.Concat(record(version), record("data")))
	f.Add("x", record("data"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
	})
}
