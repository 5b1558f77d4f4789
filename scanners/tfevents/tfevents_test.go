package tfevents

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

func record(data string) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	out := binary.LittleEndian.AppendUint32(length, masked(crc32.Checksum(length, castagnoli)))
	return binary.LittleEndian.AppendUint32(append(out, data...), masked(crc32.Checksum([]byte(data), castagnoli)))
}

const (
	stamp = "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"
	first = stamp + "\x1a\x0dbrain.Event:2"
	loss  = stamp + "\x10\x01\x2a\x0b\x0a\x09\x0a\x04loss\x15\x00"
	drawn = stamp + "\x22\x04\x0a\x02xx"
)

func log(records ...string) []byte {
	out := record(first)
	for _, r := range records {
		out = append(out, record(r)...)
	}
	return out
}

const name = "events.out.tfevents.1700000000.host"

func TestRules(t *testing.T) {
	changed := log(stamp)
	changed[len(changed)-6] ^= 1
	length := log(stamp)
	length[len(record(first))+9] ^= 1
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "tfevents/checksum", Name: name, Hit: changed, Miss: log(stamp)},
		{Rule: "tfevents/checksum", Name: name, Hit: length},
		{Rule: "tfevents/unknown-field", Name: name, Hit: log(stamp + "\x5a\x02xx"), Miss: log(drawn)},
	})
}

func TestOrdinary(t *testing.T) {
	scannertest.Harmless(t, []scanners.Scanner{New()}, name, log(stamp, drawn))
	whole := log(stamp, drawn)
	for n := len(record(first)) + 1; n < len(whole)-len(record(drawn)); n++ {
		report := scannertest.Scan([]scanners.Scanner{New()}, name, whole[:n])
		if len(report.Gaps) == 0 && n != len(log(stamp)) || len(report.Gaps) > 0 && !strings.Contains(report.Gaps[0].Reason, "fetch it again") {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), report.Gaps)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(name, log(loss, drawn))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, New(), n, data)
	})
}
