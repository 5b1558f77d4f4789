package media

import (
	"encoding/binary"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

func box(kind, content string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(content)))) + kind + content
}

// font builds a font with one table.
func font(content string) string {
	h := []byte("\x00\x01\x00\x00\x00\x01\x00\x10\x00\x00\x00\x00glyf\x00\x00\x00\x00")
	h = binary.BigEndian.AppendUint32(h, 28)
	h = binary.BigEndian.AppendUint32(h, uint32(len(content)))
	return string(h) + content + strings.Repeat("\x00", (4-len(content)%4)%4)
}

func page(content string) string {
	return "OggS" + strings.Repeat("\x00", 22) + "\x01" + string(rune(len(content))) + content
}

// frame is a frame of MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
func frame() string { return "\xff\xfb\x90\x00" + strings.Repeat("\x55", 413) }

func riff(content string) string {
	return "RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(content)))) + "AVI " + content
}

func woff(content string) string {
	return "wOF2OTTO" + string(binary.BigEndian.AppendUint32(nil, uint32(44+len(content)))) + strings.Repeat("\x00", 32) + content
}

func ordinary() map[string]string {
	return map[string]string{
		"a.mp4":   box("ftyp", "isom\x00\x00\x02\x00") + box("free", "") + box("mdat", "pixels") + box("moov", box("mvhd", "x")),
		"b.mp4":   box("ftyp", "isom") + "\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x12xx" + "\x00\x00\x00\x00mdatrest",
		"a.flac":  "fLaC\x00\x00\x00\x02xx\x84\x00\x00\x01y\xff\xf8frames",
		"a.ogg":   page("abc") + page("") + page("defg"),
		"a.mp3":   "ID3\x04\x00\x00\x00\x00\x00\x03abc" + frame() + frame() + "TAG" + strings.Repeat(" ", 125),
		"b.mp3":   frame() + frame() + frame()[:100],
		"a.webm":  "\x1aE\xdf\xa3\x83abc\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xffclusters",
		"a.avi":   riff("LIST") + riff("more"),
		"a.ttf":   font("outline"),
		"a.ttc":   "ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10" + strings.Replace(font("abcd"), "\x00\x00\x00\x1c", "\x00\x00\x00\x2c", 1),
		"a.woff2": woff("packed"),
	}
}

func TestRules(t *testing.T) {
	var samples []scannertest.Sample
	for name, data := range ordinary() {
		if name != "a.flac" && name != "a.webm" && name != "b.mp4" && name != "b.mp3" { // these go on to the end
			samples = append(samples, scannertest.Sample{Rule: "media/trailing-data", Name: name, Hit: []byte(data + "PK\x03\x04payload"), Miss: []byte(data)})
		}
	}
	samples = append(samples, scannertest.Sample{Rule: "media/broken", Name: "a.mp4", Hit: []byte(box("ftyp", "isom") + "\x00\x00\xff\xffmdatx"), Miss: []byte(box("ftyp", "isom"))},
		scannertest.Sample{Rule: "media/broken", Name: "a.ttf", Hit: []byte(font("outline")[:30])})
	scannertest.CheckRules(t, New(), samples)
}

func TestOrdinary(t *testing.T) {
	for name, data := range ordinary() {
		scannertest.Harmless(t, list, name, []byte(data))
	}
}

func TestDeclines(t *testing.T) {
	for _, data := range []string{"plain text", "\xff\xfe\x00\x00", "\xff\xfb\x90\x00 not followed by a frame", "RIFF....WAVE", "ID3 is a tag", "\x00\x01\x00\x00\x00\x02"} {
		if result, err := scannertest.Run(New(), "x", []byte(data)); err != scanners.ErrNotRecognised {
			t.Errorf("%q: %+v %v", data, result, err)
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range ordinary() {
		f.Add(name, []byte(data))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
