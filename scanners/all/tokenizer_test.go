package all

import (
	"archive/zip"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// vocabulary is a small SentencePiece model: three pieces, and how they were trained.
const vocabulary = "\x0a\x0e\x0a\x05<unk>\x15\x00\x00\x00\x00\x18\x02" +
	"\x0a\x0c\x0a\x03<s>\x15\x00\x00\x00\x00\x18\x03" +
	"\x0a\x0d\x0a\x06\u2581th\x0a\x15\x00\x00\x80\xbf" +
	"\x12\x05\x18\x02\x20\x80\x7d" +
	"\x1a\x0c\x0a\x08identity\x18\x01"

// TestTokenizerModel: the vocabularies of Llama, Mistral, T5 and XLM-R pass as
// they are and in an archive, and a call behind one is found.
func TestTokenizerModel(t *testing.T) {
	for _, name := range []string{"tokenizer.model", "sub/spiece.model", "blobs/0123"} {
		report := scannertest.Harmless(t, Scanners(), name, []byte(vocabulary))
		if report.Class != scanners.Clean || len(report.Formats) != 1 {
			t.Errorf("%s: %v, %v", name, report.Class, report.Formats)
		}
		scannertest.Harmless(t, Scanners(), "model.zip", inZip(name, nil)([]byte(vocabulary)))
		scannertest.Harmless(t, Scanners(), "model.zip", inZip(name, func(h *zip.FileHeader) { h.Method = zip.Deflate })([]byte(vocabulary)))
	}
	report := scannertest.Scan(Scanners(), "tokenizer.model", append([]byte(vocabulary), plainZip([]byte(payload))...))
	if report.Class != scanners.Malicious {
		t.Errorf("an archive behind it: %v, %+v", report.Class, report.Findings)
	}
}
