package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{New()}

// document builds a PDF of objects.
func document(objects ...string) []byte {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("xref\n0 1\n0000000000 65535 f \ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
	return []byte(b.String())
}

func stream(dict, content string, flate bool) string {
	if flate {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write([]byte(content))
		_ = w.Close()
		content, dict = b.String(), dict+" /Filter /FlateDecode"
	}
	return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

func TestRules(t *testing.T) {
	page := document("<</Type /Catalog /OpenAction [2 0 R /Fit] /Names <</Dests 3 0 R>>>>", stream("", "BT (JavaScript /JS /Launch) Tj ET", false))
	scannertest.CheckRules(t, New(), []scannertest.Sample{
		{Rule: "pdf/script", Name: "a.pdf", Hit: document("<</OpenAction <</S /JavaScript /JS (app.alert(1))>>>>"), Miss: page},
		{Rule: "pdf/script", Name: "a.pdf", Hit: document("<</S /J#61vaScr#69pt>>"), Miss: document("<</Title (/JavaScript \\) /JS)>>")},
		{Rule: "pdf/script", Name: "a.pdf", Hit: document(stream("/Type /ObjStm /N 1 /First 4", "1 0 <</S /JavaScript /JS (x)>>", true))},
		{Rule: "pdf/script", Name: "a.pdf", Hit: document(stream("", "9 0 obj <</S /JavaScript>> endobj", false))},
		{Rule: "pdf/launch", Name: "a.pdf", Hit: document("<</S /Launch /F (cmd.exe)>>"), Miss: page},
		{Rule: "pdf/embedded-file", Name: "a.pdf", Hit: document(stream("/Type /EmbeddedFile", "hello", true)), Miss: page},
		{Rule: "pdf/active-content", Name: "a.pdf", Hit: document("<</AcroForm <</XFA 3 0 R>>>>"), Miss: page},
		{Rule: "pdf/trailing-data", Name: "a.pdf", Hit: append(document("<<>>"), "PK\x03\x04"...), Miss: page},
		{Rule: "pdf/trailing-data", Name: "a.pdf", Hit: append([]byte("#!/bin/sh\n"), document("<<>>")...)},
	})
}

func TestCoverage(t *testing.T) {
	scannertest.Harmless(t, list, "paper.pdf", document("<</Type /Catalog /URI (https://example.org)>>", stream("/Type /XObject", "\x00\x01binary endstrea", true), stream("/Type /ObjStm", "1 0 <</Type /Page>>", true), "<</Length 3 0 R>>\nstream\r\nabc\r\nendstream"))
	for name, data := range map[string][]byte{
		"encrypted": document("<</Encrypt 5 0 R>>"), "swallowed": document("<</A (>>", "<</S /JavaScript>>", ")>>"), "cut": document("<<>>")[:40], "filter": document("<</Type /ObjStm /Filter /LZWDecode /Length 1>>\nstream\nx\nendstream"),
		"open": []byte("%PDF-1.4\n1 0 obj\n<<>>\nstream\nabc %%EOF"), "tail": append(document("<<>>"), "x"...),
	} {
		if report := scannertest.Scan(list, "a.pdf", data); report.Coverage.Complete() && len(report.Gaps) == 0 {
			t.Errorf("%s counts as covered", name)
		}
	}
	report := scannertest.Scan(list, "a.pdf", document(stream("/Type /EmbeddedFile", "hello", true)))
	if report.Members != 1 || len(report.Gaps) != 1 || report.Gaps[0].Code != scanners.GapUnrecognised {
		t.Errorf("%+v", report)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.pdf", document("<</S /Launch>>", stream("/Type /ObjStm", "/JS", true)))
	f.Add("a.pdf", []byte("%PDF-1.4\n1 0 obj (\\"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, New(), name, data)
	})
}
