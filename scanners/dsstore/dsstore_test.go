package dsstore

import (
	"encoding/binary"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

func build(size int, root uint32) []byte {
	b := append([]byte("\x00\x00\x00\x01Bud1"), make([]byte, size-8)...)
	binary.BigEndian.PutUint32(b[8:], root)
	binary.BigEndian.PutUint32(b[12:], 0x800)
	binary.BigEndian.PutUint32(b[16:], root)
	return b
}

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "dsstore/large", Name: ".DS_Store", Hit: build(2<<20, 0x1000), Miss: build(6148, 0x1000)},
	})
	scannertest.Harmless(t, []scanners.Scanner{New()}, ".DS_Store", build(6148, 0x1000))
	for _, data := range [][]byte{build(6148, 0x9000), []byte("\x00\x00\x00\x01Bud1")} {
		if _, err := scannertest.Run(New(), ".DS_Store", data); err != scanners.ErrNotRecognised {
			t.Error(err)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(".DS_Store", build(6148, 0x1000))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
